/** The registry where somebody is slow, silent or in between. */
import { expect } from 'chai';
import type { GroupLink, LinkHandler } from '../../lib/channel/group-link.js';
import { Random } from '../support/random.js';
import { eventually } from '../support/wait.js';
import type { Channels } from '../../lib/channel/channels.js';
import { openChannels } from '../../lib/channel/open.js';
import { code, next, pairOf, ChannelFixture, within } from './support.js';
import { ChannelWorld } from './channel-world.js';

const deaf: LinkHandler = {
  view() {},
  transition() {},
  message() {},
  refused() {},
  lost() {},
  continued() {},
  rejoined() {},
  observed() {},
  closed() {},
};

describe('the registry', () => {
  it('continues when a member says nothing at all', async () => {
    const world = new ChannelWorld(['d1', 'd2']);
    const a = await world.channels('d1', 'a');
    const silent: GroupLink = world.link('d1', 'silent');
    await silent.enter(deaf);
    await a.createChannel('c');
    const b = await world.channels('d2', 'b');
    expect((await b.registry.lookup('c'))?.owner).to.equal('#a#d1');
  });

  it('continues when the one who should speak for the others is paused', async () => {
    const world = new ChannelWorld(['d1', 'd2']);
    const first = await world.channels('d1', 'a');
    const a = await world.channels('d1', 'b');
    await a.createChannel('c');
    world.freeze(first.id);
    const c = await within(world.channels('d2', 'c'), 'the one who comes');
    expect((await c.registry.lookup('c'))?.owner).to.equal('#b#d1');
  });

  it('sends commands again that came during an exchange', async () => {
    for (let seed = 0; seed < 30; seed++) {
      const world = new ChannelWorld(['d1', 'd2', 'd3'], new Random(seed));
      const all = [await world.channels('d1', 'a'), await world.channels('d2', 'b')];
      const coming = world.channels('d3', 'c');
      const servers = await within(
        Promise.all(all.flatMap((each, i) => [0, 1].map((j) => each.createChannel(`${i} ${j}`)))),
        'all channels',
      );
      expect((await (await coming).registry.list()).map(({ name }) => name)).to.have.length(servers.length);
    }
  });

  it('needs more than half of the daemons for the first name when it knows them', async () => {
    const world = new ChannelWorld(['d1', 'd2', 'd3']);
    const options = { daemons: ['d1', 'd2', 'd3'] };
    const a = await world.channels('d1', 'a', options);
    expect(await code(a.createChannel('c'))).to.equal('ERR_SSP_NOT_PRIMARY');
    await world.channels('d2', 'b', options);
    expect((await a.createChannel('c')).name).to.equal('c');
  });

  it('counts a daemon that came back with newcomers only when all of them are back', async () => {
    const world = new ChannelWorld(['d1', 'd2', 'd3']);
    const a = await world.channels('d1', 'a');
    for (const daemon of ['d2', 'd3']) await world.channels(daemon, 'b');
    await world.settle();
    world.reconfigure([['d1'], ['d2', 'd3']]);
    world.killDaemon('d2');
    world.killDaemon('d3');
    await world.settle();
    const isPrimary = async (): Promise<boolean> => (await a.registry.snapshot()).primary;
    expect(await isPrimary()).to.equal(false);
    world.reconfigure([['d1', 'd2']]);
    await world.channels('d2', 'new');
    await world.settle();
    expect(await isPrimary()).to.equal(false);
    world.reconfigure([['d1', 'd2', 'd3']]);
    await world.channels('d3', 'new');
    await world.settle();
    expect(await isPrimary()).to.equal(true);
  });

  it('tells watchers who goes out of sight, comes back, and ends', async () => {
    const world = new ChannelWorld(['d1', 'd2']);
    const a = await world.channels('d1', 'a');
    const b = await world.channels('d2', 'b');
    await world.settle();
    const seen: string[] = [];
    const watching = (async () => {
      for await (const event of a.watch(b.id)) seen.push(event.kind);
    })();
    world.reconfigure([['d1'], ['d2']]);
    await world.settle();
    world.reconfigure([['d1', 'd2']]);
    await world.settle();
    world.kill(b.id);
    await within(watching, 'the end');
    expect(seen).to.deep.equal(['unreachable', 'back', 'gone']);
  });

  it('sends a table that is longer than one message', async () => {
    await using place = await ChannelFixture.start();
    const a = await place.channels('a');
    const metadata = new Uint8Array(1024);
    for (let i = 0; i < 200; i++) await a.createChannel(`name ${i}`, { metadata });
    const b = await place.channels('b');
    expect((await b.registry.snapshot()).hash).to.equal((await a.registry.snapshot()).hash);
    expect(await b.registry.list('name 19')).to.have.length(11);
  });

  it('shows new metadata to everybody', async () => {
    await using place = await ChannelFixture.start();
    const [a, b] = [await place.channels('a'), await place.channels('b')];
    const { server } = await pairOf(a, b);
    await server.setMetadata(Uint8Array.of(1, 2, 3));
    const info = await b.registry.lookup('c', { linearizable: true });
    expect(info?.metadata).to.deep.equal(Uint8Array.of(1, 2, 3));
    expect(info?.clients).to.deep.equal([b.id]);
  });

  it('is one for a connection, until it is closed', async () => {
    await using place = await ChannelFixture.start();
    const { channels, connection } = await place.party('a');
    expect(await openChannels(connection)).to.equal(channels);
    await channels.close();
    const again = await openChannels(connection);
    expect(again).not.to.equal(channels);
    expect((await again.createChannel('c')).name).to.equal('c');
  });

  it('is given up by a signal, and with the connection', async () => {
    await using place = await ChannelFixture.start();
    const { connection, channels } = await place.party('a');
    expect(await code(openChannels(connection, { signal: AbortSignal.abort() }))).to.equal('AbortError');
    const waiting = code(channels.openChannel('c', { waitMs: 10_000 }));
    await connection.close();
    expect(await waiting).to.equal('ERR_SSP_CONNECTION_CLOSED');
    expect(await code(channels.createChannel('c'))).to.equal('ERR_SSP_CONNECTION_CLOSED');
    expect(await code(openChannels(connection))).to.equal('ERR_SSP_CONNECTION_CLOSED');
  });

  it('gives the same handle to who opens a channel twice, and frees it for who closes', async () => {
    await using place = await ChannelFixture.start();
    const [a, b] = [await place.channels('a'), await place.channels('b')];
    const { server, client } = await pairOf(a, b);
    expect(await b.openChannel('c')).to.equal(client);
    await client.close();
    await next(server, 'client-left');
    expect(await b.openChannel('c')).not.to.equal(client);
    await next(server, 'client-joined');
  });

  it('closes with its channels: owners are gone for their clients, clients have left', async () => {
    await using place = await ChannelFixture.start();
    const [a, b] = [await place.channels('a'), await place.channels('b')];
    const { client } = await pairOf(a, b);
    const other = await b.createChannel('other');
    await a.openChannel('other');
    await next(other, 'client-joined');
    await a.close();
    for await (const event of client.events())
      expect(event).to.include({ kind: 'server-gone', reason: 'left' });
    await next(other, 'client-left');
    expect(await code(a.createChannel('x'))).to.equal('ERR_SSP_NOT_ATTACHED');
  });
});

describe('openChannels', () => {
  it('gives one object to all who ask at the same time, also after the one of before was closed', async () => {
    await using fixture = await ChannelFixture.start();
    const { channels: before, connection } = await fixture.party('a');
    const [x, y] = await Promise.all([openChannels(connection), openChannels(connection)]);
    expect([x, y]).to.deep.equal([before, before]);
    await before.close();
    const [one, two, three] = await Promise.all([1, 2, 3].map(async () => await openChannels(connection)));
    expect(one).not.to.equal(before);
    expect([two, three]).to.deep.equal([one, one]);
    await one?.createChannel('n');
    expect(await code((two as Channels).createChannel('n'))).to.equal('ERR_SSP_EXISTS');
  });

  it('ends when the program leaves the group of the registry', async () => {
    await using fixture = await ChannelFixture.start();
    const { channels, connection } = await fixture.party('a');
    await connection.leave('$channels');
    await eventually(() => !channels.isOpen, 'the end');
    expect(await code(channels.createChannel('n'))).to.equal('ERR_SSP_CONNECTION_CLOSED');
    await (await openChannels(connection)).createChannel('n');
  });
});
