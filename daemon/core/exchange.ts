/**
 * The exchange that follows a daemon view. Each daemon sends a head; daemons whose pasts are the same hold the same
 * groups, so only where the pasts differ does each send its own groups too. The same payloads give the same outcome
 * everywhere [daemon 2.3 to 2.7].
 *
 * A daemon that cannot read a payload says so to all, and then everybody says whom it cannot read; what follows from the
 * verdicts of all is the same at all.
 */
import type { Buffer } from 'node:buffer';
import { Malformed } from '../../lib/util/bytes.js';
import type { GroupId } from '../../lib/wire/group-id.js';
import { type ReportPart, decodePayload, tagOf } from './report-reader.js';
import {
  type Fault,
  FEATURE_RESUMPTION,
  type Head,
  type ReportedGroup,
  type StatedSubject,
} from './report.js';
import type { Request } from './request.js';
import type { ResumeHead } from './resume-report.js';
import type { ReportedSession } from './session-records.js';

/** What a daemon with another past says of a group. */
export interface DaemonShare {
  /** Position of the daemon in the view. */
  readonly daemon: number;
  readonly past: bigint;
  readonly id: GroupId;
  readonly lost: boolean;
  readonly members: readonly string[];
}

/** Where clients reach a daemon, as it says. */
export interface DaemonAddresses {
  readonly daemon: string;
  /** The best one first. */
  readonly addresses: readonly string[];
}

/** One daemon of the view, as far as it was heard. */
interface Reporter {
  readonly name: string;
  head: Head | null;
  /** Groups of it that came, if they are of interest. */
  groups: number;
  isThrough: boolean;
  fault: string | null;
  verdict: readonly Fault[] | null;
}

export class StateExchange {
  /** What those with other pasts say, by group. */
  readonly pieces = new Map<string, DaemonShare[]>();
  /** Of the sessions of those with other pasts, the ones that get no whole views. */
  readonly compact = new Set<string>();
  /** Whom daemons state the members of groups to be. */
  private readonly memberSubjects: StatedSubject[] = [];
  /** Resumable sessions as those with other pasts know them, by past. */
  readonly records = new Map<bigint, ReportedSession[]>();
  /** Daemons that have completed the exchange, while it is not complete here. */
  readonly parted = new Set<string>();
  /** The verdict of this daemon is on its way. */
  hasSpoken = false;
  /** Own groups are on their way. */
  isSharing = false;
  /** All that there was to exchange was exchanged; there can still be verdicts. */
  isOver = false;
  private readonly reporters: readonly Reporter[];
  private readonly positions: ReadonlyMap<string, number>;
  private isJudged = false;

  /**
   * @param here position of this daemon in the view
   * @param own its head, which it does not have to read
   */
  constructor(
    readonly tag: bigint,
    daemons: readonly string[],
    private readonly here: number,
    private readonly own: Head,
    private readonly version: number,
  ) {
    this.positions = new Map(daemons.map((name, position) => [name, position]));
    this.reporters = daemons.map((name) => ({
      name,
      head: null,
      groups: 0,
      isThrough: false,
      fault: null,
      verdict: null,
    }));
  }

  /**
   * Takes a payload in its place in the order; one of another view or of a daemon not in the view is not looked at.
   * @returns what is wrong with it, or null
   */
  take(payload: Buffer, daemon: string): string | null {
    const reporter = this.reporters[this.positions.get(daemon) ?? -1];
    const tag = tagOf(payload, this.version);
    if (!reporter || reporter.fault !== null || (tag !== null && tag !== this.tag)) return null;
    try {
      this.read(payload, reporter);
      return null;
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      // Too late to do any harm.
      if (this.isOver) return null;
      // What it meant to say it knows.
      if (reporter === this.reporters[this.here]) {
        reporter.head ??= this.own;
        return null;
      }
      reporter.fault = error.message;
      // It cannot say more than that.
      reporter.verdict ??= [];
      return error.message;
    }
  }

  get hasHeads(): boolean {
    return this.reporters.every(({ head }) => head !== null);
  }

  /** Whether all daemons hold the same groups. @pre hasHeads */
  get isOnePast(): boolean {
    return this.reporters.every(({ head }) => head?.past === this.own.past);
  }

  /** Whether all have sent what they have to share: own groups, and resumable sessions. @pre hasHeads */
  get hasGroups(): boolean {
    return this.reporters.every((each) => each.isThrough || !this.hasShare(each));
  }

  /** Whether this daemon has to say whom it cannot read. It hears everybody first, so that it names them all. */
  get isToSpeak(): boolean {
    if (this.hasSpoken || !this.isAsked) return false;
    return this.reporters.every(({ head, fault, verdict }) => (head ?? fault ?? verdict) !== null);
  }

  /** Those whose payloads make no sense to this daemon. */
  get faults(): Fault[] {
    return this.reporters.flatMap(({ name, fault }) =>
      fault === null ? [] : [{ daemon: name, text: fault }],
    );
  }

  /** Daemons that something is expected of. */
  get awaited(): string[] {
    return this.reporters.filter((each) => this.isAwaited(each)).map(({ name }) => name);
  }

  /** Whom all leave out, once everybody has spoken: then once, else null. */
  takeJudgement(): Fault[] | null {
    if (this.isJudged || this.reporters.some(({ verdict }) => verdict === null)) return null;
    this.isJudged = true;
    const verdicts = this.reporters.map(({ verdict }) => verdict ?? []);
    const out = judge(verdicts.map((faults) => faults.map(({ daemon }) => this.positions.get(daemon) ?? -1)));
    const faults = verdicts.flat();
    return out.map((position) => {
      const { name } = this.reporters[position] as Reporter;
      const text = `cannot read most of the others: ${faults[0]?.text ?? ''}`;
      return faults.find(({ daemon }) => daemon === name) ?? { daemon: name, text };
    });
  }

  /** The first two words of the ids that begin in this view. @pre hasHeads */
  get era(): readonly [daemon: number, time: number] {
    // The first daemon proposes, but a time that anybody saw with its identity is not used again [daemon 2.4].
    const { id, time } = this.heads[0] as Head;
    let free = time;
    for (const { times } of this.heads) {
      for (const [known, used] of times) if (known === id) free = Math.max(free, used + 1);
    }
    return [id, free];
  }

  /** What was put off, to be done in this order. @pre hasHeads */
  get requests(): Request[] {
    return this.heads.flatMap(({ requests }) => requests);
  }

  /** Whom daemons state sessions to be, as far as that was reported. @pre hasHeads */
  *subjects(): IterableIterator<StatedSubject> {
    for (const { subjects = [] } of this.heads) yield* subjects;
    yield* this.memberSubjects;
  }

  /** Of the daemons that say where clients reach them, in the order of the view. @pre hasHeads */
  get addresses(): readonly DaemonAddresses[] {
    return this.reporters.flatMap(({ name, head }) =>
      head?.addresses?.length ? [{ daemon: name, addresses: head.addresses }] : [],
    );
  }

  /** What all of the view's daemons can. @pre hasHeads */
  get features(): number {
    return this.heads.reduce((all, { features }) => all & features, -1) >>> 0;
  }

  /** What each daemon says of resumable sessions; null unless all do. @pre hasHeads */
  get resumeHeads(): readonly ResumeHead[] | null {
    const heads = this.heads.map(({ resume }) => resume ?? null);
    return (this.features & FEATURE_RESUMPTION) === 0 || heads.includes(null)
      ? null
      : (heads as ResumeHead[]);
  }

  /**
   * Whether this daemon tells the others the resumable sessions that it knows: of those with one past, who know the same,
   * the first one does. @pre hasHeads
   */
  get sharesRecords(): boolean {
    return this.tellsRecords(this.reporters[this.here] as Reporter);
  }

  /** The past of a daemon of the view; undefined for others. @pre hasHeads */
  pastOf(daemon: string): bigint | undefined {
    return this.reporters[this.positions.get(daemon) ?? -1]?.head?.past;
  }

  get ownPast(): bigint {
    return this.own.past;
  }

  /** For each position whether that daemon has the past of this one. @pre hasHeads */
  get sameOrigin(): boolean[] {
    return this.heads.map(({ past }) => past === this.own.past);
  }

  /** Identities and times that any of the daemons knows to be used. */
  *times(): IterableIterator<readonly [id: number, time: number]> {
    for (const { times } of this.heads) yield* times;
  }

  private get heads(): readonly Head[] {
    return this.reporters.map(({ head }) => head as Head);
  }

  /** Somebody cannot read somebody. */
  private get isAsked(): boolean {
    return this.reporters.some(({ fault, verdict }) => fault !== null || (verdict?.length ?? 0) > 0);
  }

  private isAwaited(reporter: Reporter): boolean {
    const { head, isThrough, fault, verdict } = reporter;
    if (fault !== null) return false;
    if (this.isAsked) return verdict === null;
    return head === null || (this.isSharing && !isThrough && this.hasShare(reporter));
  }

  private hasShare(reporter: Reporter): boolean {
    return reporter.head?.groups !== 0 || this.tellsRecords(reporter);
  }

  private tellsRecords({ head, name }: Reporter): boolean {
    if (!this.hasHeads || this.resumeHeads === null || (head?.resume?.records ?? 0) === 0) return false;
    return this.reporters.find((each) => each.head?.past === head?.past)?.name === name;
  }

  private read(payload: Buffer, reporter: Reporter): void {
    const isOwn = reporter === this.reporters[this.here];
    const wantsGroups = reporter.head !== null && reporter.head.past !== this.own.past;
    const read = decodePayload(payload, reporter.name, wantsGroups, this.version);
    if (read.kind === 'verdict') reporter.verdict ??= read.faults;
    else if (read.kind === 'head') reporter.head ??= isOwn ? this.own : read.head;
    else this.part(read.part, reporter, wantsGroups);
  }

  private part(
    { last, groups, records = [], subjects = [], compact = [] }: ReportPart,
    reporter: Reporter,
    wantsGroups: boolean,
  ): void {
    const { head } = reporter;
    if (head === null) throw new Malformed('groups before a head');
    if (reporter.isThrough) throw new Malformed('groups after the last part');
    const daemon = this.positions.get(reporter.name) as number;
    for (const group of groups) this.piece(daemon, head.past, group);
    for (const name of compact) this.compact.add(name);
    for (const each of subjects) this.memberSubjects.push(each);
    if (records.length > 0) {
      const told = this.records.get(head.past);
      if (told) for (const record of records) told.push(record);
      else this.records.set(head.past, [...records]);
    }
    reporter.groups += groups.length;
    const isWrong = last ? reporter.groups !== head.groups : reporter.groups > head.groups;
    if (wantsGroups && isWrong) throw new Malformed(`${reporter.groups} groups, expected ${head.groups}`);
    reporter.isThrough = last;
  }

  private piece(daemon: number, past: bigint, { name, id, lost, members }: ReportedGroup): void {
    const piece: DaemonShare = { daemon, past, id, lost, members };
    const pieces = this.pieces.get(name);
    if (!pieces) this.pieces.set(name, [piece]);
    else if (pieces.some((each) => each.daemon === daemon)) throw new Malformed(`duplicate group ${name}`);
    else pieces.push(piece);
  }
}

// Who is left out when daemons cannot read each other's payloads. All daemons of the view judge the same verdicts, so
// they come to the same end: no daemon that stays has called the payload of another one that stays invalid.

/**
 * When two sides cannot read each other, each comes to an end by its own verdicts; the smaller side, or the one without
 * the first daemon, then leaves itself out, so that both ask for the same.
 * @param verdicts for each daemon of the view, by position, the positions of those whose payloads made no sense to it
 * @returns positions of those who are left out, in order
 */
export function judge(verdicts: readonly (readonly number[])[]): number[] {
  const staying = new Set(verdicts.keys());
  const out: number[] = [];
  for (;;) {
    const against = verdicts.map(() => 0);
    for (const [by, accused] of verdicts.entries()) {
      if (!staying.has(by)) continue;
      for (const position of new Set(accused))
        if (staying.has(position)) against[position] = (against[position] ?? 0) + 1;
    }
    // The one whom most others cannot read; of several the last, so that the first daemons stay.
    const most = Math.max(...against);
    if (most === 0) {
      const isLarger = 2 * staying.size > verdicts.length;
      const isLarge = isLarger || (2 * staying.size === verdicts.length && staying.has(0));
      return (isLarge ? out : [...staying]).toSorted((a, b) => a - b);
    }
    const worst = against.lastIndexOf(most);
    staying.delete(worst);
    out.push(worst);
  }
}
