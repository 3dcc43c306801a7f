/** `ssp-toolkit/opentelemetry` without its host: what becomes a span and a metric, and what does not. */
import { expect } from 'chai';
import { spanContextOf, traceparentOf } from '../../lib/adapters/opentelemetry/context.js';
import { loadHost } from '../../lib/adapters/opentelemetry/api.js';
import { instrument } from '../../lib/adapters/opentelemetry/index.js';
import { Instrumentation } from '../../lib/adapters/opentelemetry/instrument.js';
import { IllegalParamError } from '../../lib/errors.js';
import { groupRpc, lock, map } from '../../lib/recipes/index.js';
import { deferred } from '../../lib/util/deferred.js';
import { ClientWorld, failure } from '../client/support.js';
import { until } from '../support/wait.js';
import { type FakeSpan, FakeTelemetry } from './fake-telemetry.js';

/** A program whose operations are spans. */
class TracedProgram extends FakeTelemetry implements Disposable {
  private readonly it = new Instrumentation(this.host, {});

  [Symbol.dispose](): void {
    this.it.close();
  }
}

const idOf = (span: FakeSpan | undefined): string | undefined => span?.spanContext().spanId;
const parentOf = (span: FakeSpan | undefined): string | undefined => span?.parent?.spanId;

describe('OpenTelemetry: spans', () => {
  it('a join is a client span, within what is current', async () => {
    await using world = await ClientWorld.start();
    using telemetry = new TracedProgram();
    const a = await world.connect('a');
    const outer = telemetry.tracer.startSpan('outer', {}, {});
    const within = telemetry.host.trace.setSpan({}, outer);
    await telemetry.host.context.with(within, () => a.join('g'));
    const [join] = telemetry.of('ssp join');
    expect([join?.kind, join?.ends, parentOf(join)]).to.deep.equal([2, 1, idOf(outer)]);
    expect(join?.attributes).to.deep.equal({
      'messaging.system': 'ssp',
      'messaging.operation.name': 'join',
      'messaging.destination.name': 'g',
      'messaging.client.id': '#a#d1',
      'ssp.view.members': 1,
    });
  });

  it('an error is an exception, the status and its type', async () => {
    await using world = await ClientWorld.start();
    using telemetry = new TracedProgram();
    const error = await failure((await world.connect('a')).join('no group'));
    const [join] = telemetry.of('ssp join');
    expect(join?.errors).to.deep.equal([error]);
    expect(join?.status).to.deep.equal({ code: 2, message: error.message });
    expect(join?.attributes['error.type']).to.equal('ERR_SSP_ILLEGAL_GROUP');
    expect(join?.ends).to.equal(1);
  });

  it('a call over three members is one trace, and is linked with each answer', async () => {
    await using world = await ClientWorld.start();
    const connections = [await world.connect('a'), await world.connect('b'), await world.connect('c')];
    using telemetry = new TracedProgram();
    const seen: unknown[] = [];
    const handler = (value: number): number => {
      seen.push(telemetry.host.context.active());
      return value;
    };
    const all = [];
    for (const each of connections) all.push(await groupRpc<number, number>(each, 'calc', { handler }));
    await all[0]?.call(7);
    const [call] = telemetry.of('ssp call');
    const answers = telemetry.of('ssp answer');
    expect(call?.attributes).to.include({
      'ssp.call.mode': 'all',
      'ssp.call.values': 3,
      'ssp.call.satisfied': true,
    });
    expect([call?.kind, call?.ends]).to.deep.equal([2, 1]);
    expect(
      answers.map((span) => [span.kind, span.ends, parentOf(span), span.parent?.isRemote]),
    ).to.deep.equal(answers.map(() => [1, 1, idOf(call), true]));
    expect(answers.map(({ attributes }) => attributes['messaging.client.id'])).to.have.members([
      '#a#d1',
      '#b#d1',
      '#c#d1',
    ]);
    expect(new Set([call, ...answers].map((span) => span?.spanContext().traceId)).size).to.equal(1);
    expect(call?.links.map(({ spanId }) => spanId)).to.have.members(answers.map(idOf));
    expect(seen).to.have.deep.members(answers.map((span) => ({ span: span.spanContext() })));
  });

  it('a request without a trace begins one, whatever is current where it arrives', async () => {
    await using world = await ClientWorld.start();
    const a = await groupRpc(await world.connect('a'), 'calc', { handler: () => 1 });
    const asked = a.call(1);
    using telemetry = new TracedProgram();
    await asked;
    const [answer] = telemetry.of('ssp answer');
    expect([answer?.parent, answer?.ends]).to.deep.equal([undefined, 1]);
  });

  it('a command is one trace: where it is submitted, and where it is applied', async () => {
    await using world = await ClientWorld.start();
    const tables = [];
    for (const name of ['a', 'b']) tables.push(await map<number>(await world.connect(name), 'table'));
    await Promise.all(tables.map((each) => each.ready()));
    using telemetry = new TracedProgram();
    await tables[0]?.set('x', 1);
    await until(() => telemetry.of('ssp apply').length === 2, 'both to apply it');
    const [submit] = telemetry.of('ssp submit');
    const applies = telemetry.of('ssp apply');
    expect([submit?.kind, submit?.ends]).to.deep.equal([3, 1]);
    expect(applies.map((span) => [span.kind, span.ends, parentOf(span)])).to.deep.equal([
      [4, 1, idOf(submit)],
      [4, 1, idOf(submit)],
    ]);
    expect(applies.map(({ attributes }) => attributes['ssp.sender'])).to.deep.equal(['#a#d1', '#a#d1']);
  });

  it('a command without a trace is applied without a span', async () => {
    await using world = await ClientWorld.start();
    const table = await map<number>(await world.connect('a'), 'table');
    await table.ready();
    const set = table.set('x', 1);
    using telemetry = new TracedProgram();
    await set;
    expect(telemetry.spans).to.deep.equal([]);
  });

  it('a lock that is acquired has what it submits within it, and its token', async () => {
    await using world = await ClientWorld.start();
    const door = await lock(await world.connect('a'), 'door');
    await door.ready();
    using telemetry = new TracedProgram();
    const { token } = await door.acquire();
    const [acquire] = telemetry.of('ssp lock.acquire');
    const submit = telemetry.of('ssp submit').find((span) => parentOf(span) === idOf(acquire));
    expect([acquire?.kind, acquire?.ends, acquire?.attributes['ssp.token']]).to.deep.equal([0, 1, token]);
    expect(submit?.ends).to.equal(1);
  });

  it('what is under way ends when it is closed, once, and nothing follows', async () => {
    await using world = await ClientWorld.start();
    const entered = deferred<void>();
    const answered = deferred<void>();
    const handler = async (): Promise<number> => {
      entered.resolve();
      await answered.promise;
      return 1;
    };
    const a = await groupRpc<number, number>(await world.connect('a'), 'calc', { handler });
    const telemetry = new TracedProgram();
    const call = a.call(1);
    await entered.promise;
    telemetry[Symbol.dispose]();
    telemetry[Symbol.dispose]();
    expect(telemetry.spans.map(({ name, ends }) => [name, ends])).to.deep.equal([
      ['ssp call', 1],
      ['ssp answer', 1],
    ]);
    answered.resolve();
    await call;
    await a.call(1);
    expect(telemetry.spans.map(({ ends }) => ends)).to.deep.equal([1, 1]);
  });
});

describe('OpenTelemetry: metrics', () => {
  it('count connections, views by cause, and measure submits', async () => {
    await using world = await ClientWorld.start();
    const before = await world.connect('before');
    const telemetry = new TracedProgram();
    const [a, b] = [await world.connect('a'), await world.connect('b')];
    const table = await map<number>(a, 'table');
    await table.ready();
    await table.set('x', 1);
    await failure(table.set('y', 1, { signal: AbortSignal.abort() }));
    await b.join('room');
    await b.close();
    await before.close();
    telemetry[Symbol.dispose]();
    const { measured } = telemetry;
    expect(measured['ssp.client.connections']?.map(([value]) => value)).to.deep.equal([1, 1, -1, -1]);
    expect(measured['ssp.client.views']).to.deep.equal([
      [1, { 'ssp.view.cause': 'join' }],
      [1, { 'ssp.view.cause': 'join' }],
    ]);
    const [done, failed] = measured['ssp.client.submit.duration'] ?? [];
    expect(done?.[0]).to.be.above(0).and.below(60);
    expect([done?.[1], failed?.[1]]).to.deep.equal([{}, { 'error.type': 'AbortError' }]);
    expect(measured['ssp.client.gaps']).to.deep.equal([]);
  });

  it('have nothing of plain messages, of which no spans are made', async () => {
    await using world = await ClientWorld.start();
    using telemetry = new TracedProgram();
    const [a, b] = [await world.connect('a'), await world.connect('b')];
    const [sender, receiver] = [await a.join('room'), await b.join('room')];
    let received = 0;
    receiver.on('data', () => received++);
    sender.on('data', () => undefined);
    const all = (): unknown => structuredClone([telemetry.measured, telemetry.spans.length]);
    await until(() => sender.members.length === 2, 'both members');
    const before = all();
    for (let count = 0; count < 10; count++) await sender.send('text');
    await b.sendTo(a.id, 'text');
    await until(() => received === 10, 'all messages');
    expect(all()).to.deep.equal(before);
  });
});

describe('OpenTelemetry: contexts', () => {
  const span = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };

  for (const [traceFlags, flags] of [
    [0, '00'],
    [1, '01'],
    [0x103, '03'],
  ] as const)
    it(`have the flags ${flags} as text, and back`, () => {
      const text = traceparentOf({ ...span, traceFlags });
      expect(text).to.equal(`00-${span.traceId}-${span.spanId}-${flags}`);
      expect(spanContextOf(text)).to.deep.equal({ ...span, traceFlags: traceFlags & 0xff, isRemote: true });
    });

  it('are none without a trace: a program that has no SDK', () => {
    const none = { traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 0 };
    expect([traceparentOf(none), spanContextOf(undefined), spanContextOf('nonsense')]).to.deep.equal([
      undefined,
      null,
      null,
    ]);
  });
});

describe('instrument', () => {
  it('says what to install where the host is missing, and can be called again then', async () => {
    for (let count = 0; count < 2; count++) {
      const error = await failure(instrument());
      expect(error.stack).to.equal('Error: install @opentelemetry/api to use ssp-toolkit/opentelemetry');
    }
  });

  it('passes on what else goes wrong, and says which host it needs', async () => {
    const broken = new SyntaxError('broken');
    expect(await failure(loadHost(() => Promise.reject(broken)))).to.equal(broken);
    const old = await failure(loadHost(async () => ({ trace: {} })));
    expect(old.message).to.match(/^expected @opentelemetry\/api 1\.9 or newer/);
  });

  it('takes a host whose names are those of a default export', async () => {
    const { host } = new FakeTelemetry();
    expect(await loadHost(async () => ({ default: host }))).to.equal(host);
  });

  for (const [options, text] of [
    [{ tracer: {} }, 'tracer must have the method startSpan'],
    [{ meter: { createCounter() {} } }, 'meter must have the method createCounter, createUpDownCounter'],
    [{ tracers: 1 }, 'unknown option "tracers"'],
  ] as const)
    it(`refuses ${JSON.stringify(options)}`, async () => {
      const error = await failure(instrument(options as never));
      expect(error).to.be.instanceOf(IllegalParamError);
      expect(error.message).to.include(text);
    });
});
