/**
 * The engine for several machines: the view machine on Corosync's CPG, with timers and reconnection. While Corosync is
 * away the daemon is alone in a view of its own and its clients go on [corosync 7, 8]. The same when Corosync
 * hangs, and when this process stood still for so long that the others may have excluded it: its clients hear of that
 * before they hear anything else.
 */
import type { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'eventemitter3';
import { systemClock } from '../../../lib/util/clock.js';
import { DeadlineTimer } from '../../../lib/util/deadline-timer.js';
import { deferred } from '../../../lib/util/deferred.js';
import type { Logger } from '../../log/logger.js';
import {
  type DaemonId,
  type Engine,
  EngineError,
  type EngineEvents,
  type EngineStats,
  type SendOptions,
  type View,
} from '../port.js';
import { ViewMachine } from '../views/machine.js';
import type { CpgEvent, CpgTransport } from '../views/ordered-transport.js';
import { MAX_PAYLOAD, type ViewsOptions, checkedOptions } from '../views/ports.js';
import { LoopBack } from './loop-back.js';
import { Watchdog, stallLimit } from './watchdog.js';

/** Milliseconds between two tries to reach Corosync. */
const RECONNECT_DELAY = 250;
/** A daemon that stops waits so long for what its clients have sent. */
const DRAIN_TIMEOUT = 1000;
const DRAIN_STEP = 5;

export interface CorosyncOptions {
  readonly name: string;
  /** Name of the CPG group: daemons of one group form one cluster. */
  readonly group: string;
  readonly transport: () => CpgTransport;
  readonly logger: Logger;
  readonly views?: Partial<ViewsOptions>;
}

/** Whether it is worth trying again without anybody doing anything about this daemon. */
const isPassing = (error: unknown): boolean =>
  error instanceof Error && 'isPassing' in error && error.isPassing === true;

export class CorosyncEngine implements Engine {
  readonly maxPayload = MAX_PAYLOAD;
  readonly semantics = 'partitionable';
  private readonly events = new EventEmitter<EngineEvents>();
  private machine: ViewMachine | null = null;
  private transport: CpgTransport | null = null;
  private loopBack: LoopBack | null = null;
  private rings = 0n;
  private readonly watchdog: Watchdog;
  /** Inside of a call of the machine, where a daemon that stood still cannot leave the others yet. */
  private isInTurn = false;
  /** Questions to Corosync in a row that could not be asked. */
  private unasked = 0;
  private readonly timer = new DeadlineTimer(systemClock, {
    dueAt: () => Math.min(this.machine?.dueAt ?? Infinity, this.watchdog.dueAt),
    ring: () => this.ring(),
  });
  private reconnection: NodeJS.Timeout | null = null;
  private stopping = false;
  private connecting: Promise<boolean> = Promise.resolve(false);
  /** The first view. */
  private readonly first = deferred<void>();
  private awaited: () => readonly string[] = () => [];

  constructor(private readonly options: CorosyncOptions) {
    this.watchdog = new Watchdog(stallLimit(checkedOptions(options.views ?? {})));
  }

  get self(): DaemonId {
    const { name } = this.options;
    return this.machine?.self ?? { name, node: 0, pid: process.pid, inc: 0n };
  }

  get view(): View | null {
    return this.machine?.view ?? null;
  }

  /**
   * Waits for Corosync if need be.
   * @throws TransportError when waiting does not help, EngineError when the others refuse it or it is stopped
   */
  async start(): Promise<void> {
    const { first } = this;
    this.events.once('view', () => first.resolve());
    this.events.once('fatal', first.reject);
    for (let told = false; !(await this.connectNow(told)) && !this.stopping; told = true) {
      await new Promise((resolve) => setTimeout(resolve, RECONNECT_DELAY));
    }
    await first.promise;
  }

  async stop(): Promise<void> {
    if (this.stopping) return;
    this.stopping = true;
    this.first.reject(new EngineError('the engine was stopped before it had a view'));
    if (this.reconnection) clearTimeout(this.reconnection);
    await this.drained();
    const { transport } = this;
    this.events.removeAllListeners();
    this.halt();
    await transport?.close();
    // A connection that was being made closes itself.
    await this.connecting.catch(() => undefined);
  }

  send(payload: Buffer, options?: SendOptions): boolean {
    const more = this.machine?.send(payload, options, this.turn()) ?? true;
    this.timer.update();
    return more;
  }

  exchangeDone(): void {
    this.machine?.exchangeDone(this.turn());
    this.timer.update();
  }

  tellBehind(isBehind: boolean): void {
    this.machine?.tellBehind(isBehind, performance.now());
    this.timer.update();
  }

  exclude(faults: Parameters<Engine['exclude']>[0]): void {
    this.machine?.exclude(faults);
    this.timer.update();
  }

  watchExchange(awaited: () => readonly string[]): void {
    this.awaited = awaited;
  }

  stats(): EngineStats {
    return this.machine?.stats() ?? { views: 0, sent: 0, delivered: 0, queuedBytes: 0 };
  }

  on<K extends keyof EngineEvents>(event: K, handler: (...args: EngineEvents[K]) => void): this {
    this.events.on(event, handler);
    return this;
  }

  private async connectNow(told: boolean): Promise<boolean> {
    this.connecting = this.connect(told);
    return await this.connecting;
  }

  /** One try. @returns whether Corosync is there now */
  private async connect(told: boolean): Promise<boolean> {
    const transport = this.options.transport();
    // What comes before the address is known waits for the machine.
    let early: CpgEvent[] | null = [];
    let lost: Error | null = null;
    try {
      const address = await transport.open(this.options.group, {
        events: (batch, emptyAt) => (early ? early.push(...batch) : this.receive(transport, batch, emptyAt)),
        dead: (error) => {
          lost = error;
          this.lost(transport, error);
        },
      });
      if (this.machine && address.node !== this.machine.self.node) {
        throw new EngineError(
          `Corosync reports node ${address.node}, expected node ${this.machine.self.node}`,
        );
      }
      if (this.stopping || lost) {
        await transport.close();
        return false;
      }
      this.machine ??= this.newMachine(address.node, address.pid);
    } catch (error) {
      await transport.close();
      // One that was there once may come back, whatever it says on the way.
      if (error instanceof EngineError || (!this.machine && !isPassing(error))) throw error;
      if (!told) this.options.logger.warn({ error: (error as Error).message }, 'waiting for Corosync');
      return false;
    }
    if (this.loopBack) this.machine.reconnected(performance.now());
    this.loopBack?.close();
    this.loopBack = null;
    this.transport = transport;
    this.watchdog.begin(performance.now());
    const batch = early;
    early = null;
    if (told) this.options.logger.info({}, 'connected to Corosync');
    this.receive(transport, batch);
    this.timer.update();
    return true;
  }

  private newMachine(node: number, pid: number): ViewMachine {
    const self = { name: this.options.name, node, pid, inc: randomBytes(8).readBigUInt64LE() };
    const { events, options } = this;
    return new ViewMachine(
      self,
      {
        mcast: (head, body) => (this.loopBack ?? this.transport)?.mcast(head, body) ?? 'dead',
        message: (message) => events.emit('message', message),
        transitional: (event) => events.emit('transitional', event),
        view: (view) => events.emit('view', view),
        stable: (index) => events.emit('stable', index),
        drain: () => events.emit('drain'),
        behind: (isBehind) => events.emit('behind', isBehind),
        awaited: () => this.awaited(),
        refused: (reason) => events.emit('fatal', new EngineError(reason)),
        note: (level, text, facts) => options.logger[level](facts, text),
      },
      options.views,
    );
  }

  /** @param emptyAt as the transport says; of no matter for the loop-back */
  private receive(from: CpgTransport | null, batch: readonly CpgEvent[], emptyAt = -Infinity): void {
    if (from !== this.transport || batch.length === 0) return;
    const now = this.turn();
    // After a standstill it is another one, or none.
    if (from === this.transport) {
      this.watchdog.alive(emptyAt, now);
      this.inTurn(() => this.machine?.receive(batch, now));
    }
    this.timer.update();
  }

  /** Begins a turn. What the others did while this process stood still was not for it: it is alone first. */
  private turn(): number {
    const now = performance.now();
    if (!this.isInTurn) this.notice(this.watchdog.stalled(now));
    return now;
  }

  private inTurn(act: () => void): void {
    this.isInTurn = true;
    try {
      act();
    } finally {
      this.isInTurn = false;
      this.notice(this.watchdog.stalled(performance.now()));
    }
  }

  private notice(stalled: number): void {
    if (stalled === 0 || !this.transport) return;
    this.lost(this.transport, new EngineError(`this process was suspended for ${Math.round(stalled)} ms`));
  }

  /** Corosync is gone, or counts as gone: on alone, and look for it. */
  private lost(transport: CpgTransport, error: Error): void {
    if (transport !== this.transport || this.stopping) return;
    this.transport = null;
    this.watchdog.end();
    void transport.close();
    const machine = this.machine as ViewMachine;
    this.options.logger.warn(
      { error: error.message },
      'lost connection to Corosync; continuing as a single-daemon view',
    );
    machine.disconnected(performance.now());
    this.events.emit('down', { reason: 'lost', error });
    this.loopBack = new LoopBack(machine.self, ++this.rings, (batch) => this.receive(null, batch));
    this.timer.update();
    this.reconnect();
  }

  /** What the watchdog asks for. */
  private watch(now: number): void {
    const { transport } = this;
    const due = this.watchdog.look(now);
    if (!transport || due === null) return;
    if (due === 'ask') void this.ask(transport, now);
    // An answer may have come with the events that wait behind this timer.
    else setImmediate(() => this.watchdog.isOverdue && this.lost(transport, hangs()));
  }

  private async ask(transport: CpgTransport, asked: number): Promise<void> {
    const isCurrent = (): boolean => transport === this.transport;
    try {
      const token = await transport.ask(() => {
        if (!isCurrent()) return;
        this.watchdog.begun(asked, performance.now());
        this.timer.update();
      });
      if (!isCurrent()) return;
      this.unasked = 0;
      this.watchdog.answered(token, asked, performance.now());
    } catch (error) {
      if (isCurrent()) this.cannotAsk(error as Error);
    }
    this.timer.update();
  }

  private cannotAsk(error: Error): void {
    const isWorthATry = isPassing(error);
    // One that dies answers no question either, and its end is reported otherwise.
    if (++this.unasked === (isWorthATry ? 2 : 1))
      this.options.logger.warn({ error: error.message }, 'hang detection for Corosync unavailable');
    if (isWorthATry) this.watchdog.postpone(performance.now());
    else this.watchdog.end();
  }

  private reconnect(): void {
    this.reconnection = setTimeout(() => void this.reconnectNow(), RECONNECT_DELAY);
  }

  private async reconnectNow(): Promise<void> {
    try {
      const isThere = await this.connectNow(true);
      if (this.stopping) return;
      if (isThere) this.events.emit('up');
      else this.reconnect();
    } catch (error) {
      this.events.emit('fatal', error as Error);
    }
  }

  private ring(): void {
    const now = this.turn();
    if (now >= this.watchdog.dueAt) this.watch(now);
    const { machine } = this;
    if (machine && now >= machine.dueAt) this.inTurn(() => machine.tick(now));
  }

  /** What the clients have sent is in the order, or there was no time for it. */
  private async drained(): Promise<void> {
    const end = performance.now() + DRAIN_TIMEOUT;
    while (this.transport && this.stats().queuedBytes > 0 && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_STEP));
    }
  }

  private halt(): void {
    this.timer.stop();
    this.watchdog.end();
    this.loopBack?.close();
    this.loopBack = null;
    this.transport = null;
  }
}

const hangs = (): EngineError => new EngineError('Corosync is running but does not answer: is it suspended?');
