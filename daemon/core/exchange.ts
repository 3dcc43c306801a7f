/**
 * The exchange that follows a daemon view: collects the report of each of its daemons and makes of them what all of
 * them go on with. The same reports give the same outcome everywhere (daemon-semantics.md 2.3 to 2.7).
 */
import type { Buffer } from 'node:buffer';
import { equalGroupIds, type GroupId } from '../../lib/wire/group-id.js';
import type { Report, ReportedGroup, Request } from './report.js';

export interface Outcome {
  /** The first two words of the ids that begin in this view. */
  readonly era: readonly [daemon: number, time: number];
  /** In byte order of the names. */
  readonly groups: readonly SettledGroup[];
  /** What was put off, to be done in this order. */
  readonly requests: readonly Request[];
}

export interface SettledGroup {
  readonly field: Buffer;
  readonly id: GroupId;
  /** In order of the daemons: in sequence they are the group's members in order. */
  readonly parts: readonly Part[];
  /** The vs sets as lists of parts; empty when the group goes on in the view that it has, and nobody is told. */
  readonly sets: readonly (readonly Part[])[];
}

/** The members of one daemon. */
export interface Part {
  /** Position of the daemon in the view. */
  readonly daemon: number;
  readonly members: readonly Buffer[];
}

interface Piece extends Part {
  readonly past: bigint;
  readonly reported: ReportedGroup;
}

export class Exchange {
  private readonly positions: ReadonlyMap<string, number>;
  private readonly reports: (Report | undefined)[];
  private missing: number;

  constructor(
    readonly tag: bigint,
    daemons: readonly string[],
  ) {
    this.positions = new Map(daemons.map((name, position) => [name, position]));
    this.reports = daemons.map(() => undefined);
    this.missing = daemons.length;
  }

  get isComplete(): boolean {
    return this.missing === 0;
  }

  /** Takes a report; one of another view, of a daemon not in the view or of one that was heard is not looked at. */
  add(report: Report): void {
    const position = this.positions.get(report.daemon);
    if (report.tag !== this.tag || position === undefined || this.reports[position]) return;
    this.reports[position] = report;
    this.missing--;
  }

  /** @pre the exchange is complete */
  outcome(): Outcome {
    const reports = this.reports as Report[];
    const era = eraOf(reports);
    const groups = gather(reports)
      .toSorted(([a], [b]) => a.reported.field.compare(b.reported.field))
      .map((pieces) => settle(pieces, era));
    return { era, groups, requests: reports.flatMap(({ requests }) => requests) };
  }

  /** Identities and times that any of the daemons knows to be used. */
  *times(): IterableIterator<readonly [id: number, time: number]> {
    for (const report of this.reports) if (report) yield* report.times;
  }
}

/** The first daemon proposes, but a time that anybody saw with its identity is not used again (2.4). */
function eraOf(reports: readonly Report[]): Outcome['era'] {
  const { id, time } = reports[0] as Report;
  let free = time;
  for (const { times } of reports) {
    for (const [known, used] of times) if (known === id) free = Math.max(free, used + 1);
  }
  return [id, free];
}

type Pieces = [Piece, ...Piece[]];

/** What the reports say of each group, in order of the daemons. */
function gather(reports: readonly Report[]): Pieces[] {
  const groups = new Map<string, Pieces>();
  for (const [daemon, { past, groups: reportedGroups }] of reports.entries()) {
    for (const reported of reportedGroups) {
      const piece = { daemon, members: reported.members, past, reported };
      const name = reported.field.toString('latin1');
      const pieces = groups.get(name);
      if (pieces) pieces.push(piece);
      else groups.set(name, [piece]);
    }
  }
  return [...groups.values()];
}

/** A group that lost nobody and whose members were together all the time keeps its id (2.4, 2.5). */
function settle(pieces: Pieces, era: Outcome['era']): SettledGroup {
  const [first] = pieces;
  const { field, id } = first.reported;
  const sets = setsOf(pieces);
  const touched = sets.length > 1 || pieces.some(({ reported }) => reported.lost);
  return { field, id: touched ? [era[0] | 0, era[1] | 0, 1] : id, parts: pieces, sets: touched ? sets : [] };
}

/** Those who moved together: with the same past, and from the same view. */
function setsOf(pieces: Pieces): Pieces[] {
  const sets: Pieces[] = [];
  for (const piece of pieces) {
    const set = sets.find(([other]) => isTogether(other, piece));
    if (set) set.push(piece);
    else sets.push([piece]);
  }
  return sets;
}

const isTogether = (a: Piece, b: Piece): boolean =>
  a.past === b.past && equalGroupIds(a.reported.id, b.reported.id);
