/**
 * Joins, leaves and disconnects in their place in the order. Those that come between a cut and the end of the exchange
 * behind it are put off ([daemon 2.7.4], the recommended way): nobody carries them out, each daemon keeps
 * those of its own sessions for its report, and all daemons carry them out behind the regular views of the exchange.
 */
import { Buffer } from 'node:buffer';
import { DATA_LENGTH_AT, NAME_AT, NUM_GROUPS_AT } from '../../lib/wire/header.js';
import type { Return, Subject } from '../../lib/wire/extension/daemon-frames.js';
import { HEADER_BYTES, NAME_BYTES } from '../../lib/wire/limits.js';
import { nameField, parsePrivateGroup, readName } from '../../lib/wire/name.js';
import { DAEMON_MESS, JOIN_MESS, KILL_MESS, LEAVE_MESS } from '../../lib/wire/service.js';
import type { Admission } from './admission.js';
import type { CoreCounters } from './counters.js';
import type { DeliveryRecord } from './delivery-record.js';
import type { GroupMembership } from './group-membership.js';
import type { LocalSession } from './group.js';
import type { StatedSubject } from './report.js';
import type { JoinMode, Request } from './request.js';
import type { Resumption } from './resumption.js';
import type { Roster } from './roster.js';
import type { UnderWay } from './table-limits.js';
import { doShort } from './work.js';

const NO_GROUP = Buffer.alloc(NAME_BYTES);
const REQUEST_COST = 4;

// A join in the order may have one byte of data. Daemons that do not know it do not look at it.

/** The session gets lists of the group when it asks for them. A join of a client may say this. */
const ON_DEMAND = 1;
/** The session does not get whole views. */
const NO_WHOLE = 2;

/** What the data of a client's join say. */
export const wantsOnDemand = (bytes: Buffer, start: number): boolean =>
  (dataByte(bytes, start) & ON_DEMAND) !== 0;

/** The data of a join in the order. */
export function joinData(session: LocalSession, onDemand: boolean): Buffer[] {
  const flags = (onDemand ? ON_DEMAND : 0) | (session.getsWhole ? 0 : NO_WHOLE);
  return flags === 0 ? [] : [Buffer.of(flags)];
}

function joinMode(bytes: Buffer, start: number): JoinMode {
  const flags = dataByte(bytes, start);
  return { onDemand: (flags & ON_DEMAND) !== 0, getsWhole: (flags & NO_WHOLE) === 0 };
}

/** The first byte of the data, 0 without. */
function dataByte(bytes: Buffer, start: number): number {
  if (bytes.readInt32LE(start + DATA_LENGTH_AT) === 0) return 0;
  return bytes[start + HEADER_BYTES + bytes.readInt32LE(start + NUM_GROUPS_AT) * NAME_BYTES] ?? 0;
}

export class Requests {
  private kept: Request[] = [];
  private isHeld = true;
  /** Positions of the daemons in the view whose exchange was completed last. */
  private positions: ReadonlyMap<string, number> = new Map();

  constructor(
    private readonly roster: Roster,
    private readonly views: GroupMembership,
    private readonly underWay: UnderWay,
    private readonly counters: CoreCounters,
    private readonly admission: Admission,
    private readonly resumption: Pick<Resumption, 'carryOut' | 'isStale' | 'gone'>,
    private readonly record: DeliveryRecord,
    /** Units of work that one request may take at once. */
    private readonly units: () => number,
  ) {}

  /** Requests of this daemon's sessions that wait, in order. */
  get waiting(): readonly Request[] {
    return this.kept;
  }

  /**
   * Subjects of this daemon's sessions that are in no group, and may be when what is under way of them is carried out. All
   * others are stated again before their next join.
   */
  subjectsUnderWay(): StatedSubject[] {
    const stated: StatedSubject[] = [];
    for (const session of this.roster.values()) {
      const { privateGroup, subject, member, resume } = session;
      if (subject === null || member !== null) continue;
      if (this.admission.hasChanges(session) || resume?.isReturning === true)
        stated.push([privateGroup, subject]);
    }
    return stated;
  }

  /** From now on requests wait. */
  hold(): void {
    this.isHeld = true;
  }

  /** Whom a daemon states a session to be, in its place in the order. */
  stated({ name, subject }: Subject): void {
    const { subjects } = this.views;
    if (this.isHeld) subjects.stateLater(name, subject);
    else subjects.state(name, subject);
  }

  /**
   * A request in its place in the order; it stands in `bytes` at `start`.
   * @returns what is left to be done of it before anything that stands behind it; null for nothing
   */
  deliver(service: number, bytes: Buffer, start: number, sid?: bigint): Generator<number, void> | null {
    const sender = bytes.subarray(start + NAME_AT, start + NAME_AT + NAME_BYTES);
    const groupAt = start + HEADER_BYTES;
    const isKill = (service & KILL_MESS) !== 0;
    const group = isKill ? NO_GROUP : bytes.subarray(groupAt, groupAt + NAME_BYTES);
    const kind = service & (JOIN_MESS | LEAVE_MESS | KILL_MESS);
    const mode = joinMode(bytes, start);
    const request = { kind, sender, group, mode, ...(sid === undefined ? {} : { sid }) };
    return this.isHeld ? this.putOff(request) : this.begin(request);
  }

  /** A session returns, in its place in the order. @returns as `deliver` */
  returned(told: Return): Generator<number, void> | null {
    const request = { kind: DAEMON_MESS, sender: nameField(told.name), group: NO_GROUP, told };
    return this.isHeld ? this.putOff(request) : this.begin(request);
  }

  /**
   * The exchange of a daemon view is complete.
   * @param daemons names of the daemons in the view's order
   * @param requests those of all of them that waited
   * @yields units of work
   */
  *release(daemons: readonly string[], requests: readonly Request[]): Generator<number, void> {
    this.positions = new Map(daemons.map((name, position) => [name, position]));
    this.kept = [];
    this.isHeld = false;
    this.views.subjects.release();
    for (const request of requests) {
      const work = this.carryOut(request);
      if (work !== null) yield* work;
      yield REQUEST_COST;
    }
  }

  /** It is kept for the report of this daemon, if it is of a session here. */
  private putOff(request: Request): null {
    this.record.putOff();
    if (this.roster.find(request.sender, 0)) this.keep(request);
    return null;
  }

  /** The bytes it stands in are not kept. */
  private keep(request: Request): void {
    this.counters.deferred++;
    const { sender, group } = request;
    this.kept.push({ ...request, sender: Buffer.from(sender), group: Buffer.from(group) });
  }

  private begin(request: Request): Generator<number, void> | null {
    const work = this.carryOut(request);
    return work && doShort(work, this.units());
  }

  /** @returns what is to be done of one that may take long */
  private carryOut({ kind, sender, group, mode, sid, told }: Request): Generator<number, void> | null {
    const session = this.roster.find(sender, 0) ?? null;
    if (told !== undefined) return this.return(told, session);
    const name = readName(sender, 0);
    if (kind === KILL_MESS) return this.end(name, session);
    if (session !== null) this.admission.carriedOut(session);
    if (session && kind !== LEAVE_MESS) this.underWay.arrived(group);
    // What a session's former daemon still has of it would make a member of a name that nobody has any more.
    if (sid !== undefined && this.resumption.isStale(sid, name)) return null;
    if (kind === LEAVE_MESS) {
      this.views.leave(name, group, session);
    } else {
      const daemon = this.positions.get(parsePrivateGroup(name)?.daemon ?? '');
      if (daemon !== undefined) this.views.join(name, daemon, session, group, mode);
    }
    return null;
  }

  /** What it costs is charged, and the groups that it joins count as under way, until it is carried out. */
  private *return(told: Return, session: LocalSession | null): Generator<number, void> {
    yield* this.resumption.carryOut(told, this.positions);
    if (session?.resume?.sid !== told.sid) return;
    session.resume.isReturning = false;
    this.admission.carriedOut(session);
    for (const joined of told.groups) this.underWay.ended(joined);
  }

  /** What its end costs is charged until it is carried out. */
  private *end(name: string, session: LocalSession | null): Generator<number, void> {
    yield* this.views.disconnect(name);
    this.views.subjects.forget(name);
    if (session === null) return;
    this.admission.gone(session);
    this.resumption.gone(session);
    this.roster.remove(session);
    session.outlet.close();
  }
}
