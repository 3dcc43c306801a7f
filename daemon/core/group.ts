/** One group: its members in order and the id of its present view. */
import type { Buffer } from 'node:buffer';
import { type Hash64, ListHash, nameHash } from '../../lib/util/list-hash.js';
import { SortedList } from '../../lib/util/member-list.js';
import type { GroupId } from '../../lib/wire/group-id.js';
import { nameField } from '../../lib/wire/name.js';
import type { ResumeState } from './resume-state.js';

export class Group {
  readonly field: Buffer;
  /** In member order. */
  readonly members = new SortedList<Member>(compareMembers);
  /** Of the list of members. */
  readonly hash = new ListHash();
  /** Those of this daemon, in no order. */
  readonly local: LocalSession[] = [];
  /** How many of these want membership messages. */
  listening = 0;
  /** How many of those get records instead of whole views. */
  compact = 0;
  /** Members, here or elsewhere, that get whole views as far as anybody here knows. */
  whole = 0;
  /** Of this daemon's compact ones those that get the list only when they ask for it; null for none. */
  onDemand: Set<LocalSession> | null = null;
  /** Of this daemon's those that a leave was ordered for, because the group has outgrown whole views; null for none. */
  outgrown: Set<LocalSession> | null = null;
  /** Data messages in the order so far, from a beginning in the upper bits; see `message-counts`. */
  messages = 0;
  /** Number of the last message with several destinations that was counted. */
  lastMessageId = 0;
  /** Members are out of reach, and the transitional signal was given; the next view comes of an exchange. */
  inTransition = false;

  constructor(
    readonly name: string,
    public id: GroupId,
  ) {
    this.field = nameField(name);
  }

  /** @returns its place in the list */
  add(member: Member): number {
    const { session } = member;
    const index = this.members.add(member);
    this.hash.add(member);
    member.groups.add(this);
    if (member.getsWhole) this.whole++;
    if (!session) return index;
    this.local.push(session);
    if (session.membership) this.listening++;
    if (session.isCompact) this.compact++;
    return index;
  }

  /** @returns the place that it had in the list */
  remove(member: Member): number {
    const { session } = member;
    const index = this.members.remove(member);
    this.hash.remove(member);
    member.groups.delete(this);
    if (member.getsWhole) this.whole--;
    if (session) this.removeLocal(session);
    return index;
  }

  /** Takes a session of this daemon out of those who get its messages. @returns whether it was the last one */
  removeLocal(session: LocalSession): boolean {
    this.local.splice(this.local.indexOf(session), 1);
    if (session.membership) this.listening--;
    if (session.isCompact) this.compact--;
    this.onDemand?.delete(session);
    this.outgrown?.delete(session);
    return this.local.length === 0;
  }

  /** Whether members of this daemon get whole views. */
  get isPlain(): boolean {
    return this.listening > this.compact;
  }

  /** Takes out those that are gone. */
  removeGone(): void {
    this.members.retain((member) => {
      if (member.place.position >= 0 && !member.isFormer) return true;
      this.hash.remove(member);
      if (member.getsWhole) this.whole--;
      return false;
    });
  }

  /** Members of other daemons, at any place; `sort` is due then. */
  append(member: Member): void {
    this.members.push(member);
    this.hash.add(member);
    member.groups.add(this);
    if (member.getsWhole) this.whole++;
  }

  sort(): void {
    this.members.sort();
  }
}

// A session, here or at another daemon, as the groups see it.

/** A daemon of the daemon view, for all members that it has. */
export interface Place {
  readonly daemon: string;
  /** In the view whose exchange was completed last: the first key of the member order. Below zero: it is gone. */
  position: number;
}

export class Member implements Hash64 {
  /** The groups it is in. */
  readonly groups = new Set<Group>();
  /** An exchange has shown that its session has another private group by now. */
  isFormer = false;
  /** What it adds to the hash of a list. */
  readonly high: number;
  readonly low: number;
  private bytes: Buffer | null;

  constructor(
    readonly privateGroup: string,
    readonly place: Place,
    /** The session itself when it is one of this daemon's. */
    readonly session: LocalSession | null,
    /** Whether it gets whole views. Of another daemon's it is what that daemon says, true when it says nothing. */
    readonly getsWhole: boolean = session === null || session.getsWhole,
  ) {
    const { high, low } = nameHash(privateGroup);
    this.high = high;
    this.low = low;
    this.bytes = session?.field ?? null;
  }

  /** Its name as it stands in whole views; made when there is one. */
  get field(): Buffer {
    return (this.bytes ??= nameField(this.privateGroup));
  }
}

/** Member order: position of the daemon, then the bytes of the private group name [daemon 2.3]. */
export function compareMembers(a: Member, b: Member): number {
  const { privateGroup: x } = a;
  const { privateGroup: y } = b;
  return a.place.position - b.place.position || (x < y ? -1 : x > y ? 1 : 0);
}

// A session of this daemon as the core keeps it.

/** What a session may do, by group. */
export type Authorize = (action: 'join' | 'send', group: string) => boolean;

export class LocalSession {
  readonly field: Buffer;
  /** Bytes of the field that the name uses. */
  readonly nameLength: number;
  /** Set while the session is in any group. */
  member: Member | null = null;
  /**
   * Its disconnect was read or decided. It gets nothing any more, not even messages that stand before the disconnect
   * in the order [daemon 2.8], and nothing more is taken from it.
   */
  leaving = false;
  /** It gets membership messages as records and lists, and no whole views. */
  readonly isCompact: boolean;
  /** Whom the daemon states it to be; null for nobody. */
  readonly subject: string | null;
  /** Null: it ends with its connection. */
  readonly resume: ResumeState | null;
  /** Number of the last message it was made a receiver of: one copy, however many of its groups are named. */
  lastDeliveryId = 0;

  constructor(
    readonly privateGroup: string,
    /** Whether it wants membership messages; without them it is listed and gets data all the same. */
    readonly membership: boolean,
    /** Another one when another connection has taken the session over. */
    public outlet: SessionSink,
    /** Null: everything. */
    public permit: Authorize | null = null,
    /** Whom it counts for where sessions take turns. */
    readonly address = '',
    traits: SessionTraits = {},
  ) {
    this.field = nameField(privateGroup);
    this.nameLength = privateGroup.length;
    this.isCompact = membership && traits.compact === true;
    this.subject = traits.subject ?? null;
    this.resume = traits.resume ?? null;
  }

  /** Whether it gets whole views. */
  get getsWhole(): boolean {
    return this.membership && !this.isCompact;
  }
}

/** What the handshake found of a session beyond its name. */
export interface SessionTraits {
  /** It takes changes of views as records. */
  readonly compact?: boolean;
  /** Whom the daemon states it to be: 1 to 128 bytes of UTF-8. */
  readonly subject?: string;
  /** It outlives its connection. */
  readonly resume?: ResumeState;
}

/** The way from the core to one session's socket. */
export interface SessionSink {
  /** More waits for the session than should, and it still reads: what others ask is not to add to it. */
  readonly isBehind: boolean;
  /** So much more that with as much again the session ends. */
  readonly isFarBehind: boolean;
  /**
   * Frames that stand one after the other in `bytes[start, end)`: whole ones, or the next part of one. The bytes are
   * shared with other receivers and must not be changed.
   * @param messages how many frames these are, each counted with its beginning
   * @param canWait whether a few milliseconds more do no harm, as long as nothing else is to be delivered
   */
  deliver(bytes: Buffer, start: number, end: number, messages: number, canWait?: boolean): void;
  /** Whether a join, leave or question of the session waits. */
  readonly hasDeferred: boolean;
  /** It is its turn: it is submitted again. @returns whether it was taken */
  retry(): boolean;
  /** The session's disconnect has been ordered: nothing more comes, the connection can go. */
  close(): void;
}
