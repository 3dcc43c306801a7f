/**
 * A large state on its way to a newcomer, while others work and the donor goes: what comes out of it. That the others feel
 * no stall of 100 ms is measured where each is a process of its own: `npm run bench:transfer`.
 */
import { Buffer } from 'node:buffer';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import type { Connection } from '../../../lib/client/connection.js';
import { type Machine, map, replicated, type ReplicatedMap } from '../../../lib/recipes/index.js';
import { until } from '../../support/wait.js';
import { ClientWorld } from '../../client/support.js';

const VALUE_BYTES = 100_000;
const STATE_BYTES = 20_000_000;
/** What was on its way from the first donor may come once more. */
const MOST = 1.1;
const TICK_MS = 10;
const COMMANDS_A_TICK = 20;
const KEYS = 1000;

/** Sends commands at a steady pace. */
class Pace {
  count = 0;
  private readonly timer: NodeJS.Timeout;
  private readonly open: Promise<void>[] = [];

  constructor(private readonly target: ReplicatedMap<string>) {
    this.timer = setInterval(() => {
      for (let i = 0; i < COMMANDS_A_TICK; i++) this.open.push(this.send());
    }, TICK_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.open);
  }

  private async send(): Promise<void> {
    await this.target.set(`k${this.count++ % KEYS}`, `v${this.count}`);
  }
}

/** Less than a piece of the state: offers, and the word that there is none. */
const NO_PIECE_BYTES = 2000;

/** What the connection has been given of the state, by the name of the giver. */
class Given {
  readonly from = new Map<string, number>();

  constructor(connection: Connection) {
    connection.on('message', ({ sender, body }) => {
      if (body.length > NO_PIECE_BYTES) this.from.set(sender, (this.from.get(sender) ?? 0) + body.length);
    });
  }

  get bytes(): number {
    return [...this.from.values()].reduce((sum, count) => sum + count, 0);
  }
}

describe('the transfer of a large state', () => {
  it('continues where the donor goes half way, and the newcomer has what the others have', async () => {
    await using house = await ClientWorld.start();
    const donor = await house.connect('a');
    const first = await map<string>(donor, 'large');
    const worker = await map<string>(await house.connect('b'), 'large');
    await worker.ready();
    const count = STATE_BYTES / VALUE_BYTES;
    for (let i = 0; i < count; i++) await first.set(`large ${i}`, String(i).padEnd(VALUE_BYTES, '.'));
    const pace = new Pace(worker);
    const third = await house.connect('c');
    const given = new Given(third);
    const late = await map<string>(third, 'large');
    await until(() => given.bytes >= STATE_BYTES / 2, 'half of the state', 20_000);
    expect([...given.from.keys()]).to.deep.equal(['#a#d1']);
    await donor.close();
    const before = pace.count;
    await late.ready();
    expect(pace.count, 'commands meanwhile').to.be.above(before);
    await pace.stop();
    // The second donor continues where the first one stopped.
    expect([...given.from.keys()]).to.deep.equal(['#a#d1', '#b#d1']);
    expect(given.bytes).to.be.within(STATE_BYTES, MOST * STATE_BYTES);
    await late.add('end', '');
    await until(() => worker.has('end'), 'the last entry');
    expect(late.size).to.equal(worker.size);
    expect(late.size).to.be.above(count);
    for (const [key, value] of worker.entries()) {
      if (late.get(key) !== value) expect(late.get(key), key).to.equal(value);
    }
  }).timeout(60_000);
});

/** A text whose snapshot takes its time. */
class Slow implements Machine<string, void> {
  text = '';
  /** How often a snapshot was begun to be read. */
  reads = 0;

  /** @param pace milliseconds for a piece of it */
  constructor(private readonly pace: number) {}

  reset(): void {
    this.text = '';
  }

  apply(more: string): void {
    this.text += more;
  }

  snapshot(): () => AsyncIterable<Buffer> {
    const bytes = Buffer.from(this.text);
    return () => this.pieces(bytes);
  }

  async restore(pieces: AsyncIterable<Buffer>): Promise<void> {
    const all: Buffer[] = [];
    for await (const piece of pieces) all.push(piece);
    this.text = Buffer.concat(all).toString();
  }

  private async *pieces(bytes: Buffer): AsyncGenerator<Buffer, void, void> {
    this.reads++;
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
      await pause(this.pace);
      yield bytes.subarray(at, at + CHUNK_BYTES);
    }
  }
}

const CHUNK_BYTES = 65_536;
/** What the second of two donors gives in vain. */
const WINDOW_BYTES = 8 * CHUNK_BYTES;
const FAST_MS = 5;
/** So that to find the place takes longer than a donor is waited for: two seconds. */
const SLOW_MS = 60;
const SLOW_BYTES = 4_000_000;

describe('the transfer of a state that is slow to read', () => {
  it('comes to its end where the other donors need long to find the place', async () => {
    await using house = await ClientWorld.start();
    const donor = await house.connect('a');
    const first = await replicated(donor, 'slow', new Slow(FAST_MS));
    const others = Array.from({ length: 2 }, () => new Slow(SLOW_MS));
    for (const [i, machine] of others.entries())
      await (await replicated(await house.connect(`b${i}`), 'slow', machine)).ready();
    const command = '.'.repeat(VALUE_BYTES);
    for (let bytes = 0; bytes < SLOW_BYTES; bytes += VALUE_BYTES) await first.submit(command);
    const third = await house.connect('c');
    const given = new Given(third);
    const late = await replicated(third, 'slow', new Slow(FAST_MS));
    await until(() => given.bytes > 0.6 * SLOW_BYTES, 'more than half of the state', 20_000);
    await donor.close();
    await late.ready({ signal: AbortSignal.timeout(20_000) });
    // Asked again and again, nobody has begun anew, and what the first of them gave was taken.
    expect(others.map(({ reads }) => reads)).to.deep.equal(others.map(() => 1));
    expect(given.bytes).to.be.within(SLOW_BYTES, MOST * SLOW_BYTES + WINDOW_BYTES);
  }).timeout(60_000);
});
