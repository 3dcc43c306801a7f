/**
 * The client's half of the handshake of Spread as a state machine: bytes in, bytes out [session 3]. A Spread 5.0.1
 * daemon wants the request in one write, then silence until its list came, then the choice in one write [session 3.9];
 * every buffer this class returns is to be written at once and whole.
 */
import { Buffer } from '#buffer';
import { IllegalStateError } from '../../errors.js';
import { CONNECTION_CLOSED, REJECT_AUTH } from '../codes.js';
import type { Welcome } from '../extension/welcome.js';
import { MAX_AUTH_LIST } from '../limits.js';
import { type Accept, readAccept, readCode } from './accept.js';
import {
  type Authenticator,
  encodeMethodChoice,
  nullAuthenticator,
  readMethodList,
} from './authentication.js';
import { PROTOCOL_VERSION, encodeConnectRequest } from './connect-request.js';

/** What a client asks for. */
export interface PlainHandshakeOptions {
  /** Cut to 10 bytes; empty asks the daemon to make up a name. */
  readonly name: string;
  /** Whether the session wants membership messages. */
  readonly membership: boolean;
  /** 0, or anything above for 1. */
  readonly priority: number;
  /** All of them are chosen and run; default NULL alone. */
  readonly authenticators?: readonly Authenticator[];
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

/** The handshake of a client that wants nothing beyond the protocol of Spread. */
export class PlainHandshake {
  protected bytes: Buffer = Buffer.alloc(0);
  protected stage: 'list' | 'credentials' | 'welcome' | 'accept' | 'accepted' | 'refused' = 'list';
  private readonly authenticators: readonly Authenticator[];
  /** Methods whose one answer byte is still to come, the one being run first. */
  protected dialogues: Authenticator[] = [];

  constructor(protected readonly options: PlainHandshakeOptions) {
    this.authenticators = options.authenticators ?? [nullAuthenticator];
  }

  /** The request, to be written first. */
  request(): Buffer {
    return encodeConnectRequest({ version: PROTOCOL_VERSION, ...this.options, offers: this.offers });
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

  /** Whether the client knows the extension. */
  protected get offers(): boolean {
    return false;
  }

  /** What the daemon says after the last method. */
  protected get afterMethods(): 'welcome' | 'accept' {
    return 'accept';
  }

  protected step(): ClientStep {
    switch (this.stage) {
      case 'list':
        return this.list();
      case 'credentials':
        return this.dialogue();
      default:
        return this.accept();
    }
  }

  /** What is chosen of the methods that the daemon offers. @param methods those of this client, which it offers all */
  protected choice(methods: readonly string[], _offered: readonly string[]): readonly string[] {
    return methods;
  }

  /** What one method sends. */
  protected credentials(authenticator: Authenticator | undefined): Buffer {
    return authenticator?.credentials ?? Buffer.alloc(0);
  }

  protected accept(): ClientStep {
    const read = readAccept(this.bytes, this.options.priority);
    if (read === null) return waiting;
    if (typeof read === 'number') return { kind: 'refused', code: read };
    const rest = this.bytes.subarray(read.length);
    return { kind: 'accepted', write: null, accept: read.accept, welcome: null, rest };
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
    const chosen = this.choice(methods, offered);
    const first = this.dialogues[0];
    this.stage = first ? 'credentials' : this.afterMethods;
    return { kind: 'more', write: Buffer.concat([encodeMethodChoice(chosen), this.credentials(first)]) };
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
}

/** More bytes are needed. */
export const waiting: ClientStep = { kind: 'more', write: null };
