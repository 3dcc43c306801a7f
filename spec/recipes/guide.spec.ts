/** The guide to the recipes and to view synchrony: its examples are those that run here, and print what the pages say. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { asShown, guidePage } from '../support/guide-examples.js';
import { startDaemon } from '../support/local-daemon.js';
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
];

for (const name of NAMES) {
  const page = guidePage(name);

  describe(`the guide to ${name}`, () => {
    afterEach(() => Program.endAll());

    it('shows the example as it is', () => {
      expect(page).to.include(example(name));
    });

    it('says what the example prints', async () => {
      const daemon = await startDaemon();
      const address = `${daemon.port}@127.0.0.1`;
      const { status, out, err } = await Program.start(`docs/examples/${name}.js`, [address]).end();
      await daemon.stop();
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

  it('shows the example as it is', () => {
    expect(read('reconnect.md')).to.include(example('reconnect'));
  });

  it('says what the example prints when the daemon stops and comes back', async () => {
    const daemon = await startDaemon();
    const { port } = daemon;
    const program = Program.start('docs/examples/reconnect.js', [`${port}@127.0.0.1`]);
    await program.prints(/start 1\n/);
    await daemon.stop();
    await program.prints(/lost\n/);
    const next = await startDaemon({ listen: [{ host: '127.0.0.1', port }] });
    await program.prints(/lost\n.*start 1\n/);
    const { out, err } = await program.signal('SIGTERM').end();
    await next.stop();
    expect(err).to.equal('');
    expect(read('reconnect.md')).to.include('```\n' + out + '```');
  });
});
