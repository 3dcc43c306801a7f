/**
 * What a connection with `resume` sends. It outlives the way to one daemon. At a daemon that numbers requests, all that is not
 * acknowledged is sent again after a loss, in its order, under the new name; the daemons drop what they had. Elsewhere, what
 * was not handed to the kernel is sent at the next daemon, and what was handed over is not sent again.
 */
import { ConnectionClosedError } from '../../errors.js';
import { FrameSlab, isCopied, lengthOf, rename, writeAll } from '../../mailbox/frame-slab.js';
import { FairAnswers } from '../../mailbox/fair-answers.js';
import type { Sender } from '../../mailbox/outbox.js';
import type { Transport } from '../../mailbox/transport.js';
import { afterPromises, type Clock } from '../../util/clock.js';
import { type Deferred, deferred } from '../../util/deferred.js';
import { Fifo } from '../../util/fifo.js';
import { encodeNumber } from '../../wire/extension/resume.js';
import { SendUnknownError } from './errors.js';
import { RepeatedLeaves } from './repeated-leaves.js';
import { codeOf, notSupported, RequestBatch } from './request-batch.js';

/** One write is under way at a time, so that little is uncertain after a loss: about this much. */
const WRITE_BYTES = 64 * 1024;
/** Most that is kept until it is acknowledged before senders wait. */
const KEPT_REQUESTS = 10_000;
const KEPT_BYTES = 8 * 1024 * 1024;

const submitted = Promise.resolve(0);
const atOnce = Promise.resolve();

export class KeptOutbox implements Sender {
  /** Whether the daemon numbers and acknowledges requests; while there is none, whether the last one did. */
  isNumbered = false;
  /** Number of the next request. */
  private next = 1;
  /** The number that the daemon gives the next request that it reads. */
  private expected = 1;
  private stable = 0;
  /** Bytes of all that was not written, the write under way included. */
  private unsent = 0;
  /** Bytes of all that may have to be sent again. */
  private kept = 0;
  private readonly waiting = new Fifo<RequestBatch>(4);
  /** Written, and not acknowledged. */
  private readonly unacknowledged = new Fifo<RequestBatch>(4);
  /** Leaves that are acknowledged, and whose answer has not come. */
  private leaves: RequestBatch[] = [];
  readonly repeatedLeaves = new RepeatedLeaves();
  /** What is gathered in this turn, or until there is a daemon again. */
  private gathering: RequestBatch | null = null;
  private written: RequestBatch | null = null;
  private transport: Transport | null = null;
  /** Nothing more is written on this way; settles when nothing is being written. */
  private halted: Deferred<void> | null = null;
  private readonly slab: FrameSlab;
  private readonly answers: FairAnswers;
  /** Bytes that were given out to be written. */
  private flushed = 0;
  /** There while there is too much for more sends to be answered at once. */
  private low: Deferred<void> | null = null;
  private over: Error | null = null;
  /** Everything leaves at once: nothing comes behind it. */
  private isLast = false;

  constructor(
    private sender: string,
    private readonly highWater: number,
    clock: Pick<Clock, 'soon'>,
  ) {
    this.slab = new FrameSlab(sender);
    this.answers = new FairAnswers(clock, highWater);
  }

  /**
   * The way to a daemon is there, in a session that knows nothing of before.
   * @param first makes the requests that go out before everything that waits
   */
  begin(transport: Transport, sender: string, isNumbered: boolean, first: () => void): void {
    this.seal();
    this.forgetWritten();
    this.repeatedLeaves.forget();
    const kept = this.waiting.drain().filter((batch) => this.isKept(batch, false));
    this.renameAll(kept, sender);
    this.isNumbered = isNumbered;
    [this.next, this.expected, this.stable] = [1, 1, 0];
    if (!isNumbered) for (const batch of kept) batch.rejectConfirmation(notSupported());
    first();
    this.seal();
    for (const batch of kept) this.number(batch);
    this.start(transport);
  }

  /**
   * The way to a daemon is there, in the session of before.
   * @param stable number of the last request that is known to be acknowledged
   * @param announce says with which number the requests go on
   */
  resume(
    transport: Transport,
    sender: string,
    stable: number,
    announce: (next: number) => Uint8Array[],
  ): void {
    this.seal();
    this.acknowledge(stable);
    for (const { bytes } of this.leaves) this.kept += bytes;
    const repeats = [...this.leaves.splice(0), ...this.unacknowledged.drain()];
    for (const batch of repeats) this.unsent += batch.bytes;
    const leaves = repeats.filter((batch) => batch.isLeave && !batch.isAnswered);
    this.repeatedLeaves.returning(
      leaves.map(({ control, last }) => [control?.group ?? '', last]),
      this.stable,
    );
    const all = [...repeats, ...this.waiting.drain()]
      .filter((batch) => this.isKept(batch, true))
      .toSorted((a, b) => a.first - b.first);
    this.renameAll(all, sender);
    this.expected = all[0]?.first ?? this.next;
    for (const batch of all) this.waiting.push(batch);
    for (const frame of announce(this.expected)) transport.write(frame);
    this.start(transport);
  }

  /** The connection goes elsewhere: resolves when nothing is being written here any more. What is gathered then waits. */
  halt(): Promise<void> {
    this.halted ??= deferred();
    if (this.written === null) this.halted.resolve();
    return this.halted.promise;
  }

  /** It was lost, or left. */
  detach(): void {
    const { waiting, written, unacknowledged } = this;
    this.halted?.resolve();
    this.halted = null;
    this.transport = null;
    this.written = null;
    this.seal();
    for (const batch of waiting.drain()) if (this.isKept(batch, this.isNumbered)) waiting.push(batch);
    if (written !== null) this.unsent -= written.bytes;
    if (this.isNumbered) {
      for (const batch of unacknowledged.drain()) {
        if (batch.control === null || batch.isLeave) unacknowledged.push(batch);
        else this.kept -= batch.bytes;
      }
    } else if (written !== null) {
      this.kept -= written.bytes;
      written.reject(new SendUnknownError('the connection was lost while the message was being written'));
    }
    this.lowered();
  }

  /** Requests up to this number are stable. */
  acknowledge(number: number): void {
    const { unacknowledged } = this;
    this.stable = Math.max(this.stable, number);
    for (let batch = unacknowledged.peek(); batch && batch.last <= number; batch = unacknowledged.peek()) {
      unacknowledged.shift();
      this.kept -= batch.bytes;
      if (batch.isLeave && !batch.isAnswered) this.leaves.push(batch);
      else batch.release();
      batch.acknowledged();
    }
    this.repeatedLeaves.acknowledged(this.stable);
    this.lowered();
  }

  /** A leave of the group was answered. */
  left(group: string): void {
    const isOf = ({ isLeave, control }: RequestBatch): boolean => isLeave && control?.group === group;
    this.leaves = this.leaves.filter((batch) => !isOf(batch));
    for (const batch of [...this.unacknowledged.items(), ...this.waiting.items()])
      if (isOf(batch)) batch.isAnswered = true;
  }

  /** Nothing more is sent. */
  end(error: Error): void {
    this.over = error;
    this.seal();
    this.forgetWritten();
    this.repeatedLeaves.forget();
    for (const batch of this.waiting.drain()) batch.reject(error);
    this.low?.reject(error);
    this.low = null;
  }

  /** Of the way to this daemon alone: not kept over a loss. */
  write(frame: Uint8Array): Promise<number> {
    this.transport?.write(frame);
    this.flushed += frame.length;
    return submitted;
  }

  get bytes(): number {
    return this.flushed;
  }

  writeRest(): void {
    this.isLast = true;
    this.over ??= new ConnectionClosedError('closed on this side');
    this.writeNext();
    if (this.isNumbered) this.forgetWritten();
  }

  /** A join, leave or disconnect. */
  send(
    service: number,
    groups: readonly string[],
    messType: number,
    pieces: readonly Uint8Array[],
  ): Promise<number> {
    if (this.over) return codeOf(Promise.reject(this.over));
    this.seal();
    this.gathering = this.gather(new RequestBatch({ service, group: groups[0] ?? '' }));
    const batch = this.add(service, groups, messType, pieces, lengthOf(pieces));
    this.seal();
    return codeOf(batch.done.promise);
  }

  submit(
    service: number,
    groups: readonly string[],
    messType: number,
    pieces: readonly Uint8Array[],
  ): Promise<number> {
    return codeOf(this.keep(service, groups, messType, pieces, false));
  }

  /**
   * As `submit`. @param confirm waits until it is acknowledged
   * @returns rejects with the error that says what is known
   */
  keep(
    service: number,
    groups: readonly string[],
    messType: number,
    pieces: readonly Uint8Array[],
    confirm: boolean,
  ): Promise<void> {
    if (this.over) return Promise.reject(this.over);
    if (confirm && !this.isNumbered) return Promise.reject(notSupported());
    const length = lengthOf(pieces);
    const batch = this.add(service, groups, messType, pieces, length);
    if (confirm) return batch.confirmed;
    if (!isCopied(length)) return batch.done.promise;
    return this.isLow ? atOnce : (this.low ??= deferred()).promise;
  }

  /** Resolves when all that was sent is acknowledged. */
  confirmed(): Promise<void> {
    if (this.over) return Promise.reject(this.over);
    if (!this.isNumbered) return Promise.reject(notSupported());
    this.seal();
    const last = this.waiting.items().at(-1) ?? this.unacknowledged.items().at(-1);
    return last?.confirmed ?? atOnce;
  }

  private get isLow(): boolean {
    if (this.unsent + this.slab.bytes >= this.highWater) return false;
    if (!this.isNumbered) return true;
    const requests = this.next + (this.gathering?.count ?? 0) - 1 - this.stable;
    return requests < KEPT_REQUESTS && this.kept + this.slab.bytes < KEPT_BYTES;
  }

  private add(
    service: number,
    groups: readonly string[],
    messType: number,
    pieces: readonly Uint8Array[],
    length: number,
  ): RequestBatch {
    this.slab.add(service, groups, messType, pieces, length);
    const batch = (this.gathering ??= this.gather(new RequestBatch(null)));
    batch.count++;
    if (this.slab.bytes >= WRITE_BYTES) this.seal();
    return batch;
  }

  private gather(batch: RequestBatch): RequestBatch {
    afterPromises(this.flush);
    return batch;
  }

  private readonly flush = (): void => {
    this.seal();
    this.writeNext();
  };

  /** What is gathered waits for its turn. */
  private seal(): void {
    const { gathering, slab } = this;
    if (gathering === null) return;
    this.gathering = null;
    gathering.bytes = slab.bytes;
    gathering.parts = slab.take();
    this.unsent += gathering.bytes;
    this.kept += gathering.bytes;
    this.number(gathering);
  }

  private number(batch: RequestBatch): void {
    batch.first = this.next;
    this.next += batch.count;
    this.waiting.push(batch);
  }

  /** What a connection wants to be in is a state: joins are not sent again, and leaves in the session of before only. */
  private isKept(batch: RequestBatch, isSameSession: boolean): boolean {
    const isKept = batch.control === null || (isSameSession && batch.isLeave && !batch.isAnswered);
    if (isKept) return true;
    this.unsent -= batch.bytes;
    this.kept -= batch.bytes;
    batch.acknowledged();
    return false;
  }

  private renameAll(batches: readonly RequestBatch[], sender: string): void {
    if (sender === this.sender) return;
    for (const { parts } of batches) rename(parts, sender);
    this.sender = sender;
    this.slab.sender = sender;
  }

  /** Nobody will say what became of what was written, also of what waits to be written once more. */
  private forgetWritten(): void {
    const unknown = new SendUnknownError('nobody can say whether the message was delivered');
    const batches = this.waiting.drain();
    for (const batch of batches) if (!batch.wasWritten) this.waiting.push(batch);
    const repeats = batches.filter(({ wasWritten }) => wasWritten);
    for (const { bytes } of repeats) this.unsent -= bytes;
    for (const batch of [...this.unacknowledged.drain(), ...repeats]) {
      this.kept -= batch.bytes;
      batch.reject(unknown);
    }
    this.leaves = [];
  }

  private start(transport: Transport): void {
    this.transport = transport;
    this.writeNext();
    this.lowered();
  }

  private writeNext(): void {
    const { transport } = this;
    if (transport === null || (!this.isLast && (this.halted !== null || this.written !== null))) return;
    this.seal();
    const batch = this.nextToWrite();
    if (!batch) return;
    this.written = batch;
    batch.isBeingWritten = true;
    this.flushed += batch.bytes;
    if (this.isNumbered) {
      if (batch.first !== this.expected) transport.write(encodeNumber(batch.first));
      this.expected = batch.first + batch.count;
      batch.wasWritten = true;
      this.unacknowledged.push(batch);
    }
    writeAll(transport, batch.parts, (error) => this.done(batch, transport, error));
    // A leave whose answer was lost: nobody acknowledges it again.
    if (this.isNumbered && batch.last <= this.stable) this.acknowledge(this.stable);
    if (this.isLast) this.writeNext();
  }

  /** Without what was acknowledged while it waited to be sent again: the daemon does not say so a second time. */
  private nextToWrite(): RequestBatch | undefined {
    const { waiting } = this;
    for (let batch = waiting.shift(); batch; batch = waiting.shift()) {
      // The return joins what is being left, whatever has been answered since.
      if (!this.isNumbered || batch.last > this.stable || batch.isLeave) return batch;
      this.unsent -= batch.bytes;
      this.kept -= batch.bytes;
      batch.acknowledged();
    }
    this.lowered();
    return undefined;
  }

  private done(batch: RequestBatch, transport: Transport, error: Error | null | undefined): void {
    // Node reports the write that was under way when the socket was destroyed as done; `detach` has judged it.
    if (this.transport !== transport || error || transport.destroyed) return;
    batch.isBeingWritten = false;
    const { isNumbered } = this;
    if (!isNumbered) {
      this.kept -= batch.bytes;
      batch.release();
    }
    this.answers.give(batch.bytes, () => {
      this.unsent -= batch.bytes;
      if (!isNumbered) batch.acknowledged();
      this.lowered();
    });
    if (this.written === batch) this.written = null;
    this.halted?.resolve();
    this.writeNext();
  }

  private lowered(): void {
    if (this.low === null || !this.isLow) return;
    this.low.resolve();
    this.low = null;
  }
}
