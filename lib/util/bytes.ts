/** Values to bytes and back. Every read is checked against the end; what does not fit throws one fault. */
import { Buffer } from '#buffer';

/** The bytes are not what they should be. Caught where a message is read; it never reaches the application. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
}

/** Order of the bytes of a number; varints have their own, the low ones first. */
export type Endian = 'LE' | 'BE';

/** A varint has seven bits a byte; a number below 2^53 takes at most eight bytes. */
const VARINT_BYTES = 8;

const LONGEST_TEXT = 255;

/** Fills a buffer that grows as it must. Numbers are unsigned, but for the sign of a 32-bit one: it is kept. */
export class ByteWriter {
  private buffer: Buffer;
  private at = 0;
  private readonly isLittle: boolean;

  /** @param bytes room to begin with */
  constructor(endian: Endian, bytes = 256) {
    this.isLittle = endian === 'LE';
    this.buffer = Buffer.allocUnsafe(bytes);
  }

  get length(): number {
    return this.at;
  }

  u8(value: number): this {
    const at = this.room(1);
    this.buffer[at] = value;
    return this;
  }

  u16(value: number): this {
    return this.uint(value, 2);
  }

  /** Signed or not. */
  u32(value: number): this {
    return this.uint(value >>> 0, 4);
  }

  u48(value: number): this {
    return this.uint(value, 6);
  }

  /** The low 64 bits. */
  u64(value: bigint): this {
    const at = this.room(8);
    if (this.isLittle) this.buffer.writeBigUInt64LE(BigInt.asUintN(64, value), at);
    else this.buffer.writeBigUInt64BE(BigInt.asUintN(64, value), at);
    return this;
  }

  /** A whole number from 0, below 2^53. */
  varint(value: number): this {
    let at = this.room(VARINT_BYTES);
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.buffer[at++] = 0x80 | (rest % 0x80);
    this.buffer[at++] = rest;
    this.at = at;
    return this;
  }

  /** As they are. */
  raw(bytes: Uint8Array): this {
    const at = this.room(bytes.length);
    this.buffer.set(bytes, at);
    return this;
  }

  /** A text after its length, a byte for each character; cut to 255 of them. */
  latin1(text: string): this {
    const length = Math.min(text.length, LONGEST_TEXT);
    const at = this.room(1 + length);
    this.buffer[at] = length;
    this.buffer.write(text, at + 1, length, 'latin1');
    return this;
  }

  /** A text of at most 255 bytes after its length. */
  utf8(text: string): this {
    const bytes = Buffer.from(text);
    return this.u8(bytes.length).raw(bytes);
  }

  /** Puts another number in the place of one that was written with `u32`. */
  setU32(at: number, value: number): this {
    return this.uint(value >>> 0, 4, at);
  }

  /** What was written; shares its memory with the writer. */
  finish(): Buffer {
    return this.buffer.subarray(0, this.at);
  }

  private uint(value: number, bytes: number, at = this.room(bytes)): this {
    if (this.isLittle) this.buffer.writeUIntLE(value, at, bytes);
    else this.buffer.writeUIntBE(value, at, bytes);
    return this;
  }

  private room(bytes: number): number {
    const { at } = this;
    if (at + bytes > this.buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(at + bytes, 2 * this.buffer.length));
      larger.set(this.buffer.subarray(0, at));
      this.buffer = larger;
    }
    this.at = at + bytes;
    return at;
  }
}

/** Walks over the bytes. Every method throws Malformed instead of going beyond the end. */
export class ByteReader {
  private readonly isLittle: boolean;

  constructor(
    private readonly bytes: Buffer,
    private readonly endian: Endian,
    private at = 0,
    private readonly endAt = bytes.length,
  ) {
    this.isLittle = endian === 'LE';
  }

  get left(): number {
    return this.endAt - this.at;
  }

  u8(): number {
    return this.bytes[this.step(1)] as number;
  }

  u16(): number {
    return this.uint(2);
  }

  u32(): number {
    return this.uint(4);
  }

  /** Signed. */
  i32(): number {
    return this.u32() | 0;
  }

  u48(): number {
    return this.uint(6);
  }

  u64(): bigint {
    const at = this.step(8);
    return this.isLittle ? this.bytes.readBigUInt64LE(at) : this.bytes.readBigUInt64BE(at);
  }

  varint(): number {
    let value = 0;
    let unit = 1;
    const last = Math.min(this.endAt, this.at + VARINT_BYTES);
    for (let at = this.at; at < last; at++) {
      const byte = this.bytes[at] as number;
      value += (byte & 0x7f) * unit;
      if (byte < 0x80 && value <= Number.MAX_SAFE_INTEGER) {
        this.at = at + 1;
        return value;
      }
      unit *= 0x80;
    }
    throw new Malformed('expected a number below 2^53');
  }

  /** Shares the memory. */
  raw(length: number): Buffer {
    const at = this.step(length);
    return this.bytes.subarray(at, at + length);
  }

  latin1(): string {
    const length = this.u8();
    const at = this.step(length);
    return this.bytes.toString('latin1', at, at + length);
  }

  utf8(): string {
    const length = this.u8();
    const at = this.step(length);
    return this.bytes.toString('utf8', at, at + length);
  }

  /** A count of items, a `u32`, each of which takes at least this many bytes. */
  count(size: number): number {
    const count = this.u32();
    if (count > this.left / size) throw new Malformed(`a count of ${count} before ${this.left} bytes`);
    return count;
  }

  /** The next bytes, to be read by themselves. */
  part(length: number): ByteReader {
    const at = this.step(length);
    return new ByteReader(this.bytes, this.endian, at, at + length);
  }

  /** @throws Malformed when something is left */
  end(): void {
    if (this.left > 0) throw new Malformed(`${this.left} bytes after the end`);
  }

  private uint(bytes: number): number {
    const at = this.step(bytes);
    return this.isLittle ? this.bytes.readUIntLE(at, bytes) : this.bytes.readUIntBE(at, bytes);
  }

  private step(length: number): number {
    const { at } = this;
    if (at + length > this.endAt) throw new Malformed(`expected ${length} more bytes, got ${this.left}`);
    this.at = at + length;
    return at;
  }
}

/** What is read of all the bytes; null when they are malformed. */
export function readWhole<R extends ByteReader, T>(reader: R, read: (reader: R) => T): T | null {
  try {
    const value = read(reader);
    reader.end();
    return value;
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}
