/** The engine and the server of the guide to GraphQL subscriptions: several servers with one order of publications. */
import { join } from 'node:path';
import { expect } from 'chai';
import { repositoryRoot } from '../../support/recordings.js';
import { eventually } from '../../support/wait.js';
import { EventStream, type ServerSentEvent } from './event-stream.js';
import { HostProject } from './host-project.js';
import { type Instance, Instances } from './instances.js';

const PACKAGES = {
  graphql: 'graphql',
  'graphql-sse': 'graphql-sse',
  'graphql-subscriptions': 'graphql-subscriptions',
  zod: join(repositoryRoot, 'node_modules/zod'),
};

const request = (query: string): RequestInit => ({
  method: 'POST',
  body: JSON.stringify({ query }),
  headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
});
const ask = async (instance: Instance, query: string): Promise<string> =>
  (await instance.fetch('', request(query))).text;
const say = async (instance: Instance, text: string): Promise<string> =>
  await ask(instance, `mutation { say(text: ${JSON.stringify(text)}) }`);
const IS_SAID = '{"data":{"say":true}}';

/** The rules of the interface of an engine, as graphql-subscriptions has it, for two engines on one daemon. Prints nothing when all hold. */
const contract = `
  import assert from 'node:assert/strict';
  import { once, EventEmitter } from 'node:events';
  import { PubSubEngine } from 'graphql-subscriptions';
  import { connect } from 'ssp-toolkit';
  import { GroupPubSub } from './group-pubsub.mjs';
  const [address] = process.argv.slice(2);
  const connections = [await connect({ address }), await connect({ address })];
  const [first, second] = await Promise.all(connections.map((each) => GroupPubSub.join(each)));
  assert(first instanceof PubSubEngine);

  // Each subscription has a number of its own, and gets the payload as JSON has it.
  const heard = new EventEmitter();
  const ids = [await second.subscribe('a', (value) => heard.emit('a', value)), await second.subscribe('a', () => {})];
  assert(ids.every(Number.isInteger) && ids[0] !== ids[1]);
  let next = once(heard, 'a');
  await first.publish('a', { when: new Date(0), list: [1, null] });
  assert.deepEqual(await next, [{ when: '1970-01-01T00:00:00.000Z', list: [1, null] }]);

  // One without a subscription gets nothing, and an unknown number throws nothing.
  let late = 0;
  second.unsubscribe(await second.subscribe('a', () => late++));
  second.unsubscribe(9999);
  next = once(heard, 'a');
  await first.publish('a', 1);
  await next;
  assert.equal(late, 0);

  // Iterators take several triggers, in the order in which they are published, and end with return.
  const iterators = [first, second].map((engine) => engine.asyncIterableIterator(['x/1', 'ü']));
  const taken = iterators.map(async (iterator) => {
    const values = [];
    for await (const value of iterator) if (values.push(value) === 40) break;
    return values;
  });
  for (let i = 0; i < 20; i++) await Promise.all([first.publish('x/1', i), second.publish('ü', -i)]);
  const [a, b] = await Promise.all(taken);
  assert.equal(new Set(a).size, 39); // 0 twice
  assert.deepEqual(a, b);
  await assert.rejects(first.publish('a', 'x'.repeat(200_000)), { code: 'ERR_SSP_MESSAGE_TOO_LONG' });
  for (const connection of connections) await connection.close();
`;

describe('hosts: GraphQL subscriptions', () => {
  let project: HostProject;
  let page: string;

  beforeEach(async () => {
    project = await HostProject.make(PACKAGES);
    page = project.takeExample('group-pubsub.mjs', 'graphql-subscriptions');
  });
  afterEach(async () => {
    await project[Symbol.asyncDispose]();
  });

  it('have an engine that keeps the rules of PubSubEngine', async () => {
    project.write('contract.mjs', contract);
    expect(await project.runAtDaemon('contract.mjs')).to.equal('');
  });

  describe('of two servers', () => {
    let instances: Instances;
    let streams: EventStream[];

    const open = async ({ url }: Instance, field: string): Promise<EventStream> =>
      await EventStream.open(url, request(`subscription { ${field} }`));

    /** A subscription at each of them, which has begun. */
    async function start(daemons: 1 | 2): Promise<void> {
      project.takeExample('graphql-subscriptions.mjs', 'graphql-subscriptions');
      instances = await Instances.start(project, 'graphql-subscriptions.mjs', daemons);
      streams = await Promise.all(instances.all.map((instance) => open(instance, 'said')));
      for (const stream of streams)
        await eventually(async () => {
          await say(instances.first, 'begin');
          return said(stream).length > 0;
        }, 'the subscription');
    }
    afterEach(async () => {
      for (const stream of streams ?? []) await stream[Symbol.asyncDispose]();
      await instances?.[Symbol.asyncDispose]();
    });

    const said = (stream: EventStream): unknown[] =>
      stream.data('next').map((data) => (data as { readonly data: { readonly said: unknown } }).data.said);
    const saidLast = async (text: string): Promise<unknown[][]> => {
      for (const stream of streams) await eventually(() => said(stream).includes(text), text);
      return streams.map((stream) => said(stream).filter((each) => each !== 'begin'));
    };

    it('have what is published at both at the same time in one order', async () => {
      await start(1);
      const { first, second } = instances;
      const texts = Array.from({ length: 50 }, (_, index) => `${index}`);
      const answers = await Promise.all(
        texts.map((text, index) => say(index % 2 === 0 ? first : second, text)),
      );
      for (const answer of answers) expect(answer).to.include(IS_SAID);
      await say(first, 'hello');
      const [a, b] = await saidLast('hello');
      expect(a).to.have.length(texts.length + 1);
      expect(a).to.deep.equal(b);
      const { event, data } = (streams[1] as EventStream).events.at(-1) as ServerSentEvent;
      expect(page).to.include(`\`\`\`\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\`\`\``);
      await first.stop();
      await second.stop();
    });

    it('say that publications are missing after the daemon was away', async () => {
      await start(1);
      const { first, second } = instances;
      await using gap = await open(second, 'gap');
      await instances.daemons.kill(0, { wait: 'nothing' });
      await eventually(async () => (await say(first, 'lost')).includes('no daemon'), 'the loss');
      await instances.daemons.start(0, { wait: 'nothing' });
      await gap.has(1, 'next');
      expect(gap.data('next')).to.deep.equal([{ data: { gap: 'forgotten' } }]);
      await eventually(async () => (await say(first, 'after')).includes(IS_SAID), 'the return');
      await saidLast('after');
    });

    it('say so when the network breaks, and when it has healed', async () => {
      await start(2);
      const { first, second } = instances;
      const gaps = await Promise.all(instances.all.map((instance) => open(instance, 'gap')));
      try {
        await instances.daemons.partition([[0], [1]], { wait: 'nothing' });
        for (const gap of gaps) await gap.has(1, 'next');
        await say(first, 'of one part');
        await say(second, 'of the other part');
        const [a, b] = streams as [EventStream, EventStream];
        await eventually(
          () => said(a).includes('of one part') && said(b).includes('of the other part'),
          'both',
        );
        const before = gaps.map((gap) => gap.data('next').length);
        await instances.daemons.heal({ wait: 'nothing' });
        for (const [index, gap] of gaps.entries()) await gap.has((before[index] as number) + 1, 'next');
        await say(second, 'after');
        expect(await saidLast('after')).to.deep.equal([
          ['of one part', 'after'],
          ['of the other part', 'after'],
        ]);
        for (const gap of gaps)
          for (const data of gap.data('next')) expect(data).to.deep.equal({ data: { gap: 'network' } });
      } finally {
        for (const gap of gaps) await gap[Symbol.asyncDispose]();
      }
    });
  });
});
