import { expect } from 'chai';
import { ConnectionClosedError, IllegalParamError } from '../../../lib/errors.js';
import { barrier, counter, lock, map, IncompatibleMemberError } from '../../../lib/recipes/index.js';
import { until } from '../../support/wait.js';
import { ClientWorld, failure } from '../../client/support.js';

describe('counter', () => {
  it('counts exactly, whoever adds', async () => {
    await using house = await ClientWorld.start();
    const a = await counter(await house.connect('a'), 'hits');
    const b = await counter(await house.connect('b'), 'hits');
    const sums = await Promise.all(
      Array.from({ length: 200 }, (_, index) => (index % 2 === 0 ? a : b).add()),
    );
    expect(new Set(sums).size).to.equal(200);
    expect(Math.max(...sums)).to.equal(200);
    expect(await b.add(-200)).to.equal(0);
  });

  it('says so where a sum could not be exact any more, and continues', async () => {
    await using house = await ClientWorld.start();
    const a = await counter(await house.connect('a'), 'hits');
    expect(await a.add(Number.MAX_SAFE_INTEGER)).to.equal(Number.MAX_SAFE_INTEGER);
    const error = await failure(a.add());
    expect(error).to.be.instanceOf(IllegalParamError);
    expect(error.message).to.match(/9007199254740991 \+ 1 is more than/);
    expect(await a.add(-1)).to.equal(Number.MAX_SAFE_INTEGER - 1);
  });
});

describe('two recipes in one group', () => {
  it('end the one who comes second, and say why', async () => {
    await using house = await ClientWorld.start();
    const first = await map<number>(await house.connect('a'), 'config');
    await first.set('x', 1);
    const second = await lock(await house.connect('b'), 'config');
    expect((await failure(second.acquire())).message).to.include(
      'the group config holds a map without a quorum, and this member brings a lock without a quorum',
    );
    const third = await map<number>(await house.connect('c'), 'config', { quorum: 2 });
    expect(await failure(third.ready())).to.be.instanceOf(IncompatibleMemberError);
    await first.set('x', 2);
    expect(first.get('x')).to.equal(2);
  });

  it('end one without a quorum among those who have one', async () => {
    await using house = await ClientWorld.start();
    const options = { quorum: 2 };
    const first = await map<number>(await house.connect('a'), 'config', options);
    await map<number>(await house.connect('b'), 'config', options);
    await first.set('x', 1);
    const third = await map<number>(await house.connect('c'), 'config');
    const error = await failure(third.ready());
    expect(error).to.be.instanceOf(IncompatibleMemberError);
    expect(error.message).to.include(
      'holds a map with a quorum of 2 of 3, and this member brings a map without',
    );
    await first.set('x', 2);
    expect(first.get('x')).to.equal(2);
  });
});

describe('map', () => {
  it('is the same at all members, and tells what changes', async () => {
    await using house = await ClientWorld.start();
    const a = await map<number>(await house.connect('a'), 'config');
    await a.set('x', 1);
    await a.set('gone', 2);
    const b = await map<number>(await house.connect('b'), 'config');
    await b.ready();
    expect([...b.entries()]).to.have.deep.members([...a.entries()]);
    const told: string[] = [];
    a.on('set', (key, value) => told.push(`${key}=${value}`)).on('deleted', (key) => told.push(`-${key}`));
    await b.set('x', 3);
    expect(await b.delete('gone')).to.equal(true);
    expect(await b.delete('gone')).to.equal(false);
    expect(await b.add('x', 4)).to.equal(false);
    expect(await b.add('y', 4)).to.equal(true);
    await until(() => told.length === 3, 'all changes');
    expect(told).to.deep.equal(['x=3', '-gone', 'y=4']);
    expect(a.get('x')).to.equal(3);
    expect(a.size).to.equal(2);
  });

  it('is read as a Map is', async () => {
    await using house = await ClientWorld.start();
    const a = await map<number>(await house.connect('a'), 'config');
    for (const [key, value] of Object.entries({ x: 1, y: 2 })) await a.set(key, value);
    expect([...a.keys()]).to.have.members(['x', 'y']);
    expect([...a.values()]).to.have.members([1, 2]);
    expect(new Map(a)).to.deep.equal(new Map(a.entries()));
    expect([...a]).to.have.deep.members([
      ['x', 1],
      ['y', 2],
    ]);
  });
});

describe('lock', () => {
  it('passes from hand to hand with growing tokens', async () => {
    await using house = await ClientWorld.start();
    const a = await lock(await house.connect('a'), 'door');
    const b = await lock(await house.connect('b'), 'door');
    const first = await a.acquire();
    const waits = b.acquire();
    await until(() => a.waiting.length === 1, 'the other to wait');
    expect(a.holder).to.equal('#a#d1');
    await first.release();
    expect(first.signal.aborted).to.equal(true);
    const second = await waits;
    expect(second.token).to.be.above(first.token);
    expect(b.holder).to.equal('#b#d1');
  });

  it('passes on when its holder goes', async () => {
    await using house = await ClientWorld.start();
    const connection = await house.connect('a');
    const a = await lock(connection, 'door');
    const b = await lock(await house.connect('b'), 'door');
    const held = await a.acquire();
    const waits = b.acquire();
    await until(() => a.waiting.length === 1, 'the other to wait');
    await connection.close();
    expect(held.signal.aborted).to.equal(true);
    expect((await waits).token).to.be.above(held.token);
  });

  it('is lost with the quorum, and free when that is back', async () => {
    await using house = await ClientWorld.start();
    const other = await house.connect('b');
    const a = await lock(await house.connect('a'), 'door', { quorum: 2 });
    await lock(other, 'door', { quorum: 2 });
    const held = await a.acquire();
    await other.close();
    await until(() => held.signal.aborted, 'the lock to be lost');
    const again = a.acquire();
    await lock(await house.connect('c'), 'door', { quorum: 2 });
    expect((await again).token).to.be.above(held.token);
  });

  it('stays with its holder while many come', async () => {
    await using house = await ClientWorld.start();
    for (const [group, options] of Object.entries({ door: {}, gate: { quorum: 2 } })) {
      const a = await lock(await house.connect(`a${group}`), group, options);
      await (await lock(await house.connect(`b${group}`), group, options)).ready();
      const held = await a.acquire();
      const names = Array.from({ length: 5 }, (_, i) => `${i}${group}`);
      const many = await Promise.all(names.map((name) => house.connect(name)));
      const locks = await Promise.all(many.map((each) => lock(each, group, options)));
      await Promise.all(locks.map((each) => each.ready()));
      expect([held.signal.aborted, locks[4]?.holder]).to.deep.equal([false, `#a${group}#d1`]);
    }
  });

  it('can be left while there is no quorum', async () => {
    await using house = await ClientWorld.start();
    const a = await lock(await house.connect('a'), 'door', { quorum: 2 });
    const waits = failure(a.acquire());
    await a.leave();
    expect(await waits).to.be.instanceOf(ConnectionClosedError);
  });

  it('gives up a wait that is aborted', async () => {
    await using house = await ClientWorld.start();
    const a = await lock(await house.connect('a'), 'door');
    const b = await lock(await house.connect('b'), 'door');
    const held = await a.acquire();
    expect((await failure(b.acquire({ signal: AbortSignal.timeout(50) }))).name).to.equal('TimeoutError');
    await until(() => a.waiting.length === 0, 'nobody to wait');
    await held.release();
    await until(() => a.holder === null, 'the lock to be free');
  });
});

describe('barrier', () => {
  it('opens when all are there, and closes behind them', async () => {
    await using house = await ClientWorld.start();
    const options = { parties: 2 };
    const a = await barrier(await house.connect('a'), 'start', options);
    const b = await barrier(await house.connect('b'), 'start', options);
    const first = a.enter();
    await until(() => b.entered.length === 1, 'the first to wait');
    expect(await Promise.all([first, b.enter()])).to.deep.equal([0, 0]);
    const waits = b.enter();
    await until(() => a.entered.length === 1, 'the other to wait');
    expect(a.entered).to.deep.equal(['#b#d1']);
    expect(await Promise.all([a.enter(), waits])).to.deep.equal([1, 1]);
  });

  it('forgets who leaves', async () => {
    await using house = await ClientWorld.start();
    const leaving = await house.connect('b');
    const a = await barrier(await house.connect('a'), 'start', { parties: 2 });
    const b = await barrier(leaving, 'start', { parties: 2 });
    const gone = failure(b.enter());
    await until(() => a.entered.length === 1, 'the other to wait');
    await leaving.close();
    await gone;
    await until(() => a.entered.length === 0, 'the barrier to be empty');
  });
});
