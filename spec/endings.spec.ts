/** Over all entry points: ending twice is harmless, and what a signal ends rejects with the reason of the signal. */
import { expect } from 'chai';
import { openChannels } from '../lib/channel/index.js';
import { type Connection, type SecureOptions, connect } from '../lib/index.js';
import { groupRpc } from '../lib/recipes/call.js';
import { barrier, counter, election, lock, map, replicated } from '../lib/recipes/index.js';
import { presence } from '../lib/recipes/presence.js';
import { generateIdentity } from '../lib/secure/index.js';
import { within } from './support/fake-daemon.js';
import { startDaemon } from './support/local-daemon.js';

interface Member {
  leave(): Promise<void>;
}

interface Options {
  readonly signal?: AbortSignal;
}

const machine = {
  reset: () => undefined,
  apply: () => null,
  snapshot: () => new Uint8Array(1),
  restore: async (pieces: AsyncIterable<unknown>) => {
    for await (const _ of pieces);
  },
};

/** Every recipe; alone, so those with a quorum of two wait forever. */
const recipes: Readonly<Record<string, (connection: Connection, options?: Options) => Promise<Member>>> = {
  election: (connection, options) => election(connection, 'election', { quorum: 2, ...options }),
  presence: (connection, options) => presence(connection, 'presence', { metadata: null, ...options }),
  groupRpc: (connection, options) => groupRpc(connection, 'rpc', { handler: () => never(), ...options }),
  replicated: (connection, options) =>
    replicated<null, null>(connection, 'replicated', machine, { quorum: 2, ...options }),
  map: (connection, options) => map(connection, 'map', { quorum: 2, ...options }),
  counter: (connection, options) => counter(connection, 'counter', { quorum: 2, ...options }),
  lock: (connection, options) => lock(connection, 'lock', { quorum: 2, ...options }),
  barrier: (connection, options) => barrier(connection, 'barrier', { parties: 2, quorum: 2, ...options }),
};

const secureOptions = (): SecureOptions => {
  const identity = generateIdentity();
  return { identity, allow: [{ identity: identity.publicKey, anyName: true }] };
};

const never = (): Promise<never> => new Promise(() => undefined);

/** One call twice at once and a third time later: all three resolve, or all three reject. */
async function thrice(name: string, end: () => Promise<unknown>): Promise<void> {
  await within(Promise.all([end(), end()]), `${name}, twice`);
  await within(end(), `${name}, again`);
}

describe('ending', () => {
  for (const [name, open] of Object.entries(recipes)) {
    it(`twice is harmless: leave() of ${name}`, async () => {
      await using daemon = await startDaemon();
      await using connection = await connect({ address: `${daemon.port}@127.0.0.1` });
      const member = await open(connection);
      await thrice(name, () => member.leave());
      const other = await open(connection);
      await connection.close();
      await thrice(`${name} of a closed connection`, () => other.leave());
    });
  }

  it('twice is harmless: a held lock', async () => {
    await using daemon = await startDaemon();
    await using connection = await connect({ address: `${daemon.port}@127.0.0.1` });
    const own = await lock(connection, 'lock');
    const held = await own.acquire();
    await thrice('release', () => held.release());
    const other = await own.acquire();
    await connection.close();
    await thrice('release of a lost lock', () => other.release());
  });

  it('twice is harmless: channels', async () => {
    await using daemon = await startDaemon();
    await using connection = await connect({ address: `${daemon.port}@127.0.0.1` });
    const channels = await openChannels(connection);
    const server = await channels.createChannel('shop');
    const client = await channels.openChannel('shop');
    await thrice('client', () => client.close());
    await thrice('server', () => server.close());
    const [second, open] = [await channels.createChannel('second'), await channels.openChannel('second')];
    await thrice('channels', () => channels.close());
    await thrice('server of closed channels', () => second.close());
    await thrice('client of closed channels', () => open.close());
    const others = await openChannels(connection);
    const third = await others.createChannel('third');
    await connection.close();
    await thrice('server of a closed connection', () => third.close());
    await thrice('channels of a closed connection', () => others.close());
  });

  it('twice is harmless: a group, a connection, a daemon', async () => {
    const daemon = await startDaemon();
    const connection = await connect({ address: `${daemon.port}@127.0.0.1` });
    const group = await connection.join('room');
    await thrice('group', () => group.leave());
    await thrice('group by name', () => connection.leave('room'));
    const synchronous = await connection.join('synchronous', { viewSynchrony: true });
    await thrice('view-synchronous group', () => synchronous.leave());
    const secure = await connection.join('secure', { secure: secureOptions() });
    await thrice('secure group', () => secure.leave());
    const secureAgain = await connection.join('secure', { secure: secureOptions() });
    const again = await connection.join('synchronous', { viewSynchrony: { flush: 'manual' } });
    const other = await connection.join('room');
    await thrice('connection', () => connection.close());
    await thrice('group of a closed connection', () => other.leave());
    await thrice('view-synchronous group of a closed connection', () => again.leave());
    await thrice('secure group of a closed connection', () => secureAgain.leave());
    await thrice('group of a closed connection by name', () => connection.leave('room'));
    await thrice('daemon', () => daemon.stop());
    await within(daemon[Symbol.asyncDispose](), 'a stopped daemon, disposed of');
  });
});

describe('a signal', () => {
  /** Whatever it is: also no Error at all. */
  const reason = 'enough of it';

  const rejection = async (name: string, wait: Promise<unknown>): Promise<unknown> =>
    await within(
      wait.then(
        () => 'it came',
        (error: unknown) => error,
      ),
      name,
    );

  async function expectReasons(
    waits: (signal: AbortSignal) => Record<string, Promise<unknown>>,
  ): Promise<void> {
    const stop = new AbortController();
    const pending = waits(stop.signal);
    for (const wait of Object.values(pending)) wait.catch(() => undefined);
    stop.abort(reason);
    for (const [name, wait] of Object.entries(pending))
      expect(await rejection(name, wait), name).to.equal(reason);
    for (const [name, wait] of Object.entries(waits(AbortSignal.abort(reason)))) {
      expect(await rejection(name, wait), `${name}, aborted before`).to.equal(reason);
    }
  }

  it('rejects joins and connects with its reason', async () => {
    await using daemon = await startDaemon();
    const address = `${daemon.port}@127.0.0.1`;
    await using connection = await connect({ address });
    await expectReasons((signal) => ({
      connect: connect({ address, signal }),
      join: connection.join('room', { signal }),
      'view-synchronous join': connection.join('synchronous', { viewSynchrony: true, signal }),
      'secure join': connection.join('secure', { secure: secureOptions(), signal }),
      openChannels: openChannels(connection, { signal }),
      ...Object.fromEntries(
        Object.entries(recipes).map(([name, open]) => [name, open(connection, { signal })]),
      ),
    }));
  });

  it('rejects what waits in a recipe with its reason', async () => {
    await using daemon = await startDaemon();
    await using connection = await connect({ address: `${daemon.port}@127.0.0.1` });
    const leader = await election(connection, 'election', { quorum: 2 });
    const rpc = await groupRpc(connection, 'rpc', { handler: () => never() });
    const state = await replicated<null, null>(connection, 'replicated', machine, { quorum: 2 });
    const entries = await map<number>(connection, 'map', { quorum: 2 });
    const number = await counter(connection, 'counter', { quorum: 2 });
    const mutex = await lock(connection, 'lock', { quorum: 2 });
    const gate = await barrier(connection, 'barrier', { parties: 2, quorum: 2 });
    const free = await lock(connection, 'free');
    await free.acquire();
    const half = await barrier(connection, 'half', { parties: 2 });
    await expectReasons((signal) => ({
      waitFor: leader.waitFor({ signal }),
      waitForLeader: leader.waitForLeader({ signal }),
      call: rpc.call('x', { signal }),
      submit: state.submit(null, { signal }),
      ready: state.ready({ signal }),
      writable: state.writable({ signal }),
      set: entries.set('k', 1, { signal }),
      add: number.add(1, { signal }),
      acquire: mutex.acquire({ signal }),
      'acquire of a lock that is held': free.acquire({ signal }),
      enter: gate.enter({ signal }),
      'enter of a barrier that waits for another': half.enter({ signal }),
    }));
  });

  it('rejects what waits in a channel with its reason', async () => {
    await using daemon = await startDaemon();
    await using connection = await connect({ address: `${daemon.port}@127.0.0.1` });
    const channels = await openChannels(connection);
    const server = await channels.createChannel('shop', { maxBuffered: 1, overflow: 'block' });
    const quiet = await channels.createChannel('quiet');
    const client = await channels.openChannel('shop');
    await client.post(1);
    await expectReasons((signal) => ({
      createChannel: channels.createChannel('new', { signal }),
      openChannel: channels.openChannel('none', { waitMs: 60_000, signal }),
      call: client.call(1, undefined, { signal }),
      post: client.post(1, undefined, { signal }),
      ping: client.ping({ depth: 'application', signal }),
      receive: quiet.receive({ signal }),
      watch: channels.watch(channels.id, { signal })[Symbol.asyncIterator]().next(),
    }));
    await server.close({ force: true });
  });
});
