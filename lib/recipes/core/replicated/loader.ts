/** The side of a state transfer that is given the state: asks one donor, and the next when that one is gone or slow. */
import type { Buffer } from 'node:buffer';
import { DONOR_PATIENCE_MS, MAX_HELD_BYTES, WINDOW_BYTES } from '../limits.js';
import { encode, type Message } from './messages.js';

export interface LoaderSink {
  sendTo(privateName: string, body: Buffer): void;
  /** All of the state that came before belongs to nothing. */
  restoreBegin(): void;
  restoreChunk(data: Buffer): void;
  restoreEnd(): void;
  /** None of the donors has the snapshot. */
  exhausted(capture: string): void;
}

export class Loader {
  dueAt = Infinity;
  header: Buffer | null = null;
  private donors: readonly string[] = [];
  private donor: string | null = null;
  private refusals = 0;
  private offset = 0;
  private until = 0;
  private isComplete = false;
  /** What is here and not handed on. */
  private held: Buffer[] = [];

  /** @param isHandingOn whether pieces are handed on as they come; else they are held until all are here */
  constructor(
    readonly capture: string,
    private isHandingOn: boolean,
    private readonly sink: LoaderSink,
  ) {
    if (isHandingOn) sink.restoreBegin();
  }

  /** @param donors those that have the snapshot, in the order in which they are to be asked */
  choose(donors: readonly string[], now: number): void {
    this.donors = donors;
    if (this.isComplete || (this.donor !== null && donors.includes(this.donor))) return;
    this.donor = donors[0] ?? null;
    this.refusals = 0;
    this.pull(true, now);
  }

  /** All donors give the same, so what a slow one gives late is as good. */
  take(sender: string, message: Message, now: number): void {
    if (!this.donors.includes(sender) || this.isComplete) return;
    if (message.kind === 'header') this.header ??= message.data;
    else if (message.kind === 'chunk') this.chunk(sender, message, now);
    else if (message.kind === 'none' && sender === this.donor) this.refused(now);
  }

  tick(now: number): void {
    if (now < this.dueAt) return;
    this.another(now);
  }

  private chunk(sender: string, { offset, data, isLast }: Message & { kind: 'chunk' }, now: number): void {
    if (offset !== this.offset || this.header === null) return;
    this.donor = sender;
    this.offset += data.length;
    this.refusals = 0;
    this.dueAt = now + DONOR_PATIENCE_MS;
    if (this.isHandingOn) this.sink.restoreChunk(data);
    else this.held.push(data);
    if (!this.isHandingOn && (isLast || this.offset > MAX_HELD_BYTES)) this.handOn();
    if (isLast) {
      this.isComplete = true;
      this.dueAt = Infinity;
      this.sink.restoreEnd();
    } else if (this.until - this.offset <= WINDOW_BYTES / 2) this.pull(false, now);
  }

  private handOn(): void {
    this.isHandingOn = true;
    this.sink.restoreBegin();
    for (const data of this.held.splice(0)) this.sink.restoreChunk(data);
  }

  private refused(now: number): void {
    if (++this.refusals < this.donors.length) this.another(now);
    else {
      this.donor = null;
      this.dueAt = now + DONOR_PATIENCE_MS;
      this.sink.exhausted(this.capture);
    }
  }

  private another(now: number): void {
    const { donors } = this;
    const at = this.donor === null ? -1 : donors.indexOf(this.donor);
    this.donor = donors[(at + 1) % donors.length] ?? null;
    this.pull(true, now);
  }

  private pull(restart: boolean, now: number): void {
    const { donor, capture, offset } = this;
    this.dueAt = now + DONOR_PATIENCE_MS;
    if (donor === null) return;
    this.until = offset + WINDOW_BYTES;
    this.sink.sendTo(donor, encode({ kind: 'pull', capture, offset, until: this.until, restart }));
  }
}
