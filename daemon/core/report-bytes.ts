/** Reading and writing the payloads of an exchange, little-endian. */
import { Buffer } from 'node:buffer';
import { fieldLength } from '../../lib/wire/name.js';
import { NAME_BYTES } from '../../lib/wire/limits.js';

/** A payload that says nothing that could be used. */
export class ReportFault extends Error {
  override readonly name = 'ReportFault';
}

const LEAST_BYTES = 256;

/** Fills a buffer that grows as it must. */
export class ByteWriter {
  private buffer: Buffer;
  private at = 0;

  constructor(bytes = LEAST_BYTES) {
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
    const at = this.room(2);
    this.buffer.writeUInt16LE(value, at);
    return this;
  }

  /** Signed or not. */
  u32(value: number): this {
    const at = this.room(4);
    this.buffer.writeInt32LE(value | 0, at);
    return this;
  }

  u64(value: bigint): this {
    const at = this.room(8);
    this.buffer.writeBigUInt64LE(BigInt.asUintN(64, value), at);
    return this;
  }

  bytes(bytes: Buffer): this {
    const at = this.room(bytes.length);
    this.buffer.set(bytes, at);
    return this;
  }

  /** At most 255 bytes; a name has fewer. */
  text(text: string): this {
    const { length } = text;
    const at = this.room(1 + length);
    this.buffer[at] = length;
    for (let i = 0; i < length; i++) this.buffer[at + 1 + i] = text.charCodeAt(i);
    return this;
  }

  /** A section begins. @returns what `close` is given */
  open(tag: number): number {
    this.u16(tag).u32(0);
    return this.at;
  }

  close(opened: number): this {
    this.buffer.writeUInt32LE(this.at - opened, opened - 4);
    return this;
  }

  finish(): Buffer {
    return this.buffer.subarray(0, this.at);
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

/** Walks over the bytes and does not step beyond their end. */
export class ByteReader {
  constructor(
    private readonly buffer: Buffer,
    private at = 0,
    private readonly end = buffer.length,
  ) {}

  get left(): number {
    return this.end - this.at;
  }

  u8(): number {
    return this.buffer[this.step(1)] as number;
  }

  u16(): number {
    return this.buffer.readUInt16LE(this.step(2));
  }

  /** Signed. */
  i32(): number {
    return this.buffer.readInt32LE(this.step(4));
  }

  u32(): number {
    return this.buffer.readUInt32LE(this.step(4));
  }

  u64(): bigint {
    return this.buffer.readBigUInt64LE(this.step(8));
  }

  text(): string {
    const length = this.u8();
    const at = this.step(length);
    return this.buffer.toString('latin1', at, at + length);
  }

  /** A name field whose padding is zero, so that fields of one name are equal. */
  field(): Buffer {
    const at = this.step(NAME_BYTES);
    const field = this.buffer.subarray(at, at + NAME_BYTES);
    const length = fieldLength(field, 0);
    if (length < 0 || field.subarray(length).some((byte) => byte !== 0)) {
      throw new ReportFault('a name field without an end');
    }
    return field;
  }

  /** A count of items, each of which takes at least this many bytes. */
  count(size: number): number {
    const count = this.u32();
    if (count > this.left / size) throw new ReportFault(`a count of ${count} before ${this.left} bytes`);
    return count;
  }

  /** The next bytes, to be read by themselves. */
  part(length: number): ByteReader {
    const at = this.step(length);
    return new ByteReader(this.buffer, at, at + length);
  }

  /** @throws ReportFault when something is left */
  finish(): void {
    if (this.left > 0) throw new ReportFault(`${this.left} bytes after the end of a section`);
  }

  private step(length: number): number {
    const { at } = this;
    if (at + length > this.end) throw new ReportFault(`${this.end} bytes, expected ${at + length} or more`);
    this.at = at + length;
    return at;
  }
}
