/** Where the monitor of a daemon is, and how a verb is told. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { parseAddress } from '../../mailbox/address.js';

/** The port that this command and the documentation take; the daemon opens none unless `MonitorAddress` says so. */
export const DEFAULT_MONITOR_PORT = 4804;
const DEFAULT_MONITOR = `http://127.0.0.1:${DEFAULT_MONITOR_PORT}`;

/** What every verb that reads the monitor is given. */
export interface MonitorFlags {
  /** `http://...`, `https://...`, or the path of a local socket. */
  readonly monitor: string;
  readonly token?: string;
  readonly json?: boolean;
}

/**
 * A URL, a path, or an address as those of daemons are written. Empty is the default, so that an empty environment
 * variable counts as none.
 */
export function place(text: string): string {
  if (text === '') return DEFAULT_MONITOR;
  if (text.startsWith('/') || (/^https?:\/\//i.test(text) && URL.canParse(text))) return text;
  // A port alone is a local socket of a daemon, and that is not where its monitor is.
  const address = /^\d+$/.test(text) ? null : parseAddress(text);
  if (address !== null && 'path' in address) return address.path;
  const host = address?.host.includes(':') ? `[${address.host}]` : address?.host;
  const url = `http://${host}:${address?.port}`;
  if (address !== null && !address.tls && URL.canParse(url)) return url;
  throw new InvalidArgumentError(
    'A monitor is host:port, a URL with http or https, or the path of a local socket from / on.',
  );
}

/** What a header can carry. */
function tokenText(text: string): string {
  if (!/^[!-~]*$/.test(text)) throw new InvalidArgumentError('A token is one word.');
  return text;
}

/** A verb that reads the monitor and not the daemon's port. @param example what a person would type, lines of it */
export const monitorVerb = (name: string, description: string, example: readonly string[]): Command =>
  new Command(name)
    .description(description)
    .addOption(
      new Option(
        '-m, --monitor <place>',
        'the monitor of the daemon: host:port, a URL, or the path of a local socket',
      )
        .env('SSP_MONITOR')
        .default(DEFAULT_MONITOR)
        .argParser(place),
    )
    .addOption(
      new Option('--token <token>', 'what the monitor wants to be shown')
        .env('SSP_MONITOR_TOKEN')
        .argParser(tokenText),
    )
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', `\nExample:\n${example.map((line) => `  ${line}`).join('\n')}`)
    .allowExcessArguments(false);
