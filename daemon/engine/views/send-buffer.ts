/**
 * Own payloads on their way: those that wait, and those that are sent and have not come back. What has not come back
 * when a view ends is sent again in the next [corosync 5.2.1].
 */
import type { Buffer } from 'node:buffer';
import { Fifo } from '../../../lib/util/fifo.js';

export interface OwnPayload {
  readonly payload: Buffer;
  readonly safe: boolean;
  readonly exchange: boolean;
  /** Bytes of it that are sent. */
  sent: number;
}

interface InFlight {
  readonly bytes: number;
  /** The payload that ends with it. */
  readonly ends: OwnPayload | null;
}

export interface Fragment {
  readonly own: OwnPayload;
  readonly bytes: Buffer;
  /** Another one follows. */
  readonly more: boolean;
}

export class SendBuffer {
  /** Bytes of payloads that have not come back, sent or not. */
  queuedBytes = 0;
  /** Bytes that are sent and have not come back. */
  inFlightBytes = 0;
  private readonly waiting = new Fifo<OwnPayload>();
  /** Those of the exchange go first. */
  private readonly ahead = new Fifo<OwnPayload>();
  /** Sent at least in part, not delivered here. */
  private readonly unfinished = new Fifo<OwnPayload>();
  private readonly inFlight = new Fifo<InFlight>();

  constructor(private readonly fragmentBytes: number) {}

  add(payload: Buffer, safe: boolean, exchange: boolean): void {
    this.queuedBytes += payload.length;
    (exchange ? this.ahead : this.waiting).push({ payload, safe, exchange, sent: 0 });
  }

  /** What goes out next; null when nothing may. @param onlyExchange while the exchange after a view is under way */
  next(onlyExchange: boolean): Fragment | null {
    const own = this.current(onlyExchange);
    if (!own) return null;
    const end = Math.min(own.payload.length, own.sent + this.fragmentBytes);
    return { own, bytes: own.payload.subarray(own.sent, end), more: end < own.payload.length };
  }

  /** That fragment was accepted. */
  accepted({ own, bytes, more }: Fragment): void {
    if (own.sent === 0) this.unfinished.push(own);
    own.sent += bytes.length;
    this.inFlightBytes += bytes.length;
    this.inFlight.push({ bytes: bytes.length, ends: more ? null : own });
    if (!more) (own.exchange ? this.ahead : this.waiting).shift();
  }

  /** The first of those in flight came back in its place of the order. */
  delivered(): void {
    const first = this.inFlight.shift();
    if (!first) return;
    this.inFlightBytes -= first.bytes;
    if (!first.ends) return;
    this.queuedBytes -= first.ends.payload.length;
    this.unfinished.shift();
  }

  /**
   * The view is over: what was sent in vain waits again, in its order; what belonged to the view's exchange goes.
   * @returns how many wait again
   */
  endView(): number {
    const begun = this.waiting.peek();
    const again: OwnPayload[] = [];
    for (const own of this.unfinished.drain()) {
      own.sent = 0;
      // One that was sent in part still stands at the head of those that wait.
      if (!own.exchange && own !== begun) again.push(own);
      else if (own.exchange && own !== this.ahead.peek()) this.queuedBytes -= own.payload.length;
    }
    for (const { payload } of this.ahead.drain()) this.queuedBytes -= payload.length;
    this.waiting.putBack(again);
    this.inFlight.drain();
    this.inFlightBytes = 0;
    return again.length;
  }

  /** The way to the others is gone: takes out those that were sent whole, for they may have arrived there. */
  takeAccepted(): OwnPayload[] {
    const whole: OwnPayload[] = [];
    for (const { ends } of this.inFlight.drain()) {
      if (!ends) continue;
      this.unfinished.shift();
      this.queuedBytes -= ends.payload.length;
      if (!ends.exchange) whole.push(ends);
    }
    this.inFlightBytes = 0;
    return whole;
  }

  private current(onlyExchange: boolean): OwnPayload | undefined {
    const partial = this.waiting.peek();
    // A payload that was begun is finished first: its fragments stand one behind the other.
    if (partial !== undefined && partial.sent > 0) return partial;
    return this.ahead.peek() ?? (onlyExchange ? undefined : partial);
  }
}
