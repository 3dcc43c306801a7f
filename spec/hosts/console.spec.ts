/** The console in a real browser: what is seen, at three widths. Pictures of it are kept in `build/pictures/console`. */
import { Buffer } from 'node:buffer';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import type { Daemon, DaemonOptions } from '../../daemon/index.js';
import { connect } from '../../lib/client/connect.js';
import type { Connection } from '../../lib/client/connection.js';
import { AGREED_MESS } from '../../lib/wire/service.js';
import { ask, loopback } from '../monitor/monitor-fixture.js';
import { freePort, Sspd } from '../process/sspd.js';
import { startDaemon } from '../support/local-daemon.js';
import { MemoryCluster } from '../support/memory-cluster.js';
import { RawSession } from '../support/raw-client.js';
import { skip } from '../support/skip.js';
import { eventually, until } from '../support/wait.js';
import { isSo, launch, noChromium, packageFile, Pages, type Shape } from './chromium.js';

const run = promisify(execFile);
const SSP = fileURLToPath(new URL('../../lib/cli/bin.js', import.meta.url));
const EVIL = '<img/src=x/onerror=alert(1)>';
const LIMIT = 30_000;

const consoleOf = (daemon: Daemon): string => `http://127.0.0.1:${daemon.monitorPort}/console`;
const monitorOf = (daemon: Daemon) => ({
  address: '127.0.0.1',
  port: daemon.monitorPort,
  close: () => daemon.stop(),
});

const watched = async (options: DaemonOptions = {}): Promise<Daemon> =>
  await startDaemon({ name: 'd1', monitor: { endpoint: loopback }, ...options });

async function member(address: string, name: string, ...groups: readonly string[]): Promise<Connection> {
  const connection = await connect({ address, name });
  for (const group of groups) (await connection.join(group)).on('event', () => undefined);
  return connection;
}

/** Ids of the members of the open group, as the page has them. */
const MEMBERS = `[...document.querySelectorAll('.members li:not(.gone) bdi')].map((each) => each.textContent)`;
const same = (list: string, ids: readonly string[]): string =>
  `JSON.stringify(${list}) === ${JSON.stringify(JSON.stringify(ids))}`;

describe('hosts: the console', function () {
  let browser: Awaited<ReturnType<typeof launch>>;

  before(async function () {
    if (noChromium !== null) skip(this, noChromium);
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
  });

  const open = async (url: string, shapes?: readonly Shape[]): Promise<Pages> =>
    await Pages.open(browser, url, shapes);

  it('shows an empty daemon, and says how to begin', async () => {
    await using daemon = await watched();
    await using pages = await open(consoleOf(daemon));
    await pages.shows('Nothing has happened since the monitor was opened.');
    await pages.shows('operational');
    await pages.shoot('empty-overview');
    for (const [screen, text] of [
      ['groups', 'No group has members.'],
      ['sessions', 'No client is connected.'],
      ['events', 'Nothing has happened'],
    ] as const) {
      await pages.go(screen);
      await pages.shows(text);
      await pages.shoot(`empty-${screen}`);
    }
    expect(pages.troubles).to.deep.equal([]);
  });

  it('shows members in the order of the group, as `ssp members` prints them, and one more at once', async () => {
    await using daemon = await watched();
    const address = `${daemon.port}@127.0.0.1`;
    await using cid = await member(address, 'cid', 'room', 'cameras');
    await using ann = await member(address, 'ann', 'room');
    await using bob = await member(address, 'bob', 'room', 'orders');
    await using pages = await open(`${consoleOf(daemon)}#/groups/room`);
    await pages.until(`${MEMBERS}.length === 3`);
    const place = `127.0.0.1:${daemon.monitorPort}`;
    const { stdout } = await run(process.execPath, [SSP, 'members', 'room', '--monitor', place]);
    const printed = stdout.match(/#\w+#d1/g) ?? [];
    expect(printed).to.deep.equal([ann.id, bob.id, cid.id]);
    await pages.until(same(MEMBERS, printed));
    await pages.until(`document.querySelector('.members li:first-child .lead svg.crown') !== null`);
    await pages.until(`document.querySelectorAll('.members .lead').length === 1`);
    await pages.shoot('k1-group');

    const begin = performance.now();
    await using abe = await member(address, 'abe', 'room');
    await pages.until(same(MEMBERS, [abe.id, ...printed]));
    console.log(`      the new member was on all pages after ${Math.round(performance.now() - begin)} ms`);
    await pages.until(`document.querySelector('.members li.new')?.innerText.includes('#abe#d1')`);
    await pages.shoot('k2-joined');
    await bob.close();
    await pages.until(`document.querySelector('.members li.gone del')?.innerText === '#bob#d1'`);
    await pages.shoot('k2-gone');
    expect(pages.troubles).to.deep.equal([]);
  });

  it('shows a partition as a line between both sides, and who came together after it', async () => {
    await using cluster = await MemoryCluster.start(5, () => ({ monitor: { endpoint: loopback } }));
    const [first] = cluster.daemons as [Daemon];
    await using ann = await member(cluster.address(0), 'ann', 'room', 'orders');
    await using bob = await member(cluster.address(1), 'bob', 'room');
    await using cid = await member(cluster.address(3), 'cid', 'room', 'orders');
    await using dan = await member(cluster.address(4), 'dan', 'room');
    await using pages = await open(consoleOf(first));
    await pages.shows('5 in the view');
    expect([ann.id, bob.id, cid.id, dan.id]).to.have.length(4);
    cluster.network.connect([
      [0, 1, 2],
      [3, 4],
    ]);
    await pages.shows('2 out of reach');
    await pages.until(`document.querySelector('svg.topology path.divider') !== null`);
    await pages.until(`document.querySelectorAll('svg.topology .node.away').length === 2`);
    await pages.until(
      `/out of reach\\s*since \\d\\d:\\d\\d:\\d\\d/.test(document.querySelector('svg.topology').textContent.replace('reach', 'reach '))`,
    );
    await pages.until(
      `document.querySelector('.event.daemon-view.amber .lost')?.innerText === 'out of reach: d4 d5'`,
    );
    await pages.until(`document.querySelectorAll('.event.view').length >= 2`);
    await pages.shoot('k3-partition');
    await pages.go('events');
    await pages.until(`document.querySelector('.event.daemon-view.amber') !== null`);
    await pages.shoot('k3-events');
    await pages.go('overview');

    // The other side has no majority.
    await using other = await open(consoleOf(cluster.daemons[3] as Daemon), ['light']);
    await other.shows('minority');
    await other.shoot('k3-minority');

    cluster.network.connect([[0, 1, 2, 3, 4]]);
    await pages.shows('came together: d1 d2 d3 | d4 d5');
    await pages.until(`document.querySelector('svg.topology path.divider') === null`);
    await pages.until(`document.querySelectorAll('svg.topology .node.set-1').length === 2`);
    await pages.until(`document.querySelectorAll('svg.topology .node.set-0').length === 3`);
    // The pulse is over.
    await new Promise((resolve) => setTimeout(resolve, 5_500));
    await pages.shoot('k3-healed');
    expect(pages.troubles).to.deep.equal([]);
  });

  it('shows how a session falls behind, and how it ends', async () => {
    const maxSessionMessages = 1_000;
    await using daemon = await watched({ limits: { maxSessionMessages } });
    const slow = await RawSession.connect(daemon.port, 'slow');
    slow.join('orders');
    await slow.next();
    await using ann = await member(`${daemon.port}@127.0.0.1`, 'ann', 'orders');
    await using pages = await open(`${consoleOf(daemon)}#/sessions`);
    await pages.shows('#slow#d1');
    slow.client.socket.pause();
    const waiting = (): number =>
      daemon.status.sessions().find(({ name }) => name === 'slow')?.waitingMessages ?? Infinity;
    const fillTo = async (count: number): Promise<void> => {
      await eventually(
        async () => {
          await ann.send('orders', Buffer.alloc(waiting() > 0 ? 2_000 : 60_000), { selfDiscard: true });
          return waiting() >= count;
        },
        `${count} messages to wait`,
        LIMIT,
      );
    };
    const bar = (level: string): string =>
      `document.querySelector('tbody tr th')?.innerText.includes('#slow#d1') === true && document.querySelector('tbody .load.${level}') !== null`;
    await fillTo(0.6 * maxSessionMessages);
    await pages.until(bar('amber'));
    await pages.shoot('k4-amber');
    await fillTo(0.93 * maxSessionMessages);
    await pages.until(bar('red'));
    await pages.shoot('k4-red');
    await fillTo(Infinity);
    await pages.go('events');
    await pages.until(
      `document.querySelector('.event.session-ended')?.innerText.replace(/\\s+/g, ' ').includes('#slow#d1 slow-messages')`,
    );
    await pages.shoot('k4-ended');
    slow.close();
    expect(pages.troubles).to.deep.equal([]);
  });

  it('is quick with 5,000 sessions and 200 groups, and finds those that it does not list', async () => {
    await using daemon = await watched({ limits: { maxSessions: 6_000, maxHandshakes: 6_000 } });
    const sessions: RawSession[] = [];
    for (let from = 0; from < 5_000; from += 100) {
      const some = Array.from({ length: 100 }, async (_, i) => {
        const session = await RawSession.connect(daemon.port, `s${from + i}`, false);
        session.join(`g${(from + i) % 200}`);
        return session;
      });
      sessions.push(...(await Promise.all(some)));
    }
    await until(() => daemon.status.membershipCount === 5_000, 'the joins', LIMIT);
    let at = 0;
    const traffic = setInterval(() => {
      for (let count = 0; count < 20; count++, at = (at + 1) % 200) {
        sessions[at]?.multicast(AGREED_MESS, [`g${at}`], 'hello');
      }
    }, 10);
    try {
      await using pages = await open(consoleOf(daemon), ['light']);
      await pages.shows('operational');
      for (const screen of ['overview', 'groups', 'sessions']) {
        await pages.go(screen);
        await pages.until(
          `document.querySelector('nav [aria-current]').innerText.toLowerCase() === '${screen}'`,
        );
        const scripting = await pages.scripting(5);
        console.log(`      ${screen}: ${scripting.toFixed(1)} ms of script in a second`);
        expect(scripting).to.be.below(50);
      }
      await pages.shows('5,000 connections of this daemon, the 50 with the most waiting');
      await pages.shoot('k5-sessions');
      await pages.first.fill('.search', 's4999');
      await pages.shows('#s4999#d1');
      await pages.go('groups');
      await pages.first.fill('.search', '');
      await pages.until(`document.querySelectorAll('.groups tbody tr').length === 200`);
      await pages.shoot('k5-groups');
    } finally {
      clearInterval(traffic);
      for (const session of sessions) session.close();
    }
  });

  it('finds groups, sessions and events', async () => {
    await using daemon = await watched();
    const address = `${daemon.port}@127.0.0.1`;
    await using ann = await member(address, 'ann', 'room', 'annex');
    await using bob = await member(address, 'bob', 'room');
    await using pages = await open(consoleOf(daemon));
    await pages.shows('Last events');
    await pages.each(async ({ keyboard }) => {
      await keyboard.press('/');
      await keyboard.type('ann');
    });
    await pages.until(`document.querySelector('.found .groups tbody')?.innerText.includes('annex')`);
    await pages.until(`document.querySelector('.found .sessions tbody')?.innerText.includes('#ann#d1')`);
    await pages.until(`document.querySelectorAll('.found .events .event').length === 2`);
    await pages.until(`!document.querySelector('.found').innerText.includes('#bob#d1')`);
    await pages.shoot('k6-search');
    await pages.each(async ({ keyboard }) => await keyboard.press('Escape'));
    await pages.shows('Last events');
    expect([ann.id, bob.id]).to.have.length(2);
    expect(pages.troubles).to.deep.equal([]);
  });

  it('asks for the token, and shows nothing without it', async () => {
    await using daemon = await watched({ monitor: { endpoint: loopback, token: 's3cret' } });
    await using ann = await member(`${daemon.port}@127.0.0.1`, 'ann', 'room');
    await using pages = await open(consoleOf(daemon));
    await pages.shows('asks for a token');
    await pages.shoot('k7-token');
    await pages.each(async ({ keyboard }) => {
      await keyboard.type('wrong');
      await keyboard.press('Enter');
    });
    await pages.shows('The daemon does not take this token.');
    await pages.until(`!/${ann.id}|room|d1/.test(document.documentElement.outerHTML)`);
    await pages.shoot('k7-wrong');
    await pages.each(async (page) => {
      await page.fill('#token', 's3cret');
      await page.keyboard.press('Enter');
    });
    await pages.shows('operational');
    await pages.until(`sessionStorage.length === 1 && localStorage.length === 0`);

    await using given = await open(`${consoleOf(daemon)}#token=s3cret`, ['light']);
    await given.shows('operational');
    await given.until(`!location.href.includes('s3cret')`);
    expect([...pages.troubles, ...given.troubles]).to.deep.equal([]);
  });

  it('does not answer to a name of the web', async () => {
    await using daemon = await watched();
    for (const path of ['/console', '/feed']) {
      expect((await ask(monitorOf(daemon), path, { headers: { host: 'evil.test' } })).status).to.equal(403);
    }
    expect((await ask(monitorOf(daemon), '/feed', { method: 'POST' })).status).to.equal(405);
  });

  it('shows names as text, whatever they are', async () => {
    await using daemon = await watched();
    const address = `${daemon.port}@127.0.0.1`;
    await using ann = await member(address, 'ann', EVIL);
    await using bob = await member(address, '<b>bob', EVIL);
    await using pages = await open(consoleOf(daemon));
    for (const place of ['overview', 'groups', `groups/${encodeURIComponent(EVIL)}`, 'sessions', 'events']) {
      await pages.go(place);
      await pages.shows(place === 'sessions' ? '<b>bob' : EVIL);
      await pages.until(`document.querySelector('img') === null`);
    }
    await pages.go(`groups/${encodeURIComponent(EVIL)}`);
    await pages.until(same(MEMBERS, [bob.id, ann.id]));
    await pages.shoot('k9-names');
    expect(await pages.refused()).to.deep.equal([]);
    expect(pages.troubles).to.deep.equal([]);
  });

  it('can be used with the keyboard alone', async () => {
    await using daemon = await watched();
    await using ann = await member(`${daemon.port}@127.0.0.1`, 'ann', 'room');
    await using pages = await open(consoleOf(daemon), ['light', 'phone']);
    await pages.shows('operational');
    const focus = `document.activeElement?.innerText?.trim().toLowerCase()`;
    await pages.each(async (page) => {
      /** Goes on with Tab until what is wanted has the focus. */
      const reach = async (text: string): Promise<void> => {
        for (let count = 0; count < 40; count++) {
          if ((await page.evaluate(focus)) === text) return;
          await page.keyboard.press('Tab');
        }
        throw new Error(`the focus never came to ${text}`);
      };
      const shown = async (text: string): Promise<void> =>
        await isSo(page, `document.querySelector('main').innerText.includes(${JSON.stringify(text)})`);
      await reach('groups');
      await page.keyboard.press('Enter');
      await shown('1 group');
      await reach('room');
      await page.keyboard.press('Enter');
      await shown('would lead');
      await reach('#ann#d1');
      await page.keyboard.press('Enter');
      await shown('connected');
      await reach('events');
      await page.keyboard.press('Enter');
      await shown('copy as JSON');
      await page.evaluate('document.activeElement.blur()');
      await page.keyboard.press('Space');
      await shown('continue');
      await page.keyboard.press('Space');
      await shown('pause');
      await reach('overview');
      await page.keyboard.press('Enter');
      await shown('Last events');
    });
    await pages.shoot('k10-keyboard');
    expect(ann.id).to.equal('#ann#d1');
    expect(pages.troubles).to.deep.equal([]);
  });

  it('has no fault of accessibility that axe knows as serious', async () => {
    await using cluster = await MemoryCluster.start(3, () => ({ monitor: { endpoint: loopback } }));
    const [first] = cluster.daemons as [Daemon];
    await using ann = await member(cluster.address(0), 'ann', 'room');
    cluster.network.connect([[0, 1], [2]]);
    await using pages = await open(consoleOf(first));
    await pages.shows('1 out of reach');
    const axe = readFileSync(packageFile('axe-core/axe.min.js'), 'utf8');
    const found: unknown[] = [];
    for (const place of ['overview', 'groups/room', 'sessions/1', 'events']) {
      await pages.go(place);
      await pages.until(`document.querySelector('main .card h2') !== null`);
      await pages.each(async (page, shape) => {
        await page.evaluate(`${axe};undefined`);
        const violations = await page.evaluate(
          `axe.run().then(({ violations }) => violations
             .filter(({ impact }) => impact === 'serious' || impact === 'critical')
             .map(({ id, nodes }) => id + ' ' + nodes.map(({ html }) => html.slice(0, 120)).join(' ')))`,
        );
        for (const each of violations as string[]) found.push(`${shape} ${place}: ${each}`);
      });
    }
    expect(found).to.deep.equal([]);
    expect(ann.id).to.equal('#ann#d1');
  });

  it('never has to be scrolled to the side', async () => {
    await using cluster = await MemoryCluster.start(3, () => ({ monitor: { endpoint: loopback } }));
    const [first] = cluster.daemons as [Daemon];
    const long = 'x'.repeat(31);
    await using ann = await member(cluster.address(0), 'a23456789b', 'room', long, 'lobby');
    cluster.network.connect([[0, 1], [2]]);
    await using pages = await open(consoleOf(first));
    await pages.shows('1 out of reach');
    const places = ['overview', 'groups', `groups/${long}`, 'sessions', 'sessions/1', 'events'];
    for (const place of places) {
      await pages.go(place);
      await pages.until(`document.querySelector('main .card h2') !== null`);
      await pages.until(`document.documentElement.scrollWidth <= innerWidth`);
      await pages.shoot(`k11-${place.replace('/', '-').slice(0, 12)}`);
    }
    expect(ann.id).to.include('#d1');
    expect(pages.troubles).to.deep.equal([]);
  });

  it('says when the daemon says nothing, and continues when it is back', async () => {
    const port = await freePort();
    const start = (): Sspd =>
      new Sspd(['--name', 'd1', '--port', '0', '--unix-dir', '', `--monitor=127.0.0.1:${port}`]);
    const before = start();
    await before.greeting();
    await using pages = await open(`http://127.0.0.1:${port}/console`);
    await pages.shows('operational');
    before.child.kill('SIGKILL');
    await pages.until(
      `/no word from the daemon for [2-9] s/.test(document.querySelector('.silence')?.innerText)`,
    );
    await pages.until(`document.querySelector('main.stale') !== null`);
    await pages.shoot('k12-silence');
    await before[Symbol.asyncDispose]();
    await using after = start();
    await after.greeting();
    await pages.until(
      `document.querySelector('.silence') === null && document.querySelector('main.stale') === null`,
    );
    await pages.shoot('k12-back');
    expect(pages.troubles).to.deep.equal([]);
  });

  it('says so to a reader too many, and serves it when another one has gone', async () => {
    await using daemon = await watched();
    const readers: Pages[] = [];
    try {
      for (let count = 0; count < 8; count++) readers.push(await open(consoleOf(daemon), ['light']));
      for (const reader of readers) await reader.shows('operational');
      await using late = await open(consoleOf(daemon), ['light']);
      await late.shows('serves as many consoles as it can');
      await late.shoot('k13-crowded');
      await readers.pop()?.[Symbol.asyncDispose]();
      await late.shows('operational');
    } finally {
      for (const reader of readers) await reader[Symbol.asyncDispose]();
    }
  });

  it('weighs at most 40 kB, and asks nobody but the monitor', async () => {
    await using daemon = await watched();
    await using pages = await open(consoleOf(daemon));
    await pages.shows('operational');
    const weight = `performance.getEntries()
      .filter(({ entryType, name }) => /navigation|resource/.test(entryType) && !name.endsWith('/feed'))
      .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)`;
    const bytes = Number(await pages.first.evaluate(weight));
    console.log(`      ${(bytes / 1_000).toFixed(1)} kB compressed`);
    expect(bytes).to.be.within(10_000, 40_000);
    const hosts = new Set(
      pages.requests.filter((url) => !url.startsWith('data:')).map((url) => new URL(url).host),
    );
    expect([...hosts]).to.deep.equal([`127.0.0.1:${daemon.monitorPort}`]);
    expect(await pages.refused()).to.deep.equal([]);
  });
});
