/** The connections that a test has made to the daemons of its cluster. */
import { Buffer } from 'node:buffer';
import { join, parse } from 'node:path';
import { connectNow } from '../../lib/client/connect-now.js';
import type { Connection } from '../../lib/client/connection.js';
import type { ConnectOptions } from '../../lib/client/options.js';
import { type Platform, systemPlatform, withPlatform } from '../../lib/mailbox/platform.js';
import type { OpenTransport } from '../../lib/mailbox/transport.js';
import type { Trace } from './network/trace.js';
import { type PeerAddress, pipe, type PipeEnd } from './pipe.js';
import type { Random } from './random.js';
import { RunRecorder } from './recording/run-recorder.js';
import type { Slot } from './slot.js';
import { TcpFront } from './tcp.js';
import type { Driver } from './time/driver.js';
import type { Process } from './time/process.js';
import { ConnectionLog } from './connection-log.js';

/** The options of `Cluster.connect`; each has a default. */
export interface ClusterConnectOptions extends Pick<
  ConnectOptions,
  'auth' | 'resume' | 'sendHighWater' | 'signal' | 'timeoutMs'
> {
  /** Name of the connection, 1 to 10 characters from `$` to `~`; default `c1`, `c2` and so on. */
  readonly name?: string;
  /** Address and port, `192.0.2.7:1234`, from which the daemon sees it come; default that of a local socket. */
  readonly from?: string;
}

/** One connection, and its ways to daemons. */
interface Way {
  /** Those that are not closed at this end, the last opened one last: several daemons may be dialled at once. */
  readonly pipes: Map<PipeEnd, Slot>;
  /** Where the last one was opened to. */
  slot: Slot | null;
  isPaused: boolean;
}

/** What addresses of daemons in memory begin with: `4803@d1`. */
const addressOf = (index: number): string => `4803@d${index + 1}`;

export class ClusterConnections {
  readonly all = new Map<Connection, Way>();
  private readonly plain: ConnectionLog[] = [];
  private names = 0;
  /** Where each connection is recorded that is made from now on; null: nowhere. */
  private recording: string | null = null;

  constructor(
    private readonly slots: readonly Slot[],
    /** Of the program that a test is. */
    private readonly program: Process,
    driver: Driver,
    private readonly random: Random,
    private readonly trace: Trace,
    isTcp: boolean,
  ) {
    if (!isTcp) return;
    for (const slot of slots)
      slot.front = new TcpFront((from) => this.pipeTo(slot, driverClock(driver), from));
  }

  /** Of connections that the checkers know what to make of. */
  get logs(): readonly ConnectionLog[] {
    return this.plain;
  }

  async connect(slot: Slot, options: ClusterConnectOptions): Promise<Connection> {
    const { from, ...rest } = options;
    const name = rest.name ?? `c${++this.names}`;
    const way: Way = { pipes: new Map(), slot: null, isPaused: false };
    const all = this.slots.map(({ index }) => addressOf(index));
    const own = { address: addressOf(slot.index) };
    const places = rest.resume ? { addresses: [...all.slice(slot.index), ...all.slice(0, slot.index)] } : own;
    const platform = this.platform(way, from === undefined ? undefined : peerOf(from));
    const connection = await connectNow(withPlatform({ ...rest, ...places, name }, platform));
    this.all.set(connection, way);
    const log = new ConnectionLog(connection, slot.name, this.trace);
    if (rest.resume) return connection;
    this.plain.push(log);
    if (this.recording !== null) this.recordTo(pathOf(this.recording, log.id), log);
    return connection;
  }

  /** @param connection null: each, and those that are made later, in a file of its own */
  record(path: string, connection: Connection | null): void {
    if (connection === null) {
      this.recording = path;
      for (const log of this.plain) if (log.end !== 'closed') this.recordTo(pathOf(path, log.id), log);
      return;
    }
    this.wayOf('record', connection);
    const log = this.plain.find((each) => each.connection === connection);
    if (!log) throw new Error('record: expected a connection without resume');
    this.recordTo(path, log);
  }

  private recordTo(path: string, log: ConnectionLog): void {
    const recorder = new RunRecorder(path, log, this.program);
    for (const { group } of log.connection['memberships']['all'].values())
      if (group) recorder.present(group.view);
    log.recorders.push(recorder);
  }

  /** While it has none in use, those by which it looks for a daemon are cut. */
  cut(connection: Connection): void {
    const { pipes } = this.wayOf('cut', connection);
    const used = pipeOf(connection, pipes);
    for (const near of used ? [used] : pipes.keys()) near.cut();
  }

  pause(connection: Connection, isPaused: boolean): void {
    const way = this.wayOf(isPaused ? 'pause' : 'unpause', connection);
    way.isPaused = isPaused;
    for (const near of way.pipes.keys()) near.hold(isPaused);
  }

  /** @param id of a connection */
  isPaused(id: string): boolean {
    for (const [connection, { isPaused }] of this.all) if (isPaused && connection.id === id) return true;
    return false;
  }

  /** What of them is not at rest; those at a frozen daemon, and those that do not read, rest as they are. */
  get unrest(): string | null {
    for (const [connection, { pipes, slot, isPaused }] of this.all) {
      const near = pipeOf(connection, pipes);
      const at = near ? pipes.get(near) : slot;
      if (isPaused || at?.state === 'frozen') continue;
      if (connection.state === 'reconnecting') return `${connection.name} is reconnecting`;
      if (near && !near.isIdle) return `something is on its way to ${connection.id}`;
      if (connection['pump'].waiting > 0) return `${connection.id} has not read everything`;
    }
    return null;
  }

  /** Which connection is stalled because nobody reads one of its groups, in words; null for none. */
  get unread(): string | null {
    for (const [connection, { isPaused }] of this.all) {
      const [reader] = isPaused ? [] : connection['pump'].blockers;
      if (reader === undefined) continue;
      const what = reader.replace(/^group (\S+)/, 'group "$1"');
      return `nobody reads ${what} of ${connection.id}: attach a listener`;
    }
    return null;
  }

  /** Closes all of them. */
  async close(): Promise<void> {
    for (const [connection, { isPaused }] of this.all) if (isPaused) this.pause(connection, false);
    await Promise.all([...this.all.keys()].map((connection) => connection.close()));
    for (const log of this.plain) log.closeRecorders();
  }

  private wayOf(what: string, connection: Connection): Way {
    const way = this.all.get(connection);
    if (!way) throw new Error(`${what}: expected a connection of this cluster`);
    return way;
  }

  private platform(way: Way, from: PeerAddress | undefined): Platform {
    const random = this.random.fork();
    return {
      ...systemPlatform,
      open: (address, _, ready) => this.open(address, way, from, ready),
      clock: this.program,
      resolver: { host: (name) => Promise.resolve([name]), service: () => Promise.resolve([]) },
      random: (length) => Buffer.from(Array.from({ length }, () => random.below(256))),
    };
  }

  private open(
    address: Parameters<OpenTransport>[0],
    way: Way,
    from: PeerAddress | undefined,
    ready: () => void,
  ): PipeEnd {
    const host = 'host' in address ? (address.ip ?? address.host) : '';
    const slot = this.slots[Number(host.slice(1)) - 1];
    const opened = slot ? this.pipeTo(slot, this.program, from) : null;
    if (!slot || opened === null) {
      const [near] = pipe(this.program, this.program);
      return near.destroy(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
    }
    const { near } = opened;
    way.pipes.set(near, slot);
    way.slot = slot;
    near.on('close', () => way.pipes.delete(near));
    if (way.isPaused) near.hold(true);
    this.program.soon(ready);
    return near;
  }

  /** A way to a daemon, which has accepted it; null while it is down. */
  private pipeTo(
    slot: Slot,
    clock: Pick<Process, 'soon'>,
    from?: PeerAddress,
  ): { readonly near: PipeEnd; readonly far: PipeEnd } | null {
    const { daemon, state } = slot;
    if (!daemon || state === 'stopping') return null;
    const [near, far] = pipe(clock, daemon.process, from);
    // Nobody reads it before its turn.
    daemon.accept(far.pause());
    return { near, far };
  }
}

/** What the connection uses now; undefined while it has lost that. */
function pipeOf(connection: Connection, pipes: Way['pipes']): PipeEnd | undefined {
  const used = connection['mailbox']['transport'];
  return [...pipes.keys()].find((near) => near === used && !near.destroyed);
}

const driverClock = (driver: Driver): Pick<Process, 'soon'> => ({
  soon: (act) => void driver.after(driver.round, act),
});

/** The file of one connection among those of all: its id in front of the ending. */
function pathOf(path: string, id: string): string {
  const { dir, name, ext } = parse(path);
  return join(dir, `${name}-${encodeURIComponent(id.slice(1)).replaceAll('%23', '@')}${ext}`);
}

function peerOf(text: string): PeerAddress {
  const at = text.lastIndexOf(':');
  const port = Number(text.slice(at + 1));
  if (at < 1 || !Number.isInteger(port))
    throw new Error(`connect: expected from as address:port, got ${text}`);
  return { address: text.slice(0, at).replace(/^\[(.*)\]$/, '$1'), port };
}
