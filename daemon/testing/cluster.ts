/** A cluster of real daemons in one process, for the tests of applications. */
// What `connect` loads when it is first called: in virtual time nothing may be read from a disk in the middle of a run.
import '../../lib/client/resume/connect.js';
import type { Connection } from '../../lib/client/connection.js';
import { loadAccess } from '../access/load.js';
import { accessFilesOf } from '../options.js';
import { checkLogs } from './check.js';
import { ClusterConnections, type ClusterConnectOptions } from './connections.js';
import { advancing, type FakeTimers } from './fake-timers.js';
import { IdealNetwork } from './network/network.js';
import { callerOf, noteEnd, noteOpen } from './open-clusters.js';
import { type ClusterOptions, type ClusterPlan, planOf } from './options.js';
import { BoundedWait } from './bounded-wait.js';
import { Random } from './random.js';
import { ClusterTrace } from './cluster-trace.js';
import { Rest, type Wait } from './rest.js';
import { type DaemonHandle, Slot } from './slot.js';
import { ENDED, machine, refuseFakes } from './time/driver.js';
import { type Day, Process } from './time/process.js';
import { RealTime } from './time/real.js';
import { VirtualTime } from './time/virtual.js';

/** Ends what `hold` began; `using` does so, too. */
export interface Release extends Disposable {
  (): void;
}

/** Time of a cluster, for code under test that takes a clock. */
export interface ClusterClock {
  /** Milliseconds since the cluster began, rising. */
  now(): number;
  /** Time of day. */
  date(): Date;
  /** Resolves after that many milliseconds. */
  sleep(milliseconds: number): Promise<void>;
}

/** The time of day at which virtual time begins: 2026-01-01. */
const VIRTUAL_DAY = Date.UTC(2026, 0, 1);
const REAL_LIMIT_MS = 5_000;
const VIRTUAL_LIMIT_MS = 60_000;
/** For all daemons to come together: a busy machine takes seconds for many of them. */
const START_LIMIT_MS = 60_000;
/**
 * A cluster of daemons in this process, with everything that can happen to it. Made by `cluster`; `await using` ends it.
 *
 * Daemons are numbered from 0. What is called in one turn, without `await` in between, happens at one moment. A call that waits
 * fails with what is missing, the seed and the last lines of the trace.
 */
export class Cluster implements AsyncDisposable {
  /** What can be seen of each daemon. */
  readonly daemons: readonly DaemonHandle[];
  /** Its time, for code under test that takes a clock. */
  readonly clock: ClusterClock;
  /** What everything by chance in it follows from. */
  readonly seed: number;
  private readonly driver: RealTime | VirtualTime;
  private readonly lines: ClusterTrace;
  private readonly network: IdealNetwork;
  private readonly slots: readonly Slot[];
  private readonly connections: ClusterConnections;
  private readonly waits: BoundedWait;
  private readonly rest: Rest;
  private holds = 0;
  private failure: Error | null = null;
  private ending: Promise<void> | null = null;

  private constructor(plan: ClusterPlan, rules: Awaited<ReturnType<typeof loadAccess>>) {
    const { isVirtual, seed, daemons, network, trace } = plan;
    const random = new Random(seed);
    this.seed = seed;
    this.driver = isVirtual ? new VirtualTime() : new RealTime();
    const { driver } = this;
    const day: Day = { begin: isVirtual ? VIRTUAL_DAY : machine.date(), speed: 1 };
    this.lines = new ClusterTrace(driver, trace);
    const context = { time: driver, random: random.fork(), trace: this.lines, violations: [] };
    this.network = new IdealNetwork(context, daemons.length, network);
    const observer = {
      exchanged: ({ name, daemon }: Slot) =>
        this.note(name, `is in a view of ${daemon?.core.view?.daemons.join(' ')}`),
      failed: ({ name }: Slot, error: Error) => {
        this.failure ??= new Error(`${name}: ${error.message}`);
      },
      note: ({ name }: Slot, what: string) => this.note(name, what),
    };
    this.slots = daemons.map(
      (options, i) => new Slot(i, driver, day, this.network, options, rules, observer),
    );
    this.daemons = this.slots;
    const program = new Process(driver, day);
    this.clock = {
      now: () => driver.now,
      date: () => new Date(program.date()),
      sleep: async (milliseconds) => {
        this.enter('sleep');
        await driver.whilePending(new Promise<void>((resolve) => void driver.timer(milliseconds, resolve)));
      },
    };
    this.connections = new ClusterConnections(
      this.slots,
      program,
      driver,
      random.fork(),
      this.lines,
      plan.isTcp,
    );
    const limit = isVirtual ? VIRTUAL_LIMIT_MS : REAL_LIMIT_MS;
    const { network: memory, slots, connections } = this;
    this.waits = new BoundedWait(driver, limit, seed, () => this.trace);
    this.rest = new Rest(driver, memory, slots, connections, this.waits, () => this.failure);
  }

  /** @internal */
  static async start(count: number, options: ClusterOptions): Promise<Cluster> {
    refuseFakes();
    const plan = planOf(count, options);
    const [first] = plan.daemons;
    const made = new Cluster(plan, await loadAccess(accessFilesOf(first as NonNullable<typeof first>)));
    try {
      for (const slot of made.slots) slot.start();
      for (const slot of made.slots) await slot.open();
      await made.rest.settle('cluster', { limitMs: START_LIMIT_MS });
    } catch (error) {
      await made[Symbol.asyncDispose]();
      throw error;
    }
    return made;
  }

  /** The last lines of what happened: time in milliseconds, who, what. */
  get trace(): readonly string[] {
    return this.lines.lines;
  }

  /** Of all lines of the trace. In virtual time, another one for the same seed says that something outside the cluster decides. */
  get hash(): string {
    return this.lines.hash;
  }

  /**
   * Connects to a daemon.
   * @returns the connection, as `connect` of `ssp-toolkit` makes it
   * @throws Error when the daemon is down, and what `connect` throws
   */
  async connect(daemon: number, options: ClusterConnectOptions = {}): Promise<Connection> {
    const slot = this.slotOf('connect', daemon);
    if (slot.state === 'down' && !options.resume)
      throw new Error(`connect: daemon ${daemon} is ${slot.condition}`);
    return await this.driver.whilePending(this.connections.connect(slot, options));
  }

  /** Where a program in a process of its own reaches a daemon, as `connect` takes it; with the option `tcp`. */
  address(daemon: number): string {
    const { front } = this.slotOf('address', daemon);
    if (!front) throw new Error('address: expected a cluster with tcp: true');
    return `${front.port}@127.0.0.1`;
  }

  /**
   * Divides the network: daemons reach those of their own side only.
   * @param sides numbers of daemons; those that are named nowhere stay with the first side
   */
  async partition(sides: readonly (readonly number[])[], wait: Wait = {}): Promise<void> {
    this.enter('partition');
    const named = sides.flat();
    for (const daemon of named) {
      this.slotOf('partition', daemon);
      if (named.indexOf(daemon) !== named.lastIndexOf(daemon))
        throw new Error(`partition: daemon ${daemon} is named twice`);
    }
    const rest = this.slots.map(({ index }) => index).filter((index) => !named.includes(index));
    const [first = [], ...others] = sides;
    this.rest.sides = [[...first, ...rest], ...others];
    this.note('network', `sides ${this.rest.sides.map((side) => `{${side.join(' ')}}`).join(' ')}`);
    this.network.connect(this.rest.sides);
    await this.rest.settle('partition', wait);
  }

  /** All daemons reach each other again. */
  async heal(wait: Wait = {}): Promise<void> {
    this.enter('heal');
    this.rest.sides = [this.slots.map(({ index }) => index)];
    this.note('network', 'heals');
    this.network.connect(this.rest.sides);
    await this.rest.settle('heal', wait);
  }

  /** The process of a daemon is gone: its clients lose their connection at once. */
  async kill(daemon: number, wait: Wait = {}): Promise<void> {
    const slot = this.slotIn('kill', daemon, ['up', 'frozen', 'stopping']);
    slot.kill();
    await Promise.all([slot.close(), this.rest.settle('kill', wait)]);
  }

  /** A daemon begins again, as a new process. */
  async start(daemon: number, wait: Wait = {}): Promise<void> {
    const slot = this.slotIn('start', daemon, ['down']);
    slot.start();
    await slot.open();
    await this.rest.settle('start', wait);
  }

  /**
   * A daemon stops in good order: its clients see the end of the stream, the others that they have left.
   * @throws Error when it is killed before that
   */
  async stop(daemon: number, wait: Wait = {}): Promise<void> {
    const slot = this.slotIn('stop', daemon, ['up']);
    const stopped = slot.stop();
    const closed = stopped.then(() => slot.close());
    if (wait.wait === 'nothing') return;
    await this.rest.settle('stop', wait);
    await closed;
    if (!(await stopped)) throw new Error(`stop: daemon ${daemon} was killed while it stopped`);
  }

  /** The process of a daemon is frozen, as by SIGSTOP: it takes nothing and sends nothing. Its clients run on. */
  async freeze(daemon: number, wait: Wait = {}): Promise<void> {
    const slot = this.slotIn('freeze', daemon, ['up']);
    this.note(slot.name, 'freezes');
    slot.daemon?.freeze();
    await this.rest.settle('freeze', wait);
  }

  /** It runs again. */
  async thaw(daemon: number, wait: Wait = {}): Promise<void> {
    const slot = this.slotIn('thaw', daemon, ['frozen']);
    this.note(slot.name, 'thaws');
    slot.daemon?.thaw();
    await this.rest.settle('thaw', wait);
  }

  /** A connection breaks: a reset. What is on its way still arrives. */
  cut(connection: Connection): void {
    this.enter('cut');
    this.driver.touch();
    this.connections.cut(connection);
  }

  /** The program of a connection does not read, until `unpause`. When the daemon ends the connection, it is known at once. */
  pause(connection: Connection): void {
    this.enter('pause');
    this.driver.touch();
    this.connections.pause(connection, true);
  }

  /** It reads again. */
  unpause(connection: Connection): void {
    this.enter('unpause');
    this.driver.touch();
    this.connections.pause(connection, false);
  }

  /** What one daemon sends takes longer to another one, by that many milliseconds; 0 takes it away. */
  delay(from: number, to: number, milliseconds: number): void {
    this.driver.touch();
    for (const daemon of [from, to]) this.slotOf('delay', daemon);
    this.network.delay(from, to, milliseconds);
  }

  /** Nothing is ordered until it is released: no message, no join, no view of a group. */
  hold(): Release {
    this.enter('hold');
    this.driver.touch();
    this.holds++;
    this.network.hold(true);
    let isOver = false;
    const release = (): void => {
      if (isOver) return;
      isOver = true;
      this.driver.touch();
      this.holds--;
      if (this.holds === 0) this.network.hold(false);
    };
    return Object.assign(release, { [Symbol.dispose]: release });
  }

  /**
   * Resolves when nothing is on its way any more: daemons at rest, everything handed to the connections.
   * @param limitMs milliseconds after which it fails; default 5000, in virtual time 60 000
   */
  async settled(limitMs?: number): Promise<void> {
    this.enter('settled');
    await this.rest.settle('settled', limitMs === undefined ? {} : { limitMs });
  }

  /**
   * Resolves when it is so; looked at between turns of the event loop.
   * @param what gives something true, or a promise of it
   * @param why what is waited for, for the error
   * @param limitMs milliseconds after which it fails; default 5000, in virtual time 60 000
   */
  async until(what: () => unknown, why: string, limitMs?: number): Promise<void> {
    this.enter('until');
    await this.waits.until(what, why, limitMs);
  }

  /** Lets virtual time pass. */
  async advance(milliseconds: number): Promise<void> {
    this.enter('advance');
    if (!(this.driver instanceof VirtualTime))
      throw new Error("advance: expected a cluster with time: 'virtual'");
    await this.clock.sleep(milliseconds);
  }

  /**
   * Timers of a test runner pass with virtual time: `vi`, `jest` or `mock.timers`, which may hold `setTimeout`, `setInterval` and
   * `Date` only.
   */
  useFakeTimers(timers: FakeTimers): void {
    if (!(this.driver instanceof VirtualTime))
      throw new Error("useFakeTimers: expected a cluster with time: 'virtual'");
    this.driver.tie(advancing(timers));
  }

  /**
   * Checks what the connections have sent and were handed by the rules of extended virtual synchrony. Messages that one
   * connection sends twice alike, connections with `resume`, and groups that are view-synchronous, secure or with lists on demand
   * are left out.
   * @throws Error with everything that is wrong
   */
  check(): void {
    const { failure } = this;
    if (failure) throw failure;
    const found = checkLogs(this.connections.logs, this.rest.unrest(true) === null);
    if (found.length === 0) return;
    const texts = found.map(({ property, text }) => `${property}: ${text}`);
    throw this.waits.error(`check: ${texts.join('\n')}\n${this.waits.seedText}`);
  }

  /**
   * Writes what a connection is handed from here on to a file, as `ssp record` does, for `replay` and `ssp replay`; one of before is
   * replaced. Groups that are view-synchronous, secure or with lists on demand are left out.
   * @param path of the file, in a folder that exists
   * @param connection one without `resume`; default each of them, those that are made later, too: in `run.ssplog`'s place then
   * `run-ann@d1.ssplog` and so on
   * @throws RecordingError when the file cannot be made, Error for another connection
   */
  record(path: string, connection?: Connection): void {
    this.connections.record(path, connection ?? null);
  }

  /** Ends the connections and the daemons; nothing of it is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.ending ??= this.end();
    await this.ending;
  }

  private async end(): Promise<void> {
    const { driver, slots, network } = this;
    network.hold(false);
    for (const { daemon } of slots) if (daemon?.process.isFrozen) daemon.thaw();
    await driver.whilePending(this.connections.close());
    for (const slot of slots) slot.daemon?.crash();
    await Promise.all(slots.map((slot) => slot.close()));
    driver.stop();
    noteEnd(this);
  }

  private note(who: string, what: string): void {
    this.lines.note(who, () => what);
  }

  /** @throws Error after the end, when no time passes any more */
  private enter(what: string): void {
    if (this.ending) throw new Error(`${what}: ${ENDED}`);
  }

  private slotOf(what: string, daemon: number): Slot {
    this.enter(what);
    refuseFakes();
    const slot = this.slots[daemon];
    if (!slot) throw new Error(`${what}: daemon ${daemon} is not one of 0 to ${this.slots.length - 1}`);
    return slot;
  }

  private slotIn(what: string, daemon: number, states: readonly Slot['state'][]): Slot {
    const slot = this.slotOf(what, daemon);
    if (!states.includes(slot.state)) throw new Error(`${what}: daemon ${daemon} is ${slot.condition}`);
    this.driver.touch();
    return slot;
  }
}

/**
 * Starts daemons in this process that form one cluster. They are the daemons of `sspd` but for what carries messages between them,
 * so whatever a network, a machine or a process can do to a program can be done to it here.
 * @param daemons 1 to 100
 * @returns the cluster, when all daemons are in one daemon view; end it with `await using`
 * @throws IllegalParamError for options that are none, AccessFileError
 */
export async function cluster(daemons: number, options: ClusterOptions = {}): Promise<Cluster> {
  const where = callerOf(cluster);
  const made = await Cluster.start(daemons, options);
  noteOpen(made, where);
  return made;
}
