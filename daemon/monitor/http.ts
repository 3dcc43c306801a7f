/**
 * The monitor: HTTP pages on what the daemon does, for people, probes and Prometheus. Off unless it is asked for, and
 * read only: no request can change anything.
 */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { systemClock } from '../../lib/util/clock.js';
import type { Logger } from '../log/logger.js';
import { isLocalName } from '../net/local-name.js';
import { ConsoleFiles, isConsolePath } from './console-files.js';
import { type MonitorEndpoint, checkToken, listenOn, tokenCheck } from './endpoint.js';
import { Feeds } from './feed/feeds.js';
import { FEED_TYPE, isOwnSite, serveFeed } from './feed/serve.js';
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

export interface MonitorOptions {
  readonly endpoint: MonitorEndpoint;
  /** What clients must show; null lets everybody in who can reach a loopback address or the local socket. */
  readonly token: string | null;
  /** Whether there is the page `/console`, and what feeds it. */
  readonly console: boolean;
  /** Addresses of the consoles of other daemons, by the name of the daemon. */
  readonly links: readonly { readonly name: string; readonly url: string }[];
  /** Names of daemons that the console shows also before it has seen them. */
  readonly daemons: readonly string[];
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

/** What answers are made of. */
interface Sources extends PageSources {
  /** Null without a console. */
  readonly feeds: Feeds | null;
  readonly files: ConsoleFiles;
  readonly mayAsk: (header: string | undefined) => boolean;
  /** Whether everybody may ask who reaches the address. */
  readonly isOpen: boolean;
}

/** @throws MonitorError when it cannot be opened, or would be open to strangers */
export async function openMonitor(options: MonitorOptions): Promise<Monitor> {
  const { endpoint, token, log } = options;
  checkToken(token);
  const server = createServer(serverOptions);
  server.maxConnections = MAX_CONNECTIONS;
  server.timeout = SILENCE_TIMEOUT;
  const sources = sourcesOf(options);
  server.on('request', (request, response) => {
    answer(request, response, sources)
      .catch((error: unknown) => {
        log.error({ error: String(error), path: request.url }, 'monitor request failed');
        return errorPage(500, 'the daemon could not answer; see its log');
      })
      .then((page) => page && send(response, page, request.method === 'HEAD'))
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

function sourcesOf({ endpoint, token, status, links, daemons, console }: MonitorOptions): Sources {
  const loop = new LoopDelay();
  const known = [...new Set([...daemons, ...links.map(({ name }) => name)])];
  const feed = { status, loopP99: () => loop.delays.p99, links, known, clock: systemClock };
  return {
    status,
    metrics: new Metrics(status),
    lists: new Lists(status),
    loop,
    hasConsole: console,
    feeds: console ? new Feeds(feed) : null,
    files: new ConsoleFiles(),
    mayAsk: tokenCheck(token),
    isOpen: token === null && !('path' in endpoint),
  };
}

/** @returns null when the answer is under way */
async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  sources: Sources,
): Promise<Page | null> {
  const { method, url = '/', headers } = request;
  const [path = '', query = ''] = url.split('?');
  const isPage = sources.feeds !== null && isConsolePath(path);
  if (!isPage && !sources.mayAsk(headers.authorization)) {
    return errorPage(401, 'expected a token: Authorization: Bearer TOKEN');
  }
  if (sources.isOpen && !isLocalName(headers.host)) {
    return errorPage(403, 'without a token, expected an address or localhost as Host');
  }
  if (method !== 'GET' && method !== 'HEAD') return errorPage(405, 'only GET and HEAD');
  if (isPage) {
    const acceptsGzip = /\bgzip\b/.test(String(headers['accept-encoding']));
    return (await sources.files.page(path, acceptsGzip)) ?? errorPage(404, 'no such page; / lists them');
  }
  if (sources.feeds === null || path !== '/feed') return await pageOf(url, sources);
  if (!isOwnSite(headers['sec-fetch-site'])) return errorPage(403, 'a feed is for pages of this monitor');
  if (method === 'HEAD') return { status: 200, type: FEED_TYPE, body: '' };
  if (sources.feeds.isFull) return { ...errorPage(503, 'too many feeds'), headers: { 'retry-after': '5' } };
  response.writeHead(200, { ...COMMON, 'content-type': FEED_TYPE });
  await serveFeed(sources.feeds, response, new URLSearchParams(query).get('group'));
  return null;
}

const extras: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  401: { 'www-authenticate': 'Bearer realm="sspd"' },
  405: { allow: 'GET, HEAD', connection: 'close' },
};

const COMMON = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

function send(response: ServerResponse, page: Page, headOnly: boolean): void {
  const { status, type, body, headers } = page;
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    ...COMMON,
    ...headers,
    ...extras[status],
  });
  response.end(headOnly ? undefined : body);
}

/** Ends what watches the process. */
function stop({ loop, metrics, feeds }: Sources): void {
  loop.stop();
  metrics.stop();
  feeds?.stop();
}

async function close(server: Server, sources: Sources): Promise<void> {
  stop(sources);
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
