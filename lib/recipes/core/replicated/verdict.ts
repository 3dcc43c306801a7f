/** What a round of replicas decides: whose state goes on, and who is given it. The same at all, from the same words. */
import type { Round } from '../round.js';
import type { Statement } from './messages.js';
import { NOBODY, type Roll } from './roll.js';

export interface Verdict {
  /** What is replicated. Who says something else has no part in it. */
  readonly label: string;
  /** Those who have the state that goes on; empty when nobody has any. In the order of the view. */
  readonly live: readonly string[];
  /** Those who are being given just that state already, by snapshot. */
  readonly loading: ReadonlyMap<string, string>;
  /** Everybody else who spoke. */
  readonly needy: readonly string[];
  /** Those who have had the state where a quorum was together, as they know themselves or somebody else knows of them. */
  readonly voters: readonly string[];
  /** Of the state that goes on. */
  readonly roll: Roll;
  /** Numbers of all processes that spoke. */
  readonly instances: ReadonlyMap<string, number>;
  /** Of the state that goes on. */
  readonly past: number;
  readonly epoch: number;
  /** The newest epoch that anybody has heard of. */
  readonly known: number;
  readonly continues: boolean;
}

interface Side {
  readonly past: number;
  readonly members: string[];
  readonly first: Statement;
}

/**
 * @param spare how many voters a quorum may lack: with a quorum the newest epoch wins; null: the larger side
 * @returns null when nothing can be decided: with a quorum, where somebody knows of a newer epoch than those who have a
 * state, that newer state may live elsewhere, unless a quorum of the old one has come along, or there are more voters here
 * than a quorum may lack
 */
export function verdictOf(round: Round<Statement>, spare: number | null): Verdict | null {
  const hasQuorum = spare !== null;
  const everybody = new Map(round.speakers.map((name) => [name, round.statement(name) as Statement]));
  const best = bestOf(everybody, hasQuorum);
  const label = best?.first.label ?? [...everybody.values()][0]?.label ?? '';
  const said = new Map([...everybody].filter(([, statement]) => statement.label === label));
  const speakers = [...said.keys()];
  const known = Math.max(0, ...[...said.values()].map((each) => Math.max(each.epoch, each.known)));
  const epoch = best?.first.epoch ?? 0;
  const knowing = [...said.values()].filter(({ mode, votes }) => votes && mode === 'live').length;
  const isSure = best?.first.continues === true || knowing > (spare ?? 0);
  if (hasQuorum && epoch < known && !isSure) return null;
  const instances = new Map([...said].map(([name, { instance }]) => [name, instance]));
  const rolls = [...said.values()].map(({ roll }) => roll);
  const hasVoted = (name: string, { votes, mode, known: heard }: Statement): boolean =>
    (mode === 'live' || heard <= epoch) &&
    (votes || rolls.some((roll) => roll.get(name) === instances.get(name)));
  const voters = [...said].filter((each) => hasVoted(...each)).map(([name]) => name);
  // One that says nothing knows what those know with whom it came along.
  const silent = (best?.first.companions ?? []).filter((name) => !everybody.has(name));
  const common = { label, voters: [...voters, ...silent], instances, epoch, known };
  if (best === null)
    return {
      ...common,
      live: [],
      loading: new Map(),
      needy: speakers,
      roll: NOBODY,
      past: 0,
      continues: false,
    };
  const loading = new Map<string, string>();
  for (const [name, { mode, past, capture }] of said) {
    if (mode === 'loading' && past === best.past && capture !== '') loading.set(name, capture);
  }
  const live = new Set(best.members);
  return {
    ...common,
    live: best.members,
    loading,
    needy: speakers.filter((name) => !live.has(name) && !loading.has(name)),
    roll: best.first.roll,
    past: best.past,
    continues: best.first.continues,
  };
}

function bestOf(said: ReadonlyMap<string, Statement>, hasQuorum: boolean): Side | null {
  const sides = new Map<string, Side>();
  for (const [name, statement] of said) {
    if (statement.mode !== 'live') continue;
    const { past, label } = statement;
    const side = sides.get(`${past} ${label}`);
    if (side) side.members.push(name);
    else sides.set(`${past} ${label}`, { past, members: [name], first: statement });
  }
  return [...sides.values()].reduce<Side | null>(
    (leads, side) => (leads === null || isBetter(side, leads, hasQuorum) ? side : leads),
    null,
  );
}

/** Among equals the side of the first member of the view wins. */
function isBetter(
  { first: a, members }: Side,
  { first: b, members: others }: Side,
  hasQuorum: boolean,
): boolean {
  if (a.continues !== b.continues) return a.continues;
  if (hasQuorum && a.epoch !== b.epoch) return a.epoch > b.epoch;
  if (!hasQuorum && members.length !== others.length) return members.length > others.length;
  return a.position > b.position;
}

/** Those who say that they have the state of `self`, in the order of the view. */
export function holdersOf(round: Round<Statement>, self: string, past: number): string[] {
  if (!round.statement(self)) return [self];
  return round.speakers.filter((name) => {
    const said = round.statement(name);
    return said?.mode === 'live' && said.past === past;
  });
}
