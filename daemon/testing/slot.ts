/** One daemon of a cluster over its lives, and what can be seen of it. */
import type { AccessRules } from '../access/access.js';
import { LiveStatus } from '../live-status.js';
import { silentLogger } from '../log/logger.js';
import type { Monitor } from '../monitor/http.js';
import type { DaemonStatus } from '../monitor/status.js';
import { type Deferred, deferred } from '../../lib/util/deferred.js';
import type { CheckedOptions } from '../options.js';
import type { ViewTime } from '../wiring.js';
import { MemoryDaemon } from './daemon.js';
import type { IdealNetwork } from './network/network.js';
import type { TcpFront } from './tcp.js';
import type { Driver } from './time/driver.js';
import { type Day, Process } from './time/process.js';

/** `stopping`: it stops in good order, and its clients are ended. */
export type DaemonState = 'up' | 'frozen' | 'stopping' | 'down';

/** A group as a daemon has it. */
export interface ClusterGroup {
  /** Its name. */
  readonly name: string;
  /** Ids of its members, in order. */
  readonly members: readonly string[];
}

/** What can be seen of one daemon of a cluster. */
export interface DaemonHandle {
  /** Its name. */
  readonly name: string;
  /** Whether its process runs. */
  readonly state: DaemonState;
  /** Names of the daemons in its daemon view; empty while it is down. */
  readonly view: readonly string[];
  /** The numbers of a running daemon, or of its last life. */
  readonly status: DaemonStatus;
  /** Port of its monitor; 0 without one. */
  readonly monitorPort: number;
  /** Its groups that have members; none while it is down. */
  groups(): ClusterGroup[];
}

/** What a daemon of the cluster tells it. */
export interface SlotObserver {
  exchanged(slot: Slot): void;
  failed(slot: Slot, error: Error): void;
  note(slot: Slot, what: string): void;
}

/** Seconds that views are named by, over all lives of a daemon. */
class ViewSeconds implements ViewTime {
  private last = 0;

  constructor(private readonly date: () => number) {}

  next(): number {
    this.reached(Math.max(Math.floor(this.date() / 1000), this.last + 1));
    return this.last;
  }

  reached(time: number): void {
    this.last = Math.max(this.last, time);
  }
}

export class Slot implements DaemonHandle {
  /** Null while it is down. */
  daemon: MemoryDaemon | null = null;
  /** With `tcp`. */
  front: TcpFront | null = null;
  readonly unixPath = null;
  readonly webSockets = 0;
  /** What ended its last life, and when. */
  private ended = 'not started';
  private isStopping = false;
  /** While it stops: whether it came to its end in good order. */
  private gone: Deferred<boolean> | null = null;
  private monitor: Monitor | null = null;
  private last: LiveStatus | null = null;
  private readonly viewTime: ViewSeconds;

  constructor(
    readonly index: number,
    private readonly driver: Driver,
    private readonly day: Day,
    private readonly network: IdealNetwork,
    private readonly options: CheckedOptions,
    private readonly rules: AccessRules,
    private readonly observer: SlotObserver,
  ) {
    this.viewTime = new ViewSeconds(() => day.begin + day.speed * driver.now);
  }

  get name(): string {
    return this.options.name;
  }

  get state(): DaemonState {
    if (this.daemon === null) return 'down';
    if (this.isStopping) return 'stopping';
    return this.daemon.process.isFrozen ? 'frozen' : 'up';
  }

  get view(): readonly string[] {
    return this.daemon?.engine.view?.members.map(({ name }) => name) ?? [];
  }

  get status(): DaemonStatus {
    return this.last as LiveStatus;
  }

  get monitorPort(): number {
    return this.monitor?.port ?? 0;
  }

  /** Where programs of other processes reach it. */
  get addresses(): DaemonStatus['addresses'] {
    return this.front ? [{ host: '127.0.0.1', port: this.front.port }] : [];
  }

  /** How it is, for a message that says why something cannot be. */
  get condition(): string {
    const { state } = this;
    return state === 'down' ? `down (${this.ended})` : state;
  }

  groups(): ClusterGroup[] {
    return [...(this.daemon?.core.groups.values() ?? [])]
      .map(({ name, members }) => ({ name, members: members.toArray().map((each) => each.privateGroup) }))
      .filter(({ members }) => members.length > 0);
  }

  /** A new life begins. */
  start(): void {
    const { index, name, network, options, rules, viewTime, observer } = this;
    const daemon = new MemoryDaemon({
      index,
      name,
      process: new Process(this.driver, this.day),
      fabric: network,
      limits: options.limits,
      rules,
      offer: options,
      viewTime,
      observer: {
        exchanged: () => observer.exchanged(this),
        failed: (error) => observer.failed(this, error),
      },
    });
    this.daemon = daemon;
    this.isStopping = false;
    this.last = new LiveStatus(this, daemon.core, daemon.engine, daemon.server, () => options);
    observer.note(this, 'starts');
  }

  /** What it has of the machine: a listener, a monitor. */
  async open(): Promise<void> {
    await this.front?.listen();
    const { monitor } = this.options;
    if (!monitor) return;
    const { openMonitor } = await import('../monitor/http.js');
    this.monitor = await openMonitor({ ...monitor, status: this.status, log: silentLogger });
  }

  /** Gives that back. */
  async close(): Promise<void> {
    const { front, monitor } = this;
    this.monitor = null;
    await Promise.all([front?.close(), monitor?.close()]);
  }

  kill(): void {
    this.daemon?.crash();
    this.gone?.resolve(false);
    this.over('killed');
  }

  /** In good order: clients first, then the others. @returns false when it was killed meanwhile */
  async stop(): Promise<boolean> {
    const { daemon } = this;
    if (!daemon) return true;
    this.isStopping = true;
    this.observer.note(this, 'stops');
    const gone = (this.gone = deferred<boolean>());
    daemon.engine.onEnded = () => gone.resolve(true);
    // What waits for a dead process would never end.
    await Promise.race([daemon.server.stop(), gone.promise]);
    if (this.daemon === daemon) daemon.engine.leave();
    if (!(await gone.promise) || this.daemon !== daemon) return false;
    daemon.process.kill();
    this.over('stopped');
    return true;
  }

  private over(how: string): void {
    this.ended = `${how} at ${this.driver.now.toFixed(1)} ms`;
    this.daemon = null;
    this.isStopping = false;
    this.gone = null;
    this.observer.note(this, `is ${how}`);
  }
}
