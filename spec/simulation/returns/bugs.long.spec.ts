import { expect } from 'chai';
import { givenSeed } from '../../support/random.js';
import { seeds } from '../../support/seeds.js';
import { returnsBugs } from './bugs.js';
import { hunt } from './hunt.js';

const COUNT = returnsBugs.length;
/** Some of them, other ones each time; all of them where a change is judged. */
const first = givenSeed() % COUNT;
const chosen = Array.from({ length: seeds(4, COUNT) }, (_, i) => returnsBugs[(first + i) % COUNT]);

describe('a planted bug is found in worlds of connections that come back:', () => {
  it('each can be planted, and taken out', () => {
    const all = (): void => {
      for (const bug of returnsBugs) bug.plant()();
    };
    expect(all).not.to.throw();
  });

  for (const bug of chosen)
    it(bug?.name ?? '', async () => {
      expect(bug && (await hunt(bug))).to.match(/^seed \d+: /);
    }).timeout(120_000);
});
