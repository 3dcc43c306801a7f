/** Bytes to values and back, big-endian, every read checked against the end. */
import { Buffer } from 'node:buffer';

/** The bytes are not what they should be. Caught where a message is read; it never reaches the application. */
export class Malformed extends Error {}

export class ByteWriter {
  private bytes = Buffer.allocUnsafe(256);
  private length = 0;

  u8(value: number): this {
    const at = this.grow(1);
    this.bytes[at] = value;
    return this;
  }

  u16(value: number): this {
    const at = this.grow(2);
    this.bytes.writeUInt16BE(value, at);
    return this;
  }

  u32(value: number): this {
    const at = this.grow(4);
    this.bytes.writeUInt32BE(value, at);
    return this;
  }

  /** As they are. */
  raw(bytes: Uint8Array): this {
    const at = this.grow(bytes.length);
    this.bytes.set(bytes, at);
    return this;
  }

  /** Text of at most 255 bytes. */
  text(text: string, encoding: 'utf8' | 'latin1' = 'utf8'): this {
    const bytes = Buffer.from(text, encoding);
    return this.u8(bytes.length).raw(bytes);
  }

  /** A copy of what was written. */
  done(): Buffer {
    return Buffer.from(this.bytes.subarray(0, this.length));
  }

  private grow(count: number): number {
    const at = this.length;
    this.length += count;
    if (this.length > this.bytes.length) {
      const larger = Buffer.allocUnsafe(2 * this.length);
      this.bytes.copy(larger, 0, 0, at);
      this.bytes = larger;
    }
    return at;
  }
}

export class ByteReader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  get rest(): number {
    return this.bytes.length - this.at;
  }

  u8(): number {
    return this.bytes[this.step(1)] as number;
  }

  u16(): number {
    return this.bytes.readUInt16BE(this.step(2));
  }

  u32(): number {
    return this.bytes.readUInt32BE(this.step(4));
  }

  raw(count: number): Buffer {
    const at = this.step(count);
    return this.bytes.subarray(at, at + count);
  }

  text(encoding: 'utf8' | 'latin1' = 'utf8'): string {
    return this.raw(this.u8()).toString(encoding);
  }

  /** @throws Malformed when bytes are left */
  end(): void {
    if (this.rest !== 0) throw new Malformed(`${this.rest} bytes too many`);
  }

  private step(count: number): number {
    if (count > this.rest) throw new Malformed(`${count} bytes wanted, ${this.rest} are left`);
    const { at } = this;
    this.at += count;
    return at;
  }
}

/** The value, or null when the bytes are malformed. */
export function readOrNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}
