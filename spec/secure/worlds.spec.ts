/** Secure groups in worlds by chance, under a checker for each property. */
import { expect } from 'chai';
import { givenSeed } from '../support/random.js';
import { seeds } from '../support/seeds.js';
import { optionsOf, playRandom } from './simulation/random-world.js';

describe('secure groups in simulated worlds', () => {
  // One seed that somebody chose, or as many as mutants are given.
  const given = process.env['SEED'] === undefined ? seeds(40, 500) : 1;
  const count = Number(process.env['WORLDS'] ?? given);

  it(`violate nothing in ${count} worlds`, () => {
    const first = givenSeed();
    let views = 0;
    let rekeys = 0;
    let messages = 0;
    for (let seed = first; seed < first + count; seed++) {
      const played = playRandom(seed);
      const [fault] = played.violations;
      expect(
        fault && `seed ${seed}: ${fault.property}: ${fault.text}`,
        JSON.stringify(optionsOf(seed)),
      ).to.equal(undefined);
      views += played.views;
      rekeys += played.rekeys;
      messages += played.messages;
    }
    if (count < 25) return;
    expect(views, 'secure views').to.be.above(2 * count);
    expect(rekeys, 'rekeys').to.be.above(0);
    expect(messages, 'messages').to.be.above(10 * count);
  }).timeout(300_000);

  it('are the same for the same seed', () => {
    const trace = (): string[] => {
      const lines: string[] = [];
      playRandom(7, optionsOf(7), null, (line) => void lines.push(line));
      return lines;
    };
    expect(trace()).to.deep.equal(trace());
  });
});
