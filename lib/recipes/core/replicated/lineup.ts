import type { RecipeView } from '../port.js';
import type { Statement } from './messages.js';
import type { Verdict } from './verdict.js';

/**
 * Who has the state that goes on, and who is being given it. The same at all members that go on together.
 *
 * With a quorum it is not enough that so many members have the state: one that ended and came back has forgotten what it
 * knew, and may be given an old state by members that are parted from the newest. So it counts who knows. Voters have
 * been where a quorum was together, in this life of their process, and have heard of none since that is newer than the
 * state here. Of the `of` members that there can be, all but `of - quorum` were in each quorum: more voters than that have
 * one of each among them. They also know that it is the newest when all are there that had it when a quorum was last together, but for those
 * whose end they saw.
 */
export class Lineup {
  private live = new Set<string>();
  private voters = new Set<string>();
  private onRoll = new Map<string, number>();
  /** Numbers of the processes of all who spoke. */
  private instances = new Map<string, number>();
  /** By which snapshot. */
  private loading = new Map<string, string>();

  /** @param quorum members that have to be together, null: any one, @param of how many there can ever be */
  constructor(
    private readonly quorum: number | null,
    private readonly of: number,
  ) {}

  /** Whether nobody has it. */
  get isEmpty(): boolean {
    return this.live.size === 0;
  }

  /** Whether a quorum has it, and it is sure that it is the newest. */
  get hasQuorum(): boolean {
    const { live, quorum } = this;
    if (quorum === null) return live.size > 0;
    return live.size >= quorum && (this.isFirst || this.isNewest(quorum));
  }

  /** How many of those that there can be may be missing where a quorum is; null: no quorum is needed. */
  get spare(): number | null {
    return this.quorum === null ? null : this.of - this.quorum;
  }

  /** Whether so many of these have it that they are a quorum. */
  isQuorum(names: ReadonlySet<string>): boolean {
    return [...names].filter((name) => this.live.has(name)).length >= (this.quorum ?? 0);
  }

  /** Snapshots that somebody still needs. */
  get wanted(): ReadonlySet<string> {
    return new Set(this.loading.values());
  }

  isLive(name: string): boolean {
    return this.live.has(name);
  }

  has(name: string): boolean {
    return this.live.has(name) || this.loading.has(name);
  }

  /** Those who do not come along are not counted any more. @param before members of the view before */
  newView({ cause, cameWithMe }: RecipeView, before: readonly string[]): void {
    const along = new Set(cameWithMe);
    const stays = (name: string): boolean => along.has(name);
    this.live = new Set([...this.live].filter(stays));
    this.voters = new Set([...this.voters].filter(stays));
    this.instances = new Map([...this.instances].filter(([name]) => stays(name)));
    this.loading = new Map([...this.loading].filter(([name]) => stays(name)));
    // They have ended, or left, before the eyes of those who go on: they take no knowledge elsewhere.
    if (cause !== 'network') for (const name of before) if (!stays(name)) this.onRoll.delete(name);
  }

  /** Whether nobody outside the view can go on with the state: who is missing is gone, or too few for a quorum. */
  isSole({ cause }: RecipeView): boolean {
    return cause !== 'network' || (this.quorum !== null && this.hasQuorum);
  }

  replace(
    live: readonly string[],
    loading: ReadonlyMap<string, string>,
    { voters, roll, instances }: Pick<Verdict, 'voters' | 'roll' | 'instances'>,
  ): void {
    this.live = new Set(live);
    this.loading = new Map(loading);
    this.voters = new Set(voters);
    this.onRoll = new Map(roll);
    this.instances = new Map(instances);
  }

  /** What a member says of those with whom it came along. */
  get words(): Pick<Statement, 'companions' | 'roll'> {
    return { companions: [...this.voters], roll: this.onRoll };
  }

  isVoter(name: string): boolean {
    return this.voters.has(name);
  }

  /** One that the round did not wait for. */
  late(name: string, { votes, instance, known }: Statement, epoch: number): void {
    this.instances.set(name, instance);
    if (known <= epoch && (votes || this.onRoll.get(name) === instance)) this.voters.add(name);
    else this.voters.delete(name);
  }

  /** A quorum is together, and what others know is known here: who has the state, or is being given it, is a voter. */
  promote(): void {
    const all = [...this.live, ...this.loading.keys()];
    this.onRoll = new Map(all.map((name) => [name, this.instances.get(name) ?? 0]));
    for (const name of all) this.voters.add(name);
  }

  /** These need the state anew. */
  give(names: readonly string[], capture: string): void {
    for (const name of names) {
      this.live.delete(name);
      this.loading.set(name, capture);
    }
  }

  isGiven(name: string, capture: string): boolean {
    return this.loading.get(name) === capture;
  }

  /** It has the state now. */
  arrived(name: string): void {
    this.loading.delete(name);
    this.live.add(name);
  }

  /** There was no quorum yet. */
  private get isFirst(): boolean {
    return this.voters.size === 0 && this.onRoll.size === 0;
  }

  private isNewest(quorum: number): boolean {
    const { voters, onRoll, instances } = this;
    if (voters.size > this.of - quorum) return true;
    const isHere = ([name, number]: [string, number]): boolean =>
      voters.has(name) && (instances.get(name) ?? number) === number;
    return onRoll.size > 0 && [...onRoll].every(isHere);
  }
}
