/** Plays the clients of a recording against a daemon. */
import { Buffer } from 'node:buffer';
import type { Daemon } from '../../daemon/index.js';
import { nameField } from '../../lib/wire/index.js';
import { RawClient } from '../support/raw-client.js';
import { chunkBytes, firstOf, type Recording, streamOf, type Trace } from '../support/recordings.js';
import { until } from '../support/wait.js';

/** One recorded connection, played again. */
export class Player {
  client: RawClient | null = null;
  /** Bytes that the trace has from the daemon so far, by the chunks that were played. */
  private due = 0;
  private next = 0;

  constructor(
    readonly trace: Trace,
    private readonly daemon: Daemon,
    /** Bytes the daemon is to send in the whole trace. */
    readonly expected: Buffer,
  ) {}

  /** Number of the next chunk to send in the order of the recording; infinite when there is none. */
  get seq(): number {
    return this.trace.chunks.slice(this.next).find(({ dir }) => dir === 'c2d')?.seq ?? Infinity;
  }

  /** The daemon ends the connection in the handshake, at once or when its time is over. */
  get isRefused(): boolean {
    const accepted = Buffer.from('01050001', 'hex');
    return this.trace.first_close_seen_from === 'daemon' && !this.expected.includes(accepted);
  }

  /** Sends the next chunk of the client, after everything the daemon sent before it. */
  async step(): Promise<void> {
    await this.open();
    for (;;) {
      const chunk = this.trace.chunks[this.next++];
      if (!chunk) return;
      const bytes = chunkBytes(chunk);
      if (chunk.dir === 'd2c') {
        this.due += bytes.length;
        continue;
      }
      // Where our daemon is to differ, the recording does not tell how much comes before this chunk.
      if (this.expected.equals(streamOf(this.trace, 'd2c'))) await this.settle(this.due);
      let at = 0;
      for (const size of chunk.segments ?? [bytes.length]) {
        await this.send(this.renamed(bytes).subarray(at, at + size));
        at += size;
      }
      return;
    }
  }

  /** The client closes without a word: what a killed process does. */
  async closeIfDone(): Promise<void> {
    const { client } = this;
    const silent = this.trace.first_close_seen_from === 'client' && !saysGoodbye(this.trace);
    if (!client || client.closed || !silent || this.seq !== Infinity) return;
    if (client.received.length < this.expected.length + this.longer) return;
    const before = this.daemon.sessions;
    client.close();
    await until(() => this.daemon.sessions < before, `${this.trace.id}: the daemon sees the end`);
  }

  /** Opens the connection, also of a client that never sent a byte. */
  async open(): Promise<void> {
    this.client ??= await RawClient.open(
      this.trace.transport === 'unix' ? (this.daemon.unixPath as string) : this.daemon.port,
    );
  }

  /** Waits until so many bytes came. */
  async settle(count = this.expected.length): Promise<void> {
    const client = this.client as RawClient;
    await until(
      () => client.received.length >= count + this.longer || client.closed,
      `${this.trace.id}: ${count} bytes from the daemon, ${client.received.length} came`,
    );
  }

  /** The next chunk of whatever client is sent only when the daemon has read this one: so the order is kept. */
  private async send(bytes: Buffer): Promise<void> {
    const client = this.client as RawClient;
    const read = this.daemon.counters.bytesIn + bytes.length;
    client.send(Buffer.from(bytes));
    await until(() => this.daemon.counters.bytesIn >= read || client.closed, 'the daemon reads');
  }

  /** The private group as recorded when the daemon made it up; null when the client chose its name. */
  private get madeUp(): string | null {
    if (firstOf(this.trace, 'connect request')?.name_length !== 0) return null;
    return firstOf(this.trace, 'accept')?.private_group ?? null;
  }

  /** The private group that our daemon made up; empty before it came. */
  private get got(): string {
    const received = this.client?.received ?? Buffer.alloc(0);
    const length = received[NAME_LENGTH_AT] ?? 0;
    return received.toString('latin1', NAME_LENGTH_AT + 1, NAME_LENGTH_AT + 1 + length);
  }

  /** Bytes by which our made-up name is longer than the recorded one. */
  private get longer(): number {
    return this.madeUp === null || this.got === '' ? 0 : this.got.length - this.madeUp.length;
  }

  /** A client whose name the daemon made up uses the name it got. */
  private renamed(bytes: Buffer): Buffer {
    if (this.madeUp === null) return bytes;
    const copy = Buffer.from(bytes);
    for (let at = copy.indexOf(this.madeUp); at >= 0; at = copy.indexOf(this.madeUp, at + 1)) {
      nameField(this.got).copy(copy, at);
    }
    return copy;
  }
}

/** Method list "NULL " (6), code and version (4): then comes the length of the private group. */
const NAME_LENGTH_AT = 10;

const saysGoodbye = (trace: Trace): boolean =>
  trace.decoded.some(({ what }) => what === 'disconnect request');

/** Plays all traces in the order of the recording and returns them when each has got what it expects. */
export async function replay(
  recording: Recording,
  daemon: Daemon,
  expected: (trace: Trace) => Buffer,
): Promise<Player[]> {
  const players = recording.traces.map((trace) => new Player(trace, daemon, expected(trace)));
  for (;;) {
    const seq = Math.min(...players.map((player) => player.seq));
    const player = players.find((each) => each.seq === seq);
    if (!player || seq === Infinity) break;
    await player.step();
    for (const each of players) await each.closeIfDone();
  }
  for (const player of players) {
    await player.open();
    await player.settle();
    await player.closeIfDone();
  }
  return players;
}
