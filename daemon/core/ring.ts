/**
 * The last payloads of the order with what came of them, in one copy for all sessions: from it a client that comes back
 * gets what it has missed. Bounded by bytes and by time.
 *
 * Payloads are copied into segments that are used again and again: references to many buffers cost the garbage collector much
 * more than the copy. As long as nobody can come back only the last payload is kept, as it is.
 */
import { Buffer } from 'node:buffer';
import type { GroupId } from '../../lib/wire/group-id.js';
import type { DeliveryHistory, Place } from './history.js';
import {
  type Change,
  type Entry,
  type FrameRun,
  hashOf,
  type NewChange,
  type RingView,
  type Segment,
} from './ring-entry.js';

/** Longer payloads are kept as they are: longer than any that sessions bring. */
export const MAX_COPY = 256 * 1024;
const SEGMENT_BYTES = 1024 * 1024;
/** What an entry and a change take beside the frames. */
export const ENTRY_COST = 96;
export const CHANGE_COST = 160;
/** Views that are remembered by their tags when nothing of them is left. */
const MAX_PAST_TAGS = 1024;

export interface RingLimits {
  readonly bytes: number;
  /** Milliseconds. */
  readonly age: number;
}

const NOTHING: readonly never[] = [];

export class Ring {
  /** Offsets in the payload of the frame under way, and of the one before it. */
  private frameAt = 0;
  private frameBefore = 0;
  /** What stands directly before the first entry; null while nothing was evicted. */
  before: Place | null = null;
  /** Groups that had given the signal, and no view since, before the first entry: with the id of the view that lost members. */
  readonly signalled = new Map<string, GroupId>();
  /** Bytes that everything kept counts for. */
  bytes = 0;
  private entries: Entry[] = [];
  /** Number of `entries[0]`; those below `head` are evicted. */
  private base = 0;
  private head = 0;
  private isSignalling = false;
  /** The payload of which more may come; null between two payloads. */
  private underWay: Entry | null = null;
  private known: RingView[] = [];
  private readonly pastTags = new Set<bigint>();
  private readonly segmentBytes: number;
  private segment: Segment | null = null;
  private free: Segment[] = [];

  /** @param history has taken a view or payload when that comes here */
  constructor(
    readonly history: DeliveryHistory,
    readonly limits: RingLimits,
  ) {
    this.segmentBytes = Math.max(MAX_COPY, Math.min(SEGMENT_BYTES, limits.bytes));
  }

  /** Number of the first entry. */
  get first(): number {
    return this.base + this.head;
  }

  /** Number behind the last entry. */
  get end(): number {
    return this.base + this.entries.length;
  }

  /** Whether nothing more comes of the last payload, nor signals behind it. */
  get isQuiet(): boolean {
    return this.underWay === null && !this.isSignalling;
  }

  /** Oldest first; the last one is in force. */
  get views(): readonly RingView[] {
    return this.known;
  }

  /** Whether this daemon was in that view, of which nothing is left. */
  isPast(tag: bigint): boolean {
    return this.pastTags.has(tag);
  }

  /** The entry with that number. @pre it is in the ring */
  at(number: number): Entry {
    return this.entries[number - this.base] as Entry;
  }

  /** Groups give their signals, which may take several slices: those of one view stand in one entry. */
  signalling(isUnderWay: boolean): void {
    this.isSignalling = isUnderWay;
  }

  /** A daemon view begins. @param daemons names of its daemons in its order */
  begin(daemons: readonly string[]): void {
    this.underWay = null;
    const { tag, hash } = this.history;
    this.known.push({ tag, daemons, hash, first: this.end, exchanged: Infinity });
    this.forgetViews();
  }

  /**
   * A payload in its place, before anything comes of it.
   * @param bytes null when its frames are for daemons alone
   * @param isNeeded whether somebody can come back
   */
  payload(bytes: Buffer | null, now: number, isNeeded = true): void {
    this.frameAt = this.frameBefore = 0;
    if (bytes === null || !isNeeded || bytes.length > MAX_COPY) {
      this.underWay = this.push(bytes, 0, bytes?.length ?? 0, null, true, now);
      return;
    }
    const segment = this.roomFor(bytes.length);
    const start = segment.used;
    bytes.copy(segment.bytes, start);
    segment.used += bytes.length;
    segment.entries++;
    this.underWay = this.push(segment.bytes, start, segment.used, segment, true, now);
  }

  /** The frame of the payload under way that is looked at. All of them are, in their order. @param at its offset */
  frame(at: number): void {
    this.frameBefore = this.frameAt;
    this.frameAt = at;
  }

  /** The payload under way has completed the exchange, as the history has noted. */
  exchanged(): void {
    if (!this.underWay) return;
    this.underWay.behind = this.history.hash;
    const view = this.known[this.known.length - 1];
    if (view) view.exchanged = this.end - 1;
  }

  /** A request in the payload under way is put off, as the history has noted. */
  putOff(): void {
    const { underWay, history } = this;
    if (underWay) [underWay.high, underWay.low] = [history.high, history.low];
  }

  /** Something came of the payload under way. */
  change(change: NewChange): void {
    if (this.underWay) this.note(this.underWay, change);
  }

  /** A group gives the transitional signal: because of the payload under way, or between two of them. */
  signal(group: string, id: GroupId, now: number): void {
    const signal = { kind: 'signal', group, id } as const;
    if (this.underWay) {
      this.note(this.underWay, signal);
      return;
    }
    const last = this.entries[this.entries.length - 1];
    const isAlike = last && !last.isPayload && this.views[this.views.length - 1]?.first !== this.end;
    this.note(isAlike ? last : this.push(null, 0, 0, null, false, now), signal);
  }

  /** The frame under way is a repeat: nobody gets it. */
  drop(): void {
    const { underWay } = this;
    if (underWay) underWay.dropped = this.withFrame(underWay.dropped, null);
  }

  /** The frame under way is of that session, which does not want it back. */
  discard(sid: bigint): void {
    const { underWay } = this;
    if (underWay) underWay.discards = this.withFrame(underWay.discards, sid);
  }

  private withFrame(runs: readonly FrameRun[], sid: bigint | null): readonly FrameRun[] {
    const { frameAt, frameBefore } = this;
    const last = runs[runs.length - 1];
    if (!last || last.last !== frameBefore || last.sid !== sid)
      return [...runs, { first: frameAt, last: frameAt, sid }];
    last.last = frameAt;
    return runs;
  }

  /** Nothing more comes of the payload under way. @param isNeeded as for `payload`: it may have changed that */
  done(now: number, isNeeded = true): void {
    const last = this.underWay;
    this.underWay = null;
    if (isNeeded) this.evict(now);
    else this.evictBefore(last);
  }

  /** Drops what is too old or too much. */
  evict(now: number): void {
    const oldest = now - this.limits.age;
    for (let entry = this.entries[this.head]; entry; entry = this.entries[this.head]) {
      if (entry === this.underWay || (this.bytes <= this.limits.bytes && entry.time >= oldest)) break;
      this.evictFirst(entry);
    }
    this.trim();
  }

  /** Nobody can come back: what stands before the entry is not needed. */
  private evictBefore(last: Entry | null): void {
    for (let entry = this.entries[this.head]; entry && entry !== last; entry = this.entries[this.head])
      this.evictFirst(entry);
    if (this.free.length > 0) this.free = [];
    this.trim();
  }

  private trim(): void {
    if (this.head * 2 > this.entries.length) {
      this.entries = this.entries.slice(this.head);
      this.base += this.head;
      this.head = 0;
    }
    this.forgetViews();
  }

  /** The view that an entry belongs to. @param number also the one behind the last entry */
  viewAt(number: number): RingView {
    let i = this.known.length - 1;
    while (i > 0 && (this.known[i] as RingView).first > number) i--;
    return this.known[i] as RingView;
  }

  /** Number of the entry with that payload of the view; -1 when it is not in the ring. */
  find(view: RingView, index: number): number {
    let low = Math.max(view.first, this.first);
    let high = this.endOf(view);
    const end = high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (rank(this.at(middle)) < 2 * index) low = middle + 1;
      else high = middle;
    }
    return low < end && rank(this.at(low)) === 2 * index ? low : -1;
  }

  /** Number behind the last entry of the view. */
  endOf(view: RingView): number {
    return this.known[this.known.indexOf(view) + 1]?.first ?? this.end;
  }

  private push(
    bytes: Buffer | null,
    start: number,
    end: number,
    segment: Segment | null,
    isPayload: boolean,
    time: number,
  ): Entry {
    const { index, high, low } = this.history;
    const cost = ENTRY_COST + end - start;
    const [changes, dropped, discards] = [NOTHING, NOTHING, NOTHING];
    const entry: Entry = {
      index,
      isPayload,
      high,
      low,
      behind: null,
      bytes,
      start,
      end,
      segment,
      time,
      changes,
      dropped,
      discards,
      cost,
    };
    this.entries.push(entry);
    this.bytes += cost;
    return entry;
  }

  private note(entry: Entry, change: NewChange): void {
    const placed = { ...change, at: this.frameAt } as Change;
    if (entry.changes === NOTHING) entry.changes = [placed];
    else (entry.changes as Change[]).push(placed);
    entry.cost += CHANGE_COST;
    this.bytes += CHANGE_COST;
  }

  private roomFor(length: number): Segment {
    const { segment } = this;
    if (segment !== null && segment.used + length <= segment.bytes.length) return segment;
    if (segment?.entries === 0) this.release(segment);
    this.segment = this.free.pop() ?? {
      bytes: Buffer.allocUnsafeSlow(this.segmentBytes),
      used: 0,
      entries: 0,
    };
    return this.segment;
  }

  private release(segment: Segment): void {
    segment.used = 0;
    this.free.push(segment);
  }

  private evictFirst(entry: Entry): void {
    const { tag } = this.viewAt(this.first);
    const hash = entry.behind ?? hashOf(entry);
    if (entry.isPayload) this.before = { tag, index: entry.index, hash };
    for (const change of entry.changes) {
      if (change.kind === 'signal') this.signalled.set(change.group, change.id);
      else if (change.kind === 'network' || change.kind === 'member') this.signalled.delete(change.group);
    }
    this.bytes -= entry.cost;
    this.head++;
    const { segment } = entry;
    if (segment === null || --segment.entries > 0 || segment === this.segment) return;
    this.release(segment);
  }

  /** Views of which no entry is left, and no position directly before the first one. */
  private forgetViews(): void {
    const { first } = this;
    let gone = 0;
    while (gone + 1 < this.known.length && (this.known[gone + 1] as RingView).first <= first) {
      if ((this.known[gone] as RingView).tag === this.before?.tag) break;
      gone++;
    }
    if (gone === 0) return;
    for (const { tag } of this.known.splice(0, gone)) this.pastTags.add(tag);
    for (const tag of this.pastTags) {
      if (this.pastTags.size <= MAX_PAST_TAGS) break;
      this.pastTags.delete(tag);
    }
  }
}

/** The order of the entries of a view: signals come behind the payload whose index they have. */
const rank = ({ index, isPayload }: Entry): number => 2 * index + (isPayload ? 0 : 1);
