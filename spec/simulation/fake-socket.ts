/**
 * A connection without a kernel, for the daemon's side: those members of a socket that the session machine uses, all
 * synchronous. What the daemon writes goes into a buffer of limited size, and waits when the client does not read.
 */
import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import type { Process } from '../../daemon/testing/time/process.js';

/** The client's side. */
export interface FarEnd {
  /** There is something to read. */
  readable(): void;
  /** The daemon has closed; what is in the buffer can still be read. */
  ended(): void;
}

interface Write {
  /** What the buffer has not taken. */
  bytes: Buffer;
  readonly length: number;
  readonly done: ((error?: Error) => void) | undefined;
}

type Handler = (argument?: never) => void;

export class FakeSocket {
  /** As on the local socket: no address. */
  readonly remoteAddress = undefined;
  readonly remotePort = undefined;
  destroyed = false;
  writableLength = 0;
  private readonly handlers = new Map<string, Handler[]>();
  private readonly buffer: Buffer[] = [];
  private buffered = 0;
  private readonly writes: Write[] = [];
  private corks = 0;
  private ending = false;
  private readonly arrived: (Buffer | 'end' | 'reset')[] = [];
  private paused = false;

  constructor(
    private readonly process: Process,
    /** Bytes that may be on their way to the client. */
    private readonly capacity: number,
    private readonly far: FarEnd,
  ) {}

  get socket(): Socket {
    return this as unknown as Socket;
  }

  /** Bytes that the client can read. */
  get readableBytes(): number {
    return this.buffered;
  }

  // What the daemon calls

  on(event: string, handler: Handler): this {
    const handlers = this.handlers.get(event);
    if (handlers) handlers.push(handler);
    else this.handlers.set(event, [handler]);
    return this;
  }

  once(event: string, handler: Handler): this {
    return this.on(event, handler);
  }

  write(bytes: Buffer, done?: (error?: Error) => void): boolean {
    if (this.destroyed || this.ending) {
      done?.(new Error('written after the end'));
      return false;
    }
    // The kernel's copy.
    this.writes.push({ bytes: Buffer.from(bytes), length: bytes.length, done });
    this.writableLength += bytes.length;
    if (this.corks === 0) this.pump();
    return this.writableLength === 0;
  }

  cork(): void {
    this.corks++;
  }

  uncork(): void {
    this.corks--;
    if (this.corks === 0) this.pump();
  }

  pause(): this {
    this.paused = true;
    return this;
  }

  resume(): this {
    if (!this.paused) return this;
    this.paused = false;
    this.process.soon(() => this.read());
    return this;
  }

  destroySoon(): void {
    if (this.writableLength === 0) this.destroy();
    else this.ending = true;
  }

  destroy(): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    for (const { done } of this.writes.splice(0)) done?.(new Error('destroyed'));
    this.writableLength = 0;
    this.arrived.length = 0;
    this.process.soon(() => this.emit('close'));
    this.far.ended();
    return this;
  }

  // What the client does

  /** Takes up to `limit` bytes. */
  take(limit: number): Buffer[] {
    const taken: Buffer[] = [];
    let left = limit;
    while (left > 0 && this.buffer[0]) {
      const [first] = this.buffer;
      const part = first.subarray(0, left);
      if (part.length === first.length) this.buffer.shift();
      else this.buffer[0] = first.subarray(part.length);
      left -= part.length;
      taken.push(part);
    }
    this.buffered -= limit - left;
    if (this.writes.length > 0) this.process.soon(() => this.pump());
    return taken;
  }

  arrive(what: Buffer | 'end' | 'reset'): void {
    if (this.destroyed) return;
    this.arrived.push(what);
    this.process.run(() => this.read());
  }

  /** The daemon's process is gone. */
  cut(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.far.ended();
  }

  private read(): void {
    while (!this.paused && !this.destroyed) {
      const next = this.arrived.shift();
      if (next === undefined) return;
      if (typeof next === 'string') this.endOf(next);
      else this.emit('data', next);
    }
  }

  private endOf(how: 'end' | 'reset'): void {
    if (how === 'reset') this.emit('error', Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
    else this.emit('end');
    this.destroy();
  }

  private pump(): void {
    let moved = false;
    while (this.writes[0] && this.buffered < this.capacity) {
      const [first] = this.writes;
      const part = first.bytes.subarray(0, this.capacity - this.buffered);
      this.buffer.push(part);
      this.buffered += part.length;
      moved = true;
      if (part.length < first.bytes.length) {
        first.bytes = first.bytes.subarray(part.length);
        break;
      }
      this.writes.shift();
      this.writableLength -= first.length;
      first.done?.();
    }
    if (moved) this.far.readable();
    if (this.ending && this.writes.length === 0) this.destroy();
  }

  private emit(event: string, argument?: unknown): void {
    for (const handler of this.handlers.get(event) ?? []) handler(argument as never);
  }
}
