/**
 * Which part of a broken network may give away names (messip-channels.md 15.4): the one with more than half of the
 * daemons of the last such part, or with half of them and the first. A daemon counts by its members of the registry.
 *
 * A new electorate takes two ordered messages. When it is proposed (`form`), it counts beside the old one; when
 * somebody knows that every daemon has the proposal (`confirm`), it takes the place of the old one. So two parts that
 * remember different electorates still share one that binds both.
 */
import type { ByteReader, ByteWriter } from '../bytes.js';

/** Daemons that decide next time, the first one breaking ties. */
export interface Electorate {
  readonly generation: number;
  readonly daemons: readonly string[];
}

export interface Votes {
  readonly formed: Electorate;
  /** Proposed later than `formed`, and maybe known to all who were there, maybe not. */
  readonly proposed: readonly Electorate[];
}

/** @param daemons those that count at the very beginning; none: whoever is there first */
export const firstVotes = (daemons: readonly string[]): Votes => ({
  formed: { generation: 0, daemons },
  proposed: [],
});

/** Name of the daemon in `#name#daemon`. */
export const daemonOf = (member: string): string => member.slice(member.indexOf('#', 1) + 1);

/** The daemons of the members, in their order. */
export const daemonsOf = (members: Iterable<string>): string[] => [...new Set([...members].map(daemonOf))];

function hasMajority({ daemons }: Electorate, voters: ReadonlySet<string>): boolean {
  const present = daemons.filter((daemon) => voters.has(daemon)).length;
  if (2 * present !== daemons.length) return 2 * present > daemons.length;
  return daemons.length === 0 || voters.has(daemons[0] as string);
}

/** Whether these daemons may decide: by every electorate that may be the last. */
export const mayDecide = ({ formed, proposed }: Votes, voters: Iterable<string>): boolean => {
  const present = new Set(voters);
  return [formed, ...proposed].every((electorate) => hasMajority(electorate, present));
};

/**
 * Newcomers remember nothing, and so do not count for a daemon whose earlier members may have decided something. They do
 * where nothing was decided yet, and where every daemon that could have decided is here.
 * @param holders daemons with members that remember, @param all daemons that are here
 */
export function isPrimaryPart(votes: Votes, holders: readonly string[], all: readonly string[]): boolean {
  if (mayDecide(votes, holders)) return true;
  if (votes.formed.generation === 0) return mayDecide(votes, all);
  const here = new Set(all);
  return [votes.formed, ...votes.proposed].every(({ daemons }) =>
    daemons.every((daemon) => here.has(daemon)),
  );
}

const textOf = ({ generation, daemons }: Electorate): string => `${generation} ${daemons.join(' ')}`;

/** The number of the next electorate. */
export const nextGeneration = ({ formed, proposed }: Votes): number =>
  Math.max(formed.generation, ...proposed.map(({ generation }) => generation)) + 1;

/** After a `form`. */
export function withProposal({ formed, proposed }: Votes, electorate: Electorate): Votes {
  const isKnown = [formed, ...proposed].some((known) => textOf(known) === textOf(electorate));
  if (isKnown || electorate.generation <= formed.generation) return { formed, proposed };
  return { formed, proposed: [...proposed, electorate] };
}

/** After a `confirm`. */
export function withConfirmed({ formed, proposed }: Votes, electorate: Electorate): Votes {
  if (electorate.generation <= formed.generation) return { formed, proposed };
  return {
    formed: electorate,
    proposed: proposed.filter(({ generation }) => generation > electorate.generation),
  };
}

/** What several parts know together. */
export function mergedVotes(all: readonly Votes[]): Votes {
  const byAge = all.map(({ formed }) => formed).toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
  const formed = byAge.reduce((best, each) => (each.generation > best.generation ? each : best));
  const known = new Map(all.flatMap(({ proposed }) => proposed).map((each) => [textOf(each), each]));
  const proposed = [...known.keys()]
    .toSorted()
    .map((text) => known.get(text) as Electorate)
    .filter(({ generation }) => generation > formed.generation);
  return { formed, proposed };
}

export function writeElectorate(out: ByteWriter, { generation, daemons }: Electorate): void {
  out.u32(generation).u16(daemons.length);
  for (const daemon of daemons) out.text(daemon, 'latin1');
}

/** @throws Malformed */
export function readElectorate(bytes: ByteReader): Electorate {
  const generation = bytes.u32();
  const daemons: string[] = [];
  for (let rest = bytes.u16(); rest > 0; rest--) daemons.push(bytes.text('latin1'));
  return { generation, daemons };
}

export function writeVotes(out: ByteWriter, { formed, proposed }: Votes): void {
  writeElectorate(out, formed);
  out.u16(proposed.length);
  for (const each of proposed) writeElectorate(out, each);
}

/** @throws Malformed */
export function readVotes(bytes: ByteReader): Votes {
  const formed = readElectorate(bytes);
  const proposed: Electorate[] = [];
  for (let rest = bytes.u16(); rest > 0; rest--) proposed.push(readElectorate(bytes));
  return { formed, proposed };
}
