import { createHook } from 'node:async_hooks';
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { openChannels } from '../../lib/channel/open.js';
import type { Connection } from '../../lib/client/connection.js';
import { CouldNotConnectError } from '../../lib/errors.js';
import { groupRpc } from '../../lib/recipes/call.js';
import { type Election, election } from '../../lib/recipes/election.js';
import { lock } from '../../lib/recipes/lock.js';
import { presence } from '../../lib/recipes/presence.js';
import { givenSeed, Random } from '../support/random.js';
import { LibraryWorld } from './library-world.js';

/** Calls to whatever is not of the world that a run is in, and what it has made of the operating system. */
async function outsideOf(world: LibraryWorld, run: () => Promise<void>): Promise<string[]> {
  // The runner of the specs has its own timers.
  await new Promise((resolve) => void setImmediate(resolve));
  const calls: string[] = [];
  const replaced: (() => void)[] = [];
  const replace = (holder: object, name: string): void => {
    const before: unknown = Reflect.get(holder, name);
    Reflect.set(holder, name, () => {
      calls.push(name);
      throw new Error(`${name} in virtual time`);
    });
    replaced.push(() => void Reflect.set(holder, name, before));
  };
  const made = new Map<string, number>();
  const hook = createHook({ init: (_, type) => void made.set(type, (made.get(type) ?? 0) + 1) });
  for (const name of ['setTimeout', 'setInterval', 'setImmediate']) replace(globalThis, name);
  replace(performance, 'now');
  replace(Date, 'now');
  replace(Math, 'random');
  hook.enable();
  try {
    await run();
  } finally {
    hook.disable();
    for (const back of replaced) back();
  }
  for (const type of ['PROMISE', 'TickObject', 'Microtask']) made.delete(type);
  // Those of the world itself.
  if (made.get('Immediate') === world.rounds) made.delete('Immediate');
  return [...calls, ...made.keys()];
}

const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  );

/** Reads a group to its end, as text. */
async function read(connection: Connection, room: string, into: string[]): Promise<void> {
  const group = await connection.join(room);
  try {
    for await (const event of group) if (event.kind === 'data') into.push(event.text);
  } catch (error) {
    into.push((error as Error).name);
  }
}

const leaderOf = (elections: readonly Election[]): string | null => {
  const [first, ...others] = elections.map(({ leader }) => leader);
  return first !== undefined && others.every((leader) => leader === first) ? first : null;
};

interface Story {
  /** What each member of the room was sent, by name. */
  readonly heard: Record<string, string[]>;
  readonly answers: string[];
  /** What the members of a view-synchronous group got, each with the number of those in its view. */
  readonly synchronous: string[];
  readonly tokens: number[];
  /** Ids of the leaders, first and later. */
  readonly leaders: (string | null)[];
  readonly losses: string[];
}

/** One program: three connections at three daemons, one of which dies, and a partition. */
async function story(world: LibraryWorld, seed: number): Promise<Story> {
  const random = new Random(seed);
  const told: Story = { heard: {}, answers: [], synchronous: [], tokens: [], leaders: [], losses: [] };
  const names = ['ann', 'bob', 'cleo'];
  const all = await Promise.all(names.map((name, index) => world.connect(index, name)));
  const [ann, bob, cleo] = all as [Connection, Connection, Connection];
  await world.until(() => world.daemons.every((each) => each?.core.view?.daemons.length === 3), 'one view');

  for (const [index, connection] of all.entries())
    void read(connection, 'room', (told.heard[names[index] ?? ''] = []));
  const elections = await Promise.all(all.map((each) => election(each, 'lead', { quorum: 2 })));
  const people = await Promise.all(
    names.map((name, i) => presence(all[i] as Connection, 'who', { metadata: name })),
  );
  await world.until(() => leaderOf(elections) !== null, 'a leader');
  await world.until(() => people.every(({ here }) => here.length === 3), 'everybody');
  told.leaders.push(leaderOf(elections));

  const messages = Array.from({ length: 40 }, (_, i) => `${i}`.padEnd(1 + random.below(20_000), '.'));
  for (const message of messages) {
    void random.pick(all).send('room', message, { service: random.pick(['agreed', 'safe', 'fifo']) });
    await world.sleep(random.below(4));
  }
  await world.until(() => Object.values(told.heard).every(({ length }) => length === 40), 'all messages');

  told.synchronous.push(...(await synchronous(world, all)));
  await channels(ann, bob, told);
  await rpc(cleo, bob, told);
  const locks = await Promise.all(all.map((each) => lock(each, 'printer', { quorum: 2 })));
  for (const each of locks) {
    const held = await each.acquire();
    told.tokens.push(held.token);
    await held.release();
  }

  world.partition([[0], [1, 2]]);
  const minority = elections[0] as Election;
  const majority = elections.slice(1);
  const isLed = (): boolean => ![null, ann.id].includes(leaderOf(majority)) && minority.leader === null;
  await world.until(isLed, 'a leader of the majority');
  told.leaders.push(leaderOf(majority));
  world.partition([[0, 1, 2]]);
  await world.until(() => leaderOf(elections) !== null, 'one leader again');

  world.kill(0);
  await world.until(() => !ann.open, 'the loss');
  const late = await errorOf(ann.send('room', 'too late'));
  told.losses.push((late as Error | null)?.name ?? 'sent', (await minority.closed)?.name ?? 'left');
  const nobody = await errorOf(world.connect(0, 'dan'));
  told.losses.push((nobody as Error).name);
  await world.until(() => people[1]?.here.length === 2, 'the others to notice');

  await elections[1]?.leave();
  await bob.close();
  await cleo.close();
  return told;
}

async function synchronous(world: LibraryWorld, all: readonly Connection[]): Promise<string[]> {
  const got: string[] = [];
  for (const connection of all) {
    const group = await connection.join('sync', { viewSynchrony: true });
    group.on('data', ({ text }) => got.push(`${text} among ${group.members.length}`));
    await group.send(connection.name);
  }
  await world.until(() => got.length === 6, 'the messages of three views');
  return got;
}

async function channels(ann: Connection, bob: Connection, told: Story): Promise<void> {
  const server = await (await openChannels(ann)).createChannel('shop');
  const serving = (async () => {
    for await (const event of server) {
      if (event.kind === 'request') await event.reply(0, Buffer.from('3 a pound'));
      if (event.kind === 'client-left') server.startTimer(7, 250);
      if (event.kind === 'timer') return;
    }
  })();
  const client = await (await openChannels(bob)).openChannel('shop', { waitMs: 5000 });
  const { body } = await client.call(1, Buffer.from('apples'), { timeoutMs: 1000 });
  told.answers.push(Buffer.from(body).toString());
  await client.close();
  await serving;
}

async function rpc(cleo: Connection, bob: Connection, told: Story): Promise<void> {
  await groupRpc<string, string>(bob, 'ask', { handler: (text) => text.toUpperCase() });
  const asking = await groupRpc<string, string>(cleo, 'ask');
  const { values } = await asking.call('who', { timeoutMs: 1000 });
  told.answers.push(...values);
}

async function played(seed: number): Promise<{ world: LibraryWorld; told: Story }> {
  const world = new LibraryWorld(seed, 3);
  return { world, told: await world.run(story(world, seed)) };
}

describe('simulation: the real client library', () => {
  const first = givenSeed();

  it('does over pipes in virtual time what it does over sockets', async () => {
    const { told } = await played(first);
    const { ann = [], bob = [], cleo = [] } = told.heard;
    expect(ann.slice(0, 40)).to.have.length(40);
    expect(bob.slice(0, 40)).to.deep.equal(ann.slice(0, 40));
    expect(cleo.slice(0, 40)).to.deep.equal(ann.slice(0, 40));
    expect(ann.at(-1)).to.equal('ConnectionClosedError');
    expect(told.synchronous.toSorted()).to.deep.equal([
      'ann among 1',
      'bob among 2',
      'bob among 2',
      'cleo among 3',
      'cleo among 3',
      'cleo among 3',
    ]);
    expect(told.answers).to.deep.equal(['3 a pound', 'WHO']);
    expect(told.tokens).to.deep.equal(told.tokens.toSorted((a, b) => a - b));
    expect(new Set(told.tokens)).to.have.length(3);
    expect(told.leaders).to.deep.equal(['#ann#d1', '#bob#d2']);
    expect(told.losses).to.deep.equal([
      'ConnectionClosedError',
      'ConnectionClosedError',
      'CouldNotConnectError',
    ]);
  });

  it('does the same for the same seed, and another for another', async () => {
    const hashes: string[] = [];
    for (const seed of [first, first, first + 1]) hashes.push((await played(seed)).world.hash);
    expect(hashes[1]).to.equal(hashes[0]);
    expect(hashes[2]).to.not.equal(hashes[0]);
  });

  it('touches no timer, clock, randomness or socket of the machine', async () => {
    const world = new LibraryWorld(first, 3);
    const outside = await outsideOf(world, async () => void (await world.run(story(world, first))));
    expect(outside).to.deep.equal([]);
  });

  it('waits for a frozen daemon as long as it says, in virtual time', async () => {
    const world = new LibraryWorld(first, 1);
    await world.run(
      (async () => {
        const ann = await world.connect(0, 'ann');
        world.daemons[0]?.freeze();
        const begin = world.loop.now;
        expect(await errorOf(world.connect(0, 'bob', { timeoutMs: 700 }))).to.be.instanceOf(
          CouldNotConnectError,
        );
        expect(world.loop.now - begin).to.equal(700);
        await ann.close();
        expect(world.loop.now - begin).to.be.closeTo(2700, 1);
      })(),
    );
  });

  it('reads what had arrived before its connection broke, and connects again', async () => {
    const world = new LibraryWorld(first, 1);
    await world.run(
      (async () => {
        const [ann, bob] = [await world.connect(0, 'ann'), await world.connect(0, 'bob')];
        const heard: string[] = [];
        void read(ann, 'room', heard);
        await bob.join('room').then((room) => room.on('event', () => undefined));
        await bob.send('room', 'hello');
        await world.until(() => heard.length === 1, 'the message');
        let loss: Error | undefined;
        ann.on('close', (error) => {
          loss = error;
        });
        world.cut(ann);
        await world.until(() => heard.length === 2, 'the loss');
        expect(heard).to.deep.equal(['hello', 'ConnectionClosedError']);
        expect(loss?.cause).to.include({ code: 'ECONNRESET' });
        world.kill(0);
        world.start(0);
        await world.until(() => world.daemons[0]?.core.view?.daemons.length === 1, 'a view');
        const again = await world.connect(0, 'ann');
        expect((await again.join('room')).members).to.deep.equal(['#ann#d1']);
      })(),
    );
  });

  it('leaves a connection unread while nobody reads its group, and loses nothing', async () => {
    const world = new LibraryWorld(first, 1);
    await world.run(
      (async () => {
        const [ann, bob] = [await world.connect(0, 'ann'), await world.connect(0, 'bob')];
        const room = await ann.join('room');
        const stopped = room[Symbol.asyncIterator]();
        const count = 100;
        const body = Buffer.alloc(100_000);
        for (let i = 0; i < count; i++) await bob.send('room', body);
        const [session] = [...(world.daemons[0]?.server.values() ?? [])];
        await world.until(() => (session?.waitingBytes ?? 0) > 1_000_000, 'the daemon to feel it');
        let messages = 0;
        for await (const event of stopped) {
          if (event.kind === 'data') messages++;
          if (messages === count) break;
        }
        expect(session?.waitingBytes).to.equal(0);
      })(),
    );
  });
});
