/** The guide to channels: its example is the one that runs here, and prints what the page says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { startDaemon } from '../support/local-daemon.js';
import { Program } from '../support/program.js';
import { repositoryRoot } from '../support/recordings.js';

const page = readFileSync(join(repositoryRoot, 'docs/guide/channels.md'), 'utf8');

describe('the guide to channels', () => {
  afterEach(() => Program.endAll());

  it('shows the example as it is', () => {
    const source = readFileSync(join(repositoryRoot, 'docs/examples/channels.ts'), 'utf8');
    expect(page).to.include('```ts\n' + source + '```');
  });

  it('says what the example prints', async () => {
    const daemon = await startDaemon();
    const { status, out, err } = await Program.start('docs/examples/channels.js', [
      `${daemon.port}@127.0.0.1`,
    ]).end();
    await daemon.stop();
    expect([status, err]).to.deep.equal([0, '']);
    expect(page).to.include('```\n' + out + '```');
  });
});
