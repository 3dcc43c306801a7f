/** Some of the schedules of `scenarios.spec.ts` as an application sees them, with the class `Channels`. */
import { expect } from 'chai';
import type { Channels } from '../../../lib/channel/channels.js';
import type { ServerChannel } from '../../../lib/channel/server-channel.js';
import { type Choices, Listed } from '../../support/group-network/choices.js';
import { code } from '../support.js';
import { ChannelWorld } from '../channel-world.js';

const DAEMONS = ['d0', 'd1', 'd2'];

/** A connection at each daemon, which is told all daemons. */
async function begin(choices?: Choices): Promise<{
  readonly world: ChannelWorld;
  readonly all: [Channels, Channels, Channels];
}> {
  const world = new ChannelWorld(DAEMONS, choices);
  const all: Channels[] = [];
  for (const daemon of DAEMONS) all.push(await world.channels(daemon, 'a', { daemons: DAEMONS }));
  await world.settle();
  return { world, all: all as [Channels, Channels, Channels] };
}

async function regroup(world: ChannelWorld, ...parts: readonly (readonly string[])[]): Promise<void> {
  world.reconfigure(parts);
  await world.settle();
}

/** @returns whether it was created */
const isCreated = (channels: Channels, name: string): Promise<boolean> =>
  channels.createChannel(name).then(
    () => true,
    () => false,
  );

/** How often the name was given away. */
const countOf = (answers: readonly boolean[]): number => answers.filter(Boolean).length;

async function isPrimary(channels: Channels): Promise<boolean> {
  return (await channels.registry.snapshot()).primary;
}

/** Collects the kinds of the events of a server. */
function eventsOf(server: ServerChannel): string[] {
  const kinds: string[] = [];
  void (async () => {
    for await (const { kind } of server) kinds.push(kind);
  })();
  return kinds;
}

describe('channels in schedules of three daemons', () => {
  it('a live owner does not lose its channel to an entry that was closed elsewhere', async () => {
    const {
      world,
      all: [first, second, third],
    } = await begin();
    const old = await second.createChannel('x');
    await regroup(world, ['d0'], ['d1', 'd2']);
    await old.close({ force: true });
    const events = eventsOf(await third.createChannel('x'));
    await regroup(world, ['d0'], ['d1'], ['d2']);
    await regroup(world, ['d0', 'd2'], ['d1']);
    expect(events).not.to.include('channel-lost');
    expect((await first.registry.lookup('x'))?.owner).to.equal(third.id);
  });

  it('a newcomer creates nothing where the others do not, also after a cut and a merge', async () => {
    const {
      world,
      all: [first, second],
    } = await begin();
    await regroup(world, ['d0', 'd2'], ['d1']);
    world.kill('#a#d2');
    await world.settle();
    const answers = [await isCreated(first, 'x')];
    await regroup(world, ['d0'], ['d1', 'd2']);
    const newcomer = await world.channels('d2', 'a', { daemons: DAEMONS });
    await world.settle();
    answers.push(await isCreated(newcomer, 'x'));
    await regroup(world, ['d0'], ['d1'], ['d2']);
    await regroup(world, ['d0'], ['d1', 'd2']);
    answers.push(await isCreated(newcomer, 'x'));
    expect(countOf(answers), 'owners of x').to.be.most(1);
    expect((await isPrimary(first)) && (await isPrimary(second)), 'two primary components').to.equal(false);
  });

  it('a newcomer that comes while tables are exchanged decides as the others do', async () => {
    const {
      world,
      all: [first, second],
    } = await begin();
    await regroup(world, ['d0', 'd2'], ['d1']);
    world.isManual = true;
    const coming = world.channels('d2', 'new', { daemons: DAEMONS });
    world.reconfigure([['d0'], ['d1', 'd2']]);
    world.isManual = false;
    await world.settle();
    const newcomer = await coming;
    const answers = [await isCreated(newcomer, 'y'), await isCreated(first, 'y')];
    expect(countOf(answers), 'owners of y').to.be.most(1);
    expect(await isPrimary(newcomer)).to.equal(await isPrimary(second));
    expect((await newcomer.registry.snapshot()).hash).to.equal((await second.registry.snapshot()).hash);
  });

  it('a channel is opened when its owner has been given the name, and not before', async () => {
    const arriving: number[] = [];
    const {
      world,
      all: [first],
    } = await begin(new Listed(arriving));
    const other = await world.channels('d0', 'other', { daemons: DAEMONS });
    await world.settle();
    world.isManual = true;
    const creating = first.createChannel('x');
    // The claim is still ordered, and arrives at d0 alone, after the transitional signal.
    arriving.push(1, Infinity, 0);
    world.reconfigure([['d0'], ['d1', 'd2']]);
    world.isManual = false;
    await world.settle();
    expect(await code(other.openChannel('x'))).to.equal('ERR_SSP_NOT_FOUND');
    expect(await other.registry.lookup('x')).to.equal(undefined);
    expect(await other.registry.list()).to.deep.equal([]);
    const opening = other.openChannel('x', { waitMs: 10_000 });
    await regroup(world, DAEMONS);
    const server = await creating;
    const client = await opening;
    expect(client.state).to.equal('open');
    expect((await other.registry.lookup('x'))?.claimId).to.equal(server.claimId);
  });

  it('a connection cannot create without a majority of the daemons', async () => {
    const {
      world,
      all: [first],
    } = await begin();
    await regroup(world, ['d0'], ['d1', 'd2']);
    expect(await code(first.createChannel('x'))).to.equal('ERR_SSP_NOT_PRIMARY');
  });
});
