import { expect } from 'chai';
import { groupIdOf } from '../support/describe-frame.js';
import { remote, CoreWorld } from './core-world.js';

describe('core: views', () => {
  describe('a join', () => {
    it('reaches the members and the one who joined, with the one who joined as vs set', () => {
      const world = new CoreWorld();
      const alice = world.open('alice').join('g');
      const bob = world.open('bob').join('g');
      world.run();
      expect(alice.told).to.deep.equal(['join g: #alice#d (#alice#d)', 'join g: #alice#d #bob#d (#bob#d)']);
      expect(bob.told).to.deep.equal(['join g: #alice#d #bob#d (#bob#d)']);
    });

    it('has no answer when the session is a member already, and makes no view', () => {
      const world = new CoreWorld();
      const alice = world.open('alice').join('g').join('g').leave('g').join('g');
      world.run();
      expect(alice.told).to.deep.equal([
        'join g: #alice#d (#alice#d)',
        'self-leave g',
        'join g: #alice#d (#alice#d)',
      ]);
      expect(groupIdOf(alice.inbox.frames[2] as never)).to.deep.equal([7, 1000, 3]);
    });

    it('is not told to sessions without the membership option, who are members all the same', () => {
      const world = new CoreWorld();
      const quiet = world.open('quiet', false).join('g');
      const alice = world.open('alice').join('g');
      alice.send('hello', ['g']);
      world.run();
      expect(quiet.told).to.deep.equal(['#alice#d > g: hello']);
      expect(alice.told[0]).to.equal('join g: #alice#d #quiet#d (#alice#d)');
    });

    it('of several groups gives each its own view and its own counter', () => {
      const world = new CoreWorld();
      const alice = world.open('alice').join('g').join('h');
      world.run();
      expect(alice.inbox.frames.map(groupIdOf)).to.deep.equal([
        [7, 1000, 1],
        [7, 1000, 1],
      ]);
    });

    it("of another daemon's session stands at its daemon's place", () => {
      const world = new CoreWorld('b', ['c', 'b', 'a']);
      const alice = world.open('alice').join('g');
      world.run();
      world.deliver(remote('x', 'a').join('g'), remote('y', 'c').join('g'));
      expect(alice.told.slice(1)).to.deep.equal([
        'join g: #alice#b #x#a (#x#a)',
        'join g: #y#c #alice#b #x#a (#y#c)',
      ]);
    });

    it('of a daemon that is not in the daemon view changes nothing', () => {
      const world = new CoreWorld('b', ['b', 'a']);
      const alice = world.open('alice').join('g');
      world.run();
      world.deliver(remote('x', 'gone').join('g'), remote('x', 'gone').join('h'));
      expect([alice.told.length, world.core.groups.size]).to.deep.equal([1, 1]);
    });
  });

  describe('a leave', () => {
    it('is a view to those who stay and a self-leave to the one who goes', () => {
      const world = new CoreWorld();
      const alice = world.open('alice').join('g');
      const bob = world.open('bob').join('g').leave('g');
      world.run();
      expect(alice.told.at(-1)).to.equal('leave g: #alice#d (#bob#d)');
      expect(bob.told.at(-1)).to.equal('self-leave g');
      expect(bob.inbox.frames.at(-1)?.length).to.equal(48);
    });

    it('has no answer from a session that is no member, or of a group that is none', () => {
      const world = new CoreWorld();
      const alice = world.open('alice').join('g');
      const bob = world.open('bob').leave('g').leave('none').join('h').leave('g');
      world.run();
      expect([alice.told.length, bob.told]).to.deep.equal([1, ['join h: #bob#d (#bob#d)']]);
    });

    it('has no self-leave for a session without the membership option', () => {
      const world = new CoreWorld();
      const alice = world.open('alice').join('g');
      const quiet = world.open('quiet', false).join('g').leave('g');
      world.run();
      expect([quiet.told, alice.told.at(-1)]).to.deep.equal([[], 'leave g: #alice#d (#quiet#d)']);
    });

    it('ends the data: what the leaver sends to the group does not come back', () => {
      const world = new CoreWorld();
      const alice = world.open('alice').join('g').leave('g').send('hello', ['g']);
      world.run();
      expect(alice.told).to.deep.equal(['join g: #alice#d (#alice#d)', 'self-leave g']);
    });

    it('of the last member ends the group', () => {
      const world = new CoreWorld();
      world.open('alice').join('g').leave('g');
      world.run();
      expect(world.core.groups.size).to.equal(0);
    });

    it('of one group leaves the others as they were', () => {
      const world = new CoreWorld();
      const alice = world.open('alice').join('g').join('h').leave('g').send('hello', ['h']);
      world.run();
      expect(alice.told.slice(2)).to.deep.equal(['self-leave g', '#alice#d > h: hello']);
    });

    it("of another daemon's session is announced here, without a self-leave", () => {
      const world = new CoreWorld('a', ['a', 'b']);
      const alice = world.open('alice').join('g');
      world.run();
      world.deliver(remote('x', 'b').join('g'), remote('x', 'b').leave('g'));
      expect(alice.told.at(-1)).to.equal('leave g: #alice#a (#x#b)');
    });
  });

  describe('a disconnect', () => {
    it('is a view in each group, in byte order of the names, whatever the order of the joins', () => {
      const world = new CoreWorld();
      const groups = ['b', 'a', 'Z', 'ab', '$'];
      const alice = world.open('alice');
      const bob = world.open('bob');
      for (const group of groups) alice.join(group);
      for (const group of ['ab', 'Z', 'b', '$', 'a']) bob.join(group);
      world.run();
      bob.disconnect();
      world.run();
      expect(alice.told.slice(-5)).to.deep.equal(
        ['$', 'Z', 'a', 'ab', 'b'].map((group) => `disconnect ${group}: #alice#d (#bob#d)`),
      );
    });

    it('tells the one who goes nothing and closes its connection once', () => {
      const world = new CoreWorld();
      const bob = world.open('bob').join('g');
      world.run();
      bob.disconnect();
      expect(bob.inbox.closed, 'not before it is ordered').to.equal(0);
      world.run();
      expect([bob.told.length, bob.inbox.closed]).to.deep.equal([1, 1]);
    });

    it('leaves the session a listed member until it is ordered', () => {
      const world = new CoreWorld();
      const alice = world.open('alice').join('g');
      const bob = world.open('bob').join('g');
      world.run();
      alice.leave('g').join('g');
      bob.disconnect();
      world.run();
      expect(alice.told.slice(-2)).to.deep.equal([
        'join g: #alice#d #bob#d (#alice#d)',
        'disconnect g: #alice#d (#bob#d)',
      ]);
    });

    it('comes behind what the session sent before', () => {
      const world = new CoreWorld();
      const alice = world.open('alice').join('g');
      world.open('bob').join('g').send('last words', ['g']).disconnect();
      world.run();
      expect(alice.told.slice(-2)).to.deep.equal([
        '#bob#d > g: last words',
        'disconnect g: #alice#d (#bob#d)',
      ]);
    });

    it('ends groups that had no other member', () => {
      const world = new CoreWorld();
      world.open('bob').join('g').join('h').disconnect();
      world.run();
      expect(world.core.groups.size).to.equal(0);
    });

    it('of a session in no group is announced to nobody', () => {
      const world = new CoreWorld();
      const alice = world.open('alice').join('g');
      const bob = world.open('bob').disconnect();
      world.run();
      expect([alice.told.length, bob.inbox.closed]).to.deep.equal([1, 1]);
    });

    it('does not undo what came before it: a join behind it in the order is not of that session', () => {
      const world = new CoreWorld('a', ['a', 'b']);
      const alice = world.open('alice').join('g');
      world.run();
      const x = remote('x', 'b');
      world.deliver(x.join('g'), x.disconnect(), x.join('g'), x.disconnect());
      expect(alice.told.slice(1)).to.deep.equal([
        'join g: #alice#a #x#b (#x#b)',
        'disconnect g: #alice#a (#x#b)',
        'join g: #alice#a #x#b (#x#b)',
        'disconnect g: #alice#a (#x#b)',
      ]);
    });
  });

  it('carry an id that rises with every change, the same at all members', () => {
    const world = new CoreWorld();
    const alice = world.open('alice').join('g');
    const bob = world.open('bob').join('g').leave('g').join('g');
    const carol = world.open('carol').join('g').disconnect();
    world.run();
    expect(alice.inbox.frames.map((frame) => groupIdOf(frame)[2])).to.deep.equal([1, 2, 3, 4, 5, 6]);
    expect(
      bob.inbox.frames.filter(({ service }) => service !== 0x200).map((frame) => groupIdOf(frame)[2]),
    ).to.deep.equal([2, 4, 5, 6]);
    expect(carol.told).to.deep.equal([]);
  });

  it('never repeat an id when a group was empty in between', () => {
    const world = new CoreWorld();
    const alice = world.open('alice').join('g').leave('g').join('g').leave('g').join('g');
    world.run();
    const ids = alice.inbox.frames
      .filter(({ service }) => service !== 0x200)
      .map((frame) => groupIdOf(frame)[2]);
    expect(ids).to.deep.equal([1, 3, 5]);
  });

  it('have nobody as changed member in their zero-padded fields but the one who changed', () => {
    const world = new CoreWorld();
    const alice = world.open('alice').join('g');
    world.run();
    const frame = alice.inbox.frames[0];
    expect(frame?.body.length).to.equal(56);
    expect(frame?.body.toString('latin1', 24, 56)).to.equal('#alice#d'.padEnd(32, '\0'));
  });
});
