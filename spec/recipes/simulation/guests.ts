/** Clients that do not belong: one that is not a member of any group, and one that is a member of all and lies. */
import type { Loop } from '../../../daemon/testing/time/loop.js';
import type { SimulatedDaemon } from '../../simulation/daemon.js';
import type { Random } from '../../support/random.js';
import { type Lie, memberLie, Overheard, type Scene, Silent, strangerLie, viewLie } from '../liars.js';
import { SimulatedMember, type SimulatedSeat, timeIn } from './member.js';
import type { Rules, Subject } from './subject.js';

/** How often a liar speaks first in a view. */
const FIRST = 0.5;

/** How their names begin: checkers ask nothing of them. */
const LIAR = 'z-liar';
const STRANGER = 'z-stranger';

export const isStranger = (id: string): boolean => id.startsWith(`#${STRANGER}`);

export const isLiar = (id: string): boolean => id.startsWith(`#${LIAR}`);

/** The place of a liar in the group of one recipe. */
class Seated implements Subject {
  readonly heard = new Overheard();
  viewed: () => void = () => undefined;

  constructor(readonly group: string) {}

  make({ id }: { readonly id: string }): Silent {
    return new Silent(this.heard, id, () => this.viewed());
  }

  act(): void {
    // `Guest` says what it does.
  }

  isSettled(): boolean {
    return true;
  }

  faults(): string[] {
    return [];
  }
}

export interface GuestPlan {
  /** A liar has a number, and is a member of all groups. */
  readonly liar: number | null;
  readonly rules: Rules;
  /** What strangers know of each group: all that was said. */
  readonly known: ReadonlyMap<string, Overheard>;
  readonly random: Random;
  /** Whether liars agree to take terms to their end. */
  readonly isEnding: boolean;
}

export class Guest {
  private readonly member: SimulatedMember;
  private readonly subjects: readonly Seated[];

  constructor(
    daemon: SimulatedDaemon,
    private readonly loop: Loop,
    private readonly plan: GuestPlan,
    ended: () => void,
  ) {
    const { liar, known } = plan;
    this.subjects = [...known.keys()].map((group) => new Seated(group));
    const client = {
      name: liar === null ? STRANGER : `${LIAR}${liar}`,
      membership: true,
      latency: 1,
      chunk: 65_536,
      pause: 0,
      socketBytes: 65_536,
      ahead: 0,
      isStranger: liar === null,
    };
    this.member = new SimulatedMember(0, daemon, client, loop, this.subjects, ended);
    for (const [at, subject] of this.subjects.entries()) subject.viewed = () => this.speakFirst(at);
  }

  /** Says something in one of the groups. */
  act(): void {
    const { member, subjects, plan } = this;
    const { liar, known, random } = plan;
    const at = random.below(subjects.length);
    const { group, heard } = subjects[at] as Seated;
    const seat = member.seats[at] as SimulatedSeat;
    if (!member.isUp || (liar !== null && !seat.isMember)) return;
    const lie =
      liar === null
        ? strangerLie(this.scene(group, known.get(group) as Overheard))
        : memberLie(this.scene(group, heard));
    if (lie) say(seat, lie, random);
  }

  private speakFirst(at: number): void {
    const { member, subjects, plan } = this;
    const { group, heard } = subjects[at] as Seated;
    const seat = member.seats[at] as SimulatedSeat;
    // With a quorum no claim stands alone.
    const lie =
      plan.rules.quorum === null && plan.random.chance(FIRST) ? viewLie(this.scene(group, heard)) : null;
    if (lie) say(seat, lie, plan.random);
  }

  private scene(group: string, heard: Overheard): Scene {
    const { random, rules, isEnding } = this.plan;
    return { group, heard, random, now: timeIn(this.loop), hasQuorum: rules.quorum !== null, isEnding };
  }
}

function say(seat: SimulatedSeat, { body, to, more = [] }: Lie, random: Random): void {
  const service = random.chance(0.5) ? 'agreed' : 'safe';
  for (const each of [body, ...more])
    if (to === null) seat.send(each, service);
    else seat.sendTo(to, each);
}
