/** From command line and configuration file to the options of a daemon. What the command line says counts more. */
import { readFile } from 'node:fs/promises';
import { DEFAULT_PORT } from '../../lib/wire/limits.js';
import type { Method } from '../access/access.js';
import { AccessFileError } from '../access/lines.js';
import { DEFAULT_HOST, type Flags } from './command-line.js';
import type { Configuration } from '../config/index.js';
import { defaultUnixDir } from '../config/places.js';
import type { LogLevel } from '../log/logger.js';
import type { DaemonOptions } from '../options.js';

export interface ResolvedConfig {
  readonly options: DaemonOptions;
  readonly logLevel: LogLevel;
  readonly logFile: string | null;
  /** One line each, for the log. */
  readonly warnings: readonly string[];
  /** Options of the file that change nothing in this daemon. */
  readonly withoutEffect: readonly string[];
}

/** @throws ConfigurationError, AccessFileError */
export async function resolveConfig(flags: Flags): Promise<ResolvedConfig> {
  const { config, name, hostName } = flags;
  if (config === undefined) {
    const monitor = flags.monitor === undefined ? {} : { monitor: { endpoint: flags.monitor } };
    const web = webOf(flags, null);
    const alone = { ...placesOf(flags, null), ...monitor, web, ...(name === undefined ? {} : { name }) };
    return { options: alone, logLevel: flags.log ?? 'info', logFile: null, warnings: [], withoutEffect: [] };
  }
  // A daemon without a file loads nothing of its language.
  const { loadConfiguration } = await import('../config/index.js');
  const file = await loadConfiguration({ file: config, name, hostName });
  return {
    options: { ...(await optionsOf(file, flags)), ...placesOf(flags, file) },
    logLevel: flags.log ?? file.logLevel,
    logFile: file.logFile,
    warnings: file.warnings,
    withoutEffect: file.withoutEffect,
  };
}

/** Where clients come in. */
function placesOf(flags: Flags, file: Configuration | null): Pick<DaemonOptions, 'listen' | 'unixDir'> {
  const unixDir = flags.unixDir ?? (file ? (file.unixDir ?? '') : defaultUnixDir());
  const host = flags.host ?? file?.listen[0]?.host ?? DEFAULT_HOST;
  const port = flags.port ?? file?.port ?? DEFAULT_PORT;
  const isGiven = flags.host !== undefined || flags.port !== undefined;
  const listen = file && !isGiven ? file.listen : [{ host, port }];
  return { listen, unixDir: unixDir === '' ? null : unixDir };
}

async function optionsOf(file: Configuration, flags: Flags): Promise<DaemonOptions> {
  const { tls } = file;
  const monitor = flags.monitor ?? file.monitor;
  // For another host its token is there, and not here.
  const tokenFile = flags.hostName === undefined ? file.monitorTokenFile : null;
  return {
    name: file.name,
    id: file.id,
    engine: file.engine,
    corosync: file.corosync,
    tls,
    web: webOf(flags, file.web),
    // The schema of the configuration lets no other names through.
    allowedAuthMethods: file.allowedAuthMethods as readonly Method[],
    requiredAuthMethods: file.requiredAuthMethods as readonly Method[],
    ipFile: file.ipFile,
    passwordFile: file.passwordFile,
    groupFile: file.groupFile,
    cleartextPasswords: file.cleartextPasswords,
    clientExtension: file.clientExtension,
    resume: file.resume,
    resumeWindowMs: file.resumeWindowMs,
    resumeBufferBytes: file.resumeBufferBytes,
    resumeTimeoutMs: file.resumeTimeoutMs,
    resumeKeyFile: file.resumeKeyFile,
    announce: file.announce,
    drainTimeMs: file.drainTimeMs,
    monitor: monitor && {
      endpoint: monitor,
      token: await tokenOf(tokenFile),
      console: file.monitorConsole,
      links: file.monitorLinks,
      daemons: file.daemons.map((daemon) => daemon.name),
    },
    limits: {
      maxSessions: file.maxSessions,
      maxSessionsPerAddress: file.maxSessionsPerAddress,
      maxHandshakes: file.maxHandshakes,
      handshakeTimeoutMs: file.handshakeTimeoutMs,
      clientSilenceTimeoutMs: file.clientSilenceTimeoutMs,
      authFailureDelayMs: file.authFailureDelayMs,
      maxSessionMessages: file.maxSessionMessages,
      maxSessionBytes: file.maxSessionBytes,
      maxTotalBytes: file.maxTotalBytes,
      maxGroups: file.maxGroups,
      maxMemberships: file.maxMemberships,
      maxGroupMembers: file.maxGroupMembers,
      maxPlainView: file.maxPlainView,
    },
  };
}

type WebPort = NonNullable<DaemonOptions['web']> | null;

/** Where browsers come in; null for nowhere. */
function webOf(flags: Flags, file: WebPort): WebPort {
  const port = flags.web ?? file?.port;
  if (port === undefined) return null;
  return { ...file, port, ...(flags.webOrigin && { origins: flags.webOrigin }) };
}

async function tokenOf(path: string | null): Promise<string | null> {
  if (path === null) return null;
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new AccessFileError(`cannot be read (${error.code})`, path);
  });
  const token = text.trim();
  if (token === '') throw new AccessFileError('contains no token', path);
  return token;
}
