/**
 * The marks of live events: one buffer before the events of a turn, the same for all sessions. The stream may break anywhere, so it
 * stands before them; what it says is known when the batch ends, and is filled in then.
 */
import type { Buffer } from 'node:buffer';
import { encodeMark } from '../../lib/wire/extension/position.js';
import type { DeliveryHistory } from './history.js';

export class BatchMarks {
  private open: Buffer | null = null;
  /** Index at which the batch under way began. */
  private from = 0;

  constructor(private readonly history: DeliveryHistory) {}

  /** The mark of the batch under way. Until the batch ends it is a mark that says too little. */
  get current(): Buffer {
    this.open ??= this.encode();
    return this.open;
  }

  /** Whether this is the mark of the batch under way. */
  isOpen(mark: Buffer): boolean {
    return this.open === mark;
  }

  /** The batch ends here: what comes next is in another one. */
  close(): void {
    if (this.open !== null) this.encode().copy(this.open);
    this.open = null;
    this.from = this.history.index;
  }

  private encode(): Buffer {
    const { tag, index, hash } = this.history;
    return encodeMark({ tag, from: this.from, to: index, hash });
  }
}
