/** One simulated daemon over its lives: the real core and session machine, wired as daemon/daemon.ts wires them. */
import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { openAccess } from '../../daemon/access/access.js';
import { daemonId } from '../../daemon/config/daemon-id.js';
import { Core } from '../../daemon/core/core.js';
import { REPORT_VERSION } from '../../daemon/core/report.js';
import { AT_ONCE, type Slices } from '../../daemon/core/work.js';
import type { DaemonId, SendOptions } from '../../daemon/engine/port.js';
import { silentLogger } from '../../daemon/log/logger.js';
import { defaultLimits, type SessionLimits } from '../../daemon/session/limits.js';
import { SessionServer } from '../../daemon/session/server.js';
import type { Fabric, SimulatedEngine } from './fabric.js';
import type { Loop } from './loop.js';
import type { ReportKind } from './plan.js';
import type { Random } from '../support/random.js';
import { Process } from './process.js';
import { FIXED_KEY } from '../support/fixed-key.js';

interface SimulatedSlices {
  /** Units of work, at most. */
  readonly size: number;
  readonly random: Random;
}

interface SimulatedOptions {
  readonly limits: Partial<SessionLimits>;
  /** Null: all work is done at once. */
  readonly slices: SimulatedSlices | null;
  readonly isOther: boolean;
}

/** The daemon's end of a connection. */
interface AcceptedSocket {
  readonly socket: Socket;
  on(event: 'close', closed: () => void): unknown;
  /** The daemon's process is gone. */
  cut(): void;
}

/** What a world wants to know of its daemons. */
export interface Observer {
  /** The exchange of its view is complete. */
  proceeded(daemon: SimulatedDaemon): void;
  fatal(daemon: SimulatedDaemon, error: Error): void;
}

export class SimulatedDaemon {
  readonly name: string;
  readonly process: Process;
  readonly engine: SimulatedEngine;
  readonly core: Core;
  readonly server: SessionServer;
  /** What it sends in exchanges. */
  reports: ReportKind = 'good';
  /** It is of another release. */
  readonly isOther: boolean;
  private readonly sockets = new Set<AcceptedSocket>();

  constructor(
    readonly index: number,
    loop: Loop,
    private readonly fabric: Fabric,
    { limits, slices, isOther }: SimulatedOptions,
    private readonly observer: Observer,
  ) {
    this.isOther = isOther;
    const reportVersion = isOther ? REPORT_VERSION + 1 : REPORT_VERSION;
    this.name = `d${index + 1}`;
    this.process = new Process(loop);
    this.engine = fabric.engine(index, this.process, reportVersion);
    const { engine } = this;
    this.core = new Core(
      { name: this.name, id: daemonId(this.name), hashKey: FIXED_KEY, reportVersion },
      {
        send: (payload, options) => this.send(payload, options),
        exchangeDone: () => {
          engine.exchangeDone();
          this.observer.proceeded(this);
        },
        exclude: (faults) => engine.exclude(faults),
      },
      slices === null ? AT_ONCE : this.slices(slices),
    );
    const all = { ...defaultLimits, ...limits };
    this.server = new SessionServer(this.core, all, silentLogger, openAccess, () => 0, this.process);
    engine.on('message', ({ payload, exchange, sender }) => {
      if (exchange) this.core.exchange(payload, sender.name);
      else this.core.deliver(payload);
    });
    engine.watchExchange(() => this.core.awaited);
    engine.on('transitional', ({ members }) => this.core.transitional(namesOf(members)));
    engine.on('view', ({ id, members, sets }) =>
      this.core.install({
        tag: id.tag,
        daemons: namesOf(members),
        set: namesOf(sets[0] ?? []),
        time: Math.floor(this.process.date() / 1000),
      }),
    );
    engine.on('drain', () => this.server.resume());
    engine.on('behind', (isBehind) => {
      this.server.behindElsewhere = isBehind;
    });
    this.server.tellBehind = (isBehind) => engine.tellBehind(isBehind);
    engine.on('fatal', (error) => this.observer.fatal(this, error));
    engine.open();
  }

  /** What it sends in an exchange may be spoiled. */
  private send(payload: Buffer, options: SendOptions): boolean {
    if (options.exchange !== true || this.reports === 'good') return this.engine.send(payload, options);
    if (this.reports === 'mute') return true;
    return this.engine.send(spoiled(payload, this.reports), options);
  }

  /** Slices of all sizes, and all the time in the world between two of them. */
  private slices({ size, random }: SimulatedSlices): Slices {
    return {
      size: () => 1 + random.below(size),
      later: () => this.process.reach(random.next() * 3, () => this.core.step()),
    };
  }

  /** A client connects. */
  accept(socket: AcceptedSocket): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    this.process.run(() => this.server.accept(socket.socket));
  }

  crash(): void {
    this.process.kill();
    this.fabric.crashed(this.index);
    for (const socket of this.sockets) socket.cut();
  }

  /** In good order: clients first, then the engine. */
  stop(): void {
    void this.server.stop();
    this.engine.leave();
  }

  freeze(): void {
    this.process.freeze();
    this.fabric.frozen(this.index, true);
  }

  thaw(): void {
    this.process.thaw();
    this.fabric.frozen(this.index, false);
  }
}

function spoiled(payload: Buffer, kind: ReportKind): Buffer {
  const bytes = Buffer.from(payload);
  if (kind === 'garbage') bytes.fill(0xa5, 12);
  else if (kind === 'other-version') bytes.writeInt32LE(REPORT_VERSION + 1, 0);
  return kind === 'cut-short' ? bytes.subarray(0, bytes.length - 1) : bytes;
}

const namesOf = (daemons: readonly DaemonId[]): string[] => daemons.map(({ name }) => name);
