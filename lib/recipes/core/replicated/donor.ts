/** The side of a state transfer that gives: snapshots taken at one place in the order, kept as long as somebody needs them. */
import type { Buffer } from 'node:buffer';
import { encode, type Message } from './messages.js';

export interface DonorSink {
  sendTo(privateName: string, body: Buffer): void;
  /** The state as it is now is wanted under this name, until it is released; it may be read later, and more than once. */
  capture(id: string): void;
  release(id: string): void;
  /** Answer with `supplied` from `offset`, or from where the last answer ended, up to `until`. */
  supply(id: string, to: string, offset: number, until: number, restart: boolean): void;
}

export class Donor {
  /** What stands before each snapshot. */
  private readonly taken = new Map<string, Buffer>();
  /** Those that have their place in the order and are not taken yet. */
  private readonly expected = new Set<string>();

  constructor(private readonly sink: DonorSink) {}

  expect(id: string): void {
    this.expected.add(id);
  }

  /** Takes it, if it is still wanted. */
  capture(id: string, header: Buffer): void {
    if (!this.expected.delete(id)) return;
    this.taken.set(id, header);
    this.sink.capture(id);
  }

  /** Lets go of all snapshots but the wanted. */
  retain(wanted: ReadonlySet<string>): void {
    for (const id of this.expected) if (!wanted.has(id)) this.expected.delete(id);
    for (const id of this.taken.keys()) {
      if (wanted.has(id)) continue;
      this.taken.delete(id);
      this.sink.release(id);
    }
  }

  pulled(from: string, message: Message & { kind: 'pull' }): void {
    const { capture, offset, until, restart } = message;
    if (this.taken.has(capture)) this.sink.supply(capture, from, offset, until, restart);
    else if (!this.expected.has(capture)) this.sink.sendTo(from, encode({ kind: 'none', capture }));
  }

  supplied(id: string, to: string, offset: number, data: Buffer, isLast: boolean): void {
    const header = this.taken.get(id);
    if (!header) return;
    if (offset === 0) this.sink.sendTo(to, encode({ kind: 'header', capture: id, data: header }));
    this.sink.sendTo(to, encode({ kind: 'chunk', capture: id, offset, isLast, data }));
  }
}
