import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { QUEUE_BYTES, QUEUE_EVENTS } from '../../lib/index.js';
import { flood, numbers, twoGroups } from './flood.js';
import { data } from './frames.js';
import { read, settle, ClientFixture, ClientWorld } from './support.js';

interface HeldTimers {
  /** Of the timers that are set. */
  delays(): number[];
  fire(): void;
  release(): void;
}

/** Timers that are set from here on wait for the spec. */
function heldTimers(): HeldTimers {
  const { setTimeout: set, clearTimeout: clear } = globalThis;
  const held = new Map<object, { action: () => void; delay: number }>();
  const hold = (action: () => void, delay: number): object => {
    const timer = { unref: () => timer };
    held.set(timer, { action, delay });
    return timer;
  };
  globalThis.setTimeout = hold as unknown as typeof set;
  globalThis.clearTimeout = ((timer: object) => held.delete(timer) || clear(timer as never)) as typeof clear;
  return {
    delays: () => [...held.values()].map(({ delay }) => delay),
    fire: () => held.forEach(({ action }, timer) => held.delete(timer) && action()),
    release: () => Object.assign(globalThis, { setTimeout: set, clearTimeout: clear }),
  };
}

describe('a reader that does not keep up', () => {
  it('makes the connection stand still at 1000 events, and go on at half of them, without a loss', async () => {
    await using stage = await ClientFixture.open();
    const { g, heard } = await twoGroups(stage);
    // The first view and these are one short of the limit.
    await stage.session.send(...flood(QUEUE_EVENTS - 2), data('still there', ['h']));
    await settle();
    expect(heard).to.deep.equal(['still there']);

    await stage.session.send(...flood(1), data('behind', ['h']), ...flood(2_000));
    await settle();
    expect(heard, 'with one more, nothing goes on').to.have.length(1);

    await read(g, QUEUE_EVENTS / 2 - 1);
    await settle();
    expect(heard, 'with one more than half of them').to.have.length(1);
    await read(g, 1);
    await settle();
    expect(heard).to.deep.equal(['still there', 'behind']);

    const rest = [...numbers(QUEUE_EVENTS - 2).slice(499), '0', ...numbers(2_000)];
    expect(await read(g, rest.length)).to.deep.equal(rest);
  });

  it('makes it stand still at 4 MiB of bodies, too', async () => {
    await using stage = await ClientFixture.open();
    const { g, heard } = await twoGroups(stage);
    const body = Buffer.alloc(128 * 1024, 'x');
    const count = QUEUE_BYTES / body.length;
    await stage.session.send(...Array.from({ length: count - 1 }, () => data(body)), data('1', ['h']));
    await settle(100);
    expect(heard).to.deep.equal(['1']);
    await stage.session.send(data(body), data('2', ['h']));
    await settle(100);
    expect(heard).to.deep.equal(['1']);
    await read(g, count / 2);
    await settle();
    expect(heard, 'the view has no body').to.deep.equal(['1']);
    await read(g, 1);
    await settle();
    expect(heard).to.deep.equal(['1', '2']);
  });

  it('is waited for when several of them are full, until the last has room', async () => {
    await using stage = await ClientFixture.open();
    const { connection, session } = stage;
    const loop = connection[Symbol.asyncIterator]();
    const { g, heard } = await twoGroups(stage);
    await session.send(...flood(QUEUE_EVENTS), data('behind', ['h']));
    await settle();
    await read(g, 600);
    await settle();
    expect(heard).to.deep.equal([]);
    for (let i = 0; i < 600; i++) await loop.next();
    await settle();
    expect(heard).to.deep.equal(['behind']);
  });

  it('is the connection when its loop was left and not taken up again', async () => {
    await using stage = await ClientFixture.open();
    const { connection, session } = stage;
    const first = read(connection, 1);
    const { heard } = await twoGroups(stage);
    await first;
    const group = await connection.join('g');
    group.on('event', () => undefined);
    await session.send(...flood(2_000), data('behind', ['h']));
    await settle();
    expect(heard).to.deep.equal([]);
    expect(await read(connection, 1_001)).to.deep.equal(['join a +a', ...numbers(1_000)]);
    await read(connection, 1_001);
    expect(heard).to.deep.equal(['behind']);
  });

  it('is none when a listener takes the events, of whatever kind', async () => {
    await using stage = await ClientFixture.open();
    const { g, heard } = await twoGroups(stage);
    g.on('self-leave', () => undefined);
    await stage.session.send(...flood(5_000), data('behind', ['h']));
    await settle();
    expect(heard).to.deep.equal(['behind']);
  });

  it('is freed by the first listener, which gets everything in order', async () => {
    await using stage = await ClientFixture.open();
    const { g, heard } = await twoGroups(stage);
    await stage.session.send(...flood(3_000), data('behind', ['h']));
    await settle();
    const texts: string[] = [];
    g.on('data', ({ text }) => texts.push(text));
    await settle();
    expect([texts, heard]).to.deep.equal([numbers(3_000), ['behind']]);
  });

  it('is the slower one of two loops, which holds the other up and is named by the warning', async () => {
    await using stage = await ClientFixture.open();
    const { g, heard } = await twoGroups(stage);
    const [quick, slow] = [g[Symbol.asyncIterator](), g[Symbol.asyncIterator]()];
    const warnings: string[] = [];
    const note = ({ name, message }: Error): void => {
      if (name === 'SspStallWarning') warnings.push(message);
    };
    let taken = 0;
    const loop = async (): Promise<void> => {
      for await (const event of { [Symbol.asyncIterator]: () => quick }) if (event.kind === 'data') taken++;
    };
    const reading = loop();
    const timers = heldTimers();
    process.on('warning', note);
    try {
      await stage.session.send(...flood(QUEUE_EVENTS), data('behind', ['h']));
      await settle();
      expect([taken, heard]).to.deep.equal([QUEUE_EVENTS - 1, []]);
      timers.fire();
      await settle();
      expect(warnings).to.deep.equal(['#a#d1 is stalled: nobody reads group g (loop 2 of 2)']);
      const texts: string[] = [];
      for (let count = 0; count < QUEUE_EVENTS + 1; count++) {
        const { value } = await slow.next();
        if (value?.kind === 'data') texts.push(value.text);
      }
      expect([texts, taken, heard]).to.deep.equal([numbers(QUEUE_EVENTS), QUEUE_EVENTS, ['behind']]);
      expect(timers.delays()).to.deep.equal([]);
    } finally {
      process.off('warning', note);
      timers.release();
    }
    await quick.return?.();
    await reading;
  });

  it('holds nobody up any more when its loop is left beside another one', async () => {
    await using stage = await ClientFixture.open();
    const { g, heard } = await twoGroups(stage);
    const [quick, slow] = [g[Symbol.asyncIterator](), g[Symbol.asyncIterator]()];
    const reading = read({ [Symbol.asyncIterator]: () => quick }, 2_001);
    await stage.session.send(...flood(2_000), data('behind', ['h']));
    await settle();
    expect(heard).to.deep.equal([]);
    await slow.return?.();
    expect(await reading).to.deep.equal(['join a +a', ...numbers(2_000)]);
    await settle();
    expect(heard).to.deep.equal(['behind']);
  });

  it('is named by a warning after five seconds', async () => {
    await using stage = await ClientFixture.open();
    const { g } = await twoGroups(stage);
    const warnings: string[] = [];
    const note = ({ name, message }: Error): void => {
      if (name === 'SspStallWarning') warnings.push(message);
    };
    const timers = heldTimers();
    process.on('warning', note);
    try {
      await stage.session.send(...flood(2_000));
      await settle();
      expect(timers.delays()).to.deep.equal([5_000]);
      timers.fire();
      await settle();
      expect(warnings).to.deep.equal(['#a#d1 is stalled: nobody reads group g']);
      await read(g, 600);
      await settle();
      expect(timers.delays(), 'another stall, another warning').to.deep.equal([5_000]);
      await read(g, 1_401);
      expect(timers.delays(), 'no stall, no warning').to.deep.equal([]);
    } finally {
      process.off('warning', note);
      timers.release();
    }
  });

  it('makes a sender wait in the end, and loses nothing of what the sender sent', async () => {
    const limits = {
      maxSessions: 10,
      handshakeTimeoutMs: 5_000,
      maxSessionMessages: 1e6,
      maxSessionBytes: 1e9,
    };
    await using world = await ClientWorld.start({ limits });
    const [a, b] = [await world.connect('a'), await world.connect('b')];
    const group = await a.join('room');
    const body = Buffer.alloc(10_000, 'x');
    for (let i = 0; i < 3_000; i++) await b.send('room', body);
    expect(world.daemon.counters.messagesIn).to.be.greaterThan(0);
    expect(await read(group, 3_001)).to.have.length(3_001);
  });
});
