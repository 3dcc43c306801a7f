/** What `createDaemon` takes, checked. */
import { hostname } from 'node:os';
import { z } from 'zod';
import { IllegalParamError } from '../lib/errors.js';
import { MIN_SILENCE_TIMEOUT } from '../lib/silence/limits.js';
import { DEFAULT_PORT, MAX_DAEMON_NAME } from '../lib/wire/limits.js';
import { isDaemonName } from '../lib/wire/name.js';
import { type Method, METHODS } from './access/access.js';
import type { AccessFiles } from './access/load.js';
import { daemonId } from './config/daemon-id.js';
import { CLIENT_ADDRESS, isClientAddress, isLinkAddress, MAX_ANNOUNCED, MAX_LINKS } from './config/places.js';
import type { EngineOptions } from './engine/create.js';
import type { Engine } from './engine/port.js';
import { type Logger, silentLogger } from './log/logger.js';
import { optionFaults, show } from './option-fault.js';
import { defaultLimits, type SessionLimits } from './session/limits.js';
import { type WebOptions, webSchema } from './web-options.js';

const count = z.number().int().min(0);
/** Milliseconds; more than a timer can hold would fire at once. */
const time = count.max(0x7fff_ffff);
const port = z.number().int().min(0).max(65_535);
const path = z.string().min(1);
const method = z.enum(METHODS);

const link = z.strictObject({
  name: z.string().refine(isDaemonName, '1 to 19 characters from "$" to "~"'),
  url: z.string().refine(isLinkAddress, 'an address with http:// or https://'),
});

const engines = z.enum(['solo', 'corosync']);

const corosyncOptions = z.strictObject({
  group: z.string().regex(/^[!-~]{1,127}$/, '1 to 127 visible ASCII characters'),
  silenceTimeoutMs: time.min(1000),
  library: path.nullable(),
});

const limits = z.strictObject({
  maxSessions: count,
  maxSessionsPerAddress: count,
  maxHandshakes: count.min(1),
  handshakeTimeoutMs: time,
  clientSilenceTimeoutMs: time.min(MIN_SILENCE_TIMEOUT),
  authFailureDelayMs: time,
  maxSessionMessages: count,
  maxSessionBytes: count,
  maxTotalBytes: count,
  maxGroups: count,
  maxMemberships: count,
  maxGroupMembers: count,
  maxPlainView: count,
} satisfies Record<keyof SessionLimits, z.ZodType>);

const schema = z.strictObject({
  name: z.string().refine(isDaemonName, '1 to 19 characters from "$" to "~"'),
  id: z.number().int().optional(),
  engine: engines,
  corosync: corosyncOptions,
  listen: z.array(z.strictObject({ host: path, port })),
  tls: z
    .strictObject({ port, certificateFile: path, keyFile: path, clientCaFile: path.nullable().default(null) })
    .nullable(),
  web: webSchema.nullable(),
  unixDir: path.nullable(),
  unixPath: path.nullable(),
  allowedAuthMethods: z.array(method),
  requiredAuthMethods: z.array(method),
  ipFile: path.nullable(),
  passwordFile: path.nullable(),
  groupFile: path.nullable(),
  cleartextPasswords: z.boolean(),
  clientExtension: z.boolean(),
  resume: z.boolean(),
  resumeWindowMs: time.min(1000),
  resumeBufferBytes: count,
  resumeTimeoutMs: time,
  resumeKeyFile: path.nullable(),
  announce: z.array(z.string().refine(isClientAddress, CLIENT_ADDRESS)).max(MAX_ANNOUNCED),
  drainTimeMs: time,
  monitor: z
    .strictObject({
      endpoint: z.union([z.strictObject({ host: path, port }), z.strictObject({ path })]),
      token: z.string().min(1).nullable().default(null),
      console: z.boolean().default(true),
      links: z.array(link).max(MAX_LINKS).default([]),
      daemons: z.array(z.string()).default([]),
    })
    .nullable(),
  limits,
});

export type CheckedOptions = z.output<typeof schema>;

/** The options of `createDaemon`; each has a default. */
export interface DaemonOptions {
  /** 1 to 19 characters from `$` to `~`; default the host's name, cut to that form. */
  readonly name?: string;
  /** 32-bit identity of the daemon in group ids; default a hash of the name. */
  readonly id?: number;
  /** What orders the messages; default `solo`: this daemon alone. */
  readonly engine?: z.infer<typeof engines>;
  /** For the engine `corosync`. */
  readonly corosync?: {
    /** Daemons of the same group form one cluster; default `ssp-toolkit`. */
    readonly group?: string;
    /** Milliseconds without a message after which a daemon is excluded until it sends one; default 5000. */
    readonly silenceTimeoutMs?: number;
    /** File of libcpg; default the one that the system finds. */
    readonly library?: string | null;
  };
  /** TCP listeners; default 127.0.0.1:4803. Port 0 takes a free one. */
  readonly listen?: readonly {
    /** Address or name of the host. */
    readonly host: string;
    /** 0 to 65535. */
    readonly port: number;
  }[];
  /** One more port on the same hosts, with TLS 1.3; files are PEM. With `clientCaFile` clients need a certificate. */
  readonly tls?: {
    /** 1 to 65535; 0 takes a free one. */
    readonly port: number;
    /** Certificate of the daemon. */
    readonly certificateFile: string;
    /** Its key. */
    readonly keyFile: string;
    /** Authority of the clients' certificates; null, the default: clients need none. */
    readonly clientCaFile?: string | null;
  } | null;
  /** A port for browsers, which speak WebSocket; default none. */
  readonly web?: WebOptions | null;
  /** Directory of the local socket, which is named after the first TCP port; null (the default) for none. */
  readonly unixDir?: string | null;
  /** The local socket itself, in place of `unixDir`: for a daemon without TCP, `listen: []`; null (the default) for none. */
  readonly unixPath?: string | null;
  /** Authentication methods offered; default NULL alone. With an empty list no client can connect. */
  readonly allowedAuthMethods?: readonly Method[];
  /** Methods that everybody must pass in addition; default none. */
  readonly requiredAuthMethods?: readonly Method[];
  /** Rules of the method IP; default `spread.access_ip` here, then in `/etc`. */
  readonly ipFile?: string | null;
  /** Users and hashes of the method PWORD; default `spread.access_pword` here, then in `/etc`. */
  readonly passwordFile?: string | null;
  /** File of permissions to join groups and to send; default everybody may do everything. */
  readonly groupFile?: string | null;
  /** Allows PWORD without TLS from other machines; default false. */
  readonly cleartextPasswords?: boolean;
  /** Offers compact views and reconnecting to clients of this toolkit; default true. Other clients never see it. */
  readonly clientExtension?: boolean;
  /** Grants clients more of it than compact views; default true. */
  readonly resume?: boolean;
  /** Milliseconds after its end for which a client can come back to its session; from 1000, default 30 000. */
  readonly resumeWindowMs?: number;
  /**
   * Bytes of the last messages that are kept for clients that come back, so that they miss nothing; default 64 MiB. With 0
   * each return is a gap.
   */
  readonly resumeBufferBytes?: number;
  /**
   * Milliseconds for which a session is held at most when its connection is lost, if its client asks for that: it stays a
   * member of its groups, and others see nothing of it; default 10 000.
   */
  readonly resumeTimeoutMs?: number;
  /**
   * File of at least 32 bytes, the same at all daemons, with which the tokens of clients are sealed; null, the default:
   * a key that the daemons make and share among themselves.
   */
  readonly resumeKeyFile?: string | null;
  /**
   * Where clients reach this daemon, as they write it, for those of the other daemons; default none: each client gets the
   * address that it came to itself.
   */
  readonly announce?: readonly string[];
  /** Milliseconds that clients have to go to another daemon when `drain` is called; default 5000. */
  readonly drainTimeMs?: number;
  /** The HTTP monitor; default none. Beyond loopback it needs a token. */
  readonly monitor?: {
    /** A TCP address, or the path of a local socket. */
    readonly endpoint:
      | {
          /** Address or name of the host. */
          readonly host: string;
          /** 0 to 65535; 0 takes a free one. */
          readonly port: number;
        }
      | {
          /** Path of the local socket. */
          readonly path: string;
        };
    /** What clients show as `Authorization: Bearer TOKEN`: visible ASCII characters; null, the default, for none. */
    readonly token?: string | null;
    /** Whether it has `/console`, a live page, and `/feed`, its source; default true. */
    readonly console?: boolean;
    /** Consoles of other daemons, to which that page links; default none. */
    readonly links?: readonly {
      /** Name of the daemon. */
      readonly name: string;
      /** Address of its console, with http:// or https://. */
      readonly url: string;
    }[];
    /** Names of daemons of the cluster, which the page shows also when they were never seen; default none. */
    readonly daemons?: readonly string[];
  } | null;
  /** Limits of sessions; each has a default. */
  readonly limits?: Partial<SessionLimits>;
  /** Default: silence. A pino logger fits. */
  readonly logger?: Logger;
}

/** The host's name in the form of a daemon name: illegal characters become `-`, cut to 19. */
export function hostDaemonName(host = hostname()): string {
  const legal = host.replace(/[^$-~]/g, '-').slice(0, MAX_DAEMON_NAME);
  return legal === '' ? 'localhost' : legal;
}

const ENGINE = Symbol('engine');

/**
 * @internal Has the daemon use this engine, a simulated one, under the name and the id of the options. The option
 * `engine` only says what it is called.
 */
export const withEngine = (options: DaemonOptions, engine: Engine): DaemonOptions =>
  Object.defineProperty(options, ENGINE, { value: engine, configurable: true });

/** @internal The one that `withEngine` has given. */
export const givenEngine = (options: DaemonOptions): Engine | undefined =>
  (options as { readonly [ENGINE]?: Engine })[ENGINE];

/** Which files the access control reads. */
export const accessFilesOf = (options: CheckedOptions): AccessFiles => ({
  allowed: options.allowedAuthMethods,
  required: options.requiredAuthMethods,
  ipFile: options.ipFile,
  passwordFile: options.passwordFile,
  groupFile: options.groupFile,
  cleartextPasswords: options.cleartextPasswords,
});

/** Which engine, for whom. */
export const engineOptionsOf = ({ name, id, engine, corosync }: CheckedOptions): EngineOptions => ({
  name,
  id: id ?? daemonId(name),
  engine,
  corosync,
});

const LOGGER_CALLS = ['debug', 'info', 'warn', 'error'] as const;

/**
 * Where the daemon logs to.
 * @throws IllegalParamError
 */
export function loggerOf(options: DaemonOptions): Logger {
  const logger: unknown = isObject(options) ? options.logger : undefined;
  if (logger === undefined) return silentLogger;
  const calls = Object(logger) as Record<string, unknown>;
  if (LOGGER_CALLS.every((call) => typeof calls[call] === 'function')) return logger as Logger;
  throw new IllegalParamError(
    `logger: expected an object with the functions ${LOGGER_CALLS.join(', ')}, got ${show(logger)}`,
  );
}

/** @throws IllegalParamError that says what was expected, and what was got */
export function checkOptions(options: DaemonOptions): CheckedOptions {
  const given = isObject(options) ? withAllDefaults(options) : options;
  const result = schema.safeParse(given);
  if (result.success) return onePlace(result.data);
  throw new IllegalParamError(optionFaults(schema, given, result.error));
}

/** @throws IllegalParamError for two local sockets */
function onePlace(options: CheckedOptions): CheckedOptions {
  if (options.unixDir === null || options.unixPath === null) return options;
  throw new IllegalParamError('expected unixDir or unixPath, got both');
}

function withAllDefaults(given: DaemonOptions): object {
  const { logger: _, ...options } = given;
  return {
    name: hostDaemonName(),
    engine: 'solo',
    listen: [{ host: '127.0.0.1', port: DEFAULT_PORT }],
    tls: null,
    web: null,
    unixDir: null,
    unixPath: null,
    allowedAuthMethods: ['NULL'],
    requiredAuthMethods: [],
    ipFile: null,
    passwordFile: null,
    groupFile: null,
    cleartextPasswords: false,
    clientExtension: true,
    resume: true,
    resumeWindowMs: 30_000,
    resumeBufferBytes: 64 * 1024 * 1024,
    resumeTimeoutMs: 10_000,
    resumeKeyFile: null,
    announce: [],
    drainTimeMs: 5000,
    monitor: null,
    ...stated(options),
    corosync: withDefaults({ group: 'ssp-toolkit', silenceTimeoutMs: 5000, library: null }, options.corosync),
    limits: withDefaults(defaultLimits, options.limits),
  };
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Without those that are undefined, as for a variable of the environment that is not there. */
const stated = (options: object): object =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

/** What is no object stays what it is, for the check. */
const withDefaults = (defaults: object, given: unknown): unknown =>
  given === undefined || isObject(given) ? { ...defaults, ...stated(given ?? {}) } : given;
