/** One question to the monitor, over TCP or a local socket. */
import type { Buffer } from 'node:buffer';
import { once } from 'node:events';
import {
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
  request as httpRequest,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text as readText } from 'node:stream/consumers';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type * as z from 'zod';
import { parseAddress } from '../../mailbox/address.js';
import { Failure } from '../failure.js';
import { exampleText } from '../text.js';

/** Milliseconds for question and answer. */
const ANSWER_LIMIT = 10_000;
/** Bytes of the longest answer; 10,000 sessions are some 4 MB. */
const MAX_ANSWER = 64 * 1024 * 1024;
/** Bytes of a refusal. */
const MAX_REFUSAL = 64 * 1024;

/** The monitor knows no such thing. */
export class UnknownToMonitor extends Failure {}

/**
 * Reads a page.
 * @throws UnknownToMonitor for a page that is not there, Failure when there is no answer of the expected form
 */
export async function ask<T>(
  path: string,
  page: z.ZodType<T>,
  flags: MonitorFlags,
  stop: AbortSignal,
): Promise<T> {
  const { monitor } = flags;
  const { status, body } = await fetchPage(path, flags, stop);
  const value = parsed(body);
  if (status === 401) {
    throw new Failure(`${monitor} requires a valid token: set --token or SSP_MONITOR_TOKEN`);
  }
  if (status !== 200) {
    const why = reason(value);
    // A server of another kind has no such page either, but does not say so in this form.
    const Refusal = status === 404 && why !== '' ? UnknownToMonitor : Failure;
    throw new Refusal(`${monitor} answered ${status}${why}`);
  }
  const checked = page.safeParse(value);
  if (!checked.success) throw new Failure(`${monitor} does not answer like the monitor of a daemon`);
  return checked.data;
}

async function fetchPage(
  path: string,
  { monitor, token }: MonitorFlags,
  stop: AbortSignal,
): Promise<{ status: number; body: string }> {
  const limit = AbortSignal.timeout(ANSWER_LIMIT);
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const options = { headers, agent: false as const, signal: AbortSignal.any([stop, limit]) };
  try {
    return await exchange(monitor, path, options);
  } catch (error) {
    stop.throwIfAborted();
    if (error instanceof Failure) throw error;
    const sentence = limit.aborted ? `${monitor} does not answer` : explain(monitor, error as Error);
    throw new Failure(sentence, undefined, { cause: error });
  }
}

const nobody = new Set(['ECONNREFUSED', 'ENOENT', 'ECONNRESET']);

function explain(monitor: string, { message, code = '' }: NodeJS.ErrnoException): string {
  if (nobody.has(code)) {
    return `no monitor answers at ${monitor}; MonitorAddress in the daemon's configuration, or \`sspd --monitor 127.0.0.1:4804\`, opens one`;
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `the host of ${monitor} is unknown`;
  if (code === 'EACCES') return `${monitor} cannot be opened: permission denied`;
  // What failed for several addresses of a host has a code but no words.
  return `${monitor}: ${message || code}`;
}

async function exchange(
  monitor: string,
  path: string,
  options: RequestOptions,
): Promise<{ status: number; body: string }> {
  const asked = requestTo(monitor, path, options).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  const whole = response.statusCode === 200 ? MAX_ANSWER : MAX_REFUSAL;
  const body = await readText(limited(response, whole));
  return { status: response.statusCode ?? 0, body };
}

/** What stands before the path in the URL stays, for a monitor behind a proxy. */
function requestTo(monitor: string, path: string, options: RequestOptions): ClientRequest {
  if (monitor.startsWith('/')) {
    return httpRequest({ ...options, socketPath: monitor, path, host: 'localhost' });
  }
  const { protocol, hostname, port, pathname } = new URL(monitor);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const target = { ...options, protocol, host, port, path: pathname.replace(/\/$/, '') + path };
  return protocol === 'https:' ? httpsRequest(target) : httpRequest(target);
}

async function* limited(chunks: AsyncIterable<Buffer>, most: number): AsyncGenerator<Buffer, void, void> {
  let left = most;
  for await (const chunk of chunks) {
    left -= chunk.length;
    if (left < 0) throw new Failure('the answer of the monitor is too long');
    yield chunk;
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

/** What the monitor says of its refusal, where it says something. */
function reason(value: unknown): string {
  const { error } = (value ?? {}) as { error?: unknown };
  return typeof error === 'string' ? `: ${error}` : '';
}

// Where the monitor of a daemon is, and how a verb learns of it.

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
    'Expected host:port, a URL with http or https, or the absolute path of a local socket.',
  );
}

/** What a header can carry. */
function tokenText(text: string): string {
  if (!/^[!-~]*$/.test(text)) throw new InvalidArgumentError('Expected one word.');
  return text;
}

/** Makes a command one that reads the monitor and not the daemon's port. @param examples what a person would type */
export const monitorVerb = (command: Command, examples: readonly string[]): Command =>
  command
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
      new Option('--token <token>', 'bearer token for the monitor')
        .env('SSP_MONITOR_TOKEN')
        .argParser(tokenText),
    )
    .addHelpText('after', exampleText(examples));
