import { once } from 'node:events';
import { expect } from 'chai';
import type { Connection } from '../../../lib/client/connection.js';
import { ConnectionClosedError, IllegalParamError } from '../../../lib/errors.js';
import { LeaderLostError, lead, type LeadInfo } from '../../../lib/recipes/index.js';
import { deferred } from '../../../lib/util/deferred.js';
import { ClientWorld, failure } from '../../client/support.js';
import { until } from '../../support/wait.js';

/** Resolves when it aborts. */
const aborted = async (signal: AbortSignal): Promise<unknown> =>
  signal.aborted || (await once(signal, 'abort'));

/** How often it has joined, less how often it has left. */
function memberships(connection: Connection): () => number {
  let count = 0;
  connection.on('event', (event) => {
    if (event.kind === 'self-leave') count--;
    else if (event.kind === 'view' && event.cause === 'join' && event.cameWithMe.length === 1) count++;
  });
  return () => count;
}

describe('lead', () => {
  it('runs the job when this member is elected, gives its value, and leaves', async () => {
    await using house = await ClientWorld.start();
    const [a, b] = [await house.connect('a'), await house.connect('b')];
    const done = deferred<string>();
    const runs: string[] = [];
    const first = lead(a, 'jobs', ({ signal }) => {
      runs.push('a');
      return Promise.race([done.promise, aborted(signal).then(() => 'stopped')]);
    });
    await until(() => runs.length === 1, 'a to lead');
    const second = lead(b, 'jobs', ({ term }) => {
      runs.push('b');
      return `led with ${typeof term}`;
    });
    await until(() => runs.length === 2, 'a to lead again');
    done.resolve('done');
    expect([await first, await second]).to.deep.equal(['done', 'led with number']);
    expect(runs).to.deep.equal(['a', 'a', 'b']);
  });

  it('stops the job when another member comes, and waits for its end before it runs it again', async () => {
    await using house = await ClientWorld.start();
    const [a, b] = [await house.connect('a'), await house.connect('b')];
    const runs: LeadInfo[] = [];
    const ends = [deferred<string>(), deferred<string>()];
    const first = lead(a, 'jobs', (info) => ends[runs.push(info) - 1]?.promise ?? 'third');
    await until(() => runs.length === 1, 'the first run');
    const group = await b.join('jobs');
    const [run] = runs as [LeadInfo];
    await aborted(run.signal);
    expect(run.signal.reason).to.be.instanceOf(LeaderLostError);
    await new Promise((resolve) => void setImmediate(resolve));
    expect(runs).to.have.length(1);
    ends[0]?.resolve('not in time');
    await until(() => runs.length === 2, 'the second run');
    expect(runs[1]?.term).to.be.above(run.term);
    await group.leave();
    await aborted(runs[1]?.signal as AbortSignal);
    ends[1]?.reject(new Error('not in time either'));
    expect(await first).to.equal('third');
  });

  it('rejects with what the job throws, and leaves', async () => {
    await using house = await ClientWorld.start();
    const a = await house.connect('a');
    const count = memberships(a);
    const thrown = new Error('out of paper');
    const job = (): never => {
      throw thrown;
    };
    expect(await failure(lead(a, 'jobs', job))).to.equal(thrown);
    expect(count()).to.equal(0);
  });

  it('rejects with the reason of its signal, when the job has settled', async () => {
    await using house = await ClientWorld.start();
    const a = await house.connect('a');
    const count = memberships(a);
    const stop = new AbortController();
    const reason = new Error('enough');
    let info: LeadInfo | null = null;
    const end = deferred<string>();
    const waiting = failure(
      lead(
        a,
        'jobs',
        (given) => {
          info = given;
          return end.promise;
        },
        { signal: stop.signal },
      ),
    );
    await until(() => info !== null, 'the run');
    stop.abort(reason);
    expect((info as unknown as LeadInfo).signal.reason).to.equal(reason);
    await until(() => count() === 0, 'a to have left');
    end.resolve('too late');
    expect(await waiting).to.equal(reason);
  });

  it('rejects with the reason while another member leads, and before it joins', async () => {
    await using house = await ClientWorld.start();
    const a = await house.connect('a');
    const count = memberships(a);
    const reason = new Error('enough');
    const never = (): never => {
      throw new Error('it leads');
    };
    const stop = new AbortController();
    const waiting = failure(lead(a, 'jobs', never, { quorum: 2, signal: stop.signal }));
    await until(() => count() === 1, 'a to have joined');
    stop.abort(reason);
    expect(await waiting).to.equal(reason);
    expect(count()).to.equal(0);
    expect(await failure(lead(a, 'jobs', never, { signal: AbortSignal.abort(reason) }))).to.equal(reason);
  });

  it('ends the job and itself when the connection is lost', async () => {
    await using house = await ClientWorld.start();
    const a = await house.connect('a');
    let why: unknown;
    const leading = deferred<void>();
    const waiting = failure(
      lead(a, 'jobs', async ({ signal }) => {
        leading.resolve();
        await aborted(signal);
        why = signal.reason;
      }),
    );
    await leading.promise;
    await a.close();
    expect(await waiting).to.be.instanceOf(ConnectionClosedError);
    expect(why).to.be.instanceOf(LeaderLostError).with.property('message').that.includes('was closed');
  });

  it('refuses options that are none', async () => {
    await using house = await ClientWorld.start();
    const a = await house.connect('a');
    const job = (): null => null;
    for (const options of [{ quorum: 0 }, { prefer: 'youngest' as 'oldest' }, { qourum: 2 }])
      expect(await failure(lead(a, 'jobs', job, options))).to.be.instanceOf(IllegalParamError);
  });

  it('lets the oldest lead where all prefer it', async () => {
    await using house = await ClientWorld.start();
    const [a, b] = [await house.connect('a'), await house.connect('b')];
    const leads: string[] = [];
    const stop = new AbortController();
    const options = { prefer: 'oldest', signal: stop.signal } as const;
    const job =
      (name: string) =>
      async ({ signal }: LeadInfo): Promise<void> => {
        leads.push(name);
        await aborted(signal);
      };
    const all = [lead(b, 'jobs', job('b'), options)];
    await until(() => leads.length === 1, 'b to lead');
    all.push(lead(a, 'jobs', job('a'), options));
    await until(() => leads.length === 2, 'one to lead again');
    expect(leads).to.deep.equal(['b', 'b']);
    const ended = all.map((each) => failure(each));
    stop.abort();
    await Promise.all(ended);
  });
});
