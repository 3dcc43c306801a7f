import { expect } from 'chai';
import { givenSeed } from '../../support/random.js';
import { seeds } from '../../support/seeds.js';

import { hunt, resumeBugs } from './bugs.js';
import { ResumeWorld, type WorldChoice } from './world.js';

/** Runs worlds until one shows a violation. */
function firstViolation(choice: WorldChoice, from: number, count: number): string | null {
  for (let seed = from; seed < from + count; seed++) {
    const [first] = new ResumeWorld(seed, choice).run().violations;
    if (first !== undefined) return `seed ${seed}: ${first}`;
  }
  return null;
}

describe('worlds of resuming clients', () => {
  it('lose nothing without a gap, and repeat nothing', () => {
    expect(firstViolation({}, givenSeed(), seeds(5, 100))).to.equal(null);
  });

  it('also when members come and go all the time', () => {
    const choice = { changes: 0.12, ring: 20, breaks: 0.04 };
    expect(firstViolation(choice, givenSeed(), seeds(3, 75))).to.equal(null);
  });

  it('also when daemons die all the time, and clients read slowly', () => {
    const choice = { newcomers: true, ring: 4, room: 5, breaks: 0.06 };
    expect(firstViolation(choice, givenSeed(), seeds(3, 75))).to.equal(null);
  });

  it('also when a daemon dies that was ahead of all others', () => {
    const choice = { newcomers: true, ring: 1000, earlySignals: true, changes: 0.08 };
    expect(firstViolation(choice, givenSeed(), seeds(3, 75))).to.equal(null);
  });

  it('have deaths, whole replays and gaps of each kind', () => {
    const all = Array.from({ length: 10 }, (_, i) => new ResumeWorld(1 + i).run());
    const sum = (of: (result: (typeof all)[number]) => number): number =>
      all.reduce((total, result) => total + of(result), 0);
    expect(sum(({ kills }) => kills)).to.be.above(20);
    expect(sum(({ whole }) => whole)).to.be.above(30);
    const reasons = new Set(all.flatMap(({ gaps }) => Object.keys(gaps)));
    expect([...reasons].toSorted()).to.deep.equal(['diverged', 'overrun', 'parted', 'restarted']);
  });
});

describe('a planted bug is found in worlds of resuming clients:', () => {
  for (const bug of resumeBugs)
    it(bug.name, () => {
      expect(hunt(bug)).to.match(/^seed \d+: /);
    });
});
