/** States of this member that lost where components met, kept until one of those who have them has sent them for merging. */
import type { Buffer } from '#buffer';
import { CHUNK_BYTES } from '../limits.js';
import type { MergePart } from './messages.js';

export interface ContributionsSink {
  capture(id: string): void;
  release(id: string): void;
  /** Answer with `has`: all of the state as captured under this name. */
  contribute(id: string): void;
}

interface Contribution {
  readonly id: string;
  /** Those who have the same, in the order of the view in which it lost. */
  readonly holders: readonly string[];
  bytes: Buffer | null;
  state: 'kept' | 'wanted' | 'sent';
}

export class MergeSender {
  private readonly kept = new Map<number, Contribution>();

  constructor(
    public self: string,
    private readonly sink: ContributionsSink,
    private readonly sendPart: (part: MergePart) => void,
  ) {}

  keep(past: number, holders: readonly string[]): void {
    if (this.kept.has(past)) return;
    const id = `lost ${past}`;
    this.kept.set(past, { id, holders, bytes: null, state: 'kept' });
    this.sink.capture(id);
  }

  forget(past: number): void {
    const contribution = this.kept.get(past);
    if (!contribution) return;
    this.kept.delete(past);
    this.sink.release(contribution.id);
  }

  /** What was sent has to be sent again. */
  interrupted(): void {
    for (const each of this.kept.values()) if (each.state === 'sent') each.state = 'kept';
  }

  has(id: string, bytes: Buffer): void {
    for (const each of this.kept.values()) {
      if (each.id !== id || each.state !== 'wanted') continue;
      each.bytes = bytes;
      each.state = 'kept';
    }
  }

  /** Sends what it is this member's turn to send. */
  send(members: readonly string[], isMerged: (past: number) => boolean): void {
    for (const [past, each] of this.kept) {
      if (isMerged(past)) this.forget(past);
      else if (each.state === 'kept' && each.holders.find((name) => members.includes(name)) === this.self)
        this.sendOne(past, each);
    }
  }

  private sendOne(past: number, each: Contribution): void {
    const { bytes } = each;
    if (!bytes) {
      each.state = 'wanted';
      this.sink.contribute(each.id);
      return;
    }
    each.state = 'sent';
    const count = Math.max(1, Math.ceil(bytes.length / CHUNK_BYTES));
    for (let index = 0; index < count; index++) {
      const data = bytes.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES);
      this.sendPart({ kind: 'part', past, index, isLast: index === count - 1, data });
    }
  }
}
