/** What those can follow who subscribe to the tracing channels, and what they may write into it. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import type { Connection } from '../../../lib/client/connection.js';
import { IllegalGroupError } from '../../../lib/errors.js';
import { BodyWriter } from '../../../lib/recipes/core/codec.js';
import { groupRpc, lock, map, replicated } from '../../../lib/recipes/index.js';
import type { TracedOperation } from '../../../lib/util/report/traced.js';
import { ClientWorld, failure } from '../../client/support.js';
import { Operations } from '../../support/diagnostics.js';
import { until } from '../../support/wait.js';

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const OTHER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
/** A tag, a length, 55 bytes. */
const TRACE_BYTES = 57;

interface Report extends TracedOperation {
  readonly id: string;
  readonly parent?: string;
  readonly [name: string]: unknown;
}

const setting =
  (traceparent: unknown) =>
  (message: Report): void =>
    void Object.assign(message, { traceparent });

/** A member of the group that says nothing, and what is sent to the group. */
async function listenTo(connection: Connection, name: string): Promise<Buffer[]> {
  const bodies: Buffer[] = [];
  (await connection.join(name)).on('data', ({ body }) => void bodies.push(Buffer.from(body)));
  return bodies;
}

const double = (value: number): number => 2 * value;

describe('tracing channels', () => {
  it('ssp-toolkit:join tells of joins, and of those that fail', async () => {
    await using house = await ClientWorld.start();
    const a = await house.connect('a');
    await (await house.connect('b')).join('g');
    using joins = new Operations<Report>('ssp-toolkit:join');
    const group = await a.join('g');
    expect(joins.over).to.deep.equal([{ id: '#a#d1', group: 'g', members: 2, result: group }]);
    const error = await failure(a.join('no group'));
    expect(error).to.be.instanceOf(IllegalGroupError);
    expect(joins.failed).to.deep.equal([{ id: '#a#d1', group: 'no group', members: 0, error }]);
  });

  it('a call has the trace of its caller at each member, and the caller those of the answers', async () => {
    await using house = await ClientWorld.start();
    const seen: unknown[] = [];
    const storage = new AsyncLocalStorage<string>();
    const handler = (value: number, { from }: { readonly from: string }): number => {
      seen.push([from, storage.getStore()]);
      return double(value);
    };
    await groupRpc<number, number>(await house.connect('b'), 'calc', { handler });
    const a = await groupRpc<number, number>(await house.connect('a'), 'calc', { handler });
    using calls = new Operations<Report>('ssp-toolkit:call', setting(TRACE));
    using answers = new Operations<Report>('ssp-toolkit:answer', (message) => {
      message.traceparent = OTHER;
      message.run = (operation) => storage.run(message.id, operation);
    });
    const result = await a.call(21, { mode: 'all' });
    expect(result.values).to.deep.equal([42, 42]);
    const place = { group: 'calc', members: 2 };
    const noted = ['#a#d1', '#b#d1'].map((member) => ({ member, traceparent: OTHER }));
    expect(calls.over).to.have.length(1);
    const { answers: got, ...rest } = calls.over[0] as Report;
    expect(rest).to.deep.equal({ id: '#a#d1', ...place, mode: 'all', traceparent: TRACE, result });
    expect(got).to.have.deep.members(noted);
    expect(answers.begun.map(({ id, sender, parent }) => [id, sender, parent])).to.have.deep.members([
      ['#a#d1', '#a#d1', TRACE],
      ['#b#d1', '#a#d1', TRACE],
    ]);
    expect(seen).to.have.deep.members([
      ['#a#d1', '#a#d1'],
      ['#a#d1', '#b#d1'],
    ]);
  });

  it('an answer that fails is one of the caller, in its trace', async () => {
    await using house = await ClientWorld.start();
    const handler = (): number => {
      throw new RangeError('too hard');
    };
    const a = await groupRpc<number, number>(await house.connect('a'), 'calc', { handler });
    using calls = new Operations<Report>('ssp-toolkit:call');
    using answers = new Operations<Report>('ssp-toolkit:answer', setting(OTHER));
    const { outcomes } = await a.call(1);
    expect([...outcomes.values()]).to.deep.equal([{ kind: 'error', message: 'too hard' }]);
    expect(calls.over[0]?.['answers']).to.deep.equal([{ member: '#a#d1', traceparent: OTHER }]);
    expect(answers.failed.map(({ error }) => error)).to.deep.equal([new RangeError('too hard')]);
  });

  it('nothing more is sent without a subscriber, nor with one that only looks', async () => {
    await using house = await ClientWorld.start();
    const bodies = await listenTo(await house.connect('tap'), 'calc');
    const a = await groupRpc<number, number>(await house.connect('a'), 'calc', { handler: double });
    await a.call(1, { mode: 'first' });
    {
      using calls = new Operations<Report>('ssp-toolkit:call');
      await a.call(1, { mode: 'first' });
      expect(calls.over).to.have.length(1);
    }
    {
      using calls = new Operations<Report>('ssp-toolkit:call', setting(TRACE));
      await a.call(1, { mode: 'first' });
      expect(calls.over).to.have.length(1);
    }
    await a.call(1, { mode: 'first' });
    await until(() => bodies.length === 4, 'four requests');
    const [first, ...others] = bodies.map(({ length }) => length);
    expect(others).to.deep.equal([first, (first ?? 0) + TRACE_BYTES, first]);
    expect(bodies[2]?.subarray(-TRACE_BYTES + 2).toString()).to.equal(TRACE);
  });

  it('a malformed trace is not sent, and warned of once', async () => {
    await using house = await ClientWorld.start();
    const bodies = await listenTo(await house.connect('tap'), 'calc');
    const a = await groupRpc<number, number>(await house.connect('a'), 'calc', { handler: double });
    const warnings: string[] = [];
    const onWarning = ({ name, message }: Error): void => {
      if (name === 'SspTracingWarning') warnings.push(message);
    };
    process.on('warning', onWarning);
    for (const value of ['nonsense', 7, 'x'.repeat(100_000)]) {
      using calls = new Operations<Report>('ssp-toolkit:call', setting(value));
      expect((await a.call(4, { mode: 'first' })).values).to.deep.equal([8]);
      expect(calls.over.map(({ traceparent }) => traceparent)).to.deep.equal([undefined]);
    }
    await until(() => warnings.length > 0 && bodies.length === 3, 'a warning and three requests');
    process.off('warning', onWarning);
    expect(warnings).to.deep.equal([
      'ssp-toolkit:call: expected a traceparent of 55 characters, got "nonsense"',
    ]);
    expect(new Set(bodies.map(({ length }) => length)).size).to.equal(1);
  });

  it('a member that sends a malformed trace is answered as if it had sent none', async () => {
    await using house = await ClientWorld.start();
    const liar = await house.connect('liar');
    const answers: Buffer[] = [];
    liar.on('message', ({ body }) => void answers.push(body));
    await liar.join('calc');
    await groupRpc<number, number>(await house.connect('a'), 'calc', { handler: double });
    using heard = new Operations<Report>('ssp-toolkit:answer');
    const ask = async (call: number, trace: Uint8Array): Promise<void> => {
      const request = new BodyWriter('call', 1).number(9).number(call).data(Buffer.from('4'));
      await liar.send('calc', Buffer.concat([request.finish(), trace]));
    };
    const nonsense = [
      Buffer.alloc(0),
      Buffer.from([16, 0]),
      Buffer.from([16, 55, ...Buffer.alloc(55, 0x30)]),
    ];
    for (const [call, trace] of nonsense.entries()) await ask(call + 1, trace);
    await until(() => answers.length === 3, 'three answers');
    expect(heard.begun.map(({ parent, sender }) => [parent, sender])).to.deep.equal(
      nonsense.map(() => [undefined, '#liar#d1']),
    );
    expect(new Set(answers.map(({ length }) => length)).size).to.equal(1);
  });

  it('a command has the trace of its submitter where it is applied, at each member', async () => {
    await using house = await ClientWorld.start();
    const a = await map<number>(await house.connect('a'), 'table');
    const b = await map<number>(await house.connect('b'), 'table');
    await Promise.all([a.ready(), b.ready()]);
    using submits = new Operations<Report>('ssp-toolkit:submit', (message) => {
      if (message.id === '#a#d1') message.traceparent = TRACE;
    });
    using applies = new Operations<Report>('ssp-toolkit:apply');
    await a.set('x', 1);
    await b.set('x', 2);
    await until(() => applies.begun.length === 4, 'two commands at two members');
    expect(applies.begun.map(({ id, sender, parent }) => [id, sender, parent])).to.have.deep.members([
      ['#a#d1', '#a#d1', TRACE],
      ['#b#d1', '#a#d1', TRACE],
      ['#a#d1', '#b#d1', undefined],
      ['#b#d1', '#b#d1', undefined],
    ]);
    expect(applies.begun.every(({ group, members }) => group === 'table' && members === 2)).to.equal(true);
    const [first] = submits.over;
    expect(first).to.include({ id: '#a#d1', group: 'table', members: 2, traceparent: TRACE });
    expect(first?.['bytes']).to.equal(Buffer.byteLength('{"op":"set","key":"x","value":1}'));
    expect(first?.['durationMs']).to.be.above(0);
    expect(a.get('x')).to.equal(2);
  });

  it('a command that fails does so in both', async () => {
    await using house = await ClientWorld.start();
    const machine = {
      reset: () => undefined,
      apply: () => {
        throw new RangeError('never');
      },
      snapshot: () => new Uint8Array(),
      restore: () => undefined,
    };
    const a = await replicated(await house.connect('a'), 'failing', machine);
    using submits = new Operations<Report>('ssp-toolkit:submit');
    using applies = new Operations<Report>('ssp-toolkit:apply');
    const error = await failure(a.submit('x'));
    expect(error).to.be.instanceOf(RangeError);
    expect([submits, applies].map(({ failed }) => failed.map((each) => each['error']))).to.deep.equal([
      [error],
      [error],
    ]);
  });

  it('a lock has its token, and what it submits is within it', async () => {
    await using house = await ClientWorld.start();
    const a = await lock(await house.connect('a'), 'door');
    await a.ready();
    const storage = new AsyncLocalStorage<string>();
    using locks = new Operations<Report>('ssp-toolkit:lock', (message) => {
      message.run = (operation) => storage.run('in the lock', operation);
    });
    using submits = new Operations<Report>('ssp-toolkit:submit', (message) => {
      Object.assign(message, { within: storage.getStore() });
    });
    const held = await a.acquire();
    expect(submits.begun.map((message) => message['within'])).to.deep.equal(['in the lock']);
    expect(locks.over[0]).to.include({ id: '#a#d1', group: 'door', members: 1, token: held.token });
    const waiting = a.acquire({ signal: AbortSignal.abort() });
    expect((await failure(waiting)).name).to.equal('AbortError');
    expect(locks.failed[0]).to.include({ id: '#a#d1', token: 0 });
  });
});
