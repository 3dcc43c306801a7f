/**
 * Looks after the WebSockets that are open: asks each from time to time whether it is still there, and ends the sessions of tokens
 * that have expired. A browser answers a ping by itself, also for a page that sleeps.
 */
import type { Clock, Timer } from '../../../lib/util/clock.js';
import type { WebSocketStream } from './stream.js';

export interface WatchTimes {
  /** Milliseconds between two pings of one socket; 0 for none. */
  readonly pingMs: number;
  /** Milliseconds without anything, not even an answer to a ping, after which a socket is given up. */
  readonly idleTimeoutMs: number;
}

/** Milliseconds between two looks: each is at a part of the sockets, so that many of them hold nobody up. */
const LOOK = 100;
/** Parts at most: each socket is looked at once a second at least. */
const MAX_PARTS = 10;
/** Looks at each socket within the time of a silence. */
const LOOKS = 4;
/** Unanswered pings after which a socket is given up. */
const MISSED_PINGS = 2;
/** Spreads the pings of sockets that came at the same time. */
const GOLDEN_RATIO = 0.618_034;

interface Watched {
  pingAt: number;
  heardAt: number;
  /** By the time of day. */
  readonly expiresAt: number;
  /** The token has expired. */
  readonly expire: () => void;
}

type WatchedStream = Pick<WebSocketStream, 'isHeard' | 'isUnread' | 'ping'> & {
  destroy(error: Error): unknown;
};

export class SocketWatch {
  private readonly parts: Map<WatchedStream, Watched>[];
  /** Which part is next. */
  private turn = 0;
  private timer: Timer | null = null;
  private lastLook = 0;
  private count = 0;

  constructor(
    private readonly times: WatchTimes,
    private readonly clock: Clock,
  ) {
    const count = Math.floor(this.silenceTimeoutMs / LOOK / LOOKS);
    this.parts = Array.from({ length: Math.min(Math.max(1, count), MAX_PARTS) }, () => new Map());
  }

  get size(): number {
    return this.parts.reduce((sum, { size }) => sum + size, 0);
  }

  /** @param expiresAt milliseconds since 1970; Infinity for never @param expire called then */
  add(stream: WatchedStream, expiresAt: number, expire: () => void): void {
    const now = this.clock.now();
    const phase = (++this.count * GOLDEN_RATIO) % 1;
    const pingAt = this.times.pingMs === 0 ? Infinity : now + this.times.pingMs * phase;
    const part = this.parts[this.count % this.parts.length];
    part?.set(stream, { pingAt, heardAt: now, expiresAt, expire });
    if (this.timer === null) this.lastLook = now;
    this.arm();
  }

  delete(stream: WatchedStream): void {
    for (const part of this.parts) if (part.delete(stream)) return;
  }

  /** Looks no more. */
  stop(): void {
    this.timer?.cancel();
    this.timer = null;
    for (const part of this.parts) part.clear();
  }

  private arm(): void {
    this.timer ??= this.clock.after(LOOK, this.look).unref();
  }

  private readonly look = (): void => {
    this.timer = null;
    const now = this.clock.now();
    const date = this.clock.date();
    // Whoever was silent while this process did not run may have been heard.
    const wasAsleep = now - this.lastLook > LOOK + this.silenceTimeoutMs / 2;
    this.lastLook = now;
    // After a sleep all are to be excused.
    for (const part of wasAsleep ? this.parts : [this.nextPart()]) this.lookAt(part, now, date, wasAsleep);
    if (this.size > 0) this.arm();
  };

  private nextPart(): Map<WatchedStream, Watched> {
    this.turn = (this.turn + 1) % this.parts.length;
    return this.parts[this.turn] as Map<WatchedStream, Watched>;
  }

  private lookAt(part: Map<WatchedStream, Watched>, now: number, date: number, wasAsleep: boolean): void {
    for (const [stream, watched] of part) {
      if (stream.isHeard || stream.isUnread || wasAsleep) {
        watched.heardAt = now;
        stream.isHeard = false;
      }
      if (date >= watched.expiresAt) {
        part.delete(stream);
        watched.expire();
      } else if (now - watched.heardAt >= this.silenceTimeoutMs) {
        part.delete(stream);
        stream.destroy(silent(now - watched.heardAt));
      } else if (now >= watched.pingAt) {
        watched.pingAt += this.times.pingMs;
        stream.ping();
      }
    }
  }

  /** Milliseconds without a sign of life. */
  private get silenceTimeoutMs(): number {
    const { pingMs, idleTimeoutMs } = this.times;
    return pingMs === 0 ? idleTimeoutMs : Math.min(idleTimeoutMs, pingMs * MISSED_PINGS);
  }
}

const silent = (milliseconds: number): Error =>
  Object.assign(new Error(`nothing heard for ${Math.round(milliseconds)} ms`), { code: 'ETIMEDOUT' });
