/** The registry under faults [channels C34 to C41], in a world of several daemons in memory. */
import { expect } from 'chai';
import type { Channels } from '../../lib/channel/channels.js';
import type { ClientChannel } from '../../lib/channel/client-channel.js';
import type { ClientEvent } from '../../lib/channel/event.js';
import { Random } from '../support/random.js';
import { seeds } from '../support/seeds.js';
import { until } from '../support/wait.js';
import { isWaiting } from '../client/support.js';
import { code, echo, next, request, within } from './support.js';
import type { ChannelHost } from './channel-host.js';
import { SimulatedHouse } from './simulated.js';
import { ChannelWorld } from './channel-world.js';

const DAEMONS = ['d1', 'd2', 'd3'];
/** Worlds of [channels C37] in which everything breaks, and of [channels C40]. */
const BREAKS = seeds(25, 100);
const DEATHS = seeds(15, 50);

/** One connection with channels at each daemon. */
async function team(world: ChannelHost, daemons = DAEMONS, options = {}): Promise<Channels[]> {
  const all = [];
  for (const daemon of daemons) all.push(await world.channels(daemon, 'x', options));
  await world.settle();
  return all;
}

const hashes = async (all: readonly Channels[]): Promise<string[]> =>
  await Promise.all(all.map(async ({ registry }) => (await registry.snapshot()).hash));

async function expectEqual(all: readonly Channels[]): Promise<void> {
  expect(new Set(await hashes(all)).size, 'different tables').to.equal(1);
}

/** Name and claim of a new channel, or null when it is refused. */
const create = (channels: Channels, name: string): Promise<[string, string] | null> =>
  channels.createChannel(name).then(
    ({ claimId }) => [name, claimId],
    () => null,
  );

/** The next news of a client handle. */
async function news(client: ClientChannel): Promise<ClientEvent['kind']> {
  const { value } = await within(client.events()[Symbol.asyncIterator]().next(), 'news');
  return (value as ClientEvent).kind;
}

/** Where the checks are made. */
const houses: readonly {
  readonly where: string;
  readonly build: (daemons: readonly string[], random?: Random) => ChannelHost;
  /** Most steps of a merge before a daemon dies. */
  readonly most: number;
  /** Names in [channels C41], which asks for ten thousand; fewer where they take long, and in an ordinary run. */
  readonly names: number;
}[] = [
  {
    where: 'in memory',
    build: (daemons, random) => new ChannelWorld(daemons, random),
    most: 12,
    names: seeds(2000, 10_000),
  },
  ...(['ideal', 'cpg'] as const).map((kind) => ({
    where: `on simulated daemons (${kind})`,
    build: (daemons: readonly string[], random?: Random) =>
      new SimulatedHouse(daemons, kind, random?.below(2 ** 30)),
    most: 60,
    names: kind === 'ideal' ? seeds(2000, 10_000) : seeds(1000, 2000),
  })),
];

for (const { where, build, most, names: wanted } of houses)
  describe(`channel: the registry under faults, ${where}`, function () {
    // Many worlds one after the other, which a busy machine plays slowly.
    this.timeout(60_000);

    for (const victim of DAEMONS) {
      it(`[channels C34] names go on when ${victim} dies, and new ones can be created`, async () => {
        const world = build(DAEMONS);
        const all = await team(world);
        for (const [i, channels] of all.entries()) void echo(await channels.createChannel(`of-${i}`));
        await world.settle();
        world.killDaemon(victim);
        await world.settle();
        const rest = all.filter((_, i) => DAEMONS[i] !== victim);
        for (const channels of rest) {
          for (const [i] of DAEMONS.entries()) {
            if (DAEMONS[i] === victim) continue;
            const client = await channels.openChannel(`of-${i}`);
            expect((await client.call(i)).status).to.equal(i);
          }
          await channels.createChannel(`new at ${channels.id.slice(3)}`);
        }
        await world.settle();
        await expectEqual(rest);
      });
    }

    it('[channels C35] only the majority gives away names, and the minority keeps working with what is inside', async () => {
      const world = build(DAEMONS);
      const [a, b, c] = (await team(world)) as [Channels, Channels, Channels];
      void echo(await c.createChannel('inside'));
      const client = await c.openChannel('inside');
      world.reconfigure([['d1', 'd2'], ['d3']]);
      await world.settle();
      await b.createChannel('new');
      // `a` may hear of it a moment after `b`.
      await world.settle();
      expect((await a.registry.lookup('new'))?.owner).to.equal('#x#d2');
      expect(await code(c.createChannel('other'))).to.equal('ERR_SSP_NOT_PRIMARY');
      expect((await client.call(5)).status).to.equal(5);
      await client.post(1);
      expect((await c.registry.snapshot()).primary).to.equal(false);
    });

    it('[channels C36] after the merge all tables are equal, and the new name is everywhere', async () => {
      const world = build(DAEMONS);
      const all = await team(world);
      const [a, b, c] = all as [Channels, Channels, Channels];
      await c.createChannel('inside');
      world.reconfigure([['d1', 'd2'], ['d3']]);
      await world.settle();
      void echo(await b.createChannel('new'));
      world.reconfigure([DAEMONS]);
      await world.settle();
      await expectEqual(all);
      for (const channels of [a, b, c]) {
        expect((await (await channels.openChannel('new')).call(3)).status).to.equal(3);
        expect((await channels.registry.snapshot()).primary).to.equal(true);
      }
    });

    it('[channels C37] of two daemons that lose one another exactly one is primary', async () => {
      const world = build(['d1', 'd2']);
      const all = await team(world, ['d1', 'd2']);
      world.reconfigure([['d1'], ['d2']]);
      await world.settle();
      const primary = await Promise.all(all.map(async ({ registry }) => (await registry.snapshot()).primary));
      expect(primary).to.deep.equal([true, false]);
    });

    it('[channels C37] whatever breaks, no name is ever given to two owners', async () => {
      const daemons = ['d1', 'd2', 'd3', 'd4', 'd5'];
      for (let seed = 0; seed < BREAKS; seed++) {
        const random = new Random(seed);
        const world = build(daemons, random);
        const all = await team(world, daemons);
        world.isManual = true;
        const given: Promise<[name: string, claim: string] | null>[] = [];
        for (let round = 0; round < 8; round++) {
          const sides: string[][] = [[], [], []];
          for (const daemon of daemons) random.pick(sides).push(daemon);
          world.reconfigure(sides);
          for (let steps = random.below(40); steps > 0; steps--) {
            if (random.chance(0.2)) given.push(create(random.pick(all), `name ${random.below(round + 1)}`));
            world.step();
            await Promise.resolve();
          }
        }
        world.reconfigure([daemons]);
        await world.settle();
        await expectEqual(all);
        const owners = (await Promise.all(given)).filter((each) => each !== null);
        expect(new Set(owners.map(([name]) => name)).size, `seed ${seed}`).to.equal(owners.length);
        for (const [name, claim] of owners) {
          expect((await all[0]?.registry.lookup(name))?.claimId, `${name} of seed ${seed}`).to.equal(claim);
        }
      }
    });

    it('[channels C38] with the policy available the smaller claim wins, and the loser and its clients are told', async () => {
      const world = build(['d1', 'd2']);
      const [a, b] = (await team(world, ['d1', 'd2'], { registry: 'any-partition' })) as [Channels, Channels];
      world.reconfigure([['d1'], ['d2']]);
      await world.settle();
      const servers = [await a.createChannel('c'), await b.createChannel('c')];
      const clients = [await a.openChannel('c'), await b.openChannel('c')];
      for (const server of servers) await next(server, 'client-joined');
      world.reconfigure([['d1', 'd2']]);
      await world.settle();
      const winner = (servers[0]?.claimId ?? '') < (servers[1]?.claimId ?? '') ? 0 : 1;
      const loser = 1 - winner;
      expect(await next(servers[loser] as (typeof servers)[0], 'channel-lost')).to.include({
        reason: 'conflict',
      });
      for await (const event of clients[loser]?.events() ?? []) {
        expect(event).to.include({ kind: 'server-gone', reason: 'conflict' });
      }
      expect(clients[winner]?.state).to.equal('open');
      for (const { registry } of [a, b]) {
        expect((await registry.lookup('c'))?.claimId).to.equal(servers[winner]?.claimId);
      }
      await expectEqual([a, b]);
    });

    describe('[channels C39]', () => {
      let world: ChannelHost;
      let a: Channels;
      let b: Channels;

      beforeEach(async () => {
        world = build(['d1', 'd2']);
        [a, b] = (await team(world, ['d1', 'd2'])) as [Channels, Channels];
      });

      it('[channels C39] a server out of sight fails calls, keeps its name, and the handle works again', async () => {
        const server = await b.createChannel('c');
        const client = await a.openChannel('c');
        await next(server, 'client-joined');
        const call = code(client.call(1));
        await request(server);
        world.reconfigure([['d1'], ['d2']]);
        await world.settle();
        expect(await call).to.equal('ERR_SSP_SERVER_UNREACHABLE');
        expect(await code(client.call(2))).to.equal('ERR_SSP_SERVER_UNREACHABLE');
        expect(await code(a.createChannel('c'))).to.equal('ERR_SSP_ORPHANED');
        expect(await code(b.createChannel('d'))).to.equal('ERR_SSP_NOT_PRIMARY');
        expect(client.state).to.equal('unreachable');
        expect(await next(server, 'client-unreachable')).to.include({ reason: 'network' });
        world.reconfigure([['d1', 'd2']]);
        await world.settle();
        expect([await news(client), await news(client)]).to.deep.equal(['server-unreachable', 'server-back']);
        await next(server, 'client-joined');
        const again = client.call(3);
        const event = await request(server);
        expect(event.type).to.equal(3);
        await event.reply(4);
        expect((await again).status).to.equal(4);
      });

      it('[channels C39] a call that waits gets the reply that was given out of sight', async () => {
        const server = await b.createChannel('c');
        const client = await a.openChannel('c');
        await next(server, 'client-joined');
        const call = client.call(1, undefined, { partition: 'wait' });
        const held = await request(server);
        world.reconfigure([['d1'], ['d2']]);
        await world.settle();
        await held.reply(7);
        const later = client.call(2, undefined, { partition: 'wait' });
        expect(await isWaiting(call)).to.equal(true);
        world.reconfigure([['d1', 'd2']]);
        expect((await within(call, 'the reply')).status).to.equal(7);
        await next(server, 'client-unreachable');
        await next(server, 'client-joined');
        await (await request(server)).reply(8);
        expect((await later).status).to.equal(8);
      });

      it('[channels C39] a call that waits and was lost on the way is sent again', async () => {
        const server = await b.createChannel('c');
        const client = await a.openChannel('c');
        await next(server, 'client-joined');
        world.isManual = true;
        const call = client.call(1, undefined, { partition: 'wait' });
        // It is on its way when the network breaks, and then is ordered where the server is not.
        world.reconfigure([['d1'], ['d2']]);
        await world.settle();
        world.isManual = false;
        world.reconfigure([['d1', 'd2']]);
        await next(server, 'client-unreachable');
        await next(server, 'client-joined');
        await (await request(server)).reply(6);
        expect((await within(call, 'the reply')).status).to.equal(6);
      });

      it('[channels C39] posts go on after the merge with new credit', async () => {
        const server = await b.createChannel('c', { maxBuffered: 2 });
        const client = await a.openChannel('c');
        await next(server, 'client-joined');
        await client.post(1);
        await client.post(2);
        const blocked = client.post(3, undefined, { partition: 'wait' });
        await world.settle();
        world.reconfigure([['d1'], ['d2']]);
        await world.settle();
        world.reconfigure([['d1', 'd2']]);
        await world.settle();
        const types = [];
        for (let i = 0; i < 5; i++) {
          const event = await within(server.receive(), 'an event');
          types.push(event.kind === 'message' ? event.type : event.kind);
        }
        await within(blocked, 'the post that waited');
        expect(types).to.deep.equal([1, 2, 'client-unreachable', 'client-joined', 3]);
      });

      it('[channels C39] a name can be taken over when its owner is out of sight for long, who hears it at the merge', async () => {
        const old = await b.createChannel('c');
        const c = await world.channels('d1', 'y', { orphanTimeoutMs: 1 });
        world.reconfigure([['d1'], ['d2']]);
        await world.settle();
        expect(await code(a.createChannel('c'))).to.equal('ERR_SSP_ORPHANED');
        const begin = performance.now();
        await until(() => performance.now() > begin + 2, 'the time after which a name is free');
        const taken = await c.createChannel('c');
        world.reconfigure([['d1', 'd2']]);
        await world.settle();
        expect(await next(old, 'channel-lost')).to.include({ reason: 'taken-over' });
        for (const { registry } of [a, b, c]) {
          expect((await registry.lookup('c'))?.claimId).to.equal(taken.claimId);
        }
      });
    });

    it(`[channels C40] a daemon dies during the exchange of a merge, and the tables are equal, ${DEATHS} times`, async () => {
      for (let seed = 0; seed < DEATHS; seed++) {
        const random = new Random(seed);
        const daemons = ['d1', 'd2', 'd3', 'd4'];
        const world = build(daemons, random);
        const all = await team(world, daemons, { registry: 'any-partition' });
        const sides = [daemons.slice(0, 2), daemons.slice(2)];
        world.reconfigure(sides);
        await world.settle();
        for (const [i, channels] of all.entries())
          await channels.createChannel(`n${i % 3} ${i < 2 ? i : ''}`);
        world.isManual = true;
        world.reconfigure([daemons]);
        for (let steps = random.below(most); steps > 0; steps--) world.step();
        const victim = random.below(daemons.length);
        world.killDaemon(daemons[victim] as string);
        await world.settle();
        const rest = all.filter((_, i) => i !== victim);
        expect(new Set(await hashes(rest)).size, `seed ${seed}`).to.equal(1);
        const [first] = rest as [Channels];
        expect((await first.registry.snapshot()).members, `seed ${seed}`).to.have.length(3);
      }
    });

    it(`[channels C41] ${wanted} names of twenty connections that die at random keep the invariants`, async () => {
      const random = new Random(41);
      const world = build(DAEMONS, random);
      const claims = new Set<string>();
      let numbers = 0;
      const alive: Channels[] = [];
      const mine = new Map<Channels, Awaited<ReturnType<Channels['createChannel']>>[]>();
      const start = async (): Promise<void> => {
        const channels = await world.channels(random.pick(DAEMONS), `p${++numbers}`);
        alive.push(channels);
        mine.set(channels, []);
      };
      for (let i = 0; i < 20; i++) await start();
      for (; claims.size < wanted;) {
        const work = alive.map(async (channels) => {
          const own = mine.get(channels) ?? [];
          const names = Array.from({ length: 20 }, () => `name ${random.below(2000)}`);
          const made = await Promise.allSettled(names.map((name) => channels.createChannel(name)));
          for (const each of made) {
            if (each.status !== 'fulfilled') continue;
            // [channels I4]: no claim id comes twice.
            expect(claims.has(each.value.claimId)).to.equal(false);
            claims.add(each.value.claimId);
            own.push(each.value);
          }
          for (const server of own.splice(0, 10)) void server.close().catch(() => undefined);
        });
        if (random.chance(0.5)) {
          const [victim] = alive.splice(random.below(alive.length), 1);
          if (victim) world.kill(victim.id);
        }
        await within(Promise.all(work), 'a round');
        while (alive.length < 20) await start();
        await world.settle();
        const snapshots = await Promise.all(alive.map(({ registry }) => registry.snapshot()));
        const [first] = snapshots as [(typeof snapshots)[0]];
        // [channels I2]: equal tables.
        expect(new Set(snapshots.map(({ hash }) => hash)).size).to.equal(1);
        // [channels I1]: no name twice. [channels I3]: every owner is there.
        expect(new Set(first.channels.map(({ name }) => name)).size).to.equal(first.channels.length);
        const members = new Set(first.members);
        expect(first.channels.filter(({ owner }) => !members.has(owner))).to.deep.equal([]);
      }
    });
  });
