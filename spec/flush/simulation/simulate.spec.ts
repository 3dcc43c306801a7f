/** View synchrony in worlds by chance: members of this toolkit and of the C library, plain ones and hostile sessions. */
import { expect } from 'chai';
import { givenSeed } from '../../support/random.js';
import { seeds } from '../../support/seeds.js';
import { playRandom } from './random-world.js';

const WORLDS = Number(process.env['WORLDS'] ?? seeds(150, 500));

describe('view synchrony in simulated groups', () => {
  const from = givenSeed();

  it(`keeps every invariant in ${WORLDS} worlds of fresh seeds from ${from}`, () => {
    const failed: string[] = [];
    for (let seed = from; seed < from + WORLDS; seed++) {
      const [first] = playRandom(seed).violations;
      if (first) failed.push(`seed ${seed}: ${first.property}: ${first.text}`);
    }
    expect(failed).to.deep.equal([]);
  }).timeout(120_000);

  it('repeats a world', () => {
    const traces = [0, 1].map(() => {
      const lines: string[] = [];
      playRandom(7, undefined, null, (line) => lines.push(line));
      return lines.join('\n');
    });
    expect(traces[0]).to.equal(traces[1]);
    expect(traces[0]).to.include('VIEW');
  });
});
