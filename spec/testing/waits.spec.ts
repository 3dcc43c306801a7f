/** What a cluster waits for and never comes: it says so. */
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { type Cluster, cluster } from '../../daemon/testing/index.js';

/** What it is rejected with. */
const failure = async (promise: Promise<unknown>): Promise<Error> =>
  await promise.then(
    () => new Error('it was not rejected'),
    (error: unknown) => error as Error,
  );

/** The first line of that. */
const why = async (promise: Promise<unknown>): Promise<string> =>
  (await failure(promise)).message.split('\n')[0] as string;

for (const time of ['real', 'virtual'] as const) {
  const start = async (daemons: number): Promise<Cluster> => await cluster(daemons, { time, seed: 1 });

  describe(`testing: waits in ${time} time`, () => {
    it('stop fails where the daemon is killed meanwhile', async () => {
      await using c = await start(3);
      const connection = await c.connect(0);
      (await connection.join('room')).on('event', () => undefined);
      const stopped = why(c.stop(0));
      await c.kill(0);
      expect(await stopped).to.equal('stop: daemon 0 was killed while it stopped');
      await c.start(0);
      await c.stop(0);
      expect(c.daemons[0]?.state).to.equal('down');
    });

    it('a daemon may be killed while it stops and nobody waits for that', async () => {
      await using c = await start(2);
      await c.stop(0, { wait: 'nothing' });
      await c.kill(0);
      expect(c.daemons.map(({ state }) => state)).to.deep.equal(['down', 'up']);
    });

    it('until fails at its limit where a promise stays pending', async () => {
      await using c = await start(1);
      const begin = c.clock.now();
      const never = new Promise<boolean>(() => undefined);
      const text = await why(c.until(() => never, 'it comes', 50));
      expect(text).to.match(/^until "it comes": its promise was still pending after 50 ms; seed 1,/);
      expect(c.clock.now() - begin).to.be.at.least(50);
      let looks = 0;
      // The first look is in time, the second one is not.
      const second = c.until(() => (looks++ === 0 ? false : never), 'it comes', 50);
      expect(await why(second)).to.include('still pending after 50 ms');
    });

    it('until takes a promise that comes in time, and the error of one that rejects', async () => {
      await using c = await start(1);
      await c.until(async () => (await c.clock.sleep(20), true), 'it comes', 10_000);
      const error = new Error('a defect');
      expect(await failure(c.until(() => Promise.reject(error), 'it comes', 500))).to.equal(error);
    });

    it('everything that is called after the end fails', async () => {
      const c = await start(2);
      const connection = await c.connect(0);
      await c[Symbol.asyncDispose]();
      const calls: Readonly<Record<string, () => unknown>> = {
        partition: () => c.partition([]),
        heal: () => c.heal(),
        kill: () => c.kill(0),
        settled: () => c.settled(),
        until: () => c.until(() => false, 'never'),
        sleep: () => c.clock.sleep(1),
        advance: () => c.advance(1),
        cut: () => c.cut(connection),
        pause: () => c.pause(connection),
        unpause: () => c.unpause(connection),
        hold: () => c.hold(),
        delay: () => c.delay(0, 1, 5),
      };
      for (const [name, call] of Object.entries(calls))
        expect(await why(Promise.resolve().then(call))).to.equal(`${name}: the cluster has ended`);
    });

    it('what is under way at the end fails then', async () => {
      const c = await start(2);
      await c.freeze(0);
      const under = [
        c.connect(0),
        c.until(() => false, 'never'),
        c.until(() => new Promise(() => undefined), 'never'),
        c.clock.sleep(1e9),
      ].map(why);
      await turn();
      await c[Symbol.asyncDispose]();
      const [connecting, ...waiting] = await Promise.all(under);
      expect(connecting).to.match(/ended|closed|connect/i);
      expect(waiting).to.deep.equal(waiting.map(() => 'the cluster has ended'));
    });
  });
}
