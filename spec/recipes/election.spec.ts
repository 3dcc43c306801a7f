import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import type { ElectionCore } from '../../lib/recipes/core/election.js';
import { Random } from '../support/random.js';
import { live, WORLDS } from './adventure.js';
import { Elections } from './elections.js';
import { type Member, World } from './world.js';

function together(elections: Elections, count: number): [World, Member[]] {
  const world = new World(new Random(1));
  const members = Array.from({ length: count }, (_, index) => world.start(`m${index}`, elections.make));
  world.settle();
  return [world, members];
}

describe('the core of an election', () => {
  it('lets the first member of the view lead', () => {
    const elections = new Elections(1);
    const [, members] = together(elections, 3);
    const term = elections.at(members[0])?.term;
    expect(members.map((member) => elections.at(member))).to.deep.equal([
      { leader: '#m0#d00', term, isMe: true },
      { leader: '#m0#d00', term, isMe: false },
      { leader: '#m0#d00', term, isMe: false },
    ]);
  });

  it('gives the next leader a higher term', () => {
    const elections = new Elections(1);
    const [world, members] = together(elections, 2);
    const before = elections.at(members[1])?.term ?? NaN;
    world.crash(members[0] as Member);
    world.settle();
    expect(elections.at(members[1])?.leader).to.equal('#m1#d01');
    expect(elections.at(members[1])?.term).to.be.above(before);
  });

  it('elects nobody below the quorum', () => {
    const elections = new Elections(2);
    const [world, members] = together(elections, 3);
    world.regroup([members.slice(0, 1), members.slice(1)]);
    world.settle();
    expect(elections.at(members[0])).to.equal(null);
    expect(elections.at(members[2])?.leader).to.equal('#m1#d01');
  });

  it('elects in each component without a quorum', () => {
    const elections = new Elections(1);
    const [world, members] = together(elections, 3);
    world.regroup([members.slice(0, 1), members.slice(1)]);
    world.settle();
    expect(members.map((member) => elections.at(member)?.leader)).to.deep.equal([
      '#m0#d00',
      '#m1#d01',
      '#m1#d01',
    ]);
  });

  it('passes over a member that says nothing, and waits for it once only', () => {
    const elections = new Elections(1);
    const world = new World(new Random(1));
    world.start('mute', () => null);
    const member = world.start('m', elections.make);
    const begin = world.now;
    world.settle();
    expect(elections.at(member)?.leader).to.equal('#m#d01');
    expect(world.now).to.equal(begin + 1000);
    const other = world.start('n', elections.make);
    world.settle();
    expect(elections.at(other)?.leader).to.equal('#m#d01');
    expect(world.now).to.equal(begin + 1000);
  });

  it('lets a leader lapse at the transitional signal', () => {
    const elections = new Elections(1);
    const [, [member]] = together(elections, 1);
    elections.cores.get(member as Member)?.transition();
    expect(elections.at(member)).to.equal(null);
  });

  it('ignores what is no message of its own', () => {
    const elections = new Elections(1);
    const [, [member]] = together(elections, 1);
    const core = elections.cores.get(member as Member) as ElectionCore;
    const before = core.leadership;
    const random = new Random(7);
    for (let i = 0; i < 2000; i++) {
      const body = Buffer.from(Array.from({ length: random.below(40) }, () => random.below(256)));
      if (random.chance(0.8)) Buffer.from([0x53, 0xb7, 1, 1, 1 + random.below(2)]).copy(body);
      core.message('#x#y', body);
    }
    expect(core.leadership).to.equal(before);
  });

  it(`keeps its promises in ${WORLDS} worlds with a majority`, () => {
    for (let seed = 1; seed <= WORLDS; seed++) {
      const elections = new Elections(3);
      const world = live(seed, { make: elections.make, most: 5, closed: true, steps: 250 });
      expect(elections.faults(true), `seed ${seed}`).to.deep.equal([]);
      const leaders = new Set(world.members.map((member) => elections.at(member)?.leader));
      expect([...leaders], `seed ${seed}`).to.deep.equal(['#m0#d00']);
    }
  }).timeout(120_000);

  it(`keeps its promises in ${WORLDS} worlds where members come, go, crash and are silent`, () => {
    for (let seed = 1; seed <= WORLDS; seed++) {
      const elections = new Elections(1);
      live(seed, { make: elections.make, most: 6, silent: true, steps: 250 });
      expect(elections.faults(false), `seed ${seed}`).to.deep.equal([]);
    }
  }).timeout(120_000);
});
