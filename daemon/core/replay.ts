/**
 * What a client that comes back has missed, read from the ring as an observer of its groups: it gets their events without
 * being listed, until its own return stands in the order and everything is read. Then it goes live.
 */
import { Buffer } from 'node:buffer';
import type { GapReason } from '../../lib/wire/extension/gap.js';
import type { GroupId } from '../../lib/wire/group-id.js';
import { HEADER_BYTES } from '../../lib/wire/limits.js';
import { readName } from '../../lib/wire/name.js';
import { behind, ItemMerge, type ItemPlace } from './item-merge.js';
import type { GroupList } from './past-list.js';
import { PastState } from './past-state.js';
import type { Ring } from './ring.js';
import type { Item, RingIndex } from './ring-index.js';
import { endOfFrame } from './payload.js';
import { ReplayMarks } from './replay-marks.js';
import type { PresentState, ReplayRequest, ReplaySink } from './replay-ports.js';
import {
  type Change,
  type Entry,
  hasFrame,
  type MemberChange,
  type NetworkChange,
  type StillMember,
} from './ring-entry.js';
import { locate } from './locate.js';

/**
 * `ahead`: the position is ahead of this daemon; `reading`: there is more, or will be; `live`: everything is read, and what comes
 * from now on is for the session to deliver.
 */
export type ReplayState = 'ahead' | 'reading' | 'live';

/** Members of a list that cost as much as another item. */
const LISTED_PER_ITEM = 10;

export class Replay {
  state: ReplayState = 'ahead';
  /** Groups that lost continuity. */
  gaps = 0;
  /** A position that is ahead of this daemon is taken for one that is not in its past. */
  isOverdue = false;
  /** Members of the lists that were made since the last look at the clock. */
  private listed = 0;
  /** Everything that there was has been read. */
  private isAtEnd = false;
  private readonly merge = new ItemMerge();
  private readonly marks: ReplayMarks;
  private readonly past: PastState;
  /** Groups whose events it gets, and whether it is a member before what is read next. */
  private readonly followed = new Map<string, boolean>();
  private readonly names = new Set<string>();
  /** Everything in entries before this number has been read. */
  private seen = 0;
  /** Events of the position's batch that the client has. */
  private skip: number;
  /** Groups whose signal the client has, until their next view. */
  private readonly hasSignal: Set<string>;
  /** Signals that stand before the position: they are due behind what is skipped. */
  private readonly owed = new Map<string, GroupId>();
  /** Groups of which it gets nothing until it has left them; what is skipped has their events too. */
  private readonly refused: Set<string>;

  constructor(
    private readonly ring: Ring,
    private readonly index: RingIndex,
    private readonly present: PresentState,
    private readonly request: ReplayRequest,
    private readonly sink: ReplaySink,
  ) {
    this.marks = new ReplayMarks(ring, request.position, (mark) => sink.mark(mark));
    this.past = new PastState(ring, index, present, request.sid);
    this.skip = request.position.events;
    this.refused = new Set(request.refused);
    this.hasSignal = new Set(request.groups.filter((each) => each.signalled).map(({ group }) => group));
  }

  /** Whether there is more to be read now. */
  get hasMore(): boolean {
    return this.state === 'reading' && !this.isAtEnd;
  }

  /** To be called when RESUME commits: a gap stands before everything that comes of the requests behind it. */
  open(now: number): ReplayState {
    if (!this.ring.isQuiet) return this.state;
    const { position, started } = this.request;
    if (locate(this.ring, position, now, started).kind === 'gap') this.begin(now);
    return this.state;
  }

  /**
   * Reads on, as far as the sink allows. Nothing happens while the index or the last payload is not complete.
   * @param now milliseconds @param items that are looked at, at most
   */
  read(now: number, items = Infinity): ReplayState {
    if (!this.ring.isQuiet || !this.index.isComplete) return this.state;
    if (this.state === 'ahead' && !this.begin(now)) return this.state;
    this.merge.refresh();
    this.isAtEnd = false;
    let entry: number | null = null;
    this.listed = 0;
    for (let taken = 0; this.state === 'reading' && !this.isAtEnd; taken++) {
      const left = items - taken - this.listed / LISTED_PER_ITEM;
      const next = this.merge.nextEntry;
      // Never within an entry: a mark for the rest of it would name what stands before it too.
      const fault = this.faultAt(next);
      // One that the ring has overtaken does not wait for its socket: it is live, and has to read like all others.
      if (fault === null && (left <= 0 || this.sink.isFull) && next !== entry) break;
      if (fault) {
        this.lose(fault);
        continue;
      }
      const item = this.merge.take();
      entry = item?.number ?? null;
      if (item === null) this.isAtEnd = true;
      else this.take(item);
    }
    this.marks.flush();
    if (this.state === 'reading' && this.isAtEnd && this.present.hasReturned) this.goLive();
    return this.state;
  }

  /** Why the replay cannot continue in the order, if so: with an entry that is evicted, or a client that counts too much. */
  private faultAt(number: number | null): GapReason | null {
    if (this.index.hasMissed(this.seen) || (number !== null && number < this.ring.first)) return 'overrun';
    this.seen = number ?? this.index.end;
    if (number === null) return null;
    return this.skip > 0 && !this.marks.isInPosition(number) ? 'diverged' : null;
  }

  /** The session ends. */
  close(): void {
    this.merge.close();
  }

  /** @returns whether it is known where to begin */
  private begin(now: number): boolean {
    const { request, ring } = this;
    const verdict = locate(ring, request.position, now, request.started);
    if (verdict.kind === 'ahead' && !this.isOverdue) return false;
    this.state = 'reading';
    if (verdict.kind !== 'whole') {
      this.lose(verdict.kind === 'ahead' ? 'diverged' : verdict.reason);
      return true;
    }
    const had = request.groups.filter((each) => each.had).map(({ group }) => group);
    this.seen = verdict.first;
    this.follow(had, verdict.first);
    for (const group of had) {
      const id = this.past.signalAt(group, verdict.first);
      if (id) this.owed.set(group, id);
    }
    if (this.skip === 0) this.skipped();
    return true;
  }

  private follow(groups: readonly string[], first: number): void {
    const from = behind(first - 1);
    this.merge.add(MOVES, this.index.ofSession(this.request.sid), from);
    for (const name of this.past.namesAt(first)) this.addName(name, from);
    for (const group of groups) this.addGroup(group, from);
  }

  private addGroup(group: string, from: ItemPlace): void {
    this.followed.set(group, true);
    this.merge.add(group, this.index.of(group), from);
  }

  private rename(names: readonly string[], from: ItemPlace): void {
    for (const name of this.names) {
      if (names.includes(name)) continue;
      this.names.delete(name);
      this.merge.delete(name);
    }
    for (const name of names) this.addName(name, from);
  }

  private addName(name: string, from: ItemPlace): void {
    this.names.add(name);
    this.merge.add(name, this.index.of(name), from);
  }

  private take(item: Item): void {
    const entry = this.ring.at(item.number);
    if (item.change >= 0) this.change(entry.changes[item.change] as Change, item);
    else if (item.frames > 0 || !hasFrame(entry.discards, item.at, this.request.sid))
      this.frames(entry, item);
  }

  private frames(entry: Entry, { number, at, end, frames }: Item): void {
    const bytes = entry.bytes as Buffer;
    const start = entry.start + at;
    const count = Math.max(1, frames);
    if (this.skip >= count) return this.skipEvents(count);
    const rest = this.skip;
    let from = start;
    if (rest > 0) {
      for (let i = 0; i < rest; i++) from = endOfFrame(bytes, from);
      this.skipEvents(rest);
      if (this.refused.has(readName(bytes, start + HEADER_BYTES))) return;
    }
    const last = entry.start + end;
    // A segment is used again when its entries are evicted; what stands elsewhere is shared.
    const piece =
      entry.segment === null ? bytes.subarray(from, last) : Buffer.from(bytes.subarray(from, last));
    this.marks.event(number, piece.length, () => this.sink.data(piece, 0, piece.length, count - rest));
  }

  private change(change: Change, item: Item): void {
    switch (change.kind) {
      case 'renamed':
        this.rename(change.names, item);
        return;
      case 'elsewhere':
        // What it has sent in another part is missing. All of that was sent before this return: one gap says it.
        if (this.gaps === 0) this.lose('parted');
        return;
      case 'signal':
        this.signal(change.group, change.id, item.number);
        return;
      case 'network':
        if (!this.followed.has(change.group)) return;
        this.network(change, item.number);
        if (change.view.reordered || this.sink.isOnDemand(change.group)) this.listAgain(change.view, item);
        return;
      case 'reordered':
        if (this.followed.has(change.group)) this.listAgain(change, item);
        return;
      case 'not-member':
        if (this.names.has(change.name)) this.leave(change.group, item.number);
        return;
      case 'still-member':
        if (this.names.has(change.name) && !this.followed.has(change.group)) this.join(change, item);
        return;
      default:
        this.member(change, item);
    }
  }

  private member(change: MemberChange, item: Item): void {
    const { group, record } = change;
    const { cause, name } = record;
    const isOwn = this.names.has(name);
    // Of a group that it does not follow it is a leave from before the gap: the repeat of it is the one that is answered.
    if (isOwn && cause === 'leave') {
      if (this.followed.has(group)) this.leave(group, item.number);
      else if (this.skip === 0) this.refused.delete(group);
    } else if (isOwn && cause === 'join' && !this.followed.has(group)) {
      this.join(change, item);
    } else if (this.followed.has(group)) {
      if (isOwn) this.followed.set(group, cause === 'join');
      this.view(group, item.number, () => this.sink.member(change));
    }
  }

  private network(change: NetworkChange, number: number): void {
    const { group, view } = change;
    const wasListed = this.followed.get(group) === true;
    const isOwn = ({ name }: { readonly name: string }): boolean => this.names.has(name);
    const isGone = view.gone.some((name) => this.names.has(name));
    const isListed = (wasListed && !isGone) || view.come.some(isOwn);
    this.followed.set(group, isListed);
    this.view(group, number, () => this.sink.network(change, wasListed && !isGone));
  }

  /** Its own join: it follows the group from here on. */
  private join(change: MemberChange | StillMember, item: Item): void {
    const { group, id, hash } = change;
    if (this.isRefused(group)) return;
    this.addGroup(group, item);
    const members = this.past.membersBehind(group, item);
    this.listed += members.length;
    const messages = this.past.messagesBehind(group, item);
    const reason = change.kind === 'member' ? 'join' : 'again';
    this.view(group, item.number, () => this.sink.list({ group, id, hash, members, messages }, reason));
  }

  /** Records to come name places in the new order. */
  private listAgain({ group, id, hash }: Omit<GroupList, 'members' | 'messages'>, item: Item): void {
    if (this.skip > 0 || !this.request.membership) return;
    const members = this.past.membersBehind(group, item);
    this.marks.signal(item.number, () =>
      this.sink.list({ group, id, hash, members, messages: null }, 'order'),
    );
  }

  private leave(group: string, number: number): void {
    if (this.isRefused(group)) return;
    this.followed.delete(group);
    this.merge.delete(group);
    this.view(group, number, () => this.sink.left(group));
  }

  private isRefused(group: string): boolean {
    return this.skip === 0 && this.refused.has(group);
  }

  /** An event after which the next signal of the group is another one. */
  private view(group: string, number: number, give: () => void): void {
    if (!this.request.membership) return;
    if (this.skip > 0) {
      this.owed.delete(group);
      this.skipEvents(1);
      return;
    }
    this.hasSignal.delete(group);
    this.marks.event(number, 0, give);
  }

  private signal(group: string, id: GroupId, number: number): void {
    if (!this.followed.has(group) || !this.request.membership) return;
    if (this.skip > 0) this.owed.set(group, id);
    else if (!this.hasSignal.has(group)) this.marks.signal(number, () => this.sink.signal(group, id));
  }

  private skipEvents(count: number): void {
    this.skip -= count;
    if (this.skip === 0) this.skipped();
  }

  /** What comes next is what the client does not have. */
  private skipped(): void {
    for (const group of this.refused) {
      this.followed.delete(group);
      this.merge.delete(group);
    }
    this.payOwed();
  }

  private payOwed(): void {
    for (const [group, id] of this.owed) {
      if (this.followed.has(group) && !this.hasSignal.has(group)) this.sink.signal(group, id);
    }
    this.owed.clear();
  }

  /** Continuity is lost: a gap for each group, the present lists of those it is a member of, and a new position. */
  private lose(reason: GapReason): void {
    const { ring, sink, present } = this;
    const { name, membership, groups: asked } = this.request;
    // Within its batch the client may have groups whose joins have not been read here.
    const groups = [...this.followed.keys(), ...asked.map(({ group }) => group)];
    const wanted = asked.flatMap((each) => (each.wanted ? [each.group] : []));
    this.marks.forgetPosition();
    this.merge.close();
    for (const kept of [this.followed, this.hasSignal, this.owed]) kept.clear();
    this.skip = 0;
    const end = behind(ring.end - 1);
    this.seen = ring.end;
    this.names.clear();
    this.merge.add(MOVES, this.index.ofSession(this.request.sid), end);
    for (const each of present.names) this.addName(each, end);
    const member = new Set([...present.groupsOf(name)].filter((group) => !this.refused.has(group)));
    // Also for a group that it only finds itself in: a list without a gap before it would leave the position standing.
    const lost = new Set([...groups.filter((group) => !this.refused.has(group)), ...member]);
    this.gaps += lost.size;
    for (const group of lost) sink.gap(group, reason);
    for (const group of member) this.list(group, end);
    // It has returned to all that it wanted: it has left those that it is not a member of, and may wait for the answer.
    if (present.hasReturned && membership)
      for (const group of new Set([...lost, ...wanted])) if (!member.has(group)) sink.left(group);
    // Also where it takes a session over: the return of an earlier try may come before its own, and has its groups until then.
    if (present.hasReturned) this.goLive();
    else this.markHere();
  }

  /** The present list of a group, and its events from here on. */
  private list(group: string, end: ItemPlace): void {
    const { sink, present } = this;
    const list = present.list(group);
    if (!list) return;
    this.addGroup(group, end);
    if (!this.request.membership) return;
    sink.list(list, 'gap');
    const id = present.signalled(group);
    if (id) sink.signal(group, id);
  }

  private goLive(): void {
    this.state = 'live';
    this.merge.close();
    this.markHere();
    const member = new Set(this.present.groupsOf(this.request.name));
    const rest = [...this.followed.keys()].filter((group) => !member.has(group));
    // It is back, and does not want these any more. No replay would bring this again: behind a mark without payloads nobody counts it.
    for (const group of rest) {
      this.followed.delete(group);
      if (this.request.membership) this.sink.left(group);
    }
  }

  private markHere(): void {
    const { tag, index, hash } = this.ring.history;
    this.sink.mark({ tag, from: index, to: index, hash });
  }
}

/** Key of the changes of the session's names among groups and names. */
const MOVES = '';
