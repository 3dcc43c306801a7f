/**
 * One group as a client follows it in compact views: the list of its members, changed by records and checked after each
 * frame. A list that is not what the daemon says is asked for again; until the answer, views show the last one that was right.
 */
import { MemberList } from '../../util/member-list.js';
import type { List, ListHead } from '../../wire/extension/list.js';
import type { MemberRecord } from '../../wire/extension/member.js';
import type { Network } from '../../wire/extension/network.js';
import type { ViewRecord, ViewChanges } from '../../wire/extension/view-changes.js';
import type { GroupId } from '../../wire/group-id.js';
import { MAX_COMPACT_MEMBERS } from '../../wire/limits.js';
import { type CompactView, firstView, inOrder, networkView, recordId, recordView } from './compact-view.js';
import type { GroupView } from './group-view.js';
import { CompactMembers, type Snapshot, snapshotOf } from './members.js';

/** What became of a list that was asked for: `wrong`, it is not what the daemon says of it. */
export type ListAnswer = 'right' | 'too-long' | 'wrong';

/** Where what follows from the frames goes, in their order. */
export interface FollowerSink {
  view(view: GroupView): void;
  /** The list is to be asked for. */
  ask(group: string): void;
  /** A list that was asked for has come. */
  answered(group: string, answer: ListAnswer): void;
  /** The list is not what the daemon says. @param expected number of members by the daemon @param got of those here */
  mismatch(group: string, expected: number, got: number): void;
}

/** What a follower needs of its connection. */
export interface FollowerHome extends FollowerSink {
  /** Private groups of the connection, the one of now first. */
  readonly names: readonly string[];
}

const NO_ID: GroupId = [0, 0, 0];

/** A list of which parts are still to come. */
interface Parts {
  readonly head: ListHead;
  readonly names: string[];
  readonly subjects: Map<string, string>;
}

/** A network view whose list follows. */
interface Reordered {
  readonly frame: Network;
  readonly left: readonly string[];
}

export class GroupFollower {
  /** Id of the newest view. */
  id: GroupId = NO_ID;
  /** Place of this connection in it; -1: it is not there. */
  myIndex = -1;
  /** Private group of the connection in the newest view that has it. */
  own: string;
  /** Null: it is not known, or was not right. */
  private list: MemberList | null = null;
  /** The last list that was right. */
  private shown: Snapshot | null = null;
  /** Of the newest view. */
  private members: CompactMembers;
  private parts: Parts | null = null;
  private reordered: Reordered | null = null;
  private isAsked = false;
  private readonly subjects = new Map<string, string>();

  /** @param isWanted whether the list is followed, and not only asked for */
  constructor(
    readonly group: string,
    private isWanted: boolean,
    private readonly home: FollowerHome,
  ) {
    this.own = home.names[0] ?? '';
    this.members = new CompactMembers(group, null);
  }

  /** Whether the list is known, and what the daemon says. */
  get isFollowed(): boolean {
    return this.list !== null;
  }

  /** What the daemon states of a member; null for nothing. */
  subjectOf(name: string): string | null {
    return this.subjects.get(name) ?? null;
  }

  /** From now on the list is followed. */
  want(): void {
    this.isWanted = true;
    if (this.list === null) this.ask();
  }

  /** The group was left. What comes next begins with a list. @returns the id of the last view */
  left(): GroupId {
    this.endParts();
    const { id } = this;
    this.id = NO_ID;
    this.myIndex = -1;
    this.own = this.home.names[0] ?? '';
    this.list = this.shown = this.parts = this.reordered = null;
    this.members = new CompactMembers(this.group, null);
    this.isAsked = false;
    this.subjects.clear();
    return id;
  }

  /** Another daemon continues. Half a list comes again as a whole, and nobody answers what the last one was asked. */
  moved(): void {
    this.parts = null;
    if (!this.isAsked) return;
    this.isAsked = false;
    if (this.list === null) this.ask();
  }

  takeViews(frame: ViewChanges): void {
    const { records } = frame;
    this.endParts();
    const before = this.list;
    let size = frame.members;
    for (const { cause } of records) size += cause === 'join' ? -1 : 1;
    const views = records.map((record, k) => {
      size += record.cause === 'join' ? 1 : -1;
      this.apply(record);
      return recordView(this, record, recordId(frame.id, k), size, this.membersNow());
    });
    this.showChecked(views, before, frame);
  }

  takeNetwork(frame: Network): void {
    this.endParts();
    const left = this.leftOf(frame);
    if (frame.reordered) {
      this.reordered = { frame, left };
      return;
    }
    const before = this.list;
    this.applyNetwork(frame);
    if (this.list) this.myIndex = this.isHere(frame) ? this.list.indexOf(this.own) : -1;
    this.showChecked([networkView(this, frame, left, this.membersNow())], before, frame);
  }

  takeList(part: List): void {
    if (this.parts && (part.first || part.answer !== this.parts.head.answer)) this.complete(this.parts);
    this.parts ??= { head: part, names: [], subjects: new Map() };
    const { names, subjects } = this.parts;
    if (names.length + part.names.length <= MAX_COMPACT_MEMBERS) {
      for (const name of part.names) names.push(name);
      for (const [i, subject] of part.subjects?.entries() ?? [])
        if (subject !== null) subjects.set(part.names[i] as string, subject);
    }
    if (part.last) this.complete(this.parts);
  }

  // Lists.

  /** What follows a list has come before its end: the rest does not come any more. */
  private endParts(): void {
    const { reordered } = this;
    if (this.parts) this.complete(this.parts);
    else if (reordered) {
      this.reordered = null;
      this.wrong(reordered.frame.members, 0, false);
      this.showReordered(reordered, false);
    }
  }

  private complete({ head, names, subjects }: Parts): void {
    const { reordered } = this;
    this.parts = this.reordered = null;
    const hadList = this.list !== null;
    if (head.answer) this.isAsked = false;
    this.myIndex = head.ownIndex ?? -1;
    const isLong = head.members > MAX_COMPACT_MEMBERS;
    // One without names is that of a group on demand.
    const isListed = !isLong && (names.length > 0 || head.members === 0);
    if (isListed) this.assign(head, names, subjects);
    else {
      this.list = null;
      if (isLong) this.shown = null;
    }
    if (head.answer) this.answered(isLong ? 'too-long' : this.list ? 'right' : 'wrong', hadList);
    else if (this.isOrder(head, reordered)) return;
    else if (reordered) this.showReordered(reordered, isListed);
    else this.show(firstView(this, head, isListed ? names : null, this.membersNow()));
    if (!isListed && !isLong && this.isWanted && !head.answer) this.ask();
  }

  private assign(head: ListHead, names: readonly string[], subjects: ReadonlyMap<string, string>): void {
    this.subjects.clear();
    for (const [name, subject] of subjects) this.subjects.set(name, subject);
    const list = new MemberList();
    if (new Set(names).size === names.length) list.assign(names);
    const own = head.ownIndex === null ? this.own : (names[head.ownIndex] ?? '');
    const isOwn = head.ownIndex === null || this.home.names.includes(own);
    if (isOwn) this.own = own;
    if (isOwn && isWhat(list, head)) {
      this.list = list;
      this.shown = snapshotOf(list);
      return;
    }
    // A first list that is nearly right is better than none.
    this.shown ??= [names];
    this.wrong(head.members, names.length, head.answer);
  }

  /**
   * The daemon also answers unasked, where the order of the members changed without a view. The newest view keeps its own
   * then, as at members that get whole views; later ones have the new order.
   */
  private answered(answer: ListAnswer, hadList: boolean): void {
    if (!hadList) this.members.list(this.shown);
    this.home.answered(this.group, answer);
  }

  /** Whether the list tells the order of members in the newest view, which came before the connection was lost. */
  private isOrder({ cause, afterGap, id }: ListHead, reordered: Reordered | null): boolean {
    if (reordered || afterGap || cause !== 'network') return false;
    return id.every((word, i) => word === this.id[i]);
  }

  private showReordered({ frame, left }: Reordered, isListed: boolean): void {
    if (!isListed) this.stateCome(frame);
    this.show(networkView(this, frame, left, this.membersNow()));
  }

  // Changes.

  /** Changes the list by a record. One that does not fit shows in the check. */
  private apply(record: ViewRecord): void {
    const { list, home } = this;
    const { index, name } = record;
    if (record.cause === 'join') {
      this.state(record);
      if (list) this.insert(list, index, name);
      if (this.isReturn(record)) this.myIndex = index;
      else if (index <= this.myIndex) this.myIndex++;
    } else {
      this.subjects.delete(name);
      if (list?.at(index) === name) list.removeAt(index);
      else this.list = null;
      if (index === this.myIndex && home.names.includes(name)) this.myIndex = -1;
      else if (index < this.myIndex) this.myIndex--;
    }
  }

  private applyNetwork(frame: Network): void {
    this.stateCome(frame);
    for (const name of frame.gone) if (this.list && this.list.remove(name) < 0) this.list = null;
    for (const { index, name } of inOrder(frame.come)) if (this.list) this.insert(this.list, index, name);
  }

  /**
   * Whether the record is of this connection, which is here again. A name of before can be somebody else's by now; the one of
   * now is its own, also where the daemons do not know which one it had.
   */
  private isReturn({ name, returned }: MemberRecord): boolean {
    const { names } = this.home;
    const isFromHere = returned !== null && names.includes(name) && names.includes(returned);
    if (!isFromHere && (name !== names[0] || this.myIndex >= 0)) return false;
    this.own = name;
    return true;
  }

  /** Whether the view has this connection. */
  private isHere({ gone, come }: Network): boolean {
    const isGone = this.myIndex < 0 || gone.includes(this.own);
    return come.some((member) => this.isReturn(member)) || !isGone;
  }

  private insert(list: MemberList, index: number, name: string): void {
    if (index > list.length || list.has(name)) this.list = null;
    else list.insert(index, name);
  }

  private stateCome({ gone, come }: Network): void {
    for (const name of gone) this.subjects.delete(name);
    for (const member of come) this.state(member);
  }

  private state({ name, subject }: MemberRecord): void {
    if (subject === null) this.subjects.delete(name);
    else this.subjects.set(name, subject);
  }

  /** Those who are gone and have not come again, in the order of the list. */
  private leftOf({ gone, come }: Network): readonly string[] {
    const here = new Set(come.map(({ name }) => name));
    const left = gone.filter((name) => !here.has(name));
    const { list } = this;
    if (!list) return left;
    const places = new Map(left.map((name) => [name, list.indexOf(name)]));
    return left.toSorted((a, b) => (places.get(a) as number) - (places.get(b) as number));
  }

  // Checks.

  /** After a frame: hands its views out, with the list if it is right, with the last right one if not. */
  private showChecked(
    views: readonly CompactView[],
    before: MemberList | null,
    said: { readonly members: number; readonly hash: bigint },
  ): void {
    const isLong = said.members > MAX_COMPACT_MEMBERS;
    const isRight = !isLong && (before === null || (this.list !== null && isWhat(this.list, said)));
    if (isLong) this.list = this.shown = null;
    if (!isRight) for (const { members } of views) members.list(this.shown);
    if (!isRight && !isLong) this.wrong(said.members, (before as MemberList).length, false);
    else if (this.list) this.shown = views.at(-1)?.members.source ?? this.shown;
    for (const view of views) this.show(view);
    if (!isLong && this.list === null && this.isWanted) this.ask();
  }

  /** A wrong answer is followed by a question with the next frame only: else both sides might ask and answer forever. */
  private wrong(expected: number, got: number, isAnswer: boolean): void {
    this.list = null;
    this.home.mismatch(this.group, expected, got);
    if (!isAnswer) this.ask();
  }

  private ask(): void {
    if (this.isAsked) return;
    this.isAsked = true;
    this.home.ask(this.group);
  }

  private membersNow(): CompactMembers {
    return new CompactMembers(this.group, this.list ? snapshotOf(this.list) : this.shown);
  }

  private show(view: CompactView): void {
    this.id = view.id;
    this.members = view.members;
    this.home.view(view);
  }
}

/** Whether the list is what the daemon says of it. */
const isWhat = (list: MemberList, said: { readonly members: number; readonly hash: bigint }): boolean =>
  list.length === said.members && list.hash.value === said.hash;
