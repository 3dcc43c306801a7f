/**
 * The view machine: makes views and agreed and safe delivery of a CPG group, which promises neither around a change
 * [corosync 4.4, 5]. Pure: time comes in as a number, what goes out are calls on the sink.
 *
 * Between a cut and the INSTALL that follows nothing is delivered. A cut is a hint of Corosync or a RESET, so it has
 * one place in the order, and what a daemon sent before it came back to that daemon before it too.
 */
import type { Buffer } from 'node:buffer';
import { Malformed } from '../../../lib/util/bytes.js';
import type { DaemonId, SendOptions, View } from '../port.js';
import * as control from './control.js';
import { InstalledView } from './installed-view.js';
import * as wire from './message.js';
import type { CpgAddress, CpgEvent } from './ordered-transport.js';
import {
  EXCHANGE_PATIENCE,
  OWN_FREEZE,
  type ViewsOptions,
  type ViewsSink,
  type ViewsStats,
  checkedOptions,
} from './ports.js';
import { SendWindow } from './send-window.js';
import { EarlyMessages, ForeignProcesses } from './unplaced-messages.js';
import { ViewAgreement, sameAddress } from './view-agreement.js';
import { viewId, viewOf } from './view.js';

type Deliver = Extract<CpgEvent, { kind: 'deliver' }>;

export class ViewMachine {
  private readonly options: ViewsOptions;
  private readonly round: ViewAgreement;
  private readonly sending: SendWindow;
  private readonly early: EarlyMessages;
  private installed: InstalledView | null = null;
  private operational = false;
  private stopped = false;
  private past: control.PreviousView = control.NO_PAST;
  private installs = 0;
  /** The INSTALL of this daemon that is in force, for those who missed it. */
  private ownInstall: Buffer | null = null;

  private resetSent = false;
  /** A view that ended before its INSTALL came here. */
  private closed = 0n;
  private now = 0;
  private watchAt = Infinity;
  /** What was said last of the payloads that all members have. */
  private stableTold = 0;
  /** What was said last of the clients of other daemons. */
  private isBehindElsewhere = false;
  private cutAt = 0;
  private readonly counts = { views: 0, sent: 0, delivered: 0, resent: 0, dropped: 0, last: 0 };
  private readonly strangers: ForeignProcesses;
  /** Both versions, as they stand in each message. */
  private readonly version: number;

  constructor(
    readonly self: DaemonId,
    private readonly sink: ViewsSink,
    options: Partial<ViewsOptions> = {},
  ) {
    this.options = checkedOptions(options);
    this.version = wire.versionOf(this.options.reportVersion);
    this.round = new ViewAgreement(self, this.options);
    this.sending = new SendWindow(this.options, this.version, (head, body) => sink.mcast(head, body));
    this.strangers = new ForeignProcesses(sink.note.bind(sink));
    this.early = new EarlyMessages(this.options.maxEarlyBytes);
  }

  get view(): View | null {
    return this.installed?.view ?? null;
  }

  /** When `tick` is to be called; Infinity for never. */
  get dueAt(): number {
    if (this.stopped) return Infinity;
    if (this.operational) return Math.min(this.sending.dueAt, this.watchAt, this.round.askAt);
    return Math.min(this.sending.dueAt, this.round.dueAt(this.previousMembers));
  }

  stats(): ViewsStats {
    const { last, ...counts } = this.counts;
    const { tryAgain, outgoing } = this.sending;
    const { queuedBytes, inFlightBytes } = outgoing;
    const stableIndex = this.installed?.stability.stable ?? 0;
    return { ...counts, queuedBytes, inFlightBytes, tryAgain, stableIndex, lastInstallTime: last };
  }

  /** Queues a payload. @returns false above the high-water mark: `drain` follows */
  send(payload: Buffer, options: SendOptions = {}, now = this.now): boolean {
    this.turn(now);
    this.counts.sent++;
    const more = this.sending.add(payload, options);
    if (!this.stopped) this.sending.pump(this.now);
    return more;
  }

  /** Whether a client here is behind in its reading; the others hear of it. */
  tellBehind(isBehind: boolean, now = this.now): void {
    this.turn(now);
    this.sending.tellBehind(isBehind);
    if (!this.stopped) this.sending.flush(this.now);
  }

  /** The exchange after the view is over: what waits may go. */
  exchangeDone(now = this.now): void {
    this.turn(now);
    this.sending.exchangeDone();
    this.sending.pump(this.now);
  }

  /** All members of the view but these have found that these cannot be in a view with them. */
  exclude(faults: readonly { readonly daemon: string; readonly text: string }[]): void {
    const entries = this.installed?.entries ?? [];
    const excluded = entries.flatMap(({ node, pid, name }) => {
      const fault = faults.find(({ daemon }) => daemon === name);
      return fault ? [{ node, pid, reason: control.Reason.report, why: fault.text }] : [];
    });
    if (!this.operational || excluded.length === 0) return;
    this.sendReset(excluded);
    this.sending.pump(this.now);
  }

  /** One batch of the transport's events. @param now milliseconds, never falling */
  receive(batch: readonly CpgEvent[], now: number): void {
    this.turn(now);
    for (const event of batch) {
      if (this.stopped) return;
      if (event.kind === 'deliver') this.deliver(event);
      else this.hint(event);
    }
    this.endTurn();
  }

  /** To be called when `dueAt` has come. */
  tick(now: number): void {
    this.turn(now);
    if (this.stopped) return;
    if (!this.operational) {
      this.remind();
    } else {
      if (this.now >= this.watchAt) this.watch();
      // A cut needs a place in the order, also where this daemon is alone.
      if (this.round.isToAsk(this.now)) this.sendReset([]);
      this.sending.tick(this.now);
    }
    this.endTurn();
  }

  /**
   * The transport is gone. What was sent whole may have been delivered by others in the old view, so it counts as
   * delivered here at its end and is not sent again; the rest waits for the next view.
   */
  disconnected(now: number): void {
    this.turn(now);
    const accepted = this.operational ? this.sending.outgoing.takeAccepted() : [];
    for (const { payload, safe } of accepted) this.installed?.deliverAlone(payload, safe);
    this.reconnected(now);
  }

  /** Another transport: what the one before said of ring and processes is void. */
  reconnected(now: number): void {
    this.turn(now);
    this.round.forget();
    this.beginViewChange();
  }

  // Hints and cuts

  private hint(event: Exclude<CpgEvent, Deliver>): void {
    this.round.hint(event);
    this.beginViewChange();
  }

  private beginViewChange(): void {
    if (this.operational) {
      this.operational = false;
      this.past = (this.installed as InstalledView).past;
      this.cutAt = this.now;
    }
    this.counts.resent += this.sending.end();
    this.ownInstall = null;
    this.resetSent = false;
    this.early.clear();
    this.round.begin(this.now);
  }

  /** Those who were in the last view: they are waited for longer. */
  private get previousMembers(): readonly CpgAddress[] {
    return this.installed?.entries ?? [];
  }

  private remind(): void {
    for (const { node, pid } of this.round.timeUp(this.now, this.previousMembers)) {
      this.sink.note('warn', 'excluding silent daemon from the view', { node, pid });
    }
  }

  // Messages

  private deliver(event: Deliver): void {
    const { data } = event;
    const prefix = wire.readPrefix(data);
    if (!prefix || (prefix.version === this.version && !wire.isComplete(data, prefix.type))) {
      this.stranger(event, 'ignoring message from a foreign process in the CPG group');
      return;
    }
    try {
      this.dispatch(event, prefix.version, prefix.type, prefix.flags);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      this.stranger(event, `ignoring damaged message: ${error.message}`);
    }
  }

  private dispatch(event: Deliver, version: number, type: number, flags: number): void {
    const { data } = event;
    if (version !== this.version) {
      if (type === wire.Type.state) this.otherVersion(event, control.readStateHead(data, version, flags));
      else this.counts.dropped++;
    } else if (type === wire.Type.state) {
      this.state(event, control.readState(data, flags));
    } else if (type === wire.Type.install) {
      this.install(event, control.readInstall(data));
    } else if (type === wire.Type.reset) {
      this.reset(control.readReset(data));
    } else {
      this.inView(event, type, flags);
    }
  }

  /** DATA and ACK belong to a view. */
  private inView(event: Deliver, type: number, flags: number): void {
    const tag = wire.readTag(event.data);
    if (this.operational) {
      const installed = this.installed as InstalledView;
      // What a member sent in views before stands before its STATE: it has gone on to another view.
      if (tag === installed.view.id.tag) this.take(installed, event, type, flags);
      else if (installed.indexOf(event) >= 0) this.sendReset([]);
      return;
    }
    // Only behind an INSTALL for the own STATE, which follows that STATE, can there be anything for the next view.
    if (!this.round.ownStateSeen || tag === this.past.tag) this.counts.dropped++;
    else if (!this.early.add(event, tag)) this.beginViewChange();
  }

  private take(installed: InstalledView, event: Deliver, type: number, flags: number): void {
    const sender = installed.indexOf(event);
    if (sender < 0) {
      this.counts.dropped++;
      return;
    }
    installed.heard(sender, this.now, type);
    const isOwn = sender === installed.selfIndex;
    if (installed.hasHole && !isOwn) return;
    if (!installed.isExpected(sender, event.data, type)) {
      this.hole(installed, event);
      return;
    }
    if (type === wire.Type.data) {
      this.counts.delivered++;
      this.sending.delivered(event.data.length - wire.DATA_HEAD_BYTES, isOwn);
    }
    installed.take(sender, event.data, type, flags);
  }

  /** It must not happen [corosync 5.2.8]. Own messages go on, the view ends with the RESET. */
  private hole(installed: InstalledView, { node, pid }: CpgAddress): void {
    this.sink.note('warn', 'gap in message order; starting a new view', { node, pid });
    installed.stop();
    this.sendReset([]);
  }

  // Agreement

  private state(from: Deliver, state: control.State): void {
    if (this.round.ignoresState(from, state.isApart, this.now)) {
      this.counts.dropped++;
      return;
    }
    if (!this.operational) {
      if (!this.round.take(from, state)) this.counts.dropped++;
      return;
    }
    const installed = this.installed as InstalledView;
    if (state.key !== this.round.key || this.round.isRefused(from, state.inc)) return;
    const entry = installed.entryOf(from);
    if (entry && entry.inc === state.inc && entry.attempt >= state.attempt) {
      if (entry.attempt === state.attempt && this.ownInstall) this.sending.queue(this.ownInstall);
      return;
    }
    // Somebody who is not in this view, or not any more: a place in the order where all cut, and wait for it again.
    this.round.waitFor(from);
    installed.moveOn(from);
    if (installed.isFirst) this.sendReset([]);
  }

  private install(from: Deliver, install: control.Install): void {
    if (install.key !== this.round.key || this.round.ignores(from, this.now)) return;
    const own = install.members.find((entry) => sameAddress(entry, this.self));
    const isForThis = own !== undefined && own.inc === this.self.inc && own.attempt === this.round.attempt;
    const id = viewId(install.id);
    if (this.operational) {
      // Two daemons said who is in the view, and some of its members may have heard only the other.
      if (this.installed?.contradicts(id, install.members)) this.sendReset([]);
    } else if (id.tag === this.closed) {
      this.counts.dropped++;
    } else if (isForThis) {
      this.enter(from, install, id);
    } else if (!own) {
      this.reportExclusions(install);
    }
  }

  /** A view without this daemon. */
  private reportExclusions({ excluded, members }: control.Install): void {
    const own = excluded.find((each) => sameAddress(each, this.self));
    if (own?.reason === control.Reason.name) {
      const other = members.find(({ name }) => name === this.self.name);
      this.refuse(`the daemon name "${this.self.name}" is in use at node ${other?.node ?? 0}`);
    } else if (this.round.ownStateSeen) {
      this.beginViewChange();
    }
  }

  private enter(from: CpgAddress, install: control.Install, id: View['id']): void {
    const old = this.installed;
    const view = viewOf(id, install.members, this.self, old?.view.id ?? null);
    if (old) {
      this.sink.transitional({ previous: old.view.id, members: view.sets[0] ?? [] });
      old.releaseAll();
    }
    this.installed = new InstalledView(view, install.members, this.self, this.now, (message) =>
      this.sink.message(message),
    );
    if (!sameAddress(from, this.self)) this.ownInstall = null;
    this.round.adoptExclusions(install.excluded);
    this.round.entered(install.members.length, this.now);
    this.operational = true;
    this.stableTold = 0;
    this.sending.begin(this.installed, this.now);
    this.watchAt = this.now + this.options.heartbeat;
    this.counts.views++;
    this.counts.last = this.now - this.cutAt;
    this.sink.view(view);
    for (const event of this.early.take(id.tag)) this.deliver(event);
  }

  private reset({ tag, excluded }: control.Reset): void {
    if (!this.operational) {
      // Others begin again, have forgotten what they were told, and that view is over before it came here.
      this.closed = tag;
      this.round.resend(this.now);
      return;
    }
    if (tag !== this.installed?.view.id.tag) return;
    for (const each of excluded) this.excluded(each);
    this.beginViewChange();
  }

  private excluded({ node, pid, reason, why }: control.Excluded): void {
    const address = { node, pid };
    const isSelf = sameAddress(address, this.self);
    if (reason !== control.Reason.report) {
      this.round.leaveOut(address, control.Reason.silent);
      const who = isSelf ? 'this daemon' : 'a daemon';
      this.sink.note('warn', `${who} excluded: silent for too long`, address);
      return;
    }
    const time = this.round.setApart(address, this.now);
    const daemon = this.installed?.entryOf(address)?.name ?? '';
    this.strangers.excluded(isSelf, { daemon, ...address, fault: why, time });
  }

  private sendReset(excluded: readonly control.Excluded[]): void {
    if (this.resetSent || !this.installed) return;
    this.resetSent = true;
    this.sending.queue(control.encodeReset(this.version, { tag: this.installed.view.id.tag, excluded }));
  }

  /** One that speaks another version: the one without a view goes, or of two of them the second. */
  private otherVersion(from: Deliver, theirs: control.StateHead): void {
    this.round.leaveOut(from, null);
    const clash = control.versionClash(this.self.name, this.version, theirs);
    this.stranger(from, clash);
    const isFirst = this.self.node < from.node || (this.self.node === from.node && this.self.pid < from.pid);
    if (this.installed || (!theirs.hadView && isFirst)) return;
    // The others learn whom they need not wait for.
    this.sink.mcast(this.ownState(), null);
    this.refuse(clash);
  }

  private refuse(reason: string): void {
    this.stopped = true;
    this.sink.refused(reason);
  }

  private stranger(from: CpgAddress, text: string): void {
    this.counts.dropped++;
    this.strangers.meet(from, text);
  }

  // Time

  /** A gap between two calls beyond every timer means that this process stood still, and heard nobody for that. */
  private turn(now: number): void {
    const { heartbeat, silenceTimeout } = this.options;
    const gap = Math.min(heartbeat + OWN_FREEZE, silenceTimeout / 2);
    const stoodStill = now - this.now > gap && this.now > 0;
    this.now = Math.max(now, this.now);
    if (!stoodStill) return;
    this.installed?.heardAll(this.now);
    this.round.shift(this.now);
  }

  private watch(): void {
    const silent = this.installed?.silent(this.now - this.options.silenceTimeout) ?? null;
    if (silent) this.sendReset([{ ...silent, reason: control.Reason.silent, why: '' }]);
    else if (!this.sending.proceeding) this.watchExchange();
    this.watchAt = this.now + this.options.heartbeat;
  }

  /** One that is heard, but does not send its part of the exchange, keeps all others waiting. */
  private watchExchange(): void {
    const patience = this.options.silenceTimeout * EXCHANGE_PATIENCE;
    const why = `no part of the exchange for ${patience} ms`;
    const late = this.installed?.withoutData(this.sink.awaited(), this.now - patience) ?? [];
    if (late.length === 0) return;
    this.sendReset(late.map(({ node, pid }) => ({ node, pid, reason: control.Reason.report, why })));
  }

  /** What is to be sent at the end of a batch or a tick. */
  private endTurn(): void {
    if (this.stopped) return;
    if (!this.operational) this.agree();
    this.sending.flush(this.now);
    if (this.sending.hasDrained()) this.sink.drain();
    this.tellStable();
    const isBehind = this.operational && this.installed?.isBehindElsewhere === true;
    if (isBehind === this.isBehindElsewhere) return;
    this.isBehindElsewhere = isBehind;
    this.sink.behind(isBehind);
  }

  private tellStable(): void {
    const stable = this.operational ? (this.installed?.stability.stable ?? 0) : 0;
    if (stable <= this.stableTold) return;
    this.stableTold = stable;
    this.sink.stable(stable);
  }

  private agree(): void {
    const { round } = this;
    if (round.isToInstall) {
      round.installSent = true;
      const { node, pid, inc } = this.self;
      const id = `${round.ringText}/${node}.${pid}.${inc.toString(16)}.${++this.installs}`;
      this.ownInstall = control.encodeInstall(this.version, { key: round.key, id, ...round.conclude() });
      this.sending.queue(this.ownInstall);
    }
    if (round.isToTell(this.now) && !this.sending.hasControl) this.sending.queue(this.ownState());
  }

  private ownState(): Buffer {
    const { inc, name } = this.self;
    const { key, attempt, isApart } = this.round;
    return control.encodeState(this.version, { inc, name, key, attempt, past: this.past, isApart });
  }
}
