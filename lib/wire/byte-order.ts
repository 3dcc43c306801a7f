/**
 * Byte order. The `type` and `hint` words each carry a marker in bits 31 and 7: set by a little-endian writer, clear
 * from a big-endian one. The mask is symmetric, so the first raw byte of the word tells [session 4.2].
 */
import type { Buffer } from '#buffer';
import { ENDIAN_RESERVED } from './service.js';

/** Byte order of this machine, for `endian_mismatch`. */
export const HOST_IS_LITTLE = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/** Whether the marked word at `at` was written by a little-endian machine. */
export const isLittle = (bytes: Uint8Array, at: number): boolean => ((bytes[at] as number) & 0x80) !== 0;

/** Whether the word's two marker bits agree. One set and one clear is never produced. */
export const isMarkerWhole = (bytes: Uint8Array, at: number): boolean =>
  (((bytes[at] as number) ^ (bytes[at + 3] as number)) & 0x80) === 0;

/** Reads byte by byte: the methods of Buffer check their arguments, which costs more than the reading. */
export const readInt = (bytes: Uint8Array, at: number, little: boolean): number =>
  little ? wordOf(bytes, at + 3, at + 2, at + 1, at) : wordOf(bytes, at, at + 1, at + 2, at + 3);

const wordOf = (bytes: Uint8Array, high: number, b: number, c: number, low: number): number =>
  ((bytes[high] as number) << 24) |
  ((bytes[b] as number) << 16) |
  ((bytes[c] as number) << 8) |
  (bytes[low] as number);

export const writeInt = (bytes: Buffer, at: number, value: number, little: boolean): void => {
  if (little) bytes.writeInt32LE(value | 0, at);
  else bytes.writeInt32BE(value | 0, at);
};

/** A marked word without its marker. */
export const readMarked = (bytes: Buffer, at: number): number =>
  readInt(bytes, at, isLittle(bytes, at)) & ~ENDIAN_RESERVED;

/** Writes a word with the marker that belongs to the byte order. */
export const writeMarked = (bytes: Buffer, at: number, value: number, little: boolean): void => {
  const plain = value & ~ENDIAN_RESERVED;
  writeInt(bytes, at, little ? plain | ENDIAN_RESERVED : plain, little);
};
