/** Where browsers come in: HTTP on ports of its own, of which every request has to ask for a WebSocket. */
import { Buffer } from 'node:buffer';
import {
  createServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { WebSocket, WebSocketServer } from 'ws';
import { watchPeer } from '../../../lib/silence/watch.js';
import { type Clock, systemClock } from '../../../lib/util/clock.js';
import { LogLimit } from '../../log/log-limit.js';
import type { Logger } from '../../log/logger.js';
import type { EndReason } from '../../session/end-reason.js';
import type { SessionServer } from '../../session/server.js';
import { listenTcp, listenTls } from '../listener.js';
import { addressKey, isLoopback, type Peer, placeOf, type WebPeer } from '../peer.js';
import type { TlsFiles } from '../tls-files.js';
import { PendingRequests } from './pending-requests.js';
import { PenaltyBox } from './penalty-box.js';
import { type Principal, principalNames } from './principal.js';
import { SocketWatch, type WatchTimes } from './socket-watch.js';
import { CLOSE, WebSocketStream } from './stream.js';
import { SUBPROTOCOL } from './token.js';
import type { TokenKeys } from './token-keys.js';
import {
  type ClientAddress,
  clientOf,
  endOf,
  type Granted,
  Refusal,
  retryLater,
  UpgradeChecks,
  type UpgradeRules,
} from './upgrade.js';

/** Header lines of an upgrade: a token of 4 KiB as a subprotocol, and what proxies add. */
const MAX_HEADER_BYTES = 16 * 1024;
/** Milliseconds for a client to read its refusal, or that its connection is closed. */
const LAST_WORD_TIME = 1_000;
/** Smaller messages are not worth compressing. */
const MIN_COMPRESSED_BYTES = 1_024;

export interface WebListenOptions extends UpgradeRules, WatchTimes {
  readonly hosts: readonly string[];
  /** 0 takes a free one. */
  readonly port: number;
  readonly tls: TlsFiles | null;
  readonly keys: TokenKeys | null;
  readonly maxSockets: number;
  readonly maxMessageBytes: number;
  readonly maxBufferedBytes: number;
  readonly compression: boolean;
}

/** @throws ListenError */
export async function listenWeb(
  options: WebListenOptions,
  sessions: SessionServer,
  log: Logger,
  clock: Clock = systemClock,
): Promise<WebListener> {
  const { WebSocketServer: Upgrader } = await import('ws');
  const closing: { readonly closeTimeout: number } = { closeTimeout: LAST_WORD_TIME };
  const upgrader = new Upgrader({
    ...closing,
    noServer: true,
    clientTracking: false,
    maxPayload: options.maxMessageBytes,
    handleProtocols: () => SUBPROTOCOL,
    perMessageDeflate: options.compression && {
      serverNoContextTakeover: true,
      threshold: MIN_COMPRESSED_BYTES,
    },
  });
  const listener = new WebListener(options, upgrader, sessions, log, clock);
  try {
    for (const host of options.hosts) await listener.open(host);
  } catch (error) {
    await listener.close();
    throw error;
  }
  return listener;
}

export class WebListener {
  private readonly listeners: Server[] = [];
  private readonly http: HttpServer;
  private readonly pending: PendingRequests;
  private readonly checks: UpgradeChecks;
  private readonly penalties: PenaltyBox;
  private readonly watch: SocketWatch;
  private readonly lines: LogLimit;
  /** Open, or about to be closed. */
  private readonly sockets = new Set<WebSocket>();
  private isClosing = false;

  constructor(
    private readonly options: WebListenOptions,
    private readonly upgrader: WebSocketServer,
    private readonly sessions: SessionServer,
    private readonly log: Logger,
    private readonly clock: Clock,
  ) {
    this.penalties = new PenaltyBox(clock);
    this.checks = new UpgradeChecks(options, options.keys, this.penalties, clock);
    this.watch = new SocketWatch(options, clock);
    this.pending = new PendingRequests(sessions.limits, clock);
    this.lines = new LogLimit(log, clock);
    // It listens nowhere: connections are handed to it when their turn has come.
    this.http = createServer({ maxHeaderSize: MAX_HEADER_BYTES, keepAlive: false });
    this.http.on('request', (request, response) => this.answer(request, response));
    this.http.on('upgrade', (request, socket, head) => {
      this.upgrade(request, socket, head).catch((error: unknown) => {
        // Nothing that a client sends can do this; but no client may end the daemon.
        log.error({ error: String(error) }, 'WebSocket upgrade failed');
        socket.destroy();
      });
    });
    this.http.on('clientError', (_error, socket) => void socket.destroy());
    upgrader.on('wsClientError', (error, socket, request) =>
      this.refuse(socket, request, new Refusal(400, 'request', error.message)),
    );
  }

  /** Sockets that are open. */
  get size(): number {
    return this.sockets.size;
  }

  /** Real port of the first address. */
  get port(): number {
    return (this.listeners[0]?.address() as AddressInfo | null)?.port ?? 0;
  }

  /** Other keys count for the next upgrades. */
  reload(keys: TokenKeys | null): void {
    this.checks.keys = keys;
  }

  /** @throws ListenError */
  async open(host: string): Promise<void> {
    const { port, tls } = this.options;
    const listener =
      tls === null ? await this.listenPlain(host, port) : await this.listenTls(host, port, tls);
    listener.on('error', (error) => this.log.error({ error: error.message }, 'connection not accepted'));
    this.listeners.push(listener);
  }

  /** Takes no connection any more. Those that are open stay. Resolves when they have ended. */
  async stopListening(): Promise<void> {
    this.isClosing = true;
    this.pending.stop();
    await Promise.all(
      this.listeners.map((listener) => new Promise<void>((resolve) => void listener.close(() => resolve()))),
    );
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    const closed = this.stopListening();
    this.watch.stop();
    for (const socket of this.sockets) socket.terminate();
    this.lines.tell();
    await closed;
  }

  /** A connection that nobody has read yet. */
  take(socket: Socket): void {
    this.pending.add(socket, () => {
      this.http.emit('connection', socket);
      socket.resume();
    });
  }

  private listenPlain(host: string, port: number): Promise<Server> {
    return listenTcp(host, port, (socket) => this.take(socket));
  }

  private listenTls(host: string, port: number, files: TlsFiles): Promise<Server> {
    const timeout = this.sessions.limits.handshakeTimeoutMs;
    const events = {
      arrived: (socket: Socket, { begin }: { readonly begin: () => void }) => {
        this.pending.add(socket, begin);
        return () => undefined;
      },
      accept: (socket: Socket) => void this.http.emit('connection', socket),
    };
    return listenTls(host, { port, files, timeout, minVersion: 'TLSv1.2' }, events);
  }

  /** Whatever wants no WebSocket. */
  private answer(_request: IncomingMessage, response: ServerResponse): void {
    const text = `expected a WebSocket with the subprotocol ${SUBPROTOCOL}`;
    response.writeHead(426, { ...plainText(text), connection: 'close', upgrade: 'websocket' });
    response.end(text);
  }

  private async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => undefined);
    this.pending.remove(socket as Socket);
    const found = this.roomFor() ?? (await this.checks.check(request));
    const refusal = found instanceof Refusal ? found : (this.roomFor() ?? this.sessionRefusal(found));
    if (refusal !== null) return this.refuse(socket, request, refusal);
    const granted = found as Granted;
    this.upgrader.handleUpgrade(request, socket, head, (ws) => this.accept(ws, socket as Socket, granted));
  }

  private roomFor(): Refusal | null {
    if (this.isClosing) return retryLater('stopping', 'the daemon is about to stop');
    if (this.sockets.size < this.options.maxSockets) return null;
    return retryLater('sockets', 'as many WebSockets as allowed (WebSocketMaxSockets)');
  }

  private sessionRefusal({ client }: Granted): Refusal | null {
    const problem = this.sessions.refusalOf(addressKey({ remoteAddress: client.address }));
    return problem === null ? null : retryLater('sessions', problem);
  }

  private refuse(socket: Duplex, request: IncomingMessage, refusal: Refusal): void {
    const { address } = clientOf(request, this.options.behindProxy);
    const { status, reason, text, headers } = refusal;
    const { webRefusals } = this.sessions.counters;
    webRefusals[reason] = (webRefusals[reason] ?? 0) + 1;
    const level = status === STATUS_UNAVAILABLE ? 'warn' : 'info';
    const fields = { address, status, reason, text };
    this.lines.write(level, address, `web ${reason}`, fields, 'WebSocket refused');
    const all = { ...plainText(text), connection: 'close', ...headers };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${text}`);
    const timer = this.clock.after(LAST_WORD_TIME, () => socket.destroy()).unref();
    socket.once('finish', () => socket.destroy());
    socket.once('close', () => timer.cancel());
  }

  private accept(socket: WebSocket, carrier: Socket, { principal, client, key }: Granted): void {
    const stream = new WebSocketStream(socket, carrier, this.clock);
    this.sockets.add(socket);
    watchPeer(carrier, this.sessions.limits.clientSilenceTimeoutMs);
    socket.once('close', () => {
      this.sockets.delete(socket);
      this.watch.delete(stream);
    });
    const ended = (reason: EndReason): void => {
      const { webEnds } = this.sessions.counters;
      webEnds[reason] = (webEnds[reason] ?? 0) + 1;
      stream.closeCode = closeCodeOf(reason);
      if (PUNISHED.test(reason)) this.penalties.punish(key);
    };
    const peer = this.peerOf(carrier, client, principal, ended);
    const session = this.sessions.admit(stream, peer, true);
    const expiresAt = principal === null ? Infinity : endOf(principal, this.clock.date());
    this.watch.add(stream, expiresAt, () => session.drop('not-permitted', 'the token has expired'));
  }

  private peerOf(
    carrier: Socket,
    { address, port }: ClientAddress,
    principal: Principal | null,
    ended: WebPeer['ended'],
  ): Peer {
    const principals = principalNames(principal);
    const tls = carrier instanceof TLSSocket;
    const { behindProxy, maxBufferedBytes } = this.options;
    return {
      origin: { unix: false, address },
      address: addressKey({ remoteAddress: address }),
      from: `web ${port === null ? address : placeOf(address, port)}`,
      tls,
      cameTo: '',
      isExposed: !tls && !behindProxy && !isLoopback(address),
      identity: principal === null ? 'web' : `web:${principal.sub}`,
      principals,
      web: { subject: principal && principal.sub, maxBufferedBytes, ended },
    };
  }
}

const STATUS_UNAVAILABLE = 503;

/** Ends by what the client did, which it would do again at once. */
const PUNISHED = /^(?:illegal-|slow-|too-many-groups)/;

/** What the page sees of the end of its session. */
function closeCodeOf(reason: EndReason): number {
  if (reason === 'not-permitted') return CLOSE.expired;
  if (reason === 'stopping') return CLOSE.restart;
  return reason === 'requested' || reason === 'closed' ? CLOSE.normal : CLOSE.policy;
}

const plainText = (text: string): Record<string, string> => ({
  'content-type': 'text/plain; charset=utf-8',
  'content-length': String(Buffer.byteLength(text)),
  'cache-control': 'no-store',
});
