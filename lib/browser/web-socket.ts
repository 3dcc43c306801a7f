/**
 * A WebSocket as the way to a daemon: its binary messages are pieces of the byte stream, cut anywhere. A WebSocket cannot be left
 * unread, so the daemon is asked to stop, in a text message, and to continue.
 */
import { Buffer } from '#buffer';
import { EventEmitter } from 'eventemitter3';
import type { OpenTransport, Transport } from '../mailbox/transport.js';
import type { TimerClock } from '../util/clock.js';
import type { Token } from './token.js';

/** What is used of the web's WebSocket. */
export interface WebSocketLike {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { readonly code: number }) => void): void;
  send(data: Uint8Array<ArrayBuffer> | string): void;
  close(code?: number): void;
}

/** `WebSocket` itself. */
export type WebSocketMaker = new (url: string, protocols: string[]) => WebSocketLike;

/** Bytes of one message at most: far below the limit of any daemon. */
const MESSAGE_BYTES = 16 * 1024;
/** What was sent counts as sent while no more than this waits in the WebSocket. */
const UNSENT_BYTES = 256 * 1024;
/** Milliseconds between looks at what waits there: no event says it. */
const LOOK_MS = 10;
const OPEN = 1;
const NORMAL_CLOSURE = 1000;
/** The connection broke, or never was one: the browser does not say why. */
const ABNORMAL_CLOSURE = 1006;

type Done = (error?: Error | null) => void;

export class WebSocketTransport extends EventEmitter implements Transport {
  destroyed = false;
  private socket: WebSocketLike | null = null;
  private isPaused = false;
  private isCorked = false;
  /** What has come while it was paused, and an end behind it. */
  private readonly arrived: Buffer[] = [];
  private ending: (() => void) | null = null;
  private isOver = false;
  private parts: Uint8Array[] = [];
  private dones: Done[] = [];
  private isLooking = false;

  constructor(private readonly clock: TimerClock) {
    super();
  }

  /** @param ready called when bytes can be sent */
  start(make: () => WebSocketLike, ready: () => void): void {
    if (this.destroyed) return;
    try {
      this.socket = make();
    } catch (error) {
      this.fail(error as Error);
      return;
    }
    const { socket } = this;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('open', () => (this.destroyed ? undefined : ready()));
    socket.addEventListener('message', ({ data }) => this.receive(data));
    // Says nothing; `close` follows.
    socket.addEventListener('error', () => undefined);
    socket.addEventListener('close', ({ code }) => this.closed(code));
  }

  /** It broke, or cannot be opened. */
  fail(error: Error): void {
    if (this.isOver) return;
    this.emit('error', error);
    this.over();
  }

  write(bytes: Uint8Array, done?: Done): void {
    this.parts.push(bytes);
    if (done) this.dones.push(done);
    if (!this.isCorked) this.flush();
  }

  cork(): void {
    this.isCorked = true;
  }

  uncork(): void {
    this.isCorked = false;
    this.flush();
  }

  pause(): void {
    if (this.isPaused) return;
    this.isPaused = true;
    this.control(true);
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.control(false);
    queueMicrotask(() => this.handOut());
  }

  read(): Buffer | null {
    return this.arrived.shift() ?? null;
  }

  end(): void {
    if (this.socket === null) this.destroy();
    else this.socket.close(NORMAL_CLOSURE);
  }

  destroy(): void {
    if (this.destroyed) return;
    this.socket?.close();
    this.destroyed = true;
    this.arrived.length = 0;
    queueMicrotask(() => this.over());
  }

  private get isOpen(): boolean {
    return !this.destroyed && this.socket?.readyState === OPEN;
  }

  private control(stop: boolean): void {
    if (this.isOpen) this.socket?.send(JSON.stringify({ stop }));
  }

  private receive(data: unknown): void {
    // A daemon sends no text.
    if (this.destroyed || !(data instanceof ArrayBuffer)) return;
    const chunk = Buffer.from(data);
    if (this.isPaused || this.arrived.length > 0) this.arrived.push(chunk);
    else this.emit('data', chunk);
  }

  private handOut(): void {
    while (!this.isPaused && !this.destroyed) {
      const chunk = this.arrived.shift();
      if (chunk === undefined) break;
      this.emit('data', chunk);
    }
    if (this.arrived.length === 0) this.ending?.();
  }

  private closed(code: number): void {
    if (code === ABNORMAL_CLOSURE) this.fail(new Error('the WebSocket broke, or was refused'));
    else if (this.arrived.length === 0) this.over();
    else this.ending = () => this.over();
  }

  private over(): void {
    if (this.isOver) return;
    this.isOver = this.destroyed = true;
    this.parts = [];
    for (const done of this.dones.splice(0)) done(new Error('the WebSocket is closed'));
    this.emit('close');
  }

  private flush(): void {
    const { parts } = this;
    this.parts = [];
    if (this.isOpen) for (const message of messagesOf(parts)) this.send(message);
    if (this.dones.length === 0 || this.isLooking) return;
    this.isLooking = true;
    queueMicrotask(this.look);
  }

  /** Sends a copy: WebSockets of programs, such as that of jsdom, may read it when the memory has been used again. */
  private send(pieces: readonly Uint8Array[]): void {
    this.socket?.send(Buffer.concat(pieces));
  }

  private readonly look = (): void => {
    this.isLooking = false;
    if (!this.isOpen) {
      for (const done of this.dones.splice(0)) done(new Error('the WebSocket is closed'));
    } else if ((this.socket as WebSocketLike).bufferedAmount <= UNSENT_BYTES) {
      for (const done of this.dones.splice(0)) done();
    } else {
      this.isLooking = true;
      this.clock.after(LOOK_MS, this.look);
    }
  };
}

/** The same bytes in messages, each of pieces. */
function messagesOf(parts: readonly Uint8Array[]): Uint8Array[][] {
  const messages: Uint8Array[][] = [];
  let room = 0;
  for (const part of parts)
    for (let at = 0; at < part.length; at += MESSAGE_BYTES) {
      const piece = part.subarray(at, at + MESSAGE_BYTES);
      if (piece.length > room) {
        messages.push([]);
        room = MESSAGE_BYTES;
      }
      messages.at(-1)?.push(piece);
      room -= piece.length;
    }
  return messages;
}

/** Opens WebSockets with the token. */
export const webOpener =
  (token: Token, clock: TimerClock): OpenTransport =>
  (address, _options, ready) => {
    const url = 'url' in address ? address.url : '';
    const transport = new WebSocketTransport(clock);
    const { WebSocket } = globalThis as unknown as { readonly WebSocket: WebSocketMaker };
    void token.protocols().then(
      (protocols) => transport.start(() => new WebSocket(url, protocols), ready),
      (error: unknown) => transport.fail(error instanceof Error ? error : new Error(String(error))),
    );
    return transport;
  };
