/**
 * A way for WebSockets onto a real daemon, and the global `WebSocket` that pages have. Pieces of the byte stream are handed on as they
 * come; while the page has said stop, the daemon is not read.
 */
import type { Buffer } from 'node:buffer';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { encodeEnd, type EndCode } from '../../lib/wire/extension/end.js';

/** What browsers are closed with when their token runs out. */
const EXPIRED = 4401;

/** One WebSocket, from the side of the daemon. */
export class Page {
  /** Text that came. */
  readonly words: string[] = [];
  /** Bytes of each binary message that came. */
  readonly sizes: number[] = [];

  constructor(
    readonly socket: WebSocket,
    private readonly daemon: Socket,
    /** What it has offered. */
    readonly protocols: readonly string[],
  ) {
    daemon.on('data', (bytes) => socket.send(bytes));
    daemon.on('end', () => socket.close());
    daemon.on('error', () => socket.terminate());
    socket.on('message', (bytes: Buffer, isBinary: boolean) => this.take(bytes, isBinary));
    socket.on('close', () => daemon.end());
    socket.on('error', () => daemon.destroy());
  }

  /** The connection breaks. */
  cut(): void {
    this.socket.terminate();
    this.daemon.destroy();
  }

  /** The daemon ends the session, and says why. */
  end(code: EndCode): void {
    this.socket.send(encodeEnd({ code, request: 0, text: code }));
    this.socket.close(EXPIRED);
    this.daemon.destroy();
  }

  private take(bytes: Buffer, isBinary: boolean): void {
    if (isBinary) {
      this.sizes.push(bytes.length);
      this.daemon.write(bytes);
      return;
    }
    const word = bytes.toString();
    this.words.push(word);
    if ((JSON.parse(word) as { readonly stop: boolean }).stop) this.daemon.pause();
    else this.daemon.resume();
  }
}

export class WebBridge implements AsyncDisposable {
  /** Those that came, the oldest first. */
  readonly pages: Page[] = [];
  /** Protocols of the requests that were refused. */
  readonly refused: (readonly string[])[] = [];
  private readonly server: WebSocketServer;
  private readonly before = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket');

  private constructor(
    private readonly port: number,
    accepts: (protocols: readonly string[]) => boolean,
  ) {
    this.server = new WebSocketServer({
      port: 0,
      host: '127.0.0.1',
      maxPayload: 65_536,
      perMessageDeflate: false,
      handleProtocols: (protocols) => protocols.has('ssp.v1') && 'ssp.v1',
      verifyClient: ({ req }: { readonly req: IncomingMessage }) => {
        const protocols = listOf(req.headers['sec-websocket-protocol']);
        const isAccepted = accepts(protocols);
        if (!isAccepted) this.refused.push(protocols);
        return isAccepted;
      },
    });
    this.server.on('connection', (socket, { headers }) => {
      const protocols = listOf(headers['sec-websocket-protocol']);
      this.pages.push(
        new Page(socket, connect({ port: this.port, host: '127.0.0.1', noDelay: true }), protocols),
      );
    });
    Object.defineProperty(globalThis, 'WebSocket', { value: WebSocket, configurable: true, writable: true });
  }

  /** @param port of the daemon @param accepts whether a page with these protocols comes in */
  static async start(
    port: number,
    accepts: (protocols: readonly string[]) => boolean = () => true,
  ): Promise<WebBridge> {
    const bridge = new WebBridge(port, accepts);
    await once(bridge.server, 'listening');
    return bridge;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}/ssp`;
  }

  /** The page that came last. */
  get page(): Page {
    return this.pages.at(-1) as Page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const page of this.pages) page.cut();
    await new Promise((resolve) => this.server.close(resolve));
    if (this.before) Object.defineProperty(globalThis, 'WebSocket', this.before);
    else Reflect.deleteProperty(globalThis, 'WebSocket');
  }
}

const listOf = (protocols = ''): string[] => protocols.split(',').map((each) => each.trim());
