/** `ssp-toolkit/opentelemetry` as users install it, with the SDK: traces across processes, types, the program of its page. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Daemon } from '../../../daemon/index.js';
import { startDaemon } from '../../support/local-daemon.js';
import { repositoryRoot } from '../../support/recordings.js';
import { eventually } from '../../support/wait.js';
import { Consumer, hosts } from '../consumer.js';

const LIMIT = 60_000;

/** A program with an SDK that prints its spans, a line each, and carries out the lines of its input. */
const MEMBER = `
  import { createInterface } from 'node:readline';
  import { NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
  import { connect } from 'ssp-toolkit';
  import { instrument } from 'ssp-toolkit/opentelemetry';
  import { groupRpc, lock, map } from 'ssp-toolkit/recipes';

  const [, , address, name, isTraced] = process.argv;
  const say = (line) => console.log(JSON.stringify(line));
  const exporter = {
    export(spans, done) {
      for (const span of spans) {
        const { traceId, spanId } = span.spanContext();
        const links = span.links.map(({ context }) => context.spanId);
        const { attributes, kind, name, status } = span;
        say({ name, kind, traceId, spanId, parent: span.parentSpanContext?.spanId, links, attributes, status });
      }
      done({ code: 0 });
    },
    shutdown: async () => undefined,
  };
  if (isTraced === 'yes') {
    new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
    await instrument();
  }
  const connection = await connect({ address, name });
  const rpc = await groupRpc(connection, 'calc', { handler: (value) => 2 * value });
  const table = await map(connection, 'table');
  const door = await lock(connection, 'door');
  await Promise.all([table.ready(), door.ready()]);
  let held;
  const acts = {
    call: async () => (await rpc.call(21)).values,
    set: async () => void (await table.set('x', name)),
    acquire: async () => void (held = await door.acquire()),
    release: async () => void (await held.release()),
  };
  say({ name: 'ready' });
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'close') break;
    acts[line]().then((result) => say({ name: 'done', act: line, result }));
  }
  await connection.close();
  say({ name: 'table', value: table.get('x') });
  process.stdin.destroy();
`;

interface Line {
  readonly who: string;
  readonly name: string;
  readonly kind?: number;
  readonly traceId?: string;
  readonly spanId?: string;
  readonly parent?: string;
  readonly links?: readonly string[];
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly act?: string;
  readonly result?: unknown;
  readonly value?: unknown;
}

/** Processes that are members of the same groups. */
class Members implements AsyncDisposable {
  readonly lines: Line[] = [];
  private readonly all = new Map<string, ChildProcess>();
  private errors = '';

  constructor(
    private readonly program: string,
    private readonly address: string,
  ) {}

  async start(who: string, isTraced = true): Promise<void> {
    const { SSP_ADDRESS: _, ...env } = process.env;
    const args = [this.program, this.address, who, isTraced ? 'yes' : 'no'];
    const child = spawn(process.execPath, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.all.set(who, child);
    child.stderr.on('data', (text) => (this.errors += text));
    let rest = '';
    child.stdout.on('data', (text) => {
      const lines = (rest + String(text)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.lines.push({ who, ...(JSON.parse(line) as Omit<Line, 'who'>) });
    });
    await this.until(() => this.of('ready', who).length > 0, `${who} to be ready`);
  }

  /** @returns when it has begun: what follows is asked for by lines */
  tell(who: string, act: string): void {
    this.all.get(who)?.stdin?.write(`${act}\n`);
  }

  /** @returns its result */
  async ask(who: string, act: string): Promise<unknown> {
    const before = this.done(who, act).length;
    this.tell(who, act);
    await this.until(() => this.done(who, act).length > before, `${who} to ${act}`);
    return this.done(who, act).at(-1)?.result;
  }

  of(name: string, who?: string): Line[] {
    return this.lines.filter((line) => line.name === name && (who ?? line.who) === line.who);
  }

  /** Of that group. */
  in(group: string, name: string): Line[] {
    return this.of(name).filter(({ attributes }) => attributes?.['messaging.destination.name'] === group);
  }

  done(who: string, act: string): Line[] {
    return this.of('done', who).filter((line) => line.act === act);
  }

  async until(fact: () => boolean, what: string): Promise<void> {
    await eventually(() => this.errors !== '' || fact(), what, LIMIT);
    expect(this.errors).to.equal('');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      [...this.all.values()].map(async (child) => {
        if (child.exitCode !== null) return;
        const ended = once(child, 'close');
        child.kill('SIGKILL');
        await ended;
      }),
    );
  }
}

const WHO = ['ann', 'bob', 'cid'];
const read = (path: string): string => readFileSync(join(repositoryRoot, path), 'utf8');

describe('hosts: the installed OpenTelemetry adapter', () => {
  let consumer: Consumer;

  before(async () => {
    consumer = await Consumer.make();
    consumer.write('member.mjs', MEMBER);
  });
  after(async () => {
    await consumer[Symbol.asyncDispose]();
  });

  describe('with the host', () => {
    let daemon: Daemon;
    let members: Members;

    before(async () => {
      mkdirSync(consumer.file('node_modules'), { recursive: true });
      symlinkSync(join(hosts, 'node_modules/@opentelemetry'), consumer.file('node_modules/@opentelemetry'));
      daemon = await startDaemon();
      members = new Members(consumer.file('member.mjs'), `${daemon.port}@127.0.0.1`);
      await Promise.all(WHO.map((who) => members.start(who)));
    });
    after(async () => {
      await members[Symbol.asyncDispose]();
      await daemon.stop();
    });
    beforeEach(() => void members.lines.splice(0));

    it('makes one trace of a call over three processes', async () => {
      expect(await members.ask('ann', 'call')).to.deep.equal([42, 42, 42]);
      await members.until(
        () => members.of('ssp call').length === 1 && members.of('ssp answer').length === 3,
        'four spans',
      );
      const [call] = members.of('ssp call');
      const answers = members.of('ssp answer');
      expect(answers.map(({ who }) => who).toSorted()).to.deep.equal(WHO);
      for (const each of answers) expect(each).to.include({ parent: call?.spanId, traceId: call?.traceId });
      expect(call?.parent).to.equal(undefined);
      expect(call?.links).to.have.members(answers.map(({ spanId }) => spanId));
    });

    it('makes one trace of a command', async () => {
      await members.ask('ann', 'set');
      await members.until(() => members.in('table', 'ssp apply').length === 3, 'three to apply');
      const [submit] = members.in('table', 'ssp submit');
      const applied = members.in('table', 'ssp apply');
      expect(applied.map(({ who }) => who).toSorted()).to.deep.equal(WHO);
      for (const each of applied)
        expect(each).to.include({ parent: submit?.spanId, traceId: submit?.traceId });
    });

    it('makes one trace of a lock that another process gives back', async () => {
      await members.ask('bob', 'acquire');
      members.tell('cid', 'acquire');
      const asks = (): Line | undefined => members.of('ssp submit', 'cid').find((line) => line.parent);
      await members.until(() => asks() !== undefined, 'one to ask for the lock');
      expect(members.of('ssp lock.acquire').map(({ who }) => who)).to.deep.equal(['bob']);
      await members.ask('bob', 'release');
      await members.until(() => members.of('ssp lock.acquire', 'cid').length === 1, 'it to have the lock');
      const [acquire] = members.of('ssp lock.acquire', 'cid');
      expect(asks()).to.include({ parent: acquire?.spanId, traceId: acquire?.traceId });
      const applied = (): Line[] =>
        members.of('ssp apply').filter(({ traceId }) => traceId === acquire?.traceId);
      await members.until(() => applied().length === 3, 'three to apply');
      expect(
        applied()
          .map(({ who }) => who)
          .toSorted(),
      ).to.deep.equal(WHO);
      for (const each of applied()) expect(each.parent).to.equal(asks()?.spanId);
    });

    it('works with a member that is not traced', async () => {
      await members.start('dan', false);
      expect(await members.ask('ann', 'call')).to.deep.equal([42, 42, 42, 42]);
      expect(await members.ask('dan', 'call')).to.deep.equal([42, 42, 42, 42]);
      await members.until(() => members.of('ssp answer').length === 6, 'two answers of three');
      const [call] = members.of('ssp call');
      expect(members.of('ssp call').map(({ who }) => who)).to.deep.equal(['ann']);
      const parents = members.of('ssp answer').map(({ parent }) => parent);
      expect(parents.filter((parent) => parent === call?.spanId)).to.have.length(3);
      expect(parents.filter((parent) => parent === undefined)).to.have.length(3);
      await members.ask('dan', 'set');
      await members.ask('ann', 'set');
      const all = [...WHO, 'dan'];
      for (const who of all) members.tell(who, 'close');
      await members.until(() => members.of('table').length === all.length, 'their tables');
      expect(members.of('table').map(({ value }) => value)).to.deep.equal(all.map(() => 'ann'));
    });

    it('gives its metrics to a meter of the SDK', async () => {
      consumer.write(
        'metrics.mjs',
        `import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
         import { connect } from 'ssp-toolkit';
         import { instrument } from 'ssp-toolkit/opentelemetry';
         import { counter } from 'ssp-toolkit/recipes';
         const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
         const reader = new PeriodicExportingMetricReader({ exporter });
         const provider = new MeterProvider({ readers: [reader] });
         await instrument({ meter: provider.getMeter('test') });
         const connection = await connect({ address: process.argv[2] });
         const hits = await counter(connection, 'hits');
         await hits.add(1);
         await provider.forceFlush();
         const [{ scopeMetrics }] = exporter.getMetrics();
         for (const { descriptor, dataPoints } of scopeMetrics[0].metrics)
           console.log(descriptor.name, descriptor.unit, dataPoints.map(({ value }) => value.count ?? value).join());
         await connection.close();
         await provider.shutdown();`,
      );
      const { status, out, err } = await consumer.run(process.execPath, 'metrics.mjs', [
        `${daemon.port}@127.0.0.1`,
      ]);
      expect([status, err]).to.deep.equal([0, '']);
      expect(out.trim().split('\n').toSorted()).to.deep.equal([
        'ssp.client.connections {connection} 1',
        'ssp.client.submit.duration s 1',
        'ssp.client.views {view} 1',
      ]);
    });

    for (const compiler of ['typescript-5.4', 'typescript'])
      it(`has types that ${compiler} takes a tracer and a meter for`, () => {
        const program = `
          import { metrics, trace } from '@opentelemetry/api';
          import { instrument, type Instrumentation, type InstrumentOptions } from 'ssp-toolkit/opentelemetry';
          const options: InstrumentOptions = { tracer: trace.getTracer('a', '1'), meter: metrics.getMeter('a', '1') };
          const it: Instrumentation = await instrument(options);
          it.close();
          // @ts-expect-error A provider is none.
          await instrument({ tracer: trace.getTracerProvider() });
          // @ts-expect-error A slip.
          await instrument({ tracers: trace.getTracer('a') });
        `;
        const others = { skipLibCheck: true };
        expect(consumer.compile(`types-${compiler}`, 'module', compiler, { program }, others)).to.equal('');
      });

    it('runs the program of its page, which prints what the page says', async () => {
      const source = read('docs/examples/hosts/opentelemetry.mjs');
      const page = read('docs/guide/opentelemetry.md');
      expect(page).to.include('```js\n' + source + '```');
      consumer.write('example.mjs', source);
      const { status, out, err } = await consumer.run(process.execPath, 'example.mjs', [
        `${daemon.port}@127.0.0.1`,
      ]);
      expect([status, err]).to.deep.equal([0, '']);
      expect(page).to.include('```\n' + out + '```');
    });
  });
});
