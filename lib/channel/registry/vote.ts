/** The vote on giving names away in a view: who votes, and what the parts that have come together bring into it. */
import { Ballot, NEWCOMER, type Testimony, UNINFORMED } from '../../primary/ballot.js';
import type { Told } from './exchange.js';
import { daemonOf, daemonsOf, type PartTestimony } from './primary.js';

type Electorates = Told['electorates'];

export interface Vote {
  readonly ballot: Ballot;
  readonly electorates: Electorates;
  /** What a member of the view brings into the next vote if this one does not pass. */
  readonly testimony: PartTestimony;
  /** Whether anybody knows what others knew before. */
  readonly isInformed: boolean;
  readonly tookPart: ReadonlySet<string>;
}

/** @param mute members without a vote, @param listed the daemons that the application has listed */
export function voteOf(
  sides: readonly Told[],
  members: readonly string[],
  mute: ReadonlySet<string>,
  listed: Electorates,
): Vote {
  const epoch = Math.max(0, ...sides.map((side) => side.epoch));
  const electorates = electoratesOf(sides, epoch, listed);
  const voters = electorates.length > 0 ? electorates : [daemonsOf(members)];
  const ballot = new Ballot(voters, testimoniesOf(members, sides), daemonOf, mute);
  // What one part did not know it knows now.
  const promised = Math.max(0, ...sides.map(({ testimony }) => testimony.promised));
  return {
    ballot,
    electorates,
    testimony: { epoch, promised: ballot.canPass ? ballot.next : promised },
    isInformed: sides.some(({ informed }) => informed),
    tookPart: new Set(sides.flatMap((side) => [...side.tookPart])),
  };
}

/** What each member brings: a newcomer nothing. */
function testimoniesOf(members: readonly string[], sides: readonly Told[]): ReadonlyMap<string, Testimony> {
  const sideOf = new Map(sides.flatMap((side) => [...side.members].map((member) => [member, side] as const)));
  // Members that were cut off before they were told anything cannot say that there is nothing to know.
  const newcomer = sides.some(({ informed }) => informed) ? NEWCOMER : UNINFORMED;
  return new Map(
    members.map((member) => {
      const side = sideOf.get(member);
      if (!side?.informed) return [member, newcomer];
      return [member, { ...side.testimony, tookPart: side.tookPart.has(member) }];
    }),
  );
}

/**
 * Of those who know the newest primary component; the shortest list is of those who know that it came about. Where all have
 * moved away from what they know, nobody is left to ask.
 */
function electoratesOf(sides: readonly Told[], epoch: number, listed: Electorates): Electorates {
  if (sides.every(({ has, moved }) => moved || !has) && sides.some(({ moved }) => moved)) return listed;
  const knowing = sides.filter((side) => side.has && side.epoch === epoch);
  const [first] = (knowing.length > 0 ? knowing : sides).toSorted(
    (a, b) => a.electorates.length - b.electorates.length,
  );
  return first?.electorates ?? [];
}
