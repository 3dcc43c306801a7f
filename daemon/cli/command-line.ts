/** The command line of `sspd`. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_PORT } from '../../lib/wire/limits.js';
import { TOOLKIT_VERSION, versionText } from '../../lib/wire/version.js';
import { defaultUnixDir, type Endpoint, ORIGIN_RULE, readEndpoint } from '../config/places.js';
import { LOG_LEVELS, type LogLevel } from '../log/logger.js';
import { isOriginRule } from '../../lib/util/origin.js';

export const DEFAULT_HOST = '127.0.0.1';

/** Of the process, when the command line or the configuration is wrong. */
export const USAGE_STATUS = 2;

export interface Flags {
  readonly config?: string;
  readonly name?: string;
  readonly host?: string;
  readonly port?: number;
  readonly unixDir?: string;
  readonly monitor?: Endpoint;
  readonly web?: number;
  readonly webOrigin?: readonly string[];
  readonly log?: LogLevel;
  readonly check?: true;
  readonly hostName?: string;
  readonly hashPassword?: true;
}

function portNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65_535) {
    throw new InvalidArgumentError('expected a port from 0 to 65535');
  }
  return value;
}

function endpoint(text: string): Endpoint {
  const place = readEndpoint(text);
  if (place === undefined) {
    throw new InvalidArgumentError('expected host:port, [address]:port or the path of a local socket');
  }
  return place;
}

function originRule(text: string, before: readonly string[] = []): string[] {
  if (isOriginRule(text)) return [...before, text];
  throw new InvalidArgumentError(`expected ${ORIGIN_RULE}`);
}

function hostName(text: string): string {
  if (text !== '') return text;
  throw new InvalidArgumentError('expected the name of a host');
}

/** What `sspd` takes; also what its manual page says. */
export const daemonCommand = (): Command =>
  new Command('sspd')
    .description('Group communication daemon: orders messages and membership changes.')
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
    .option(
      '--unix-dir <dir>',
      `directory of the local socket, "" for none (default: ${defaultUnixDir() || 'none'})`,
    )
    .option(
      '--monitor <place>',
      'address of the HTTP monitor: host:port or the path of a local socket (default: none)',
      endpoint,
    )
    .option('--web <port>', 'port for browsers, on the same addresses; 0 takes a free one', portNumber)
    .option(
      '--web-origin <origin>',
      'origin of pages that may connect, such as http://localhost:5173; may be repeated (default: same)',
      originRule,
    )
    .addOption(new Option('--log <level>', 'minimum log level (default: info)').choices([...LOG_LEVELS]))
    .option('--check', 'check configuration and files, print the result and exit')
    .option('--host-name <host>', 'with --check: check the configuration for another host', hostName)
    .option('--hash-password', 'read a password from standard input, print its hash for AccessPasswordFile')
    .addHelpText(
      'after',
      '\nExample:\n  sspd --name one --port 4803        # then, elsewhere: ssp join room\n',
    )
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(`sspd: ${onOneLine(text)}\n`) });

/** @throws CommanderError for what is none, and after help or version was printed */
export function readCommandLine(): Flags {
  const command = daemonCommand().parse();
  const flags = command.opts<Flags>();
  if (flags.hostName !== undefined && !(flags.check && flags.config !== undefined)) {
    command.error('--host-name requires --check and --config');
  }
  if (flags.webOrigin !== undefined && flags.web === undefined && flags.config === undefined) {
    command.error('--web-origin requires --web or --config');
  }
  return flags;
}

const onOneLine = (text: string): string =>
  text
    .trim()
    .replace(/^error: /, '')
    .replaceAll(/\s*\n\s*/g, ' ');
