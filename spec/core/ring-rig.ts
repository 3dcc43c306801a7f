/** A ring with a history, for the specs of ring, verdict and replay: daemons `a` and `b`, a group `g`. */
import { Buffer } from 'node:buffer';
import { DeliveryHistory } from '../../daemon/core/history.js';
import { Ring, type RingLimits } from '../../daemon/core/ring.js';
import { RingIndex } from '../../daemon/core/ring-index.js';
import type { NewChange } from '../../daemon/core/ring-entry.js';
import { ListHash } from '../../lib/util/list-hash.js';
import type { Position } from '../../lib/wire/extension/position.js';
import { encodeMessage } from '../../lib/wire/request.js';
import { AGREED_MESS, SELF_DISCARD } from '../../lib/wire/service.js';
import { FIXED_KEY } from '../support/fixed-key.js';

const NO_LIMITS: RingLimits = { bytes: 1e9, age: 1e9 };

export const frame = (text: string, to: readonly string[] = ['g'], service = AGREED_MESS): Buffer =>
  encodeMessage(service, '#s#a', to, 0, [Buffer.from(text, 'latin1')]);

export class RingRig {
  readonly history = new DeliveryHistory();
  readonly ring: Ring;
  readonly index: RingIndex;
  now = 1000;
  members: string[] = [];
  private counter = 0;

  constructor(limits: Partial<RingLimits> = {}) {
    this.ring = new Ring(this.history, { ...NO_LIMITS, ...limits });
    this.index = new RingIndex(this.ring, FIXED_KEY);
    this.view(1n);
  }

  /** A daemon view whose exchange is complete with its first payload. */
  view(tag: bigint, lineage = 0n): this {
    return this.begin(tag, lineage).exchange();
  }

  begin(tag: bigint, lineage = 0n): this {
    this.history.begin(tag, ['a', 'b'], lineage);
    this.ring.begin(['a', 'b']);
    return this;
  }

  exchange(...changes: readonly NewChange[]): this {
    this.history.add('a');
    this.ring.payload(null, this.now);
    for (const change of changes) this.ring.change(change);
    this.history.exchanged();
    this.ring.exchanged();
    this.ring.done(this.now);
    return this;
  }

  /** A payload of these frames; a change stands where the frame before it begins. */
  payload(...parts: readonly (Buffer | NewChange)[]): this {
    const frames = parts.filter((part): part is Buffer => Buffer.isBuffer(part));
    this.history.add('a');
    this.ring.payload(Buffer.concat(frames), this.now);
    let at = 0;
    for (const part of parts) {
      if (Buffer.isBuffer(part)) {
        this.ring.frame(at);
        if ((part.readInt32LE(0) & SELF_DISCARD) !== 0) this.ring.discard(7n);
        at += part.length;
      } else this.ring.change(part);
    }
    this.ring.done(this.now);
    return this;
  }

  /** Messages to the group, a payload each. */
  data(...texts: readonly string[]): this {
    for (const text of texts) this.payload(frame(text));
    return this;
  }

  /** Somebody joins the group: a payload. */
  join(name: string, returned: string | null = null): this {
    return this.payload(this.joined(name, returned));
  }

  joined(name: string, returned: string | null = null): NewChange {
    this.members = [...this.members, name].toSorted();
    return this.change('join', name, this.members.indexOf(name), returned);
  }

  leave(name: string, cause: 'leave' | 'disconnect' = 'leave'): this {
    const index = this.members.indexOf(name);
    this.members = this.members.filter((each) => each !== name);
    return this.payload(this.change(cause, name, index, null));
  }

  signal(group = 'g'): this {
    this.ring.signal(group, [0, 0, this.counter], this.now);
    return this;
  }

  /** Those are gone, by a network change. */
  network(...gone: readonly string[]): NewChange {
    this.members = this.members.filter((name) => !gone.includes(name));
    const members = this.members.length;
    const view = {
      group: 'g',
      id: [0, 0, ++this.counter] as const,
      reordered: false,
      members,
      hash: this.hash,
      gone,
      come: [],
      sets: [[{ first: 0, count: members }]],
      ownSet: 0,
    };
    return { kind: 'network', group: 'g', view, goneSubjects: [] };
  }

  get hash(): bigint {
    const hash = new ListHash();
    for (const name of this.members) hash.add(name);
    return hash.value;
  }

  get id(): readonly [number, number, number] {
    return [0, 0, this.counter];
  }

  /** The position of one who has `events` of the batch from `from` on that ends here. */
  position(from = this.history.index, events = 0, awayMs = 0): Position {
    const { tag, index, hash } = this.history;
    return { tag, from, to: index, hash, events, awayMs };
  }

  private change(
    cause: 'join' | 'leave' | 'disconnect',
    name: string,
    index: number,
    returned: string | null,
  ): NewChange {
    this.counter++;
    const record = { cause, index, name, returned, subject: null };
    return { kind: 'member', group: 'g', id: this.id, members: this.members.length, hash: this.hash, record };
  }
}
