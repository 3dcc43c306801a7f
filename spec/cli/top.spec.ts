/** `ssp top` against `sspd --monitor`: it survives a restart of the daemon. */
import { expect } from 'chai';
import { type Daemon, createDaemon } from '../../daemon/index.js';
import { ask, place } from '../../lib/cli/monitor/ask.js';
import { type Ask, TopDisplay } from '../../lib/cli/top/display.js';
import { rated } from '../../lib/cli/top/rates.js';
import { lists } from '../../lib/cli/top/lists.js';
import { connect } from '../../lib/client/connect.js';

const start = (port: number): Promise<Daemon> =>
  createDaemon({
    name: 'one',
    listen: [{ host: '127.0.0.1', port: 0 }],
    monitor: { endpoint: { host: '127.0.0.1', port } },
  });

describe('command: top', () => {
  it('keeps the last page while the daemon is started again', async () => {
    const { signal } = new AbortController();
    let daemon = await start(0);
    const port = daemon.monitorPort;
    const look: Ask = ({ path, page }) => ask(path, page, { monitor: place(`127.0.0.1:${port}`) }, signal);
    const first = await connect({ address: `127.0.0.1:${daemon.port}`, name: 'first' });
    const watch = new TopDisplay(lists.sessions);
    const names = () => watch.page?.sessions.map(({ id }) => id);
    await watch.look(look);
    await daemon.stop();
    await watch.look(look);
    expect(watch.problem?.message).to.match(/^no monitor answers at http:\/\/127\.0\.0\.1:\d+; /);
    expect(names()).to.deep.equal(['#first#one']);
    await first.close();
    daemon = await start(port);
    const second = await connect({ address: `127.0.0.1:${daemon.port}`, name: 'second' });
    await watch.look(look);
    expect([watch.problem, names()]).to.deep.equal([null, ['#second#one']]);
    await second.close();
    await daemon.stop();
  });

  it('ends with what is no failure of the monitor', async () => {
    const watch = new TopDisplay(lists.sessions);
    const reason = new Error('interrupted');
    expect(await watch.look(() => Promise.reject(reason)).catch((error: unknown) => error)).to.equal(reason);
  });

  it('takes a session of the daemon before for another one, whatever its number', () => {
    const row = (since: number, messagesIn: number) => ({
      number: 1,
      id: '#a#one',
      from: 'unix',
      since,
      groups: 0,
      messagesIn,
      messagesOut: 0,
      waitingMessages: 0,
      waitingBytes: 0,
      held: [],
    });
    const before = { time: 10_000, total: 1, sessions: [row(0, 1_000)] };
    const [after] = rated({ time: 12_000, total: 1, sessions: [row(11_000, 20)] }, before);
    expect(after?.in).to.equal(20);
  });
});

describe('command: the place of a monitor', () => {
  for (const [text, url] of [
    ['127.0.0.1:4804', 'http://127.0.0.1:4804'],
    ['4804@localhost', 'http://localhost:4804'],
    ['[::1]:4804', 'http://[::1]:4804'],
    ['unix:/run/sspd/monitor', '/run/sspd/monitor'],
    ['/run/sspd/monitor', '/run/sspd/monitor'],
    ['https://host/sspd', 'https://host/sspd'],
    ['', 'http://127.0.0.1:4804'],
  ] as const) {
    it(`can be ${text}`, () => {
      expect(place(text)).to.equal(url);
    });
  }

  for (const text of ['4804', 'localhost', 'tls://host:4804', 'ftp://host']) {
    it(`cannot be ${text}`, () => {
      expect(() => place(text)).to.throw('Expected host:port, a URL');
    });
  }
});
