/** A client made of bytes: what it sends is sent as it is, what comes back is kept as it came. */
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Delivery, checkDelivery } from '../../lib/wire/delivery.js';
import type { Hello } from '../../lib/wire/extension/hello.js';
import type { Welcome } from '../../lib/wire/extension/welcome.js';
import { FrameReader } from '../../lib/wire/frame-reader.js';
import { ClientHandshake } from '../../lib/wire/handshake/client-handshake.js';
import { encodeConnectRequest, PROTOCOL_VERSION } from '../../lib/wire/handshake/connect-request.js';
import { encodeMessage, encodeRequest } from '../../lib/wire/request.js';
import { JOIN_MESS, KILL_MESS, LEAVE_MESS } from '../../lib/wire/service.js';
import { until } from './wait.js';

/** The first bytes of a client that wants to be told of views. */
export const connectRequest = (name: string): Buffer =>
  encodeConnectRequest({ version: PROTOCOL_VERSION, membership: true, priority: 0, name });

/** A port of 127.0.0.1, a port of another host, or the path of a local socket. */
export type Where =
  number | string | { readonly host: string; readonly port: number; readonly localAddress?: string };

function dial(where: Where): Socket {
  if (typeof where === 'object') return connect(where);
  return typeof where === 'number' ? connect(where, '127.0.0.1') : connect(where);
}

export class RawClient {
  /** Everything that came. */
  received: Buffer = Buffer.alloc(0);
  /** Bytes that were given to the socket. */
  sent = 0;
  /** The stream has ended or broken. */
  closed = false;
  private used = 0;

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk]);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.closed = true;
    });
  }

  /** A connection without a handshake. */
  static async open(where: Where): Promise<RawClient> {
    const socket = dial(where);
    const client = new RawClient(socket);
    await once(socket, 'connect');
    socket.setNoDelay(true);
    return client;
  }

  send(bytes: Buffer): void {
    this.sent += bytes.length;
    this.socket.write(bytes);
  }

  /** The next `count` bytes that were not taken yet. */
  async take(count: number): Promise<Buffer> {
    await until(() => this.received.length >= this.used + count || this.closed, `${count} bytes`);
    const bytes = this.received.subarray(this.used, this.used + count);
    this.used += bytes.length;
    return bytes;
  }

  async end(): Promise<void> {
    await until(() => this.closed, 'the end of the stream');
  }

  close(): void {
    this.socket.destroy();
  }

  /** Breaks the connection; a local socket can only be closed. */
  reset(): void {
    if (this.socket.remoteAddress === undefined) this.socket.destroy();
    else this.socket.resetAndDestroy();
  }
}

/** A raw client that is through its handshake and reads frames. */
export class RawSession {
  readonly frames: Delivery[] = [];
  private taken = 0;
  private readonly reader: FrameReader;

  private constructor(
    readonly client: RawClient,
    readonly privateGroup: string,
    /** What the daemon granted of the extension; null in a plain session. */
    readonly welcome: Welcome | null,
    rest: Buffer,
  ) {
    this.reader = new FrameReader({
      header: checkDelivery,
      frame: (bytes, start, end) => this.frames.push(new Delivery(bytes, start, end)),
    });
    this.reader.push(Buffer.from(rest));
    client.socket.removeAllListeners('data');
    client.socket.on('data', (chunk: Buffer) => this.reader.push(chunk));
  }

  static async connect(where: Where, name: string, membership = true, hello?: Hello): Promise<RawSession> {
    const client = await RawClient.open(where);
    const handshake = new ClientHandshake({ name, membership, priority: 0, hello });
    client.send(handshake.request());
    let seen = 0;
    for (;;) {
      await until(() => client.received.length > seen || client.closed, 'an answer to the handshake');
      const step = handshake.push(client.received.subarray(seen));
      seen = client.received.length;
      if (step.kind === 'refused') throw new Error(`refused: ${step.code}`);
      if (step.kind === 'accepted') {
        return new RawSession(client, step.accept.privateGroup, step.welcome, step.rest);
      }
      if (step.write) client.send(step.write);
      if (client.closed) throw new Error('closed in the handshake');
    }
  }

  join(group: string): void {
    this.client.send(encodeRequest(JOIN_MESS, this.privateGroup, [group]));
  }

  leave(group: string): void {
    this.client.send(encodeRequest(LEAVE_MESS, this.privateGroup, [group]));
  }

  disconnect(): void {
    this.client.send(encodeRequest(KILL_MESS, this.privateGroup, [this.privateGroup]));
  }

  multicast(service: number, groups: readonly string[], body: string | Buffer, messType = 0): void {
    const data = typeof body === 'string' ? Buffer.from(body, 'latin1') : body;
    this.client.send(encodeMessage(service, this.privateGroup, groups, messType, [data]));
  }

  /** The next frame that was not taken yet. */
  async next(): Promise<Delivery> {
    await until(() => this.frames.length > this.taken || this.client.closed, 'a frame');
    const frame = this.frames[this.taken++];
    if (!frame) throw new Error('the stream ended instead of a frame');
    return frame;
  }

  /** Bytes that came of a frame that is not whole. */
  get torn(): number {
    return this.reader.pending;
  }

  /** Frames that came and were not taken. */
  get waiting(): number {
    return this.frames.length - this.taken;
  }

  close(): void {
    this.client.close();
  }
}
