/** The side of a state transfer that gives: snapshots taken at one place in the order, kept as long as somebody needs them. */
import type { Buffer } from '#buffer';
import type { DropReason } from '../port.js';
import { encode, type Message } from './messages.js';

export interface DonorSink {
  sendTo(to: string, body: Buffer): void;
  /** The state as it is now is wanted under this name, until it is released; it may be read later, and more than once. */
  capture(id: string): void;
  release(id: string): void;
  /** Answer with `supplied` from `offset`, or from where the last answer ended, up to `until`. */
  supply(id: string, to: string, offset: number, until: number, restart: boolean): void;
}

export class SnapshotSender {
  /** Which snapshot each member is being given. */
  private readonly given = new Map<string, string>();

  constructor(private readonly sink: DonorSink) {}

  /** The state as it is now is for this member. @param id a name that equal states have */
  give(to: string, id: string): void {
    const before = this.given.get(to);
    if (before === id) return;
    if (!this.isTaken(id)) this.sink.capture(id);
    this.given.set(to, id);
    if (before !== undefined) this.releaseUnless(before);
  }

  /** It has what it needs, or is gone. */
  forget(name: string): void {
    const id = this.given.get(name);
    this.given.delete(name);
    if (id !== undefined) this.releaseUnless(id);
  }

  /** Only these are left. */
  retain(members: readonly string[]): void {
    const here = new Set(members);
    for (const name of this.given.keys()) if (!here.has(name)) this.forget(name);
  }

  /** Every pull is answered: by the state, or by the word that it is not here. @returns `unowed`: nothing was offered */
  pulled(from: string, { capture, offset, until, restart }: Message & { kind: 'pull' }): DropReason | null {
    const given = this.given.get(from);
    if (given === capture) this.sink.supply(capture, from, offset, until, restart);
    else this.sink.sendTo(from, encode({ kind: 'none', capture }));
    return given === undefined ? 'unowed' : null;
  }

  supplied(id: string, to: string, offset: number, data: Buffer, isLast: boolean): void {
    if (this.given.get(to) !== id) return;
    this.sink.sendTo(to, encode({ kind: 'chunk', capture: id, offset, isLast, data }));
  }

  private isTaken(id: string): boolean {
    return [...this.given.values()].includes(id);
  }

  private releaseUnless(id: string): void {
    if (!this.isTaken(id)) this.sink.release(id);
  }
}
