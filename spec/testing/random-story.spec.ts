/** Members, messages and faults by chance break no promise, and one seed gives one story. */
import { expect } from 'chai';
import { seeds } from '../support/seeds.js';
import { outcome, planted } from './planted.js';

/** Caught by the first story. */
const QUICK = ['a discarding sender gets its copy', 'safe messages go out as agreed ones'];

describe('testing: a story by chance', function () {
  this.timeout(600_000);

  it('breaks no promise', async () => {
    const first = Math.floor(Math.random() * 2 ** 30);
    for (let seed = first; seed < first + seeds(5, 25); seed++)
      expect(await outcome(seed), `seed ${seed}`).to.equal(null);
  });

  for (const name of QUICK) {
    it(`follows from its seed, and shows a planted bug: ${name}`, async () => {
      const found: (string | null)[] = [];
      for (let seed = 1; seed <= 3; seed++) found.push(await outcome(seed, planted[name]));
      const first = found.find((each) => each !== null) ?? null;
      expect(first).to.match(/^check: E\d+: [^]*\nseed (\d), SSP_SEED=\1 repeats it\n/);
      const seed = found.indexOf(first) + 1;
      expect(await outcome(seed, planted[name])).to.equal(first);
    });
  }
});
