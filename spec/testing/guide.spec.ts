/** The page on tests shows the programs that run here, with the runners that it names. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { repositoryRoot } from '../support/recordings.js';

const page = readFileSync(join(repositoryRoot, 'docs/guide/testing.md'), 'utf8');
const source = (name: string): string =>
  readFileSync(join(repositoryRoot, `docs/examples/testing/${name}.ts`), 'utf8');

/** @returns what it prints, when it has passed */
async function runs(...args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, args, { cwd: repositoryRoot });
  let out = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (out += String(text)));
  const [status] = (await once(child, 'close')) as [number];
  expect(status, out).to.equal(0);
  return out;
}

const mocha = (name: string): Promise<string> =>
  runs('node_modules/mocha/bin/mocha.js', '--no-config', `build/docs/examples/testing/${name}.js`);

describe('the guide to testing', () => {
  for (const name of ['mocha', 'node-test', 'after-each'])
    it(`shows ${name} as it is`, () => {
      expect(page).to.include('```ts\n' + source(name) + '```');
    });

  it('shows programs that pass with mocha', async () => {
    expect(await mocha('mocha')).to.match(/1 passing/);
    expect(await mocha('after-each')).to.match(/2 passing/);
  });

  it('shows a program that passes with node:test', async () => {
    expect(await runs('--test', 'build/docs/examples/testing/node-test.js')).to.match(/pass 1\n/);
  });

  it('warns of a cluster that is not ended, and lets the process end', async () => {
    const program = `
      import { cluster } from 'ssp-toolkit/testing';
      const c = await cluster(2, { time: 'virtual' });
      await c.connect(0);
    `;
    const out = await runs('--input-type=module', '--eval', program);
    expect(out).to.match(/SspClusterWarning: a cluster was not ended: at .*eval/);
  });
});
