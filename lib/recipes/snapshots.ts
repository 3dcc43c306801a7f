/** Snapshots of a machine: taken at one moment, read later, in messages of one size, by several at their own speed. */
import { Buffer } from '#buffer';
import { IllegalStateError } from '../errors.js';
import { AsyncQueue } from '../util/async-queue.js';
import { type Clock, turn } from '../util/clock.js';
import { CHUNK_BYTES, MAX_MERGE_BYTES } from './core/limits.js';
import type { Snapshot } from './core/machines/machine.js';

/** Hands a piece to the one who asked. */
export type Supply = (id: string, to: string, offset: number, data: Buffer, isLast: boolean) => void;

type Pieces = AsyncIterator<Uint8Array> | Iterator<Uint8Array>;

/** Cuts a snapshot into pieces of another size. */
class Cutter {
  private readonly pieces: Pieces;
  private rest: Buffer[] = [];
  private length = 0;
  private isOver = false;

  constructor(snapshot: Snapshot) {
    const source = typeof snapshot === 'function' ? snapshot() : [snapshot];
    this.pieces = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }

  /** The next bytes, `size` of them but for the last, and whether these are the last. */
  async next(size: number): Promise<{ readonly data: Buffer; readonly isLast: boolean }> {
    // One byte more than is wanted tells whether something follows.
    while (!this.isOver && this.length <= size) {
      const { done, value } = await this.pieces.next();
      if (done) this.isOver = true;
      else {
        this.rest.push(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
        this.length += value.byteLength;
      }
    }
    const all = this.rest.length === 1 ? (this.rest[0] as Buffer) : Buffer.concat(this.rest);
    const data = all.subarray(0, size);
    const behind = all.subarray(size);
    this.rest = [behind];
    this.length = behind.length;
    return { data, isLast: this.isOver && behind.length === 0 };
  }
}

interface Reading {
  readonly cutter: Cutter;
  /** Bytes before it are read and not given. */
  readonly from: number;
  at: number;
  until: number;
  isRunning: boolean;
}

export class Snapshots {
  private readonly taken = new Map<string, Snapshot>();
  private readonly readings = new Map<string, Reading>();

  constructor(
    private readonly supply: Supply,
    private readonly failed: (error: unknown) => void,
    private readonly clock: Pick<Clock, 'soon'>,
  ) {}

  keep(id: string, snapshot: Snapshot): void {
    this.taken.set(id, snapshot);
  }

  release(id: string): void {
    this.taken.delete(id);
    for (const key of this.readings.keys()) if (key.startsWith(`${id} `)) this.readings.delete(key);
  }

  clear(): void {
    this.taken.clear();
    this.readings.clear();
  }

  /**
   * Gives bytes up to `until`: from `offset`, or from where it stopped. One who asks again because it had to wait for long
   * does not make it begin anew: else a state that takes longer to read than anybody waits would never be given.
   */
  give(id: string, to: string, offset: number, until: number, restart: boolean): void {
    const snapshot = this.taken.get(id);
    if (!snapshot) return;
    const key = `${id} ${to}`;
    let reading = this.readings.get(key);
    if (!reading || (restart && Math.max(reading.from, reading.at) !== offset)) {
      reading = { cutter: new Cutter(snapshot), from: offset, at: 0, until, isRunning: false };
      this.readings.set(key, reading);
    } else reading.until = Math.max(reading.until, until);
    if (!reading.isRunning) this.run(id, to, reading).catch(this.failed);
  }

  /** All of it; null when it is too long to be merged, or not there any more. */
  async whole(id: string): Promise<Buffer | null> {
    const snapshot = this.taken.get(id);
    if (!snapshot) return null;
    const cutter = new Cutter(snapshot);
    const parts: Buffer[] = [];
    for (let bytes = 0; bytes <= MAX_MERGE_BYTES;) {
      const { data, isLast } = await cutter.next(CHUNK_BYTES);
      parts.push(data);
      bytes += data.length;
      if (isLast) return Buffer.concat(parts);
      await turn(this.clock);
    }
    return null;
  }

  private async run(id: string, to: string, reading: Reading): Promise<void> {
    const key = `${id} ${to}`;
    const { from } = reading;
    reading.isRunning = true;
    try {
      while (reading.at < reading.until && this.readings.get(key) === reading) {
        const skips = reading.at < from;
        const size = skips ? Math.min(CHUNK_BYTES, from - reading.at) : CHUNK_BYTES;
        const { data, isLast } = await reading.cutter.next(size);
        if (this.readings.get(key) !== reading) return;
        if (!skips) this.supply(id, to, reading.at, data, isLast);
        reading.at += data.length;
        if (isLast) return;
        // A large state is given in many small turns.
        await turn(this.clock);
      }
    } catch (error) {
      // What follows in it is not what follows in the snapshot.
      if (this.readings.get(key) === reading) this.readings.delete(key);
      throw error;
    } finally {
      reading.isRunning = false;
    }
  }
}

/** A state on its way into a machine: pieces come, the machine takes them at its own speed. */
export class RestoreStream {
  private readonly pieces = new AsyncQueue<Buffer>();
  private givenUp = false;

  get isGivenUp(): boolean {
    return this.givenUp;
  }

  push(piece: Buffer): void {
    // A copy: the message that it came in shares its memory with others.
    this.pieces.push(Buffer.from(piece));
  }

  /** That was all. */
  finish(): void {
    this.pieces.end();
  }

  /** There will be no more of it: whoever takes the pieces gets an error. */
  giveUp(): void {
    this.givenUp = true;
    this.pieces.fail(
      new IllegalStateError('this state is given up: another one follows, or the group was left'),
    );
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Buffer> {
    return this.pieces.loop();
  }
}
