/**
 * Bytes where there is no Node: a Uint8Array with those methods of Node's Buffer that this library uses, by their names. What is
 * read or written beyond the end throws, as there. Numbers that do not fit are cut, and one who gives an encoding that is not here
 * gets UTF-8.
 */

type Encoding = 'utf8' | 'latin1' | 'hex';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Where `count` bytes begin. */
function placed(bytes: Uint8Array, at: number, count: number): number {
  if (at >= 0 && at + count <= bytes.length) return at;
  throw new RangeError(`expected ${count} bytes at ${at}, got ${bytes.length} bytes in all`);
}

/** An unsigned number, its low bytes first. */
function readLow(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = placed(bytes, at, count) + count; i-- > at;) value = value * 256 + (bytes[i] as number);
  return value;
}

/** An unsigned number, its high bytes first. */
function readHigh(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = placed(bytes, at, count); i < at + count; i++) value = value * 256 + (bytes[i] as number);
  return value;
}

/** Of a negative number, what stands for it. */
function writeLow(bytes: Uint8Array, value: number, at: number, count: number): number {
  let rest = value;
  for (let i = placed(bytes, at, count); i < at + count; i++) {
    bytes[i] = rest & 0xff;
    rest = Math.floor(rest / 256);
  }
  return at + count;
}

/** The same, its high bytes first. */
function writeHigh(bytes: Uint8Array, value: number, at: number, count: number): number {
  let rest = value;
  for (let i = placed(bytes, at, count) + count; i-- > at;) {
    bytes[i] = rest & 0xff;
    rest = Math.floor(rest / 256);
  }
  return at + count;
}

const lowHalf = (value: bigint): number => Number(value & 0xffff_ffffn);
const highHalf = (value: bigint): number => Number(value >> 32n);
const whole = (high: number, low: number): bigint => (BigInt(high) << 32n) | BigInt(low);

export class Bytes extends Uint8Array {
  /** Of zeros. */
  static alloc(length: number): Bytes {
    return new Bytes(length);
  }

  static allocUnsafe(length: number): Bytes {
    return new Bytes(length);
  }

  static allocUnsafeSlow(length: number): Bytes {
    return new Bytes(length);
  }

  /** Bytes of the text in UTF-8. */
  static byteLength(text: string): number {
    return encoder.encode(text).length;
  }

  static concat(list: readonly Uint8Array[]): Bytes {
    const all = new Bytes(list.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const each of list) {
      all.set(each, at);
      at += each.length;
    }
    return all;
  }

  /** Of an ArrayBuffer it shares the memory, of everything else it has a copy. */
  static override from(
    source: string | ArrayBufferLike | ArrayLike<number> | Iterable<number>,
    second?: unknown,
    third?: unknown,
  ): Bytes {
    if (typeof source === 'string')
      return second === 'latin1' ? ofLatin1(source) : new Bytes(encoder.encode(source));
    if (source instanceof ArrayBuffer)
      return new Bytes(source, second as number | undefined, third as number | undefined);
    return new Bytes(source as ArrayLike<number>);
  }

  override subarray(start?: number, end?: number): Bytes {
    return super.subarray(start, end) as Bytes;
  }

  override toString(encoding: Encoding = 'utf8', start = 0, end = this.length): string {
    const part = this.subarray(start, end);
    if (encoding === 'latin1') return latin1(part);
    if (encoding === 'hex') return Array.from(part, (byte) => byte.toString(16).padStart(2, '0')).join('');
    return decoder.decode(part);
  }

  /** A byte for each character, `length` of them at most. @returns how many */
  write(text: string, at: number, length: number, _encoding: 'latin1'): number {
    const count = Math.min(text.length, length, this.length - at);
    for (let i = 0; i < count; i++) this[at + i] = text.charCodeAt(i);
    return count;
  }

  copy(target: Uint8Array, at = 0, start = 0, end = this.length): number {
    const part = this.subarray(start, Math.min(end, start + target.length - at));
    target.set(part, at);
    return part.length;
  }

  equals(other: Uint8Array): boolean {
    return this.length === other.length && this.every((byte, i) => byte === other[i]);
  }

  readUInt16LE(at = 0): number {
    return readLow(this, at, 2);
  }

  readUInt16BE(at = 0): number {
    return readHigh(this, at, 2);
  }

  readInt16LE(at = 0): number {
    return (readLow(this, at, 2) << 16) >> 16;
  }

  readInt16BE(at = 0): number {
    return (readHigh(this, at, 2) << 16) >> 16;
  }

  readUInt32LE(at = 0): number {
    return readLow(this, at, 4);
  }

  readUInt32BE(at = 0): number {
    return readHigh(this, at, 4);
  }

  readInt32LE(at = 0): number {
    return readLow(this, at, 4) | 0;
  }

  readInt32BE(at = 0): number {
    return readHigh(this, at, 4) | 0;
  }

  readUIntLE(at: number, count: number): number {
    return readLow(this, at, count);
  }

  readUIntBE(at: number, count: number): number {
    return readHigh(this, at, count);
  }

  readBigUInt64LE(at = 0): bigint {
    return whole(readLow(this, at + 4, 4), readLow(this, at, 4));
  }

  readBigUInt64BE(at = 0): bigint {
    return whole(readHigh(this, at, 4), readHigh(this, at + 4, 4));
  }

  writeUInt16LE(value: number, at = 0): number {
    return writeLow(this, value, at, 2);
  }

  writeUInt16BE(value: number, at = 0): number {
    return writeHigh(this, value, at, 2);
  }

  writeInt16LE(value: number, at = 0): number {
    return writeLow(this, value, at, 2);
  }

  writeUInt32LE(value: number, at = 0): number {
    return writeLow(this, value, at, 4);
  }

  writeInt32LE(value: number, at = 0): number {
    return writeLow(this, value, at, 4);
  }

  writeInt32BE(value: number, at = 0): number {
    return writeHigh(this, value, at, 4);
  }

  writeUIntLE(value: number, at: number, count: number): number {
    return writeLow(this, value, at, count);
  }

  writeUIntBE(value: number, at: number, count: number): number {
    return writeHigh(this, value, at, count);
  }

  writeBigUInt64LE(value: bigint, at = 0): number {
    writeLow(this, lowHalf(value), placed(this, at, 8), 4);
    return writeLow(this, highHalf(value), at + 4, 4);
  }

  writeBigUInt64BE(value: bigint, at = 0): number {
    writeHigh(this, highHalf(value), placed(this, at, 8), 4);
    return writeHigh(this, lowHalf(value), at + 4, 4);
  }
}

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function ofLatin1(text: string): Bytes {
  const bytes = new Bytes(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
