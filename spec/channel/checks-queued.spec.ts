/** Queued messages and timers [channels C42 to C50]. */
import { expect } from 'chai';
import { setTimeout as pause } from 'node:timers/promises';
import { isWaiting } from '../client/support.js';
import { seeds } from '../support/seeds.js';
import { until } from '../support/wait.js';
import { code, failure, next, pairOf, type Party, ChannelFixture, settle, within } from './support.js';

/** Of [channels C48], which asks for a hundred thousand. */
const POSTS = seeds(25_000, 100_000);

describe('channel: posts', () => {
  let place: ChannelFixture;
  let s: Party;
  let c: Party;

  beforeEach(async () => {
    place = await ChannelFixture.start();
    s = await place.party('s');
    c = await place.party('c');
  });

  afterEach(() => place[Symbol.asyncDispose]());

  it('[channels C42] posts beyond the limit wait, and those that give up are never delivered', async () => {
    const { server, client } = await pairOf(s.channels, c.channels, { maxBuffered: 3 });
    for (let i = 1; i <= 3; i++) await within(client.post(i), `post ${i}`);
    const late = [4, 5].map((i) => client.post(i, undefined, { timeoutMs: 200 }));
    expect(await isWaiting(late[0] as Promise<unknown>)).to.equal(true);
    expect(await Promise.all(late.map(code))).to.deep.equal(['ERR_SSP_TIMEOUT', 'ERR_SSP_TIMEOUT']);
    for (let i = 1; i <= 3; i++) expect((await next(server, 'message')).type).to.equal(i);
    await client.post(6);
    expect((await next(server, 'message')).type).to.equal(6);
  });

  it('[channels C43] three senders that wait are released in the order of arrival', async () => {
    const server = await s.channels.createChannel('c', { maxBuffered: 2 });
    const clients = [];
    for (const name of ['x', 'y', 'z']) {
      clients.push(await (await place.channels(name)).openChannel('c'));
      await next(server, 'client-joined');
    }
    const [x, y, z] = clients as [(typeof clients)[0], (typeof clients)[0], (typeof clients)[0]];
    await x.post(1, undefined, { confirm: true });
    await x.post(2, undefined, { confirm: true });
    const order: number[] = [];
    const posts = [];
    for (const [i, client] of [z, x, y].entries()) {
      posts.push(client.post(10 + i, undefined, { confirm: true }).then(() => order.push(10 + i)));
      await client.ping();
    }
    expect(order).to.deep.equal([]);
    const types = [];
    for (let i = 0; i < 5; i++) types.push((await next(server, 'message')).type);
    await within(Promise.all(posts), 'all posts');
    expect(types).to.deep.equal([1, 2, 10, 11, 12]);
    expect(order).to.deep.equal([10, 11, 12]);
  });

  it('[channels C44] without a queue posts are refused at once', async () => {
    const { client } = await pairOf(s.channels, c.channels, { maxBuffered: 0 });
    expect(await code(client.post(1))).to.equal('ERR_SSP_BUFFERING_OFF');
  });

  it('[channels C44] with the policy reject a full queue refuses', async () => {
    const { server, client } = await pairOf(s.channels, c.channels, { maxBuffered: 2, overflow: 'reject' });
    await client.post(1);
    await client.post(2);
    expect(await code(client.post(3))).to.equal('ERR_SSP_CHANNEL_FULL');
    expect((await next(server, 'message')).type).to.equal(1);
    await client.post(4);
    expect([(await next(server, 'message')).type, (await next(server, 'message')).type]).to.deep.equal([
      2, 4,
    ]);
  });

  it('[channels C44] with the policy drop-oldest the server hears how many it lost', async () => {
    const { server, client } = await pairOf(s.channels, c.channels, {
      maxBuffered: 2,
      overflow: 'drop-oldest',
    });
    for (let i = 1; i <= 5; i++) await client.post(i);
    await client.ping();
    expect((await next(server, 'overflow')).dropped).to.equal(3);
    expect([(await next(server, 'message')).type, (await next(server, 'message')).type]).to.deep.equal([
      4, 5,
    ]);
  });

  it('[channels C44] with the policy drop-oldest the client knows how many posts were taken when the server dies', async () => {
    const { server, client } = await pairOf(s.channels, c.channels, {
      maxBuffered: 4,
      overflow: 'drop-oldest',
    });
    for (let i = 1; i <= 4; i++) await client.post(i);
    for (let i = 1; i <= 2; i++) expect((await next(server, 'message')).type).to.equal(i);
    await client.ping();
    s.kill();
    for await (const event of client.events()) expect(event).to.include({ kind: 'server-gone', lost: 2 });
  });

  it('[channels C45] five posts and a call arrive in their order', async () => {
    const { server, client } = await pairOf(s.channels, c.channels, { maxBuffered: 3 });
    const posts = [1, 2, 3, 4, 5].map((i) => client.post(i));
    const call = client.call(6);
    const seen = [];
    for (let i = 0; i < 6; i++) {
      const event = await within(server.receive(), 'an event');
      seen.push(`${event.kind} ${'type' in event ? event.type : ''}`);
      if (event.kind === 'request') await event.reply(0);
    }
    await Promise.all([...posts, call]);
    expect(seen).to.deep.equal([...[1, 2, 3, 4, 5].map((i) => `message ${i}`), 'request 6']);
  });

  it('[channels C46] a post tells its sender, and comes to its own channel', async () => {
    const { server, client } = await pairOf(s.channels, c.channels);
    const second = await s.channels.createChannel('second');
    const other = await c.channels.openChannel('second');
    await next(second, 'client-joined');
    await other.post(2);
    await client.post(1);
    const from = c.channels.id;
    expect(await next(second, 'message')).to.include({ type: 2, from });
    expect(await next(server, 'message')).to.include({ type: 1, from });
  });

  it('[channels C47] a server that dies with a full queue fails every post that waits, and harms no daemon', async () => {
    const { client } = await pairOf(s.channels, c.channels, { maxBuffered: 1000 });
    for (let i = 0; i < 1000; i++) await client.post(i);
    const waiting = Array.from({ length: 20 }, (_, i) => failure(client.post(i)));
    await client.ping();
    s.kill();
    const errors = await within(Promise.all(waiting), 'all posts that waited');
    expect(errors.map((error) => error.code)).to.deep.equal(waiting.map(() => 'ERR_SSP_SERVER_GONE'));
    for await (const event of client.events()) {
      expect(event).to.include({ kind: 'server-gone', lost: 1000 });
    }
    await place.channels('d');
  });

  it(`[channels C48] ${POSTS} posts go through ten places, none lost, none twice`, async function () {
    this.timeout(60_000);
    const { server, client } = await pairOf(s.channels, c.channels, { maxBuffered: 10 });
    const body = new Uint8Array(100);
    const sending = (async () => {
      for (let i = 0; i < POSTS; i++) await client.post(i, body);
    })();
    for (let i = 0; i < POSTS; i++) {
      const event = await server.receive();
      if (event.kind !== 'message' || event.type !== i) throw new Error(`${event.kind} instead of post ${i}`);
    }
    await within(sending, 'the last post');
    expect(s.channels.dropped.unfit).to.equal(0);
  });
});

describe('channel: timers', () => {
  let place: ChannelFixture;
  let s: Party;

  beforeEach(async () => {
    place = await ChannelFixture.start();
    s = await place.party('s');
  });

  afterEach(() => place[Symbol.asyncDispose]());

  it('[channels C49] the shots come when they are due, among the other events', async function () {
    // Times on a machine that has other work.
    this.retries(2);
    const { server, client } = await pairOf(s.channels, await place.channels('c'));
    const begin = performance.now();
    const id = server.startTimer(5, 100, 50);
    const post = pause(120).then(() => client.post(9));
    const times: number[] = [];
    const seen: string[] = [];
    while (times.length < 6) {
      const event = await within(server.receive(), 'an event');
      seen.push(event.kind === 'timer' ? `shot ${event.shot} of ${event.type}` : event.kind);
      if (event.kind === 'timer') times.push(performance.now() - begin);
      if (event.kind === 'timer') expect(event.id).to.equal(id);
    }
    await post;
    expect(seen).to.deep.equal(['shot 1 of 5', 'message', ...[2, 3, 4, 5, 6].map((i) => `shot ${i} of 5`)]);
    for (const [i, time] of times.entries()) expect(time).to.be.within(99 + 50 * i, 120 + 50 * i);
  });

  it('[channels C50] a timer stops when it is stopped or its channel closes, and keeps no channel open', async () => {
    const server = await s.channels.createChannel('c');
    const id = server.startTimer(1, 10, 10);
    await next(server, 'timer');
    expect([server.stopTimer(id), server.stopTimer(id)]).to.deep.equal([true, false]);
    const late = server.startTimer(4, 1, 1);
    await pause(10);
    expect(server.stopTimer(late), 'one whose shots wait').to.equal(true);
    expect((await server.receive({ timeoutMs: 0 })).kind).to.equal('timeout');
    const once = server.startTimer(2, 1);
    expect((await next(server, 'timer')).type).to.equal(2);
    expect(server.stopTimer(once)).to.equal(false);
    server.startTimer(3, 1, 1);
    await next(server, 'timer');
    await server.close();
    expect(await code(server.receive())).to.equal('ERR_SSP_NOT_ATTACHED');
    let ticks = 0;
    await until(() => ++ticks > 10, 'some rounds');
    await settle();
    expect(await code(server.receive())).to.equal('ERR_SSP_NOT_ATTACHED');
  });
});
