/**
 * Where in the ring there is something for a group or a private name: made when the first client comes back, a few
 * entries at a time, and grown with the ring from then on. So a thousand clients that return cost one scan and not a thousand.
 */
import { Buffer } from 'node:buffer';
import { DATA_LENGTH_AT, NUM_GROUPS_AT } from '../../lib/wire/header.js';
import { HEADER_BYTES, NAME_BYTES } from '../../lib/wire/limits.js';
import { nameField } from '../../lib/wire/name.js';
import {
  DAEMON_MESS,
  ENDIAN_RESERVED,
  JOIN_MESS,
  KILL_MESS,
  LEAVE_MESS,
  SELF_DISCARD,
} from '../../lib/wire/service.js';
import { type HashKey, NameTable } from './name-table.js';
import type { Ring } from './ring.js';
import { type Change, type Entry, hasFrame } from './ring-entry.js';

/** What an entry costs beside its frames, in frames. */
const ENTRY_FRAMES = 1;
/** Evicted entries after which what points to them is dropped; more when the ring holds more. The same for names of readers. */
const MIN_TRIM = 1024;

/** Frames that stand side by side for the same receivers, or one change. */
export interface Item {
  /** Number of the entry. */
  readonly number: number;
  /** Offset in the payload. */
  readonly at: number;
  /** Place among the changes of the entry; -1 for frames. */
  readonly change: number;
  /** Offset of the end of the frames. */
  readonly end: number;
  /** Number of frames; 0 for one that has several destinations or that its sender does not want. */
  readonly frames: number;
}

/** By place in the order. */
export const compareItems = (a: Item, b: Item): number =>
  a.number - b.number || a.at - b.at || a.change - b.change;

const STRIDE = 5;
const EMPTY = Buffer.alloc(0);

/** Everything for one name, in order. */
export class Postings {
  readonly field: Buffer;
  /** Replays that read it. */
  readers = 0;
  /** Items that were dropped. */
  private dropped = 0;
  /** The fields of one item after those of the other. */
  private fields: number[] = [];

  constructor(name: string) {
    this.field = nameField(name);
  }

  /** Number of the first item that is still there. */
  get first(): number {
    return this.dropped;
  }

  get end(): number {
    return this.dropped + this.fields.length / STRIDE;
  }

  /** @pre `first <= i < end` */
  at(i: number): Item {
    const k = (i - this.dropped) * STRIDE;
    const [number = 0, at = 0, change = 0, end = 0, frames = 0] = this.fields.slice(k, k + STRIDE);
    return { number, at, change, end, frames };
  }

  /** The first item behind that place. */
  after(place: Pick<Item, 'number' | 'at' | 'change'>): number {
    let [low, high] = [this.first, this.end];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareItems(this.at(middle), place as Item) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  addChange(number: number, at: number, change: number): void {
    this.fields.push(number, at, change, at, 0);
  }

  /** @param isSimple whether it is for all who have the name, and for nobody else */
  addFrame(number: number, start: number, end: number, isSimple: boolean): void {
    const { fields } = this;
    const last = fields.length - STRIDE;
    if (last >= 0 && fields[last] === number && fields[last + 2] === -1) {
      if (fields[last + 1] === start) return;
      const frames = fields[last + 4] as number;
      if (isSimple && frames > 0 && fields[last + 3] === start) {
        fields[last + 3] = end;
        fields[last + 4] = frames + 1;
        return;
      }
    }
    fields.push(number, start, -1, end, isSimple ? 1 : 0);
  }

  /** Drops what lies in entries before that one. */
  dropBefore(number: number): void {
    const kept = this.after({ number: number - 1, at: Infinity, change: Infinity });
    this.fields = this.fields.slice((kept - this.dropped) * STRIDE);
    this.dropped = kept;
  }
}

export class RingIndex {
  /** Number of the next entry to be read. */
  private nextEntry: number;
  private trimmed: number;
  /** Names that a reader was the first to ask for, since the unused ones were dropped. */
  private added = 0;
  /** Entries before this number were evicted before they were read, at least the last of them. */
  private missed = 0;
  private readonly names: NameTable<Postings>;
  private readonly sids = new Map<bigint, Postings>();

  constructor(
    private readonly ring: Ring,
    key: HashKey,
  ) {
    this.names = new NameTable(key);
    this.nextEntry = ring.first;
    this.trimmed = ring.first;
  }

  /** Entries before this number have been read. */
  get end(): number {
    return this.nextEntry;
  }

  /** Names that it knows, of sessions too. */
  get size(): number {
    return this.names.size + this.sids.size;
  }

  /** Whether something behind that number was evicted before it was read. */
  hasMissed(number: number): boolean {
    return number < Math.max(this.missed, this.ring.first > this.nextEntry ? this.ring.first : 0);
  }

  /** Whether it has everything that is complete in the ring. */
  get isComplete(): boolean {
    return this.nextEntry >= this.readable;
  }

  /** What there is for a group or a private name. */
  of(name: string): Postings {
    const field = nameField(name);
    const found = this.names.find(field, 0);
    if (found) return found;
    this.added++;
    return this.create(name);
  }

  /** Where the names of a session change, or its requests were ordered elsewhere. */
  ofSession(sid: bigint): Postings {
    const found = this.sids.get(sid);
    if (found) return found;
    this.added++;
    const postings = new Postings('');
    this.sids.set(sid, postings);
    return postings;
  }

  /** Reads on. @param frames that are looked at, about @returns whether it has everything now */
  read(frames: number): boolean {
    const { ring } = this;
    this.trim();
    if (this.nextEntry < ring.first) {
      this.missed = ring.first;
      this.nextEntry = ring.first;
    }
    for (let left = frames; left > 0 && this.nextEntry < this.readable; left -= ENTRY_FRAMES) {
      left -= this.add(this.nextEntry, ring.at(this.nextEntry));
      this.nextEntry++;
    }
    return this.isComplete;
  }

  private get readable(): number {
    return this.ring.isQuiet ? this.ring.end : this.ring.end - 1;
  }

  private create(name: string): Postings {
    const postings = new Postings(name);
    this.names.add(postings);
    return postings;
  }

  /** @returns frames that were looked at */
  private add(number: number, entry: Entry): number {
    const { changes, dropped } = entry;
    let next = 0;
    const changesBefore = (at: number): void => {
      for (; next < changes.length && (changes[next] as Change).at < at; next++)
        this.addChange(number, changes[next] as Change, next);
    };
    let frames = 0;
    const bytes = entry.bytes ?? EMPTY;
    for (let start = entry.start; start + HEADER_BYTES <= entry.end; frames++) {
      const groups = bytes.readInt32LE(start + NUM_GROUPS_AT);
      const data = bytes.readInt32LE(start + DATA_LENGTH_AT);
      const end = start + HEADER_BYTES + groups * NAME_BYTES + data;
      if (groups < 0 || data < 0 || end > entry.end) break;
      const at = start - entry.start;
      changesBefore(at);
      const service = bytes.readInt32LE(start) & ~ENDIAN_RESERVED;
      if (
        (service & (JOIN_MESS | LEAVE_MESS | KILL_MESS | DAEMON_MESS)) === 0 &&
        !hasFrame(dropped, at, null)
      )
        this.addFrame(number, entry, start, end, groups, (service & SELF_DISCARD) === 0 && groups === 1);
      start = end;
    }
    changesBefore(Infinity);
    return frames;
  }

  private addFrame(
    number: number,
    entry: Entry,
    start: number,
    end: number,
    groups: number,
    isSimple: boolean,
  ): void {
    const bytes = entry.bytes as Buffer;
    for (let i = 0, at = start + HEADER_BYTES; i < groups; i++, at += NAME_BYTES) {
      const postings = this.names.find(bytes, at) ?? this.createAt(bytes, at);
      postings?.addFrame(number, start - entry.start, end - entry.start, isSimple);
    }
  }

  private createAt(bytes: Buffer, at: number): Postings | null {
    const nul = bytes.indexOf(0, at);
    if (nul < at || nul >= at + NAME_BYTES) return null;
    return this.create(bytes.toString('latin1', at, nul));
  }

  private addChange(number: number, change: Change, place: number): void {
    const { at } = change;
    switch (change.kind) {
      case 'renamed':
      case 'elsewhere':
        this.ofSession(change.sid).addChange(number, at, place);
        return;
      case 'still-member':
      case 'not-member':
        this.of(change.name).addChange(number, at, place);
        return;
      case 'member':
        this.of(change.record.name).addChange(number, at, place);
        this.of(change.group).addChange(number, at, place);
        return;
      default:
        this.of(change.group).addChange(number, at, place);
    }
  }

  private trim(): void {
    const { first, end } = this.ring;
    if (first - this.trimmed >= Math.max(MIN_TRIM, end - first)) {
      this.trimmed = first;
      for (const postings of [...this.names.values(), ...this.sids.values()]) postings.dropBefore(first);
    } else if (this.added < Math.max(MIN_TRIM, this.size / 2)) {
      return;
    }
    this.added = 0;
    this.dropUnused();
  }

  /** Readers ask for names that nobody has, too. */
  private dropUnused(): void {
    for (const postings of Array.from(this.names.values()))
      if (isUnused(postings)) this.names.delete(postings);
    for (const [sid, postings] of this.sids) if (isUnused(postings)) this.sids.delete(sid);
  }
}

const isUnused = ({ readers, first, end }: Postings): boolean => readers === 0 && first === end;
