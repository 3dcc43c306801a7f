/** Socket.IO servers whose daemon stops as planned: their connections move to another one, and clients notice nothing. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { eventually, until } from '../../support/wait.js';
import { type Client, Servers, type ServersOptions } from './socket-io.js';
import { Browser } from './socket-io-browser.js';

/** A packet of three parts. */
const LARGE = Buffer.alloc(300_000, 1);

describe('hosts: Socket.IO, a daemon that is drained', () => {
  let servers: Servers;
  let clients: Client[];
  /** What adapters and connections said. */
  let events: string[];

  const start = async (options: ServersOptions = {}): Promise<void> => {
    servers = await Servers.start(2, { daemons: 2, resume: true, ...options });
    clients = [await servers.client(0), await servers.client(1)];
    events = [];
    for (const [index, io] of servers.all.entries()) {
      io.of('/').adapter.on('degraded', (why) => events.push(`${index} degraded: ${why?.message}`));
      servers.connections[index]?.on('moved', () => events.push(`${index} moved`));
      servers.connections[index]?.on('resumed', () => events.push(`${index} resumed`));
    }
  };
  afterEach(async () => {
    await servers[Symbol.asyncDispose]();
  });

  /** As `sspd` does when it is asked to stop. */
  const drain = async (daemon: number): Promise<void> => {
    const slot = servers.daemons['slots'][daemon];
    await slot?.daemon?.server.moves.drain(10_000);
    // The one of the kit waits until nothing is on its way.
    await slot?.stop();
    await until(() => servers.connections.every(({ open }) => open), 'the moves');
  };
  const numbers = (index: number): unknown[] =>
    servers
      .got(clients[index] as Client)
      .filter(([name]) => name === 'n')
      .map(([, text]) => text);

  /** Each server emits until the work is done. @returns how much each has emitted */
  async function whileEmitting(work: () => Promise<void>, body?: Buffer): Promise<number> {
    let sent = 0;
    const over = new AbortController();
    const emit = async (): Promise<void> => {
      while (!over.signal.aborted) {
        for (const index of [0, 1]) servers.at(index).emit('n', `${index}-${sent}`, ...(body ? [body] : []));
        sent++;
        const before = sent;
        // No more than can be on its way.
        await until(() => over.signal.aborted || numbers(0).length > 2 * before - 40, 'own messages');
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const emitting = emit();
    await until(() => sent > 20, 'some messages');
    await work();
    const then = sent;
    await until(() => sent > then + 20, 'more messages');
    over.abort();
    await emitting;
    return sent;
  }

  const areOneOrder = async (sent: number): Promise<void> => {
    await eventually(() => [0, 1].every((index) => numbers(index).length >= 2 * sent), 'all messages');
    expect(numbers(1)).to.deep.equal(numbers(0));
    expect(new Set(numbers(0)).size).to.equal(2 * sent);
    for (const index of [0, 1]) {
      const own = numbers(0).filter((text) => String(text).startsWith(`${index}-`));
      expect(own).to.deep.equal(Array.from({ length: sent }, (_, i) => `${index}-${i}`));
    }
  };

  it('loses, repeats and reorders nothing, and degrades nobody', async () => {
    await start();
    await areOneOrder(await whileEmitting(() => drain(0)));
    expect(events).to.deep.equal(['0 moved', '0 resumed']);
    for (const server of servers.all) await servers.sees(server, 2);
  });

  it('does the same when all daemons are replaced one by one', async () => {
    await start();
    for (const daemon of [0, 1, 0]) {
      await areOneOrder(await whileEmitting(() => drain(daemon)));
      for (const client of clients) servers.got(client).length = 0;
      await servers.daemons.start(daemon);
      for (const server of servers.all) await servers.sees(server, 2);
    }
    expect(events.filter((event) => event.includes('degraded'))).to.deep.equal([]);
    expect(events.filter((event) => event.includes('moved')).length).to.be.at.least(4);
  });

  it('does the same with messages of several parts', async () => {
    await start();
    await areOneOrder(await whileEmitting(() => drain(0), LARGE));
    expect(events).to.deep.equal(['0 moved', '0 resumed']);
  });

  it('lets requests get the answers of all servers', async () => {
    await start();
    for (const client of clients) client.on('ask', (answer: (value: string) => void) => answer(client.id));
    for (const index of [0, 1])
      servers
        .at(index)
        .of('/')
        .on('who', (answer: (value: number) => void) => answer(index));
    let rounds = 0;
    const over = new AbortController();
    const asking = [0, 1, 0, 1, 0, 1, 0, 1].map(async (index) => {
      const io = servers.at(index);
      while (!over.signal.aborted) {
        const [sockets, answers, others] = await Promise.all([
          io.fetchSockets(),
          io.timeout(10_000).emitWithAck('ask'),
          io.of('/').serverSideEmitWithAck('who'),
        ]);
        expect(sockets).to.have.length(2);
        expect(answers).to.have.members(clients.map(({ id }) => id));
        expect(others).to.deep.equal([1 - index]);
        rounds++;
      }
    });
    const all = Promise.all(asking);
    await Promise.race([all, until(() => rounds > 20, 'some rounds')]);
    await Promise.race([all, drain(0)]);
    const then = rounds;
    await Promise.race([all, until(() => rounds > then + 20, 'more rounds')]);
    over.abort();
    await all;
    expect(events).to.deep.equal(['0 moved', '0 resumed']);
  });

  it('leaves offsets and announced sessions as they are', async () => {
    await start({
      server: { connectionStateRecovery: { maxDisconnectionDuration: 60_000 } },
      adapter: { recovery: { crash: true } },
    });
    const browser = await Browser.at(servers, 0);
    await servers.ordered(0);
    servers.connections[0]?.on('moved', () => servers.at(0).emit('on the way'));
    await drain(0);
    await browser.has('on the way');
    const { known } = browser;
    // As if its server had crashed.
    await servers.connections[0]?.close();
    await servers.sees(servers.at(1), 1);
    servers.at(1).to('x').emit('missed');
    await browser.back(1, known);
    expect(browser.recovered).to.equal(true);
    await browser.has('missed');
  });

  it('may be joined from a server on its way', async () => {
    await start();
    const moving = new Promise<void>((resolve) => {
      servers.connections[0]?.on('moved', () => {
        servers.at(0).of('/late');
        resolve();
      });
    });
    const drained = drain(0);
    await moving;
    const { adapter } = servers.at(0).of('/late');
    adapter.on('degraded', (why) => events.push(`late: ${why?.message}`));
    servers.at(1).of('/late');
    await drained;
    for (const server of servers.all) await servers.sees(server, 2, '/late');
    expect(events).to.deep.equal(['0 moved', '0 resumed']);
  });
});
