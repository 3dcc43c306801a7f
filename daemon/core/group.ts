/** One group: its members in order and the id of its present view. */
import { Buffer } from 'node:buffer';
import type { GroupId } from '../../lib/wire/group-id.js';
import { nameField } from '../../lib/wire/name.js';

export class Group {
  readonly field: Buffer;
  /** In member order. */
  readonly members: Member[] = [];
  /** Those of this daemon, in no order. */
  readonly local: LocalSession[] = [];
  /** How many of these want membership messages. */
  listening = 0;
  /** Members are out of reach, and the transitional signal was given; the next view comes of an exchange. */
  inTransition = false;

  constructor(
    readonly name: string,
    public id: GroupId,
  ) {
    this.field = nameField(name);
  }

  add(member: Member): void {
    let low = 0;
    let high = this.members.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareMembers(this.members[middle] as Member, member) < 0) low = middle + 1;
      else high = middle;
    }
    this.members.splice(low, 0, member);
    member.groups.add(this);
    if (!member.session) return;
    this.local.push(member.session);
    if (member.session.membership) this.listening++;
  }

  remove(member: Member): void {
    this.members.splice(this.members.indexOf(member), 1);
    member.groups.delete(this);
    if (!member.session) return;
    this.local.splice(this.local.indexOf(member.session), 1);
    if (member.session.membership) this.listening--;
  }

  /** Takes out those whose daemon is gone. */
  removeGone(): void {
    const { members } = this;
    let kept = 0;
    for (const member of members) if (member.place.position >= 0) members[kept++] = member;
    members.length = kept;
  }

  /** Members of other daemons, at any place; `sort` is due then. */
  append(member: Member): void {
    this.members.push(member);
    member.groups.add(this);
  }

  sort(): void {
    this.members.sort(compareMembers);
  }
}

// A session, here or at another daemon, as the groups see it.

/** A daemon of the daemon view, for all members that it has. */
export interface Place {
  readonly daemon: string;
  /** In the view whose exchange was completed last: the first key of the member order. Below zero: it is gone. */
  position: number;
}

export class Member {
  readonly field: Buffer;
  /** The groups it is in. */
  readonly groups = new Set<Group>();

  constructor(
    readonly privateGroup: string,
    readonly place: Place,
    /** The session itself when it is one of this daemon's. */
    readonly session: LocalSession | null,
  ) {
    this.field = nameField(privateGroup);
  }
}

/** Member order: position of the daemon, then the bytes of the private group name [daemon 2.3]. */
export function compareMembers(a: Member, b: Member): number {
  return a.place.position - b.place.position || Buffer.compare(a.field, b.field);
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
  /** Number of the last message it was made a receiver of: one copy, however many of its groups are named. */
  lastDeliveryId = 0;

  constructor(
    readonly privateGroup: string,
    /** Whether it wants membership messages; without them it is listed and gets data all the same. */
    readonly membership: boolean,
    readonly outlet: SessionSink,
    /** Null: everything. */
    readonly permit: Authorize | null = null,
    /** Whom it counts for where sessions take turns. */
    readonly address = '',
  ) {
    this.field = nameField(privateGroup);
    this.nameLength = privateGroup.length;
  }
}

/** The way from the core to one session's socket. */
export interface SessionSink {
  /** More waits for the session than should, and it still reads: what others ask is not to add to it. */
  readonly isBehind: boolean;
  /** So much more that with as much again the session ends. */
  readonly isFarBehind: boolean;
  /**
   * Whole frames that stand one after the other in `bytes[start, end)`. The bytes are shared with other receivers
   * and must not be changed.
   * @param messages how many frames these are
   */
  deliver(bytes: Buffer, start: number, end: number, messages: number): void;
  /** Whether a join or leave of the session waits. */
  readonly hasDeferred: boolean;
  /** It is its turn: it is submitted again. @returns whether it was taken */
  retry(): boolean;
  /** The session's disconnect has been ordered: nothing more comes, the connection can go. */
  close(): void;
}
