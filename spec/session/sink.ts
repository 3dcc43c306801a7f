/** A socket without a kernel: it takes what is written, or refuses it until it is opened. */
import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { Writable } from 'node:stream';

export class Sink extends Writable {
  /** Whether bytes are taken at once. */
  isOpen = true;
  /** Every call to the kernel: its buffers. */
  readonly calls: Buffer[][] = [];
  private waiting: ((error?: Error | null) => void) | null = null;

  constructor() {
    super({ decodeStrings: false });
    this.on('error', () => undefined);
  }

  get socket(): Socket {
    return this as unknown as Socket;
  }

  /** Everything that was written. */
  get bytes(): Buffer {
    return Buffer.concat(this.calls.flat());
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.receive([chunk], done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.receive(
      chunks.map(({ chunk }) => chunk),
      done,
    );
  }

  /** The write that was refused goes through. */
  take(error?: Error): void {
    const done = this.waiting;
    this.waiting = null;
    done?.(error);
  }

  /** Takes everything from now on. */
  open(): void {
    this.isOpen = true;
    this.take();
  }

  private receive(buffers: Buffer[], done: (error?: Error | null) => void): void {
    this.calls.push(buffers);
    if (this.isOpen) done();
    else this.waiting = done;
  }
}
