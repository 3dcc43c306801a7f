/** The side of a state transfer that is given the state: asks one donor, and the next when that one is gone or slow. */
import type { Buffer } from '#buffer';
import { DONOR_PATIENCE_MS, FIRST_OFFER_MS, MAX_HELD_BYTES, MAX_SILENCES, WINDOW_BYTES } from '../limits.js';
import { encode, type Message } from './messages.js';

export interface LoaderSink {
  sendTo(to: string, body: Buffer): void;
  /** All of the state that came before belongs to nothing. */
  restoreBegin(): void;
  restoreChunk(data: Buffer): void;
  restoreEnd(): void;
  /** All of it is here; `restoreEnd` follows. */
  complete(): void;
}

export class SnapshotReceiver {
  /** When the donor has been silent for too long; Infinity while there is none. */
  dueAt = Infinity;
  isComplete = false;
  /** Those that have offered it, the one that is asked first. */
  private donors: string[] = [];
  private donor: string | null = null;
  /** Donors that were asked in vain since the last byte. */
  private silences = 0;
  private offset = 0;
  private until = 0;
  /** What is here and not handed on. */
  private held: Buffer[] = [];

  /** @param isHandingOn whether pieces are handed on as they come; else they are held until all are here */
  constructor(
    readonly capture: string,
    /** What stands before the state in a snapshot. */
    readonly header: Buffer,
    private isHandingOn: boolean,
    private readonly sink: LoaderSink,
  ) {
    if (isHandingOn) sink.restoreBegin();
  }

  /** @param isFirst whether it is the one that members agree to burden: the others are asked only if it is slow */
  offered(donor: string, isFirst: boolean, now: number): void {
    if (this.isComplete || this.donors.includes(donor)) return;
    if (isFirst) this.donors.unshift(donor);
    else this.donors.push(donor);
    if (this.donor !== null) return;
    if (isFirst) this.next(now);
    else this.dueAt = Math.min(this.dueAt, now + FIRST_OFFER_MS);
  }

  /** Only these can still give it. @returns whether any of them can, or nobody has to */
  retain(members: readonly string[], now: number): boolean {
    const here = new Set(members);
    this.donors = this.donors.filter((name) => here.has(name));
    if (this.donor !== null && !here.has(this.donor)) this.next(now);
    if (this.donors.length === 0) this.dueAt = Infinity;
    return this.isComplete || this.donors.length > 0;
  }

  /**
   * All donors give the same, so what a slow one gives late is as good.
   * @returns false when nobody is left who has it
   */
  take(sender: string, message: Message & { kind: 'chunk' | 'none' }, now: number): boolean {
    if (!this.donors.includes(sender) || this.isComplete) return true;
    if (message.kind === 'chunk') this.chunk(sender, message, now);
    else this.drop(sender, now);
    return this.isComplete || this.donor !== null;
  }

  /** The donor is silent: the next one is asked. @returns false when all have been asked often enough */
  tick(now: number): boolean {
    if (now < this.dueAt) return true;
    if (this.donor === null) {
      this.next(now);
      return true;
    }
    const [first, ...others] = this.donors;
    if (first !== undefined) this.donors = [...others, first];
    this.next(now);
    return ++this.silences < MAX_SILENCES * this.donors.length;
  }

  private chunk(sender: string, { offset, data, isLast }: Message & { kind: 'chunk' }, now: number): void {
    // One that brings nothing does not count as progress: a donor could keep a new member from asking the others by it.
    if (offset !== this.offset || (data.length === 0 && !isLast)) return;
    this.donor = sender;
    this.offset += data.length;
    this.dueAt = now + DONOR_PATIENCE_MS;
    this.silences = 0;
    if (this.isHandingOn) this.sink.restoreChunk(data);
    else this.held.push(data);
    if (!this.isHandingOn && this.offset > MAX_HELD_BYTES) this.handOn();
    if (isLast) this.end();
    else if (this.until - this.offset <= WINDOW_BYTES / 2) this.pull(false, now);
  }

  private end(): void {
    this.isComplete = true;
    this.dueAt = Infinity;
    if (!this.isHandingOn) this.handOn();
    this.sink.complete();
    this.sink.restoreEnd();
  }

  private handOn(): void {
    this.isHandingOn = true;
    this.sink.restoreBegin();
    for (const data of this.held.splice(0)) this.sink.restoreChunk(data);
  }

  private drop(donor: string, now: number): void {
    this.donors = this.donors.filter((name) => name !== donor);
    if (donor === this.donor) this.next(now);
  }

  private next(now: number): void {
    this.donor = this.donors[0] ?? null;
    this.dueAt = Infinity;
    if (this.donor !== null) this.pull(true, now);
  }

  private pull(restart: boolean, now: number): void {
    const { donor, capture, offset } = this;
    if (donor === null) return;
    this.dueAt = now + DONOR_PATIENCE_MS;
    this.until = offset + WINDOW_BYTES;
    this.sink.sendTo(donor, encode({ kind: 'pull', capture, offset, until: this.until, restart }));
  }
}
