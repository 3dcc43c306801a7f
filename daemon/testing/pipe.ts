/**
 * A connection in memory: two ends, with what a kernel does between two sockets. Bytes are copied once, when they are
 * written, and handed over in the next round of the receiver's clock.
 */
import { Buffer } from 'node:buffer';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { Transport } from '../../lib/mailbox/transport.js';
import type { Clock } from '../../lib/util/clock.js';

/** Bytes that may be on their way in one direction. */
export const PIPE_BYTES = 64 * 1024;

type Rounds = Pick<Clock, 'soon'>;

interface Write {
  /** What is not on its way yet. */
  bytes: Buffer;
  readonly done: ((error?: Error | null) => void) | undefined;
}

const errorOf = (code: string): Error => Object.assign(new Error(code), { code });

/** Where a connection comes from, as its other end sees it. */
export interface PeerAddress {
  readonly address: string;
  readonly port: number;
}

export class PipeEnd extends EventEmitter implements Transport {
  /** Missing as on the local socket, unless an address was given. */
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  destroyed = false;
  /** Bytes that were written and are not on their way yet. */
  writableLength = 0;
  private other!: PipeEnd;
  private readonly writes: Write[] = [];
  private corks = 0;
  private closing: 'no' | 'end' | 'destroy' = 'no';
  private hasSentEnd = false;
  private readonly arrived: (Buffer | 'end' | 'reset')[] = [];
  private arrivedBytes = 0;
  private isPaused = false;
  /** Its process does not read. */
  private isHeld = false;
  private isReading = false;

  constructor(
    private readonly clock: Rounds,
    peer?: PeerAddress,
  ) {
    super();
    this.remoteAddress = peer?.address;
    this.remotePort = peer?.port;
  }

  /** @internal */
  connect(other: PipeEnd): void {
    this.other = other;
  }

  /** Whether nothing is on its way to this end, or waits here to get away. */
  get isIdle(): boolean {
    return this.destroyed || (this.arrived.length === 0 && this.writes.length === 0);
  }

  /** What the session machine takes it for: it uses the members that are here. */
  get socket(): Socket {
    return this as unknown as Socket;
  }

  write(bytes: Uint8Array, done?: (error?: Error | null) => void): boolean {
    if (this.destroyed || this.closing !== 'no') {
      done?.(errorOf('ERR_STREAM_DESTROYED'));
      return false;
    }
    this.writes.push({ bytes: Buffer.from(bytes), done });
    this.writableLength += bytes.length;
    if (this.corks === 0) this.move();
    return this.writableLength === 0;
  }

  cork(): void {
    this.corks++;
  }

  uncork(): void {
    this.corks--;
    if (this.corks === 0) this.move();
  }

  pause(): this {
    this.isPaused = true;
    return this;
  }

  resume(): this {
    this.isPaused = false;
    this.readSoon();
    return this;
  }

  /** Its process stops reading, or continues: beside what the reader itself asks for. */
  hold(isHeld: boolean): void {
    this.isHeld = isHeld;
    if (isHeld) return;
    this.readSoon();
  }

  read(): Buffer | null {
    const [first] = this.arrived;
    if (!(first instanceof Buffer)) return null;
    this.arrived.shift();
    this.arrivedBytes -= first.length;
    return first;
  }

  end(): this {
    if (this.closing === 'no') this.closing = 'end';
    this.move();
    return this;
  }

  /** Ends it when what was written is on its way. */
  destroySoon(): void {
    this.closing = 'destroy';
    this.move();
  }

  /** The other end reads what is on its way and then the end; a reset, where something was left unread here. */
  destroy(error?: Error): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    const isUnread = this.arrivedBytes > 0;
    this.arrived.length = 0;
    this.arrivedBytes = 0;
    this.writableLength = 0;
    for (const { done } of this.writes.splice(0)) done?.(errorOf('ERR_STREAM_DESTROYED'));
    if (isUnread) this.other.arrive('reset');
    else if (!this.hasSentEnd) this.other.arrive('end');
    this.clock.soon(() => {
      if (error) this.emit('error', error);
      this.emit('close');
    });
    return this;
  }

  /** The connection breaks: what is on its way to the other end still comes, and then a reset, as here at once. */
  cut(): void {
    if (this.destroyed) return;
    this.hasSentEnd = true;
    this.other.arrive('reset');
    this.destroy(errorOf('ECONNRESET'));
  }

  private arrive(what: Buffer | 'end' | 'reset'): void {
    if (this.destroyed) return;
    if (this.isHeld && !(what instanceof Buffer)) {
      // Nobody would ever read it: the end is known all the same.
      this.clock.soon(() => this.destroy(errorOf('ECONNRESET')));
      return;
    }
    this.arrived.push(what);
    if (what instanceof Buffer) this.arrivedBytes += what.length;
    this.readSoon();
  }

  private readSoon(): void {
    if (this.isReading) return;
    this.isReading = true;
    this.clock.soon(() => {
      this.isReading = false;
      while (!this.isPaused && !this.isHeld && !this.destroyed && this.arrived.length > 0) this.take();
    });
  }

  private take(): void {
    const bytes = this.read();
    if (bytes !== null) {
      this.emit('data', bytes);
      this.other.moveSoon();
    } else if (this.arrived.shift() === 'reset') {
      this.destroy(errorOf('ECONNRESET'));
    } else {
      this.emit('end');
      // As a socket that may not be half open.
      if (!this.destroyed) this.destroySoon();
    }
  }

  private moveSoon(): void {
    if (this.writes.length > 0) this.clock.soon(() => this.move());
  }

  /** Puts on its way what there is room for. */
  private move(): void {
    const { other, writes } = this;
    if (this.destroyed) return;
    if (other.destroyed && writes.length > 0) {
      this.destroy(errorOf('EPIPE'));
      return;
    }
    for (let first = writes[0]; first && other.arrivedBytes < PIPE_BYTES; first = writes[0]) {
      const part = first.bytes.subarray(0, PIPE_BYTES - other.arrivedBytes);
      first.bytes = first.bytes.subarray(part.length);
      if (part.length > 0) other.arrive(part);
      this.writableLength -= part.length;
      if (first.bytes.length > 0) return;
      writes.shift();
      first.done?.();
    }
    if (writes.length > 0 || this.closing === 'no') return;
    if (this.closing === 'destroy') {
      this.destroy();
    } else if (!this.hasSentEnd) {
      this.hasSentEnd = true;
      other.arrive('end');
    }
  }
}

/** The two ends of a connection, each with the clock of its process. @param from where the far end sees the near one */
export function pipe(near: Rounds, far: Rounds, from?: PeerAddress): [near: PipeEnd, far: PipeEnd] {
  const ends: [PipeEnd, PipeEnd] = [new PipeEnd(near), new PipeEnd(far, from)];
  ends[0].connect(ends[1]);
  ends[1].connect(ends[0]);
  return ends;
}
