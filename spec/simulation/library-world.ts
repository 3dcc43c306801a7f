/**
 * The real client library on simulated daemons, over pipes, in virtual time. What awaits gets as far as it can between
 * two tasks of the loop, so a seed gives the same run each time.
 */
// What `connect` loads when it is first called: in the middle of a run nothing may be read from a disk.
import '../../lib/client/connect-schema.js';
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { connect } from '../../lib/client/connect.js';
import type { Connection } from '../../lib/client/connection.js';
import type { ConnectionEvent } from '../../lib/client/event.js';
import type { ConnectOptions } from '../../lib/client/options.js';
import type { Address } from '../../lib/mailbox/address.js';
import { type Platform, withPlatform } from '../../lib/mailbox/platform.js';
import { groupIdText } from '../../lib/wire/group-id.js';
import type { Violation } from '../support/checks/log.js';
import { Random } from '../support/random.js';
import { type Observer, SimulatedDaemon } from './daemon.js';
import { IdealNetwork } from './ideal/network.js';
import { Loop } from './loop.js';
import { type PipeEnd, pipe } from './pipe.js';
import { Process } from './process.js';
import { Trace, TraceHash } from './trace.js';

/** Of the machine; a spec may replace the global one. */
const round = setImmediate;
/** Virtual milliseconds that anything may take. */
const LIMIT = 60_000;
const STEP = 5;

const IDEAL = { detection: 400, merge: 300, delay: 2, split: 0, highWater: 1 << 20 };

export class LibraryWorld implements Observer {
  readonly loop = new Loop();
  readonly trace = new Trace(this.loop, true);
  readonly network: IdealNetwork;
  readonly daemons: (SimulatedDaemon | null)[];
  /** The clock of the program that uses the library. */
  readonly program = new Process(this.loop);
  /** Rounds of the event loop in which promises were waited for. */
  rounds = 0;
  private readonly random: Random;
  /** This end of each connection. */
  private readonly ends = new WeakMap<Connection, PipeEnd>();
  /** Bytes of all clients, too: what is by chance in them must follow from the seed. */
  private readonly bytes = createHash('sha256');

  constructor(seed: number, daemons: number) {
    this.random = new Random(seed);
    const { loop, trace } = this;
    const violations: Violation[] = [];
    const surroundings = { loop, random: new Random(~seed), trace, violations };
    this.network = new IdealNetwork(surroundings, daemons, IDEAL);
    this.daemons = Array.from({ length: daemons }, (_, index) => this.newDaemon(index));
  }

  /** Of everything that was seen, and every byte that a client has sent or got. */
  get hash(): string {
    const all = new TraceHash();
    for (const line of this.trace.lines) all.text(line);
    all.text(this.bytes.copy().digest('hex'));
    return all.hex;
  }

  /** Runs the world until the promise has settled. */
  async run<T>(promise: Promise<T>): Promise<T> {
    const end = this.loop.now + LIMIT;
    const found = { isOver: false };
    const settled = (): void => {
      found.isOver = true;
    };
    promise.then(settled, settled);
    do {
      await this.settle();
    } while (!found.isOver && this.loop.step(end));
    if (!found.isOver)
      throw new Error(`not over after ${LIMIT} ms:\n${this.trace.lines.slice(-50).join('\n')}`);
    return await promise;
  }

  /** Waits until it is so. */
  async until(fact: () => boolean, what: string): Promise<void> {
    for (const end = this.loop.now + LIMIT / 2; !fact(); await this.sleep(STEP)) {
      if (this.loop.now > end) throw new Error(`waited in vain for ${what}`);
    }
  }

  sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => void this.program.after(milliseconds, resolve));
  }

  /** A program connects to a daemon. What the connection hands out goes to the trace. */
  async connect(daemon: number, name: string, options: ConnectOptions = {}): Promise<Connection> {
    const given = { address: `4803@d${daemon + 1}`, name, ...options };
    let end: PipeEnd | null = null;
    const opened = (near: PipeEnd): void => {
      end = near;
    };
    const connection = await connect(withPlatform(given, this.platform(opened)));
    if (end) this.ends.set(connection, end);
    const { id } = connection;
    this.trace.note(name, () => `connected as ${id}`);
    connection.on('event', (event) => this.trace.note(name, () => textOf(event)));
    connection.on('close', (error) => this.trace.note(name, () => `closed: ${error?.message ?? 'here'}`));
    return connection;
  }

  /** The connection breaks. */
  cut(connection: Connection): void {
    this.ends.get(connection)?.cut();
  }

  kill(index: number): void {
    this.trace.note('world', () => `kills d${index + 1}`);
    this.daemons[index]?.crash();
    this.daemons[index] = null;
  }

  start(index: number): void {
    this.trace.note('world', () => `starts d${index + 1}`);
    this.daemons[index] = this.newDaemon(index);
  }

  partition(sides: readonly (readonly number[])[]): void {
    this.trace.note('world', () => `sides ${JSON.stringify(sides)}`);
    this.network.connect(sides);
  }

  // Observer

  proceeded({ name, core }: SimulatedDaemon): void {
    this.trace.note(name, () => `is in a view of ${core.view?.daemons.join(' ')}`);
  }

  fatal({ name }: SimulatedDaemon, error: Error): void {
    throw new Error(`${name}: ${error.message}`);
  }

  private newDaemon(index: number): SimulatedDaemon {
    const options = { limits: {}, slices: null, isOther: false };
    return new SimulatedDaemon(index, this.loop, this.network, options, this);
  }

  private platform(opened: (near: PipeEnd) => void): Platform {
    const random = this.random.fork();
    return {
      open: (address, _, ready) => this.open(address, ready, opened),
      clock: this.program,
      random: (length) => Buffer.from(Array.from({ length }, () => random.below(256))),
    };
  }

  private open(address: Address, ready: () => void, opened: (near: PipeEnd) => void): PipeEnd {
    const host = 'host' in address ? address.host : '';
    const daemon = this.daemons[Number(host.slice(1)) - 1];
    const [near, far] = pipe(this.program, daemon?.process ?? this.program);
    if (!daemon) return near.destroy(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
    this.watch(near, far);
    // Nobody reads it before its turn.
    daemon.accept(far.pause());
    this.program.soon(ready);
    opened(near);
    return near;
  }

  private watch(...ends: readonly PipeEnd[]): void {
    for (const end of ends) end.on('data', (bytes: Buffer) => this.bytes.update(bytes));
  }

  /** Everything that awaits gets as far as it can without the loop. */
  private async settle(): Promise<void> {
    this.rounds++;
    await new Promise((resolve) => void round(resolve));
  }
}

function textOf(event: ConnectionEvent): string {
  switch (event.kind) {
    case 'data':
      return `${event.groups.join(' ')}: ${event.body.length} bytes of ${event.sender}, ${event.service}`;
    case 'view':
      return `${event.group}: view ${groupIdText(event.id)} of ${event.members.join(' ')}, ${event.cause}`;
    case 'transition':
    case 'self-leave':
      return `${event.group}: ${event.kind}`;
    default:
      return event.kind;
  }
}
