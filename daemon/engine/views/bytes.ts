/** Reading and writing the control messages, field by field. Control messages are rare and short. */
import { Buffer } from 'node:buffer';

/** A message that ends too early, or says something impossible. */
export class ControlFault extends Error {
  override readonly name = 'ControlFault';
}

export class Reader {
  constructor(
    private readonly bytes: Buffer,
    private at: number,
  ) {}

  u8(): number {
    return this.bytes.readUInt8(this.take(1));
  }

  u16(): number {
    return this.bytes.readUInt16LE(this.take(2));
  }

  u32(): number {
    return this.bytes.readUInt32LE(this.take(4));
  }

  u48(): number {
    return this.bytes.readUIntLE(this.take(6), 6);
  }

  u64(): bigint {
    return this.bytes.readBigUInt64LE(this.take(8));
  }

  text(): string {
    const length = this.u8();
    const at = this.take(length);
    return this.bytes.toString('latin1', at, at + length);
  }

  private take(length: number): number {
    const { at } = this;
    if (at + length > this.bytes.length) throw new ControlFault('the message ends too early');
    this.at = at + length;
    return at;
  }
}

export class Writer {
  private readonly parts: Buffer[] = [];

  u8(value: number): this {
    return this.add(1, (bytes) => bytes.writeUInt8(value));
  }

  u16(value: number): this {
    return this.add(2, (bytes) => bytes.writeUInt16LE(value));
  }

  u32(value: number): this {
    return this.add(4, (bytes) => bytes.writeUInt32LE(value));
  }

  u48(value: number): this {
    return this.add(6, (bytes) => bytes.writeUIntLE(value, 0, 6));
  }

  u64(value: bigint): this {
    return this.add(8, (bytes) => bytes.writeBigUInt64LE(value));
  }

  text(value: string): this {
    const text = Buffer.from(value.slice(0, 255), 'latin1');
    this.u8(text.length);
    this.parts.push(text);
    return this;
  }

  /** Everything, behind `head`. */
  finish(head: Buffer): Buffer {
    return Buffer.concat([head, ...this.parts]);
  }

  private add(length: number, write: (bytes: Buffer) => void): this {
    const bytes = Buffer.allocUnsafe(length);
    write(bytes);
    this.parts.push(bytes);
    return this;
  }
}
