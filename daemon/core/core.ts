/**
 * The core: a state machine between the sessions and the engine. Everything that has a place in the
 * order goes out through `order` and comes back through `deliver`, on one machine too; the payload is the frames
 * themselves, in little-endian form. No sockets, timers, clocks or chance.
 */
import type { Buffer } from 'node:buffer';
import type { EndCode } from '../../lib/wire/extension/end.js';
import { encodeRequest } from '../../lib/wire/request.js';
import { KILL_MESS, LEAVE_MESS } from '../../lib/wire/service.js';
import { Admission, isSlow, type WaitsFor } from './admission.js';
import { Batcher, type Sequencer } from './batcher.js';
import { type CoreCounters, zeroCounters } from './counters.js';
import { GroupMembership, type MembershipHost } from './group-membership.js';
import { type Authorize, LocalSession, type SessionSink, type SessionTraits } from './group.js';
import { DeliveryRecord } from './delivery-record.js';
import type { DaemonAddresses } from './exchange.js';
import { Groups } from './groups.js';
import { Outgrown } from './outgrown.js';
import { senderOf } from './payload.js';
import { PayloadDelivery } from './payload-delivery.js';
import { PresentGroups } from './present-state.js';
import { Requests } from './requests.js';
import { Resumption } from './resumption.js';
import type { Ring } from './ring.js';
import { RingIndex } from './ring-index.js';
import { Roster } from './roster.js';
import { Routing } from './routing.js';
import { Submission } from './submission.js';
import { defaultTableLimits, type TableLimits, UnderWay } from './table-limits.js';
import { Turns } from './turns.js';
import { type DaemonSelf, type DaemonView, ViewChange } from './view-change.js';
import { AT_ONCE, type Slices, type Work, Workbench } from './work.js';

/** Bytes of a payload that are read in one unit of work. */
const BYTES_A_UNIT = 32;
/** A question for a list that waits behind other work, with all that belongs to it. */
const LIST_BYTES = 256;

export class Core {
  /** Of the daemon. */
  readonly name: string;
  readonly counters: CoreCounters = zeroCounters();
  readonly groups: Groups;
  readonly roster: Roster;
  /** Looked at when a join enters. */
  limits: TableLimits = defaultTableLimits;
  /** Called when there is something that `endTurn` delivers. */
  onRecords: () => void = () => undefined;
  private readonly pack: Batcher;
  readonly submission: Submission;
  private readonly delivery: PayloadDelivery;
  private readonly admission = new Admission();
  private readonly turns = new Turns(this.admission, (session, safe) =>
    this.order(encodeRequest(KILL_MESS, session.privateGroup, [session.privateGroup]), safe, session),
  );
  readonly outgrown = new Outgrown(this.admission, this.counters, (session, group) =>
    this.order(encodeRequest(LEAVE_MESS, session.privateGroup, [group]), false),
  );
  readonly views: GroupMembership;
  private readonly daemonViews: ViewChange;
  private readonly bench: Workbench;
  /** What is delivered, for those who come back. */
  readonly record = new DeliveryRecord();
  /** Sessions that outlive their connection. */
  readonly resumption: Resumption;
  /** A private name may have become free without the end of a session. */
  nameFreed: () => void = () => undefined;
  /** Changes of the daemon view that wait: the engine has left the view that the core is in. */
  private changes = 0;

  /** @param slices without them everything is done at once, however long it takes */
  constructor(
    private readonly self: DaemonSelf,
    order: Sequencer,
    slices: Slices = AT_ONCE,
  ) {
    this.name = self.name;
    this.groups = new Groups(self.hashKey);
    this.roster = new Roster(self.name, self.hashKey);
    this.pack = new Batcher(order);
    this.views = new GroupMembership(this.groups, this.membershipHost(), this.record);
    const underWay = new UnderWay(this.groups, this.views, this.admission, this.counters);
    this.resumption = new Resumption(self, this.roster, this.views, {
      order: (frame) => this.order(frame, false),
      expel: (session, code) => this.expel(session, code),
      nameFreed: () => this.nameFreed(),
    });
    this.resumption.acknowledgements.onDue = () => this.onRecords();
    const routing = new Routing(this.groups, this.roster, this.resumption.records);
    const requests = new Requests(
      this.roster,
      this.views,
      underWay,
      this.counters,
      this.admission,
      this.resumption,
      this.record,
      () => slices.size(),
    );
    this.delivery = new PayloadDelivery(
      routing,
      requests,
      this.views,
      this.resumption,
      this.counters,
      this.record,
    );
    const { groups, views, turns, admission, resumption, counters, pack } = this;
    this.submission = new Submission(
      { groups, views, underWay, turns, admission, resumption, counters, pack },
      () => this.limits,
      (session) => this.disconnect(session, false),
    );
    this.record.isNeeded = () => resumption.records.size > 0;
    this.record.onBatchEnd = () => this.views.closeRun();
    this.bench = new Workbench(slices);
    this.daemonViews = new ViewChange(
      self,
      this.groups,
      this.views,
      requests,
      order,
      this.counters,
      () => this.changes === 0,
      this.resumption,
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

  /** Where clients reach the daemons that say so, in the order of the view whose exchange was completed last. */
  get addresses(): readonly DaemonAddresses[] {
    return this.daemonViews.addresses;
  }

  /** Called when an exchange is completed. */
  set onExchanged(call: () => void) {
    this.daemonViews.onCompleted = call;
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
    this.bench.add(() => this.daemonViews.take(payload, daemon), 1 + length / BYTES_A_UNIT, length);
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
    traits: SessionTraits = {},
  ): LocalSession {
    const session = new LocalSession(privateGroup, membership, outlet, permit, address, traits);
    this.roster.add(session);
    this.resumption.opened(session);
    return session;
  }

  /**
   * A session of before comes back as this one, to which nothing was submitted yet.
   * @param oldName the private group that it had, as its client says
   * @param groups those that it wants, and may join @param refused those that it is to leave
   */
  comeBack(
    session: LocalSession,
    oldName: string,
    groups: readonly string[],
    refused: Iterable<string> = [],
  ): void {
    this.submission.comeBack(session, oldName, groups, refused);
  }

  /** What there is now, for the replay of a session. @param oldName as for `comeBack` */
  presentFor(sid: bigint, oldName: string): PresentGroups {
    const { groups, views, resumption } = this;
    return new PresentGroups({ groups, views, records: resumption.records }, sid, oldName);
  }

  /** An index of the ring for all replays. */
  ringIndex(ring: Ring): RingIndex {
    return new RingIndex(ring, this.self.hashKey);
  }

  /** All daemons of the view have the payloads up to there. */
  stable(index: number): void {
    const { acknowledgements } = this.resumption;
    const act = (): null => {
      acknowledgements.stableUpTo(index);
      return null;
    };
    if (this.bench.isBusy) this.bench.add(act);
    else act();
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

  /** Whether the next turn has work: some of that can be ordered, or sessions are to hear what is stable of their requests. */
  get isDue(): boolean {
    return this.turns.isDue || this.resumption.acknowledgements.isDue;
  }

  /** Whether a `flush` has something that came of what was delivered. */
  get hasOrders(): boolean {
    return !this.pack.isEmpty;
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
    return this.submission.submit(session, bytes, start, end, waitsFor);
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

  /**
   * What came of the payloads of this turn is complete: records of changes that were gathered are delivered, and resumable
   * sessions hear which of their requests are stable.
   */
  endTurn(): void {
    this.views.endTurn();
    this.resumption.acknowledgements.tell();
    this.record.endBatch();
  }

  /**
   * The session asks for the list of a group. The answer has its place behind all that was delivered to the core.
   * @param field name of the group, 32 bytes @returns false when it has to wait, as `submit`: a second question of a turn does
   */
  list(session: LocalSession, field: Buffer, waitsFor: WaitsFor = 'behind'): boolean {
    const isAnswered = (): boolean => waitsFor !== 'nobody' && this.views.hasListed(session, field);
    if (isSlow(session, waitsFor) || isAnswered()) return this.turns.wait(session);
    // An answer to another one that waited for the same work comes behind this question, too.
    this.bench.add(() => (isAnswered() ? null : this.views.list(session, field)), 1, LIST_BYTES);
    return true;
  }

  /** A payload in its place in the order. */
  deliver(payload: Buffer, index = 0, daemon?: string): void {
    const { bench, daemonViews, delivery } = this;
    if (!bench.isBusy && !daemonViews.isExchanging) {
      const rest = delivery.carryOut(payload, index, daemon);
      if (rest !== null) bench.add(() => rest);
      return;
    }
    const act = (): Work | null =>
      daemonViews.isExchanging
        ? this.carryOutAhead(payload, index, daemon)
        : delivery.carryOut(payload, index, daemon);
    bench.add(act, 1 + payload.length / BYTES_A_UNIT, payload.length);
  }

  /** Its daemon has completed an exchange that is not complete here: the two part at this place. */
  private *carryOutAhead(
    payload: Buffer,
    index: number,
    daemon = senderOf(payload),
  ): Generator<number, void> {
    yield* this.daemonViews.partFrom(daemon);
    const rest = this.delivery.carryOut(payload, index, daemon);
    if (rest !== null) yield* rest;
  }

  private changeView(act: () => Work | null): void {
    this.changes++;
    this.bench.add(() => {
      this.changes--;
      return act();
    });
  }

  private membershipHost(): MembershipHost {
    const maxPlainView = (): number => this.limits.maxPlainView;
    return {
      get maxPlainView() {
        return maxPlainView();
      },
      hasRecords: () => this.onRecords(),
      recorded: () => this.counters.records++,
      outgrown: (group) => this.outgrown.leave(group),
    };
  }

  private expel(session: LocalSession, code: EndCode): void {
    if (session.leaving || session.resume === null) return;
    session.resume.sink.expel(code);
    this.disconnect(session, true);
  }

  private order(frame: Buffer, safe: boolean, ending: LocalSession | null = null): void {
    this.pack.add(frame, 0, frame.length, safe, ending && this.resumption.sourceOfEnd(ending));
  }
}
