/**
 * Joins, leaves and disconnects in their place in the order: the groups change, and the sessions that asked for
 * membership messages are told (daemon-semantics.md 2.2 to 2.7).
 */
import type { Buffer } from 'node:buffer';
import { encodeRegularMembership, encodeSelfLeave } from '../../lib/wire/membership.js';
import { CAUSED_BY_DISCONNECT, CAUSED_BY_JOIN, CAUSED_BY_LEAVE } from '../../lib/wire/service.js';
import type { Group } from './group.js';
import type { Groups } from './groups.js';
import type { LocalSession } from './local-session.js';
import { Member } from './member.js';

export class Views {
  /** Everybody who is in a group, here or elsewhere. */
  private readonly members = new Map<string, Member>();

  constructor(private readonly groups: Groups) {}

  /**
   * @param daemon position of the session's daemon in the daemon view
   * @param session the session when it is one of this daemon's
   */
  join(privateGroup: string, daemon: number, session: LocalSession | null, name: Buffer): void {
    const group =
      this.groups.find(name, 0) ?? this.groups.create(name.toString('latin1', 0, name.indexOf(0)));
    const member = this.members.get(privateGroup) ?? this.enter(privateGroup, daemon, session);
    if (member.groups.has(group)) return;
    group.add(member);
    this.announce(group, CAUSED_BY_JOIN, member);
  }

  leave(privateGroup: string, name: Buffer): void {
    const group = this.groups.find(name, 0);
    const member = this.members.get(privateGroup);
    if (!group || !member?.groups.has(group)) return;
    this.remove(group, CAUSED_BY_LEAVE, member);
    const { session } = member;
    if (session?.membership && !session.leaving) {
      const frame = encodeSelfLeave(group.name);
      session.outlet.deliver(frame, 0, frame.length, 1);
    }
    if (member.groups.size === 0) this.exit(member);
  }

  /** Each of its groups gets a message of its own, in byte order of the names. */
  disconnect(privateGroup: string): void {
    const member = this.members.get(privateGroup);
    if (!member) return;
    const groups = [...member.groups].toSorted((a, b) => a.field.compare(b.field));
    for (const group of groups) this.remove(group, CAUSED_BY_DISCONNECT, member);
    this.exit(member);
  }

  private enter(privateGroup: string, daemon: number, session: LocalSession | null): Member {
    const member = new Member(privateGroup, daemon, session);
    this.members.set(privateGroup, member);
    if (session) session.member = member;
    return member;
  }

  private exit(member: Member): void {
    this.members.delete(member.privateGroup);
    if (member.session) member.session.member = null;
  }

  private remove(group: Group, cause: number, member: Member): void {
    group.remove(member);
    this.announce(group, cause, member);
    if (group.members.length === 0) this.groups.delete(group);
  }

  /** One frame serves all receivers: for these causes the vs set holds just the one who changed (2.6). */
  private announce(group: Group, cause: number, changed: Member): void {
    const id = this.groups.advance(group);
    let frame: Buffer | null = null;
    for (const session of group.local) {
      if (!session.membership || session.leaving) continue;
      frame ??= encodeRegularMembership(
        group.name,
        cause,
        group.members.map(({ field }) => field),
        id,
        [[changed.field]],
        0,
      );
      session.outlet.deliver(frame, 0, frame.length, 1);
    }
  }
}
