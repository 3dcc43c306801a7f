/** A browser, as far as a daemon sees it: a WebSocket of the package `ws`, and a session on it. */
import { Buffer } from 'node:buffer';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { Delivery, checkDelivery } from '../../lib/wire/delivery.js';
import { isExtensionFrame } from '../../lib/wire/extension/frame.js';
import type { Hello } from '../../lib/wire/extension/hello.js';
import { readToClient, type ToClient } from '../../lib/wire/extension/read.js';
import type { Welcome } from '../../lib/wire/extension/welcome.js';
import { FrameReader } from '../../lib/wire/frame-reader.js';
import { ClientHandshake } from '../../lib/wire/handshake/client-handshake.js';
import { encodeMessage, encodeRequest } from '../../lib/wire/request.js';
import { JOIN_MESS, KILL_MESS } from '../../lib/wire/service.js';
import { until } from './wait.js';

export interface Dialing {
  /** Offered as a subprotocol, as a browser does. */
  readonly token?: string;
  readonly protocols?: readonly string[];
  readonly origin?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly path?: string;
  /** With TLS: whom the client believes. */
  readonly ca?: string;
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3';
  readonly localAddress?: string;
  readonly compression?: boolean;
}

/** How a daemon has answered an upgrade. */
export interface Answer {
  /** 101 for a WebSocket. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Of a refusal. */
  readonly text: string;
  /** Null for a refusal. */
  readonly socket: WebSocket | null;
}

export const bearer = (token: string): string => `ssp.bearer.${Buffer.from(token).toString('base64url')}`;

/** Asks for a WebSocket. */
export function dial(port: number, dialing: Dialing = {}): Promise<Answer> {
  const { token, protocols = ['ssp.v1'], path = '/ssp', ca, compression = false, ...rest } = dialing;
  const offered = token === undefined ? [...protocols] : [...protocols, bearer(token)];
  const url = `${ca === undefined ? 'ws' : 'wss'}://localhost:${port}${path}`;
  const options = { perMessageDeflate: compression, family: 4, ...(ca === undefined ? {} : { ca }), ...rest };
  const socket = new WebSocket(url, offered, options);
  return new Promise((resolve, reject) => {
    let headers: IncomingHttpHeaders = {};
    socket.once('upgrade', (response: IncomingMessage) => {
      headers = response.headers;
    });
    socket.once('open', () => resolve({ status: 101, headers, text: '', socket }));
    socket.once('error', reject);
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += String(chunk)));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, socket: null });
      });
    });
  });
}

/** Only its status. */
export async function statusOf(port: number, dialing: Dialing = {}): Promise<number> {
  const { status, socket } = await dial(port, dialing);
  socket?.terminate();
  return status;
}

/** A WebSocket whose bytes are kept. */
export class WebClient {
  received: Buffer = Buffer.alloc(0);
  /** With what it was closed; null while it is open. */
  code: number | null = null;
  taker: ((chunk: Buffer) => void) | null = null;

  constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => {
      if (this.taker) this.taker(data);
      else this.received = Buffer.concat([this.received, data]);
    });
    socket.on('error', () => undefined);
    socket.on('close', (code) => {
      this.code = code;
    });
  }

  static async open(port: number, dialing: Dialing = {}): Promise<WebClient> {
    const { socket, status, text } = await dial(port, dialing);
    if (socket === null) throw new Error(`refused: ${status} ${text}`);
    return new WebClient(socket);
  }

  send(bytes: Buffer): void {
    this.socket.send(bytes);
  }

  /** @returns the code with which the connection was closed */
  async closed(): Promise<number> {
    await until(() => this.code !== null, 'the close');
    return this.code as number;
  }
}

/** A session of a browser. */
export class WebSession {
  readonly frames: Delivery[] = [];
  /** Frames of the extension that came. */
  readonly extension: ToClient[] = [];
  private taken = 0;

  private constructor(
    readonly client: WebClient,
    readonly privateGroup: string,
    readonly welcome: Welcome | null,
    rest: Buffer,
  ) {
    const reader = new FrameReader({
      header: checkDelivery,
      frame: (bytes, start, end) => this.take(bytes, start, end),
    });
    reader.push(Buffer.from(rest));
    client.taker = (chunk) => reader.push(chunk);
  }

  static async connect(
    port: number,
    name: string,
    dialing: Dialing = {},
    hello?: Hello,
  ): Promise<WebSession> {
    const client = await WebClient.open(port, dialing);
    const handshake = new ClientHandshake({ name, membership: true, priority: 0, hello });
    client.send(handshake.request());
    let seen = 0;
    for (;;) {
      await until(() => client.received.length > seen || client.code !== null, 'an answer to the handshake');
      const step = handshake.push(client.received.subarray(seen));
      seen = client.received.length;
      if (step.kind === 'refused') throw new Error(`refused: ${step.code}`);
      if (step.kind === 'accepted') {
        return new WebSession(client, step.accept.privateGroup, step.welcome, step.rest);
      }
      if (step.write) client.send(step.write);
      if (client.code !== null) throw new Error('closed in the handshake');
    }
  }

  join(group: string): void {
    this.client.send(encodeRequest(JOIN_MESS, this.privateGroup, [group]));
  }

  disconnect(): void {
    this.client.send(encodeRequest(KILL_MESS, this.privateGroup, [this.privateGroup]));
  }

  multicast(service: number, groups: readonly string[], body: string | Buffer): void {
    const data = typeof body === 'string' ? Buffer.from(body, 'latin1') : body;
    const frame = encodeMessage(service, this.privateGroup, groups, 0, [data]);
    for (let at = 0; at < frame.length; at += 16_384) this.client.send(frame.subarray(at, at + 16_384));
  }

  async next(): Promise<Delivery> {
    await until(() => this.frames.length > this.taken || this.client.code !== null, 'a frame');
    const frame = this.frames[this.taken++];
    if (!frame) throw new Error('the stream ended instead of a frame');
    return frame;
  }

  /** Asks the daemon to hold, or not to hold any more. */
  stop(isStopped: boolean): void {
    this.client.socket.send(JSON.stringify({ stop: isStopped }));
  }

  close(): void {
    this.client.socket.close();
  }

  private take(bytes: Buffer, start: number, end: number): void {
    if (!isExtensionFrame(bytes, start)) {
      this.frames.push(new Delivery(bytes, start, end));
      return;
    }
    const read = readToClient(bytes, start, end);
    if (read) this.extension.push(read);
  }
}
