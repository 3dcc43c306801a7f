/** The guide to the recipes and to view synchrony: its examples are those that run here, and print what the pages say. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Cluster, cluster } from '../../daemon/testing/index.js';
import { asShown, guidePage } from '../support/guide-examples.js';
import { Program } from '../support/program.js';
import { repositoryRoot } from '../support/recordings.js';

const read = (path: string): string => readFileSync(join(repositoryRoot, 'docs/guide', path), 'utf8');

/** The source of an example as a page shows it. */
const example = (name: string): string => '```ts\n' + read(`../examples/${name}.ts`) + '```';

const NAMES = [
  'election',
  'lead',
  'cron',
  'members',
  'call',
  'replicated',
  'map',
  'counter',
  'lock',
  'barrier',
  'view-synchrony',
  'secure-groups',
  'secure-mailbox',
  'manual-flush',
  'large-groups',
  'typed-messages',
];

/** Daemons that the examples reach. */
const start = async (daemons: number): Promise<Cluster> =>
  await cluster(daemons, { tcp: true, names: ['dmn1', 'dmn2', 'dmn3', 'dmn4'].slice(0, daemons) });

for (const name of NAMES) {
  const page = guidePage(name);

  describe(`the guide to ${name}`, () => {
    afterEach(() => Program.endAll());

    it('shows the example as it is', () => {
      expect(page).to.include(example(name));
    });

    it('says what the example prints', async () => {
      await using c = await start(1);
      const { status, out, err } = await Program.start(`docs/examples/${name}.js`, [c.address(0)]).end();
      expect([status, err]).to.deep.equal([0, '']);
      expect(page).to.include('```\n' + asShown(name, out) + '```');
    });
  });
}

describe('the pages of the guide', () => {
  it('give a signal to a wait as it takes one, such as waitForLeader({ signal })', () => {
    const pages = readdirSync(join(repositoryRoot, 'docs/guide')).filter((name) => name.endsWith('.md'));
    const calls = pages.flatMap((page) => read(page).match(/\.\w+\([^()\n]*\bsignal\b[^()\n]*\)/g) ?? []);
    expect(calls).to.include('.waitForLeader({ signal })');
    expect(calls.filter((call) => !call.includes('{'))).to.deep.equal([]);
  });

  it('hand a signal over as the calls take it, in an object', () => {
    const pages = readdirSync(join(repositoryRoot, 'docs'), { recursive: true, encoding: 'utf8' });
    const bare = /\bawait [\w.]+\((?:signal|\w+\.signal|AbortSignal\.timeout\(\w+\))\)/;
    const found = pages
      .filter((page) => page.endsWith('.md') && !page.includes('node_modules'))
      .filter((page) => bare.test(readFileSync(join(repositoryRoot, 'docs', page), 'utf8')));
    expect(found).to.deep.equal([]);
    expect('await it.waitForLeader(signal)').to.match(bare);
  });

  it('on locks and elections say in their first paragraph what clocks have to do with tokens and terms', () => {
    for (const page of ['lock.md', 'election.md']) {
      const paragraphs = read(page).split('\n\n');
      expect(paragraphs[1], page).to.match(/synchronized\sclocks/);
    }
  });
});

describe('the guide to reconnecting', () => {
  afterEach(() => Program.endAll());

  it('shows the examples as they are', () => {
    for (const name of ['reconnect', 'count-once', 'reconnect-by-hand'])
      expect(read('reconnect.md')).to.include(example(name));
  });

  it('says what the example prints when the first of two daemons ends', async () => {
    await using c = await start(2);
    const addresses = [c.address(0), c.address(1)];
    const program = Program.start('docs/examples/reconnect.js', addresses);
    await program.prints(/connected\n/);
    await c.stop(0);
    await program.prints(/back at/);
    const { out, err } = await program.signal('SIGTERM').end();
    expect(err).to.equal('');
    const shown = out.replace(addresses[1] ?? '', '4803@b').replace(/tick \d+\n/g, '');
    expect(read('reconnect.md')).to.include('```\n' + shown + 'tick 5\n```');
  });

  it('says what the example prints that counts each message once while three daemons end', async () => {
    await using c = await start(4);
    const addresses = [0, 1, 2, 3].map((daemon) => c.address(daemon));
    const program = Program.start('docs/examples/count-once.js', addresses);
    await program.prints(/connected\n/);
    for (let ended = 0; ended < 3; ended++) {
      await c.stop(ended);
      await program.prints(new RegExp(`(back at .*\n){${ended + 1}}`));
    }
    const { out, err, status } = await program.end();
    expect({ err, status }).to.deep.equal({ err: '', status: 0 });
    const names = ['b', 'c', 'a'];
    const shown = out.replace(/back at .*/g, () => `back at 4803@${names.shift()}`);
    expect(read('reconnect.md')).to.include('```\n' + shown + '```');
  });

  it('says what the example prints when the daemon stops and comes back', async () => {
    await using c = await start(1);
    const address = c.address(0);
    const program = Program.start('docs/examples/reconnect.js', [address]);
    await program.prints(/connected\n/);
    await c.stop(0);
    await program.prints(/lost\n/);
    await c.start(0);
    await program.prints(/tick \d+\n/);
    const { out, err } = await program.signal('SIGTERM').end();
    expect(err).to.equal('');
    const shown = out.replace(address, '4803@localhost').replace(/tick \d+\n.*/s, 'tick 5\n');
    expect(read('reconnect.md')).to.include('```\n' + shown + '```');
  });

  it('says what the example prints that reconnects by hand', async () => {
    await using c = await start(1);
    const address = c.address(0);
    const program = Program.start('docs/examples/reconnect-by-hand.js', [address]);
    await program.prints(/start 1\n/);
    await c.stop(0);
    await program.prints(/lost\n/);
    await c.start(0);
    await program.prints(/lost\n.*start 1\n/);
    const { out, err } = await program.signal('SIGTERM').end();
    expect(err).to.equal('');
    expect(read('reconnect.md')).to.include('```\n' + out + '```');
  });
});
