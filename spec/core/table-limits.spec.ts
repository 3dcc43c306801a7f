import { expect } from 'chai';
import { isReject, JOIN_MESS, CAUSED_BY_JOIN, REJECT_MESS } from '../../lib/wire/service.js';
import { defaultTableLimits } from '../../daemon/core/table-limits.js';
import { REJECTED_BY_LIMIT, REJECTED_BY_SIZE } from '../../lib/wire/reject.js';
import { Daemons, tableOf } from './daemons.js';
import { type Client, remote, CoreWorld } from './core-world.js';

const none = defaultTableLimits;
const rejects = ({ inbox }: Client): string[] =>
  inbox.frames.filter(({ service }) => isReject(service)).map((frame) => frame.names().join(' '));

describe('core: MaxGroups', () => {
  const limited = (maxGroups: number): CoreWorld => {
    const world = new CoreWorld('d', ['d', 'e']);
    world.core.limits = { ...none, maxGroups };
    return world;
  };

  it('refuses a join to one group more, before it is ordered, with a reject frame that says why', () => {
    const world = limited(2);
    const [alice] = world.members('a', 'alice') as [Client];
    alice.join('b').join('c');
    world.run();
    expect(rejects(alice)).to.deep.equal(['c #alice#d']);
    const frame = alice.inbox.frames.find(({ service }) => isReject(service));
    expect([frame?.service, frame?.messType]).to.deep.equal([
      CAUSED_BY_JOIN | REJECT_MESS,
      REJECTED_BY_LIMIT,
    ]);
    expect([frame?.service ?? 0] as number[]).to.not.include(JOIN_MESS);
    expect(Object.keys(tableOf(world.core))).to.deep.equal(['a', 'b']);
    expect(world.core.counters).to.include({ submitted: 3, ordered: 2, limited: 1, refused: 0 });
  });

  it('counts the joins that are on their way, each new group once', () => {
    const world = limited(2);
    const [alice, bob] = [world.open('alice'), world.open('bob')];
    alice.join('a').join('b').join('c');
    bob.join('a').join('b').join('d');
    world.run();
    expect([rejects(alice), rejects(bob)]).to.deep.equal([['c #alice#d'], ['d #bob#d']]);
    expect(Object.keys(tableOf(world.core))).to.deep.equal(['a', 'b']);
  });

  it('lets everybody join groups that are there, and has room again when one is gone', () => {
    const world = limited(1);
    const [alice, bob] = [world.open('alice'), world.open('bob')];
    alice.join('a');
    world.run();
    bob.join('a').join('b');
    world.run();
    expect(rejects(bob)).to.deep.equal(['b #bob#d']);
    alice.leave('a');
    bob.leave('a');
    world.run();
    bob.join('b');
    world.run();
    expect([rejects(bob).length, Object.keys(tableOf(world.core))]).to.deep.equal([1, ['b']]);
  });

  it('counts no group twice that is there and is being joined', () => {
    const world = limited(2);
    world.members('a', 'alice');
    const bob = world.open('bob').join('a').join('b').join('c');
    world.run();
    expect(rejects(bob)).to.deep.equal(['c #bob#d']);
  });

  it('counts the groups of all daemons, and refuses nothing that is in the order', () => {
    const world = limited(2);
    const far = remote('far', 'e');
    world.deliver(far.join('x'), far.join('y'), far.join('z'));
    const alice = world.open('alice').join('a').join('x');
    world.run();
    expect(rejects(alice)).to.deep.equal(['a #alice#d']);
    expect(Object.keys(tableOf(world.core))).to.deep.equal(['x', 'y', 'z']);
  });

  it('forgets what was on its way however it went: put off, sent twice, by a session that ended', () => {
    const daemons = Daemons.together('a', 'b');
    const { core } = daemons.node('a');
    core.limits = { ...none, maxGroups: 3 };
    const [x, y] = [daemons.open('x', 'a'), daemons.open('y', 'a')];
    x.join('one').join('one');
    y.join('two').disconnect();
    daemons.order();
    daemons.change(['a'], ['b']);
    daemons.run();
    daemons.change(['a', 'b']);
    daemons.run();
    expect(Object.keys(tableOf(core))).to.deep.equal(['one']);
    x.join('three').join('four').join('five');
    daemons.run();
    expect(rejects(x)).to.deep.equal(['five #x#a']);
    expect(tableOf(daemons.node('b').core)).to.deep.equal(tableOf(core));
  });

  it('of one daemon does not bind the others, and all have the same groups', () => {
    const daemons = Daemons.together('a', 'b');
    daemons.node('a').core.limits = { ...none, maxGroups: 1 };
    const [x, y] = [daemons.open('x', 'a').join('g'), daemons.open('y', 'b').join('h').join('i')];
    daemons.run();
    x.join('j');
    daemons.run();
    expect([rejects(x), rejects(y)]).to.deep.equal([['j #x#a'], []]);
    expect(Object.keys(tableOf(daemons.node('a').core))).to.deep.equal(['g', 'h', 'i']);
    expect(tableOf(daemons.node('b').core)).to.deep.equal(tableOf(daemons.node('a').core));
  });
});

describe('core: MaxMemberships', () => {
  it('refuses a join to a group that is there as well', () => {
    const world = new CoreWorld();
    world.core.limits = { ...none, maxMemberships: 2 };
    world.members('a', 'alice', 'bob');
    const carol = world.open('carol').join('a');
    world.run();
    expect([rejects(carol), world.core.memberships]).to.deep.equal([['a #carol#d'], 2]);
  });

  it('refuses a join beyond it, those on their way included, but not one of a member again', () => {
    const world = new CoreWorld();
    world.core.limits = { ...none, maxMemberships: 2 };
    const [alice, bob] = [world.open('alice'), world.open('bob')];
    alice.join('a');
    world.run();
    bob.join('a').join('b');
    alice.join('a');
    world.run();
    expect([rejects(alice), rejects(bob), world.core.memberships]).to.deep.equal([[], ['b #bob#d'], 2]);
    bob.disconnect();
    world.run();
    alice.join('b');
    world.run();
    expect([rejects(alice), world.core.memberships]).to.deep.equal([[], 2]);
  });

  it('refuses no leave, and counts none', () => {
    const world = new CoreWorld();
    world.core.limits = { ...none, maxMemberships: 1 };
    const alice = world.open('alice').join('a');
    world.run();
    alice.leave('b').leave('a');
    world.run();
    alice.join('b');
    world.run();
    expect([rejects(alice), world.core.memberships]).to.deep.equal([[], 1]);
  });

  it('counts right over changes of the daemon view', () => {
    const daemons = Daemons.together('a', 'b', 'c');
    daemons.members('g', 'x@a', 'y@b', 'z@c');
    daemons.members('h', 'v@a', 'w@c');
    const counts = (): number[] => [...daemons.nodes.values()].map(({ core }) => core.memberships);
    expect(counts()).to.deep.equal([5, 5, 5]);
    daemons.change(['a', 'b'], ['c']);
    daemons.run();
    expect(counts()).to.deep.equal([3, 3, 2]);
    daemons.change(['a', 'b', 'c']);
    daemons.run();
    expect(counts()).to.deep.equal([5, 5, 5]);
  });
});

describe('core: MaxGroupMembers', () => {
  it('refuses a join to a group with as many members, counting those under way, with a reason of its own', () => {
    const world = new CoreWorld('d', ['d', 'e']);
    world.core.limits = { ...none, maxGroupMembers: 3 };
    world.deliver(remote('far', 'e').join('g'));
    const clients = ['a', 'b', 'c'].map((name) => world.open(name).join('g').join('h'));
    world.run();
    expect(clients.map(rejects)).to.deep.equal([[], [], ['g #c#d']]);
    const frame = clients[2]?.inbox.frames.find(({ service }) => isReject(service));
    expect(frame?.messType).to.equal(REJECTED_BY_SIZE);
    expect(world.core.counters).to.include({ oversized: 1, limited: 0 });
  });

  it('lets a member join again, and others when there is room', () => {
    const world = new CoreWorld('d');
    world.core.limits = { ...none, maxGroupMembers: 1 };
    const [alice, bob] = [world.open('alice').join('g'), world.open('bob')];
    world.run();
    alice.join('g');
    alice.leave('g');
    world.run();
    bob.join('g');
    world.run();
    expect([rejects(alice), rejects(bob), tableOf(world.core)['g']?.members]).to.deep.equal([
      [],
      [],
      ['#bob#d'],
    ]);
  });

  it('is not asked in the order: what other daemons let in is in', () => {
    const world = new CoreWorld('d', ['d', 'e']);
    world.core.limits = { ...none, maxGroupMembers: 1 };
    world.deliver(...['a', 'b', 'c'].map((name) => remote(name, 'e').join('g')));
    expect(tableOf(world.core)['g']?.members).to.have.length(3);
  });
});

describe('core: MaxPlainView', () => {
  const grown = (maxPlainView: number): CoreWorld => {
    const world = new CoreWorld('d', ['d', 'e']);
    world.core.limits = { ...none, maxPlainView };
    return world;
  };

  it('has members that need whole views leave a group that outgrows those, in the order', () => {
    const world = grown(3);
    const told: string[] = [];
    world.core.outgrown.onLeaving = ({ name, members }, sessions) =>
      told.push(`${name} ${members.length} ${sessions}`);
    const [alice, bob] = world.members('g', 'alice', 'bob') as [Client, Client];
    const deaf = world.open('deaf', false).join('g');
    world.run();
    const cat = world.openCompact('cat').join('g');
    world.run();
    expect(told).to.deep.equal(['g 4 2']);
    alice.send('still in', ['g']);
    world.run();
    expect(alice.told).to.deep.equal([
      'join g: #alice#d #bob#d #deaf#d (#deaf#d)',
      'join g: #alice#d #bob#d #cat#d #deaf#d (#cat#d)',
      'self-leave g',
    ]);
    expect(bob.told.slice(-2)).to.deep.equal(['leave g: #bob#d #cat#d #deaf#d (#alice#d)', 'self-leave g']);
    expect([deaf.told, cat.told.length]).to.deep.equal([['#alice#d > g: still in'], 3]);
    expect(tableOf(world.core)['g']?.members).to.deep.equal(['#cat#d', '#deaf#d']);
    expect(world.core.counters).to.include({ outgrown: 2, oversized: 0 });
  });

  it('refuses a join that needs whole views to a group that is as large', () => {
    const world = grown(2);
    world.deliver(...['a', 'b'].map((name) => remote(name, 'e').join('g')));
    const alice = world.open('alice').join('g');
    const deaf = world.open('deaf', false).join('g');
    const cat = world.openCompact('cat').join('g');
    world.run();
    expect([rejects(alice), rejects(deaf), rejects(cat)]).to.deep.equal([['g #alice#d'], [], []]);
    expect(alice.inbox.frames[0]?.messType).to.equal(REJECTED_BY_SIZE);
  });

  it('asks each of them once, also when the group still grows before the leave has its place', () => {
    const world = grown(1);
    const [alice] = world.members('g', 'alice') as [Client];
    world.deliver(...['a', 'b', 'c'].map((name) => remote(name, 'e').join('g')));
    world.run();
    expect(world.core.counters.outgrown).to.equal(1);
    expect(alice.told.filter((line) => line === 'self-leave g')).to.have.length(1);
    expect(world.core.isFull).to.equal(false);
  });

  it('counts when daemons merge', () => {
    const daemons = new Daemons(['a', 'b']);
    for (const { core } of daemons.nodes.values()) core.limits = { ...none, maxPlainView: 2 };
    daemons.change(['a'], ['b']);
    daemons.run();
    const [x, y, z] = daemons.members('g', 'x@a', 'y@a', 'z@b') as [Client, Client, Client];
    daemons.change(['a', 'b']);
    daemons.run();
    expect([x, y, z].map(({ told }) => told.at(-1))).to.deep.equal([
      'self-leave g',
      'self-leave g',
      'self-leave g',
    ]);
    expect(tableOf(daemons.node('a').core)).to.deep.equal({});
  });
});
