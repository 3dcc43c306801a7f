/** The daemon as an object: engine, core, sessions and listeners wired together. */
import { randomBytes } from 'node:crypto';
import type { AddressInfo, Server, Socket } from 'node:net';
import { join } from 'node:path';
import { deferred } from '../lib/util/deferred.js';
import { loadAccess } from './access/load.js';
import type { Sequencer } from './core/batcher.js';
import { Core } from './core/core.js';
import type { HashKey } from './core/name-table.js';
import type { DaemonId, Engine, View } from './engine/port.js';
import { LiveStatus } from './live-status.js';
import type { Logger } from './log/logger.js';
import { type Monitor, openMonitor } from './monitor/http.js';
import type { DaemonStatus } from './monitor/status.js';
import {
  RESERVED_DESCRIPTORS,
  descriptorLimit,
  listenTcp,
  listenTls,
  listenUnix,
  unixPath,
} from './net/listener.js';
import { tellLateEnds } from './net/peer.js';
import { removeDeadSockets } from './net/socket-file.js';
import type { TlsFiles } from './net/tls-files.js';
import {
  type CheckedOptions,
  type DaemonOptions,
  accessFilesOf,
  checkOptions,
  engineOptionsOf,
  loggerOf,
} from './options.js';
import { type Prepared, prepare } from './prepare.js';
import { SessionServer } from './session/server.js';
import { CoreSlices } from './slices.js';
import { ViewTimeFile } from './view-time-file.js';

/** A running daemon. Made by `createDaemon`. */
export class Daemon implements AsyncDisposable {
  /** Its name, 1 to 19 characters. */
  readonly name: string;
  /** What can be seen of it. */
  readonly status: DaemonStatus;
  private readonly over = deferred<Error | null>();
  /** Resolves when the daemon has stopped: with what ended it, or null when it was asked to. */
  readonly ended = this.over.promise;
  private options: CheckedOptions;
  private readonly tlsFiles: TlsFiles | null;
  private readonly engine: Engine;
  private readonly core: Core;
  private readonly server: SessionServer;
  private readonly listeners: Server[] = [];
  private tlsListeners: Server[] = [];
  private unixSocket: string | null = null;
  private monitor: Monitor | null = null;
  private stopping: Promise<void> | null = null;
  private failure: Error | null = null;
  private isOpen = false;
  private readonly lastTime: ViewTimeFile;
  private reloading: Promise<unknown> = Promise.resolve();

  private constructor(
    { options, rules, tls, engine }: Prepared,
    private readonly log: Logger,
  ) {
    this.options = options;
    this.tlsFiles = tls;
    this.engine = engine;
    const { name, id } = engineOptionsOf(options);
    this.name = name;
    this.lastTime = new ViewTimeFile(timeFileOf(options), log);
    this.core = new Core({ name, id, hashKey: randomKey() }, this.order(), new CoreSlices(() => this.core));
    this.server = new SessionServer(this.core, options.limits, log, rules);
    this.core.limits = this.server.limits;
    this.status = new LiveStatus(this, this.core, this.engine, this.server, () => this.options);
    this.engine.on('message', ({ payload, exchange, sender }) => {
      if (exchange) this.core.exchange(payload, sender.name);
      else this.core.deliver(payload);
    });
    this.engine.watchExchange(() => this.core.awaited);
    this.engine.on('transitional', ({ members }) => this.core.transitional(namesOf(members)));
    this.engine.on('view', (view) => this.install(view));
    this.engine.on('drain', () => this.server.resume());
    this.engine.on('behind', (isBehind) => {
      this.server.behindElsewhere = isBehind;
    });
    this.server.tellBehind = (isBehind) => this.engine.tellBehind(isBehind);
    this.engine.on('fatal', (error) => void this.fail(error));
  }

  /**
   * Starts a daemon.
   * @throws IllegalParamError for options out of range, ListenError or MonitorError when an address cannot be had,
   * AccessFileError for a file of the access control, TransportError when the engine lacks something
   */
  static async start(options: DaemonOptions = {}): Promise<Daemon> {
    const logger = loggerOf(options);
    const prepared = await prepare(options, logger);
    for (const warning of prepared.warnings) logger.warn({}, warning);
    const daemon = new Daemon(prepared, logger);
    try {
      await daemon.open();
    } catch (error) {
      await daemon.close();
      throw error;
    }
    return daemon;
  }

  /** The TCP port of the first listener; 0 without one. */
  get port(): number {
    return this.addresses[0]?.port ?? 0;
  }

  /** Port of the first listener with TLS; 0 without one. */
  get tlsPort(): number {
    return portOf(this.tlsListeners)[0]?.port ?? 0;
  }

  /** Where clients reach the daemon over TCP, with the real ports. */
  get addresses(): {
    /** Address that it is bound to. */
    host: string;
    /** The real port. */
    port: number;
  }[] {
    return portOf(this.listeners);
  }

  /** Path of the local socket, or null. */
  get unixPath(): string | null {
    return this.unixSocket;
  }

  /** Port of the HTTP monitor; 0 without one. */
  get monitorPort(): number {
    return this.monitor?.port ?? 0;
  }

  /** Live numbers; read, do not change. */
  get counters(): DaemonStatus['counters'] {
    return this.server.counters;
  }

  /** Connections now. */
  get sessions(): number {
    return this.server.size;
  }

  /** Groups known, members anywhere. */
  get groups(): number {
    return this.core.groups.size;
  }

  /**
   * Takes over new options while it runs, all or nothing: limits and access control. Sessions that are there stay. Of
   * several calls the last one counts, however long each reads its files.
   * @returns names of the options that differ and need a restart
   * @throws IllegalParamError or AccessFileError; nothing has changed then
   */
  async reload(options: DaemonOptions): Promise<string[]> {
    const done = this.reloading.then(() => this.takeOver(options));
    this.reloading = done.catch(() => undefined);
    return await done;
  }

  /** Stops listening, ends every session (clients see the end of the stream), removes the local socket. */
  async stop(): Promise<void> {
    this.stopping ??= this.shutDown();
    await this.stopping;
  }

  /** Stops. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private async shutDown(): Promise<void> {
    await this.close();
    this.log.info({ name: this.name }, 'stopped');
    this.over.resolve(this.failure);
  }

  /** The engine cannot go on: nobody can be served. */
  private async fail(error: Error): Promise<void> {
    if (this.stopping !== null) return;
    this.failure ??= error;
    if (!this.isOpen) return;
    this.log.error({ error: error.message }, 'engine failed; stopping');
    await this.stop();
  }

  private async open(): Promise<void> {
    await this.engine.start();
    const { listen, tls, unixDir, monitor } = this.options;
    const accept = (socket: Socket): void => this.server.accept(socket);
    for (const { host, port } of listen) this.listeners.push(await listenTcp(host, port, accept));
    for (const host of tls ? new Set(listen.map((each) => each.host)) : []) {
      const { port } = tls as NonNullable<typeof tls>;
      const files = this.tlsFiles as TlsFiles;
      const options = { port, files, timeout: this.options.limits.handshakeTimeoutMs };
      this.tlsListeners.push(
        await listenTls(host, options, {
          arrived: (socket, handshake) => this.server.acceptTls(socket, handshake),
          accept: (socket) => this.server.accept(socket, true),
        }),
      );
    }
    if (unixDir !== null) {
      const path = unixPath(unixDir, this.port);
      this.listeners.push(await listenUnix(path, accept));
      this.unixSocket = path;
    }
    for (const listener of [...this.listeners, ...this.tlsListeners]) {
      listener.on('error', (error) => this.log.error({ error: error.message }, 'connection not accepted'));
    }
    if (monitor) this.monitor = await openMonitor({ ...monitor, status: this.status, log: this.log });
    await tellLateEnds(this.log);
    const descriptors = await descriptorLimit();
    const { maxSessions } = this.options.limits;
    if (descriptors !== null && descriptors < maxSessions + RESERVED_DESCRIPTORS) {
      this.log.warn({ descriptors, maxSessions }, 'open-file limit is below maxSessions');
    }
    if (this.failure) throw this.failure;
    if (unixDir !== null) await this.clean(unixDir);
    this.isOpen = true;
    this.log.info({ name: this.name, addresses: this.addresses, unix: this.unixSocket }, 'listening');
  }

  /** What daemons that were killed have left, each under a port of its own. */
  private async clean(unixDir: string): Promise<void> {
    const removed = await removeDeadSockets(unixDir);
    if (removed.length > 0) this.log.info({ removed }, 'dead sockets removed');
  }

  private async close(): Promise<void> {
    const closed = [...this.listeners, ...this.tlsListeners].map(
      (listener) => new Promise<void>((resolve) => listener.close(() => resolve())),
    );
    await this.monitor?.close();
    await this.server.stop();
    await Promise.all(closed);
    await this.engine.stop();
    this.lastTime.close();
  }

  private async takeOver(options: DaemonOptions): Promise<string[]> {
    const checked = checkOptions(options);
    const rules = await loadAccess(accessFilesOf(checked));
    const fixed = FIXED.filter(
      (name) => JSON.stringify(checked[name]) !== JSON.stringify(this.options[name]),
    );
    const kept = Object.fromEntries(FIXED.map((name) => [name, this.options[name]]));
    this.options = { ...checked, ...kept };
    this.server.reload(checked.limits, rules);
    return fixed;
  }

  /** The time that a view may be named by is written down before anybody hears of it. */
  private order(): Sequencer {
    const { engine } = this;
    return {
      send: (payload, options) => {
        if (options.exchange === true) this.lastTime.reached(this.core.proposedTime);
        return engine.send(payload, options);
      },
      exchangeDone: () => engine.exchangeDone(),
      exclude: (faults) => engine.exclude(faults),
    };
  }

  private install({ id, members, sets }: View): void {
    if (this.options.engine !== 'solo') {
      this.log.info({ view: id.text, members: namesOf(members) }, 'daemon view installed');
    }
    this.core.install({
      tag: id.tag,
      daemons: namesOf(members),
      set: namesOf(sets[0] ?? [this.engine.self]),
      time: this.lastTime.next(),
    });
  }
}

/** Beside the local socket, which is named by the port. */
const timeFileOf = ({ unixDir, name }: CheckedOptions): string | null =>
  unixDir === null ? null : join(unixDir, `sspd-${name.replaceAll('/', '-')}.time`);

const namesOf = (daemons: readonly DaemonId[]): string[] => daemons.map(({ name }) => name);

/** What cannot change while the daemon runs. */
const FIXED = ['name', 'id', 'engine', 'corosync', 'listen', 'tls', 'unixDir', 'monitor'] as const;

const portOf = (listeners: readonly Server[]): { host: string; port: number }[] =>
  listeners
    .map((listener) => listener.address())
    .filter((address): address is AddressInfo => typeof address === 'object' && address !== null)
    .map(({ address, port }) => ({ host: address, port }));

/** Starts a daemon in this process; `await using` ends it. */
export const createDaemon = async (options: DaemonOptions = {}): Promise<Daemon> =>
  await Daemon.start(options);

const randomKey = (): HashKey => {
  const bytes = randomBytes(8);
  return [bytes.readInt32LE(0), bytes.readInt32LE(4)];
};
