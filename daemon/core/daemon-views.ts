/**
 * From one daemon view to the next (daemon-semantics.md 1.3, 2.7): the transitional signal at the cut, a report to the
 * others when the new view begins, and the regular views when the reports of all are in. A cut in between starts it
 * anew: the groups stay as they were after the last exchange that was completed (2.7.5).
 */
import type { Buffer } from 'node:buffer';
import type { CoreCounters } from './counters.js';
import { Exchange } from './exchange.js';
import type { Groups } from './groups.js';
import type { HashKey } from './keyed-hash.js';
import type { Order } from './pack.js';
import { carried, completed, NO_PAST } from './past.js';
import { encodeReport, type ReportedGroup } from './report.js';
import { decodeReport } from './report-reader.js';
import type { Requests } from './requests.js';
import { Times } from './times.js';
import type { Views } from './views.js';

/** Who this daemon is. */
export interface DaemonSelf {
  readonly name: string;
  /** 32-bit identity. */
  readonly id: number;
  /** For tables of names that clients choose: random, and told to nobody. Without one they are the same each time. */
  readonly hashKey?: HashKey;
}

/** A daemon view as the core needs it. */
export interface DaemonView {
  /** Unique for ever, the same at all of its daemons. */
  readonly tag: bigint;
  /** Names of the daemons in the view's order: the first key of the member order. */
  readonly daemons: readonly string[];
  /** Those who came with this daemon, itself included. */
  readonly set: readonly string[];
  /** Seconds since 1970, by this daemon's clock. */
  readonly time: number;
}

export class DaemonViews {
  view: DaemonView | null = null;
  private exchange: Exchange | null = null;
  private past = NO_PAST;
  private readonly times: Times;
  /** The daemons of the view whose exchange was completed last: the positions of the members are positions here. */
  private settled: readonly string[] = [];

  constructor(
    private readonly self: DaemonSelf,
    private readonly groups: Groups,
    private readonly views: Views,
    private readonly requests: Requests,
    private readonly order: Order,
    private readonly counters: CoreCounters,
  ) {
    this.times = new Times(self.id);
  }

  get proposedTime(): number {
    return this.times.last;
  }

  get isExchanging(): boolean {
    return this.exchange !== null;
  }

  /** @param staying names of the daemons that go on with this one */
  cut(staying: readonly string[]): void {
    this.exchange = null;
    this.requests.hold();
    const stays = new Set(staying);
    this.views.transition(this.settled.map((name) => stays.has(name)));
  }

  install(view: DaemonView): void {
    const { tag, daemons, set } = view;
    this.view = view;
    this.requests.hold();
    this.past = carried(this.past, tag, daemons.find((name) => set.includes(name)) ?? this.self.name);
    this.exchange = new Exchange(tag, daemons);
    this.order.send(this.report(view), { exchange: true });
  }

  /**
   * A report in its place in the order. Without an exchange under way it is too late for it.
   * @throws ReportFault
   */
  receive(payload: Buffer): void {
    const { exchange, view } = this;
    if (!exchange || !view) return;
    exchange.add(decodeReport(payload));
    if (exchange.isComplete) this.complete(exchange, view);
  }

  private report({ tag, time }: DaemonView): Buffer {
    const { name, id } = this.self;
    const proposed = this.times.propose(time);
    const [past, times, requests] = [this.past, this.times.entries(), this.requests.waiting];
    const groups = this.ownGroups();
    return encodeReport({ tag, past, daemon: name, id, time: proposed, times, groups, requests });
  }

  private ownGroups(): ReportedGroup[] {
    const own: ReportedGroup[] = [];
    for (const { field, id, lost, local, members } of this.groups.values()) {
      if (local.length === 0) continue;
      const here = members.filter(({ session }) => session !== null).map((member) => member.field);
      own.push({ field, id, lost, members: here });
    }
    return own.toSorted((a, b) => a.field.compare(b.field));
  }

  private complete(exchange: Exchange, { tag, daemons }: DaemonView): void {
    const { era, groups, requests } = exchange.outcome();
    this.exchange = null;
    this.counters.exchanges++;
    this.past = completed(tag);
    for (const [id, time] of [...exchange.times(), era]) this.times.learn(id, time);
    this.settled = daemons;
    this.groups.begin(...era);
    this.views.settle(groups, daemons.indexOf(this.self.name));
    this.requests.release(daemons, requests);
    this.order.proceed();
  }
}
