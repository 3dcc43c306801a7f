/** The installed `ssp-toolkit/testing` under runners that the page on tests names beside mocha and node:test. */
import { spawnSync } from 'node:child_process';
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { repositoryRoot } from '../support/recordings.js';
import { Consumer, hosts } from './consumer.js';

/** The first program of the page, whose assertions Vitest has, too. */
const program = readFileSync(join(repositoryRoot, 'docs/examples/testing/mocha.ts'), 'utf8');

const vitest = `${program.replace("import { expect } from 'chai';", "import { expect, it, vi } from 'vitest';")}
it('takes fake timers along', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'Date'] });
  await using c = await cluster(1, { time: 'virtual', seed: 1 });
  c.useFakeTimers(vi);
  let isOver = false;
  setTimeout(() => (isOver = true), 1000);
  await c.advance(999);
  expect(isOver).to.equal(false);
  await c.advance(2);
  expect(isOver).to.equal(true);
  vi.useRealTimers();
});
it('refuses others', async () => {
  vi.useFakeTimers({ toFake: ['setImmediate'] });
  await expect(cluster(1)).rejects.toThrow('fake timers hold setImmediate: the kit needs it');
  vi.useRealTimers();
});
`;

const jest = `
  import { cluster } from 'ssp-toolkit/testing';
  import { lock } from 'ssp-toolkit/recipes';
  const { jest } = import.meta;

  test('a frozen holder loses the lock', async () => {
    const c = await cluster(3, { time: 'virtual', seed: 7 });
    const [a, b] = await Promise.all([0, 1, 2].map(async (i) => lock(await c.connect(i), 'printer', { quorum: 2 })));
    const held = await a.acquire();
    await c.freeze(0);
    expect((await b.acquire()).token).toBeGreaterThan(held.token);
    await c.thaw(0);
    await c.until(() => held.signal.aborted, 'the old holder to be told');
    await c[Symbol.asyncDispose]();
  });

  test('takes fake timers along', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    const c = await cluster(1, { time: 'virtual', seed: 1 });
    c.useFakeTimers(jest);
    let isOver = false;
    setTimeout(() => (isOver = true), 1000);
    await c.advance(999);
    expect(isOver).toBe(false);
    await c.advance(2);
    expect(isOver).toBe(true);
    await c[Symbol.asyncDispose]();
    jest.useRealTimers();
  });
`;

describe('hosts: runners of tests', function () {
  let consumer: Consumer;

  before(async () => {
    consumer = await Consumer.make();
    symlinkSync(join(hosts, 'node_modules/vitest'), consumer.file('node_modules/vitest'));
  });
  after(async () => await consumer[Symbol.asyncDispose]());

  /** @returns what it says */
  function run(...args: readonly string[]): string {
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: consumer.file('.'),
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1', CI: '1' },
    });
    expect(status, stdout + stderr).to.equal(0);
    return stdout + stderr;
  }

  it('Vitest', () => {
    consumer.write('vitest/leader.test.ts', vitest);
    const out = run(join(hosts, 'node_modules/vitest/vitest.mjs'), 'run', '--root', consumer.file('vitest'));
    expect(out).to.match(/Tests +3 passed/);
  });

  it('Jest, with ES modules', () => {
    consumer.write('jest/lock.test.mjs', jest);
    const configuration = { testEnvironment: 'node', transform: {}, testMatch: ['**/*.test.mjs'] };
    consumer.write('jest/jest.config.json', JSON.stringify(configuration));
    const out = run(
      '--experimental-vm-modules',
      join(hosts, 'node_modules/jest/bin/jest.js'),
      '--rootDir',
      consumer.file('jest'),
      '--config',
      consumer.file('jest/jest.config.json'),
    );
    expect(out).to.match(/Tests: +2 passed/);
  });
});
