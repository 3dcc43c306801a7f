/** A way to a daemon whose memory is read as late as it may be: what is used again too early shows. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import type { Transport } from '../../lib/mailbox/transport.js';
import { readHeader } from '../../lib/wire/header.js';
import { HEADER_BYTES, NAME_BYTES } from '../../lib/wire/limits.js';
import { AGREED_MESS } from '../../lib/wire/service.js';

type Done = (error?: Error | null) => void;

/** Reads what is written as late as it may: when it says that it has it. */
export class LateWay {
  destroyed = false;
  /** Memory of all writes. */
  readonly memory = new Set<ArrayBufferLike>();
  /** Numbers of the messages that were read. */
  readonly numbers: number[] = [];
  private readonly writes: { readonly bytes: Buffer; readonly done: Done | undefined }[] = [];

  constructor(private readonly sender: string) {}

  get transport(): Transport {
    return this as unknown as Transport;
  }

  cork(): void {
    // All is read late.
  }

  uncork(): void {
    // The same.
  }

  write(bytes: Buffer, done?: Done): void {
    this.memory.add(bytes.buffer);
    this.writes.push({ bytes, done });
  }

  /** Reads one write. */
  read(): void {
    const parts: Buffer[] = [];
    for (let write = this.writes.shift(); write; write = this.writes.shift()) {
      parts.push(write.bytes);
      if (!write.done) continue;
      this.frames(Buffer.concat(parts));
      write.done();
      return;
    }
    this.frames(Buffer.concat(parts));
  }

  lose(): void {
    this.destroyed = true;
    for (const { done } of this.writes.splice(0)) done?.(new Error('lost'));
  }

  private frames(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      const { service, name, numGroups, dataLength } = readHeader(bytes, at);
      const body = at + HEADER_BYTES + numGroups * NAME_BYTES;
      at = body + dataLength;
      if (service !== AGREED_MESS) continue;
      const number = bytes.readUInt32LE(body);
      expect(bytes.subarray(body, at).equals(bodyOf(number, dataLength)), `the bytes of ${number}`).to.equal(
        true,
      );
      expect(name).to.equal(this.sender);
      const before = this.numbers.at(-1);
      if (before !== undefined) expect(number, 'the next message').to.equal(before + 1);
      this.numbers.push(number);
    }
  }
}

/** The bytes of a message, by its number. @param length from 4 on */
export function bodyOf(number: number, length: number): Buffer {
  const body = Buffer.alloc(length, number & 0xff);
  body.writeUInt32LE(number);
  return body;
}
