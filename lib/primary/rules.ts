/**
 * Which component may go on, and with which state: the rules that replicated state and the registry of channel names
 * share. docs/internals/recipes.md has them as a page, with the argument why they hold; the numbers in the comments are
 * the numbers there.
 */

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
