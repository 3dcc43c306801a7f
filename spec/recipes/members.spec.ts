import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { Random } from '../support/random.js';
import { live, WORLDS } from './random-world.js';
import { HOUR, Presences } from './presences.js';
import { type Member, RecipeWorld } from './recipe-world.js';

function two(): [RecipeWorld, Presences, Member, Member] {
  const presences = new Presences();
  const world = new RecipeWorld(new Random(1));
  const a = world.start('a', presences.make);
  const b = world.start('b', presences.make);
  world.settle();
  return [world, presences, a, b];
}

describe('the core of members', () => {
  it('tells of everybody who is here, with metadata', () => {
    const [, presences, a, b] = two();
    for (const each of [a, b])
      expect(
        presences.core(each).reachable.map(({ id: name, metadata }) => [name, String(metadata)]),
      ).to.deep.equal([
        ['#a#d00', 'a'],
        ['#b#d01', 'b'],
      ]);
    expect(presences.told(a)).to.have.members(['joined a', 'joined b']);
  });

  it('tells a leave from a disconnect', () => {
    const [world, presences, a, b] = two();
    const c = world.start('c', presences.make);
    world.settle();
    presences.told(a);
    world.leave(b);
    world.crash(c);
    world.settle();
    expect(presences.told(a).toSorted()).to.deep.equal(['disconnected c', 'left b']);
  });

  it('tells who is out of reach and who returned', () => {
    const [world, presences, a, b] = two();
    presences.told(a);
    world.regroup([[a], [b]]);
    world.settle(1000);
    expect(presences.core(a).unreachable.map(({ id: name }) => name)).to.deep.equal(['#b#d01']);
    world.regroup([[a, b]]);
    world.settle(1000);
    expect(presences.told(a)).to.deep.equal(['unreachable b', 'returned b']);
    expect(presences.core(a).unreachable).to.deep.equal([]);
  });

  it('forgets who stays out of reach', () => {
    const [world, presences, a, b] = two();
    world.regroup([[a], [b]]);
    world.settle(HOUR + 1);
    expect(presences.told(a)).to.include('forgotten b');
    expect(presences.core(a).dueAt).to.equal(Infinity);
  });

  it('tells of metadata that changes, also while out of reach', () => {
    const [world, presences, a, b] = two();
    presences.core(b).announce(Buffer.from('other'));
    world.settle();
    world.regroup([[a], [b]]);
    world.settle(1000);
    presences.core(b).announce(Buffer.from('third'));
    world.regroup([[a, b]]);
    world.settle(1000);
    expect(presences.told(a).slice(2)).to.deep.equal([
      'updated b other',
      'unreachable b',
      'returned b',
      'updated b third',
    ]);
  });

  it('names members that say nothing', () => {
    const [world, presences, a] = two();
    world.start('mute', () => null);
    world.settle();
    expect(presences.core(a).silent).to.deep.equal(['#mute#d02']);
  });

  it('ignores damage and what strangers announce', () => {
    const [, presences, a] = two();
    presences.told(a);
    const core = presences.core(a);
    const random = new Random(3);
    for (let i = 0; i < 1000; i++) {
      const body = Buffer.from(Array.from({ length: 5 + random.below(9) }, () => random.below(256)));
      Buffer.from([0x53, 0xb7, 1, 2, 1]).copy(body);
      core.message('#stranger#d09', body);
      if (body.length < 8) core.message('#b#d01', body);
    }
    expect(presences.told(a)).to.deep.equal([]);
  });

  it(`agrees with the view at the end of ${WORLDS} worlds, and tells a story without holes`, () => {
    for (let seed = 1; seed <= WORLDS; seed++) {
      // Some run an earlier version in each third world.
      const presences = new Presences(false, ({ index }) => seed % 3 === 0 && index % 2 === 0);
      const act = (member: Member, random: Random): void => {
        if (random.chance(0.2)) presences.announce(member);
      };
      const world = live(seed, { make: presences.make, act, most: 6, silent: true, steps: 150 });
      const present = world.members.filter(({ isUp, core, isMember }) => isUp && core && isMember);
      expect(presences.faults(present), `seed ${seed}`).to.deep.equal([]);
    }
  }).timeout(120_000);
});
