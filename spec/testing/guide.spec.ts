/** The page on tests shows the programs that run here, with the runners that it names. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { repositoryRoot } from '../support/recordings.js';

const LIMIT = 30_000;

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
  runs(
    'node_modules/mocha/bin/mocha.js',
    '--no-config',
    // A busy machine needs longer than what mocha gives.
    '--timeout',
    `${LIMIT}`,
    `build/docs/examples/testing/${name}.js`,
  );

describe('the guide to testing', function () {
  this.timeout(2 * LIMIT);

  for (const name of ['mocha', 'node-test', 'after-each', 'recording'])
    it(`shows ${name} as it is`, () => {
      expect(page).to.include('```ts\n' + source(name) + '```');
    });

  for (const [name, count] of [
    ['mocha', 1],
    ['after-each', 2],
    ['recording', 3],
  ] as const)
    it(`shows ${name}, which passes with mocha`, async () => {
      expect(await mocha(name)).to.include(`${count} passing`);
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
