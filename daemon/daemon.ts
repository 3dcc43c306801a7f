/** The daemon as an object: engine, core, sessions and listeners wired together. */
import type { AddressInfo, Server } from 'node:net';
import { hostname } from 'node:os';
import { z } from 'zod';
import { DEFAULT_PORT, MAX_DAEMON_NAME } from '../lib/wire/limits.js';
import { isDaemonName } from '../lib/wire/name.js';
import { daemonId } from './config/daemon-id.js';
import { Core } from './core/core.js';
import type { Engine, View } from './engine/port.js';
import { SoloEngine } from './engine/solo.js';
import type { Counters } from './monitor/counters.js';
import { type Logger, silentLogger } from './monitor/logger.js';
import { defaultLimits, type SessionLimits } from './session/limits.js';
import { listenTcp, listenUnix, unixPath } from './session/listener.js';
import { SessionServer } from './session/server.js';

const count = z.number().int().min(0);
/** A timer that is set for longer runs out at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

const daemonOptions = z.strictObject({
  name: z.string().refine(isDaemonName, 'a daemon name has 1 to 19 characters from "$" to "~"'),
  id: z.number().int().optional(),
  listen: z.array(z.strictObject({ host: z.string().min(1), port: z.number().int().min(0).max(65_535) })),
  unixDir: z.string().min(1).nullable(),
  allowedAuthMethods: z.array(z.enum(['NULL'])),
  requiredAuthMethods: z.array(z.enum(['NULL'])),
  limits: z.strictObject({
    maxSessions: count,
    handshakeTimeout: count.max(LONGEST_TIMER),
    maxSessionMessages: count,
    maxSessionBytes: count,
  }),
});

/** What `createDaemon` takes; everything has a default. */
export interface DaemonOptions {
  /** 1 to 19 characters from `$` to `~`; default the host's name, cut to that form. */
  readonly name?: string;
  /** 32-bit identity of the daemon in group ids; default a hash of the name. */
  readonly id?: number;
  /** TCP listeners; default 127.0.0.1:4803. Port 0 takes a free one. */
  readonly listen?: readonly { readonly host: string; readonly port: number }[];
  /** Directory of the local socket, which is named after the first TCP port; null (the default) for none. */
  readonly unixDir?: string | null;
  /** Authentication methods offered; default NULL alone. An empty list lets nobody in. */
  readonly allowedAuthMethods?: readonly 'NULL'[];
  /** Methods that everybody must pass in addition; default none. */
  readonly requiredAuthMethods?: readonly 'NULL'[];
  readonly limits?: Partial<SessionLimits>;
  /** Default: silence. A pino logger fits. */
  readonly logger?: Logger;
}

/** The host's name in the form of a daemon name: illegal characters become `-`, cut to 19. */
export function hostDaemonName(host = hostname()): string {
  const legal = host.replace(/[^$-~]/g, '-').slice(0, MAX_DAEMON_NAME);
  return legal === '' ? 'localhost' : legal;
}

export class Daemon implements AsyncDisposable {
  readonly name: string;
  private readonly core: Core;
  private readonly engine: Engine;
  private readonly server: SessionServer;
  private readonly listeners: Server[] = [];
  private unixSocket: string | null = null;
  private stopping: Promise<void> | null = null;

  private constructor(
    private readonly options: z.infer<typeof daemonOptions>,
    private readonly log: Logger,
  ) {
    this.name = options.name;
    const { name } = options;
    this.engine = new SoloEngine({
      name,
      node: options.id ?? daemonId(name),
      pid: process.pid,
      time: Math.floor(Date.now() / 1000),
    });
    this.core = new Core(name, this.engine);
    const methods = { allowed: options.allowedAuthMethods, required: options.requiredAuthMethods };
    this.server = new SessionServer(this.core, options.limits, log, methods);
    this.engine.on('message', ({ payload }) => this.core.deliver(payload));
    this.engine.on('view', (view) => this.install(view));
    this.engine.on('drain', () => this.server.resume());
  }

  /**
   * Starts a daemon.
   * @throws ZodError for options out of range, ListenError when an address cannot be had
   */
  static async start(options: DaemonOptions = {}): Promise<Daemon> {
    const { logger = silentLogger, ...rest } = options;
    const parsed = daemonOptions.parse({
      name: hostDaemonName(),
      listen: [{ host: '127.0.0.1', port: DEFAULT_PORT }],
      unixDir: null,
      allowedAuthMethods: ['NULL'],
      requiredAuthMethods: [],
      ...rest,
      limits: { ...defaultLimits, ...rest.limits },
    });
    const daemon = new Daemon(parsed, logger);
    try {
      await daemon.open();
    } catch (error) {
      await daemon.stop();
      throw error;
    }
    return daemon;
  }

  /** The TCP port of the first listener; 0 without one. */
  get port(): number {
    return this.addresses[0]?.port ?? 0;
  }

  /** Where clients reach the daemon over TCP, with the real ports. */
  get addresses(): { host: string; port: number }[] {
    const open = this.listeners.map((listener) => listener.address());
    return open
      .filter((address): address is AddressInfo => typeof address === 'object' && address !== null)
      .map(({ address, port }) => ({ host: address, port }));
  }

  /** Path of the local socket, or null. */
  get unixPath(): string | null {
    return this.unixSocket;
  }

  /** Live numbers; read, do not change. */
  get counters(): Readonly<Counters> {
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

  /** Stops listening, ends every session (clients see the end of the stream), removes the local socket. */
  async stop(): Promise<void> {
    this.stopping ??= this.close();
    await this.stopping;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private async open(): Promise<void> {
    await this.engine.start();
    const { listen, unixDir } = this.options;
    const accept = this.server.accept.bind(this.server);
    for (const { host, port } of listen) this.listeners.push(await listenTcp(host, port, accept));
    if (unixDir !== null) {
      const path = unixPath(unixDir, this.port);
      this.listeners.push(await listenUnix(path, accept));
      this.unixSocket = path;
    }
    for (const listener of this.listeners) {
      listener.on('error', (error) => this.log.error({ error: error.message }, 'listener'));
    }
    this.log.info({ name: this.name, addresses: this.addresses, unix: this.unixSocket }, 'listening');
  }

  private async close(): Promise<void> {
    const closed = this.listeners.map(
      (listener) => new Promise<void>((resolve) => listener.close(() => resolve())),
    );
    await this.server.stop();
    await Promise.all(closed);
    await this.engine.stop();
    this.log.info({ name: this.name }, 'stopped');
  }

  private install({ id, members }: View): void {
    this.core.install({
      daemons: members.map(({ name }) => name),
      first: members[0]?.node ?? 0,
      time: Number(BigInt.asIntN(32, id.tag)),
    });
  }
}

/** Starts a daemon in this process; `await using` ends it. */
export const createDaemon = async (options: DaemonOptions = {}): Promise<Daemon> => await Daemon.start(options);
