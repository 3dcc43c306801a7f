/**
 * Counts the changes of groups that a stream tells: the records of compact views, a list that comes with a join, and every
 * other frame. Looks at the beginning of each frame alone.
 */
import { Buffer } from 'node:buffer';
import { checkDelivery } from '../../../lib/wire/delivery.js';
import { Kind, frameKind, isExtensionFrame } from '../../../lib/wire/extension/frame.js';
import { HEADER_BYTES } from '../../../lib/wire/limits.js';

/** Where VIEWS says how many records it has, and LIST whether it is the last part. */
const COUNT_AT = HEADER_BYTES + 12;
const FLAGS_AT = HEADER_BYTES + 13;
const LAST = 2;
const HEAD_BYTES = HEADER_BYTES + 16;

export class ChangeCounter {
  changes = 0;
  /** Bytes of the present frame that are still to come. */
  private left = 0;
  private readonly head = Buffer.alloc(HEAD_BYTES);
  private have = 0;

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.left > 0) {
        const take = Math.min(this.left, chunk.length - at);
        at += take;
        this.left -= take;
      } else {
        at += this.begin(chunk, at);
      }
    }
  }

  /** @returns how much of the chunk it took */
  private begin(chunk: Buffer, at: number): number {
    const { head } = this;
    const wanted = this.have < HEADER_BYTES ? HEADER_BYTES : HEAD_BYTES;
    const take = Math.min(wanted - this.have, chunk.length - at);
    chunk.copy(head, this.have, at, at + take);
    this.have += take;
    if (this.have < wanted) return take;
    const isExtension = isExtensionFrame(head, 0);
    if (isExtension && wanted === HEADER_BYTES) return take;
    this.left = checkDelivery(head, 0) - this.have;
    this.have = 0;
    this.changes += isExtension ? this.changesOf() : 1;
    return take;
  }

  private changesOf(): number {
    const kind = frameKind(this.head, 0);
    if (kind === Kind.VIEWS) return this.head.readUInt32LE(COUNT_AT);
    return kind === Kind.LIST && ((this.head[FLAGS_AT] as number) & LAST) === 0 ? 0 : 1;
  }
}
