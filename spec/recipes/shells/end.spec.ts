/** The end of a recipe: how one hears of it, and what those get who come too late. */
import { expect } from 'chai';
import { ConnectionClosedError } from '../../../lib/errors.js';
import type { Connection } from '../../../lib/client/connection.js';
import {
  barrier,
  groupRpc,
  counter,
  election,
  lock,
  LockEndedError,
  map,
  presence,
} from '../../../lib/recipes/index.js';
import { until } from '../../support/wait.js';
import { ClientWorld, failure } from '../../client/support.js';

interface Any {
  readonly closed: Promise<Error | undefined>;
  leave(): Promise<void>;
}

const recipes: Record<string, (connection: Connection) => Promise<Any>> = {
  barrier: (connection) => barrier(connection, 'barrier', { parties: 2 }),
  caller: (connection) => groupRpc(connection, 'caller'),
  counter: (connection) => counter(connection, 'counter'),
  election: (connection) => election(connection, 'election'),
  lock: (connection) => lock(connection, 'lock'),
  map: (connection) => map(connection, 'map'),
  members: (connection) => presence(connection, 'members', { metadata: 1 }),
};

describe('the end of a recipe', () => {
  for (const [name, open] of Object.entries(recipes)) {
    it(`${name}: closed resolves with nothing when it was left, with the error when the daemon died`, async () => {
      await using house = await ClientWorld.start();
      const left = await open(await house.connect('a'));
      await left.leave();
      expect(await left.closed).to.equal(undefined);
      const lost = await open(await house.connect('b'));
      await house.daemon.stop();
      expect(await lost.closed).to.be.instanceOf(ConnectionClosedError);
    });
  }

  for (const [name, open] of Object.entries(recipes))
    it(`${name}: ends, or rejects, when the connection is closed while it starts`, async () => {
      await using house = await ClientWorld.start();
      for (let steps = 0; steps < 12; steps++) {
        const connection = await house.connect(`m${steps}`);
        const opening = open(connection).catch((error: unknown) => error);
        // The recipe joins it, too, and has it in the same turn.
        await connection.join(name);
        for (let i = 0; i < steps; i++) await Promise.resolve();
        void connection.close();
        const it = await opening;
        if (it instanceof Error) expect(it).to.be.instanceOf(ConnectionClosedError);
        else expect(await (it as Any).closed).to.equal(undefined);
      }
    });

  it('says that the group was left, not that something broke', async () => {
    await using house = await ClientWorld.start();
    const connection = await house.connect('a');
    const left = await map<number>(connection, 'left');
    const closed = await map<number>(connection, 'closed');
    await left.leave();
    await connection.close();
    for (const [it, text] of [
      [left, 'the group was left (CONNECTION_CLOSED)'],
      [closed, 'the connection was closed (CONNECTION_CLOSED)'],
    ] as const) {
      const error = await failure(it.set('k', 1));
      expect(error).to.be.instanceOf(ConnectionClosedError).with.property('message', text);
    }
  });

  it('says still later that the connection broke, when it did', async () => {
    await using house = await ClientWorld.start();
    const it = await map<number>(await house.connect('a'), 'config');
    await house.daemon.stop();
    const error = await it.closed;
    expect(await failure(it.set('k', 1))).to.equal(error);
    expect(error?.message).to.match(/the connection to the daemon broke/);
  });
});

describe('the end of a lock in the hand', () => {
  async function reason(signal: AbortSignal): Promise<string> {
    await until(() => signal.aborted, 'the lock to be lost');
    expect(signal.reason).to.be.instanceOf(LockEndedError);
    return (signal.reason as Error).message;
  }

  it('tells that it was released', async () => {
    await using house = await ClientWorld.start();
    const held = await (await lock(await house.connect('a'), 'door')).acquire();
    await held.release();
    expect(await reason(held.signal)).to.equal('the lock was released');
  });

  it('tells that the quorum was lost', async () => {
    await using house = await ClientWorld.start();
    const other = await house.connect('b');
    const a = await lock(await house.connect('a'), 'door', { quorum: 2 });
    await lock(other, 'door', { quorum: 2 });
    const held = await a.acquire();
    await other.close();
    expect(await reason(held.signal)).to.equal('the lock is lost: the quorum was lost');
  });

  it('tells that the connection was lost, or closed, or the group left', async () => {
    await using house = await ClientWorld.start();
    const [first, second] = [await house.connect('a'), await house.connect('b')];
    const [a, b] = [await lock(first, 'left'), await lock(first, 'closed')];
    const c = await lock(second, 'lost');
    const [left, closed, lost] = [await a.acquire(), await b.acquire(), await c.acquire()];
    await a.leave();
    expect(await reason(left.signal)).to.equal('the lock is lost: the group was left');
    await first.close();
    expect(await reason(closed.signal)).to.equal('the lock is lost: the connection was closed');
    await house.daemon.stop();
    expect(await reason(lost.signal)).to.equal('the lock is lost: the connection to the daemon broke');
    expect((lost.signal.reason as Error).cause).to.be.instanceOf(ConnectionClosedError);
  });

  it('tells that the group continued without this member', async () => {
    await using house = await ClientWorld.start();
    const a = await lock(await house.connect('a'), 'door');
    const held = await a.acquire();
    // As a state does in which this member was struck off.
    await a.replica.submit({ op: 'begin', instance: 1, now: 1 });
    expect(await reason(held.signal)).to.equal('the lock is lost: the group continued without this member');
  });
});
