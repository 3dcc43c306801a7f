/** Basics, deferred replies, timeouts [channels C1 to C17]. */
import { expect } from 'chai';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { Channels } from '../../lib/channel/channels.js';
import { Random } from '../support/random.js';
import { isWaiting } from '../client/support.js';
import { RefusedError } from '../../lib/channel/errors.js';
import {
  bytes,
  code,
  echo,
  failure,
  next,
  pairOf,
  ChannelFixture,
  request,
  settle,
  text,
  within,
} from './support.js';
import { ChannelWorld } from './channel-world.js';

async function talk(serverSide: Channels, clientSide: Channels): Promise<void> {
  const { server, client } = await pairOf(serverSide, clientSide);
  const call = client.call(1961, bytes('Hello'));
  const { type, body, from, reply } = await request(server).then((event) => ({
    type: event.type,
    body: text(event.body),
    from: event.from,
    reply: event.reply(3005, bytes('Bonjour')),
  }));
  await reply;
  expect([type, body, from]).to.deep.equal([1961, 'Hello', clientSide.id]);
  const answer = await within(call, 'the reply');
  expect([answer.status, text(answer.body), answer.from]).to.deep.equal([3005, 'Bonjour', serverSide.id]);
}

describe('channel: basics', () => {
  let place: ChannelFixture;
  let s: Channels;
  let c: Channels;

  beforeEach(async () => {
    place = await ChannelFixture.start();
    s = await place.channels('s');
    c = await place.channels('c');
  });

  afterEach(() => place[Symbol.asyncDispose]());

  it('[channels C1] a call brings type, body and sender there, and status and body back, at one daemon', async () => {
    await talk(s, c);
  });

  it('[channels C1] a call brings type, body and sender there, and status and body back, at two daemons', async () => {
    const world = new ChannelWorld(['d1', 'd2']);
    await talk(await world.channels('d1', 's'), await world.channels('d2', 'c'));
  });

  it('[channels C2] the extremes of type and status pass in both directions', async () => {
    const { server, client } = await pairOf(s, c);
    for (const number of [-2147483648, -1, 0, 2147483647]) {
      const call = client.call(number);
      const event = await request(server);
      expect(event.type).to.equal(number);
      await event.reply(number);
      expect((await call).status).to.equal(number);
    }
  });

  it('[channels C3] empty bodies are arrays of no bytes', async () => {
    const { server, client } = await pairOf(s, c);
    const call = client.call(1);
    const event = await request(server);
    expect(event.body).to.be.instanceOf(Uint8Array).with.length(0);
    await event.reply(1);
    expect((await call).body)
      .to.be.instanceOf(Uint8Array)
      .with.length(0);
  });

  it('[channels C4] bodies of 1 B, 64 KiB, 128 KiB and of the limit pass', async () => {
    const { server, client } = await pairOf(s, c);
    void echo(server);
    for (const length of [1, 65_536, 131_072, 1_048_576]) {
      const body = Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
      const { body: back, fullLength } = await within(client.call(1, body), `${length} bytes`);
      expect(Buffer.compare(back, body), `${length} bytes`).to.equal(0);
      expect(fullLength).to.equal(length);
    }
  });

  it('[channels C5] a reply is cut to what the client wants, and the next call is sound', async () => {
    const { server, client } = await pairOf(s, c);
    void echo(server);
    const body = bytes('0123456789'.repeat(5));
    const cut = await client.call(1, body, { maxReply: 10 });
    expect([text(cut.body), cut.truncated, cut.fullLength]).to.deep.equal(['0123456789', true, 50]);
    const whole = await client.call(2, bytes('next'));
    expect([text(whole.body), whole.truncated, whole.status]).to.deep.equal(['next', false, 2]);
  });

  it('[channels C6] a call is pending until its reply', async () => {
    const { server, client } = await pairOf(s, c);
    const call = client.call(1);
    const event = await request(server);
    await pause(100);
    expect(await isWaiting(call)).to.equal(true);
    await event.reply(5);
    expect((await within(call, 'the reply')).status).to.equal(5);
  });

  it('[channels C7] a thousand calls in flight, answered in random order, each get their own answer', async () => {
    const { server, client } = await pairOf(s, c);
    const calls = Array.from({ length: 1000 }, (_, i) => client.call(i, bytes(`body ${i}`)));
    const events = [];
    for (const _ of calls) events.push(await request(server));
    expect(server.pending).to.equal(1000);
    const random = new Random(7);
    for (let left = events.length; left > 0; left--) {
      const [event] = events.splice(random.below(left), 1);
      if (event) void event.reply(event.type + 1, event.body);
    }
    const replies = await within(Promise.all(calls), 'all replies');
    expect(replies.map(({ status, body }) => [status, text(body)])).to.deep.equal(
      calls.map((_, i) => [i + 1, `body ${i}`]),
    );
    expect(server.pending).to.equal(0);
  });

  describe('deferred replies', () => {
    /** Calls of several clients, all received. */
    async function hold(count: number) {
      const server = await s.createChannel('c');
      const calls = [];
      const requests = [];
      for (let i = 1; i <= count; i++) {
        const client = await (await place.channels(`c${i}`)).openChannel('c');
        await next(server, 'client-joined');
        calls.push(client.call(i));
        requests.push(await request(server));
      }
      return { server, calls, requests };
    }

    it('[channels C8] three clients are answered in the order of arrival', async () => {
      const { calls, requests } = await hold(3);
      for (const each of requests) await each.reply(10 * each.type);
      expect((await Promise.all(calls)).map(({ status }) => status)).to.deep.equal([10, 20, 30]);
    });

    it('[channels C9] four clients are answered in any order, and pending counts down', async () => {
      const { server, calls, requests } = await hold(4);
      const seen = [server.pending];
      for (const which of [2, 4, 1, 3]) {
        await requests[which - 1]?.reply(10 * which);
        seen.push(server.pending);
      }
      expect(seen).to.deep.equal([4, 3, 2, 1, 0]);
      expect((await Promise.all(calls)).map(({ status }) => status)).to.deep.equal([10, 20, 30, 40]);
    });

    it('[channels C10] a second reply is refused, and nothing else is disturbed', async () => {
      const { server, calls, requests } = await hold(2);
      const [first, second] = requests;
      await first?.reply(1);
      expect(await code(first?.reply(2) ?? Promise.resolve())).to.equal('ERR_SSP_ALREADY_REPLIED');
      expect(await code(first?.fail('X') ?? Promise.resolve())).to.equal('ERR_SSP_ALREADY_REPLIED');
      await second?.reply(3);
      expect((await Promise.all(calls)).map(({ status }) => status)).to.deep.equal([1, 3]);
      expect(server.pending).to.equal(0);
    });

    it('[channels C11] a refusal carries the word of the server', async () => {
      const { calls, requests } = await hold(1);
      await requests[0]?.fail('X', 'not today');
      const error = await failure(calls[0] ?? Promise.resolve());
      expect(error).to.be.instanceOf(RefusedError);
      expect(error).to.include({ code: 'ERR_SSP_REFUSED', refusal: 'X', message: 'not today (X)' });
    });
  });

  describe('timeouts and cancel', () => {
    it('[channels C12] a late reply is dropped, and the next calls get their own', async function () {
      // Times on a machine that has other work.
      this.retries(2);
      const { server, client } = await pairOf(s, c);
      const begin = performance.now();
      const call = client.call(1, undefined, { timeoutMs: 300 });
      const late = await request(server);
      expect(await code(call)).to.equal('ERR_SSP_TIMEOUT');
      expect(performance.now() - begin).to.be.within(299, 400);
      const others = [client.call(2), client.call(3)];
      await late.reply(99);
      for (const _ of others) {
        const event = await request(server);
        await event.reply(event.type);
      }
      expect((await Promise.all(others)).map(({ status }) => status)).to.deep.equal([2, 3]);
      expect(c.dropped.late).to.equal(1);
    });

    it('[channels C13] an aborted call shows at the server', async () => {
      const { server, client } = await pairOf(s, c);
      const abort = new AbortController();
      const call = client.call(1, undefined, { signal: abort.signal });
      const event = await request(server);
      const fired = new Promise((resolve) => event.signal.addEventListener('abort', resolve, { once: true }));
      expect(event.cancelled).to.equal(false);
      abort.abort();
      expect(await code(call)).to.equal('AbortError');
      await within(fired, 'the signal of the request');
      expect([event.cancelled, event.signal.aborted, server.pending]).to.deep.equal([true, true, 0]);
    });

    it('[channels C14] a call that was aborted while it waited is never handed out', async () => {
      const { server, client } = await pairOf(s, c);
      const abort = new AbortController();
      const call = client.call(1, undefined, { signal: abort.signal });
      await client.ping();
      abort.abort();
      expect(await code(call)).to.equal('AbortError');
      await client.ping();
      const second = client.call(2);
      const event = await request(server);
      expect(event.type).to.equal(2);
      await event.reply(0);
      await second;
    });

    it('[channels C15] a receive of no time gives what is there, or says so at once', async () => {
      const { server, client } = await pairOf(s, c);
      expect((await server.receive({ timeoutMs: 0 })).kind).to.equal('timeout');
      await client.post(7);
      await client.ping();
      const event = await server.receive({ timeoutMs: 0 });
      expect(event).to.include({ kind: 'message', type: 7 });
    });

    it('[channels C16] a receive of 50 ms takes so long', async function () {
      this.retries(2);
      const { server } = await pairOf(s, c);
      const begin = performance.now();
      expect((await server.receive({ timeoutMs: 50 })).kind).to.equal('timeout');
      expect(performance.now() - begin).to.be.within(49, 150);
    });

    it('[channels C17] an aborted signal rejects before anything is sent', async () => {
      const { server, client } = await pairOf(s, c);
      const signal = AbortSignal.abort();
      expect(await code(client.call(1, undefined, { signal }))).to.equal('AbortError');
      expect(await code(client.post(1, undefined, { signal }))).to.equal('AbortError');
      expect(await code(server.receive({ signal }))).to.equal('AbortError');
      await client.ping();
      await settle();
      expect((await server.receive({ timeoutMs: 0 })).kind).to.equal('timeout');
    });
  });
});
