/** Where the monitor of a daemon is, and how a verb is told. */
import { Command, InvalidArgumentError, Option } from 'commander';

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

/** Empty is the default, so that an empty environment variable counts as none. */
function place(text: string): string {
  if (text === '') return DEFAULT_MONITOR;
  const isUrl = /^https?:\/\//i.test(text) && URL.canParse(text);
  if (!isUrl && !text.startsWith('/')) {
    throw new InvalidArgumentError('A monitor is a URL with http, or the path of a local socket from / on.');
  }
  return text;
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
      new Option('-m, --monitor <url|path>', 'the monitor: MonitorAddress of the daemon')
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
