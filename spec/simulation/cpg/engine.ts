/** The real view machine on the hostile CPG: what daemon/engine/corosync/engine.ts does, in virtual time. */
import { Buffer } from 'node:buffer';
import type { CpgEvent, Multicast } from '../../../daemon/engine/views/ordered-transport.js';
import { checkedOptions, type ViewsOptions } from '../../../daemon/engine/views/ports.js';
import { ViewMachine } from '../../../daemon/engine/views/machine.js';
import { stallLimit, Watchdog } from '../../../daemon/engine/corosync/watchdog.js';
import type {
  DaemonId,
  Engine,
  EngineEvents,
  EngineMessage,
  EngineStats,
  SendOptions,
  View,
} from '../../../daemon/engine/port.js';
import type { Timer } from '../../../lib/util/clock.js';
import type { EngineLog } from '../../../daemon/testing/network/engine-log.js';
import type { SimulatedEngine } from '../../../daemon/testing/network/fabric.js';
import type { Process } from '../../../daemon/testing/time/process.js';
import { Recorder, type RecorderObserver } from '../../../daemon/testing/network/recorder.js';
import type { Trace } from '../../../daemon/testing/network/trace.js';
import type { CpgNetwork } from './network.js';
import type { Client, Node } from './node.js';

const RECONNECT_DELAY = 250;
const DRAIN_TIMEOUT = 1000;
const DRAIN_STEP = 5;

export class CpgEngine implements SimulatedEngine, Client {
  readonly maxPayload = 1 << 20;
  readonly semantics = 'partitionable';
  readonly pid: number;
  readonly recorder: Recorder;
  private readonly machine: ViewMachine;
  private readonly watchdog: Watchdog;
  private isInTurn = false;
  private isConnected = false;
  /** Tells answers to this connection from those to an earlier one. */
  private connections = 0;
  private hasEnded = false;
  /** Stands in for Corosync while there is none: what was sent comes back. */
  private loopBack: CpgEvent[] | null = null;
  private rings = 0n;
  private timer: Timer | null = null;
  private timerAt = Infinity;
  private awaited: () => readonly string[] = () => [];

  constructor(
    readonly self: DaemonId,
    private readonly node: Node,
    private readonly network: CpgNetwork,
    readonly process: Process,
    private readonly trace: Trace,
    options: Partial<ViewsOptions>,
    observer: RecorderObserver,
  ) {
    this.pid = self.pid;
    this.recorder = new Recorder(self, trace, observer);
    const { recorder } = this;
    this.watchdog = new Watchdog(stallLimit(checkedOptions(options)));
    this.machine = new ViewMachine(
      self,
      {
        mcast: (head, body) => this.mcast(head, body),
        message: (message) => this.message(message),
        transitional: (event) => recorder.transitional(event),
        view: (view) => recorder.view(view),
        stable: (index) => recorder.stable(index),
        drain: () => recorder.drain(),
        behind: (isBehind) => recorder.behind(isBehind),
        awaited: () => this.awaited(),
        refused: (reason) => recorder.fatal(new Error(reason)),
        note: (level, text, facts) =>
          trace.note(self.name, () => `${level}: ${text} ${JSON.stringify(facts)}`),
      },
      options,
    );
  }

  get log(): EngineLog {
    return this.recorder.log;
  }

  get view(): View | null {
    return this.machine.view;
  }

  async start(): Promise<void> {
    this.open();
  }

  async stop(): Promise<void> {
    this.leave();
  }

  /** One that hangs answers when it is thawed. */
  open(): void {
    if (this.hasEnded) return;
    if (!this.node.isUp) {
      this.process.after(RECONNECT_DELAY, () => this.open());
      return;
    }
    const now = this.process.now();
    if (this.loopBack) this.machine.reconnected(now);
    this.loopBack = null;
    this.isConnected = true;
    this.connections++;
    this.watchdog.begin(now);
    this.network.attach(this.node, this);
    this.arm();
  }

  leave(): void {
    const end = this.process.now() + DRAIN_TIMEOUT;
    const look = (): void => {
      if (this.hasEnded) return;
      const isDrained = !this.isConnected || this.stats().queuedBytes === 0 || this.process.now() >= end;
      if (!isDrained) this.process.after(DRAIN_STEP, look);
      else this.end();
    };
    look();
  }

  /** The process is gone, or has left. */
  end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.timer?.cancel();
    this.recorder.end();
    if (this.isConnected) this.network.detach(this.node);
    this.isConnected = false;
  }

  send(payload: Buffer, options: SendOptions = {}): boolean {
    const id = Buffer.from(this.recorder.send(options), 'latin1');
    const more = this.machine.send(
      Buffer.concat([Buffer.from([id.length]), id, payload]),
      options,
      this.turn(),
    );
    this.arm();
    return more;
  }

  exchangeDone(): void {
    this.machine.exchangeDone(this.turn());
    this.arm();
  }

  tellBehind(isBehind: boolean): void {
    this.machine.tellBehind(isBehind, this.turn());
    this.arm();
  }

  exclude(faults: Parameters<Engine['exclude']>[0]): void {
    this.machine.exclude(faults);
    this.arm();
  }

  watchExchange(awaited: () => readonly string[]): void {
    this.awaited = awaited;
  }

  stats(): EngineStats {
    return this.machine.stats();
  }

  on<K extends keyof EngineEvents>(event: K, handler: (...args: EngineEvents[K]) => void): this {
    this.recorder.on(event, handler);
    return this;
  }

  // Client of the node

  events(batch: readonly CpgEvent[], emptyAt: number): void {
    this.receive(batch, () => this.isConnected, emptyAt);
  }

  /** Corosync is gone, or counts as gone: on alone, and look for it. */
  dead(): void {
    if (this.hasEnded) return;
    this.isConnected = false;
    this.watchdog.end();
    this.machine.disconnected(this.process.now());
    const { node, pid } = this.self;
    this.loopBack = [];
    this.back({ kind: 'confchg', members: [{ node, pid }] });
    this.back({ kind: 'ring', rep: node, seq: ++this.rings, nodes: [node] });
    this.arm();
    this.process.after(RECONNECT_DELAY, () => this.open());
  }

  private receive(batch: readonly CpgEvent[], isCurrent: () => boolean, emptyAt = -Infinity): void {
    if (this.hasEnded || batch.length === 0) return;
    const now = this.turn();
    // After a standstill the connection is another one, or none.
    if (isCurrent()) {
      this.watchdog.alive(emptyAt, now);
      this.inTurn(() => this.machine.receive(batch, now));
    }
    this.arm();
  }

  private turn(): number {
    const now = this.process.now();
    if (!this.isInTurn && this.watchdog.stalled(now) > 0) this.lose('this process was suspended');
    return now;
  }

  private inTurn(act: () => void): void {
    this.isInTurn = true;
    act();
    this.isInTurn = false;
  }

  private lose(why: string): void {
    if (!this.isConnected || this.hasEnded) return;
    this.trace.note(this.self.name, () => `leaves its Corosync: ${why}`);
    this.network.detach(this.node);
    this.dead();
  }

  private watch(now: number): void {
    const due = this.watchdog.look(now);
    if (due === 'hung') this.lose('it hangs');
    if (due !== 'ask') return;
    this.watchdog.begun(now, now);
    const { connections } = this;
    this.node.ask(this, () => {
      if (connections !== this.connections) return;
      this.watchdog.answered(this.network.tokenTimeout, now, this.process.now());
      this.arm();
    });
  }

  private mcast(head: Buffer, body: Buffer | null): Multicast {
    if (this.loopBack) {
      const { node, pid } = this.self;
      this.back({ kind: 'deliver', node, pid, data: Buffer.concat(body ? [head, body] : [head]) });
      return 'ok';
    }
    if (!this.isConnected) return 'dead';
    const answer = this.node.mcast(head, body);
    if (answer === 'ok') this.network.wake(this.node);
    return answer;
  }

  private back(event: CpgEvent): void {
    const { loopBack } = this;
    if (!loopBack) return;
    loopBack.push(event);
    if (loopBack.length > 1) return;
    this.process.soon(() => {
      const isCurrent = (): boolean => this.loopBack === loopBack;
      if (isCurrent()) this.receive(loopBack.splice(0), isCurrent);
    });
  }

  private message(message: EngineMessage): void {
    const { payload } = message;
    const start = 1 + (payload[0] as number);
    const id = payload.toString('latin1', 1, start);
    this.recorder.message(id, { ...message, payload: payload.subarray(start) });
  }

  private arm(): void {
    const dueAt = Math.min(this.machine.dueAt, this.watchdog.dueAt);
    if (dueAt >= this.timerAt || this.hasEnded) return;
    this.timer?.cancel();
    this.timerAt = dueAt;
    this.timer = this.process.after(dueAt - this.process.now(), () => {
      this.timerAt = Infinity;
      const now = this.turn();
      if (now >= this.watchdog.dueAt) this.watch(now);
      if (now >= this.machine.dueAt) this.inTurn(() => this.machine.tick(now));
      this.arm();
    });
  }
}
