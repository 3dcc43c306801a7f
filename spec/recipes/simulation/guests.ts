/** Clients that do not belong: one that is not a member of any group, and one that is a member of all and lies. */
import type { Loop } from '../../simulation/loop.js';
import type { SimulatedDaemon } from '../../simulation/daemon.js';
import type { Random } from '../../support/random.js';
import { type Lie, memberLie, Overheard, Silent, strangerLie } from '../liars.js';
import { SimulatedMember, type SimulatedSeat, timeIn } from './member.js';
import type { Rules, Subject } from './subject.js';

/** How their names begin: checkers ask nothing of them. */
const LIAR = 'z-liar';
const STRANGER = 'z-stranger';

export const isStranger = (id: string): boolean => id.startsWith(`#${STRANGER}`);

export const isLiar = (id: string): boolean => id.startsWith(`#${LIAR}`);

/** The place of a liar in the group of one recipe. */
class Seated implements Subject {
  readonly heard = new Overheard();

  constructor(readonly group: string) {}

  make({ id }: { readonly id: string }): Silent {
    return new Silent(this.heard, id);
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

export class Guest {
  private readonly member: SimulatedMember;
  private readonly subjects: readonly Seated[];

  /** @param joins whether it is a member of all groups, @param known what strangers know of each group: all that was said */
  constructor(
    private readonly joins: boolean,
    daemon: SimulatedDaemon,
    private readonly loop: Loop,
    private readonly rules: Rules,
    private readonly known: ReadonlyMap<string, Overheard>,
    ended: () => void,
  ) {
    this.subjects = [...known.keys()].map((group) => new Seated(group));
    const plan = {
      name: joins ? LIAR : STRANGER,
      membership: true,
      latency: 1,
      chunk: 65_536,
      pause: 0,
      socketBytes: 65_536,
      ahead: 0,
      isStranger: !joins,
    };
    this.member = new SimulatedMember(0, daemon, plan, loop, this.subjects, ended);
  }

  /** Says something in one of the groups. */
  act(random: Random): void {
    const { joins, member, subjects, known, loop, rules } = this;
    const at = random.below(subjects.length);
    const { group, heard } = subjects[at] as Seated;
    const seat = member.seats[at] as SimulatedSeat;
    if (!member.isUp || (joins && !seat.isMember)) return;
    const scene = { group, random, now: timeIn(loop), hasQuorum: rules.quorum !== null };
    const lie = joins
      ? memberLie({ ...scene, heard })
      : strangerLie({ ...scene, heard: known.get(group) as Overheard });
    if (lie) say(seat, lie, random);
  }
}

function say(seat: SimulatedSeat, { body, to, more = [] }: Lie, random: Random): void {
  const service = random.chance(0.5) ? 'agreed' : 'safe';
  for (const each of [body, ...more])
    if (to === null) seat.send(each, service);
    else seat.sendTo(to, each);
}
