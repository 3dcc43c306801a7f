/** `ssp-toolkit/node-cron` as node-cron calls it: who runs what, over crashes, partitions and late clocks. */
import { expect } from 'chai';
import { type Cluster, cluster } from '../../daemon/testing/index.js';
import {
  coordinator,
  type CoordinatorOptions,
  type CronCoordinator,
} from '../../lib/adapters/node-cron/index.js';
import { ConnectionClosedError, IllegalParamError } from '../../lib/errors.js';
import { ReadOnlyError, ResultUnknownError } from '../../lib/recipes/errors.js';
import { failure } from '../support/failure.js';

const NOON = Date.UTC(2026, 0, 31, 12);
/** @param second counted from noon */
const key = (second: number, job = 'report'): string =>
  `${job}:${new Date(NOON + second * 1000).toISOString()}`;

const coordinators = async (
  c: Cluster,
  daemons: readonly number[],
  options: CoordinatorOptions = {},
): Promise<CronCoordinator[]> =>
  await Promise.all(daemons.map(async (daemon) => await coordinator(await c.connect(daemon), options)));

/** How many of them run it. */
const runs = async (all: readonly CronCoordinator[], what: string): Promise<number> => {
  const answers = await Promise.all(all.map(({ shouldRun }) => shouldRun(what, 30_000)));
  return answers.filter((answer) => answer).length;
};

describe('a coordinator of node-cron', () => {
  let c: Cluster;
  const start = async (daemons: number): Promise<void> => {
    c = await cluster(daemons, { time: 'virtual', seed: 1 });
  };
  afterEach(async () => await c[Symbol.asyncDispose]());

  it('gives each run of each job to one of them', async () => {
    await start(3);
    const all = await coordinators(c, [0, 1, 2]);
    for (let second = 0; second < 20; second++)
      for (const job of ['report', 'clean up']) expect(await runs(all, key(second, job))).to.equal(1);
  });

  it('gives a member with a late clock nothing that was given before', async () => {
    await start(2);
    const [punctual, late] = (await coordinators(c, [0, 1])) as [CronCoordinator, CronCoordinator];
    for (let second = 3; second < 10; second++) {
      expect(await punctual.shouldRun(key(second))).to.equal(true);
      expect(await late.shouldRun(key(second - 3))).to.equal(false);
    }
  });

  it('goes on at the others when one is killed, and knows what was given', async () => {
    await start(3);
    const [first, ...others] = (await coordinators(c, [0, 1, 2])) as [CronCoordinator, CronCoordinator];
    expect(await first.shouldRun(key(1))).to.equal(true);
    await c.kill(0);
    expect(await runs(others, key(1))).to.equal(0);
    expect(await runs(others, key(2))).to.equal(1);
    expect(await failure(first.shouldRun(key(3)))).to.be.instanceOf(ConnectionClosedError);
    expect(await first.closed).to.be.instanceOf(ConnectionClosedError);
  });

  it('tells one that comes later what was given', async () => {
    await start(2);
    const [first] = (await coordinators(c, [0])) as [CronCoordinator];
    await first.shouldRun(key(5));
    const [late] = (await coordinators(c, [1])) as [CronCoordinator];
    expect([await late.shouldRun(key(5)), await late.shouldRun(key(6))]).to.deep.equal([false, true]);
  });

  it('lets the leader run all, where that is preferred, until it ends', async () => {
    await start(3);
    const all = await coordinators(c, [0, 1, 2], { prefer: 'leader' });
    const leader = all.findIndex(({ replica }) => replica.isFirst);
    for (let second = 0; second < 5; second++) {
      const answers = await Promise.all(all.map(({ shouldRun }) => shouldRun(key(second))));
      expect(answers.flatMap((answer, member) => (answer ? [member] : []))).to.deep.equal([leader]);
    }
    await c.kill(leader);
    const rest = all.filter((_, member) => member !== leader);
    expect(await runs(rest, key(4)), 'a run that was given').to.equal(0);
    expect(await runs(rest, key(5))).to.equal(1);
  });

  it('skips runs without a quorum, and gives them once with it', async () => {
    await start(3);
    const all = await coordinators(c, [0, 1, 2], { quorum: 2 });
    expect(await runs(all, key(1))).to.equal(1);
    await c.partition([[0], [1, 2]]);
    expect(await failure((all[0] as CronCoordinator).shouldRun(key(2)))).to.be.instanceOf(ReadOnlyError);
    expect(await runs(all.slice(1), key(2))).to.equal(1);
    await c.heal();
    expect(await runs(all, key(2))).to.equal(0);
    expect(await runs(all, key(3))).to.equal(1);
  });

  it('runs a job once on each side of a broken network, without a quorum', async () => {
    await start(3);
    const all = await coordinators(c, [0, 1, 2]);
    await c.partition([[0], [1, 2]]);
    expect([await runs(all.slice(0, 1), key(1)), await runs(all.slice(1), key(1))]).to.deep.equal([1, 1]);
    await c.heal();
    expect(await runs(all, key(1))).to.equal(0);
    expect(await runs(all, key(2))).to.equal(1);
  });

  it('waits 5 s for the state, and skips the run then', async () => {
    await start(1);
    const [alone] = (await coordinators(c, [0], { quorum: 2 })) as [CronCoordinator];
    const before = c.clock.now();
    const error = await failure(alone.shouldRun(key(1)));
    expect(error).to.be.instanceOf(ReadOnlyError);
    expect(error.message).to.match(/does not have the state yet, after 5000 ms$/);
    expect(c.clock.now() - before).to.be.within(5000, 6000);
  });

  it('waits 5 s for an answer, and skips the run then', async () => {
    await start(1);
    const [only] = (await coordinators(c, [0])) as [CronCoordinator];
    await only.shouldRun(key(1));
    await c.freeze(0, { wait: 'nothing' });
    const error = await failure(only.shouldRun(key(2)));
    expect(error).to.be.instanceOf(ResultUnknownError);
    expect(error.message).to.match(/no answer after 5000 ms$/);
    await c.thaw(0);
  });

  it('skips runs while a connection that comes back is lost', async () => {
    await start(2);
    const connection = await c.connect(0, { resume: true });
    const it = await coordinator(connection);
    expect(await it.shouldRun(key(1))).to.equal(true);
    await c.stop(0, { wait: 'nothing' });
    await c.until(() => connection.state === 'reconnecting', 'the loss');
    expect(await failure(it.shouldRun(key(2)))).to.be.instanceOf(ReadOnlyError);
    await c.until(() => it.replica.isWritable && !it.replica.isSuspended, 'the return');
    expect([await it.shouldRun(key(1)), await it.shouldRun(key(3))]).to.deep.equal([false, true]);
  });

  it('has a group of its own, of any text', async () => {
    await start(1);
    const connection = await c.connect(0);
    const nightly = await coordinator(connection, { group: 'jobs of the night' });
    const daily = await coordinator(connection);
    expect([await nightly.shouldRun(key(1)), await daily.shouldRun(key(1))]).to.deep.equal([true, true]);
    expect((await failure(coordinator(connection))).message).to.match(/: cron is in use/);
    await daily.close();
    expect(connection.open, 'the connection of the program').to.equal(true);
    expect(await failure(daily.shouldRun(key(2)))).to.be.instanceOf(ConnectionClosedError);
  });

  it('says what is wrong with its arguments', async () => {
    await start(1);
    const connection = await c.connect(0);
    const refused = async (...args: unknown[]): Promise<string> => {
      const error = await failure(coordinator(...(args as Parameters<typeof coordinator>)));
      expect(error).to.be.instanceOf(IllegalParamError);
      return error.message;
    };
    expect(await refused(connection, { prefers: 'first' })).to.include('did you mean "prefer"?');
    expect(await refused(connection, { prefer: 'last' })).to.include("'first' or 'leader'");
    expect(await refused(connection, { group: '' })).to.include('expected a text to name a group');
    expect(await refused({})).to.include('expected a Connection, or options of connect with addresses');
    expect(await refused(undefined)).to.include('expected a Connection');
    const it = await coordinator(connection);
    expect(await failure(it.shouldRun('report'))).to.be.instanceOf(IllegalParamError);
  });
});
