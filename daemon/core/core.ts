/**
 * The core: a state machine between the sessions and the engine. Everything that has a place in the
 * order goes out through `order` and comes back through `deliver`, on one machine too; the payload is the frames
 * themselves, in little-endian form. No sockets, timers, clocks or chance.
 */
import type { Buffer } from 'node:buffer';
import { DATA_LENGTH_AT, NAME_AT, NUM_GROUPS_AT, normalizeHeader } from '../../lib/wire/header.js';
import { HEADER_BYTES, NAME_BYTES } from '../../lib/wire/limits.js';
import { isGroupName, parsePrivateGroup, readName, readNames } from '../../lib/wire/name.js';
import { REJECTED_BY_LIMIT, encodeReject } from '../../lib/wire/reject.js';
import { checkGroupField, encodeRequest } from '../../lib/wire/request.js';
import { ENDIAN_RESERVED, JOIN_MESS, KILL_MESS, LEAVE_MESS, SAFE_MESS } from '../../lib/wire/service.js';
import { Admission, type WaitsFor, type TableLimits, UnderWay, defaultTableLimits } from './admission.js';
import { Batcher, type Sequencer } from './batcher.js';
import { type CoreCounters, zeroCounters } from './counters.js';
import { GroupMembership } from './group-membership.js';
import { type Authorize, LocalSession, type SessionSink } from './group.js';
import { Groups } from './groups.js';
import { Requests } from './requests.js';
import { Roster } from './roster.js';
import { Routing } from './routing.js';
import { Turns } from './turns.js';
import { type DaemonSelf, type DaemonView, ViewChange } from './view-change.js';
import { AT_ONCE, type Slices, type Work, Workbench } from './work.js';

/** Bytes of a payload that are read in one unit of work. */
const BYTES_A_UNIT = 32;

/** A frame where it arrived. */
interface Frame {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

export class Core {
  readonly counters: CoreCounters = zeroCounters();
  readonly groups: Groups;
  readonly roster: Roster;
  /** Looked at when a join enters. */
  limits: TableLimits = defaultTableLimits;
  private readonly pack: Batcher;
  private readonly routing: Routing;
  private readonly requests: Requests;
  private readonly admission = new Admission();
  private readonly turns = new Turns(this.admission, (session, safe) =>
    this.order(encodeRequest(KILL_MESS, session.privateGroup, [session.privateGroup]), safe),
  );
  private readonly views: GroupMembership;
  private readonly underWay: UnderWay;
  private readonly daemonViews: ViewChange;
  private readonly bench: Workbench;
  /** Changes of the daemon view that wait: the engine has left the view that the core is in. */
  private changes = 0;

  /** @param slices without them everything is done at once, however long it takes */
  constructor(self: DaemonSelf, order: Sequencer, slices: Slices = AT_ONCE) {
    this.groups = new Groups(self.hashKey);
    this.roster = new Roster(self.name, self.hashKey);
    this.pack = new Batcher(order);
    this.routing = new Routing(this.groups, this.roster);
    this.views = new GroupMembership(this.groups);
    this.underWay = new UnderWay(this.groups, this.views);
    this.requests = new Requests(this.roster, this.views, this.underWay, this.counters, this.admission);
    this.bench = new Workbench(slices);
    this.daemonViews = new ViewChange(
      self,
      this.groups,
      this.views,
      this.requests,
      order,
      this.counters,
      () => this.changes === 0,
    );
  }

  /** The daemon view that the engine gave last. */
  get view(): DaemonView | null {
    return this.daemonViews.view;
  }

  /** Seconds since 1970 that the last daemon view was to be named by, had this daemon been its first. */
  get proposedTime(): number {
    return this.daemonViews.proposedTime;
  }

  /** Whether there is no exchange completed for the daemon view that the engine is in. */
  get isExchanging(): boolean {
    return this.daemonViews.isExchanging || this.bench.isBusy;
  }

  /** Daemons of which something is missing for the exchange; none while there is work of their payloads here. */
  get awaited(): readonly string[] {
    return this.bench.isBusy ? [] : this.daemonViews.awaited;
  }

  /** What all daemons of the view can do beyond the version of their reports. */
  get features(): number {
    return this.daemonViews.features;
  }

  /** Memberships of all groups, here or elsewhere. */
  get memberships(): number {
    return this.views.memberships;
  }

  /**
   * The daemon view is over; what follows until `install` is the rest of it, for those daemons that stay.
   * @param staying names of the daemons that go on with this one, itself included
   */
  transitional(staying: readonly string[]): void {
    this.changeView(() => this.daemonViews.beginViewChange(staying));
  }

  /** A new daemon view. It begins with an exchange: nothing else comes before all reports are in. */
  install(view: DaemonView): void {
    this.changeView(() => {
      this.daemonViews.installView(view);
      return null;
    });
  }

  /**
   * A payload of the exchange in its place in the order. What is invalid is counted, and all daemons agree on whom
   * they leave out.
   * @param daemon name of its sender
   */
  exchange(payload: Buffer, daemon: string): void {
    const { length } = payload;
    this.bench.add(() => this.daemonViews.receive(payload, daemon), 1 + length / BYTES_A_UNIT, length);
  }

  /** The next slice of the work that `Slices.later` has told of. */
  step(): void {
    this.bench.step();
  }

  /**
   * A session got through its handshake; its name was reserved in the roster.
   * @param address whom it counts for where joins, leaves and ends of sessions take turns
   */
  open(
    privateGroup: string,
    membership: boolean,
    outlet: SessionSink,
    permit: Authorize | null = null,
    address = '',
  ): LocalSession {
    const session = new LocalSession(privateGroup, membership, outlet, permit, address);
    this.roster.add(session);
    return session;
  }

  /** Bytes that the changes under way may make wait for others. */
  set changeBytes(bytes: number) {
    this.admission.limit = bytes;
  }

  /** Whether no further change of a group is taken at present. */
  get isFull(): boolean {
    return this.admission.isFull;
  }

  /** Sessions with a join or leave, or an end, that a later `flush` orders. */
  get waiting(): number {
    return this.turns.size;
  }

  /** Whether a `flush` would order some of that now. */
  get isDue(): boolean {
    return this.turns.isDue;
  }

  /** Whether ends of sessions wait. */
  get hasEnds(): boolean {
    return this.turns.hasEnds;
  }

  /** To be called twice within the time that the end of a session may wait for members that are behind. */
  ageEnds(): void {
    this.turns.age();
  }

  /**
   * Takes one frame of a session, `bytes[start, end)`, whose header passed `checkRequest`. The bytes belong to the core
   * from now on.
   * @param waitsFor whom a join or leave waits for
   * @returns false for a join or leave that has to wait until `retry` of the outlet is called: nothing has happened, and
   * nothing else of the session may be submitted before it is taken
   * @throws FrameFault when a join or leave names no group
   */
  submit(
    session: LocalSession,
    bytes: Buffer,
    start: number,
    end: number,
    waitsFor: WaitsFor = 'behind',
  ): boolean {
    if (session.leaving) return true;
    const isTaken = this.take(session, bytes, start, end, waitsFor);
    if (isTaken) this.counters.submitted++;
    return isTaken;
  }

  private take(
    session: LocalSession,
    bytes: Buffer,
    start: number,
    end: number,
    waitsFor: WaitsFor,
  ): boolean {
    normalizeHeader(bytes, start);
    const service = bytes.readInt32LE(start);
    if (session.permit !== null && !mayDo(session.permit, service, bytes, start)) {
      this.counters.refused++;
      this.refuse(session, bytes, start, end);
    } else if ((service & (JOIN_MESS | LEAVE_MESS | KILL_MESS)) === 0) {
      this.pack.add(bytes, start, end, (service & SAFE_MESS) !== 0);
    } else if ((service & KILL_MESS) !== 0) {
      // The name in the request is ignored: nobody can disconnect another session [daemon 2.2].
      this.disconnect(session, false);
    } else {
      return this.change(session, service & (JOIN_MESS | LEAVE_MESS), { bytes, start, end }, waitsFor);
    }
    return true;
  }

  /**
   * Orders the end of a session. From now on nothing is delivered to it.
   * @param safe true when the daemon decides it (broken or dropped), false when the session asked for it
   */
  disconnect(session: LocalSession, safe: boolean): void {
    if (session.leaving) return;
    session.leaving = true;
    this.turns.end(session, safe);
  }

  /** Hands what came in since the last call to the engine. Returns false when clients should not be read for now. */
  flush(): boolean {
    this.turns.take();
    return this.pack.flush();
  }

  /** A payload in its place in the order. */
  deliver(payload: Buffer): void {
    if (!this.bench.isBusy && !this.daemonViews.isExchanging) {
      this.carryOut(payload);
      return;
    }
    const { length } = payload;
    const act = (): Work | null => {
      if (this.daemonViews.isExchanging) return this.carryOutAhead(payload);
      this.carryOut(payload);
      return null;
    };
    this.bench.add(act, 1 + length / BYTES_A_UNIT, length);
  }

  /** Its daemon has completed an exchange that is not complete here: the two part at this place. */
  private *carryOutAhead(payload: Buffer): Generator<number, void> {
    yield* this.daemonViews.partFrom(senderOf(payload));
    this.carryOut(payload);
  }

  private carryOut(payload: Buffer): void {
    let start = 0;
    while (start < payload.length) {
      const end = endOfFrame(payload, start);
      if (end < 0) {
        this.counters.damaged++;
        break;
      }
      const service = payload.readInt32LE(start) & ~ENDIAN_RESERVED;
      const groups = payload.readInt32LE(start + NUM_GROUPS_AT);
      this.counters.ordered++;
      if ((service & (JOIN_MESS | LEAVE_MESS | KILL_MESS)) === 0) {
        this.routing.route(payload, start, end, service, groups);
      } else {
        this.routing.flush();
        this.request(service, groups, payload, start);
      }
      start = end;
    }
    this.routing.flush();
  }

  private changeView(act: () => Work | null): void {
    this.changes++;
    this.bench.add(() => {
      this.changes--;
      return act();
    });
  }

  private request(service: number, groups: number, payload: Buffer, start: number): void {
    if (groups > 0 || (service & KILL_MESS) !== 0) this.requests.deliver(service, payload, start);
    else this.counters.damaged++;
  }

  /** A join or leave: only the first name counts, data is ignored [daemon 2.2]. Illegal names get no answer. */
  private change(session: LocalSession, kind: number, request: Frame, waitsFor: WaitsFor): boolean {
    const { bytes, start, end } = request;
    checkGroupField(bytes, start);
    const name = readName(bytes, start + HEADER_BYTES);
    if (!isGroupName(name)) {
      this.counters.illegalGroupNames++;
      return true;
    }
    const frame = encodeRequest(kind, session.privateGroup, [name]);
    const group = this.groups.find(frame, HEADER_BYTES);
    const isJoin = kind !== LEAVE_MESS;
    if (isJoin && !this.underWay.hasRoom(session, name, group, this.limits)) {
      this.counters.limited++;
      this.refuse(session, bytes, start, end, REJECTED_BY_LIMIT);
      return true;
    }
    if (!this.turns.isFree(session) || !this.admission.admits(group, waitsFor)) {
      this.turns.wait(session);
      return false;
    }
    if (isJoin) this.underWay.begin(name, group);
    this.admission.begin(session, name, group, kind === JOIN_MESS);
    this.order(frame, false);
    return true;
  }

  /** A refused request has no place in the order: it goes back to its sender [session 4.9]. */
  private refuse(session: LocalSession, bytes: Buffer, start: number, end: number, reason?: number): void {
    const frame = encodeReject(bytes, start, end, reason);
    session.outlet.deliver(frame, 0, frame.length, 1);
  }

  private order(frame: Buffer, safe: boolean): void {
    this.pack.add(frame, 0, frame.length, safe);
  }
}

/** Whether a frame that was submitted is a join or leave. */
export const isChange = (bytes: Buffer, start: number): boolean =>
  (bytes.readInt32LE(start) & (JOIN_MESS | LEAVE_MESS)) !== 0;

/** Name of the daemon whose sessions sent the frames of the payload. */
function senderOf(payload: Buffer): string {
  if (payload.length < HEADER_BYTES) return '';
  return parsePrivateGroup(readName(payload, NAME_AT))?.daemon ?? '';
}

/** Where the frame ends that begins at `start`; -1 when that is not inside the payload. */
function endOfFrame(payload: Buffer, start: number): number {
  if (start + HEADER_BYTES > payload.length) return -1;
  const groups = payload.readInt32LE(start + NUM_GROUPS_AT);
  const data = payload.readInt32LE(start + DATA_LENGTH_AT);
  const end = start + HEADER_BYTES + groups * NAME_BYTES + data;
  return groups < 0 || data < 0 || end > payload.length ? -1 : end;
}

/**
 * Leaving and disconnecting are always allowed; a join counts by its first name, a message by all of its names.
 * @throws FrameFault when a join names no group
 */
function mayDo(permit: Authorize, service: number, bytes: Buffer, start: number): boolean {
  if ((service & (LEAVE_MESS | KILL_MESS)) !== 0) return true;
  const at = start + HEADER_BYTES;
  if ((service & JOIN_MESS) !== 0) {
    checkGroupField(bytes, start);
    return permit('join', readName(bytes, at));
  }
  const names = readNames(bytes, at, bytes.readInt32LE(start + NUM_GROUPS_AT));
  return names.every((name) => permit('send', name));
}
