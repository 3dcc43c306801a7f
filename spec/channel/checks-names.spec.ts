/** Names [channels C27 to C33]. */
import { expect } from 'chai';
import { performance } from 'node:perf_hooks';
import { encodeRegistryMessage } from '../../lib/channel/registry/command.js';
import { ConnectionLink } from '../../lib/channel/group-link.js';
import { REGISTRY_GROUP } from '../../lib/channel/limits.js';
import { Random } from '../support/random.js';
import { isWaiting } from '../client/support.js';
import { code, failure, next, pairOf, type Party, ChannelFixture, request, within } from './support.js';
import { ChannelWorld } from './channel-world.js';

describe('channel: names', () => {
  let place: ChannelFixture;
  let s: Party;
  let c: Party;

  beforeEach(async () => {
    place = await ChannelFixture.start();
    s = await place.party('s');
    c = await place.party('c');
  });

  afterEach(() => place[Symbol.asyncDispose]());

  it('[channels C27] a name is given once, to the same connection, another one, and one at another daemon', async () => {
    await s.channels.createChannel('c');
    expect(await code(s.channels.createChannel('c'))).to.equal('ERR_SSP_EXISTS');
    expect(await code(c.channels.createChannel('c'))).to.equal('ERR_SSP_EXISTS');
    const world = new ChannelWorld(['d1', 'd2']);
    await (await world.channels('d1', 'a')).createChannel('c');
    expect(await code((await world.channels('d2', 'b')).createChannel('c'))).to.equal('ERR_SSP_EXISTS');
  });

  it('[channels C28] of two creates at the same moment one succeeds, two hundred times', async () => {
    const world = new ChannelWorld(['d1', 'd2'], new Random(28));
    const [a, b] = [await world.channels('d1', 'a'), await world.channels('d2', 'b')];
    const outcomes = new Set<string>();
    for (let round = 0; round < 200; round++) {
      const [one, other] = round % 2 === 0 ? [a, b] : [b, a];
      const both = await Promise.allSettled([one, other].map((each) => each.createChannel(`c${round}`)));
      const states = both.map(({ status }) => status);
      expect(states.toSorted()).to.deep.equal(['fulfilled', 'rejected']);
      outcomes.add(states.join());
      const entry = await a.registry.lookup(`c${round}`);
      expect(entry).to.deep.equal(await b.registry.lookup(`c${round}`, { linearizable: true }));
    }
  });

  it('[channels C29] names differ by case and have up to 47 bytes; what is no name is refused by create and open', async () => {
    const longest = 'ü'.repeat(23) + 'x';
    for (const name of ['Name', 'name', 'a b', longest]) {
      await s.channels.createChannel(name);
      expect((await c.channels.openChannel(name)).name).to.equal(name);
    }
    for (const name of ['', `${longest}y`, 'a\u0000', 'a\nb', 'a\u007f', 'a#b', '\ud800']) {
      expect(await code(s.channels.createChannel(name)), JSON.stringify(name)).to.equal('ERR_SSP_BAD_NAME');
      expect(await code(s.channels.openChannel(name)), JSON.stringify(name)).to.equal('ERR_SSP_BAD_NAME');
    }
  });

  it('[channels C30] an unknown name is not found at once, or when it appears in time', async () => {
    expect(await code(c.channels.openChannel('c'))).to.equal('ERR_SSP_NOT_FOUND');
    expect(await code(c.channels.openChannel('c', { waitMs: 20 }))).to.equal('ERR_SSP_NOT_FOUND');
    const opening = c.channels.openChannel('c', { waitMs: 10_000 });
    expect(await isWaiting(opening)).to.equal(true);
    await s.channels.createChannel('c');
    expect((await within(opening, 'the opening')).name).to.equal('c');
  });

  it('[channels C31] the name of a dead owner is free, and old handles never reach the new one', async () => {
    const { server: old, client } = await pairOf(s.channels, c.channels);
    const begin = performance.now();
    s.kill();
    for await (const event of client.events()) expect(event.kind).to.equal('server-gone');
    const server = await c.channels.createChannel('c');
    expect(performance.now() - begin).to.be.below(1000);
    expect(server.claimId).not.to.equal(old.claimId);
    expect(await code(client.call(1))).to.equal('ERR_SSP_SERVER_GONE');
    const again = await c.channels.openChannel('c');
    await next(server, 'client-joined');
    const call = again.call(2);
    expect((await request(server)).type).to.equal(2);
    void failure(call);
  });

  it('[channels C32] a channel with clients closes by force only, and tells them', async () => {
    const { server, client } = await pairOf(s.channels, c.channels);
    const error = await failure(server.close());
    expect(error).to.include({ code: 'ERR_SSP_HAS_CLIENTS', count: 1 });
    await client.ping();
    const call = failure(client.call(1));
    await request(server);
    await server.close({ force: true });
    expect((await call).code).to.equal('ERR_SSP_SERVER_GONE');
    for await (const event of client.events()) {
      expect(event).to.include({ kind: 'server-gone', reason: 'released' });
    }
    await (await s.channels.createChannel('d')).close();
    expect(await s.channels.registry.lookup('d')).to.equal(undefined);
  });

  it('[channels C33] the same user at another daemon cannot close the channel', async () => {
    const world = new ChannelWorld(['d1', 'd2']);
    const owner = await world.channels('d1', 'x');
    const server = await owner.createChannel('c');
    const thief = world.link('d2', 'x');
    const nobody = {
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
    await thief.enter(nobody);
    const claim = Buffer.from(server.claimId, 'hex').toString('latin1');
    const command = { kind: 'release', claim, force: true } as const;
    await thief.send(null, encodeRegistryMessage({ serial: 1, tag: [0, 0, 0, 0], command }), 'agreed');
    await world.settle();
    expect(await owner.registry.lookup('c', { linearizable: true })).to.include({ owner: '#x#d1' });
  });

  it('[channels C33] nor can somebody who is no member of the registry', async () => {
    const server = await s.channels.createChannel('c');
    const stranger = await place.party('t');
    await stranger.channels.close();
    const claim = Buffer.from(server.claimId, 'hex').toString('latin1');
    const release = encodeRegistryMessage({
      serial: 1,
      tag: [0, 0, 0, 0],
      command: { kind: 'release', claim, force: true },
    });
    await new ConnectionLink(stranger.connection, REGISTRY_GROUP).send(null, release, 'agreed');
    await stranger.connection.sendTo(stranger.connection.id, 'behind');
    expect(await s.channels.registry.lookup('c', { linearizable: true })).to.include({ owner: '#s#d1' });
  });
});
