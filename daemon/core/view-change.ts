/**
 * From one daemon view to the next [daemon 1.3, 2.7]: the transitional signal at the cut, a head to the
 * others when the new view begins, own groups where pasts differ, and the regular views when everything is in. A cut in
 * between starts it again: the groups stay as they were after the last exchange that was completed [daemon 2.7.5].
 */
import type { Buffer } from 'node:buffer';
import type { CoreCounters } from './counters.js';
import { type DaemonAddresses, StateExchange } from './exchange.js';
import type { Groups } from './groups.js';
import type { HashKey } from './name-table.js';
import type { Sequencer } from './batcher.js';
import { extend, afterExchange, NO_LINEAGE } from './lineage.js';
import {
  encodeHead,
  encodeVerdict,
  FEATURE_RESUMPTION,
  FEATURES,
  type Head,
  PartWriter,
  REPORT_VERSION,
} from './report.js';
import type { Requests } from './requests.js';
import type { ResumeKey } from './resume-keys.js';
import type { Resumption } from './resumption.js';
import { Settlement } from './settlement.js';
import { ViewTimestamps } from './view-timestamps.js';
import type { GroupMembership } from './group-membership.js';

/** Who this daemon is. */
export interface DaemonSelf {
  readonly name: string;
  /** 32-bit identity. */
  readonly id: number;
  /** For tables of names that clients choose: random for each process, and known to nobody. */
  readonly hashKey: HashKey;
  /** Version of its reports; default the one of this build. Daemons of several exclude each other. */
  readonly reportVersion?: number;
  /** What it can do beyond that version; default what this build can. */
  readonly features?: number;
  /** What it seals tokens of sessions with where no daemon of the view has a key yet; nobody can guess it. */
  readonly resumeKey?: ResumeKey;
  /** Where clients reach it, for those of the other daemons. */
  readonly addresses?: readonly string[];
}

/** A daemon view as the core needs it. */
export interface DaemonView {
  /** Never used twice, the same at all of its daemons. */
  readonly tag: bigint;
  /** Names of the daemons in the view's order: the first key of the member order. */
  readonly daemons: readonly string[];
  /** Those who came with this daemon, itself included. */
  readonly set: readonly string[];
  /** Seconds since 1970, by this daemon's clock. */
  readonly time: number;
}

const STEP = 64;

export class ViewChange {
  view: DaemonView | null = null;
  /** What all daemons of the view whose exchange was completed last can do beyond their version. */
  features = 0;
  /** Where clients reach the daemons of that view that say so. */
  addresses: readonly DaemonAddresses[] = [];
  /** Called when an exchange is completed. */
  onCompleted: () => void = () => undefined;
  private exchange: StateExchange | null = null;
  private past = NO_LINEAGE;
  private readonly times: ViewTimestamps;
  private readonly version: number;

  /** @param isPresent whether the engine is still in the view that the core is in */
  constructor(
    private readonly self: DaemonSelf,
    private readonly groups: Groups,
    private readonly views: GroupMembership,
    private readonly requests: Requests,
    private readonly order: Sequencer,
    private readonly counters: CoreCounters,
    private readonly isPresent: () => boolean,
    private readonly resumption: Resumption,
  ) {
    this.times = new ViewTimestamps(self.id);
    this.version = self.reportVersion ?? REPORT_VERSION;
  }

  get proposedTime(): number {
    return this.times.last;
  }

  get isExchanging(): boolean {
    return this.exchange !== null && !this.exchange.isOver;
  }

  /** Daemons of which something is missing for the exchange. */
  get awaited(): readonly string[] {
    return this.exchange?.awaited ?? [];
  }

  /** @param staying names of the daemons that go on with this one. @yields units of work */
  beginViewChange(staying: readonly string[]): Iterator<number, void> {
    this.exchange = null;
    this.requests.hold();
    const stays = new Set(staying);
    return this.views.transition((daemon) => stays.has(daemon));
  }

  installView(view: DaemonView): void {
    const { tag, daemons, set } = view;
    const { name } = this.self;
    this.view = view;
    this.requests.hold();
    this.resumption.viewEnded();
    this.past = extend(this.past, tag, daemons.find((each) => set.includes(each)) ?? name);
    const head = this.head(view);
    this.views.record.begin(tag, daemons, this.past);
    this.exchange = new StateExchange(tag, daemons, daemons.indexOf(name), head, this.version);
    this.send(encodeHead(tag, head, this.version));
  }

  /** A payload of the exchange in its place in the order, and all that comes of it. */
  take(payload: Buffer, daemon: string): Iterator<number, void> | null {
    const { record } = this.views;
    record.payload(null, daemon);
    // It may have completed the exchange where the view was not over yet.
    if (this.exchange === null) record.putOff();
    const work = this.receive(payload, daemon);
    if (work !== null) return this.toTheEnd(work);
    record.done();
    return null;
  }

  private *toTheEnd(work: Iterator<number, void>): Generator<number, void> {
    for (let next = work.next(); next.done !== true; next = work.next()) yield next.value;
    this.views.record.done();
  }

  /**
   * A payload of the exchange in its place in the order. Without an exchange under way it is too late for it.
   * @param daemon name of its sender
   * @returns work that it gives rise to, if any
   */
  private receive(payload: Buffer, daemon: string): Iterator<number, void> | null {
    const { exchange } = this;
    if (!exchange) return null;
    if (exchange.take(payload, daemon) !== null) this.counters.damaged++;
    if (exchange.isToSpeak) {
      exchange.hasSpoken = true;
      this.send(encodeVerdict(exchange.tag, exchange.faults, this.version));
    }
    const judgement = exchange.takeJudgement();
    if (judgement && judgement.length > 0 && this.isPresent()) this.order.exclude(judgement);
    return this.advance(exchange);
  }

  /**
   * A client's message comes from a daemon that has completed the exchange, which is not complete here. That daemon has
   * another past from here on, even if the engine keeps it together with this one: groups with members there give the
   * transitional signal first. A safe message would else come before it, in a view that the other has left [daemon E9].
   * All that cannot complete the exchange do this at the same place in the order.
   * @yields units of work
   */
  *partFrom(daemon: string): Generator<number, void> {
    const { exchange } = this;
    if (!exchange || exchange.isOver || exchange.parted.has(daemon)) return;
    exchange.parted.add(daemon);
    yield* this.views.transition((each) => each !== daemon);
  }

  private advance(exchange: StateExchange): Iterator<number, void> | null {
    if (exchange.isOver || !exchange.hasHeads) return null;
    if (exchange.isOnePast || (exchange.isSharing && exchange.hasGroups)) return this.complete(exchange);
    if (exchange.isSharing) return null;
    exchange.isSharing = true;
    return exchange.hasGroups ? this.complete(exchange) : this.share(exchange);
  }

  private head({ time }: DaemonView): Head {
    const groups = this.views.ownGroups;
    const { id, features = FEATURES, addresses = [] } = this.self;
    const [times, requests] = [this.times.entries(), this.requests.waiting];
    const subjects = this.requests.subjectsUnderWay();
    const resume = (features & FEATURE_RESUMPTION) === 0 ? null : this.resumption.head(time);
    const proposed = this.times.propose(time);
    return {
      past: this.past,
      id: id | 0,
      time: proposed,
      features,
      groups,
      times,
      requests,
      subjects,
      resume,
      addresses,
    };
  }

  /** Tells the others the groups that have members here, and resumable sessions if it is on this daemon to do so. */
  private *share({ tag, sharesRecords, sameOrigin }: StateExchange): Generator<number, void> {
    const { members: sessions, places } = this.views;
    const companions = new Set(this.view?.daemons.filter((_, position) => sameOrigin[position]));
    // The exchange takes their members out, also where no signal was due before.
    const parted = new Set(places.filter(({ daemon }) => !companions.has(daemon)));
    const writer = new PartWriter(tag, this.version, (name) => sessions.get(name)?.session ?? null);
    let count = 0;
    for (const record of sharesRecords ? this.resumption.reported() : []) {
      if (++count % STEP === 0) yield STEP / 4;
      writer.addRecord(record);
      if (writer.isFull) this.send(writer.take(false));
    }
    for (const { name, id, inTransition, local, members } of this.groups.values()) {
      if (++count % STEP === 0) yield STEP / 8;
      if (local.length === 0) continue;
      const own: string[] = [];
      let lost = inTransition;
      for (const { session, privateGroup, place } of members) {
        if (session !== null) own.push(privateGroup);
        else if (parted.has(place)) lost = true;
      }
      writer.add(name, id, lost, own);
      yield 0.5 + members.length / 16;
      if (writer.isFull) this.send(writer.take(false));
    }
    this.send(writer.take(true));
  }

  private *complete(exchange: StateExchange): Generator<number, void> {
    const { daemons } = this.view as DaemonView;
    exchange.isOver = true;
    this.past = afterExchange(exchange.tag);
    this.features = exchange.features;
    this.addresses = exchange.addresses;
    for (const [id, time] of [...exchange.times(), exchange.era]) this.times.learn(id, time);
    yield* this.resumption.merge(exchange, daemons, exchange.era[1]);
    const isFormer = exchange.isOnePast ? () => false : (name: string) => this.resumption.isFormer(name);
    if (!exchange.isOnePast) yield* this.groups.restartCounts(exchange.tag);
    yield* new Settlement(this.groups, this.views, exchange, daemons, isFormer).run();
    yield* this.requests.release(daemons, exchange.requests);
    this.views.record.exchanged();
    exchange.pieces.clear();
    this.counters.exchanges++;
    if (this.isPresent()) this.order.exchangeDone();
    this.onCompleted();
  }

  /** In a view that the engine has left it would only take room. */
  private send(payload: Buffer): void {
    if (this.isPresent()) this.order.send(payload, { exchange: true });
  }
}
