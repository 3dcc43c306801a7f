/** Elections in simulated worlds, and what has to be true of them. */
import { ElectionCore, type Leadership } from '../../lib/recipes/core/election.js';
import { groupIdText } from '../../lib/wire/group-id.js';
import type { WorldMember } from './world-member.js';

interface Seen extends Leadership {
  readonly view: string;
}

export class Elections {
  readonly seen = new Map<WorldMember, Seen[]>();
  readonly cores = new Map<WorldMember, ElectionCore>();
  /** Whose claim did not count, and for whom. */
  readonly doubted: string[] = [];
  /** Members that had a leader behind the transitional signal. */
  private readonly late: string[] = [];

  constructor(private readonly quorum: number) {}

  readonly make = (member: WorldMember): ElectionCore => {
    const seen: Seen[] = [];
    this.seen.set(member, seen);
    let view = '';
    const core: ElectionCore = new ElectionCore(
      member.id,
      {
        send: (body, service) => member.send(body, service),
        sendTo: (name, body) => member.sendTo(name, body),
        elected: (leadership) => seen.push({ ...leadership, view }),
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
      install(next, now);
    };
    return core;
  };

  /**
   * The checker: one leader in a view, and the same terms of it at all who are there in the end; terms that grow at every
   * member, and with a quorum no term twice; no leader behind the signal.
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
        if (isMajority && same && same.view !== view) faults.push(`term ${term} in ${view} and ${same.view}`);
        byTerm.set(term, each);
      }
    }
    return faults;
  }

  /** Members that lead, as they know it. */
  leaders(): WorldMember[] {
    return [...this.cores].filter(([, { leadership }]) => leadership?.isMe).map(([chair]) => chair);
  }

  at(member: WorldMember | undefined): Leadership | null {
    return (member && this.cores.get(member)?.leadership) ?? null;
  }
}
