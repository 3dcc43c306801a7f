/**
 * The client's half of the handshake with the extension between this library and its daemon: HELLO follows the last
 * credentials, and WELCOME comes before the accept [session 3].
 */
import { Buffer } from '#buffer';
import { CONNECTION_CLOSED } from '../codes.js';
import { EXTENSION_METHOD } from '../extension/features.js';
import { type Hello, encodeHello } from '../extension/hello.js';
import { FIRST_CODE_BYTE, type Welcome, readWelcome } from '../extension/welcome.js';
import { FrameFault } from '../fault.js';
import { MAX_AUTH_METHODS } from '../limits.js';
import { readCode } from './accept.js';
import { type Authenticator, nullAuthenticator } from './authentication.js';
import { type ClientStep, PlainHandshake, type PlainHandshakeOptions, waiting } from './plain-handshake.js';

/** What a client asks for. */
export interface ClientHandshakeOptions extends PlainHandshakeOptions {
  /** What is wanted of the extension. Without it, or at a daemon that does not list it, the session is a plain one. */
  readonly hello?: Hello | undefined;
}

/**
 * The client's side of the handshake: push the bytes of the daemon into it, and write what each step says
 * [session 3].
 */
export class ClientHandshake extends PlainHandshake {
  private readonly wanted: Hello | undefined;
  /** HELLO, to be written after the last credentials; null when the daemon does not know the extension. */
  private hello: Buffer | null = null;
  private welcome: Welcome | null = null;

  constructor({ hello, ...options }: ClientHandshakeOptions) {
    super(options);
    this.wanted = hello;
  }

  protected override get offers(): boolean {
    return this.wanted !== undefined;
  }

  protected override get afterMethods(): 'welcome' | 'accept' {
    return this.hello === null ? 'accept' : 'welcome';
  }

  protected override step(): ClientStep {
    return this.stage === 'welcome' ? this.takeWelcome() : super.step();
  }

  /** The choice that takes the daemon's offer, if it was asked for and a slot is left: NULL proves nothing and gives way. */
  protected override choice(methods: readonly string[], offered: readonly string[]): readonly string[] {
    const { wanted } = this;
    if (wanted === undefined || !offered.includes(EXTENSION_METHOD)) return methods;
    const isFull = methods.length >= MAX_AUTH_METHODS;
    const kept = isFull ? methods.filter((method) => method !== nullAuthenticator.method) : methods;
    if (kept.length >= MAX_AUTH_METHODS) return methods;
    this.hello = encodeHello(wanted);
    return [...kept, EXTENSION_METHOD];
  }

  /**
   * What one method sends, and HELLO after the last one, in one write. Spread 5.0.1 accepts the first credentials in the
   * segment of the choice [session 3.6].
   */
  protected override credentials(authenticator: Authenticator | undefined): Buffer {
    const credentials = super.credentials(authenticator);
    const isLast = this.dialogues.length <= 1;
    return isLast && this.hello ? Buffer.concat([credentials, this.hello]) : credentials;
  }

  /** A code may stand in its place. */
  private takeWelcome(): ClientStep {
    const first = this.bytes[0];
    if (first !== undefined && first >= FIRST_CODE_BYTE) return { kind: 'refused', code: readCode(first) };
    try {
      const read = readWelcome(this.bytes);
      if (read === null) return waiting;
      this.welcome = read.welcome;
      this.bytes = this.bytes.subarray(read.length);
    } catch (error) {
      if (!(error instanceof FrameFault)) throw error;
      return { kind: 'refused', code: CONNECTION_CLOSED };
    }
    this.stage = 'accept';
    return this.accept();
  }

  protected override accept(): ClientStep {
    const step = super.accept();
    return step.kind === 'accepted' ? { ...step, welcome: this.welcome } : step;
  }
}
