/** The side of a state transfer that is given the state: asks one donor, and the next when that one is gone or slow. */
import type { Buffer } from 'node:buffer';
import { DONOR_PATIENCE_MS, WINDOW_BYTES } from '../limits.js';
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

  constructor(
    readonly capture: string,
    private readonly sink: LoaderSink,
  ) {
    sink.restoreBegin();
  }

  /** @param donors those that have the snapshot, in the order in which they are to be asked */
  choose(donors: readonly string[], now: number): void {
    this.donors = donors;
    if (this.isComplete || (this.donor !== null && donors.includes(this.donor))) return;
    this.donor = donors[0] ?? null;
    this.refusals = 0;
    this.pull(true, now);
  }

  take(sender: string, message: Message, now: number): void {
    if (sender !== this.donor || this.isComplete) return;
    if (message.kind === 'header') this.header = message.data;
    else if (message.kind === 'chunk') this.chunk(message, now);
    else if (message.kind === 'none') this.refused(now);
  }

  tick(now: number): void {
    if (now < this.dueAt) return;
    this.another(now);
  }

  private chunk({ offset, data, isLast }: Message & { kind: 'chunk' }, now: number): void {
    if (offset !== this.offset || this.header === null) return;
    this.offset += data.length;
    this.refusals = 0;
    this.dueAt = now + DONOR_PATIENCE_MS;
    this.sink.restoreChunk(data);
    if (isLast) {
      this.isComplete = true;
      this.dueAt = Infinity;
      this.sink.restoreEnd();
    } else if (this.until - this.offset <= WINDOW_BYTES / 2) this.pull(false, now);
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
