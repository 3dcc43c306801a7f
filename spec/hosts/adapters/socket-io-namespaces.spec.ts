/** Socket.IO namespaces that are made when a client asks for them, and go with their last client. */
import { expect } from 'chai';
import { eventually, until } from '../../support/wait.js';
import { type Client, clientOf, type HostSocket, portOf, Servers } from './socket-io.js';

const NAME = '/tenant-1';
const GROUP = `io${NAME}`;

describe('hosts: Socket.IO, namespaces that come and go', () => {
  let servers: Servers;
  const others: Client[] = [];

  beforeEach(async () => {
    servers = await Servers.start(2, {
      server: { cleanupEmptyChildNamespaces: true },
      prepare: (io) =>
        io.of(/^\/tenant-\d+$/).use((socket: HostSocket, next: (error?: Error) => void) => {
          next(socket.handshake.query['bad'] ? new Error('refused') : undefined);
        }),
    });
  });
  afterEach(async () => {
    for (const client of others.splice(0)) client.disconnect();
    await servers[Symbol.asyncDispose]();
  });

  /** Resolves when a client was refused. */
  const refused = async (index: number): Promise<void> => {
    const client = clientOf(portOf(servers.at(index)), { query: { bad: 'yes' } }, NAME);
    others.push(client);
    await new Promise((resolve) => client.on('connect_error', resolve));
  };
  const members = (): number =>
    servers.daemons['slots'][0]?.groups().find(({ name }) => name === GROUP)?.members.length ?? 0;

  it('are left when no client was accepted', async () => {
    await refused(0);
    await until(() => members() === 0, 'nobody in the group');
    const client = await servers.client(1, {}, NAME);
    await servers.sees(servers.at(1), 1, NAME);
    // Each of them would fail after 5 s if it asked a server that does not answer.
    expect(await servers.at(1).of(NAME).fetchSockets()).to.have.length(1);
    client.disconnect();
    await until(() => members() === 0, 'nobody in the group');
  });

  it('work for a client that comes after one that was refused', async () => {
    const there = await servers.client(1, {}, NAME);
    for (let round = 0; round < 3; round++) {
      await refused(0);
      const here = await servers.client(0, {}, NAME);
      for (const server of servers.all) await servers.sees(server, 2, NAME);
      servers.at(1).of(NAME).emit(`round ${round}`);
      for (const client of [here, there])
        await until(() => servers.got(client).some(([name]) => name === `round ${round}`), 'a broadcast');
      expect(await servers.at(1).of(NAME).fetchSockets()).to.have.length(2);
      here.disconnect();
      await until(() => members() === 1, 'the other server alone');
    }
  });

  it('work for clients that come while the adapter of before still leaves', async () => {
    const adapters = new Set<object>();
    servers.at(0).on('new_namespace', ({ adapter }: { readonly adapter: object }) => adapters.add(adapter));
    for (let round = 0; round < 20; round++) {
      const client = clientOf(portOf(servers.at(0)), {}, NAME);
      others.push(client);
      await until(() => client.connected, 'a client');
      client.disconnect();
      if (round % 3 === 0) await refused(0);
    }
    const [here, there] = [await servers.client(0, {}, NAME), await servers.client(1, {}, NAME)];
    expect(adapters.size).to.be.greaterThan(5);
    for (const server of servers.all) await servers.sees(server, 2, NAME);
    servers.at(0).of(NAME).emit('hello');
    for (const client of [here, there])
      await until(() => servers.got(client).some(([name]) => name === 'hello'), 'a broadcast');
    for (const client of [here, there]) client.disconnect();
    await until(() => members() === 0, 'nobody in the group');
    await eventually(() => servers.connections.every(({ open }) => open), 'connections');
  });

  it('are left by servers that close before they have joined', async () => {
    const io = await servers.add();
    io.of('/static');
    await io.close();
    // A request that goes the same way, later.
    await servers.connections.at(-1)?.join('another');
    const groups = servers.daemons['slots'][0]?.groups().map(({ name }) => name);
    expect(groups).to.include('another').and.not.include('io/static');
  });
});
