/** Elections in simulated worlds, and what has to be true of them. */
import type { Buffer } from 'node:buffer';
import { readBody } from '../../lib/recipes/core/codec.js';
import { ElectionCore, type Leadership } from '../../lib/recipes/core/election.js';
import { MAX_SILENT_NAMES } from '../../lib/recipes/core/limits.js';
import type { RecipeView } from '../../lib/recipes/core/port.js';
import { groupIdText } from '../../lib/wire/group-id.js';
import type { WorldMember } from './world-member.js';

interface Seen extends Leadership {
  readonly view: string;
  readonly at: number;
}

/** Kind of a claim. */
const CLAIM = 1;

/** What one member heard in one view. */
class Hearing {
  /** Whose claims came, in their order. */
  readonly claimed = new Set<string>();
  /** Those of them before there was a leader. */
  speakers: ReadonlySet<string> | null = null;
  leader: string | null = null;
  isDoubtful = false;

  constructor(readonly view: RecipeView) {}

  hear(sender: string, body: Buffer): void {
    const id = readBody('election', body, (reader) => {
      const view = reader.groupId();
      if (reader.kind !== CLAIM) return null;
      reader.number();
      reader.texts(MAX_SILENT_NAMES);
      return view;
    });
    if (id && groupIdText(id) === groupIdText(this.view.id)) this.claimed.add(sender);
  }

  /** Whose claims came too late to be chosen. */
  get latecomers(): string[] {
    const { claimed, speakers } = this;
    return speakers ? [...claimed].filter((member) => !speakers.has(member)) : [];
  }

  elected(leader: string): void {
    this.leader = leader;
    this.speakers ??= new Set(this.claimed);
  }

  /** Whether it took the first of those that it had heard. */
  get isInOrder(): boolean {
    const { leader, speakers, view } = this;
    return leader === null || leader === view.members.find((member) => speakers?.has(member));
  }

  /**
   * Whether the leader has moved without need: a member joined, of the others the same ones spoke in time in both views,
   * nobody was late, and another one leads. All have the same statements of the view before at the same place, so whoever
   * was passed over in it is younger now, and the leader is as old as it was, to all that knew it; the newcomer's first
   * view is this one. One that returns without a gap may be the oldest, and counts as new one view later where no daemon says that it has
   * returned. Other views prove nothing: with a member may go the only one that knew of the leader.
   */
  hasMovedFrom(before: Hearing, isReturn: boolean): boolean {
    const { leader, speakers, view, isDoubtful } = this;
    if (isReturn || view.cause !== 'join' || leader === null || before.leader === null) return false;
    if (isDoubtful || before.isDoubtful || before.latecomers.length > 0) return false;
    const known = view.members.filter((member) => before.view.members.includes(member));
    return (
      leader !== before.leader &&
      known.every((member) => speakers?.has(member) === before.claimed.has(member))
    );
  }
}

export class Elections {
  readonly seen = new Map<WorldMember, Seen[]>();
  readonly cores = new Map<WorldMember, ElectionCore>();
  /** Whose claim did not count, and for whom. */
  readonly doubted: string[] = [];
  /** Members that had a leader behind the transitional signal. */
  private readonly late: string[] = [];
  /** What each member heard, view by view; null: it was away. */
  private readonly hearings = new Map<WorldMember, (Hearing | null)[]>();
  /** Numbers the starts of processes, views and elections in their order. */
  private count = 0;
  /** When processes came back that have forgotten what their names had seen. */
  private readonly restarts: { readonly id: string; readonly at: number }[] = [];
  private readonly ids = new Set<string>();
  /** All ids that processes with a core have had: those that state nothing but the truth. */
  private readonly honest = new Set<string>();
  /** Views in which a member is again that has missed nothing. */
  private readonly returns = new Set<string>();
  /** When views were first seen. */
  private readonly begins = new Map<string, { readonly at: number; readonly members: readonly string[] }>();

  constructor(
    private readonly quorum: number,
    private readonly prefer: 'first' | 'oldest' = 'first',
  ) {}

  readonly make = (member: WorldMember): ElectionCore => {
    const seen: Seen[] = [];
    this.seen.set(member, seen);
    const hearings: (Hearing | null)[] = [];
    this.hearings.set(member, hearings);
    if (this.ids.has(member.id)) this.restarts.push({ id: member.id, at: ++this.count });
    this.ids.add(member.id);
    this.honest.add(member.id);
    let view = '';
    const core: ElectionCore = new ElectionCore(
      member.id,
      {
        send: (body, service) => member.send(body, service),
        sendTo: (name, body) => member.sendTo(name, body),
        elected: (leadership) => seen.push({ ...leadership, view, at: ++this.count }),
        leaderLost: () => undefined,
        doubted: (name) => {
          this.doubted.push(`${member.name}: ${name}`);
          const hearing = hearings.at(-1);
          if (hearing) hearing.isDoubtful = true;
        },
      },
      { quorum: this.quorum, prefer: this.prefer },
    );
    this.cores.set(member, core);
    const end = core.transition.bind(core);
    core.transition = () => {
      end();
      if (core.leadership) this.late.push(`${member.id} follows ${core.leadership.leader} too long`);
    };
    const lose = core.lost.bind(core);
    core.lost = () => {
      lose();
      if (core.leadership)
        this.late.push(`${member.id} follows ${core.leadership.leader} without a connection`);
    };
    const rejoin = core.rejoined.bind(core);
    let { id } = member;
    let isReturn = false;
    core.rejoined = (self, isWhole) => {
      isReturn = isWhole;
      // What it has missed it does not know.
      if (!isWhole) this.restarts.push({ id, at: ++this.count });
      id = self;
      this.honest.add(self);
      hearings.push(null);
      rejoin(self, isWhole);
    };
    this.listen(core, hearings);
    const install = core.view.bind(core);
    core.view = (next, now) => {
      view = groupIdText(next.id);
      if (isReturn) this.returns.add(view);
      isReturn = false;
      if (!this.begins.has(view)) this.begins.set(view, { at: ++this.count, members: next.members });
      install(next, now);
    };
    return core;
  };

  private listen(core: ElectionCore, hearings: (Hearing | null)[]): void {
    const hear = core.message.bind(core);
    core.message = (sender, body, now) => {
      const hearing = hearings.at(-1);
      const dropped = hear(sender, body, now);
      if (!dropped) hearing?.hear(sender, body);
      // Also where it does not lead yet: its term has to rise first.
      const { leader } = core as unknown as { leader: string | null };
      if (leader !== null && hearing?.leader !== leader) hearing?.elected(leader);
      return dropped;
    };
    const install = core.view.bind(core);
    core.view = (next, now) => {
      hearings.push(new Hearing(next));
      install(next, now);
    };
  }

  /** Members whose claims came too late to be chosen in some view. */
  get latecomers(): string[] {
    const all = [...this.hearings.values()].flat();
    return all.flatMap((hearing) => hearing?.latecomers ?? []);
  }

  /** Who had spoken in time where this one was elected, for each member and view. */
  speakersUnder(leader: string): ReadonlySet<string>[] {
    const all = [...this.hearings.values()].flat();
    return all.flatMap((hearing) => (hearing?.leader === leader && hearing.speakers) || []);
  }

  /**
   * The checker: one leader in a view, and the same terms of it at all who are there in the end; terms that grow at every
   * member, and with a quorum no term twice, as long as no process restarts in between; no leader behind the signal;
   * the first in the order of the view leads, of those who spoke in time, or the oldest, and it stays where one joins.
   */
  faults(isMajority: boolean): string[] {
    const faults = [...this.late, ...this.preferences()];
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

  private preferences(): string[] {
    const faults: string[] = [];
    for (const [{ id }, hearings] of this.hearings)
      for (const [i, hearing] of hearings.entries()) {
        const before = hearings[i - 1];
        if (!hearing) continue;
        const { claimed, leader, view } = hearing;
        const isHonest = [...claimed].every((member) => this.honest.has(member));
        if (this.prefer === 'first' && !hearing.isDoubtful && !hearing.isInOrder)
          faults.push(`${id}: ${leader} is not the first of view ${groupIdText(view.id)}`);
        if (
          this.prefer === 'oldest' &&
          isHonest &&
          before &&
          hearing.hasMovedFrom(before, this.isReturn(view) || this.isReturn(before.view))
        )
          faults.push(
            `${id}: ${before.leader} led, and ${leader} does when one joins ${groupIdText(view.id)}`,
          );
      }
    return faults;
  }

  private isReturn({ id }: RecipeView): boolean {
    return this.returns.has(groupIdText(id));
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
