/**
 * The views of the groups: joins, leaves, disconnects and changes of the daemon view, each in its place in the order,
 * change the groups, and the sessions that asked for membership messages are told (daemon-semantics.md 2.2 to 2.7).
 */
import type { Buffer } from 'node:buffer';
import { encodeRegularMembership, encodeSelfLeave, encodeTransition } from '../../lib/wire/membership.js';
import { readName } from '../../lib/wire/name.js';
import {
  CAUSED_BY_DISCONNECT,
  CAUSED_BY_JOIN,
  CAUSED_BY_LEAVE,
  CAUSED_BY_NETWORK,
} from '../../lib/wire/service.js';
import type { SettledGroup } from './exchange.js';
import type { Group } from './group.js';
import type { Groups } from './groups.js';
import type { LocalSession } from './local-session.js';
import { Member } from './member.js';
import type { Roster } from './roster.js';

export class Views {
  /** Everybody who is in a group, here or elsewhere. */
  private readonly members = new Map<string, Member>();

  constructor(
    private readonly groups: Groups,
    private readonly roster: Roster,
  ) {}

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

  /**
   * The daemon view is over: groups with members that are out of reach give the transitional signal, once until their
   * next view, in byte order of the names (2.7.1).
   * @param stays for each position in the daemon view whether its daemon goes on with this one
   */
  transition(stays: readonly boolean[]): void {
    const losing: Group[] = [];
    for (const group of this.groups.values()) {
      if (!group.lost && group.members.some(({ daemon }) => !stays[daemon])) losing.push(group);
    }
    for (const group of losing.toSorted((a, b) => a.field.compare(b.field))) {
      group.lost = true;
      this.tell(group, () => encodeTransition(group.name, group.id));
    }
  }

  /**
   * The groups as all daemons of a new daemon view have them. Those that it touched are told, in byte order of the
   * names (2.7.1).
   * @param here position of this daemon in the view
   */
  settle(settled: readonly SettledGroup[], here: number): void {
    this.members.clear();
    this.groups.clear();
    const groups = settled.map((each) => this.restore(each, here));
    for (const [i, { sets }] of settled.entries()) {
      if (sets.length > 0) this.tell(groups[i] as Group, () => networkFrame(groups[i] as Group, sets, here));
    }
  }

  private restore({ field, id, parts }: SettledGroup, here: number): Group {
    const group = this.groups.restore(readName(field, 0), id);
    for (const { daemon, members } of parts) {
      for (const member of members) group.add(this.find(member, daemon, here));
    }
    return group;
  }

  private find(field: Buffer, daemon: number, here: number): Member {
    const name = readName(field, 0);
    const session = daemon === here ? (this.roster.find(field, 0) ?? null) : null;
    return this.members.get(name) ?? this.enter(name, daemon, session);
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

  /** For these causes the vs set holds just the one who changed (2.6). */
  private announce(group: Group, cause: number, changed: Member): void {
    const id = this.groups.advance(group);
    const sets = [[changed.field]];
    this.tell(group, () => encodeRegularMembership(group.name, cause, fieldsOf(group), id, sets, 0));
  }

  /** One frame serves all receivers: where the vs sets differ from daemon to daemon, here they are the same. */
  private tell({ local }: Group, encode: () => Buffer): void {
    let frame: Buffer | null = null;
    for (const session of local) {
      if (!session.membership || session.leaving) continue;
      frame ??= encode();
      session.outlet.deliver(frame, 0, frame.length, 1);
    }
  }
}

const fieldsOf = ({ members }: Group): Buffer[] => members.map(({ field }) => field);

/** The receivers' own set is the one with the members of their daemon. */
function networkFrame(group: Group, sets: SettledGroup['sets'], here: number): Buffer {
  const own = sets.findIndex((parts) => parts.some(({ daemon }) => daemon === here));
  const names = sets.map((parts) => parts.flatMap(({ members }) => members));
  return encodeRegularMembership(group.name, CAUSED_BY_NETWORK, fieldsOf(group), group.id, names, own);
}
