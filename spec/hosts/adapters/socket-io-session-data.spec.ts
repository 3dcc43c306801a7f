/** Clients of Socket.IO that come back, whose `socket.data` no other server can get. */
import { expect } from 'chai';
import type { Connection } from '../../../lib/index.js';
import { until } from '../../support/wait.js';
import { type HostSocket, Servers } from './socket-io.js';
import { Browser } from './socket-io-browser.js';

describe('hosts: Socket.IO, data of clients that JSON cannot have', () => {
  let servers: Servers;
  const warnings: string[] = [];
  const note = ({ name, message }: Error): void =>
    void (name === 'SspSocketIoWarning' && warnings.push(message));

  const start = async (crash: boolean): Promise<void> => {
    servers = await Servers.start(2, {
      daemons: 2,
      server: { connectionStateRecovery: { maxDisconnectionDuration: 60_000 } },
      adapter: { recovery: { crash } },
    });
  };
  beforeEach(() => {
    warnings.length = 0;
    process.on('warning', note);
  });
  afterEach(async () => {
    process.off('warning', note);
    await servers[Symbol.asyncDispose]();
  });
  const about = (part: string): string[] => warnings.filter((each) => each.includes(part));

  /** A timer has a cycle; a value may throw when it is looked at. */
  const ODD: Record<string, unknown> = {
    'a timer': setInterval(() => undefined, 60_000).unref(),
    'a bigint': 1n,
    'a value whose toJSON throws': {
      toJSON: () => {
        throw new Error('not now');
      },
    },
  };
  after(() => clearInterval(ODD['a timer'] as NodeJS.Timeout));

  for (const [what, value] of Object.entries(ODD))
    it(`begin as new ones at another server, and come back at their own, with ${what}`, async () => {
      await start(false);
      for (const server of [0, 1]) {
        const browser = await Browser.at(servers, 0);
        (await browser.isIn(0)).data['odd'] = value;
        await browser.lose(0);
        await browser.back(server);
        expect(browser.recovered, `at ${server}`).to.equal(server === 0);
      }
      await until(() => about('a session cannot be handed over').length > 0, 'a warning');
      await servers.ordered(1);
      expect(about('a session cannot be handed over')).to.have.length(1);
    });

  it('are not announced, with one warning, and are forgotten where they were', async () => {
    await start(true);
    const browser = await Browser.at(servers, 0);
    const socket: HostSocket = await browser.isIn(0);
    await servers.ordered(0);
    socket.data['odd'] = ODD['a timer'];
    socket.join('y');
    // Announced after this turn.
    await until(() => about('a session cannot be announced').length > 0, 'a warning');
    socket.join('z');
    await servers.ordered(0);
    expect(about('a session cannot be announced')).to.have.length(1);
    const { known } = browser;
    servers.daemons.cut(servers.connections[0] as Connection);
    await servers.sees(servers.at(1), 1);
    await browser.back(1, known);
    expect(browser.recovered).to.equal(false);
  });

  it('are announced again when JSON can have it', async () => {
    await start(true);
    const browser = await Browser.at(servers, 0);
    const socket = await browser.isIn(0);
    socket.data['odd'] = ODD['a timer'];
    socket.join('y');
    await until(() => about('a session cannot be announced').length > 0, 'a warning');
    delete socket.data['odd'];
    socket.join('z');
    await servers.ordered(0);
    const { known } = browser;
    servers.daemons.cut(servers.connections[0] as Connection);
    await servers.sees(servers.at(1), 1);
    await browser.back(1, known);
    expect(browser.recovered).to.equal(true);
    expect([...(await browser.isIn(1)).rooms]).to.include.members(['x', 'y', 'z']);
  });

  it('leave a fetch without an answer, and the server alive', async () => {
    await start(false);
    const client = await servers.client(0);
    servers.socket(0, client).data['odd'] = ODD['a timer'];
    const error = await servers
      .at(1)
      .timeout(200)
      .fetchSockets()
      .catch((why: unknown) => why);
    expect(error).to.be.instanceOf(Error).with.property('message', 'timeout reached: missing 1 responses');
    expect(about('another server gets no answer')).to.have.length(1);
    expect(await servers.at(0).fetchSockets()).to.have.length(1);
  });
});
