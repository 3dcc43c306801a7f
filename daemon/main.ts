#!/usr/bin/env node
/** `sspd`: reads the command line and the configuration, runs the daemon until a signal ends it. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { DEFAULT_PORT } from '../lib/wire/limits.js';
import { type Configuration, ConfigurationError, loadConfiguration } from './config/index.js';
import { createDaemon, type Daemon, type DaemonOptions } from './daemon.js';
import { LOG_LEVELS, type LogLevel, openLog } from './monitor/log.js';
import { ListenError } from './session/listener.js';
import { TOOLKIT_VERSION, versionText } from '../lib/wire/handshake/version.js';

const USAGE_STATUS = 2;
const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_UNIX_DIR = '/tmp';

interface Flags {
  readonly config?: string;
  readonly name?: string;
  readonly host?: string;
  readonly port?: number;
  readonly unixDir?: string;
  readonly log?: LogLevel;
}

function portNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65_535)
    throw new InvalidArgumentError('a port is a number from 0 to 65535');
  return value;
}

const command = new Command('sspd')
  .description('Puts the messages and the membership changes of groups into one agreed order.')
  .version(versionText(TOOLKIT_VERSION), '-V, --version', 'print the version')
  .helpOption('-h, --help', 'print this help')
  .option(
    '-c, --config <file>',
    'configuration in the spread.conf language; without it the daemon runs alone',
  )
  .option('-n, --name <name>', 'name of this daemon (default: the name of this host)')
  .option('--host <host>', `address to listen on (default: ${DEFAULT_HOST})`)
  .option(
    '--port <port>',
    `TCP port, and name of the local socket; 0 takes a free one (default: ${DEFAULT_PORT})`,
    portNumber,
  )
  .option('--unix-dir <dir>', `directory of the local socket, "" for none (default: ${DEFAULT_UNIX_DIR})`)
  .addOption(new Option('--log <level>', 'least level of log lines (default: info)').choices([...LOG_LEVELS]))
  .addHelpText('after', '\nExample:\n  sspd --name one --port 4803        # then, elsewhere: ssp join room')
  .allowExcessArguments(false)
  .showSuggestionAfterError(false)
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(`sspd: ${text.replace(/^error: /, '')}`) });

/** What the command line says counts more than what the file says. */
function daemonOptions(flags: Flags, file: Configuration | null): DaemonOptions {
  const listen =
    file && flags.host === undefined && flags.port === undefined
      ? file.listen
      : [
          {
            host: flags.host ?? file?.listen[0]?.host ?? DEFAULT_HOST,
            port: flags.port ?? file?.port ?? DEFAULT_PORT,
          },
        ];
  const unixDir = flags.unixDir ?? (file ? (file.unixDir ?? '') : DEFAULT_UNIX_DIR);
  const common = { listen, unixDir: unixDir === '' ? null : unixDir };
  if (file === null) return { ...common, ...(flags.name === undefined ? {} : { name: flags.name }) };
  return {
    ...common,
    name: file.name,
    id: file.id,
    allowedAuthMethods: file.allowedAuthMethods as 'NULL'[],
    requiredAuthMethods: file.requiredAuthMethods as 'NULL'[],
    limits: {
      maxSessions: file.maxSessions,
      handshakeTimeout: file.handshakeTimeout,
      maxSessionMessages: file.maxSessionMessages,
      maxSessionBytes: file.maxSessionBytes,
    },
  };
}

/** The first line of standard output: for people, and for scripts that look for `:PORT`. */
function greeting(daemon: Daemon): string {
  const places = [
    ...daemon.addresses.map(({ host, port }) =>
      host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
    ),
    ...(daemon.unixPath === null ? [] : [daemon.unixPath]),
  ];
  return `sspd "${daemon.name}" listens on ${places.join(' and ')}\n`;
}

async function run(flags: Flags): Promise<void> {
  const file =
    flags.config === undefined ? null : await loadConfiguration({ file: flags.config, name: flags.name });
  const log = openLog(flags.log ?? file?.logLevel ?? 'info', file?.logFile ?? null);
  for (const warning of file?.warnings ?? []) log.warn(warning);
  if (file && file.withoutEffect.length > 0)
    log.info({ options: file.withoutEffect }, 'options without effect');
  const daemon = await createDaemon({ ...daemonOptions(flags, file), logger: log });
  process.stdout.on('error', () => undefined);
  process.stdout.write(greeting(daemon));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      log.info({ signal }, 'stopping');
      void daemon.stop();
    });
  }
}

/** One line for what a person can mend; anything else is a defect and keeps its stack. */
function explain(error: unknown): string | null {
  if (error instanceof ConfigurationError || error instanceof ListenError) return error.message;
  if (error instanceof z.ZodError) {
    return error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  }
  return null;
}

try {
  command.parse();
  await run(command.opts<Flags>());
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : USAGE_STATUS;
  } else {
    const line = explain(error);
    if (line === null) throw error;
    process.stderr.write(`sspd: ${line}\n`);
    process.exitCode = USAGE_STATUS;
  }
}
