/** Plays the clients of a recording against a daemon, or several. */
import { Buffer } from 'node:buffer';
import type { Daemon } from '../../daemon/index.js';
import { nameField } from '../../lib/wire/name.js';
import { RawClient } from '../support/raw-client.js';
import { chunkBytes, firstOf, type Recording, streamOf, type Trace } from '../support/recordings.js';
import { until } from '../support/wait.js';

/** Where the clients of a recording are played. */
export interface ReplayFixture {
  /** A connection without a handshake, to the daemon that the trace was recorded at. */
  open(trace: Trace): Promise<RawClient>;
  /** Sends, and resolves when what any client sends next comes behind it in the order. */
  send(trace: Trace, client: RawClient, bytes: Buffer): Promise<void>;
  /** Closes without a word, and resolves when the daemon has seen it. */
  close(trace: Trace, client: RawClient): Promise<void>;
}

/** One daemon of this process. */
export const stageOf = (daemon: Daemon): ReplayFixture => ({
  open: (trace) => RawClient.open(trace.transport === 'unix' ? (daemon.unixPath as string) : daemon.port),
  // The next chunk of whatever client is sent only when the daemon has read this one: so the order is kept.
  send: async (_trace, client, bytes) => {
    const read = daemon.counters.bytesIn + bytes.length;
    client.send(bytes);
    await until(() => daemon.counters.bytesIn >= read || client.closed, 'the daemon reads');
  },
  close: async (trace, client) => {
    const before = daemon.sessions;
    client.close();
    await until(() => daemon.sessions < before, `${trace.id}: the daemon sees the end`);
  },
});

/** One recorded connection, played again. */
export class Player {
  client: RawClient | null = null;
  /** Bytes that the trace has from the daemon so far, by the chunks that were played. */
  private due = 0;
  private next = 0;

  constructor(
    readonly trace: Trace,
    private readonly stage: ReplayFixture,
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
        const piece = this.renamed(bytes).subarray(at, at + size);
        await this.stage.send(this.trace, this.client as RawClient, Buffer.from(piece));
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
    await this.stage.close(this.trace, client);
  }

  /** Opens the connection, also of a client that never sent a byte. */
  async open(): Promise<void> {
    this.client ??= await this.stage.open(this.trace);
  }

  /** Waits until so many bytes came. */
  async settle(count = this.expected.length): Promise<void> {
    const client = this.client as RawClient;
    await until(
      () => client.received.length >= count + this.longer || client.closed,
      `${this.trace.id}: ${count} bytes from the daemon, ${client.received.length} came`,
    );
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

/**
 * Plays all traces in the order of the recording and returns them when each has got what it expects.
 * @param before what happens in front of the chunk of this number
 */
export async function replay(
  recording: Recording,
  stage: ReplayFixture,
  expected: (trace: Trace) => Buffer,
  before?: (seq: number, players: readonly Player[]) => Promise<void>,
): Promise<Player[]> {
  const players = recording.traces.map((trace) => new Player(trace, stage, expected(trace)));
  for (;;) {
    const seq = Math.min(...players.map((player) => player.seq));
    const player = players.find((each) => each.seq === seq);
    if (!player || seq === Infinity) break;
    await before?.(seq, players);
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
