/** A way to a daemon whose memory is read as late as it may be: what is used again too early shows. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import type { Transport } from '../../lib/mailbox/transport.js';
import { readNumber } from '../../lib/wire/extension/resume.js';
import { readHeader } from '../../lib/wire/header.js';
import { HEADER_BYTES, NAME_BYTES } from '../../lib/wire/limits.js';
import { readName } from '../../lib/wire/name.js';
import { AGREED_MESS, EXTENSION_MESS, LEAVE_MESS } from '../../lib/wire/service.js';

type Done = (error?: Error | null) => void;

/** Reads what is written as late as it may: when it says that it has it. */
export class LateWay {
  destroyed = false;
  /** Memory of all writes. */
  readonly memory = new Set<ArrayBufferLike>();
  /** Numbers of the messages that were read. */
  readonly numbers: number[] = [];
  private readonly writes: { readonly bytes: Buffer; readonly done: Done | undefined }[] = [];

  /** @param took what a request has: the number of a message, the group of a leave, the number in a frame NUMBER */
  constructor(
    private readonly sender: string,
    private readonly took: (what: 'message' | 'leave' | 'number', value: number | string) => void = () =>
      undefined,
  ) {}

  /** Whether nothing is being written. */
  get isIdle(): boolean {
    return this.writes.length === 0;
  }

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

  /** Nothing more is read. Node calls what was being written done, later. */
  lose(): void {
    this.destroyed = true;
    for (const { done } of this.writes.splice(0)) if (done) setImmediate(done);
  }

  private frames(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      const { service, name, numGroups, dataLength } = readHeader(bytes, at);
      const body = at + HEADER_BYTES + numGroups * NAME_BYTES;
      const end = body + dataLength;
      if (service === EXTENSION_MESS) this.took('number', readNumber(bytes, at));
      else expect(name, 'the sender').to.equal(this.sender);
      if (service === LEAVE_MESS) this.took('leave', readName(bytes, at + HEADER_BYTES));
      else if (service === AGREED_MESS) this.message(bytes.subarray(body, end));
      at = end;
    }
  }

  private message(body: Buffer): void {
    const number = body.readUInt32LE();
    expect(body.equals(bodyOf(number, body.length)), `the bytes of ${number}`).to.equal(true);
    this.numbers.push(number);
    this.took('message', number);
  }
}

/** The bytes of a message, by its number. @param length from 4 on */
export function bodyOf(number: number, length: number): Buffer {
  const body = Buffer.alloc(length, number & 0xff);
  body.writeUInt32LE(number);
  return body;
}
