/**
 * A vote of named voters on going on in one view: which part of a broken network may. Several members can belong to one
 * voter, as connections do to a daemon; a voter knows what any of them knows. In a tie the first voter decides: it has three
 * votes, every other one two.
 */

const FIRST_WEIGHT = 3;
const WEIGHT = 2;

/** What a member that has nothing brings. */
export const NEWCOMER: Testimony = { tookPart: false, epoch: null, promised: 0 };

/** What a member brings that has met others, and has not been told what they know: it counts neither as remembering nor as new. */
export const UNINFORMED: Testimony = { tookPart: true, epoch: null, promised: 0 };

export class Ballot {
  /** The number of the epoch that is voted on. */
  readonly next: number;
  /** Of those that may vote. */
  private readonly testimonies: ReadonlyMap<string, Testimony>;
  /** Voters of which somebody has voted. */
  private readonly voted = new Set<string>();

  /**
   * @param electorates lists of voters, the first of each breaking ties: it has to pass by all of them
   * @param testimonies what each member of the view brings
   * @param voterOf the voter that a member belongs to
   * @param mute members that have no vote here: the next number is above what they bring all the same
   */
  constructor(
    private readonly electorates: readonly (readonly string[])[],
    testimonies: ReadonlyMap<string, Testimony>,
    private readonly voterOf: (member: string) => string,
    mute: ReadonlySet<string> = new Set(),
  ) {
    this.next = nextEpoch([...testimonies.values()]);
    this.testimonies = new Map([...testimonies].filter(([member]) => !mute.has(member)));
  }

  /** Whether it would pass if everybody here voted. */
  get canPass(): boolean {
    return this.passesWith(new Set([...this.testimonies.keys()].map(this.voterOf)));
  }

  /** @returns whether a vote of this member would add to it */
  wants(member: string): boolean {
    return !this.voted.has(this.voterOf(member));
  }

  /** @returns whether it has passed */
  vote(member: string, epoch: number): boolean {
    if (epoch === this.next && this.testimonies.has(member)) this.voted.add(this.voterOf(member));
    return this.passesWith(this.voted);
  }

  private passesWith(voted: ReadonlySet<string>): boolean {
    const { electorates } = this;
    return electorates.length > 0 && electorates.every((electorate) => this.passesBy(electorate, voted));
  }

  private passesBy(all: readonly string[], voted: ReadonlySet<string>): boolean {
    const electorate: Electorate = { of: WEIGHT * all.length + 1, quorum: all.length + 1 };
    const voters = all.flatMap((voter, i) => {
      if (!voted.has(voter)) return [];
      const own = [...this.testimonies].filter(([member]) => this.voterOf(member) === voter);
      const testimony = together(own.map(([, each]) => each));
      return Array.from({ length: i === 0 ? FIRST_WEIGHT : WEIGHT }, () => testimony);
    });
    return voters.length >= electorate.quorum && includesNewest(voters, electorate);
  }
}

/** What a voter brings: what the best of its members does, never halves of two of them. */
function together(all: readonly Testimony[]): Testimony {
  const byEpoch = all.toSorted((a, b) => (b.epoch ?? -1) - (a.epoch ?? -1));
  const best = byEpoch.find(remembers) ?? byEpoch.find(({ tookPart }) => tookPart) ?? byEpoch[0] ?? NEWCOMER;
  return { ...best, promised: Math.max(0, ...all.map(({ promised }) => promised)) };
}

// Which component may go on, and with which state: the rules that replicated state and the registry of channel names
// share. docs/internals/recipes.md has them as a page, with the argument why they hold; the numbers in the comments are
// the numbers there.

/** How many voters there can ever be at one time, and how many of them make a quorum: more than half. */
export interface Electorate {
  readonly of: number;
  readonly quorum: number;
}

/** What a voter says of itself in a view. */
export interface Testimony {
  /** Whether it has been part of an epoch in force, in this life of its process. */
  readonly tookPart: boolean;
  /** The epoch of the state that it holds: 0, a state of no epoch; null, none. */
  readonly epoch: number | null;
  /** The greatest epoch that it has voted for. */
  readonly promised: number;
}

/** Rule 4. Whether it still has what it knew when it took part. */
export const remembers = ({ tookPart, epoch }: Testimony): boolean => tookPart && epoch !== null;

/**
 * Rule 5. Whether the newest state is among those of these voters. Of `of` voters `quorum` were in each epoch, so of
 * `of - quorum + 1` that remember one was there. Where `quorum` have never taken part, fewer are left than always
 * remember once something was committed, so nothing was. And where all are here, nothing is elsewhere.
 */
export function includesNewest(voters: readonly Testimony[], { of, quorum }: Electorate): boolean {
  const remembering = voters.filter(remembers).length;
  const fresh = voters.filter(({ tookPart }) => !tookPart).length;
  return remembering > of - quorum || fresh >= quorum || voters.length >= of;
}

/** The last epoch that there is a number for. Only words that are not true lead there: it is voted for again and again. */
export const LAST_EPOCH = 2 ** 32 - 1;

/** The greatest epoch that it knows of; 0: none. */
export const claimedEpoch = ({ epoch, promised }: Pick<Testimony, 'epoch' | 'promised'>): number =>
  Math.max(epoch ?? 0, promised);

/** Rule 7. The number of the next epoch: above all that these voters hold or have voted for. */
export const nextEpoch = (voters: readonly Testimony[]): number =>
  Math.min(LAST_EPOCH, 1 + Math.max(0, ...voters.map(claimedEpoch)));
