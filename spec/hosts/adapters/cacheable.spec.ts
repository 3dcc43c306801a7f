/** The programs of the guide to cacheable: two levels, of which the first one never keeps what another process has changed. */
import { join } from 'node:path';
import { expect } from 'chai';
import { type Cluster, cluster } from '../../../daemon/testing/index.js';
import { Program } from '../../support/program.js';
import { repositoryRoot } from '../../support/recordings.js';
import { HostProject } from './host-project.js';

const PACKAGES = { cacheable: 'cacheable', keyv: 'keyv', zod: join(repositoryRoot, 'node_modules/zod') };
/** A busy machine takes its time to start a process. */
const LIMIT = 60_000;

/** A cache of two levels, as in the example. */
const start = `
  import assert from 'node:assert/strict';
  import { setTimeout as pause } from 'node:timers/promises';
  import { Cacheable, createKeyv } from 'cacheable';
  import { connect } from 'ssp-toolkit';
  import { keyvStore } from 'ssp-toolkit/keyv';
  import { GroupInvalidation } from './group-invalidation.mjs';
  const address = process.argv[2];
  const startCache = async () => {
    const connection = await connect({ addresses: [address] });
    const invalidation = await GroupInvalidation.join(connection);
    const secondary = await keyvStore(connection);
    const cache = new Cacheable({ primary: createKeyv(), secondary, sync: { qified: invalidation } });
    invalidation.onMissed(() => void cache.primary.clear());
    const heard = [];
    await invalidation.subscribe('cache:delete', { handler: async ({ data }) => heard.push(data.key) });
    return { cache, connection, heard };
  };
  const end = async ({ cache, connection }) => {
    await cache.disconnect();
    await connection.close();
  };
`;

/** Prints nothing when all holds. */
const changes = `${start}
  const both = [await startCache(), await startCache()];
  const caches = both.map(({ cache }) => cache);
  let changes = 0;
  /** Waits until both have heard of that many more changes, the last of which is this key's. */
  const dropped = async (count, key) => {
    changes += count;
    for (const { cache, heard } of both) {
      while (heard.length < changes) await pause(1);
      assert.equal(heard.length, changes);
      assert.equal(heard.at(-1), key);
      assert.equal(await cache.primary.has(key), false);
    }
  };
  // Both set one key at the same time: whoever is last in the order, both read the same.
  for (let round = 0; round < 50; round++) {
    await Promise.all(caches.map((cache, index) => cache.set('k', [round, index])));
    await dropped(2, 'k');
    const [a, b] = await Promise.all(caches.map((cache) => cache.get('k')));
    assert.deepEqual(a, b);
    assert.equal(a[0], round);
  }
  // Deletions, of several keys and of keys that the first level does not have.
  await caches[0].setMany([{ key: 'x', value: 1 }, { key: 'y', value: 2 }]);
  await dropped(2, 'y');
  assert.deepEqual(await caches[1].getMany(['x', 'y']), [1, 2]);
  await caches[0].deleteMany(['x', 'y']);
  await dropped(2, 'y');
  assert.deepEqual(await caches[1].getMany(['x', 'y']), [undefined, undefined]);
  await caches[1].set('z', 1);
  await dropped(1, 'z');
  assert.equal(await caches[1].get('z'), 1);
  await caches[0].delete('z');
  await dropped(1, 'z');
  assert.equal(await caches[1].get('z'), undefined);
  for (const each of both) await end(each);
`;

/** Has a key in the first level, and says so; and what it reads when that is empty again. */
const missed = `${start}
  const one = await startCache();
  const { cache } = one;
  process.once('SIGTERM', () => void end(one));
  await cache.set('k', 1);
  while (await cache.primary.has('k')) await pause(1);
  await cache.get('k');
  console.log('before', await cache.primary.has('k'), await cache.get('k'));
  while (await cache.primary.has('k')) await pause(1);
  console.log('after', await cache.get('k'));
`;

/** Sets a key in the part of a network that has no quorum, and says what each level has then, and what all read when it has healed. */
const rejected = `${start}
  import { cluster } from 'ssp-toolkit/testing';
  const daemons = await cluster(3, { tcp: true });
  const all = [];
  for (const number of [0, 1, 2]) {
    const connection = await connect({ addresses: [daemons.address(number)] });
    const invalidation = await GroupInvalidation.join(connection);
    const store = await keyvStore(connection, { quorum: 2 });
    const cache = new Cacheable({ primary: createKeyv(), secondary: store, sync: { qified: invalidation } });
    const errors = [];
    cache.on('error', (error) => errors.push(error.name));
    invalidation.onMissed(() => void cache.primary.clear());
    all.push({ cache, connection, store, errors });
  }
  const [{ cache, store, errors }, second] = all;
  await Promise.all(all.map(({ store }) => store.replica.writable()));
  await cache.set('k', 'old');
  const isParted = new Promise((resolve) => store.replica.once('status', resolve));
  await daemons.partition([[0], [1, 2]], { wait: 'nothing' });
  await isParted;
  assert.equal(await cache.set('k', 'new'), true);
  assert.deepEqual(errors, ['ReadOnlyError']);
  assert.equal(await cache.secondary.set('k', 'new'), false);
  assert.equal(await cache.secondary.get('k'), 'old');
  await daemons.heal({ wait: 'nothing' });
  await store.replica.writable();
  while ((await cache.get('k')) !== 'old') await pause(1);
  assert.equal(await second.cache.get('k'), 'old');
  for (const each of all) await end(each);
  await daemons[Symbol.asyncDispose]();
`;

describe('hosts: cacheable', () => {
  let project: HostProject;

  beforeEach(async () => {
    project = await HostProject.make(PACKAGES);
    project.takeExample('group-invalidation.mjs', 'cacheable');
  });
  afterEach(async () => {
    await Program.endAll();
    await project[Symbol.asyncDispose]();
  });

  it('does what its page says', async () => {
    await project.showsPage('cacheable');
  });

  it('reads the same at two processes that change a key at the same time, and nothing that was deleted', async () => {
    project.write('changes.mjs', changes);
    expect(await project.runAtDaemon('changes.mjs')).to.equal('');
  });

  it('empties the first level after a gap, and reads from the second one', async () => {
    project.write('missed.mjs', missed);
    await using daemons = await cluster(1, { tcp: true });
    const program = Program.start(project.file('missed.mjs'), [daemons.address(0)]);
    await program.prints(/before true 1\n/, LIMIT);
    await daemons.kill(0, { wait: 'nothing' });
    await daemons.start(0, { wait: 'nothing' });
    await program.prints(/after 1\n/, LIMIT);
    expect(await program.signal('SIGTERM').end(LIMIT)).to.deep.include({ status: 0, err: '' });
  });

  it('keeps a value that the store rejects in one first level, and says that it was set', async () => {
    project.write('rejected.mjs', rejected);
    expect(await project.runAtDaemon('rejected.mjs')).to.equal('');
  });

  const breaks: readonly (readonly [what: string, act: (daemons: Cluster) => Promise<void>])[] = [
    ['the network breaks', (daemons) => daemons.partition([[0], [1]], { wait: 'nothing' })],
    ['the daemon of another process dies', (daemons) => daemons.kill(1, { wait: 'nothing' })],
  ];
  for (const [what, act] of breaks)
    it(`empties the first level when ${what}`, async () => {
      project.write('missed.mjs', missed);
      await using daemons = await cluster(2, { tcp: true });
      const other = await daemons.connect(1);
      (await other.join('cacheable')).on('event', () => undefined);
      const program = Program.start(project.file('missed.mjs'), [daemons.address(0)]);
      await program.prints(/before true 1\n/, LIMIT);
      await act(daemons);
      await program.prints(/after 1\n/, LIMIT);
      expect(await program.signal('SIGTERM').end(LIMIT)).to.deep.include({ status: 0, err: '' });
    });
});
