/** Pages in real browsers as members of groups, beside programs of Node, at a real daemon. */
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import type { Daemon, DaemonOptions, WebOptions } from '../../daemon/index.js';
import { type Connection, connect } from '../../lib/index.js';
import { election } from '../../lib/recipes/index.js';
import { startWithSecret, startWeb } from '../net/websocket/web-fixture.js';
import { MemoryCluster } from '../support/memory-cluster.js';
import { repositoryRoot } from '../support/recordings.js';
import { skip } from '../support/skip.js';
import { eventually, until } from '../support/wait.js';
import { claims, inSeconds, secretToken } from '../support/web-tokens.js';
import { type Browser, isSo, launch, launchToKill, noChromium } from './chromium.js';
import { wordsOf } from '../browser/pages/event-words.js';
import { MemberTab } from './member-tab.js';
import { Site } from './site.js';

/** Milliseconds for what browsers do. */
const LIMIT = 30_000;

/** What the group of a program gets, in words. */
async function joined(program: Connection, name: string): Promise<string[]> {
  const words: string[] = [];
  const group = await program.join(name);
  group.on('event', (event) => words.push(wordsOf(event)));
  return words;
}

const connectTo = async (daemon: Daemon, name: string): Promise<Connection> =>
  await connect({ address: `${daemon.port}@127.0.0.1`, name });

/** A page of the specs, built. */
const pageFile = (name: string): string =>
  fileURLToPath(new URL(`../browser/pages/${name}.js`, import.meta.url));

const urlOf = (daemon: Daemon): string => `ws://127.0.0.1:${daemon.webPort}/ssp`;

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** The numbers that texts have as their second word. */
const numbersOf = (words: readonly string[]): number[] => words.map((word) => Number(word.split(' ')[1]));

const isView = (word: string): boolean => word.startsWith('view ');

describe('hosts: members in real browsers', function () {
  let browser: Browser;
  let site: Site;

  before(async function () {
    if (noChromium !== null) skip(this, noChromium);
    [browser, site] = await Promise.all([launch(), Site.start(pageFile('member'))]);
  });
  after(async () => {
    await browser?.close();
    await site?.[Symbol.asyncDispose]();
  });

  /** Lets pages connect to it. */
  function known(daemon: Daemon): Daemon {
    site.daemons.push(`ws://127.0.0.1:${daemon.webPort}`);
    return daemon;
  }

  const started = async (web: Partial<WebOptions> = {}, options: DaemonOptions = {}): Promise<Daemon> =>
    known(await startWeb({ origins: [site.origin], ...web }, options));

  it('join, get the view, and 2,000 messages in the order of the group', async () => {
    await using daemon = await started();
    await using program = await connectTo(daemon, 'bob');
    const others = await joined(program, 'room');
    const tab = await MemberTab.open(browser, site);
    const id = await tab.connect({ url: urlOf(daemon), name: 'ann' });
    expect(id).to.equal('#ann#dmn1');
    await tab.call('join', 'room');
    await tab.got('room', 1);
    const [view] = await tab.call('wordsFrom', 'room', 0);
    expect(view).to.match(/^view \S+ join #ann#dmn1 #ann#dmn1 #bob#dmn1$/);
    const mine = async (): Promise<void> => {
      for (let i = 0; i < 1000; i++) await program.send('room', `bob ${i}`);
    };
    const begin = performance.now();
    await Promise.all([tab.call('send', 'room', 1000, 'ann'), mine()]);
    await tab.got('room', 2001);
    console.log(`      2,000 messages after ${Math.round(performance.now() - begin)} ms`);
    await until(() => others.length >= 2002, 'the messages at the program', LIMIT);
    const seen = await tab.call('wordsFrom', 'room', 1);
    expect(seen).to.deep.equal(others.slice(2));
    for (const name of ['ann', 'bob']) {
      const own = seen.filter((word) => word.startsWith(name));
      expect(numbersOf(own)).to.deep.equal(upTo(1000));
    }
    await tab.close();
    await until(() => others.at(-1)?.includes(' disconnect #ann#dmn1 #bob#dmn1') === true, 'the end of ann');
    expect(tab.troubles).to.deep.equal([]);
  });

  it('see the views that programs see: joins, leaves, ends, partitions and merges', async () => {
    await using cluster = await MemoryCluster.start(2, () => ({
      web: { port: 0, origins: [site.origin] },
    }));
    const [first, second] = cluster.daemons.map(known) as [Daemon, Daemon];
    await using program = await connectTo(first, 'bob');
    const others = await joined(program, 'room');
    const plain = await MemberTab.open(browser, site);
    await plain.connect({ url: urlOf(first), name: 'ann' });
    await plain.call('join', 'room');
    // With `resume` a connection has another form of views on the wire.
    const compact = await MemberTab.open(browser, site);
    await compact.connect({ url: urlOf(first), name: 'cid', resume: true });
    await compact.call('join', 'room');
    const far = await MemberTab.open(browser, site);
    await far.connect({ url: urlOf(second), name: 'dan' });
    await far.call('join', 'room');
    await until(() => others.length === 4, 'four members', LIMIT);
    cluster.network.connect([[0], [1]]);
    await until(() => others.at(-1)?.endsWith('network  #ann#d1 #bob#d1 #cid#d1') === true, 'the partition');
    cluster.network.connect([[0, 1]]);
    const all = '#ann#d1 #bob#d1 #cid#d1 #dan#d2';
    await until(() => others.at(-1)?.endsWith(`network  ${all}`) === true, 'the merge');
    await far.close();
    await until(() => others.at(-1)?.includes(' disconnect #dan#d2 ') === true, 'the end of dan', LIMIT);
    await using eve = await connectTo(second, 'eve');
    await eve.join('room');
    await eve.leave('room');
    await plain.call('leave', 'room');
    await until(() => others.at(-1)?.includes(' leave #ann#d1 ') === true, 'the leave of ann', LIMIT);
    await compact.got('room', others.length - 2);
    expect(await compact.call('wordsFrom', 'room', 0)).to.deep.equal(others.slice(2));
    const seen = await plain.call('wordsFrom', 'room', 0);
    expect(seen.slice(0, -1)).to.deep.equal(others.slice(1, -1));
    expect(others.filter(isView).length).to.be.above(8);
    expect([...plain.troubles, ...compact.troubles, ...far.troubles]).to.deep.equal([]);
    await plain.close();
    await compact.close();
  });

  it('are gone for the others when their browser is killed', async () => {
    await using daemon = await started();
    await using program = await connectTo(daemon, 'bob');
    const others = await joined(program, 'room');
    const doomed = await launchToKill();
    const tab = await MemberTab.open(doomed.browser, site);
    await tab.connect({ url: urlOf(daemon), name: 'ann' });
    await tab.call('join', 'room');
    const begin = performance.now();
    const killed = doomed.kill();
    await until(() => others.length === 3, 'the view without ann', LIMIT);
    console.log(`      the view came ${Math.round(performance.now() - begin)} ms after SIGKILL`);
    expect(others.at(-1)).to.match(/ disconnect #ann#dmn1 #bob#dmn1$/);
    await killed;
  });

  it('stay members while their tab sleeps for a minute', async () => {
    // The daemon is as strict within a second as it is by default within a minute.
    await using daemon = await started({ pingMs: 100, idleTimeoutMs: 300 });
    await using program = await connectTo(daemon, 'bob');
    const others = await joined(program, 'room');
    const tab = await MemberTab.open(browser, site, (page) => page.clock.install());
    await tab.connect({ url: urlOf(daemon), name: 'ann' });
    await tab.call('join', 'room');
    const before = Number(await tab.page.evaluate('performance.now()'));
    await tab.page.clock.pauseAt(Date.now() + 60_000);
    expect(await tab.page.evaluate('performance.now()')).to.be.above(before + 55_000);
    await program.send('room', 'meanwhile');
    await pause(1_000);
    await tab.page.clock.resume();
    await tab.call('send', 'room', 1, 'ann');
    await tab.got('room', 3);
    expect((await tab.call('wordsFrom', 'room', 1)).join()).to.equal('meanwhile,ann 0');
    expect(others.filter(isView)).to.have.length(2);
    expect([await tab.call('heard'), tab.troubles]).to.deep.equal([[], []]);
    await tab.close();
  });

  it('lose nothing when they compute for two seconds', async () => {
    await using daemon = await started();
    await using program = await connectTo(daemon, 'bob');
    const tab = await MemberTab.open(browser, site);
    await tab.connect({ url: urlOf(daemon) });
    await tab.call('join', 'room', 2_000);
    const count = 8_000;
    for (let i = 0; i < count; i++) await program.send('room', `bob ${i} ${'x'.repeat(100)}`);
    await tab.got('room', count + 1);
    expect(numbersOf(await tab.call('wordsFrom', 'room', 1))).to.deep.equal(upTo(count));
    expect([await tab.call('heard'), tab.troubles]).to.deep.equal([[], []]);
    await tab.close();
  });

  it('ask the daemon to stop while they do not read, and lose nothing', async () => {
    // How long the daemon waits for them is not what is looked at.
    const web = { maxBufferedBytes: 1 << 28 };
    await using daemon = await started(web, { limits: { maxSessionMessages: 1_000_000 } });
    await using program = await connectTo(daemon, 'bob');
    const tab = await MemberTab.open(browser, site);
    await tab.connect({ url: urlOf(daemon) });
    await tab.call('joinUnread', 'room');
    let count = 0;
    const send = async (more: number): Promise<void> => {
      for (let i = 0; i < more; i++) await program.send('room', `bob ${count++} ${'x'.repeat(1_000)}`);
    };
    for (let i = 0; i < 200 && tab.controlWords.length === 0; i++) await send(500);
    await send(2_000);
    expect(tab.controlWords).to.deep.equal(['{"stop":true}']);
    await tab.call('readOn');
    await tab.got('room', count + 1);
    expect(numbersOf(await tab.call('wordsFrom', 'room', 1))).to.deep.equal(upTo(count));
    const words = tab.controlWords.map((_, i) => `{"stop":${i % 2 === 0}}`);
    expect(tab.controlWords).to.deep.equal(words);
    expect(tab.controlWords.at(-1)).to.equal('{"stop":false}');
    expect([await tab.call('heard'), tab.troubles]).to.deep.equal([[], []]);
    await tab.close();
  });

  it('get one error for a wrong token, and try no more', async () => {
    await using daemon = known(await startWithSecret({ origins: [site.origin] }));
    const wrong = secretToken(claims(), {}, Buffer.alloc(32, 'w'));
    site.tokens.set('/wrong', () => wrong);
    for (const options of [{ token: wrong }, { tokenUrl: '/wrong' }, {}]) {
      const tab = await MemberTab.open(browser, site);
      const told = await tab.call('connect', { url: urlOf(daemon), ...options });
      expect(told).to.have.property('error', 'CouldNotConnectError');
      await pause(1_000);
      expect(tab.sockets).to.equal(1);
      // What Chromium itself writes.
      expect(tab.troubles).to.have.length(1);
      expect(tab.troubles[0]).to.match(/^WebSocket connection to .* failed:/);
      await tab.close();
    }
    expect(daemon.counters.webRefusals).to.deep.equal({ token: 2, 'no-token': 1 });
  });

  it('move the lead from a killed browser to another one, with a higher term', async () => {
    await using daemon = await started();
    const doomed = await launchToKill();
    const first = await MemberTab.open(doomed.browser, site);
    const second = await MemberTab.open(browser, site);
    await first.connect({ url: urlOf(daemon), name: 'ann' });
    await second.connect({ url: urlOf(daemon), name: 'cid' });
    await first.call('elect', 'lead');
    await second.call('elect', 'lead');
    await using program = await connectTo(daemon, 'dan');
    const watched = await election(program, 'lead');
    const leadsAt = (tab: MemberTab, leader: string) => async () =>
      (await tab.call('leadership')).leader === leader;
    await eventually(leadsAt(first, '#ann#dmn1'), 'a leader at the first', LIMIT);
    await eventually(leadsAt(second, '#ann#dmn1'), 'a leader at the second', LIMIT);
    await until(() => watched.leader === '#ann#dmn1', 'a leader at the program', LIMIT);
    const { term } = await second.call('leadership');
    await doomed.kill();
    await eventually(leadsAt(second, '#cid#dmn1'), 'the next leader', LIMIT);
    await until(() => watched.leader === '#cid#dmn1', 'the next leader at the program', LIMIT);
    const next = await second.call('leadership');
    expect(next.term).to.be.above(term ?? Infinity);
    expect(watched.term).to.equal(next.term);
    expect(second.troubles).to.deep.equal([]);
    await second.close();
  });

  it('run under the policy `default-src self`, which their code loaded later keeps too', async () => {
    await using daemon = await started();
    const tab = await MemberTab.open(browser, site);
    site.requests.length = 0;
    await tab.connect({ url: urlOf(daemon), resume: true });
    expect(site.requests.join()).to.match(/^\/returning-\w+\.js/);
    expect(tab.troubles).to.deep.equal([]);
    // The policy holds: it would have refused.
    await tab.page.evaluate(
      `document.head.append(Object.assign(document.createElement('script'), { textContent: '0' }))`,
    );
    expect(tab.troubles.join()).to.include('script-src');
    await tab.close();
  });

  it('bring a new token when one runs out, and miss nothing', async () => {
    await using daemon = known(await startWithSecret({ origins: [site.origin] }));
    site.requests.length = 0;
    const asked = (): number => site.requests.filter((url) => url === '/token').length;
    site.tokens.set('/token', () => secretToken(claims({ exp: inSeconds(asked() === 1 ? 3 : 3_600) })));
    await using program = await connectTo(daemon, 'bob');
    const others = await joined(program, 'room');
    const tab = await MemberTab.open(browser, site);
    await tab.connect({ url: urlOf(daemon), name: 'ann', tokenUrl: '/token' });
    await tab.call('join', 'room');
    let sent = 0;
    while (asked() < 2 && sent < 10_000) {
      await program.send('room', `bob ${sent++}`);
      await pause(5);
    }
    await tab.hears('resumed with 0 gaps');
    await program.send('room', `bob ${sent++}`);
    await tab.got('room', sent + 1);
    expect(await tab.call('wordsFrom', 'room', 0)).to.deep.equal(others.slice(1));
    expect([asked(), await tab.call('heard')]).to.deep.equal([2, ['reconnecting', 'resumed with 0 gaps']]);
    expect(daemon.counters.webEnds).to.deep.equal({ 'not-permitted': 1 });
    expect(tab.troubles).to.deep.equal([]);
    await tab.close();
  });

  it('show the same list in the same order with React, whose StrictMode makes no more views', async () => {
    await using people = await Site.start(pageFile('people'));
    await using daemon = await startWeb({ origins: [people.origin] });
    people.daemons.push(`ws://127.0.0.1:${daemon.webPort}`);
    await using program = await connectTo(daemon, 'zoe');
    const views = await joined(program, 'room');
    const tabs: MemberTab[] = [];
    for (const name of ['Ann', 'Bob', 'Cid']) {
      const tab = await MemberTab.open(browser, people, undefined, `#${name},${urlOf(daemon)}`);
      tabs.push(tab);
      const list = `[...document.querySelectorAll('li')]`;
      for (const { page } of tabs) {
        await isSo(page, `${list}.length === ${tabs.length}`);
        await isSo(page, `${list}.filter((each) => each.innerText.endsWith(' leads')).length === 1`);
        await isSo(page, `document.querySelector('p').innerText === 'joined ${tabs.length + 1}'`);
      }
    }
    const seen = await Promise.all(tabs.map(({ page }) => page.evaluate('document.body.innerText')));
    expect(new Set(seen).size).to.equal(1);
    // Components that are gone leave their groups after a second: none is.
    await pause(1_500);
    expect(views.map((word) => word.split(' ')[2])).to.deep.equal(Array(4).fill('join'));
    expect(tabs.flatMap(({ troubles }) => troubles)).to.deep.equal([]);
    for (const tab of tabs) await tab.close();
  });

  it('are made by the page of the guide', async () => {
    const guide = readFileSync(join(repositoryRoot, 'docs/guide/browser.md'), 'utf8');
    const [, html = ''] = /```html\n([^`]*)```/.exec(guide) ?? [];
    const [, script = ''] = /```js\n((?:[^`]|`(?!``))*)```/.exec(guide) ?? [];
    const file = join(repositoryRoot, 'build/guide-page.js');
    await using daemon = known(await startWeb({ origins: ['*'] }));
    expect(script).to.include('127.0.0.1:4805');
    await writeFile(file, script.replace('4805', String(daemon.webPort)));
    await using room = await Site.start(file, html);
    await rm(file);
    room.daemons.push(`ws://127.0.0.1:${daemon.webPort}`);
    const [first, second] = [await MemberTab.open(browser, room), await MemberTab.open(browser, room)];
    for (const { page } of [first, second]) await isSo(page, `members.value.split(', ').length === 2`);
    await first.page.fill('#text', 'hello');
    await first.page.click('button');
    await isSo(second.page, `log.innerText.endsWith(': hello\\n')`);
    await first.close();
    await isSo(second.page, `members.value.split(', ').length === 1`);
    expect([...first.troubles, ...second.troubles]).to.deep.equal([]);
    await second.close();
  });
});
