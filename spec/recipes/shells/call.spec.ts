import { expect } from 'chai';
import { ConnectionClosedError, IllegalParamError, MessageTooLongError } from '../../../lib/errors.js';
import { groupRpc } from '../../../lib/recipes/index.js';
import { deferred } from '../../../lib/util/deferred.js';
import { ClientWorld, failure } from '../../client/support.js';

const double = (value: number): number => 2 * value;

describe('caller', () => {
  it('gets the answer of every member', async () => {
    await using house = await ClientWorld.start();
    const a = await groupRpc<number, number>(await house.connect('a'), 'calc', { handler: double });
    await groupRpc<number, number>(await house.connect('b'), 'calc', { handler: double });
    const { outcomes, values, satisfied } = await a.call(21);
    expect([...outcomes.keys()]).to.deep.equal(['#a#d1', '#b#d1']);
    expect(values).to.deep.equal([42, 42]);
    expect(satisfied).to.equal(true);
  });

  it('shows what a handler throws, and what leaves, and who is late', async () => {
    await using house = await ClientWorld.start();
    const leaving = await house.connect('c');
    const asked = deferred<void>();
    const never = async (): Promise<number> => {
      asked.resolve();
      return await new Promise<number>(() => undefined);
    };
    const a = await groupRpc<number, number>(await house.connect('a'), 'calc');
    const throwing = (): number => {
      throw new Error('too hard');
    };
    await groupRpc<number, number>(await house.connect('b'), 'calc', { handler: throwing });
    await groupRpc<number, number>(leaving, 'calc', { handler: never });
    await groupRpc<number, number>(await house.connect('d'), 'calc', { handler: never });
    const calling = a.call(1, { timeoutMs: 300 });
    await asked.promise;
    await leaving.close();
    const { outcomes, satisfied } = await calling;
    expect([...outcomes]).to.deep.equal([
      ['#b#d1', { kind: 'error', message: 'too hard' }],
      ['#c#d1', { kind: 'left' }],
      ['#d#d1', { kind: 'timeout' }],
    ]);
    expect(satisfied).to.equal(false);
  });

  it('ends with the connection, and with the patience of the caller', async () => {
    await using house = await ClientWorld.start();
    const connection = await house.connect('a');
    const handler = async (_: unknown, { signal }: { readonly signal: AbortSignal }): Promise<number> =>
      await new Promise((resolve) => signal.addEventListener('abort', () => resolve(1)));
    const a = await groupRpc(connection, 'calc', { handler });
    expect((await failure(a.call(1, { signal: AbortSignal.timeout(20) }))).name).to.equal('TimeoutError');
    const waiting = failure(a.call(1));
    await connection.close();
    expect(await waiting).to.be.instanceOf(ConnectionClosedError);
    expect(await failure(a.call(1))).to.be.instanceOf(ConnectionClosedError);
  });

  it('refuses what cannot travel', async () => {
    await using house = await ClientWorld.start();
    const a = await groupRpc(await house.connect('a'), 'calc');
    expect(await failure(a.call('x'.repeat(150_000)))).to.be.instanceOf(MessageTooLongError);
    expect(await failure(a.call(() => 1))).to.be.instanceOf(IllegalParamError);
    expect(await failure(a.call(1, { timeoutMs: 0 }))).to.be.instanceOf(IllegalParamError);
  });

  it('has not enough answers where nobody is asked, in any mode', async () => {
    await using house = await ClientWorld.start();
    const a = await groupRpc(await house.connect('a'), 'calc');
    for (const mode of ['first', 'majority', 'all'] as const) {
      const { outcomes, values, satisfied } = await a.call(1, { mode });
      expect([outcomes.size, values, satisfied], mode).to.deep.equal([0, [], false]);
    }
  });

  it('makes an error of an answer that JSON cannot hold', async () => {
    await using house = await ClientWorld.start();
    const a = await groupRpc(await house.connect('a'), 'calc', { handler: () => NaN });
    const [outcome] = (await a.call(1)).outcomes.values();
    expect(outcome).to.have.property('kind', 'error');
    expect(outcome)
      .to.have.property('message')
      .that.matches(/the answer/);
  });

  it('makes an error of an answer that is too long', async () => {
    await using house = await ClientWorld.start();
    const a = await groupRpc(await house.connect('a'), 'calc', { handler: () => 'x'.repeat(150_000) });
    const [outcome] = (await a.call(1)).outcomes.values();
    expect(outcome).to.have.property('kind', 'error');
  });
});
