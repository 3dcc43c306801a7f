/**
 * What goes to the daemon. All messages of one turn are gathered and leave in one write, those that are sent by promises of
 * the turn included: a program that awaits each send would otherwise pay for a write each.
 */
import { CONNECTION_CLOSED } from '../wire/codes.js';
import { afterPromises, type Clock } from '../util/clock.js';
import { type Deferred, deferred } from '../util/deferred.js';
import { FairAnswers } from './fair-answers.js';
import { FrameSlab, GATHER_LIMIT_BYTES, isCopied, lengthOf, writeAll } from './frame-slab.js';
import { release } from './slabs.js';
import type { Transport } from './transport.js';

/** How requests leave a mailbox. */
export interface Sender {
  /**
   * Gathers one frame. Groups are cut to 31 bytes. Data that is not copied must stay as it is until the promise resolves.
   * @returns 0 when the bytes were handed to the kernel, CONNECTION_CLOSED when they were not
   */
  send(
    service: number,
    groups: readonly string[],
    messType: number,
    pieces: readonly Uint8Array[],
  ): Promise<number>;
  /**
   * The same, but answered at once with 0 when the data was copied and less than the high-water mark is unsent, else once
   * that is so again.
   */
  submit(
    service: number,
    groups: readonly string[],
    messType: number,
    pieces: readonly Uint8Array[],
  ): Promise<number>;
  /** Gathers a frame of the extension that is already encoded; it is copied. @returns as `send` */
  write(frame: Uint8Array): Promise<number>;
  /** Bytes gathered so far; never decreases. */
  readonly bytes: number;
  /** Writes everything that was given: nothing follows. */
  writeRest(): void;
}

/** What one write is made of. All its messages share one promise. */
interface Batch extends Deferred<number> {
  parts: readonly Uint8Array[];
  bytes: number;
}

const submitted = Promise.resolve(0);

export class Outbox implements Sender {
  /** Bytes of flushed batches that the kernel does not have yet. */
  private unsent = 0;
  /** Bytes of all batches before this one. */
  private flushed = 0;
  private batch: Batch | null = null;
  private readonly slab: FrameSlab;
  /** Pending while at least `highWater` bytes are unsent and somebody waits for that. */
  private low: Deferred<number> | null = null;
  private readonly answers: FairAnswers;
  private readonly flushNow = (): void => this.flush();

  constructor(
    private readonly transport: Transport,
    sender: string,
    private readonly highWater: number,
    clock: Clock,
  ) {
    this.slab = new FrameSlab(sender);
    this.answers = new FairAnswers(clock, highWater);
  }

  send(
    service: number,
    groups: readonly string[],
    messType: number,
    pieces: readonly Uint8Array[],
  ): Promise<number> {
    this.slab.add(service, groups, messType, pieces, lengthOf(pieces));
    return this.gatheredMore();
  }

  write(frame: Uint8Array): Promise<number> {
    this.slab.copy(frame);
    return this.gatheredMore();
  }

  get bytes(): number {
    return this.flushed + this.slab.bytes;
  }

  private gatheredMore(): Promise<number> {
    const { slab } = this;
    const { promise } = (this.batch ??= this.begin());
    if (slab.bytes >= GATHER_LIMIT_BYTES) this.flush();
    return promise;
  }

  submit(
    service: number,
    groups: readonly string[],
    messType: number,
    pieces: readonly Uint8Array[],
  ): Promise<number> {
    const sent = this.send(service, groups, messType, pieces);
    if (!isCopied(lengthOf(pieces))) return sent;
    if (this.unsent + this.slab.bytes < this.highWater) return submitted;
    return (this.low ??= deferred()).promise;
  }

  writeRest(): void {
    this.flush();
  }

  private begin(): Batch {
    afterPromises(this.flushNow);
    return { ...deferred<number>(), parts: [], bytes: 0 };
  }

  private flush(): void {
    const { batch, slab } = this;
    if (batch === null) return;
    this.batch = null;
    batch.bytes = slab.bytes;
    batch.parts = slab.take();
    this.unsent += batch.bytes;
    this.flushed += batch.bytes;
    writeAll(this.transport, batch.parts, (error) => this.written(batch, error));
  }

  private written(batch: Batch, error: Error | null | undefined): void {
    this.unsent -= batch.bytes;
    // Node reports the write that was under way when the socket was destroyed as done; it is not known to be, nor to be over.
    const code = error || this.transport.destroyed ? CONNECTION_CLOSED : 0;
    if (code === 0) for (const part of batch.parts) release(part);
    this.answers.give(batch.bytes, () => this.answer(batch, code));
  }

  private answer(batch: Batch, code: number): void {
    batch.resolve(code);
    if (this.low === null || (code === 0 && this.unsent + this.slab.bytes >= this.highWater)) return;
    this.low.resolve(code);
    this.low = null;
  }
}
