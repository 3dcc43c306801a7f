/** Elections in simulated worlds, and what has to be true of them. */
import { ElectionCore, type Leadership } from '../../lib/recipes/core/election.js';
import { groupIdText } from '../../lib/wire/group-id.js';
import type { WorldMember } from './world-member.js';

interface Seen extends Leadership {
  readonly view: string;
  readonly at: number;
}

export class Elections {
  readonly seen = new Map<WorldMember, Seen[]>();
  readonly cores = new Map<WorldMember, ElectionCore>();
  /** Whose claim did not count, and for whom. */
  readonly doubted: string[] = [];
  /** Members that had a leader behind the transitional signal. */
  private readonly late: string[] = [];
  /** Numbers the starts of processes, views and elections in their order. */
  private count = 0;
  /** When processes came back that have forgotten what their names had seen. */
  private readonly restarts: { readonly id: string; readonly at: number }[] = [];
  private readonly ids = new Set<string>();
  /** When views were first seen. */
  private readonly begins = new Map<string, { readonly at: number; readonly members: readonly string[] }>();

  constructor(private readonly quorum: number) {}

  readonly make = (member: WorldMember): ElectionCore => {
    const seen: Seen[] = [];
    this.seen.set(member, seen);
    if (this.ids.has(member.id)) this.restarts.push({ id: member.id, at: ++this.count });
    this.ids.add(member.id);
    let view = '';
    const core: ElectionCore = new ElectionCore(
      member.id,
      {
        send: (body, service) => member.send(body, service),
        sendTo: (name, body) => member.sendTo(name, body),
        elected: (leadership) => seen.push({ ...leadership, view, at: ++this.count }),
        leaderLost: () => undefined,
        doubted: (name) => void this.doubted.push(`${member.name}: ${name}`),
      },
      { quorum: this.quorum },
    );
    this.cores.set(member, core);
    const end = core.transition.bind(core);
    core.transition = () => {
      end();
      if (core.leadership) this.late.push(`${member.id} follows ${core.leadership.leader} too long`);
    };
    const install = core.view.bind(core);
    core.view = (next, now) => {
      view = groupIdText(next.id);
      if (!this.begins.has(view)) this.begins.set(view, { at: ++this.count, members: next.members });
      install(next, now);
    };
    return core;
  };

  /**
   * The checker: one leader in a view, and the same terms of it at all who are there in the end; terms that grow at every
   * member, and with a quorum no term twice, as long as no process restarts in between; no leader behind the signal.
   */
  faults(isMajority: boolean): string[] {
    const faults = [...this.late];
    const byView = new Map<string, Seen>();
    const byTerm = new Map<number, Seen>();
    for (const [member, elections] of this.seen) {
      let last = 0;
      for (const each of elections) {
        const { view, leader, term } = each;
        const other = byView.get(view);
        if (other && other.leader !== leader)
          faults.push(`view ${view}: ${leader} ${term} and ${other.leader} ${other.term}`);
        byView.set(view, each);
        if (term <= last) faults.push(`${member.id}: ${term} behind ${last}`);
        last = term;
        const same = byTerm.get(term);
        if (isMajority && same && same.view !== view && !this.isForgotten(same, each))
          faults.push(`term ${term} in ${view} and ${same.view}`);
        byTerm.set(term, each);
      }
    }
    return faults;
  }

  /** Whether a process that took part in the first of two elections may be back, knowing nothing of it, in the second. */
  private isForgotten(...both: readonly Seen[]): boolean {
    const views = both.flatMap(({ view }) => this.begins.get(view) ?? []);
    const [first] = views.toSorted((a, b) => a.at - b.at);
    const end = Math.max(...both.map(({ at }) => at));
    return this.restarts.some(
      ({ id, at }) => first !== undefined && at > first.at && at < end && first.members.includes(id),
    );
  }

  /** Members that lead, as they know it. */
  leaders(): WorldMember[] {
    return [...this.cores].filter(([, { leadership }]) => leadership?.isMe).map(([chair]) => chair);
  }

  at(member: WorldMember | undefined): Leadership | null {
    return (member && this.cores.get(member)?.leadership) ?? null;
  }
}
