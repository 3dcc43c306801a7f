/** The guide to the recipes: its examples are those that run here, and print what the pages say. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { startDaemon } from '../support/local-daemon.js';
import { Program } from '../support/program.js';
import { repositoryRoot } from '../support/recordings.js';

const read = (path: string): string => readFileSync(join(repositoryRoot, 'docs/guide', path), 'utf8');

for (const name of ['election', 'members', 'call', 'replicated', 'map', 'counter', 'lock', 'barrier']) {
  describe(`the guide to ${name}`, () => {
    afterEach(() => Program.endAll());

    it('shows the example as it is', () => {
      const source = read(`examples/${name}.ts`)
        .replace("'../../../lib/index.js'", "'ssp-toolkit'")
        .replace("'../../../lib/recipes/index.js'", "'ssp-toolkit/recipes'");
      expect(read(`${name}.md`)).to.include('```ts\n' + source + '```');
    });

    it('says what the example prints', async () => {
      const daemon = await startDaemon();
      const address = `${daemon.port}@127.0.0.1`;
      const { status, out, err } = await Program.start(`docs/guide/examples/${name}.js`, [address]).end();
      await daemon.stop();
      expect([status, err]).to.deep.equal([0, '']);
      expect(read(`${name}.md`)).to.include('```\n' + out + '```');
    });
  });
}
