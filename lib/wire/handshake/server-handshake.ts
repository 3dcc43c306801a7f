/**
 * The daemon's half of the handshake as a state machine: bytes in, bytes out (session-protocol.md 3). It waits for
 * missing bytes and takes pipelined ones, unlike the reference (section 13).
 */
import { Buffer } from 'node:buffer';
import { REJECT_AUTH } from '../codes.js';
import { MAX_AUTH_METHODS } from '../limits.js';
import { encodeAccept, encodeCode } from './accept.js';
import { type ConnectRequest, readConnectRequest } from './connect-request.js';
import { CHOICE_BYTES, encodeMethodList, readMethodChoice } from './methods.js';
import { FIRST_WITH_METHODS, versionNumber } from './version.js';

export interface HandshakePolicy {
  /** Methods in the list, at most three, in the order NULL, IP, PWORD. */
  readonly allowed: readonly string[];
  /** Run for everybody, listed or not. */
  readonly required: readonly string[];
  /**
   * Takes a private name, from here until the session's disconnect is ordered; makes one up when it is empty.
   * Returns the private group, or the code that refuses it.
   */
  reserve(request: ConnectRequest): string | number;
  /** Whether the peer passes the method. All chosen and required methods run, also after a failure (3.5). */
  passes(method: string): boolean;
}

export type ServerStep =
  | { readonly kind: 'more'; readonly write: Buffer | null }
  | {
      readonly kind: 'accepted';
      readonly write: Buffer;
      readonly request: ConnectRequest;
      readonly privateGroup: string;
      /** Bytes behind the handshake: the first frames. */
      readonly rest: Buffer;
    }
  | { readonly kind: 'rejected'; readonly write: Buffer; readonly code: number };

export class ServerHandshake {
  private bytes: Buffer = Buffer.alloc(0);
  private request: ConnectRequest | null = null;
  private privateGroup = '';
  private over: 'accepted' | 'rejected' | null = null;

  constructor(private readonly policy: HandshakePolicy) {}

  /** The private group that was reserved, also when the handshake did not end well; empty before that. */
  get reserved(): string {
    return this.privateGroup;
  }

  /** Takes the next bytes, cut anywhere. What comes behind a rejection is ignored. */
  push(chunk: Buffer): ServerStep {
    if (this.over === 'accepted') throw new Error('the handshake is over');
    if (this.over === 'rejected') return { kind: 'more', write: null };
    this.bytes = Buffer.concat([this.bytes, chunk]);
    const step = this.request === null ? this.first() : this.choice(this.request);
    if (step.kind !== 'more') this.over = step.kind;
    return step;
  }

  private first(): ServerStep {
    const read = readConnectRequest(this.bytes);
    if (read === null) return { kind: 'more', write: null };
    if (typeof read === 'number') return rejected(read);
    const { request } = read;
    const group = this.policy.reserve(request);
    if (typeof group === 'number') return rejected(group);
    this.privateGroup = group;
    this.request = request;
    this.bytes = this.bytes.subarray(read.length);

    if (versionNumber(request.version) < FIRST_WITH_METHODS) return this.oldClient(request);
    const list = encodeMethodList(this.policy.allowed);
    if (this.policy.allowed.length === 0) return rejected(REJECT_AUTH, list);
    if (this.bytes.length < CHOICE_BYTES) return { kind: 'more', write: list };
    return prefixed(list, this.choice(request));
  }

  /** Clients without the exchange: the IP check if IP is allowed, else in if NULL is allowed, else out (3.8). */
  private oldClient(request: ConnectRequest): ServerStep {
    const { allowed } = this.policy;
    const method = allowed.includes('IP') ? 'IP' : 'NULL';
    return this.verdict(request, allowed.includes(method), [method]);
  }

  private choice(request: ConnectRequest): ServerStep {
    if (this.bytes.length < CHOICE_BYTES) return { kind: 'more', write: null };
    const chosen = readMethodChoice(this.bytes);
    this.bytes = this.bytes.subarray(CHOICE_BYTES);
    const legal = chosen.length > 0 && chosen.every((method) => this.policy.allowed.includes(method));
    return this.verdict(request, legal, chosen);
  }

  /** Chosen methods in slot order, then every required one not chosen; the verdict comes at the end (3.5). */
  private verdict(request: ConnectRequest, legal: boolean, chosen: readonly string[]): ServerStep {
    if (!legal) return rejected(REJECT_AUTH);
    const run = new Set([...chosen.slice(0, MAX_AUTH_METHODS), ...this.policy.required]);
    const results = [...run].map((method) => this.policy.passes(method));
    if (results.includes(false)) return rejected(REJECT_AUTH);
    const { privateGroup } = this;
    const write = encodeAccept(request.version, privateGroup);
    return { kind: 'accepted', write, request, privateGroup, rest: this.bytes };
  }
}

function rejected(code: number, before: Buffer = Buffer.alloc(0)): ServerStep {
  return { kind: 'rejected', write: Buffer.concat([before, encodeCode(code)]), code };
}

function prefixed(before: Buffer, step: ServerStep): ServerStep {
  return { ...step, write: step.write === null ? before : Buffer.concat([before, step.write]) };
}
