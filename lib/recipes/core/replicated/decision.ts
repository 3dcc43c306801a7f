/** What a round of replicas decides: whose state continues. The same at all members, from the same words. */
import { firstLineage } from '../../../primary/lineage.js';
import {
  claimedEpoch,
  type Electorate,
  includesNewest,
  nextEpoch,
  type Testimony,
} from '../../../primary/ballot.js';
import { Claims, isFarAbove } from '../../../primary/claims.js';
import type { RecipeView } from '../port.js';
import type { Statement } from './messages.js';

export interface Decision {
  /** What is replicated. A member that says something else has no part in it. */
  readonly label: string;
  /** Whether nobody held a state, so that all begin with the first one. */
  readonly isFirst: boolean;
  readonly lineage: number;
  readonly epoch: number;
  readonly next: number;
  /** Members with the state that continues, in the order of the view. */
  readonly holders: readonly string[];
  /** Everybody else who spoke, also those who do not count, with what each asks with. */
  readonly needy: ReadonlyMap<string, string>;
}

interface Side {
  readonly lineage: number;
  readonly epoch: number;
  readonly position: number;
  readonly label: string;
  /** Whether its only member lost its connection since. */
  readonly isBehind?: boolean;
  readonly members: string[];
}

/**
 * Rules 5 and 6. @param said by member, in the order of the view, @param electorate null: without a quorum
 * @param doubted called with the member whose statement does not count, because its epoch is far above all others
 * @returns null when the newest state may be elsewhere
 */
export function decide(
  said: ReadonlyMap<string, Statement>,
  electorate: Electorate | null,
  view: RecipeView['id'],
  round: number,
  doubted: (name: string) => void,
): Decision | null {
  // Without a quorum nothing depends on epochs.
  const doubtful = electorate && doubtfulOf(said);
  if (doubtful !== null) doubted(doubtful);
  const counted = new Map([...said].filter(([name]) => name !== doubtful));
  const best = sidesOf(counted).reduce<Side | null>(
    (leads, side) => (leads === null || isBetter(side, leads, electorate !== null) ? side : leads),
    null,
  );
  const label = best?.label ?? [...counted.values()][0]?.label ?? '';
  const peers = new Map([...counted].filter(([, each]) => each.label === label));
  const testimonies = [...peers.values()].map(testimonyOf);
  if (electorate && !includesNewest(testimonies, electorate)) return null;
  const holders = best ? best.members : [...peers.keys()];
  return {
    label,
    isFirst: best === null,
    lineage: best?.lineage ?? firstLineage(view, round),
    epoch: best?.epoch ?? 0,
    next: nextEpoch(testimonies),
    holders,
    needy: new Map(
      [...said]
        .filter(([name, each]) => each.label === label && !holders.includes(name))
        .map(([name, { ask }]) => [name, ask]),
    ),
  };
}

/** A state that may be behind proves nothing: its member counts neither as remembering nor as new. */
const testimonyOf = ({ tookPart, state, promised }: Statement): Testimony =>
  state?.isBehind
    ? { tookPart, epoch: null, promised: Math.max(promised, state.epoch) }
    : { tookPart, epoch: state?.epoch ?? null, promised };

/** The member whose epoch is far above all others; null: none. */
function doubtfulOf(said: ReadonlyMap<string, Statement>): string | null {
  return new Claims(new Map([...said].map(([name, each]) => [name, claimedEpoch(testimonyOf(each))])))
    .doubtful;
}

/** Those with one state each, in the order of the first of them. */
function sidesOf(said: ReadonlyMap<string, Statement>): Side[] {
  const sides = new Map<string, Side>();
  for (const [name, { state, label }] of said) {
    if (!state) continue;
    const key = `${state.lineage} ${label}`;
    const side = sides.get(key);
    if (side) side.members.push(name);
    else sides.set(key, { ...state, label, members: [name] });
  }
  return [...sides.values()];
}

/** Rule 6. One that is not behind; with a quorum the newest epoch, else the larger side; of equals the one of the first member. */
function isBetter(a: Side, b: Side, hasQuorum: boolean): boolean {
  if (a.isBehind !== b.isBehind) return b.isBehind === true;
  if (hasQuorum && a.epoch !== b.epoch) return a.epoch > b.epoch;
  if (a.members.length !== b.members.length) return a.members.length > b.members.length;
  return a.position > b.position;
}

/**
 * Rule 13. Whether a statement that came after the round could have changed what it decided. @param decided null where
 * no quorum is asked for
 */
export function couldChange(
  statement: Statement,
  {
    lineage,
    next,
    isFormed,
  }: { readonly lineage: number; readonly next: number; readonly isFormed: boolean },
  hasQuorum: boolean,
): boolean {
  const { state } = statement;
  if (!hasQuorum) return state !== null && !state.isBehind && state.lineage !== lineage;
  const claimed = claimedEpoch(testimonyOf(statement));
  return !isFormed && claimed >= next && !isFarAbove(claimed, [next - 1]);
}
