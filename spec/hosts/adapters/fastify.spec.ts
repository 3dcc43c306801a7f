/** The program of the guide to Fastify: instances whose clients get the same events in the same order. */
import { expect } from 'chai';
import { eventually } from '../../support/wait.js';
import { EventStream } from './event-stream.js';
import { HostProject } from './host-project.js';
import { type Instance, Instances } from './instances.js';

const say = async (instance: Instance, body: string, type = 'text/plain'): ReturnType<Instance['fetch']> =>
  await instance.fetch('/messages', { method: 'POST', body, headers: { 'content-type': type } });

describe('hosts: Fastify', () => {
  let project: HostProject;
  let instances: Instances;
  let page: string;
  let streams: EventStream[];

  beforeEach(async () => {
    project = await HostProject.make({ fastify: 'fastify' });
    page = project.takeExample('fastify.mjs', 'fastify');
  });
  afterEach(async () => {
    for (const stream of streams ?? []) await stream[Symbol.asyncDispose]();
    await instances?.[Symbol.asyncDispose]();
    await project[Symbol.asyncDispose]();
  });

  /** Two instances, and a client of each. */
  async function start(daemons: 1 | 2): Promise<void> {
    instances = await Instances.start(project, 'fastify.mjs', daemons);
    streams = await Promise.all(instances.all.map(({ url }) => EventStream.open(`${url}/events`)));
  }

  /** Waits until each client has that many events of the name. @returns what each of them has */
  const heard = async (count: number, event = 'message'): Promise<unknown[][]> => {
    for (const stream of streams) await stream.has(count, event);
    return streams.map((stream) => stream.data(event));
  };

  describe('of one daemon', () => {
    beforeEach(() => start(1));

    it('sends what comes to two instances at the same time to all clients in one order', async () => {
      const sent = Array.from({ length: 100 }, (_, index) => `${index}`);
      const { first, second } = instances;
      const answers = await Promise.all(
        sent.map((text, index) => say(index % 2 === 0 ? first : second, text)),
      );
      expect(new Set(answers.map(({ status }) => status))).to.deep.equal(new Set([201]));
      const [a, b] = await heard(sent.length);
      expect(a).to.have.members(sent);
      expect(a).to.deep.equal(b);
      await first.stop();
      await second.stop();
      await eventually(() => streams.every(({ isOver }) => isOver), 'the end of the streams');
    });

    it('sends what the page says, and refuses what is not text', async () => {
      await say(instances.first, 'hello');
      for (const [data] of await heard(1))
        expect(page).to.include(`\`\`\`\nevent: message\ndata: ${JSON.stringify(data)}\n\`\`\``);
      expect(await say(instances.first, '{}', 'application/json')).to.deep.equal({
        status: 415,
        text: 'expected text/plain\n',
      });
      expect((await say(instances.first, 'x'.repeat(100_001))).status).to.equal(413);
    });

    it('goes on when an instance crashes', async () => {
      await instances.first.program.signal('SIGKILL').end();
      expect((await say(instances.second, 'after')).status).to.equal(201);
      await streams[1]?.has(1, 'message');
    });

    it('refuses messages without a daemon, and tells its clients of the gap', async () => {
      await say(instances.first, 'before');
      await instances.daemons.kill(0, { wait: 'nothing' });
      await eventually(async () => (await say(instances.first, 'lost')).status === 503, 'the loss');
      await instances.daemons.start(0, { wait: 'nothing' });
      for (const reasons of await heard(1, 'gap')) expect(reasons).to.deep.equal(['forgotten']);
      await eventually(async () => (await say(instances.second, 'after')).status === 201, 'the return');
      for (const stream of streams)
        await eventually(() => stream.data('message').at(-1) === 'after', 'the last message');
    });
  });

  it('tells its clients to read the state again when the network breaks, and when it has healed', async () => {
    await start(2);
    await say(instances.first, 'before');
    await heard(1);
    await instances.daemons.partition([[0], [1]], { wait: 'nothing' });
    await heard(1, 'gap');
    expect((await say(instances.first, 'of one part')).status).to.equal(201);
    expect((await say(instances.second, 'of the other part')).status).to.equal(201);
    await heard(2);
    const before = streams.map((stream) => stream.data('gap').length);
    await instances.daemons.heal({ wait: 'nothing' });
    for (const [index, stream] of streams.entries()) await stream.has((before[index] as number) + 1, 'gap');
    await say(instances.first, 'after');
    await heard(3);
    expect(streams.map((stream) => stream.data('message'))).to.deep.equal([
      ['before', 'of one part', 'after'],
      ['before', 'of the other part', 'after'],
    ]);
    for (const stream of streams)
      expect(new Set(stream.data('gap')), 'no gap of the library').to.deep.equal(new Set(['network']));
  });
});
