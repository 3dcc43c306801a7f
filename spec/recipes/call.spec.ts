import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { Random } from '../support/random.js';
import { live, WORLDS } from './random-world.js';
import { Calls, type Manner, TIMEOUT } from './calls.js';
import { type Member, RecipeWorld } from './recipe-world.js';

function started(calls: Calls, ...names: readonly string[]): [RecipeWorld, Member[]] {
  const world = new RecipeWorld(new Random(5));
  const members = names.map((name) => world.start(name, calls.make));
  world.settle();
  return [world, members];
}

const byName =
  (kinds: Readonly<Record<string, Manner>>) =>
  ({ name }: Pick<Member, 'name'>) =>
    kinds[name] ?? 'value';

describe('the core of a call', () => {
  it('has the outcome of every member', () => {
    const calls = new Calls(byName({ c: 'error' }));
    const [world, [a]] = started(calls, 'a', 'b', 'c');
    const call = calls.call(a as Member, 'all', world.now);
    world.settle();
    expect(calls.of(a as Member, call)).to.deep.equal({ a: 'value', b: 'value', c: 'error' });
  });

  it('does not wait for one who leaves', () => {
    const calls = new Calls(byName({ b: 'hold' }));
    const [world, [a, b]] = started(calls, 'a', 'b');
    const begin = world.now;
    const call = calls.call(a as Member, 'all', begin);
    world.settle(0);
    expect(calls.of(a as Member, call)).to.deep.equal({ ended: 'undefined' });
    world.crash(b as Member);
    world.settle(0);
    expect(calls.of(a as Member, call)).to.deep.equal({ a: 'value', b: 'left' });
    expect(world.now).to.equal(begin);
  });

  it('counts one as left that the network has parted', () => {
    const calls = new Calls(byName({ b: 'hold' }));
    const [world, [a, b]] = started(calls, 'a', 'b');
    const call = calls.call(a as Member, 'all', world.now);
    world.settle(0);
    world.regroup([[a as Member], [b as Member]]);
    world.settle(0);
    expect(calls.of(a as Member, call)).to.deep.equal({ a: 'value', b: 'left' });
  });

  it('gives up those who do not answer in time', () => {
    const calls = new Calls(byName({ b: 'hold' }));
    const [world, [a]] = started(calls, 'a', 'b');
    const begin = world.now;
    const call = calls.call(a as Member, 'all', begin);
    world.settle();
    expect(calls.of(a as Member, call)).to.deep.equal({ a: 'value', b: 'timeout' });
    expect(world.now).to.equal(begin + TIMEOUT);
  });

  it('ends with the first value when that is enough', () => {
    const calls = new Calls(byName({ a: 'error', b: 'hold' }));
    const [world, [a]] = started(calls, 'a', 'b', 'c');
    const call = calls.call(a as Member, 'first', world.now);
    world.settle(0);
    expect(calls.of(a as Member, call)).to.have.property('c', 'value');
  });

  it('ends with the values of a majority when that is enough', () => {
    const calls = new Calls(byName({ d: 'hold' }));
    const [world, [a]] = started(calls, 'a', 'b', 'c', 'd');
    const call = calls.call(a as Member, 'majority', world.now);
    world.settle(0);
    expect(calls.of(a as Member, call)).to.deep.equal({ a: 'value', b: 'value', c: 'value' });
  });

  it('does not count members that answer nobody', () => {
    const calls = new Calls(byName({ a: 'none' }));
    const [world, [a]] = started(calls, 'a', 'b');
    const call = calls.call(a as Member, 'all', world.now);
    world.settle(0);
    expect(calls.of(a as Member, call)).to.deep.equal({ b: 'value' });
  });

  it('tells of calls that the end of the membership breaks', () => {
    const calls = new Calls(byName({ a: 'hold' }));
    const [world, [a]] = started(calls, 'a');
    const call = calls.call(a as Member, 'all', world.now);
    world.leave(a as Member);
    world.settle(0);
    expect(calls.of(a as Member, call)).to.deep.equal({ ended: 'broken' });
  });

  it('takes no answer twice, and none of a member that was not asked', () => {
    const calls = new Calls(byName({ b: 'hold' }));
    const [world, [a, b]] = started(calls, 'a', 'b');
    const call = calls.call(a as Member, 'all', world.now);
    world.settle(0);
    const c = world.start('c', calls.make);
    world.settle(0);
    calls.cores.get(c)?.answer({ caller: '#a#d00', instance: 1, call }, Buffer.from('x'));
    calls.cores.get(a as Member)?.answer({ caller: '#a#d00', instance: 1, call }, Buffer.from('x'));
    world.settle(0);
    expect(calls.of(a as Member, call)).to.deep.equal({ ended: 'undefined' });
    expect(b?.isUp).to.equal(true);
  });

  it(`never hangs in ${WORLDS} worlds, and waits for nobody who has left`, () => {
    for (let seed = 1; seed <= WORLDS; seed++) {
      const random = new Random(seed);
      const kinds = ['value', 'value', 'value', 'error', 'hold', 'none'] as const;
      const chosen = new Map<string, (typeof kinds)[number]>();
      const calls = new Calls(({ id }) => {
        const kind = chosen.get(id) ?? random.pick(kinds);
        chosen.set(id, kind);
        return kind;
      });
      const world = live(seed, {
        make: calls.make,
        most: 5,
        silent: true,
        steps: 150,
        act: (member) => {
          if (member.isMember) calls.call(member, random.pick(['first', 'majority', 'all']), member.now());
        },
      });
      const manners = new Map([...chosen].map(([name, manner]) => [name, [manner]]));
      const present = world.members.filter(({ isUp, core }) => isUp && core);
      const here = present.filter(({ isMember }) => isMember);
      expect(calls.faults(here, manners), `seed ${seed}`).to.deep.equal([]);
      for (const member of present)
        expect(calls.ended.get(member)?.size).to.equal(calls.begun.get(member)?.size);
    }
  }).timeout(120_000);
});
