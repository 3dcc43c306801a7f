/** What becomes of Socket.IO servers when connections, networks and processes fail, and a small run of the order under changes. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { eventually, until } from '../../support/wait.js';
import { type Client, clientOf, Servers } from './socket-io.js';

const WORKER = fileURLToPath(new URL('socket-io-worker.js', import.meta.url));

describe('hosts: Socket.IO, when something fails', () => {
  let servers: Servers;
  let clients: Client[];

  const start = async (options = {}): Promise<void> => {
    servers = await Servers.start(3, { daemons: 3, ...options });
    clients = [];
    for (const index of [0, 1, 2]) clients.push(await servers.client(index));
  };
  afterEach(async () => {
    await servers[Symbol.asyncDispose]();
  });

  const names = (index: number): unknown[] => servers.got(clients[index] as Client).map(([name]) => name);
  const have = async (indices: readonly number[], name: string): Promise<void> => {
    await until(() => indices.every((index) => names(index).includes(name)), name);
  };

  it('serves its own clients when its connection is lost, and says so', async () => {
    await start();
    const events: unknown[] = [];
    servers
      .at(0)
      .of('/')
      .adapter.on('degraded', (why) => events.push(why?.message));
    servers.daemons.cut(servers.connections[0] as (typeof servers.connections)[0]);
    await until(() => events.length > 0, 'degraded');
    expect(events[0]).to.include('broke');
    servers.at(0).emit('here');
    servers.at(1).emit('there');
    await have([0], 'here');
    await have([1, 2], 'there');
    expect(await servers.at(0).fetchSockets()).to.have.length(1);
    expect(await servers.at(1).fetchSockets()).to.have.length(2);
    expect([names(0), names(1), names(2)]).to.deep.equal([['here'], ['there'], ['there']]);
  });

  it('is back in the order when its connection comes back', async () => {
    await start({ resume: true });
    const events: string[] = [];
    const { adapter } = servers.at(0).of('/');
    adapter.on('degraded', () => events.push('degraded'));
    adapter.on('restored', () => events.push('restored'));
    servers.daemons.cut(servers.connections[0] as (typeof servers.connections)[0]);
    await until(() => events.length === 2, 'restored');
    expect(events).to.deep.equal(['degraded', 'restored']);
    for (const index of [0, 1, 2]) await servers.sees(servers.at(index), 3);
    servers.at(0).emit('from the one that was lost');
    servers.at(2).emit('from another');
    await have([0, 1, 2], 'from the one that was lost');
    await have([0, 1, 2], 'from another');
    expect(names(1)).to.deep.equal(names(0));
    expect(await servers.at(1).fetchSockets()).to.have.length(3);
  });

  it('goes on at both sides of a partition, and has one order after it', async () => {
    await start();
    await servers.daemons.partition([[0], [1, 2]]);
    servers.at(0).emit('small side');
    for (let i = 0; i < 20; i++) for (const index of [1, 2]) servers.at(index).emit(`large ${index}-${i}`);
    await have([0], 'small side');
    for (const index of [1, 2]) await have([1, 2], `large ${index}-19`);
    expect(names(2)).to.deep.equal(names(1));
    await servers.daemons.heal();
    for (const index of [0, 1, 2]) await servers.sees(servers.at(index), 3);
    const before = [0, 1, 2].map((index) => names(index).length);
    for (let i = 0; i < 20; i++) for (const index of [0, 1, 2]) servers.at(index).emit(`one ${index}-${i}`);
    for (const index of [0, 1, 2]) await have([0, 1, 2], `one ${index}-19`);
    const [first, ...others] = [0, 1, 2].map((index) => names(index).slice(before[index]));
    expect(first).to.have.length(60);
    for (const each of others) expect(each).to.deep.equal(first);
    // Nothing of the other side is replayed.
    expect(names(1)).to.not.include('small side');
  });

  it('has one order while clients and servers come and go', async () => {
    await start();
    const watching = clients.map((client) => servers.got(client));
    for (let round = 0; round < 30; round++) {
      for (const index of [0, 1, 2]) {
        servers.at(index).socketsJoin(`room ${round % 3}`);
        for (let i = 0; i < 10; i++) servers.at(index).emit('n', `${index}-${round}-${i}`);
        servers.at(index).socketsLeave(`room ${round % 3}`);
      }
      if (round % 10 === 0) (await servers.client(round % 3)).disconnect();
      if (round === 15) await (await servers.add()).close();
    }
    const numbers = (events: unknown[][]): unknown[] =>
      events.filter(([name]) => name === 'n').map(([, n]) => n);
    await until(() => watching.every((events) => numbers(events).length === 900), 'all');
    const [first, ...others] = watching.map(numbers);
    for (const each of others) expect(each).to.deep.equal(first);
  });
});

describe('hosts: Socket.IO, processes', () => {
  let servers: Servers;
  let workers: ChildProcess[];
  let others: Client[];

  beforeEach(async () => {
    servers = await Servers.start(1, { daemonOptions: { tcp: true } });
    [workers, others] = [[], []];
    for (let i = 0; i < 2; i++) {
      const worker = fork(WORKER, [servers.daemons.address(0)], {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      workers.push(worker);
      const [{ port }] = (await once(worker, 'message')) as [{ readonly port: number }];
      others.push(clientOf(port));
    }
    await servers.sees(servers.at(0), 3);
    await eventually(async () => (await servers.at(0).fetchSockets()).length === 2, 'both clients');
  });
  afterEach(async () => {
    for (const client of others) client.disconnect();
    for (const worker of workers) {
      if (worker.exitCode !== null || worker.signalCode !== null) continue;
      const ended = once(worker, 'exit');
      worker.kill('SIGKILL');
      await ended;
    }
    await servers[Symbol.asyncDispose]();
  });

  it('answers every fetch while a server is killed', async () => {
    const io = servers.at(0);
    const [victim] = workers as [ChildProcess];
    const lengths: number[] = [];
    const all = Array.from({ length: 1_000 }, async (_, i) => {
      if (i === 500) victim.kill('SIGKILL');
      lengths.push((await io.fetchSockets()).length);
    });
    // Each of them would fail after 5 s if it waited for the one that is gone.
    await Promise.all(all);
    expect(lengths).to.have.length(1_000);
    expect(lengths.every((length) => length === 1 || length === 2)).to.equal(true);
    await servers.sees(io, 2);
    expect(await io.fetchSockets()).to.have.length(1);
  });

  it('ends what waits for a server that hangs when that is killed', async () => {
    const io = servers.at(0);
    const [victim] = workers as [ChildProcess];
    victim.kill('SIGSTOP');
    let count = 0;
    const all = Array.from({ length: 100 }, async () => {
      const { length } = await io.fetchSockets();
      count++;
      return length;
    });
    // Long enough for the answers of the other one.
    await pause(200);
    expect(count).to.equal(0);
    victim.kill('SIGKILL');
    expect(new Set(await Promise.all(all))).to.deep.equal(new Set([1]));
  });
});
