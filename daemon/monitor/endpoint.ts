/** Where the monitor listens: a TCP address, or a local socket. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { BlockList, type ListenOptions, type Server, isIPv4 } from 'node:net';
import { SspError, keepNames } from '../../lib/errors.js';
import { clearSocketFile, socketObstacle } from '../net/socket-file.js';
import { IN_USE, placeReason, tcpObstacle } from '../net/tcp-address.js';

export type MonitorEndpoint = { readonly host: string; readonly port: number } | { readonly path: string };

/** The owner and the group of the local socket may ask. */
const MODE = 0o660;

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

const placeOf = (endpoint: MonitorEndpoint): string => {
  if ('path' in endpoint) return endpoint.path;
  const { host, port } = endpoint;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
};

const failure = (endpoint: MonitorEndpoint, reason: string, cause?: unknown): MonitorError =>
  new MonitorError(`cannot open the monitor on ${placeOf(endpoint)}: ${reason}`, { cause });

/**
 * Whether the monitor may be opened there, and can be; one that is open there already is no obstacle yet.
 * @param hasToken whether clients must show one; a must where others than this machine can come
 * @throws MonitorError
 */
export async function checkEndpoint(endpoint: MonitorEndpoint, hasToken: boolean): Promise<void> {
  if ('path' in endpoint) {
    const obstacle = await socketObstacle(endpoint.path);
    if (obstacle !== null && obstacle !== IN_USE) throw failure(endpoint, obstacle);
    return;
  }
  const obstacle = await tcpObstacle(await addressFor(endpoint, hasToken), endpoint.port);
  if (obstacle !== null) throw failure(endpoint, obstacle);
}

/**
 * @param hasToken as `checkEndpoint`
 * @throws MonitorError
 */
export async function listenOn(server: Server, endpoint: MonitorEndpoint, hasToken: boolean): Promise<void> {
  if (!('path' in endpoint)) {
    // The address that was checked, and not what the name may be by now.
    await listen(server, endpoint, { host: await addressFor(endpoint, hasToken), port: endpoint.port });
    return;
  }
  const { path } = endpoint;
  const obstacle = await clearSocketFile(path);
  if (obstacle !== null) throw failure(endpoint, obstacle);
  await listen(server, endpoint, { path });
  try {
    await chmod(path, MODE);
  } catch (error) {
    server.close();
    throw failure(endpoint, (error as Error).message, error);
  }
}

/** The address of its host; one that others can reach needs a token. */
async function addressFor(
  endpoint: { readonly host: string; readonly port: number },
  hasToken: boolean,
): Promise<string> {
  const { address } = await lookup(endpoint.host).catch((error: unknown) => {
    throw failure(endpoint, placeReason(error), error);
  });
  if (!hasToken && !loopback.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')) {
    throw failure(endpoint, 'beyond the loopback interface a token is required (MonitorTokenFile)');
  }
  return address;
}

async function listen(server: Server, endpoint: MonitorEndpoint, options: ListenOptions): Promise<void> {
  server.listen(options);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw failure(endpoint, placeReason(error), error);
  }
}

/** The monitor could not be opened; `message` is one line for the person who started the daemon. */
export class MonitorError extends SspError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_SSP_MONITOR', message, options);
  }
}

keepNames({ MonitorError });

// The token that a client of the monitor shows: `Authorization: Bearer TOKEN`.

/**
 * Whether a header can carry it as one word.
 * @throws MonitorError
 */
export function checkToken(token: string | null): void {
  if (token === null || /^[!-~]+$/.test(token)) return;
  throw new MonitorError('the token of the monitor must be one word of visible ASCII characters');
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** A check of `Authorization` headers that takes the same time whatever is wrong. Without a token everybody passes. */
export function tokenCheck(token: string | null): (header: string | undefined) => boolean {
  if (token === null) return () => true;
  const wanted = digest(token);
  return (header = '') => {
    const [, shown = ''] = /^bearer +(\S+) *$/i.exec(header) ?? [];
    return timingSafeEqual(digest(shown), wanted);
  };
}
