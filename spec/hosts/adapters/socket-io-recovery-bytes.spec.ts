/** How much a Socket.IO server keeps for clients that come back: up to `recovery.bytes`, whether it is alone or not. */
import { expect } from 'chai';
import type { Connection } from '../../../lib/index.js';
import { Servers } from './socket-io.js';
import { Browser } from './socket-io-browser.js';

const KEPT = 65_536;
const SMALL = 1_000;

describe('hosts: Socket.IO, packets that are kept', () => {
  const start = (count: number): Promise<Servers> =>
    Servers.start(count, {
      server: { connectionStateRecovery: { maxDisconnectionDuration: 60_000 } },
      adapter: { recovery: { bytes: KEPT } },
    });

  /** @param length characters of each of 40 events @returns whether a client that missed them is recovered */
  async function isRecovered(servers: Servers, length: number): Promise<boolean> {
    const browser = await Browser.at(servers, 0);
    await browser.lose(0);
    for (let i = 0; i < 40; i++) servers.at(0).emit('missed', i, 'x'.repeat(length));
    await servers.at(0).fetchSockets();
    await browser.back(0);
    const { recovered } = browser;
    if (recovered) await browser.has('missed');
    browser.client.disconnect();
    return recovered;
  }
  async function isBounded(servers: Servers): Promise<void> {
    expect(await isRecovered(servers, SMALL)).to.equal(true);
    expect(await isRecovered(servers, KEPT / 20)).to.equal(false);
    expect(await isRecovered(servers, SMALL)).to.equal(true);
  }

  it('are bounded at servers in the order', async () => {
    await using servers = await start(2);
    await isBounded(servers);
  });

  it('are bounded at a server that is alone', async () => {
    await using servers = await start(1);
    await isBounded(servers);
  });

  it('are bounded at a server whose connection is lost', async () => {
    await using servers = await start(2);
    servers.daemons.cut(servers.connections[0] as Connection);
    await servers.sees(servers.at(0), 1);
    await isBounded(servers);
  });

  it('count for more than their size when they are small', async () => {
    await using servers = await start(1);
    const browser = await Browser.at(servers, 0);
    await browser.lose(0);
    for (let i = 0; i < 2_000; i++) servers.at(0).emit('m');
    await browser.back(0);
    expect(browser.recovered).to.equal(false);
  });

  it('are not what JSON cannot have, which a server that is alone may emit', async () => {
    await using servers = await start(1);
    const browser = await Browser.at(servers, 0);
    await browser.lose(0);
    let deep: unknown[] = [];
    for (let level = 0; level < 300; level++) deep = [deep];
    servers.at(0).emit('deep', deep);
    await browser.back(0);
    // It has missed what nobody has.
    expect(browser.recovered).to.equal(false);
    expect(await isRecovered(servers, SMALL)).to.equal(true);
  });
});
