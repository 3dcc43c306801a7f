/**
 * Memory for frames, used again when it has been read. Left to the garbage collector it goes back to the system in large pieces and
 * comes from it again page by page: that takes a sender as long as its frames do.
 */
import { Buffer } from '#buffer';

/** All slabs here are of this size. */
export const SLAB_BYTES = 64 * 1024;
/** Most that wait to be used again, for all connections of the program, as long as it runs: 4 MiB. */
const FREE_SLABS = 64;

const free: Buffer[] = [];
/** Of each slab in use: how many need it. They are whoever fills it, and all parts of it that were given out. */
const users = new WeakMap<ArrayBufferLike, number>();

const userCount = ({ buffer }: Uint8Array): number => users.get(buffer) ?? 0;

/** A slab, which the caller needs until it calls `release`. What it holds is old. */
export function takeSlab(): Buffer {
  const slab = free.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES);
  users.set(slab.buffer, 1);
  return slab;
}

/** A part of a slab is given out. Other memory is left to the garbage collector. */
export function share(part: Uint8Array): void {
  const count = userCount(part);
  if (count > 0) users.set(part.buffer, count + 1);
}

/**
 * A slab that was taken, or a part that was shared, is not needed any more. To be called once for each: a second time it would take the
 * memory from whoever has it by then. Other memory is left alone.
 */
export function release(part: Uint8Array): void {
  const count = userCount(part);
  if (count === 0) return;
  users.set(part.buffer, count - 1);
  if (count === 1 && free.length < FREE_SLABS) free.push(Buffer.from(part.buffer));
}
