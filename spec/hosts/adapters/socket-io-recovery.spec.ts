/** Clients of Socket.IO that come back, to any server: what users of other adapters ask for, one test each. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import type { Connection } from '../../../lib/index.js';
import { until } from '../../support/wait.js';
import { Servers, type ServersOptions } from './socket-io.js';
import { Browser } from './socket-io-browser.js';

const RECOVERY: ServersOptions = {
  daemons: 3,
  server: { connectionStateRecovery: { maxDisconnectionDuration: 60_000 } },
};

describe('hosts: Socket.IO, clients that come back', () => {
  let servers: Servers;

  const start = async (options: ServersOptions = {}): Promise<void> => {
    servers = await Servers.start(3, { ...RECOVERY, ...options });
  };
  afterEach(async () => {
    await servers[Symbol.asyncDispose]();
  });

  const browserAt = (server: number): Promise<Browser> => Browser.at(servers, server);
  const ordered = (server: number): Promise<void> => servers.ordered(server);

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
