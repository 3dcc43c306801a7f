/** One life of one daemon in memory: the real core and sessions, on an engine that a fabric connects to the others. */
import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { type AccessRules, openAccess } from '../access/access.js';
import { daemonId } from '../config/daemon-id.js';
import type { Core } from '../core/core.js';
import type { HashKey } from '../core/name-table.js';
import { REPORT_VERSION } from '../core/report.js';
import { RESUME_KEY_BYTES } from '../core/resume-keys.js';
import { AT_ONCE, type Slices } from '../core/work.js';
import type { Engine } from '../engine/port.js';
import { silentLogger } from '../log/logger.js';
import { defaultLimits, type SessionLimits } from '../session/limits.js';
import type { SessionServer } from '../session/server.js';
import { type ReturnOptions, type ViewTime, Wiring, type WiringObserver } from '../wiring.js';
import type { Fabric, SimulatedEngine } from './network/fabric.js';
import type { Process } from './time/process.js';

/** The same in each run; a daemon of its own has a random one. */
export const FIXED_KEY: HashKey = [0x0706_0504, 0x0f0e_0d0c];

export interface MemoryDaemonOptions {
  readonly index: number;
  readonly name: string;
  /** Of this life. */
  readonly process: Process;
  readonly fabric: Fabric;
  readonly observer: WiringObserver;
  readonly limits?: Partial<SessionLimits>;
  /** Default everybody may do everything. */
  readonly rules?: AccessRules;
  /** What clients that come back are offered; default that they can, with gaps. */
  readonly offer?: ReturnOptions;
  /** Default all work is done at once. */
  readonly slices?: (core: () => Core) => Slices;
  readonly reportVersion?: number;
  /** Where payloads leave; default the engine. */
  readonly send?: Engine['send'];
  /** Default the time of day of its process. */
  readonly viewTime?: ViewTime;
}

/** The daemon's end of a connection. */
export interface AcceptedSocket {
  readonly socket: Socket;
  on(event: 'close', closed: () => void): unknown;
  /** The daemon's process is gone. */
  cut(): void;
}

export class MemoryDaemon {
  readonly index: number;
  readonly name: string;
  readonly process: Process;
  readonly engine: SimulatedEngine;
  readonly core: Core;
  readonly server: SessionServer;
  private readonly fabric: Fabric;
  private sids = 0;
  private readonly sockets = new Set<AcceptedSocket>();

  constructor(options: MemoryDaemonOptions) {
    const { index, name, process, fabric, observer, slices, send, viewTime } = options;
    const { reportVersion = REPORT_VERSION, rules = openAccess, limits, offer } = options;
    this.index = index;
    this.name = name;
    this.process = process;
    this.fabric = fabric;
    this.engine = fabric.engine(index, process, name, reportVersion);
    const wiring = new Wiring({
      self: {
        name,
        id: daemonId(name),
        hashKey: FIXED_KEY,
        reportVersion,
        resumeKey: { id: index + 1, key: Buffer.alloc(RESUME_KEY_BYTES, index) },
      },
      engine: this.engine,
      slices: slices ?? (() => AT_ONCE),
      limits: { ...defaultLimits, ...limits },
      rules,
      log: silentLogger,
      viewTime: viewTime ?? { next: () => Math.floor(process.date() / 1000), reached: () => undefined },
      observer,
      ...(send && { send }),
      bufferBytes: () => 0,
      clock: process,
    });
    if (offer) wiring.offer(offer);
    this.core = wiring.core;
    this.server = wiring.server;
    this.server.newSid = () => this.newSid();
    this.engine.open();
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

  /** No chance in it, and none of another daemon or another life. */
  private newSid(): bigint {
    return (
      (BigInt(this.index + 1) << 60n) | (BigInt(Math.floor(this.process.date())) << 16n) | BigInt(++this.sids)
    );
  }
}
