/** Bad input [channels C51 to C58]. */
import { Buffer } from 'node:buffer';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect } from 'chai';
import type { Channels } from '../../lib/channel/channels.js';
import { IllegalParamError } from '../../lib/errors.js';
import { openChannels } from '../../lib/channel/open.js';
import { CHANNEL_MESSAGE, MAX_PIECE } from '../../lib/channel/limits.js';
import { encodeMessage, MESSAGE_HEADER } from '../../lib/channel/protocol/message.js';
import { inParts } from '../../lib/channel/protocol/parts.js';
import {
  code,
  failure,
  next,
  pairOf,
  type Pair,
  type Party,
  ChannelFixture,
  request,
  within,
} from './support.js';

/** For values that the types refuse. */
const any = (value: unknown): never => value as never;

describe('channel: bad input', () => {
  let place: ChannelFixture;
  let s: Party;
  let c: Party;
  let pair: Pair;

  beforeEach(async () => {
    place = await ChannelFixture.start();
    s = await place.party('s');
    c = await place.party('c');
    pair = await pairOf(s.channels, c.channels, { maxBody: 1000 });
  });

  afterEach(() => place[Symbol.asyncDispose]());

  /** Nothing came to the server. */
  async function untouched(): Promise<void> {
    await pair.client.ping();
    expect((await pair.server.receive({ timeoutMs: 0 })).kind).to.equal('timeout');
  }

  it('[channels C51] what is no signed 32-bit number is no type', async () => {
    for (const type of [1.5, NaN, 2147483648, -2147483649, '7', null, undefined]) {
      expect(await code(pair.client.call(any(type))), String(type)).to.equal('ERR_SSP_ILLEGAL_PARAM');
      expect(await code(pair.client.post(any(type))), String(type)).to.equal('ERR_SSP_ILLEGAL_PARAM');
    }
    await untouched();
  });

  it('[channels C51] nor a status, and the request can still be answered', async () => {
    const call = pair.client.call(1);
    const event = await request(pair.server);
    for (const status of [1.5, NaN, 2147483648, '7', null]) {
      expect(await code(event.reply(any(status))), String(status)).to.equal('ERR_SSP_ILLEGAL_PARAM');
    }
    await event.reply(4);
    expect((await call).status).to.equal(4);
  });

  it('[channels C52] what are no bytes is no body, and too many bytes are too many', async () => {
    for (const body of ['text', 5, [1, 2], new ArrayBuffer(3), null]) {
      expect(await code(pair.client.call(1, any(body))), JSON.stringify(body)).to.equal(
        'ERR_SSP_ILLEGAL_PARAM',
      );
      expect(await code(pair.client.post(1, any(body))), JSON.stringify(body)).to.equal(
        'ERR_SSP_ILLEGAL_PARAM',
      );
    }
    expect(await code(pair.client.call(1, new Uint8Array(1001)))).to.equal('ERR_SSP_BODY_TOO_LONG');
    expect(await code(pair.client.post(1, new Uint8Array(1001)))).to.equal('ERR_SSP_BODY_TOO_LONG');
    await untouched();
    const call = pair.client.call(1, new Uint8Array(1000));
    const event = await request(pair.server);
    expect(await code(event.reply(1, new Uint8Array(1001)))).to.equal('ERR_SSP_BODY_TOO_LONG');
    await event.reply(1, new Uint8Array(1000));
    expect((await call).fullLength).to.equal(1000);
  });

  it('[channels C53] what are no milliseconds is no time', async () => {
    for (const timeoutMs of [-1, NaN, Infinity, '5', null].map(any)) {
      const text = String(timeoutMs);
      expect(await code(pair.client.call(1, undefined, { timeoutMs })), text).to.equal(
        'ERR_SSP_ILLEGAL_PARAM',
      );
      expect(await code(pair.client.post(1, undefined, { timeoutMs })), text).to.equal(
        'ERR_SSP_ILLEGAL_PARAM',
      );
      expect(await code(pair.client.ping({ timeoutMs })), text).to.equal('ERR_SSP_ILLEGAL_PARAM');
      expect(await code(pair.server.receive({ timeoutMs })), text).to.equal('ERR_SSP_ILLEGAL_PARAM');
      expect(await code(s.channels.createChannel('d', { timeoutMs })), text).to.equal(
        'ERR_SSP_ILLEGAL_PARAM',
      );
      expect(await code(s.channels.openChannel('c', { timeoutMs })), text).to.equal('ERR_SSP_ILLEGAL_PARAM');
      expect(() => pair.server.startTimer(1, timeoutMs), text).to.throw('ILLEGAL_PARAM');
    }
    await untouched();
  });

  it('[channels C54] what is no number of posts, and too much metadata, is refused', async () => {
    for (const maxBuffered of [-1, 1.5, 'x', NaN].map(any)) {
      const created = s.channels.createChannel('d', { maxBuffered });
      expect(await code(created), String(maxBuffered)).to.equal('ERR_SSP_ILLEGAL_PARAM');
    }
    const metadata = new Uint8Array(1025);
    expect(await code(s.channels.createChannel('d', { metadata }))).to.equal('ERR_SSP_ILLEGAL_PARAM');
    expect(await code(pair.server.setMetadata(metadata))).to.equal('ERR_SSP_ILLEGAL_PARAM');
    expect(await code(s.channels.createChannel('d', any({ maxbuffered: 3 })))).to.equal(
      'ERR_SSP_ILLEGAL_PARAM',
    );
    await s.channels.createChannel('d', { metadata: metadata.subarray(1) });
    expect((await c.channels.registry.lookup('d', { linearizable: true }))?.metadata).to.have.length(1024);
  });

  it('[channels C54] an option that there is not is named, before anything is sent', async () => {
    const { client, server } = pair;
    const options = any({ timeout: 5 });
    const calls: Record<string, () => Promise<unknown>> = {
      call: () => client.call(1, undefined, options),
      post: () => client.post(1, undefined, options),
      ping: () => client.ping(options),
      receive: () => server.receive(options),
      create: () => s.channels.createChannel('d', options),
      open: () => c.channels.openChannel('c', options),
    };
    for (const [name, call] of Object.entries(calls)) {
      const error = await call().then(String, (reason: Error) => reason);
      expect(error, name).to.be.instanceOf(IllegalParamError);
      expect(error, name)
        .to.have.property('message')
        .that.matches(/unknown option "timeout"; expected one of .*timeoutMs/);
    }
    for (const none of [null, 5, 'x'].map(any)) {
      for (const call of [client.call(1, undefined, none), client.post(1, undefined, none)])
        expect(await code(call), String(none)).to.equal('ERR_SSP_ILLEGAL_PARAM');
      for (const call of [client.ping(none), server.receive(none)])
        expect(await code(call), String(none)).to.equal('ERR_SSP_ILLEGAL_PARAM');
    }
    await untouched();
  });

  it('[channels C54] channels want a connection', async () => {
    for (const first of [Promise.resolve(s.connection), '4803@localhost', undefined, {}].map(any)) {
      const error = await openChannels(first).then(String, (reason: Error) => reason);
      expect(error).to.be.instanceOf(IllegalParamError);
      expect(error)
        .to.have.property('message')
        .that.matches(/the first argument must be a Connection: `await /);
    }
  });

  it('[channels C54] what is given in the wrong place is named', async () => {
    const call = pair.client.call(1);
    const event = await request(pair.server);
    const error = await event.reply(any(new Uint8Array(1))).then(String, (reason: Error) => reason);
    expect(error)
      .to.have.property('message')
      .that.matches(/status: expected an integer .*, got a Uint8Array/);
    for (const word of ['not sold', ' X', 'X\n', '', any(5)])
      expect(await code(event.fail(word)), String(word)).to.equal('ERR_SSP_ILLEGAL_PARAM');
    await event.fail('NOT_SOLD', 'a sentence');
    expect(await failure(call)).to.include({ code: 'ERR_SSP_REFUSED', refusal: 'NOT_SOLD' });
  });

  it('[channels C55] a closed handle does nothing any more, and closing twice is harmless', async () => {
    const { server, client } = pair;
    await client.close();
    await client.close();
    for (const attempt of [client.call(1), client.post(1), client.ping()]) {
      expect(await code(attempt)).to.equal('ERR_SSP_NOT_ATTACHED');
    }
    expect(client.state).to.equal('closed');
    for await (const _ of client.events()) throw new Error('an event of a closed handle');
    await next(server, 'client-left');
    await server.close();
    await server.close();
    expect(await code(server.receive())).to.equal('ERR_SSP_NOT_ATTACHED');
    expect(await code(server.setMetadata(new Uint8Array(1)))).to.equal('ERR_SSP_NOT_ATTACHED');
    expect(() => server.startTimer(1, 1)).to.throw('NOT_ATTACHED');
    expect(() => server.stopTimer(1)).to.throw('NOT_ATTACHED');
    for await (const _ of server) throw new Error('an event of a closed channel');
  });

  it('[channels C56] a second receiver is refused, and the first one is not disturbed', async () => {
    const { server, client } = pair;
    const first = server.receive();
    expect(await code(server.receive())).to.equal('ERR_SSP_BUSY');
    expect(await code(server[Symbol.asyncIterator]().next())).to.equal('ERR_SSP_BUSY');
    await client.post(5);
    expect(await within(first, 'the first')).to.include({ kind: 'message', type: 5 });
    for await (const event of (await client.post(6), server)) {
      expect(event).to.include({ type: 6 });
      expect(await code(server.receive())).to.equal('ERR_SSP_BUSY');
      break;
    }
    expect((await server.receive({ timeoutMs: 0 })).kind).to.equal('timeout');
  });

  /** Sends bytes as they are. */
  const raw = (from: Party, to: Channels, bytes: Uint8Array): Promise<void> =>
    from.connection.sendTo(to.id, bytes, { type: CHANNEL_MESSAGE });

  it('[channels C57] a message that is none is dropped and counted', async () => {
    const claim = Buffer.from(pair.server.claimId, 'hex').toString('latin1');
    const good = encodeMessage('request', claim, 99, { word: 1, limit: 10, body: Buffer.from('x') });
    const changed = (at: number, value: number): Buffer => {
      const copy = Buffer.from(good);
      copy[at] = value;
      return copy;
    };
    const long = inParts(
      'request',
      { claim, id: 100, word: 1, limit: 10, deadline: 0 },
      Buffer.alloc(MAX_PIECE + 5),
    );
    const wrong: readonly [keyof Channels['dropped'], Buffer][] = [
      ['malformed', changed(1, 2)],
      ['malformed', good.subarray(0, MESSAGE_HEADER - 1)],
      ['malformed', Buffer.alloc(0)],
      ['malformed', changed(0, 31)],
      ['malformed', changed(0, 200)],
      ['unknownChannel', changed(10, 0xaa)],
      // A part of a body that is longer than the channel takes.
      ['unfit', long[0] as Buffer],
    ];
    const reported: string[] = [];
    const onDropped = (message: unknown): void => {
      const { id, group, sender, reason } = message as Record<string, string>;
      if (id === s.channels.id) reported.push(`${group} ${sender} ${reason}`);
    };
    subscribe('ssp-toolkit:dropped', onDropped);
    for (const [reason, bytes] of wrong) {
      const before = s.channels.dropped[reason];
      await raw(c, s.channels, bytes);
      await pair.client.ping();
      expect(s.channels.dropped[reason], `${reason} ${bytes.toString('hex', 0, 20)}`).to.equal(before + 1);
    }
    await untouched();
    const stranger = await place.party('t');
    await raw(stranger, s.channels, good);
    await (await stranger.channels.openChannel('c')).ping();
    expect(s.channels.dropped.stranger).to.equal(1);
    unsubscribe('ssp-toolkit:dropped', onDropped);
    expect(reported).to.deep.equal([
      ...Array.from({ length: 5 }, () => `$channels ${c.channels.id} malformed`),
      `$channels ${stranger.channels.id} stranger`,
    ]);
    await next(pair.server, 'client-joined');
    await untouched();
  });

  it('[channels C58] a reply that nobody awaits, or from somebody else, is dropped and counted', async () => {
    const claim = Buffer.from(pair.server.claimId, 'hex').toString('latin1');
    const stranger = await place.party('t');
    const call = pair.client.call(1);
    const event = await request(pair.server);
    await raw(s, c.channels, encodeMessage('reply', claim, 12_345, { word: 7 }));
    for (let id = 1; id < 5; id++)
      await raw(stranger, c.channels, encodeMessage('reply', claim, id, { word: 8 }));
    await stranger.channels.registry.lookup('c', { linearizable: true });
    await event.reply(9);
    expect((await call).status).to.equal(9);
    expect(c.channels.dropped).to.include({ late: 1, stranger: 4 });
  });
});
