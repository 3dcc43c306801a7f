/** A connection without a kernel: the fuzzer is the client at the other end. */
import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

export class FakeSocket extends Duplex {
  readonly remoteAddress = '127.0.0.1';
  readonly remotePort = 1;
  /** What the daemon has written and the kernel taken. */
  readonly received: Buffer[] = [];
  /** While it is set nothing is taken: a client that does not read. */
  blocked = false;
  private refused: (() => void) | null = null;

  constructor() {
    super({ allowHalfOpen: false });
    this.on('error', () => undefined);
  }

  get socket(): Socket {
    return this as unknown as Socket;
  }

  /** The client sends. */
  client(bytes: Buffer): void {
    if (!this.destroyed) this.push(Buffer.from(bytes));
  }

  /** The client closes its side. */
  clientEnd(): void {
    if (!this.destroyed) this.push(null);
  }

  /** The client reads again. */
  unblock(): void {
    this.blocked = false;
    const { refused } = this;
    this.refused = null;
    refused?.();
  }

  /** As `node:net` has it: ends when everything is written. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  override _read(): void {
    // The client decides when there is something.
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.receive([chunk], done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.receive(
      chunks.map(({ chunk }) => chunk),
      done,
    );
  }

  private receive(chunks: Buffer[], done: () => void): void {
    const taken = (): void => {
      this.received.push(...chunks);
      done();
    };
    if (this.blocked) this.refused = taken;
    else taken();
  }
}
