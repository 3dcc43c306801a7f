/** What the command line asks for: the daemon, run until a signal ends it; or a check of its configuration, or a hash. */
import type { Logger } from 'pino';
import { IllegalParamError } from '../../lib/errors.js';
import { PASSWORD_BYTES } from '../../lib/wire/handshake/authentication.js';
import { AccessFileError } from '../access/lines.js';
import { PasswordError, checkPassword, hashPassword } from '../access/passwords.js';
import { ConfigurationError } from '../config/error.js';
import { type Daemon, createDaemon } from '../daemon.js';
import { TransportError } from '../engine/corosync/transport/errors.js';
import { EngineError } from '../engine/port.js';
import { LogError, checkLog, openLog } from '../log/log-output.js';
import { silentLogger } from '../log/logger.js';
import { MonitorError } from '../monitor/endpoint.js';
import { ListenError } from '../net/tcp-address.js';
import { checkOptions } from '../options.js';
import { prepare } from '../prepare.js';
import { type Flags, USAGE_STATUS } from './command-line.js';
import { endOnSignals } from './end-signals.js';
import { InterruptedError, readPassword } from './password-input.js';
import { type ResolvedConfig, resolveConfig } from './resolved-config.js';

/** The cluster refused the daemon while it ran. */
const FAILED_STATUS = 1;

/** The first line of standard output: for people, and for scripts that look for `:PORT`. */
function greeting(daemon: Daemon): string {
  const places = [
    ...daemon.addresses.map(({ host, port }) =>
      host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
    ),
    ...(daemon.unixPath === null ? [] : [daemon.unixPath]),
  ];
  const browsers = daemon.webPort === 0 ? '' : `, for browsers on port ${daemon.webPort}`;
  return `sspd "${daemon.name}" listens on ${places.join(' and ')}${browsers}\n`;
}

async function run(flags: Flags): Promise<void> {
  // Before the first wait: each of these signals would end the process, or open the inspector of Node, which lets
  // anybody on this machine run code here.
  let log: Logger | null = null;
  process.on('SIGUSR1', () => log?.warn({ signal: 'SIGUSR1' }, 'signal ignored'));
  let hangUp = (): void => undefined;
  process.on('SIGHUP', () => hangUp());

  const start = await resolveConfig(flags);
  const opened = openLog(start.logLevel, start.logFile);
  log = opened.log;
  tell(start, log);
  const logger = log;
  const started = endOnSignals(logger);
  const daemon = await createDaemon({ ...start.options, logger });
  started(daemon);
  void watch(daemon);
  let reloaded = Promise.resolve();
  hangUp = () => {
    opened.reopen();
    reloaded = reloaded.then(() => reload(flags, daemon, logger));
  };
  process.stdout.on('error', () => undefined);
  process.stdout.write(greeting(daemon));
}

async function watch(daemon: Daemon): Promise<void> {
  if ((await daemon.ended) !== null) process.exitCode = FAILED_STATUS;
}

function tell({ warnings, withoutEffect }: ResolvedConfig, log: Logger): void {
  for (const warning of warnings) log.warn(warning);
  if (withoutEffect.length > 0) log.info({ options: withoutEffect }, 'options without effect');
}

/** All or nothing: a bad file changes nothing and says so. */
async function reload(flags: Flags, daemon: Daemon, log: Logger): Promise<void> {
  try {
    const start = await resolveConfig(flags);
    const fixed = await daemon.reload(start.options);
    log.level = start.logLevel;
    tell(start, log);
    log.info('configuration reloaded');
    if (fixed.length > 0) log.warn({ options: fixed }, 'restart required for these options');
  } catch (error) {
    log.error({ error: explain(error) ?? String(error) }, 'configuration not reloaded; nothing changed');
  }
}

/**
 * All that a start does before it opens anything. For another host the file alone is checked: what it names is there,
 * and not here.
 */
async function check(flags: Flags): Promise<void> {
  const { options, logLevel, logFile, warnings, withoutEffect } = await resolveConfig(flags);
  const isElsewhere = flags.hostName !== undefined;
  if (!isElsewhere) checkLog(logFile);
  const prepared = isElsewhere
    ? { options: checkOptions(options), warnings: [] }
    : await prepare(options, silentLogger);
  const { monitor } = prepared.options;
  const shown = {
    ...prepared.options,
    monitor: monitor && { ...monitor, token: monitor.token === null ? null : '***' },
    logLevel,
    logFile,
    warnings: [...warnings, ...prepared.warnings],
    withoutEffect,
  };
  process.stdout.write(`${JSON.stringify(shown, null, 2)}\n`);
}

async function printHash(): Promise<void> {
  const password = await readPassword(process.stdin, process.stderr);
  checkPassword(password);
  if (password.length > PASSWORD_BYTES) {
    process.stderr.write(
      `sspd: the protocol carries ${PASSWORD_BYTES} bytes of a password, the rest is ignored\n`,
    );
  }
  process.stdout.write(`${await hashPassword(password)}\n`);
}

/** One line for what a person can mend; null for a defect, which keeps its stack. */
function explain(error: unknown): string | null {
  const files = [ConfigurationError, AccessFileError, LogError];
  const places = [ListenError, MonitorError, TransportError, EngineError];
  const known = [...files, ...places, IllegalParamError, PasswordError, InterruptedError];
  return error instanceof Error && known.some((Class) => error instanceof Class) ? error.message : null;
}

/** Does it. What a person can mend is one line on standard error; a defect is thrown. */
export async function carryOut(flags: Flags): Promise<void> {
  try {
    if (flags.hashPassword) await printHash();
    else if (flags.check) await check(flags);
    else await run(flags);
  } catch (error) {
    const line = explain(error);
    if (line === null) throw error;
    process.stderr.write(`sspd: ${line}\n`);
    process.exitCode = USAGE_STATUS;
  }
}
