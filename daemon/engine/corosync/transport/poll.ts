/** Waiting for a descriptor that must not be read: libqb counts its events by the bytes in it [corosync 2.1]. */
import { endianness } from 'node:os';
import type { CpgLibrary } from './library.js';

const POLLIN = 1;
const POLLERR = 8;
const POLLHUP = 16;
const POLLNVAL = 32;

/** Milliseconds. Bounds how long the end of a connection waits for its last poll. */
const TIMEOUT = 200;

export class Poll {
  /** `struct pollfd`; its memory is not on the JavaScript heap, so it stays where it is while the thread waits. */
  private readonly entry = new DataView(new ArrayBuffer(64));

  constructor(
    private readonly library: CpgLibrary,
    descriptor: number,
  ) {
    this.entry.setInt32(0, descriptor, LITTLE);
    this.entry.setInt16(4, POLLIN, LITTLE);
  }

  /** Resolves when there is something to dispatch, when the connection is broken, or after a while for no reason. */
  async wait(): Promise<'readable' | 'broken' | 'nothing'> {
    this.entry.setInt16(6, 0, LITTLE);
    const count = await this.library.poll(new Uint8Array(this.entry.buffer), 1, TIMEOUT);
    // -1: a signal came.
    if (count <= 0) return 'nothing';
    const seen = this.entry.getInt16(6, LITTLE);
    if (seen & (POLLERR | POLLHUP | POLLNVAL)) return 'broken';
    return 'readable';
  }
}

const LITTLE = endianness() === 'LE';
