/** Which of the file's daemons this one is [daemon 4.3], and the configuration seen from there. */
import { hostname } from 'node:os';
import { MAX_DAEMON_NAME } from '../../lib/wire/limits.js';
import { canonicalAddress, isUnspecified, unspecified } from './address.js';
import { ConfigurationError, show } from './error.js';
import type { Options } from './options.js';
import type { ConsoleLink, Endpoint } from './places.js';
import type { ResolvedConfiguration, ResolvedDaemon } from './resolve.js';

export interface DaemonEntry {
  readonly name: string;
  readonly address: string;
  /** Unsigned, 32 bit. */
  readonly id: number;
  /** Position of its segment in the file, from 0. */
  readonly segment: number;
}

/** Paths are as given. */
export interface TlsConfiguration {
  readonly port: number;
  readonly certificateFile: string;
  readonly keyFile: string;
  /** Given, clients need a certificate. */
  readonly clientCaFile: string | null;
}

/** The port for browsers. */
export interface WebConfiguration {
  readonly port: number;
  /** Null: the hosts that other clients come to. */
  readonly host: string | null;
  /** Paths; null without TLS. */
  readonly tls: { readonly certificateFile: string; readonly keyFile: string } | null;
  readonly behindProxy: boolean;
  readonly origins: readonly string[];
  readonly secretFile: string | null;
  readonly keyFile: string | null;
  readonly audience: string | null;
  /** Null: what is safe where it listens. */
  readonly anonymous: boolean | null;
  readonly maxSockets: number;
  readonly maxMessageBytes: number;
  readonly maxBufferedBytes: number;
  readonly pingMs: number;
  readonly idleTimeoutMs: number;
  readonly compression: boolean;
}

export interface CorosyncConfiguration {
  /** Its name in Corosync. */
  readonly group: string;
  /** Milliseconds. */
  readonly silenceTimeoutMs: number;
  /** A file; null for what the system finds. */
  readonly library: string | null;
}

/** What the rest of the daemon gets. Plain data. */
export interface Configuration {
  /** The file that was read. */
  readonly file: string;
  /** Own name, as clients see it behind their private names. */
  readonly name: string;
  /** Own id. */
  readonly id: number;
  /** All daemons, this one too, in the order of the file. */
  readonly daemons: readonly DaemonEntry[];
  readonly engine: Options['Engine'];
  /** Counts with that engine only. */
  readonly corosync: CorosyncConfiguration;
  /** Of the own segment; the local socket is named by it. */
  readonly port: number;
  /** Where to listen for clients by TCP. */
  readonly listen: readonly { readonly host: string; readonly port: number }[];
  /** Directory of the local socket; null for none. */
  readonly unixDir: string | null;
  readonly maxSessionMessages: number;
  readonly maxSessionBytes: number;
  readonly maxSessions: number;
  /** Milliseconds. */
  readonly handshakeTimeoutMs: number;
  /** Clients in their handshake at one time. */
  readonly maxSessionsPerAddress: number;
  readonly maxHandshakes: number;
  /** Milliseconds. */
  readonly clientSilenceTimeoutMs: number;
  /** Milliseconds. */
  readonly authFailureDelayMs: number;
  readonly maxTotalBytes: number;
  readonly maxGroups: number;
  readonly maxMemberships: number;
  readonly maxGroupMembers: number;
  readonly maxPlainView: number;
  readonly clientExtension: boolean;
  readonly resume: boolean;
  readonly resumeWindowMs: number;
  readonly resumeBufferBytes: number;
  /** Milliseconds. */
  readonly resumeTimeoutMs: number;
  readonly resumeKeyFile: string | null;
  /** Where clients reach this daemon. */
  readonly announce: readonly string[];
  /** Milliseconds. */
  readonly drainTimeMs: number;
  /** NULL, IP, PWORD. */
  readonly allowedAuthMethods: readonly string[];
  readonly requiredAuthMethods: readonly string[];
  /** Paths; null for the usual places, and for no permissions. */
  readonly ipFile: string | null;
  readonly passwordFile: string | null;
  readonly groupFile: string | null;
  readonly cleartextPasswords: boolean;
  /** The listener with TLS; null for none. */
  readonly tls: TlsConfiguration | null;
  /** The listener for browsers; null for none. */
  readonly web: WebConfiguration | null;
  /** Where HTTP listens; null for nowhere. */
  readonly monitor: Endpoint | null;
  readonly monitorTokenFile: string | null;
  /** Whether it has a console. */
  readonly monitorConsole: boolean;
  /** Where the consoles of other daemons are. */
  readonly monitorLinks: readonly ConsoleLink[];
  /** Null for standard error. */
  readonly logFile: string | null;
  readonly logLevel: Options['EventPriority'];
  /** Names of the given options that change nothing in this daemon. To be named once at start. */
  readonly withoutEffect: readonly string[];
  /** One line each, to be logged at start. */
  readonly warnings: readonly string[];
}

export interface Host {
  /** The name given by `-n`. */
  readonly name?: string | undefined;
  readonly localAddresses: readonly string[];
  /** For `%h` in EventLogFile; that of this host unless given. */
  readonly hostName?: string;
  /** It is not this host: it may have more addresses than are known here. */
  readonly isElsewhere?: boolean;
}

/**
 * The daemon named `-n`, which must be on this host; without `-n` the first daemon in the file that is.
 * @throws ConfigurationError when there is none
 */
export function findOwn({ file, daemons }: ResolvedConfiguration, host: Host): ResolvedDaemon {
  const { name, localAddresses, hostName = '', isElsewhere = false } = host;
  const where = isElsewhere ? `the host ${show(hostName)}` : 'this host';
  const local = new Set(localAddresses.map(canonicalAddress));
  if (name === undefined) {
    const own = daemons.find(({ address }) => local.has(address));
    if (own) return own;
    throw new ConfigurationError(`no daemon has an address of ${where} (${[...local].join(' ')})`, file);
  }
  if (name.length > MAX_DAEMON_NAME) {
    throw new ConfigurationError(`the name ${show(name)} has more than ${MAX_DAEMON_NAME} characters`, file);
  }
  const own = daemons.find((daemon) => daemon.name === name);
  if (!own) throw new ConfigurationError(`no daemon is named ${show(name)}`, file);
  if (local.has(own.address)) return own;
  const problem = `${own.address}, the address of ${show(name)}, is not an address of ${where}`;
  throw new ConfigurationError(problem, file, own.addressPosition);
}

/**
 * The configuration as the own daemon needs it.
 * @throws ConfigurationError when the file does not describe a daemon that can run here
 */
export function selectOwn(resolved: ResolvedConfiguration, host: Host): Configuration {
  const { file, options, segments, withoutEffect, warnings } = resolved;
  const own = findOwn(resolved, host);
  const [, second] = resolved.daemons;
  if (second && options.Engine === 'solo') {
    const problem = 'several daemons need an engine that orders messages between them: Engine = corosync';
    throw new ConfigurationError(problem, file, second.position);
  }
  if (host.isElsewhere !== true) checkInterfacesAreLocal(own, host.localAddresses, file);
  const port = segments[own.segment]?.port ?? 0;
  const { AllowedAuthMethods: allowed, RequiredAuthMethods: required } = options;
  return {
    file,
    name: own.name,
    id: own.id,
    daemons: resolved.daemons.map(({ name, address, id, segment }) => ({ name, address, id, segment })),
    engine: options.Engine,
    corosync: {
      group: options.CorosyncGroup,
      silenceTimeoutMs: options.DaemonSilenceTimeout,
      library: options.CorosyncLibrary ?? null,
    },
    port,
    listen: clientAddresses(own, unspecified[resolved.family]).map((address) => ({ host: address, port })),
    unixDir: options.UnixSocketDir || null,
    maxSessionMessages: options.MaxSessionMessages,
    maxSessionBytes: options.MaxSessionBytes,
    maxSessions: options.MaxSessions,
    handshakeTimeoutMs: options.HandshakeTimeout,
    maxSessionsPerAddress: options.MaxSessionsPerAddress,
    maxHandshakes: options.MaxHandshakes,
    clientSilenceTimeoutMs: options.ClientSilenceTimeout,
    authFailureDelayMs: options.AuthFailureDelay,
    maxTotalBytes: options.MaxTotalBytes,
    maxGroups: options.MaxGroups,
    maxMemberships: options.MaxMemberships,
    maxGroupMembers: options.MaxGroupMembers,
    maxPlainView: options.MaxPlainView,
    clientExtension: options.ClientExtension,
    resume: options.Resume,
    resumeWindowMs: options.ResumeWindow,
    resumeBufferBytes: options.ResumeBuffer,
    resumeTimeoutMs: options.ResumeTimeout,
    resumeKeyFile: options.ResumeKeyFile ?? null,
    announce: announced(options.Announce ?? [], own.address, host),
    drainTimeMs: options.DrainTime,
    ipFile: options.AccessIpFile ?? null,
    passwordFile: options.AccessPasswordFile ?? null,
    groupFile: options.AccessGroupFile ?? null,
    cleartextPasswords: options.AllowCleartextPasswords,
    tls: tlsOf(options),
    web: webOf(options),
    monitor: options.MonitorAddress ?? null,
    monitorTokenFile: options.MonitorTokenFile ?? null,
    monitorConsole: options.MonitorConsole,
    monitorLinks: options.MonitorLinks ?? [],
    allowedAuthMethods: allowed ?? (required ? [] : ['NULL']),
    requiredAuthMethods: required ?? [],
    logFile: options.EventLogFile?.replaceAll(/%[hH]/g, () => host.hostName ?? hostname()) ?? null,
    logLevel: options.EventPriority,
    withoutEffect,
    warnings,
  };
}

/** One file can serve all hosts. */
const announced = (addresses: readonly string[], own: string, { hostName = hostname() }: Host): string[] =>
  addresses.map((address) =>
    address
      .replaceAll(/%[hH]/g, () => hostName)
      .replaceAll('%a', () => (own.includes(':') ? `[${own}]` : own)),
  );

/** The schema has seen to it that certificate and key are there with the port. */
function tlsOf(options: Options): TlsConfiguration | null {
  const { ClientTLSPort: port, TLSCertificateFile: certificateFile, TLSKeyFile: keyFile } = options;
  if (port === undefined || certificateFile === undefined || keyFile === undefined) return null;
  return { port, certificateFile, keyFile, clientCaFile: options.TLSClientCAFile ?? null };
}

/** The schema has seen to it that there are certificate and key with TLS, and not two places. */
function webOf(options: Options): WebConfiguration | null {
  const { WebSocketAddress: place, TLSCertificateFile: certificateFile, TLSKeyFile: keyFile } = options;
  const port = place?.port ?? options.WebSocketPort;
  if (port === undefined) return null;
  const hasTls = options.WebSocketTLS && certificateFile !== undefined && keyFile !== undefined;
  return {
    port,
    host: place?.host ?? null,
    tls: hasTls ? { certificateFile, keyFile } : null,
    behindProxy: options.WebSocketBehindProxy,
    origins: options.WebSocketOrigins,
    secretFile: options.WebSocketSecretFile ?? null,
    keyFile: options.WebSocketKeyFile ?? null,
    audience: options.WebSocketAudience ?? null,
    anonymous: options.WebSocketAnonymous ?? null,
    maxSockets: options.WebSocketMaxSockets,
    maxMessageBytes: options.WebSocketMaxMessage,
    maxBufferedBytes: options.WebSocketMaxBuffered,
    pingMs: options.WebSocketPing,
    idleTimeoutMs: options.WebSocketIdleTimeout,
    compression: options.WebSocketCompression,
  };
}

/** Those that serve clients, each once. The unspecified address covers all others, and cannot be bound beside them. */
function clientAddresses({ interfaces }: ResolvedDaemon, everywhere: string): readonly string[] {
  if (!interfaces) return [everywhere];
  const addresses = interfaces.filter(({ uses }) => uses.has('C')).map(({ address }) => address);
  return addresses.some(isUnspecified) ? [everywhere] : [...new Set(addresses)];
}

/** Spread 5.0.1 finds out when it cannot bind them. Either way the daemon does not start. */
function checkInterfacesAreLocal(
  { interfaces = [] }: ResolvedDaemon,
  local: readonly string[],
  file: string,
): void {
  const addresses = new Set(local.map(canonicalAddress));
  const stranger = interfaces.find(({ address }) => !isUnspecified(address) && !addresses.has(address));
  if (!stranger) return;
  const problem = `the interface ${stranger.address} is not an address of this host`;
  throw new ConfigurationError(problem, file, stranger.position);
}
