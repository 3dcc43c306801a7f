import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { createDaemon, type DaemonOptions } from '../../daemon/index.js';
import { joinAll, openAll } from '../../lib/cli/flood/connections.js';
import { Flood, type FloodPlan } from '../../lib/cli/flood/run.js';
import { PermissionDeniedError } from '../../lib/errors.js';
import type { Mailbox } from '../../lib/mailbox/mailbox.js';
import { AGREED_MESS } from '../../lib/wire/service.js';
import { withRules } from '../support/permissions.js';

const plan: FloodPlan = {
  group: 'flood',
  service: AGREED_MESS,
  body: Buffer.alloc(50),
  messages: 5_000,
  window: 200,
};

interface Scene extends AsyncDisposable {
  readonly address: string;
  readonly sending: readonly Mailbox[];
  readonly receiving: readonly Mailbox[];
}

/** A daemon, and connections of which the receiving ones are in the group. */
async function scene(senders: number, receivers: number, options: DaemonOptions = {}): Promise<Scene> {
  const daemon = await createDaemon({ listen: [{ host: '127.0.0.1', port: 0 }], ...options });
  const address = `${daemon.port}@127.0.0.1`;
  const { signal } = new AbortController();
  const sending = await openAll({ address }, senders, false, signal);
  const receiving = await openAll({ address }, receivers, true, signal);
  await joinAll(receiving, plan.group, address, signal);
  const dispose = async (): Promise<void> => {
    for (const mailbox of [...sending, ...receiving]) mailbox.kill();
    await daemon.stop();
  };
  return { address, sending, receiving, [Symbol.asyncDispose]: dispose };
}

describe('command: a flood', () => {
  for (const [senders, receivers] of [
    [1, 1],
    [3, 2],
    [2, 5],
  ] as const) {
    it(`of ${senders} to ${receivers} brings everything to everybody in one order`, async () => {
      await using at = await scene(senders, receivers);
      const result = await new Flood(at.sending, at.receiving, plan).run();
      expect(result).to.include({ sent: 5_000, ordered: true });
      expect(result?.delivered).to.deep.equal(Array.from({ length: receivers }, () => 5_000));
      expect(result?.elapsed).to.be.above(0);
    });
  }

  it('never has more under way than its window', async () => {
    await using at = await scene(1, 1);
    const [receiver] = at.receiving as [Mailbox];
    let most = 0;
    const take = receiver.take.bind(receiver);
    receiver.take = () => {
      most = Math.max(most, receiver.waiting);
      return take();
    };
    const result = await new Flood(at.sending, at.receiving, { ...plan, window: 7 }).run();
    expect(result).to.include({ ordered: true });
    expect(most).to.be.within(1, 7);
  });

  it('ends when it is stopped, with all that was sent', async () => {
    await using at = await scene(1, 3);
    const run = new Flood(at.sending, at.receiving, { ...plan, messages: Infinity });
    const running = run.run();
    while (run.arrived < 1_000) await new Promise((resolve) => setImmediate(resolve));
    run.stop();
    const result = await running;
    expect(result?.ordered).to.equal(true);
    expect(result?.sent).to.be.at.least(1_000);
  });

  it('finds out that a message of somebody else came in between', async () => {
    await using at = await scene(1, 1);
    const [receiver] = at.receiving as [Mailbox];
    await receiver.send(AGREED_MESS, [plan.group], 0, [plan.body]);
    const result = await new Flood(at.sending, at.receiving, plan).run();
    expect(result?.ordered).to.equal(false);
  });

  it('ends with the refusal where the group may not be joined, or not be sent to', async () => {
    await using at = await withRules([`* join ${plan.group}`], (options) => scene(1, 1, options));
    const refusal = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);
    const joined = await refusal(joinAll(at.sending, 'other', at.address, new AbortController().signal));
    expect(joined).to.be.instanceOf(PermissionDeniedError).and.include({ action: 'join', group: 'other' });
    const sent = await refusal(new Flood(at.sending, at.receiving, plan).run());
    expect(sent).to.be.instanceOf(PermissionDeniedError).and.include({ action: 'send', group: plan.group });
  });

  it('ends without a result when a receiver is lost', async () => {
    await using at = await scene(1, 3);
    const run = new Flood(at.sending, at.receiving, { ...plan, messages: Infinity });
    const running = run.run();
    while (run.arrived < 1_000) await new Promise((resolve) => setImmediate(resolve));
    at.receiving[1]?.kill();
    expect(await running).to.equal(null);
  });

  it('ends without a result when a sender is lost', async () => {
    await using at = await scene(2, 2);
    const run = new Flood(at.sending, at.receiving, { ...plan, messages: Infinity });
    const running = run.run();
    while (run.arrived < 1_000) await new Promise((resolve) => setImmediate(resolve));
    at.sending[0]?.kill();
    expect(await running).to.equal(null);
  });
});
