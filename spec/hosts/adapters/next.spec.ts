/** The program of the guide to Next.js: two instances, built once, of which neither serves what is old since a change at the other. */
import { spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Cluster, cluster } from '../../../daemon/testing/index.js';
import { Program } from '../../support/program.js';
import { repositoryRoot } from '../../support/recordings.js';
import { eventually } from '../../support/wait.js';
import { hosts } from '../consumer.js';
import { HostProject } from './host-project.js';
import { Instance } from './instances.js';

const NEXT = join(hosts, 'node_modules/next/dist/bin/next');
const FILES = ['next.config.mjs', 'cache-handler.mjs', 'app/price/route.js'];
const QUIET = { NEXT_TELEMETRY_DISABLED: '1', NO_COLOR: '1' };
const LIMIT = 20_000;

describe('hosts: Next.js', () => {
  let project: HostProject;
  let daemons: Cluster;
  let instances: readonly [Instance, Instance];

  before(async () => {
    // The bundler takes no package from outside of the folder with the lock file, which is the repository.
    const parent = join(repositoryRoot, 'build/hosts');
    await mkdir(parent, { recursive: true });
    project = await HostProject.make({ next: 'next' }, parent);
    for (const file of FILES) project.takeExample(`next/${file}`, 'nextjs', file);
    const { status, stdout, stderr } = spawnSync(process.execPath, [NEXT, 'build', project.file('.')], {
      encoding: 'utf8',
      env: { ...process.env, ...QUIET },
    });
    expect(status, stdout + stderr).to.equal(0);
    // It looks for no daemon.
    expect(stdout + stderr).not.to.include('nothing is cached');
  });
  after(async () => {
    await project?.[Symbol.asyncDispose]();
  });

  const startAt = async (daemon: number): Promise<Instance> => {
    const args = ['start', project.file('.'), '-H', '127.0.0.1', '-p', '0'];
    return await Instance.start(
      Program.start(NEXT, args, { ...QUIET, SSP_ADDRESS: daemons.address(daemon) }),
    );
  };
  const price = async (instance: Instance): Promise<string> => {
    const { status, text } = await instance.fetch('/price');
    expect(status).to.equal(200);
    return text;
  };
  const change = async (instance: Instance, method = 'POST'): Promise<number> =>
    (await instance.fetch('/price', { method })).status;
  const keeps = async (instance: Instance): Promise<boolean> =>
    (await price(instance)) === (await price(instance));
  const bothKeep = async (): Promise<void> => {
    for (const instance of instances)
      await eventually(async () => await keeps(instance), 'a kept value', LIMIT);
  };
  /** Waits until the instance has another price. */
  const changes = async (instance: Instance, before: string): Promise<void> =>
    await eventually(async () => (await price(instance)) !== before, 'another value', LIMIT);

  beforeEach(async () => {
    daemons = await cluster(2, { tcp: true });
    instances = await Promise.all([startAt(0), startAt(1)]);
    await bothKeep();
  });
  afterEach(async () => {
    await Program.endAll();
    await daemons[Symbol.asyncDispose]();
  });

  it('serves nothing that a change at any instance has made old when the request begins', async () => {
    const [first, second] = instances;
    // What one has sent is not at the other when it answers: only a refresh can know of it.
    daemons.delay(0, 1, 50);
    for (let round = 0; round < 20; round++) {
      const before = await Promise.all(instances.map(price));
      expect(await change(round % 2 === 0 ? first : second)).to.equal(204);
      const after = await Promise.all(instances.map(price));
      for (const [index, value] of after.entries()) expect(value).not.to.equal(before[index]);
      expect(await Promise.all(instances.map(price))).to.deep.equal(after);
    }
    const last = await price(second);
    expect(await change(first, 'DELETE')).to.equal(204);
    await changes(second, last);
  });

  it('answers many requests at the same time, with one value', async () => {
    const [first] = instances;
    const value = await price(first);
    const all = await Promise.all(Array.from({ length: 200 }, async () => await price(first)));
    expect(new Set(all)).to.deep.equal(new Set([value]));
  });

  it('computes each time while the daemon is away, and makes the change when it is back', async () => {
    const [first] = instances;
    const watcher = await daemons.connect(1);
    const heard: string[] = [];
    (await watcher.join('next-cache')).on('data', ({ text }) => heard.push(text));
    await daemons.kill(0, { wait: 'nothing' });
    await eventually(async () => !(await keeps(first)), 'a computed value', LIMIT);
    const changed = change(first);
    await eventually(async () => !(await keeps(first)), 'a computed value', LIMIT);
    expect(heard).to.deep.equal([]);
    await daemons.start(0, { wait: 'nothing' });
    expect(await changed).to.equal(204);
    await eventually(() => heard.length > 0, 'the change', LIMIT);
    for (const text of heard) expect(text).to.include('"tags":["price"]');
    await bothKeep();
  });

  it('computes again when the network breaks, and when it is whole', async () => {
    const [first, second] = instances;
    const before = await Promise.all(instances.map(price));
    await daemons.partition([[0], [1]]);
    for (const [index, instance] of instances.entries()) await changes(instance, before[index] as string);
    const apart = await price(second);
    expect(await change(first)).to.equal(204);
    expect(await price(second)).to.equal(apart);
    await daemons.heal();
    await changes(second, apart);
  });

  it('serves without a daemon from the start, and keeps values when there is one', async () => {
    await daemons.kill(1, { wait: 'nothing' });
    const third = await startAt(1);
    expect(await keeps(third)).to.equal(false);
    await eventually(() => third.program.err.includes('nothing is cached: '), 'the reason', LIMIT);
    await daemons.start(1, { wait: 'nothing' });
    await eventually(async () => await keeps(third), 'a kept value', LIMIT);
  });
});
