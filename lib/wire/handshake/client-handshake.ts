/**
 * The client's half of the handshake as a state machine: bytes in, bytes out [session 3]. A Spread 5.0.1
 * daemon wants the request in one write, then silence until its list came, then the choice in one write [session 3.9];
 * every buffer this class returns is to be written at once and whole.
 */
import { Buffer } from '#buffer';
import { IllegalStateError } from '../../errors.js';
import { CONNECTION_CLOSED, REJECT_AUTH } from '../codes.js';
import { EXTENSION_METHOD } from '../extension/features.js';
import { type Hello, encodeHello } from '../extension/hello.js';
import { FIRST_CODE_BYTE, type Welcome, readWelcome } from '../extension/welcome.js';
import { FrameFault } from '../fault.js';
import { MAX_AUTH_LIST, MAX_AUTH_METHODS } from '../limits.js';
import { type Accept, readAccept, readCode } from './accept.js';
import {
  type Authenticator,
  encodeMethodChoice,
  nullAuthenticator,
  readMethodList,
} from './authentication.js';
import { PROTOCOL_VERSION, encodeConnectRequest } from './connect-request.js';

/** What a client asks for. */
export interface ClientHandshakeOptions {
  /** Cut to 10 bytes; empty asks the daemon to make up a name. */
  readonly name: string;
  /** Whether the session wants membership messages. */
  readonly membership: boolean;
  /** 0, or anything above for 1. */
  readonly priority: number;
  /** All of them are chosen and run; default NULL alone. */
  readonly authenticators?: readonly Authenticator[];
  /** What is wanted of the extension. Without it, or at a daemon that does not list it, the session is a plain one. */
  readonly hello?: Hello | undefined;
}

/** What to do after some bytes of the daemon: write and wait for more, use the session, or give up. */
export type ClientStep =
  | {
      /** More bytes of the daemon are needed. */
      readonly kind: 'more';
      /** Bytes for the daemon, or null. */
      readonly write: Buffer | null;
    }
  | {
      /** The session is open. */
      readonly kind: 'accepted';
      /** What a daemon that did not wait for it has still to get; from the others the accept comes later. */
      readonly write: Buffer | null;
      /** The answer of the daemon. */
      readonly accept: Accept;
      /** What it grants of the extension; null in a plain session. */
      readonly welcome: Welcome | null;
      /** Bytes behind the accept: the first frames. */
      readonly rest: Buffer;
    }
  | {
      /** There is no session. */
      readonly kind: 'refused';
      /** What connect answers with: mostly negative, see [session 3.10] for a daemon that answers oddly. */
      readonly code: number;
    };

/**
 * The client's side of the handshake: push the bytes of the daemon into it, and write what each step says
 * [session 3].
 */
export class ClientHandshake {
  private bytes: Buffer = Buffer.alloc(0);
  private stage: 'list' | 'credentials' | 'welcome' | 'accept' | 'accepted' | 'refused' = 'list';
  private readonly authenticators: readonly Authenticator[];
  /** Methods whose one answer byte is still to come, the one being run first. */
  private dialogues: Authenticator[] = [];
  /** HELLO, to be written after the last credentials; null when the daemon does not know the extension. */
  private hello: Buffer | null = null;
  private welcome: Welcome | null = null;

  constructor(private readonly options: ClientHandshakeOptions) {
    this.authenticators = options.authenticators ?? [nullAuthenticator];
  }

  /** The request, to be written first. */
  request(): Buffer {
    const offers = this.options.hello !== undefined;
    return encodeConnectRequest({ version: PROTOCOL_VERSION, ...this.options, offers });
  }

  /** The stream ended: what connect answers with [session 3.10]. */
  end(): number {
    return CONNECTION_CLOSED;
  }

  /** Takes the next bytes, cut anywhere. What comes behind a refusal is ignored. */
  push(chunk: Buffer): ClientStep {
    if (this.stage === 'accepted') throw new IllegalStateError('the handshake is over');
    if (this.stage === 'refused') return waiting;
    this.bytes = Buffer.concat([this.bytes, chunk]);
    const written: Buffer[] = [];
    let step = this.step();
    while (step.kind === 'more' && step.write !== null) {
      written.push(step.write);
      step = this.step();
    }
    if (step.kind !== 'more') this.stage = step.kind;
    return step.kind === 'refused' || written.length === 0
      ? step
      : { ...step, write: Buffer.concat(written) };
  }

  private step(): ClientStep {
    switch (this.stage) {
      case 'list':
        return this.list();
      case 'credentials':
        return this.dialogue();
      case 'welcome':
        return this.takeWelcome();
      default:
        return this.accept();
    }
  }

  private list(): ClientStep {
    if (this.bytes.length === 0) return waiting;
    const length = readCode(this.bytes[0] as number);
    if (length < 0) return { kind: 'refused', code: length };
    if (length > MAX_AUTH_LIST) return { kind: 'refused', code: CONNECTION_CLOSED };
    if (this.bytes.length < 1 + length) return waiting;
    const offered = readMethodList(this.bytes.toString('latin1', 1, 1 + length));
    this.bytes = this.bytes.subarray(1 + length);
    const methods = this.authenticators.map(({ method }) => method);
    if (!methods.every((method) => offered.includes(method))) return { kind: 'refused', code: REJECT_AUTH };
    this.dialogues = this.authenticators.filter(({ credentials }) => credentials !== null);
    const chosen = offered.includes(EXTENSION_METHOD) ? this.extended(methods) : methods;
    const first = this.dialogues[0];
    this.stage = first ? 'credentials' : this.afterMethods;
    return { kind: 'more', write: Buffer.concat([encodeMethodChoice(chosen), this.credentials(first)]) };
  }

  /** The choice that takes the daemon's offer, if it was asked for and a slot is left: NULL proves nothing and gives way. */
  private extended(methods: readonly string[]): readonly string[] {
    const { hello } = this.options;
    if (hello === undefined) return methods;
    const isFull = methods.length >= MAX_AUTH_METHODS;
    const kept = isFull ? methods.filter((method) => method !== nullAuthenticator.method) : methods;
    if (kept.length >= MAX_AUTH_METHODS) return methods;
    this.hello = encodeHello(hello);
    return [...kept, EXTENSION_METHOD];
  }

  private get afterMethods(): 'welcome' | 'accept' {
    return this.hello === null ? 'accept' : 'welcome';
  }

  /**
   * What one method sends, and HELLO after the last one, in one write. Spread 5.0.1 accepts the first credentials in the
   * segment of the choice [session 3.6].
   */
  private credentials(authenticator: Authenticator | undefined): Buffer {
    const credentials = authenticator?.credentials ?? Buffer.alloc(0);
    const isLast = this.dialogues.length <= 1;
    return isLast && this.hello ? Buffer.concat([credentials, this.hello]) : credentials;
  }

  /** One byte answers each dialogue: 1 good, anything else bad (a single `f7` included). */
  private dialogue(): ClientStep {
    const answer = this.bytes[0];
    if (answer === undefined) return waiting;
    this.bytes = this.bytes.subarray(1);
    if (answer !== 1) return { kind: 'refused', code: REJECT_AUTH };
    this.dialogues.shift();
    const next = this.dialogues[0];
    if (next) return { kind: 'more', write: this.credentials(next) };
    this.stage = this.afterMethods;
    return this.step();
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

  private accept(): ClientStep {
    const read = readAccept(this.bytes, this.options.priority);
    if (read === null) return waiting;
    if (typeof read === 'number') return { kind: 'refused', code: read };
    const { welcome } = this;
    const rest = this.bytes.subarray(read.length);
    return { kind: 'accepted', write: null, accept: read.accept, welcome, rest };
  }
}

const waiting: ClientStep = { kind: 'more', write: null };
