/** [channels 17.1 to 17.3]: the time a request has, the word that it was received, and giving up its answer. */
import { Buffer } from 'node:buffer';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import type { Channels } from '../../lib/channel/channels.js';
import type { ClientChannel } from '../../lib/channel/client-channel.js';
import { BusyError, type ChannelError } from '../../lib/channel/errors.js';
import { CHANNEL_MESSAGE } from '../../lib/channel/limits.js';
import type { ChannelOptions } from '../../lib/channel/options.js';
import {
  type MessageKind,
  deadlineWord,
  encodeMessage,
  timeLeft,
} from '../../lib/channel/protocol/message.js';
import type { ServerRequest } from '../../lib/channel/request.js';
import type { ServerChannel } from '../../lib/channel/server-channel.js';
import { isWaiting } from '../client/support.js';
import { until } from '../support/wait.js';
import { ChannelWorld } from './channel-world.js';
import {
  ChannelFixture,
  type Pair,
  type Party,
  code,
  failure,
  next,
  pairOf,
  request,
  within,
} from './support.js';

/** A call that its maker can end. */
function abortable(
  client: ClientChannel,
  type = 1,
  options = {},
): { call: Promise<unknown>; abort: (reason?: Error) => void } {
  const ending = new AbortController();
  const call = client.call(type, undefined, { signal: ending.signal, ...options });
  call.catch(() => undefined);
  return { call, abort: (reason) => ending.abort(reason) };
}

/** Nothing happens for so long, not even timers. */
function standStill(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** Server and client at two daemons, in memory. */
async function apart(options?: ChannelOptions): Promise<{ world: ChannelWorld; pair: Pair }> {
  const world = new ChannelWorld(['d1', 'd2']);
  return {
    world,
    pair: await pairOf(await world.channels('d1', 's'), await world.channels('d2', 'c'), options),
  };
}

describe('channel: requests', () => {
  let place: ChannelFixture;
  let s: Party;
  let c: Party;

  beforeEach(async () => {
    place = await ChannelFixture.start();
    s = await place.party('s');
    c = await place.party('c');
  });

  afterEach(() => place[Symbol.asyncDispose]());

  /** Sends a message made by hand. */
  const raw = (
    [from, to]: readonly [Party, Channels],
    kind: MessageKind,
    server: ServerChannel,
    id: number,
    rest: Parameters<typeof encodeMessage>[3] = {},
  ): Promise<void> => {
    const claim = Buffer.from(server.claimId, 'hex').toString('latin1');
    return from.connection.sendTo(to.id, encodeMessage(kind, claim, id, rest), {
      type: CHANNEL_MESSAGE,
    });
  };

  describe('drop [channels 17.3]', () => {
    it('sends nothing, lowers pending, and leaves the client waiting until it gives up', async () => {
      const { server, client } = await pairOf(s.channels, c.channels);
      const { call, abort } = abortable(client);
      const event = await request(server);
      expect(server.pending).to.equal(1);
      await event.drop();
      expect(server.pending).to.equal(0);
      await client.ping();
      expect(await isWaiting(call)).to.equal(true);
      expect(event.cancelled).to.equal(false);
      abort();
      expect(await code(call)).to.equal('AbortError');
      await client.ping();
      expect([server.pending, c.channels.dropped.late]).to.deep.equal([0, 0]);
    });

    it('is one of three of which the first alone succeeds', async () => {
      const { server, client } = await pairOf(s.channels, c.channels);
      const ways: readonly ((event: ServerRequest) => Promise<void>)[] = [
        (event) => event.reply(1),
        (event) => event.fail('X'),
        (event) => event.drop(),
      ];
      for (const first of ways) {
        const { abort } = abortable(client);
        const event = await request(server);
        await first(event);
        for (const second of ways) expect(await code(second(event))).to.equal('ERR_SSP_ALREADY_REPLIED');
        expect(server.pending).to.equal(0);
        abort();
      }
    });

    it('rejects like an answer when client or channel are gone, which nobody has to look at', async () => {
      const { server, client } = await pairOf(s.channels, c.channels);
      abortable(client);
      const event = await request(server);
      c.kill();
      expect((await next(server, 'client-gone')).cancelled).to.equal(1);
      void event.drop();
      expect(await code(event.drop())).to.equal('ERR_SSP_CLIENT_GONE');
      expect(server.pending).to.equal(0);
    });

    it('takes a request out of what a client leaves behind', async () => {
      const { server, client } = await pairOf(s.channels, c.channels);
      abortable(client);
      abortable(client);
      await (await request(server)).drop();
      await request(server);
      c.kill();
      expect((await next(server, 'client-gone')).cancelled).to.equal(1);
      expect(server.pending).to.equal(0);
    });

    it('leaves the client waiting until the server ends', async () => {
      const { server, client } = await pairOf(s.channels, c.channels);
      const call = failure(client.call(1));
      await (await request(server)).drop();
      await server.close({ force: true });
      expect(await call).to.include({ code: 'ERR_SSP_SERVER_GONE', reason: 'released' });
    });

    it('leaves the client waiting through a partition', async () => {
      const { world, pair } = await apart();
      const { call, abort } = abortable(pair.client, 1, { partition: 'wait' });
      await (await request(pair.server)).drop();
      world.reconfigure([['d1'], ['d2']]);
      await world.settle();
      world.reconfigure([['d1', 'd2']]);
      await world.settle();
      expect(pair.client.state).to.equal('open');
      expect(await isWaiting(call)).to.equal(true);
      abort();
      expect(await code(call)).to.equal('AbortError');
    });
  });

  describe('deadline [channels 17.1]', () => {
    it('is in the header as whole milliseconds from 1 up to the largest number, which is no limit, as is 0', () => {
      expect([0.001, 1, 1.2, 1000].map(deadlineWord)).to.deep.equal([1, 1, 2, 1000]);
      expect([-5, 0, 2 ** 40].map(deadlineWord)).to.deep.equal([1, 1, 0xffff_ffff]);
      expect([0, 1, 0xffff_fffe, 0xffff_ffff].map(timeLeft)).to.deep.equal([null, 1, 0xffff_fffe, null]);
    });

    it('of a request is when its client gives up, by the clock here', async () => {
      const { server, client } = await pairOf(s.channels, c.channels);
      const before = Date.now();
      const call = client.call(1, undefined, { timeoutMs: 60_000.5 });
      const event = await request(server);
      // Never before the client does; the clock of the day has whole milliseconds.
      expect(event.deadline).to.be.within(before + 60_000, Date.now() + 60_001);
      await event.reply(0);
      await call;
    });

    it('is unknown of a request without a limit, or with one beyond all numbers', async () => {
      const { server, client } = await pairOf(s.channels, c.channels);
      for (const options of [{}, { timeoutMs: 2 ** 40 }]) {
        const { abort } = abortable(client, 1, options);
        expect((await request(server)).deadline).to.equal(undefined);
        abort();
      }
    });

    it('counts what a call has waited behind a post', async () => {
      const { server, client } = await pairOf(s.channels, c.channels, { maxBuffered: 1 });
      await client.post(1);
      const post = client.post(2);
      const { call, abort } = abortable(client, 3, { timeoutMs: 60_000 });
      await pause(50);
      await next(server, 'message');
      await next(server, 'message');
      const { deadline = Infinity } = await request(server);
      expect(deadline - Date.now()).to.be.at.most(60_000 - 50 + 1);
      await post;
      abort();
      expect(await code(call)).to.equal('AbortError');
    });

    it('takes a request out of the queue, which is counted', async () => {
      const { server } = await pairOf(s.channels, c.channels);
      // Made by hand, so that nobody cancels it.
      await raw([c, s.channels], 'request', server, 1_000, { limit: 10, deadline: 20 });
      await until(() => s.channels.dropped.expired === 1, 'the end of its time');
      expect((await server.receive({ timeoutMs: 0 })).kind).to.equal('timeout');
      expect([server.pending, s.channels.dropped.expired]).to.deep.equal([0, 1]);
    });

    it('is looked at when a request is taken, too: a server that stood still gets none that is over', async () => {
      const { server, client } = await pairOf(s.channels, c.channels);
      await raw([c, s.channels], 'request', server, 1_000, { word: 1, limit: 10, deadline: 50 });
      const { call, abort } = abortable(client, 2);
      await client.ping();
      standStill(50);
      expect((await request(server)).type).to.equal(2);
      expect([server.pending, s.channels.dropped.expired]).to.deep.equal([1, 1]);
      abort();
      expect(await code(call)).to.equal('AbortError');
    });

    it('cancels a request that is held', async () => {
      const { server } = await pairOf(s.channels, c.channels);
      const fired = request(server).then(
        (held) =>
          new Promise<ServerRequest>((resolve) => {
            held.signal.addEventListener('abort', () => resolve(held), { once: true });
          }),
      );
      await raw([c, s.channels], 'request', server, 1_000, { limit: 10, deadline: 20 });
      const event = await within(fired, 'the signal of the request');
      expect([event.cancelled, server.pending, s.channels.dropped.expired]).to.deep.equal([true, 0, 0]);
      // Late, but the right to answer is still there.
      await event.reply(1);
      expect([await code(event.reply(1)), server.pending]).to.deep.equal(['ERR_SSP_ALREADY_REPLIED', 0]);
    });

    it('means nothing to a request that was answered or dropped', async () => {
      const { server } = await pairOf(s.channels, c.channels);
      const events: ServerRequest[] = [];
      for (const id of [1_000, 1_001]) {
        const done = request(server).then((event) => {
          events.push(event);
          return id === 1_000 ? event.reply(0) : event.drop();
        });
        await raw([c, s.channels], 'request', server, id, { limit: 10, deadline: 20 });
        await done;
      }
      // Its time ends behind that of the others.
      await raw([c, s.channels], 'request', server, 1_002, { limit: 10, deadline: 40 });
      await until(() => s.channels.dropped.expired === 1, 'the end of its time');
      for (const { cancelled, signal } of events)
        expect([cancelled, signal.aborted]).to.deep.equal([false, false]);
    });

    it('means nothing to a channel that ended, and its queue is still given out', async () => {
      const { server, client } = await pairOf(s.channels, c.channels);
      abortable(client, 7, { timeoutMs: 60_000 });
      await client.ping();
      s.kill();
      await until(() => !s.channels.isOpen, 'the end of the channels');
      const event = await request(server);
      expect([event.type, event.cancelled, server.pending]).to.deep.equal([7, true, 0]);
      expect(await code(server.receive())).to.equal('ERR_SSP_CONNECTION_CLOSED');
    });
  });

  describe('ackReceipt [channels 17.2]', () => {
    /** What the error of a call says of its receipt. */
    const told = async (call: Promise<unknown>): Promise<[string, boolean | undefined]> => {
      const error = await failure(call);
      return [error.code, (error as ChannelError).received];
    };

    const acknowledging = (): Promise<Pair> => pairOf(s.channels, c.channels, { ackReceipt: true });

    /** Two calls of which the server has taken the first, and its client knows. */
    async function halfTaken({ server, client }: Pair, options = {}) {
      const taken = abortable(client, 1, options);
      const queued = abortable(client, 2, options);
      const event = await request(server);
      await client.ping();
      return { taken, queued, event };
    }

    it('is off unless it is asked for, and known to all', async () => {
      const { server } = await acknowledging();
      await s.channels.createChannel('plain');
      await server.setMetadata(new Uint8Array(1));
      const { registry } = c.channels;
      expect((await registry.lookup('plain', { linearizable: true }))?.ackReceipt).to.equal(false);
      expect((await registry.lookup('c'))?.ackReceipt).to.equal(true);
      const wrong = { ackReceipt: 1 as unknown as boolean };
      expect(await code(s.channels.createChannel('d', wrong))).to.equal('ERR_SSP_ILLEGAL_PARAM');
    });

    it('leaves the reason of a signal as it is', async () => {
      const { taken, queued } = await halfTaken(await acknowledging());
      const reason = new BusyError();
      taken.abort(reason);
      queued.abort(reason);
      expect([await failure(taken.call), await failure(queued.call)]).to.deep.equal([reason, reason]);
      expect(reason).not.to.have.property('received');
    });

    it('has a call whose time is up tell it', async () => {
      const pair = await acknowledging();
      const { taken, queued } = await halfTaken(pair, { timeoutMs: 300 });
      expect(await told(taken.call)).to.deep.equal(['ERR_SSP_TIMEOUT', true]);
      expect(await told(queued.call)).to.deep.equal(['ERR_SSP_TIMEOUT', false]);
      expect(await told(pair.client.call(3, undefined, { timeoutMs: 0 }))).to.deep.equal([
        'ERR_SSP_TIMEOUT',
        false,
      ]);
    });

    it('has the calls to a server that dies tell it, and later ones', async () => {
      const pair = await acknowledging();
      const { taken, queued } = await halfTaken(pair);
      s.kill();
      expect(await told(taken.call)).to.deep.equal(['ERR_SSP_SERVER_GONE', true]);
      expect(await told(queued.call)).to.deep.equal(['ERR_SSP_SERVER_GONE', false]);
      expect(await told(pair.client.call(3))).to.deep.equal(['ERR_SSP_SERVER_GONE', false]);
    });

    it('has calls that end by the client itself tell it, each in an error of its own', async () => {
      const pair = await acknowledging();
      const { taken, queued } = await halfTaken(pair);
      await pair.client.close();
      expect(await told(taken.call)).to.deep.equal(['ERR_SSP_NOT_ATTACHED', true]);
      expect(await told(queued.call)).to.deep.equal(['ERR_SSP_NOT_ATTACHED', false]);
      const again = { server: pair.server, client: await c.channels.openChannel('c') };
      await request(pair.server);
      await next(pair.server, 'client-left');
      await next(pair.server, 'client-joined');
      const second = await halfTaken(again);
      c.kill();
      expect(await told(second.taken.call)).to.deep.equal(['ERR_SSP_CONNECTION_CLOSED', true]);
      expect(await told(second.queued.call)).to.deep.equal(['ERR_SSP_CONNECTION_CLOSED', false]);
    });

    it('has calls to a server out of sight tell it', async () => {
      const { world, pair } = await apart({ ackReceipt: true });
      const { taken, queued } = await halfTaken(pair);
      world.reconfigure([['d1'], ['d2']]);
      expect(await told(taken.call)).to.deep.equal(['ERR_SSP_SERVER_UNREACHABLE', true]);
      expect(await told(queued.call)).to.deep.equal(['ERR_SSP_SERVER_UNREACHABLE', false]);
      expect(await told(pair.client.call(3))).to.deep.equal(['ERR_SSP_SERVER_UNREACHABLE', false]);
    });

    it('makes up after a partition for what was taken meanwhile', async () => {
      const { world, pair } = await apart({ ackReceipt: true });
      const calls = [1, 2, 3].map((type) => pair.client.call(type, undefined, { partition: 'wait' }));
      const tellings = calls.map(told);
      await pair.client.ping();
      world.reconfigure([['d1'], ['d2']]);
      await world.settle();
      await request(pair.server);
      await (await request(pair.server)).drop();
      world.reconfigure([['d1', 'd2']]);
      await world.settle();
      void pair.server.close({ force: true });
      await world.settle();
      const words = (await Promise.all(tellings)).map(([, received]) => received);
      expect(words).to.deep.equal([true, true, false]);
    });

    it('shows in a refusal by the server, too, and replies come as before', async () => {
      const { server, client } = await acknowledging();
      const call = client.call(1);
      await (await request(server)).fail('X');
      expect(await told(call)).to.deep.equal(['ERR_SSP_REFUSED', true]);
      const other = client.call(1);
      await (await request(server)).reply(5);
      expect((await other).status).to.equal(5);
      expect(c.channels.dropped).to.include({ late: 0, malformed: 0 });
    });

    it('says nothing where it is off', async () => {
      const pair = await pairOf(s.channels, c.channels);
      const { taken, queued } = await halfTaken(pair);
      await pair.server.close({ force: true });
      expect(await told(taken.call)).to.deep.equal(['ERR_SSP_SERVER_GONE', undefined]);
      expect(await told(queued.call)).to.deep.equal(['ERR_SSP_SERVER_GONE', undefined]);
    });

    it('[channels C57] sends nothing where it is off, and such a word is dropped and counted', async () => {
      const { server, client } = await pairOf(s.channels, c.channels);
      const call = client.call(1);
      const event = await request(server);
      await client.ping();
      expect(c.channels.dropped.malformed).to.equal(0);
      await raw([s, c.channels], 'received', server, event.id);
      await client.ping();
      expect(c.channels.dropped).to.include({ malformed: 1, late: 0 });
      await server.close({ force: true });
      expect(await told(call)).to.deep.equal(['ERR_SSP_SERVER_GONE', undefined]);
    });

    it('[channels C58] a word of receipt that nobody awaits, or from somebody else, is dropped and counted', async () => {
      const { server, client } = await acknowledging();
      const stranger = await place.party('t');
      const call = client.call(1);
      await client.ping();
      await raw([s, c.channels], 'received', server, 12_345);
      for (let id = 1; id < 5; id++) await raw([stranger, c.channels], 'received', server, id);
      await stranger.channels.registry.lookup('c', { linearizable: true });
      await client.ping();
      expect(c.channels.dropped).to.include({ late: 1, stranger: 4, malformed: 0 });
      await server.close({ force: true });
      expect(await told(call)).to.deep.equal(['ERR_SSP_SERVER_GONE', false]);
    });
  });
});
