/** Clients of Socket.IO that come back, to any server: what users of other adapters ask for, one test each. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import type { Connection } from '../../../lib/index.js';
import { until } from '../../support/wait.js';
import { type Client, clientOf, type HostSocket, portOf, Servers, type ServersOptions } from './socket-io.js';

const RECOVERY: ServersOptions = {
  daemons: 3,
  server: { connectionStateRecovery: { maxDisconnectionDuration: 60_000 } },
};

/** What a client sends when it comes back. */
interface Known {
  readonly pid: string;
  readonly offset: string;
}

/** A client that is kept apart from its connection, as a browser is: it has its private id and its offset. */
class Browser {
  client: Client;
  readonly events: unknown[][] = [];

  constructor(
    private readonly servers: Servers,
    server: number,
    auth?: Known,
  ) {
    this.client = this.connectTo(server, auth);
  }

  /** What it knows: `pid` and `offset`. */
  get known(): Known {
    const { _pid, _lastOffset } = this.client as unknown as { _pid: string; _lastOffset: string };
    return { pid: _pid, offset: _lastOffset };
  }

  get recovered(): boolean {
    return this.client.recovered;
  }

  /** Its transport breaks: its server notices. */
  async lose(server: number): Promise<void> {
    const { id } = this.client;
    this.client.io.engine.close();
    await until(() => !this.servers.at(server).of('/').sockets.has(id), 'noticed');
  }

  /** It comes back to a server with what it knows. */
  async back(server: number, known: Known = this.known): Promise<void> {
    this.client = this.connectTo(server, known);
    await this.isIn(server);
  }

  async isIn(server: number): Promise<HostSocket> {
    await until(() => this.client.connected, 'connected');
    const { sockets } = this.servers.at(server).of('/');
    await until(() => sockets.has(this.client.id), 'its socket');
    return sockets.get(this.client.id) as HostSocket;
  }

  names(): unknown[] {
    return this.events.map(([name]) => name);
  }

  async has(...names: readonly string[]): Promise<void> {
    await until(() => names.every((name) => this.names().includes(name)), names.join(' '));
  }

  private connectTo(server: number, auth?: Known): Client {
    const client = clientOf(portOf(this.servers.at(server)), auth ? { auth } : {});
    client.onAny((...event) => this.events.push(event));
    // A client that is recovered tells so by its private id.
    Object.assign(client, { _pid: auth?.pid });
    this.servers.log.set(client, []);
    return client;
  }
}

describe('hosts: Socket.IO, clients that come back', () => {
  let servers: Servers;

  const start = async (options: ServersOptions = {}): Promise<void> => {
    servers = await Servers.start(3, { ...RECOVERY, ...options });
  };
  afterEach(async () => {
    await servers[Symbol.asyncDispose]();
  });

  /** A client of a server, in the room `x`, which has got one event. */
  const browserAt = async (server: number): Promise<Browser> => {
    const browser = new Browser(servers, server);
    const socket = await browser.isIn(server);
    socket.join('x');
    socket.data['name'] = 'ann';
    servers.at(server).emit('first');
    await browser.has('first');
    return browser;
  };
  /** Everything that this server has sent is everywhere. */
  const ordered = async (server: number): Promise<void> => {
    const other = await servers.client((server + 1) % 3);
    servers.at(server).to(other.id).emit('ordered');
    await until(() => servers.got(other).length > 0, 'ordered');
  };

  it('get what they missed at the server that they had', async () => {
    await start();
    const browser = await browserAt(0);
    const { id } = browser.client;
    await browser.lose(0);
    servers.at(1).emit('missed');
    servers.at(1).to('x').emit('missed in x', { a: 1 });
    servers.at(1).to('y').emit('not mine');
    await ordered(1);
    await browser.back(0);
    await browser.has('missed', 'missed in x');
    expect(browser.recovered).to.equal(true);
    expect(browser.client.id).to.equal(id);
    expect(browser.names()).to.deep.equal(['first', 'missed', 'missed in x']);
  });

  it('get what they missed at another server, with rooms and data', async () => {
    await start();
    const browser = await browserAt(0);
    await browser.lose(0);
    for (const server of [0, 1, 2]) servers.at(server).to('x').emit(`missed ${server}`);
    for (const server of [0, 1, 2]) await ordered(server);
    await browser.back(2);
    await browser.has('missed 0', 'missed 1', 'missed 2');
    expect(browser.recovered).to.equal(true);
    const socket = await browser.isIn(2);
    expect([...socket.rooms]).to.have.members([browser.client.id, 'x']);
    expect(socket.data).to.deep.equal({ name: 'ann' });
    servers.at(1).to('x').emit('live');
    await browser.has('live');
    expect(browser.names()).to.have.length(5);
  });

  it('begin as new ones when nobody knows their private id', async () => {
    await start();
    const browser = await browserAt(0);
    const { offset } = browser.known;
    await browser.back(1, { pid: 'unknown', offset });
    expect(browser.recovered).to.equal(false);
  });

  it('begin as new ones when their offset is of no order here', async () => {
    await start();
    const browser = await browserAt(0);
    await browser.lose(0);
    await browser.back(1, { pid: browser.known.pid, offset: '00000000-5' });
    expect(browser.recovered).to.equal(false);
  });

  it('come back before their server has noticed that they are gone', async () => {
    await start();
    for (const server of [1, 0]) {
      const browser = await browserAt(0);
      const before = browser.client;
      await browser.back(server, browser.known);
      expect(browser.recovered, `to ${server}`).to.equal(true);
      await until(() => !before.connected, 'the old one has ended');
      servers.at(2).to('x').emit(`once ${server}`);
      await browser.has(`once ${server}`);
      await ordered(2);
      expect(browser.names().filter((name) => name === `once ${server}`)).to.have.length(1);
      browser.client.disconnect();
    }
  });

  it('come back after their server was lost, when sessions are announced', async () => {
    await start({ adapter: { recovery: { crash: true } } });
    const browser = await browserAt(0);
    const { known } = browser;
    await ordered(0);
    servers.daemons.cut(servers.connections[0] as Connection);
    await servers.sees(servers.at(1), 2);
    servers.at(1).to('x').emit('missed');
    await ordered(1);
    await browser.back(1, known);
    expect(browser.recovered).to.equal(true);
    await browser.has('missed');
    expect((await browser.isIn(1)).data).to.deep.equal({ name: 'ann' });
  });

  it('begin as new ones after their server was lost, when sessions are not announced', async () => {
    await start();
    const browser = await browserAt(0);
    const { known } = browser;
    servers.daemons.cut(servers.connections[0] as Connection);
    await servers.sees(servers.at(1), 2);
    await browser.back(1, known);
    expect(browser.recovered).to.equal(false);
  });

  it('come back after a long quiet time', async () => {
    await start({ server: { connectionStateRecovery: { maxDisconnectionDuration: 3_000 } } });
    const browser = await browserAt(0);
    // Longer than packets are kept.
    await pause(3_500);
    await browser.lose(0);
    servers.at(1).emit('missed');
    await ordered(1);
    await browser.back(2);
    expect(browser.recovered).to.equal(true);
    await browser.has('missed');
  });

  it('come back again and again, and miss nothing', async () => {
    await start();
    const browser = await browserAt(0);
    for (let round = 0; round < 4; round++) {
      await browser.lose(round % 3);
      servers
        .at((round + 2) % 3)
        .to('x')
        .emit(`missed ${round}`);
      await ordered((round + 2) % 3);
      await browser.back((round + 1) % 3);
      expect(browser.recovered, String(round)).to.equal(true);
      await browser.has(`missed ${round}`);
    }
    expect(browser.names()).to.deep.equal(['first', ...[0, 1, 2, 3].map((round) => `missed ${round}`)]);
  });

  it('come back after a volatile event that ends with a text', async () => {
    await start();
    const browser = await browserAt(0);
    servers.at(1).volatile.emit('volatile', 'a text at the end');
    await browser.has('volatile');
    await browser.lose(0);
    servers.at(1).emit('missed');
    await ordered(1);
    await browser.back(1);
    expect(browser.recovered).to.equal(true);
    await browser.has('missed');
  });

  it('miss nothing of a stream of broadcasts while they change servers', async () => {
    await start();
    const browser = await browserAt(0);
    let sent = 0;
    const stop = new AbortController();
    const stream = (async () => {
      while (!stop.signal.aborted) {
        servers
          .at(sent % 3)
          .to('x')
          .emit('n', sent++);
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    for (let round = 0; round < 6; round++) {
      await browser.lose(round % 3);
      await browser.back((round + 1) % 3);
      expect(browser.recovered, String(round)).to.equal(true);
    }
    stop.abort();
    await stream;
    for (const server of [0, 1, 2]) servers.at(server).to('x').emit(`end ${server}`);
    await browser.has('end 0', 'end 1', 'end 2');
    const numbers = browser.events.filter(([name]) => name === 'n').map(([, number]) => number as number);
    expect(numbers.toSorted((a, b) => a - b)).to.deep.equal(Array.from({ length: sent }, (_, i) => i));
  });
});
