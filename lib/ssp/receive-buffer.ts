/** Where a received body goes: one buffer or several, filled in order [receive R26 to R42]. */
import { ILLEGAL_MESSAGE, ILLEGAL_PARAM } from '../wire/codes.js';

/** One buffer of a scatter; the first `len` bytes of `buf` count. */
export interface ScatterElement {
  /** Bytes of `buf` that count, from 0 to its length. */
  len: number;
  /** The buffer. */
  buf: Uint8Array;
}

/** A list of buffers; the first `num_elements` count. The calls change the buffers' bytes only. */
export interface Scatter {
  /** Elements that count: up to 99 of the SSP calls, 100 of the SP calls. */
  num_elements: number;
  /** The buffers, in order. */
  elements: ScatterElement[];
}

export class ReceiveBuffer {
  constructor(
    private readonly pieces: readonly Uint8Array[],
    /** Room in bytes. Below 0 only in the plain Spread calls, where every body is too long for it. */
    readonly bytes: number,
  ) {}

  /** Stores as much of the body as there is room for. The bytes behind it are not touched [receive R32]. */
  fill(body: Uint8Array): void {
    let from = 0;
    for (const piece of this.pieces) {
      if (from >= body.length) return;
      piece.set(body.subarray(from, from + piece.length));
      from += piece.length;
    }
  }
}

/**
 * The first `length` bytes of one buffer.
 * @returns ILLEGAL_PARAM when there is no buffer, or `length` is no integer or beyond it [receive R62]
 */
export function bufferOf(mess: Uint8Array | undefined, length: number | undefined): ReceiveBuffer | number {
  if (!(mess instanceof Uint8Array) || length === undefined || !Number.isSafeInteger(length))
    return ILLEGAL_PARAM;
  if (length > mess.length) return ILLEGAL_PARAM;
  return new ReceiveBuffer([mess.subarray(0, Math.max(0, length))], length);
}

/** The same for a scatter. Elements behind the first `num_elements` are not looked at [receive R40]. */
export function scatterBufferOf(scatter: unknown, maxElements: number): ReceiveBuffer | number {
  const pieces = scatterPieces(scatter, maxElements);
  if (typeof pieces === 'number') return pieces;
  return new ReceiveBuffer(pieces, bytesOf(pieces));
}

/**
 * The parts of a scatter that count, in order; not copied.
 * @returns ILLEGAL_MESSAGE for a count below 0, above `maxElements` or above the list, and for an element without a
 * buffer or with a length that is negative, no integer, or beyond its buffer [receive R35, R36, R39, R62]
 */
export function scatterPieces(scatter: unknown, maxElements: number): Uint8Array[] | number {
  if (!isScatter(scatter)) return ILLEGAL_MESSAGE;
  const { num_elements: count, elements } = scatter;
  if (!Number.isSafeInteger(count) || count < 0 || count > maxElements || count > elements.length) {
    return ILLEGAL_MESSAGE;
  }
  const pieces: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const element = elements[i];
    if (!(element?.buf instanceof Uint8Array)) return ILLEGAL_MESSAGE;
    const { len, buf } = element;
    if (!Number.isSafeInteger(len) || len < 0 || len > buf.length) return ILLEGAL_MESSAGE;
    pieces.push(buf.subarray(0, len));
  }
  return pieces;
}

export function bytesOf(pieces: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const piece of pieces) bytes += piece.length;
  return bytes;
}

const isScatter = (value: unknown): value is Scatter =>
  typeof value === 'object' && value !== null && 'elements' in value && Array.isArray(value.elements);
