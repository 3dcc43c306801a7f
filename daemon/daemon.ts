/** The daemon as an object: its wired parts, its listeners and its monitor. */
import { randomBytes } from 'node:crypto';
import type { AddressInfo, Server, Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { deferred } from '../lib/util/deferred.js';
import { loadAccess } from './access/load.js';
import type { Core } from './core/core.js';
import type { HashKey } from './core/name-table.js';
import { RESUME_KEY_BYTES, type ResumeKey } from './core/resume-keys.js';
import type { Engine, View } from './engine/port.js';
import { LiveStatus } from './live-status.js';
import type { Logger } from './log/logger.js';
import type { Monitor } from './monitor/http.js';
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
import type { WebListener, WebListenOptions } from './net/websocket/listener.js';
import type { TokenKeyFiles, TokenKeys } from './net/websocket/token-keys.js';
import {
  type CheckedOptions,
  type DaemonOptions,
  accessFilesOf,
  checkOptions,
  engineOptionsOf,
  loggerOf,
} from './options.js';
import { type Prepared, prepare } from './prepare.js';
import type { SessionServer } from './session/server.js';
import { CoreSlices } from './slices.js';
import { ViewTimeFile } from './view-time-file.js';
import { Wiring } from './wiring.js';

/** A running daemon. Made by `createDaemon`. */
export class Daemon implements AsyncDisposable {
  /** Its name, 1 to 19 characters. */
  readonly name: string;
  /** What can be seen of it. */
  readonly status: DaemonStatus;
  private readonly live: LiveStatus;
  private readonly over = deferred<Error | null>();
  /** Resolves when the daemon has stopped: with what ended it, or null when it was asked to. */
  readonly ended = this.over.promise;
  private options: CheckedOptions;
  private readonly tlsFiles: TlsFiles | null;
  private readonly webOptions: WebListenOptions | null;
  private readonly engine: Engine;
  private readonly wiring: Wiring;
  private readonly core: Core;
  private readonly server: SessionServer;
  private readonly listeners: Server[] = [];
  private tlsListeners: Server[] = [];
  private unixSocket: string | null = null;
  private web: WebListener | null = null;
  private monitor: Monitor | null = null;
  private draining: Promise<void> | null = null;
  private stopping: Promise<void> | null = null;
  private closing: Promise<unknown> | null = null;
  private failure: Error | null = null;
  private isOpen = false;
  private readonly lastTime: ViewTimeFile;
  private reloading: Promise<unknown> = Promise.resolve();

  private constructor(
    { options, rules, tls, web, engine, resumeKey }: Prepared,
    private readonly log: Logger,
  ) {
    this.options = options;
    this.tlsFiles = tls;
    this.webOptions = web;
    this.engine = engine;
    const { name, id } = engineOptionsOf(options);
    this.name = name;
    this.lastTime = new ViewTimeFile(timeFileOf(options), log);
    const { announce, limits } = options;
    this.wiring = new Wiring({
      self: { name, id, hashKey: randomKey(), resumeKey: randomResumeKey(), addresses: announce },
      engine,
      slices: (core) => new CoreSlices(core),
      limits,
      rules,
      log,
      viewTime: this.lastTime,
      observer: {
        installing: (view) => this.noteView(view),
        failed: (error) => void this.fail(error),
      },
    });
    const { core, server } = this.wiring;
    this.core = core;
    this.server = server;
    this.server.attachments.key = resumeKey;
    this.wiring.offer(options);
    this.live = new LiveStatus(this, core, engine, server, () => this.options);
    this.status = this.live;
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

  /** Port of the listener for browsers; 0 without one. */
  get webPort(): number {
    return this.web?.port ?? 0;
  }

  /** WebSockets now. */
  get webSockets(): number {
    return this.web?.size ?? 0;
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

  /**
   * Asks the clients that can to go to another daemon, waits for them, but not longer than `drainTimeMs`, and stops. Without
   * other daemons, or such clients, it stops at once.
   */
  async drain(): Promise<void> {
    this.draining ??= this.sendAway();
    await this.draining;
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

  private async sendAway(): Promise<void> {
    const { moves } = this.server;
    const { drainTimeMs } = this.options;
    if (this.isOpen && this.stopping === null && drainTimeMs > 0 && moves.hasPeers && moves.size > 0) {
      this.log.info({ clients: moves.size, drainTimeMs }, 'drain started');
      void this.stopListening();
      await moves.drain(drainTimeMs);
      this.log.info({ clients: moves.size }, 'drain ended');
    }
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
    const path = this.options.unixPath ?? (unixDir === null ? null : unixPath(unixDir, this.port));
    if (path !== null) {
      this.listeners.push(await listenUnix(path, accept));
      this.unixSocket = path;
    }
    for (const listener of [...this.listeners, ...this.tlsListeners]) {
      listener.on('error', (error) => this.log.error({ error: error.message }, 'connection not accepted'));
    }
    // What few daemons have is loaded by those that have it.
    if (this.webOptions) {
      const { listenWeb } = await import('./net/websocket/listener.js');
      this.web = await listenWeb(this.webOptions, this.server, this.log);
    }
    if (monitor) {
      const { openMonitor } = await import('./monitor/http.js');
      this.monitor = await openMonitor({ ...monitor, status: this.status, log: this.log });
    }
    await tellLateEnds(this.log);
    const descriptors = await descriptorLimit();
    const { maxSessions } = this.options.limits;
    if (descriptors !== null && descriptors < maxSessions + RESERVED_DESCRIPTORS) {
      this.log.warn({ descriptors, maxSessions }, 'open-file limit is below maxSessions');
    }
    if (this.failure) throw this.failure;
    if (unixDir !== null) await this.clean(unixDir);
    this.isOpen = true;
    const web = this.web && { webPort: this.webPort };
    this.log.info({ name: this.name, addresses: this.addresses, unix: this.unixSocket, ...web }, 'listening');
  }

  /** What daemons that were killed have left, each under a port of its own. */
  private async clean(unixDir: string): Promise<void> {
    const removed = await removeDeadSockets(unixDir);
    if (removed.length > 0) this.log.info({ removed }, 'dead sockets removed');
  }

  private async close(): Promise<void> {
    const closed = this.stopListening();
    await this.monitor?.close();
    await this.server.stop();
    await this.web?.close();
    await closed;
    await this.engine.stop();
    this.lastTime.close();
  }

  /** Takes no connection any more. Resolves when those that there are have ended. */
  private async stopListening(): Promise<void> {
    this.closing ??= Promise.all([
      this.web?.stopListening(),
      ...[...this.listeners, ...this.tlsListeners].map(
        (listener) => new Promise<void>((resolve) => listener.close(() => resolve())),
      ),
    ]);
    await this.closing;
  }

  private async takeOver(options: DaemonOptions): Promise<string[]> {
    const checked = checkOptions(options);
    const rules = await loadAccess(accessFilesOf(checked));
    const keys = this.options.web && (await loadKeys(this.options.web));
    const fixed = FIXED.filter(
      (name) => JSON.stringify(checked[name]) !== JSON.stringify(this.options[name]),
    );
    const kept = Object.fromEntries(FIXED.map((name) => [name, this.options[name]]));
    this.options = { ...checked, ...kept };
    this.server.reload(checked.limits, rules);
    this.wiring.offer(checked);
    this.web?.reload(keys);
    this.live.reloaded();
    return fixed;
  }

  private noteView(view: View): void {
    const { id, members } = view;
    this.live.installed(view);
    if (this.options.engine === 'solo') return;
    const names = members.map(({ name }) => name);
    this.log.info({ view: id.text, members: names }, 'daemon view installed');
  }
}

/** Beside the local socket. */
function timeFileOf({ unixDir, unixPath: path, name }: CheckedOptions): string | null {
  const directory = path === null ? unixDir : dirname(path);
  return directory === null ? null : join(directory, `sspd-${name.replaceAll('/', '-')}.time`);
}

/** What cannot change while the daemon runs. */
const FIXED = [
  'resumeKeyFile',
  'resumeBufferBytes',
  'announce',
  'name',
  'id',
  'engine',
  'corosync',
  'listen',
  'tls',
  'web',
  'unixDir',
  'unixPath',
  'monitor',
] as const;

const portOf = (listeners: readonly Server[]): { host: string; port: number }[] =>
  listeners
    .map((listener) => listener.address())
    .filter((address): address is AddressInfo => typeof address === 'object' && address !== null)
    .map(({ address, port }) => ({ host: address, port }));

/** Starts a daemon in this process; `await using` ends it. */
export const createDaemon = async (options: DaemonOptions = {}): Promise<Daemon> =>
  await Daemon.start(options);

async function loadKeys(files: TokenKeyFiles): Promise<TokenKeys | null> {
  const { TokenKeys } = await import('./net/websocket/token-keys.js');
  return await TokenKeys.load(files);
}

const randomKey = (): HashKey => {
  const bytes = randomBytes(8);
  return [bytes.readInt32LE(0), bytes.readInt32LE(4)];
};

const randomResumeKey = (): ResumeKey => ({
  id: randomBytes(4).readUInt32LE(0),
  key: randomBytes(RESUME_KEY_BYTES),
});
