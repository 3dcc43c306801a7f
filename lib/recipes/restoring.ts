/** A state on its way into a machine: pieces come, the machine takes them at its own speed. */
import { Buffer } from 'node:buffer';

export class RestoreStream {
  private readonly pieces: Buffer[] = [];
  private wake: () => void = () => undefined;
  private end: 'open' | 'whole' | 'given up' = 'open';

  get isGivenUp(): boolean {
    return this.end === 'given up';
  }

  push(piece: Buffer): void {
    // A copy: the message that it came in shares its memory with others.
    this.pieces.push(Buffer.from(piece));
    this.wake();
  }

  /** That was all. */
  finish(): void {
    this.end = 'whole';
    this.wake();
  }

  /** There will be no more of it: whoever takes the pieces gets an error. */
  giveUp(): void {
    this.end = 'given up';
    this.wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, void> {
    for (;;) {
      if (this.end === 'given up') throw new Error('another state is on its way');
      const piece = this.pieces.shift();
      if (piece) yield piece;
      else if (this.end === 'whole') return;
      else {
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
      }
    }
  }
}
