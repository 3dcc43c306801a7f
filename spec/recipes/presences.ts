/** Presences in simulated worlds, and what has to be true of them. */
import { Buffer } from 'node:buffer';
import { type MemberPresence, type MembersSink, PresenceCore } from '../../lib/recipes/core/presence.js';
import { EarlierPresence } from './earlier-presence.js';
import type { WorldMember } from './world-member.js';

export const HOUR = 3_600_000;

export class Presences {
  readonly cores = new Map<WorldMember, PresenceCore>();
  readonly lines = new Map<WorldMember, string[]>();
  /** What each member has announced last, by its name. */
  private readonly newest = new Map<string, string>();
  private instances = 0;
  private announcements = 0;

  /**
   * @param hasLosses whether members lose their connections, so that those who were here are looked for under other ids
   * @param isEarlier whether a member runs an earlier version
   */
  constructor(
    private readonly hasLosses = false,
    private readonly isEarlier: (member: WorldMember) => boolean = () => false,
  ) {}

  readonly make = (member: WorldMember): PresenceCore => {
    const lines: string[] = [];
    this.lines.set(member, lines);
    const told = new Map<string, 'here' | 'away'>();
    const note = (what: string, who: MemberPresence, from: unknown, to?: 'here' | 'away'): void => {
      if (told.get(who.id) !== from) lines.push(`FAULT: ${what} ${who.id} was ${told.get(who.id)}`);
      if (to) told.set(who.id, to);
      else told.delete(who.id);
      lines.push(`${what} ${who.id.split('#')[1]}`);
    };
    const sink: MembersSink = {
      send: (body, service) => member.send(body, service),
      sendTo: (name, body) => member.sendTo(name, body),
      subjectOf: () => null,
      joined: (who) => note('joined', who, undefined, 'here'),
      updated: (who) => lines.push(`updated ${who.id.split('#')[1]} ${who.metadata.toString()}`),
      left: (who, how) => note(how, who, how === 'forgotten' ? 'away' : told.get(who.id)),
      unreachable: (who) => note('unreachable', who, 'here', 'away'),
      returned: (who, before) => {
        // One that moved is known under another id from here on, and was here where this member was away itself.
        const from = told.get(before.id);
        if (who.id !== before.id) told.delete(before.id);
        told.set(who.id, from ?? 'here');
        note('returned', who, this.hasLosses ? from : 'away', 'here');
      },
    };
    const instance = ++this.instances;
    const metadata = Buffer.from(member.name);
    const Core = this.isEarlier(member) ? EarlierPresence : PresenceCore;
    const core = new Core(member.id, instance, metadata, HOUR, sink, this.hasLosses);
    this.newest.set(member.name, member.name);
    this.cores.set(member, core);
    return core;
  };

  /** It announces other metadata: its name and a number that nobody has had. */
  announce(member: WorldMember): void {
    const text = `${member.name}.${++this.announcements}`;
    this.newest.set(member.name, text);
    this.core(member).announce(Buffer.from(text));
  }

  told(member: WorldMember): string[] {
    return this.lines.get(member)?.splice(0) ?? [];
  }

  core(member: WorldMember): PresenceCore {
    return this.cores.get(member) as PresenceCore;
  }

  /**
   * The checker: every member has been told a story without holes, and knows those who are there now, with what they
   * announced last.
   */
  faults(members: readonly WorldMember[]): string[] {
    const there = members.map(({ id }) => id).toSorted();
    return [
      ...[...this.lines.values()].flat().filter((line) => /^FAULT|^joined z-stranger/.test(line)),
      ...members.flatMap((member) => {
        // What those announce who belong to nobody is theirs.
        const reachable = this.core(member).reachable.filter(({ id: name }) => !name.startsWith('#z-'));
        const known = reachable.map(({ id: name }) => name).toSorted();
        const strange = reachable.filter(
          ({ id, metadata }) => this.newest.get(id.split('#')[1] as string) !== metadata.toString(),
        );
        return [
          ...(String(known) === String(there)
            ? []
            : [`${member.id} knows ${String(known)} of ${String(there)}`]),
          ...strange.map(({ id: name }) => `${member.id} has of ${name} what is not its newest`),
        ];
      }),
    ];
  }
}
