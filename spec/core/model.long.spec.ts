/**
 * Random worlds against the model of groups. A failure prints its seed; `SEED=... npx mocha ...` runs that world again,
 * `RUNS=100` runs a hundred worlds.
 */
import { expect } from 'chai';
import type { Daemon } from '../../daemon/index.js';
import type { Engine } from '../../daemon/engine/port.js';
import { DATA_LENGTH_AT, frameLength, NUM_GROUPS_AT, readHeader } from '../../lib/wire/header.js';
import { readNames } from '../../lib/wire/name.js';
import { JOIN_MESS, KILL_MESS, LEAVE_MESS } from '../../lib/wire/service.js';
import { startDaemon } from '../support/local-daemon.js';
import type { Operation } from '../support/daemon-oracle.js';
import { givenSeed, Random } from '../support/random.js';
import { seeds } from '../support/seeds.js';
import { tell } from '../support/describe-frame.js';
import { TemporaryDirectory } from '../support/temporary.js';
import { until } from '../support/wait.js';
import { RandomClients } from './random-clients.js';

const RUNS = Number(process.env['RUNS'] ?? 1);
const STEPS = seeds(700, 3000);
const ROUNDS = seeds(35, 120);
const NAMES = Array.from({ length: 200 }, (_, i) => `s${i}`);

type Play = (crowd: RandomClients, random: Random, daemon: Daemon) => Promise<void>;

/** Plays one world; its failure names the seed. */
async function world(seed: number, names: readonly string[], play: Play): Promise<RandomClients> {
  const random = new Random(seed);
  await using folder = await TemporaryDirectory.make();
  await using daemon = await startDaemon({ unixDir: folder.path });
  const crowd = new RandomClients(daemon, random, names);
  try {
    await play(crowd, random, daemon);
    await crowd.settle();
    expect(daemon.groups, 'groups at the end').to.equal(crowd.model.groupCount);
    expect(crowd.checked, 'frames that were looked at').to.be.greaterThan(1000);
  } catch (error) {
    const recent = crowd.history.slice(-10).join('\n  ');
    throw new Error(`SEED=${seed}, after ${crowd.history.length} operations, the last ones\n  ${recent}`, {
      cause: error,
    });
  } finally {
    for (const { session } of crowd.visitors.values()) session.close();
  }
  return crowd;
}

async function worlds(play: Play): Promise<void> {
  const seed = givenSeed();
  for (let run = 0; run < RUNS; run++) await world(seed + run, NAMES, play);
}

/** The order is that of the steps: the daemon has read one before the next is sent. */
async function oneByOne(crowd: RandomClients, random: Random, daemon: Daemon, steps: number): Promise<void> {
  for (let step = 0; step < steps; step++) {
    const name = random.pick(crowd.names);
    const visitor = crowd.visitors.get(name);
    if (!visitor) {
      await crowd.open(name);
    } else if (random.chance(0.06)) {
      await crowd.end(name);
    } else {
      const operations = crowd.someOperations(visitor.who);
      const read = daemon.counters.bytesIn + crowd.send(visitor, operations);
      await until(() => daemon.counters.bytesIn >= read, 'the daemon to read');
      for (const operation of operations) crowd.apply(operation);
    }
    if (step % 200 === 0) await crowd.settle();
  }
}

/** The operations in a payload of the engine. */
function operationsIn(payload: Buffer): Operation[] {
  const operations: Operation[] = [];
  for (let at = 0; at < payload.length;) {
    const { service, name: who } = readHeader(payload, at);
    const count = payload.readInt32LE(at + NUM_GROUPS_AT);
    const length = frameLength(service, count, payload.readInt32LE(at + DATA_LENGTH_AT));
    const names = readNames(payload, at + 48, count);
    const text = payload.toString('latin1', at + 48 + 32 * count, at + length);
    if ((service & KILL_MESS) !== 0) operations.push({ kind: 'end', who });
    else if ((service & JOIN_MESS) !== 0) operations.push({ kind: 'join', who, group: names[0] as string });
    else if ((service & LEAVE_MESS) !== 0) operations.push({ kind: 'leave', who, group: names[0] as string });
    else operations.push({ kind: 'send', who, service, to: names, text });
    at += length;
  }
  return operations;
}

describe('two hundred sessions in twenty groups', function () {
  this.timeout(60_000 * RUNS);

  it('get what the model says, one doing something after the other', async () => {
    await worlds(async (crowd, random, daemon) => {
      for (const name of NAMES) await crowd.open(name);
      await oneByOne(crowd, random, daemon, STEPS);
    });
  });

  it('get what the model says of the order that the daemon chose, all doing something at a time', async () => {
    await worlds(async (crowd, random, daemon) => {
      for (const name of NAMES) await crowd.open(name);
      const { engine } = daemon as unknown as { engine: Engine };
      engine.on('message', ({ payload }) => {
        for (const operation of operationsIn(payload)) if (operation.kind !== 'end') crowd.apply(operation);
      });
      for (let round = 0; round < ROUNDS; round++) {
        let read = daemon.counters.bytesIn;
        for (const visitor of random.several([...crowd.visitors.values()], 30)) {
          read += crowd.send(visitor, crowd.someOperations(visitor.who));
        }
        await until(() => daemon.counters.bytesIn >= read, 'the daemon to read');
        for (const name of random.several(NAMES, 4)) {
          if (crowd.visitors.has(name)) await crowd.end(name);
          else await crowd.open(name);
        }
        if (round % 10 === 0) await crowd.settle();
      }
    });
  });

  it('do the same and get the same when the seed is the same', async () => {
    const seed = givenSeed();
    const names = NAMES.slice(0, 40);
    const play: Play = (crowd, random, daemon) => oneByOne(crowd, random, daemon, 300);
    const [first, second] = [await world(seed, names, play), await world(seed, names, play)];
    const inboxes = ({ visitors }: RandomClients): string[][] =>
      [...visitors.values()].map(({ session }) => session.frames.map(tell));
    expect(second.history).to.deep.equal(first.history);
    expect(inboxes(second)).to.deep.equal(inboxes(first));
  });
});
