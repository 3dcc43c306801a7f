/** One group: its members in order and the id of its present view. */
import type { Buffer } from 'node:buffer';
import type { GroupId } from '../../lib/wire/group-id.js';
import { nameField } from '../../lib/wire/name.js';
import type { LocalSession } from './local-session.js';
import { compareMembers, type Member } from './member.js';

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
