/** `ssp-toolkit/keyv` as Keyv 5 and Keyv 6 use it: what they read and write, over losses and partitions. */
import { expect } from 'chai';
import { type Cluster, cluster } from '../../daemon/testing/index.js';
import { keyvStore, type KeyvStore, type KeyvStoreOptions } from '../../lib/adapters/keyv/index.js';
import { ConnectionClosedError, IllegalParamError, MessageTooLongError } from '../../lib/errors.js';
import { withPlatform } from '../../lib/mailbox/platform.js';
import { ReadOnlyError } from '../../lib/recipes/errors.js';
import { failure } from '../support/failure.js';
import { platformOf } from '../../lib/mailbox/platform.js';

const SWEEP = 31_000;

/** What Keyv 6 does first. */
const asSix = (store: KeyvStore): KeyvStore => {
  expect((store.capabilities as { expires: boolean }).expires).to.equal(true);
  return store;
};

const keysOf = async (store: KeyvStore, namespace?: string): Promise<string[]> => {
  const keys: string[] = [];
  for await (const [key] of store.iterator(namespace)) keys.push(key as string);
  return keys.toSorted();
};

const stores = async (
  c: Cluster,
  daemons: readonly number[],
  options: KeyvStoreOptions = {},
): Promise<KeyvStore[]> =>
  await Promise.all(daemons.map(async (daemon) => await keyvStore(await c.connect(daemon), options)));

describe('a store of Keyv', () => {
  let c: Cluster;
  const start = async (daemons: number): Promise<void> => {
    c = await cluster(daemons, { time: 'virtual', seed: 1 });
  };
  afterEach(async () => await c[Symbol.asyncDispose]());

  /** Two members, of which the first has written. */
  async function pair(options?: KeyvStoreOptions): Promise<[KeyvStore, KeyvStore]> {
    await start(2);
    return (await stores(c, [0, 1], options)) as [KeyvStore, KeyvStore];
  }

  it('shows what it has written at once, and others the same', async () => {
    const [a, b] = await pair();
    expect(await a.set('k', '{"value":1}')).to.equal(true);
    expect([await a.get('k'), await a.has('k'), await a.has('none'), await a.get('none')]).to.deep.equal([
      '{"value":1}',
      true,
      false,
      undefined,
    ]);
    await c.settled();
    expect(await b.getMany(['k', 'none'])).to.deep.equal(['{"value":1}', undefined]);
    expect(await b.hasMany(['k', 'none'])).to.deep.equal([true, false]);
    expect([await b.delete('k'), await b.delete('k')]).to.deep.equal([true, false]);
    await c.settled();
    expect(await a.get('k')).to.equal(undefined);
  });

  it('ends with the same value everywhere, whoever writes at the same time', async () => {
    const [a, b] = await pair();
    for (let round = 0; round < 20; round++) {
      await Promise.all([a.set('k', `a ${round}`), b.set('k', `b ${round}`)]);
      await c.settled();
      expect(await a.get('k')).to.equal(await b.get('k'));
    }
  });

  it('has the entries for one that comes later, and survives those who wrote them', async () => {
    const [a, b] = await pair();
    await a.set('k', 'v');
    await c.kill(0);
    const [late] = (await stores(c, [1])) as [KeyvStore];
    expect([await b.get('k'), await late.get('k')]).to.deep.equal(['v', 'v']);
  });

  it('expires a value after its time to live, for Keyv 5', async () => {
    const [a, b] = await pair();
    await a.set('k', 'v', 1000);
    await a.setMany([
      { key: 'many', value: 'v', ttl: 1000 },
      { key: 'stays', value: 'v' },
    ]);
    await c.advance(900);
    expect(await b.getMany(['k', 'many', 'stays'])).to.deep.equal(['v', 'v', 'v']);
    await c.advance(101);
    for (const store of [a, b]) {
      expect(await store.getMany(['k', 'many', 'stays'])).to.deep.equal([undefined, undefined, 'v']);
      expect(await keysOf(store)).to.deep.equal(['stays']);
    }
  });

  it('expires a value at its time of day, for Keyv 6', async () => {
    const [a, b] = await pair();
    const now = c.clock.date().getTime();
    await asSix(a).set('k', 'v', now + 1000);
    await a.setMany([
      { key: 'many', value: 'v', expires: now + 1000 },
      { key: 'past', value: 'v', expires: now - 1 },
    ]);
    expect(await a.getMany(['k', 'many', 'past'])).to.deep.equal(['v', 'v', undefined]);
    await c.advance(1001);
    expect(await asSix(b).hasMany(['k', 'many', 'past'])).to.deep.equal([false, false, false]);
  });

  it('takes expired entries away by one member, each once', async () => {
    const [a, b] = await pair();
    await a.setMany(Array.from({ length: 2500 }, (_, i) => ({ key: `k${i}`, value: 'v', ttl: 1000 })));
    await a.set('stays', 'v');
    await c.settled();
    const before = b.replica.position;
    await c.advance(SWEEP);
    await c.settled();
    expect(b.replica.position - before, 'messages: 1000 keys each').to.equal(3);
    await c.advance(SWEEP);
    expect(b.replica.position - before).to.equal(3);
    expect(await keysOf(b)).to.deep.equal(['stays']);
  });

  it('takes them away at the next member when the first has gone', async () => {
    const [a, b] = await pair();
    await a.set('k', 'v', 1000);
    await c.kill(0);
    const before = b.replica.position;
    await c.advance(SWEEP);
    await c.settled();
    expect(b.replica.position - before).to.equal(1);
  });

  it('counts a value as expired by the clock of the one that set it', async () => {
    await start(2);
    const connection = await c.connect(0);
    const { clock } = platformOf(connection);
    withPlatform(connection, {
      ...platformOf(connection),
      clock: { ...copyOf(clock), date: () => clock.date() + 2000 },
    });
    const early = await keyvStore(connection);
    const [b] = (await stores(c, [1])) as [KeyvStore];
    await early.set('k', 'v', 1000);
    await c.advance(2500);
    // Set with a clock that is 2 s early: for itself it is over, for the others 2 s later.
    expect([await early.get('k'), await b.get('k')]).to.deep.equal([undefined, 'v']);
    await c.advance(600);
    expect(await b.get('k')).to.equal(undefined);
  });

  it('keeps namespaces apart, for Keyv 5, which puts them before the keys', async () => {
    await start(1);
    const [a] = (await stores(c, [0])) as [KeyvStore];
    const b = a.sibling();
    [a.namespace, b.namespace] = ['a', 'b'];
    await a.set('a:k', 'of a');
    await b.set('b:k', 'of b');
    await b.set('k2', 'without the prefix');
    expect(await keysOf(a, 'a')).to.deep.equal(['a:k']);
    expect(await keysOf(b, 'b')).to.deep.equal(['b:k', 'b:k2']);
    expect([await b.get('k2'), await b.get('b:k2')]).to.deep.equal(Array(2).fill('without the prefix'));
    await a.clear();
    expect([await a.get('a:k'), await b.get('b:k')]).to.deep.equal([undefined, 'of b']);
    b.namespace = undefined;
    await b.clear();
    expect(await b.get('b:k')).to.equal(undefined);
  });

  it('keeps namespaces apart, for Keyv 6, which leaves them to the store', async () => {
    await start(1);
    const [a] = (await stores(c, [0])) as [KeyvStore];
    const b = asSix(a.sibling());
    asSix(a);
    [a.namespace, b.namespace] = ['a', 'b'];
    await a.set('k', 'of a');
    await a.set('a:k', 'another one of a');
    await b.set('k', 'of b');
    expect([await a.get('k'), await a.get('a:k'), await b.get('k')]).to.deep.equal([
      'of a',
      'another one of a',
      'of b',
    ]);
    expect(await keysOf(a)).to.deep.equal(['a:k', 'k']);
    await a.clear();
    expect([await a.get('k'), await b.get('k')]).to.deep.equal([undefined, 'of b']);
  });

  it('deletes many keys, and answers as each Keyv wants it', async () => {
    await start(1);
    const [five] = (await stores(c, [0])) as [KeyvStore];
    const six = asSix(five.sibling());
    const all = ['a', 'b'];
    const fill = async (): Promise<unknown> => await five.setMany(all.map((key) => ({ key, value: 'v' })));
    expect(await fill()).to.deep.equal([true, true]);
    expect([await five.deleteMany(all), await five.deleteMany(all)]).to.deep.equal([true, false]);
    await fill();
    expect(await six.deleteMany([...all, 'none'])).to.deep.equal([true, true, false]);
  });

  it('writes 10,000 keys with few messages, in order', async () => {
    const [a, b] = await pair();
    const keys = Array.from({ length: 10_000 }, (_, i) => `key ${i}`);
    await a.setMany(keys.map((key) => ({ key, value: `${key} ${'v'.repeat(100)}` })));
    expect(a.replica.position).to.be.within(8, 30);
    await c.settled();
    expect(await keysOf(b)).to.deep.equal(keys.toSorted());
    expect(await b.get('key 4711')).to.equal(`key 4711 ${'v'.repeat(100)}`);
    await b.deleteMany(keys);
    await c.settled();
    expect(await keysOf(a)).to.deep.equal([]);
  });

  it('refuses a value that no message can carry, and names its key', async () => {
    const [a] = await pair();
    const large = 'v'.repeat(140_000);
    await a.set('fits', large);
    const error = await failure(a.set('too large', `${large}${'v'.repeat(4000)}`));
    expect(error).to.be.instanceOf(MessageTooLongError);
    expect(error.message).to.match(
      /the value of "too large" is 144\d{3} bytes with its key, limit is 14\d{4}/,
    );
    expect((await failure(a.set('f', () => undefined))).message).to.match(
      /JSON cannot represent the value of "f"/,
    );
    expect(await failure(a.set(5 as never, 'v'))).to.be.instanceOf(IllegalParamError);
    expect(await failure(a.set('k'.repeat(150_000), 'v'))).to.be.instanceOf(MessageTooLongError);
    expect(await keysOf(a)).to.deep.equal(['fits']);
  });

  it('gives values without serialization as copies', async () => {
    const [a] = await pair();
    await a.set('k', { list: [1] });
    ((await a.get('k')) as { list: number[] }).list.push(2);
    expect(await a.get('k')).to.deep.equal({ list: [1] });
  });

  it('says that the connection is over, reads from memory, and rejects writes', async () => {
    const [a] = await pair();
    const errors: Error[] = [];
    a.on('error', (error) => errors.push(error));
    await a.set('k', 'v');
    await c.kill(0);
    await c.until(() => errors.length > 0, 'the error');
    expect(errors.map(({ constructor }) => constructor)).to.deep.equal([ConnectionClosedError]);
    expect(await a.get('k')).to.equal('v');
    expect(await failure(a.set('k', 'w'))).to.be.instanceOf(ConnectionClosedError);
    expect(await failure(a.delete('k'))).to.be.instanceOf(ConnectionClosedError);
  });

  it('reads from memory while a connection that comes back is lost', async () => {
    await start(2);
    const connection = await c.connect(0, { resume: true });
    const a = await keyvStore(connection);
    const [b] = (await stores(c, [1])) as [KeyvStore];
    const errors: Error[] = [];
    a.on('error', (error) => errors.push(error));
    await a.set('k', 'v');
    await c.stop(0, { wait: 'nothing' });
    await c.until(() => connection.state === 'reconnecting', 'the loss');
    expect([await a.get('k'), errors.length]).to.deep.equal(['v', 1]);
    expect(await failure(a.set('k', 'w'))).to.be.instanceOf(ReadOnlyError);
    await b.set('k', 'of b');
    await c.until(() => a.replica.isWritable && !a.replica.isSuspended, 'the return');
    await c.settled();
    expect(await a.get('k')).to.equal('of b');
    await a.set('k', 'of a');
    await c.settled();
    expect(await b.get('k')).to.equal('of a');
  });

  it('rejects writes of a minority, and reads what it had', async () => {
    await start(3);
    const [a, b] = (await stores(c, [0, 1, 2], { quorum: 2 })) as [KeyvStore, KeyvStore];
    await a.set('k', 'old');
    await c.partition([[0], [1, 2]]);
    expect(await failure(a.set('k', 'new'))).to.be.instanceOf(ReadOnlyError);
    await b.set('k', 'newer');
    expect([await a.get('k'), await b.get('k')]).to.deep.equal(['old', 'newer']);
    await c.heal();
    expect(await a.get('k')).to.equal('newer');
  });

  it('says what is undone, without a quorum, when the larger side wins', async () => {
    await start(3);
    const [a, b] = (await stores(c, [0, 1, 2])) as [KeyvStore, KeyvStore];
    const undone: number[] = [];
    a.on('rolled-back', (writes) => undone.push(writes));
    await c.partition([[0], [1, 2]]);
    await a.set('k', 'of the smaller side');
    await b.set('k', 'of the larger side');
    await c.heal();
    await c.until(() => undone.length > 0, 'the event');
    expect(undone).to.deep.equal([1]);
    expect(await a.get('k')).to.equal('of the larger side');
  });

  it('waits 5 s for the state, and rejects reads then', async () => {
    await start(1);
    const [alone] = (await stores(c, [0], { quorum: 2 })) as [KeyvStore];
    const error = await failure(alone.get('k'));
    expect(error).to.be.instanceOf(ReadOnlyError);
    expect(error.message).to.include('does not have the state yet, after 5000 ms');
  });

  it('leaves the group with the last of its siblings, and keeps the connection of the program', async () => {
    await start(1);
    const connection = await c.connect(0);
    const a = await keyvStore(connection, { group: 'a cache' });
    const b = a.sibling();
    await a.disconnect();
    await a.disconnect();
    expect(() => a.sibling()).to.throw(IllegalParamError, 'this store is disconnected');
    expect(await b.set('k', 'v')).to.equal(true);
    const errors: Error[] = [];
    b.on('error', (error) => errors.push(error));
    await b.disconnect();
    expect([connection.open, errors]).to.deep.equal([true, []]);
    await using again = await keyvStore(connection, { group: 'a cache' });
    expect(await again.get('k')).to.equal(undefined);
  });

  it('takes no event of the shared entries once it is disconnected', async () => {
    await start(2);
    const connection = await c.connect(0, { resume: true });
    await using a = await keyvStore(connection);
    const events = ['suspended', 'close', 'rolled-back'] as const;
    const listeners = (): number[] => events.map((event) => a.replica.listenerCount(event));
    const before = listeners();
    const errors: string[] = [];
    const siblings = ['b', 'c'].map((name) => {
      const sibling = a.sibling();
      sibling.on('error', () => void errors.push(name));
      return sibling;
    });
    expect(listeners()).to.deep.equal(before.map((count) => count + siblings.length));
    await siblings[0]?.disconnect();
    expect(listeners()).to.deep.equal(before.map((count) => count + 1));
    a.on('error', () => void errors.push('a'));
    await c.stop(0, { wait: 'nothing' });
    await c.until(() => connection.state === 'reconnecting', 'the loss');
    expect(errors).to.deep.equal(['a', 'c']);
    await siblings[1]?.disconnect();
    expect(listeners()).to.deep.equal(before);
  });

  it('says what is wrong with its options', async () => {
    await start(1);
    const connection = await c.connect(0);
    const error = await failure(keyvStore(connection, { quorums: 2 } as never));
    expect(error).to.be.instanceOf(IllegalParamError);
    expect(error.message).to.include('did you mean "quorum"?');
    await keyvStore(connection);
    expect((await failure(keyvStore(connection))).message).to.match(/: keyv is in use/);
  });
});

/** Its methods, which a copy of a clock has not. */
function copyOf<
  T extends { now(): number; after(ms: number, f: () => void): unknown; soon(f: () => void): void },
>(clock: T): T {
  return {
    ...clock,
    now: () => clock.now(),
    after: (ms: number, f: () => void) => clock.after(ms, f),
    soon: (f: () => void) => clock.soon(f),
  };
}
