/**
 * The keys of one epoch of a secure view, and the counters under them: what a member sends is encrypted here, what it
 * receives is opened and counted. A counter that was taken is never used for other bytes [secure-groups SD-1, SD-2].
 */
import { Buffer } from 'node:buffer';
import { SELF_DISCARD, SUBGROUP_CAST } from '../../wire/service.js';
import { dataKey, exportKey, type Mode, previousKey, type ViewKeys } from './context.js';
import {
  bindingOf,
  type DataHeader,
  signedInput,
  STREAM_GROUP,
  STREAM_SUBGROUP,
  writeDataHeader,
} from './data.js';
import {
  DATA_HEADER_BYTES,
  MAX_BYTES,
  MAX_MESSAGES,
  REKEY_BYTES,
  REKEY_MESSAGES,
  SIGNATURE_BYTES,
} from './limits.js';
import type { Frame } from './messages.js';
import { type Pair, type Provider, wipe } from './provider.js';

/** What a member says, before it is encrypted. */
export interface PlainMessage {
  readonly service: number;
  /** The group; of a subgroup cast the receivers, and the group at the end. */
  readonly groups: readonly string[];
  readonly isControl: boolean;
  readonly type: number;
  readonly body: Uint8Array;
}

export type Opened =
  | {
      readonly kind: 'message';
      readonly type: number;
      readonly body: Buffer;
      /** How many messages of the sender are missing before this one. */
      readonly gap: number;
    }
  /** Not of an insider; not encrypted or signed under these keys; seen before. */
  | { readonly kind: 'fault'; readonly reason: 'forged' | 'decrypt-failed' | 'replay' };

/** One of the two streams of this member. */
interface SendStream {
  messages: number;
  bytes: number;
}

/** What has come of one member on both streams. */
interface Receiving {
  /** Next counter on the stream to the group. */
  next: number;
  /** Lowest counter that a subgroup cast may have. */
  nextSubgroup: number;
  /** Keys by stream, made when they are needed. */
  readonly keys: [Uint8Array | null, Uint8Array | null];
  /** The binding of the last message to the group, and its service: most are alike but for the header. */
  service: number;
  binding: Buffer | null;
}

export interface EpochOptions {
  readonly mode: Mode;
  readonly group: string;
  readonly epoch: number;
  readonly self: string;
  /** Insiders, in the order of the view, each with its view key in member mode. */
  readonly insiders: ReadonlyMap<string, Uint8Array | null>;
  /** Signs what this member sends in member mode. */
  readonly signer: Pair | null;
}

export class EpochKeys {
  private readonly sending: readonly [SendStream, SendStream] = [
    { messages: 0, bytes: 0 },
    { messages: 0, bytes: 0 },
  ];
  /** In the order of the view. */
  readonly insiders: readonly string[];
  private readonly receiving: ReadonlyMap<string, Receiving>;
  /** Counters of own messages of which no copy comes. */
  private readonly discarded = new Set<number>();
  /** Four zeros, and the counter. */
  private readonly nonce = Buffer.alloc(12);

  constructor(
    private readonly provider: Provider,
    private readonly keys: ViewKeys,
    private readonly options: EpochOptions,
  ) {
    const fresh = (): Receiving => ({
      next: 0,
      nextSubgroup: 0,
      keys: [null, null],
      service: 0,
      binding: null,
    });
    this.insiders = [...options.insiders.keys()];
    this.receiving = new Map(this.insiders.map((name) => [name, fresh()]));
  }

  get id(): Uint8Array {
    return this.keys.id;
  }

  get epoch(): number {
    return this.options.epoch;
  }

  isInsider(name: string): boolean {
    return this.options.insiders.has(name);
  }

  /** Messages that this member sent to the group. */
  get sent(): number {
    return this.sending[STREAM_GROUP].messages;
  }

  /** Messages to the group that were received of each insider. */
  received(): Map<string, number> {
    return new Map([...this.receiving].map(([name, { next }]) => [name, next]));
  }

  /** Whether one stream has used its key enough for a new one. */
  get wantsRekey(): boolean {
    return this.sending.some(({ messages, bytes }) => messages >= REKEY_MESSAGES || bytes >= REKEY_BYTES);
  }

  /** Whether the key has room for one more message of this many bytes. */
  canSeal(service: number, bytes: number): boolean {
    const stream = this.sending[(service & SUBGROUP_CAST) === 0 ? STREAM_GROUP : STREAM_SUBGROUP];
    return stream.messages < MAX_MESSAGES && stream.bytes + bytes <= MAX_BYTES;
  }

  /** Proof material for the view after this one. */
  previousKey(): Uint8Array {
    return previousKey(this.provider, this.keys.viewSecret);
  }

  exportKey(name: string, length: number): Uint8Array {
    return exportKey(this.provider, this.keys.viewSecret, name, length);
  }

  /** Encrypts a message, which takes a counter: everything that can refuse it has been asked. */
  seal(message: PlainMessage): Buffer {
    const { provider } = this;
    const { mode, epoch, self, signer } = this.options;
    const { service, isControl, body } = message;
    const stream = (service & SUBGROUP_CAST) === 0 ? STREAM_GROUP : STREAM_SUBGROUP;
    const counts = this.sending[stream];
    const counter = counts.messages++;
    counts.bytes += body.length;
    const own = this.receiving.get(self) as Receiving;
    const aad = this.binding(own, self, service, message.groups);
    const headerAt = aad.length - DATA_HEADER_BYTES;
    writeDataHeader(aad, headerAt, { stream, isControl, epoch, counter }, mode);
    const plain = Buffer.allocUnsafe(2 + body.length + (signer ? SIGNATURE_BYTES : 0));
    plain.writeInt16LE(message.type, 0);
    plain.set(body, 2);
    if (signer) {
      const signed = signedInput(aad, plain.subarray(0, 2 + body.length));
      plain.set(provider.sign(signer, signed), 2 + body.length);
    }
    const boxed = provider.seal(this.key(own, stream, self), this.nonceOf(counter), aad, plain);
    if (stream === STREAM_GROUP && (service & SELF_DISCARD) !== 0) this.discard(own, counter);
    return Buffer.concat([aad.subarray(headerAt), boxed]);
  }

  /** Opens a message of this epoch that has the right form. Counters move only when everything is right. */
  open(frame: Frame, header: DataHeader): Opened {
    const { provider, options } = this;
    const { sender, service, body } = frame;
    const { stream, counter } = header;
    const from = this.receiving.get(sender);
    if (!from) return { kind: 'fault', reason: 'forged' };
    const aad = this.binding(from, sender, service, frame.groups);
    const headerAt = aad.length - DATA_HEADER_BYTES;
    for (let i = 0; i < DATA_HEADER_BYTES; i++) aad[headerAt + i] = body[i] as number;
    const key = this.key(from, stream, sender);
    const opened = provider.open(key, this.nonceOf(counter), aad, body.subarray(DATA_HEADER_BYTES));
    if (!opened) return { kind: 'fault', reason: 'decrypt-failed' };
    let plain = Buffer.from(opened.buffer, opened.byteOffset, opened.byteLength);
    if (options.mode === 'member') {
      const signature = plain.subarray(plain.length - SIGNATURE_BYTES);
      plain = plain.subarray(0, plain.length - SIGNATURE_BYTES);
      const viewKey = options.insiders.get(sender);
      if (!viewKey || !provider.verify(viewKey, signedInput(aad, plain), signature))
        return { kind: 'fault', reason: 'decrypt-failed' };
    }
    const gap = this.count(from, stream, counter);
    if (gap < 0) return { kind: 'fault', reason: 'replay' };
    return { kind: 'message', type: plain.readInt16LE(0), body: plain.subarray(2), gap };
  }

  /** Fills the keys with zeros. */
  wipe(): void {
    wipe(this.keys.viewSecret);
    for (const { keys } of this.receiving.values()) wipe(...keys);
  }

  /** @returns how many are missing before it; -1 for one that came before */
  private count(from: Receiving, stream: number, counter: number): number {
    if (stream === STREAM_SUBGROUP) {
      if (counter < from.nextSubgroup) return -1;
      from.nextSubgroup = counter + 1;
      return 0;
    }
    const gap = counter - from.next;
    if (gap < 0) return -1;
    from.next = counter + 1;
    this.passDiscarded(from);
    return gap;
  }

  /** A message of one's own of which no copy comes counts as received. */
  private discard(own: Receiving, counter: number): void {
    if (counter === own.next) own.next++;
    else this.discarded.add(counter);
  }

  private passDiscarded(from: Receiving): void {
    if (this.discarded.size === 0 || from !== this.receiving.get(this.options.self)) return;
    while (this.discarded.delete(from.next)) from.next++;
    // Of a gap nothing comes later.
    for (const counter of this.discarded) if (counter < from.next) this.discarded.delete(counter);
  }

  private key(of: Receiving, stream: number, sender: string): Uint8Array {
    const index = stream === STREAM_GROUP ? 0 : 1;
    return (of.keys[index] ??= dataKey(this.provider, this.keys.viewSecret, stream, sender));
  }

  /** Used once per key, as the counter is. Shared by all messages: nobody keeps it. */
  private nonceOf(counter: number): Buffer {
    this.nonce.writeUInt32LE(counter, 4);
    return this.nonce;
  }

  /** What a message is bound to; the header at the end is that of the last one. Nobody keeps it. */
  private binding(of: Receiving, sender: string, service: number, groups: readonly string[]): Buffer {
    const { id } = this.keys;
    if ((service & SUBGROUP_CAST) !== 0) return bindingOf(id, sender, service, groups);
    if (of.binding === null || of.service !== service) {
      of.binding = bindingOf(id, sender, service, groups);
      of.service = service;
    }
    return of.binding;
  }
}
