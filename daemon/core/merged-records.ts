/**
 * The tables of resumable sessions of daemons with other pasts become one, the same at all of them. Of a session the
 * highest number and the highest try count, with the names of that try and behind them those of lower ones. A private
 * group is its daemon's to give: while that daemon is in the view, what it knows of the name decides whose it is.
 */
import { parsePrivateGroup } from '../../lib/wire/name.js';
import type { StateExchange } from './exchange.js';
import {
  highOf,
  lowOf,
  MAX_ALIASES,
  namesOf,
  type SessionRecord,
  type SessionRecords,
} from './session-records.js';

const STEP = 64;

type Names = Pick<SessionRecord, 'name' | 'aliases'>;
/** What one past says of a session. */
type Version = Pick<SessionRecord, 'attempt' | 'home' | 'name' | 'aliases'>;

/**
 * @param elsewhere called for each session that this past knows, with requests that it does not have
 * @yields units of work
 */
export function* mergedRecords(
  records: SessionRecords,
  exchange: StateExchange,
  elsewhere: (sid: bigint) => void,
): Generator<number, void> {
  const claims = new Set<string>();
  const versions = new Map<SessionRecord, Version[]>();
  let count = 0;
  for (const record of records.values()) {
    if (++count % STEP === 0) yield STEP / 2;
    claim(claims, exchange, exchange.ownPast, record);
    const { attempt, home, name, aliases } = record;
    versions.set(record, [{ attempt, home, name, aliases }]);
  }
  for (const [past, told] of exchange.records) {
    for (const each of told) {
      if (++count % STEP === 0) yield STEP / 2;
      claim(claims, exchange, past, each);
      const record = records.of(each.sid) ?? records.create(highOf(each.sid), lowOf(each.sid));
      const known = versions.get(record);
      if (known && each.last > record.last) elsewhere(each.sid);
      record.last = Math.max(record.last, each.last);
      if (known) known.push(each);
      else versions.set(record, [each]);
    }
  }
  const merged = [...versions].map(([record, all]) => [record, merge(record, all)] as const);
  const sorted = merged.toSorted(([a], [b]) => b.attempt - a.attempt || (a.sid < b.sid ? 1 : -1));
  // The last one that is given a name keeps it: that with the highest try.
  for (const [record, its] of sorted.toReversed()) {
    if (++count % STEP === 0) yield STEP / 2;
    const isIts = (name: string): boolean => {
      const past = exchange.pastOf(daemonOf(name));
      return past === undefined || claims.has(keyOf(past, name, record.sid));
    };
    const { name } = its;
    const kept = name === null || name === '' || isIts(name) ? name : '';
    records.assign(record, kept, its.aliases.filter(isIts).slice(0, MAX_ALIASES));
  }
}

/** The highest try counts, whatever the order in which they came. @returns the names of all tries, the newest first */
function merge(record: SessionRecord, versions: readonly Version[]): Names {
  const sorted = versions.toSorted((a, b) => b.attempt - a.attempt) as [Version, ...Version[]];
  record.attempt = sorted[0].attempt;
  record.home = sorted[0].home;
  const tries = new Map<number, Names>();
  for (const each of sorted) {
    const same = tries.get(each.attempt);
    tries.set(each.attempt, same ? inBoth(same, each) : each);
  }
  return [...tries.values()].reduce(joined);
}

/** Of one try there is one list of names; each part of the network may have given some of them to others. */
function inBoth({ name, aliases }: Names, other: Names): Names {
  const has = new Set(namesOf(other));
  return {
    name: name !== null && has.has(name) ? name : '',
    aliases: aliases.filter((each) => has.has(each)),
  };
}

/** A part to which the session came without being known there lacks its names of before. */
function joined({ name, aliases }: Names, older: Names): Names {
  const more = namesOf(older).filter((each) => each !== name && !aliases.includes(each));
  return { name, aliases: [...aliases, ...more] };
}

function claim(
  claims: Set<string>,
  exchange: StateExchange,
  past: bigint,
  record: { readonly sid: bigint } & Names,
): void {
  for (const name of namesOf(record)) {
    if (exchange.pastOf(daemonOf(name)) === past) claims.add(keyOf(past, name, record.sid));
  }
}

const keyOf = (past: bigint, name: string, sid: bigint): string => `${past} ${name} ${sid}`;

const daemonOf = (name: string): string => parsePrivateGroup(name)?.daemon ?? '';
