/**
 * The monitor: HTTP pages on what the daemon does, for people, probes and Prometheus. Off unless it is asked for, and
 * read only: no request can change anything.
 */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { isIP } from 'node:net';
import type { Logger } from '../log/logger.js';
import { type MonitorEndpoint, checkToken, listenOn, tokenCheck } from './endpoint.js';
import {
  CHECK_INTERVAL,
  HEADERS_TIMEOUT,
  KEEP_ALIVE_TIMEOUT,
  MAX_CONNECTIONS,
  MAX_HEADER_BYTES,
  REQUEST_TIMEOUT,
  SILENCE_TIMEOUT,
} from './limits.js';
import { Lists } from './lists.js';
import { LoopDelay } from './loop-delay.js';
import { Metrics } from './metrics.js';
import { type Page, type PageSources, errorPage, pageOf } from './pages.js';
import type { DaemonStatus } from './status.js';

export { MonitorError } from './endpoint.js';

export interface MonitorOptions {
  readonly endpoint: MonitorEndpoint;
  /** What clients must show; null lets everybody in who can reach a loopback address or the local socket. */
  readonly token: string | null;
  readonly status: DaemonStatus;
  readonly log: Logger;
}

export interface Monitor {
  /** Host, or path of the local socket. */
  readonly address: string;
  /** The real port; 0 for a local socket. */
  readonly port: number;
  /** Ends every connection. */
  close(): Promise<void>;
}

const serverOptions = {
  maxHeaderSize: MAX_HEADER_BYTES,
  headersTimeout: HEADERS_TIMEOUT,
  requestTimeout: REQUEST_TIMEOUT,
  keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
  connectionsCheckingInterval: CHECK_INTERVAL,
};

/** @throws MonitorError when it cannot be opened, or would be open to strangers */
export async function openMonitor({ endpoint, token, status, log }: MonitorOptions): Promise<Monitor> {
  checkToken(token);
  const server = createServer(serverOptions);
  server.maxConnections = MAX_CONNECTIONS;
  server.timeout = SILENCE_TIMEOUT;
  const sources = { status, metrics: new Metrics(status), lists: new Lists(status), loop: new LoopDelay() };
  const mayAsk = tokenCheck(token);
  const isOpen = token === null && !('path' in endpoint);
  server.on('request', (request, response) => {
    answer(request, sources, mayAsk, isOpen)
      .catch((error: unknown) => {
        log.error({ error: String(error), path: request.url }, 'monitor request failed');
        return errorPage(500, 'the daemon could not answer; see its log');
      })
      .then((page) => send(response, page, request.method === 'HEAD'))
      // Nothing that a page is made of can do this; but no question may end the daemon.
      .catch(() => response.destroy());
  });
  try {
    await listenOn(server, endpoint, token !== null);
  } catch (error) {
    stop(sources);
    throw error;
  }
  server.on('error', (error) => log.error({ error: error.message }, 'monitor listener failed'));
  const place = server.address();
  const [address, port] =
    typeof place === 'object' && place !== null ? [place.address, place.port] : [place ?? '', 0];
  return { address, port, close: () => close(server, sources) };
}

async function answer(
  { method, url = '/', headers }: IncomingMessage,
  sources: PageSources,
  mayAsk: (header: string | undefined) => boolean,
  isOpen: boolean,
): Promise<Page> {
  if (!mayAsk(headers.authorization)) return errorPage(401, 'expected a token: Authorization: Bearer TOKEN');
  if (isOpen && !isLocalName(headers.host)) {
    return errorPage(403, 'without a token, expected an address or localhost as Host');
  }
  if (method !== 'GET' && method !== 'HEAD') return errorPage(405, 'only GET and HEAD');
  return await pageOf(url, sources);
}

/**
 * Whether a request came by an address. A page of the web can send a browser on this machine to any name, also to one
 * that is a loopback address by then, and would read the answer.
 */
function isLocalName(host: string | undefined): boolean {
  const name = (host ?? '').replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1');
  return name === '' || name.toLowerCase() === 'localhost' || isIP(name) !== 0;
}

const extras: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  401: { 'www-authenticate': 'Bearer realm="sspd"' },
  405: { allow: 'GET, HEAD', connection: 'close' },
};

function send(response: ServerResponse, { status, type, body }: Page, headOnly: boolean): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...extras[status],
  });
  response.end(headOnly ? undefined : body);
}

/** Ends what watches the process. */
function stop({ loop, metrics }: PageSources): void {
  loop.stop();
  metrics.stop();
}

async function close(server: Server, sources: PageSources): Promise<void> {
  stop(sources);
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
