/** What is on its way into the order when the connection of a Socket.IO server is lost: it reaches the clients of that server once. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import type { ClusterDaemonOptions } from '../../../daemon/testing/index.js';
import type { Connection } from '../../../lib/index.js';
import { until } from '../../support/wait.js';
import { type Client, Servers } from './socket-io.js';

/** A packet of eight parts. */
const LARGE = Buffer.alloc(1_000_000, 1);

describe('hosts: Socket.IO, messages on their way at a loss', () => {
  let servers: Servers;
  let clients: Client[];
  let restored: number;

  /** @param kept bytes that each daemon keeps for connections that come back */
  const start = async (kept = 64 * 1024 * 1024): Promise<void> => {
    // Programs cannot set it in the kit, whose daemons take it all the same.
    const daemonOptions = { daemon: { resumeBufferBytes: kept } as ClusterDaemonOptions };
    servers = await Servers.start(2, { daemons: 2, resume: true, daemonOptions });
    clients = [await servers.client(0), await servers.client(1)];
    restored = 0;
    servers
      .at(0)
      .of('/')
      .adapter.on('restored', () => restored++);
  };
  afterEach(async () => {
    await servers[Symbol.asyncDispose]();
  });

  const names = (index: number): unknown[] => servers.got(clients[index] as Client).map(([name]) => name);
  const connection = (): Connection => servers.connections[0] as Connection;
  /** The first server loses its connection, and is back. */
  const loseAndReturn = async (): Promise<void> => {
    const before = restored;
    connection().resumption?.mailbox.drop(new Error('lost for the spec'));
    await until(() => restored > before, 'restored');
    for (const server of servers.all) await servers.sees(server, 2);
  };
  const have = async (index: number, name: string): Promise<void> => {
    await until(() => names(index).includes(name), `${name} at client ${index}`);
  };

  it('act once at their own server, also when they come back', async () => {
    await start();
    for (let i = 0; i < 5; i++) servers.at(0).emit(`small ${i}`);
    await loseAndReturn();
    servers.at(0).emit('last');
    for (const index of [0, 1]) await have(index, 'last');
    const all = ['small 0', 'small 1', 'small 2', 'small 3', 'small 4', 'last'];
    expect(names(0)).to.deep.equal(all);
    // What was not sent yet has reached the clients of its own server only.
    expect(names(1)).to.deep.equal(all.filter((name) => names(1).includes(name)));
  });

  it('leave the next ones alone when only some of their parts were sent', async () => {
    await start();
    for (const round of [1, 2]) {
      servers.at(0).emit(`large ${round}`, LARGE);
      await loseAndReturn();
      for (const each of ['a', 'b', 'c']) servers.at(0).emit(`${each} ${round}`);
      for (const index of [0, 1]) await have(index, `c ${round}`);
    }
    const small = ['a 1', 'b 1', 'c 1', 'a 2', 'b 2', 'c 2'];
    expect(names(0)).to.deep.equal(['large 1', ...small.slice(0, 3), 'large 2', ...small.slice(3)]);
    expect(names(1).filter((name) => !String(name).startsWith('large'))).to.deep.equal(small);
  });

  it('act once when they come back behind a gap', async () => {
    await start(20_000);
    const gaps: number[] = [];
    connection().on('resumed', (event) => gaps.push(event.gaps));
    for (let round = 0; round < 5; round++) {
      servers.at(0).emit(`mine ${round}`);
      for (let i = 0; i < 50; i++) servers.at(1).emit('other', LARGE.subarray(0, 10_000));
      await loseAndReturn();
    }
    servers.at(0).emit('last');
    for (const index of [0, 1]) await have(index, 'last');
    expect(gaps.reduce((sum, each) => sum + each)).to.be.greaterThan(0);
    const mine = names(0).filter((name) => String(name).startsWith('mine'));
    expect(mine).to.deep.equal(['mine 0', 'mine 1', 'mine 2', 'mine 3', 'mine 4']);
    const there = names(1).filter((name) => String(name).startsWith('mine'));
    expect(there).to.deep.equal(mine);
  });

  it('do not keep requests of others waiting when the connection is back at once', async () => {
    await start();
    const over = new AbortController();
    const lengths: number[] = [];
    const asking = [1, 1, 1, 1].map(async (index) => {
      // Each of them fails after 5 s if it waits for an answer that does not come.
      while (!over.signal.aborted) {
        lengths.push((await servers.at(index).fetchSockets()).length);
        // A server that is alone answers at once.
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    const all = Promise.all(asking);
    const work = async (): Promise<void> => {
      for (let round = 0; round < 5; round++) {
        await loseAndReturn();
        const before = lengths.length;
        await until(() => lengths.length > before + 20, 'more answers');
      }
    };
    await Promise.race([all, work()]);
    over.abort();
    await all;
    expect(lengths.every((length) => length === 1 || length === 2)).to.equal(true);
    expect(lengths.at(-1)).to.equal(2);
  });
});
