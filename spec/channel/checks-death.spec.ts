/** Death [channels C18 to C26]. */
import { expect } from 'chai';
import type { WatchEvent } from '../../lib/channel/event.js';
import { performance } from 'node:perf_hooks';
import { isWaiting } from '../client/support.js';
import {
  code,
  failure,
  next,
  pairOf,
  type Party,
  ChannelFixture,
  request,
  settle,
  within,
} from './support.js';

describe('channel: death', () => {
  let place: ChannelFixture;
  let s: Party;
  let c: Party;

  beforeEach(async () => {
    place = await ChannelFixture.start();
    s = await place.party('s');
    c = await place.party('c');
  });

  afterEach(() => place[Symbol.asyncDispose]());

  it('[channels C18] the death of a server that has not received fails the call', async () => {
    const { client } = await pairOf(s.channels, c.channels);
    const call = client.call(1);
    await client.ping();
    const begin = performance.now();
    s.kill();
    expect(await failure(call)).to.include({ code: 'ERR_SSP_SERVER_GONE', reason: 'disconnect' });
    expect(performance.now() - begin).to.be.below(1000);
  });

  it('[channels C19] the death of a server that has received fails the call', async () => {
    const { server, client } = await pairOf(s.channels, c.channels);
    const call = client.call(1);
    await request(server);
    s.kill();
    expect(await code(call)).to.equal('ERR_SSP_SERVER_GONE');
  });

  it('[channels C20] calls to a dead server go on failing, and nothing else happens', async () => {
    const { client } = await pairOf(s.channels, c.channels);
    s.kill();
    for await (const event of client.events()) expect(event).to.include({ kind: 'server-gone', lost: 0 });
    for (let i = 0; i < 3; i++) expect(await code(client.call(i))).to.equal('ERR_SSP_SERVER_GONE');
    expect(await code(client.post(1))).to.equal('ERR_SSP_SERVER_GONE');
    expect(client.state).to.equal('gone');
  });

  it('[channels C21] the death of a client whose request is held is an event, and the server continues', async () => {
    const { server, client } = await pairOf(s.channels, c.channels);
    const call = failure(client.call(1));
    const event = await request(server);
    expect(server.pending).to.equal(1);
    c.kill();
    const gone = await next(server, 'client-gone');
    expect(gone).to.deep.include({ client: c.channels.id, reason: 'disconnect', cancelled: 1 });
    expect([server.pending, event.cancelled]).to.deep.equal([0, true]);
    expect(await code(event.reply(1))).to.equal('ERR_SSP_CLIENT_GONE');
    expect((await call).code).to.equal('ERR_SSP_CONNECTION_CLOSED');
    const d = await (await place.channels('d')).openChannel('c');
    await next(server, 'client-joined');
    const other = d.call(2);
    await (await request(server)).reply(3);
    expect((await other).status).to.equal(3);
  });

  it('[channels C22] the death of a client comes behind its last message, and replying harms nobody', async () => {
    const { server, client } = await pairOf(s.channels, c.channels);
    void client.post(1);
    void failure(client.call(2));
    await client.ping();
    c.kill();
    await within(
      place.channels('d').then((channels) => channels.registry.lookup('c')),
      'the next one',
    );
    expect((await next(server, 'message')).type).to.equal(1);
    // Nobody looks at this promise: its rejection must not end the program.
    void (await request(server)).reply(1);
    expect((await next(server, 'client-gone')).cancelled).to.equal(1);
    await settle();
  });

  it('[channels C23] a client that leaves gives one client-left, one that dies one client-gone', async () => {
    const { server, client } = await pairOf(s.channels, c.channels);
    await client.close();
    c.kill();
    const d = await place.party('d');
    await d.channels.openChannel('c');
    expect(await next(server, 'client-left')).to.include({ client: c.channels.id });
    expect(await next(server, 'client-joined')).to.include({ client: d.channels.id });
    d.kill();
    expect(await next(server, 'client-gone')).to.include({ client: d.channels.id, cancelled: 0 });
    await (await place.channels('e')).openChannel('c');
    await next(server, 'client-joined');
  });

  it('[channels C24] the death of a client of three channels is one event for each, leaving one leaves one', async () => {
    const servers = [];
    const clients = [];
    for (const name of ['one', 'two', 'three']) {
      servers.push(await s.channels.createChannel(name));
      clients.push(await c.channels.openChannel(name));
    }
    for (const server of servers) await next(server, 'client-joined');
    await clients[0]?.close();
    await clients[1]?.ping();
    await clients[2]?.ping();
    c.kill();
    const kinds = [];
    for (const server of servers) kinds.push((await within(server.receive(), 'an event')).kind);
    expect(kinds).to.deep.equal(['client-left', 'client-gone', 'client-gone']);
    await place.channels('d');
    for (const server of servers) expect((await server.receive({ timeoutMs: 0 })).kind).to.equal('timeout');
  });

  it('[channels C25] a watch on somebody unrelated tells his death once, without a channel', async () => {
    const watched = c.channels.id;
    const heard: WatchEvent[] = [];
    const watching = (async () => {
      for await (const event of s.channels.watch(watched)) heard.push(event);
    })();
    c.kill();
    await within(watching, 'the end of the watch');
    expect(heard).to.deep.equal([{ kind: 'gone', id: watched, reason: 'disconnect' }]);
    for await (const event of s.channels.watch('#nobody#d1')) {
      expect(event).to.deep.equal({ kind: 'gone', id: '#nobody#d1', reason: 'unknown' });
    }
  });

  it('[channels C26] a ping of the library needs no receive, one of the application does, one of the dead rejects', async () => {
    const { server, client } = await pairOf(s.channels, c.channels);
    expect(await within(client.ping(), 'the library')).to.be.above(0);
    const ping = client.ping({ depth: 'application' });
    await client.ping();
    expect(await isWaiting(ping)).to.equal(true);
    const waiting = server.receive();
    expect(await within(ping, 'the application')).to.be.above(0);
    expect(await within(client.ping({ depth: 'application' }), 'a receive that waits')).to.be.above(0);
    s.kill();
    expect(await code(waiting)).to.equal('ERR_SSP_CONNECTION_CLOSED');
    for await (const event of client.events()) expect(event.kind).to.equal('server-gone');
    expect(await code(client.ping())).to.equal('ERR_SSP_SERVER_GONE');
    expect(await code(client.ping({ depth: 'application' }))).to.equal('ERR_SSP_SERVER_GONE');
  });
});
