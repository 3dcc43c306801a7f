/**
 * The real client library on simulated daemons, over pipes, in virtual time. What awaits gets as far as it can between
 * two tasks of the loop, so a seed gives the same run each time.
 */
// What `connect` loads when it is first called: in the middle of a run nothing may be read from a disk.
import '../../lib/client/resume/connect.js';
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { connectNow } from '../../lib/client/connect-now.js';
import type { Connection } from '../../lib/client/connection.js';
import type { ConnectionEvent, ViewEvent } from '../../lib/client/event.js';
import type { ConnectOptions } from '../../lib/client/options.js';
import type { SessionLimits } from '../../daemon/session/limits.js';
import type { ExtensionOffer } from '../../lib/mailbox/extension.js';
import { Mailbox } from '../../lib/mailbox/mailbox.js';
import type { OpenTransport } from '../../lib/mailbox/transport.js';
import type { ServiceRecord } from '../../lib/mailbox/resolver.js';
import { type Platform, systemPlatform, withPlatform } from '../../lib/mailbox/platform.js';
import { groupIdText } from '../../lib/wire/group-id.js';
import type { Violation } from '../../daemon/testing/checks/log.js';
import { Random } from '../support/random.js';
import { type Observer, SimulatedDaemon } from './daemon.js';
import { IdealNetwork } from '../../daemon/testing/network/network.js';
import type { IdealOptions } from '../../daemon/testing/network/options.js';
import { Loop } from '../../daemon/testing/time/loop.js';
import { type PipeEnd, pipe } from '../../daemon/testing/pipe.js';
import { type Day, Process } from '../../daemon/testing/time/process.js';
import { Trace, TraceHash } from '../../daemon/testing/network/trace.js';

/** Of the machine; a spec may replace the global one. */
const round = setImmediate;
/** Virtual milliseconds that anything may take. */
const LIMIT = 60_000;
const STEP = 5;

const IDEAL = { detection: 400, merge: 300, delay: 2, split: 0, highWater: 1 << 20 };

/** What a world may have otherwise than all others. */
export interface WorldSetting {
  readonly limits?: Partial<SessionLimits> | undefined;
  readonly network?: Partial<IdealOptions> | undefined;
  readonly day?: Day | undefined;
  /** Units of work in a slice of the daemons, at most; without it they do everything at once. */
  readonly slice?: number | undefined;
  /** Called for each run of a daemon, before anything reaches it. */
  readonly made?: (daemon: SimulatedDaemon) => void;
}

export class LibraryWorld implements Observer {
  readonly loop = new Loop();
  readonly trace = new Trace(this.loop, true);
  readonly network: IdealNetwork;
  readonly daemons: (SimulatedDaemon | null)[];
  /** The clock of the program that uses the library. */
  readonly program = new Process(this.loop);
  /** What the daemons offer that are started from here on. */
  readonly offered = { clientExtension: true, resume: true };
  /** Rounds of the event loop in which promises were waited for. */
  rounds = 0;
  private readonly random: Random;
  /** This end of each way of a connection to a daemon, since the last cut. */
  private readonly ends = new WeakMap<Connection, PipeEnd[]>();
  /** Names of programs that reach no daemon. */
  readonly unreachable = new Set<string>();
  /** What host names stand for; a name that is missing stands for itself. */
  readonly hosts = new Map<string, readonly string[]>();
  readonly services = new Map<string, readonly ServiceRecord[]>();
  /** Bytes of all clients, too: what is by chance in them must follow from the seed. */
  private readonly bytes = createHash('sha256');

  /** @param resume whether the daemons number the requests of clients that come back */
  constructor(
    private readonly seed: number,
    daemons: number,
    resume = true,
    private readonly setting: WorldSetting = {},
  ) {
    this.offered.resume = resume;
    this.random = new Random(seed);
    const { loop, trace } = this;
    const violations: Violation[] = [];
    const context = { time: loop, random: new Random(~seed), trace, violations };
    this.network = new IdealNetwork(context, daemons, { ...IDEAL, ...setting.network });
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

  /** Waits until all daemons are in one view, and know all that there is to know. */
  async isWhole(): Promise<void> {
    const { daemons } = this;
    await this.until(
      () =>
        daemons.every(
          (each) => each?.core.view?.daemons.length === daemons.length && each.core.resumption.isOn,
        ),
      'one view',
    );
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
    const one = options.addresses ? {} : { address: `4803@d${daemon + 1}` };
    const given = { ...one, name, ...options };
    const ends: PipeEnd[] = [];
    const opened = (near: PipeEnd): void => void ends.push(near);
    const connection = await connectNow(withPlatform(given, this.platform(opened, name)));
    this.ends.set(connection, ends);
    const { id } = connection;
    this.trace.note(name, () => `connected as ${id}`);
    connection.on('reconnecting', ({ address }) => this.trace.note(name, () => `lost ${address}`));
    connection.on('resumed', ({ address, gaps }) =>
      this.trace.note(name, () => `back at ${address}, ${gaps} gaps`),
    );
    connection.on('event', (event) => this.trace.note(name, () => textOf(event)));
    connection.on('close', (error) => this.trace.note(name, () => `closed: ${error?.message ?? 'here'}`));
    return connection;
  }

  /** A mailbox that wants something of the extension; without an offer it is one of a client of Spread. */
  async mailbox(daemon: number, name: string, extension?: ExtensionOffer): Promise<Mailbox> {
    const spreadName = `4803@d${daemon + 1}`;
    const opened = await Mailbox.dial({
      spreadName,
      name,
      extension,
      platform: this.platform(() => undefined),
    });
    if (opened instanceof Mailbox) return opened;
    throw new Error(`connect answered ${opened.code}`);
  }

  /** The connection breaks. */
  cut(connection: Connection): void {
    for (const end of this.ends.get(connection)?.splice(0) ?? []) end.cut();
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
    const { limits = {}, day, slice } = this.setting;
    const slices = slice === undefined ? null : { size: slice, random: new Random(this.seed ^ (index + 1)) };
    const options = { limits, slices, isOther: false, day };
    const daemon = new SimulatedDaemon(index, this.loop, this.network, options, this);
    daemon.server.extensionOptions = this.offered;
    this.setting.made?.(daemon);
    return daemon;
  }

  private platform(opened: (near: PipeEnd) => void, program = ''): Platform {
    const random = this.random.fork();
    return {
      ...systemPlatform,
      open: (address, _, ready) => this.open(address, ready, opened, program),
      clock: this.program,
      resolver: {
        host: (name) => Promise.resolve(this.hosts.get(name) ?? [name]),
        service: (name) => Promise.resolve(this.services.get(name) ?? []),
      },
      random: (length) => Buffer.from(Array.from({ length }, () => random.below(256))),
    };
  }

  private open(
    address: Parameters<OpenTransport>[0],
    ready: () => void,
    opened: (near: PipeEnd) => void,
    name: string,
  ): PipeEnd {
    const host = 'host' in address ? (address.ip ?? address.host) : '';
    const daemon = this.daemons[Number(host.slice(1)) - 1];
    const [near, far] = pipe(this.program, daemon?.process ?? this.program);
    if (!daemon || this.unreachable.has(name))
      return near.destroy(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
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

/** A view of a group on demand has no list. */
const membersText = (view: ViewEvent): string =>
  Object.keys(view).includes('members') ? view.members.join(' ') : `${view.size}`;

function textOf(event: ConnectionEvent): string {
  switch (event.kind) {
    case 'data':
      return `${event.groups.join(' ')}: ${event.body.length} bytes of ${event.sender}, ${event.service}`;
    case 'view':
      return `${event.group}: view ${groupIdText(event.id)} of ${membersText(event)}, ${event.cause}`;
    case 'transition':
    case 'self-leave':
      return `${event.group}: ${event.kind}`;
    default:
      return event.kind;
  }
}
