/** What a round of replicas decides: whose state continues. The same at all members, from the same words. */
import { firstLineage } from '../../../primary/lineage.js';
import { type Electorate, includesNewest, nextEpoch, type Testimony } from '../../../primary/rules.js';
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
  /** Everybody else who spoke, with what each asks with. */
  readonly needy: ReadonlyMap<string, string>;
}

interface Side {
  readonly lineage: number;
  readonly epoch: number;
  readonly position: number;
  readonly label: string;
  readonly members: string[];
}

/**
 * Rules 5 and 6. @param said by member, in the order of the view, @param electorate null: without a quorum
 * @returns null when the newest state may be elsewhere
 */
export function decide(
  said: ReadonlyMap<string, Statement>,
  electorate: Electorate | null,
  view: RecipeView['id'],
  round: number,
): Decision | null {
  const best = sidesOf(said).reduce<Side | null>(
    (leads, side) => (leads === null || isBetter(side, leads, electorate !== null) ? side : leads),
    null,
  );
  const label = best?.label ?? [...said.values()][0]?.label ?? '';
  const peers = new Map([...said].filter(([, each]) => each.label === label));
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
      [...peers].filter(([name]) => !holders.includes(name)).map(([name, { ask }]) => [name, ask]),
    ),
  };
}

const testimonyOf = ({ tookPart, state, promised }: Statement): Testimony => ({
  tookPart,
  epoch: state?.epoch ?? null,
  promised,
});

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

/** Rule 6. With a quorum the newest epoch, else the larger side; of equals the one of the first member. */
function isBetter(a: Side, b: Side, hasQuorum: boolean): boolean {
  if (hasQuorum && a.epoch !== b.epoch) return a.epoch > b.epoch;
  if (a.members.length !== b.members.length) return a.members.length > b.members.length;
  return a.position > b.position;
}

/**
 * Rule 13. Whether a statement that came after the round could have changed what it decided. @param decided null where
 * no quorum is asked for
 */
export function couldChange(
  { state, promised }: Statement,
  decided: { readonly lineage: number; readonly next: number; readonly isFormed: boolean },
  hasQuorum: boolean,
): boolean {
  if (!hasQuorum) return state !== null && state.lineage !== decided.lineage;
  return !decided.isFormed && Math.max(state?.epoch ?? 0, promised) >= decided.next;
}
