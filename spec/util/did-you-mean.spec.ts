import { expect } from 'chai';
import { closestWord, didYouMean } from '../../lib/util/option-errors.js';
import { Random } from '../support/random.js';

const WORDS = ['listen', 'name', 'unixDir', 'MaxSessions', 'MaxSessionBytes'];

describe('did you mean', () => {
  for (const [word, meant] of [
    ['lisen', 'listen'],
    ['listne', 'listen'],
    ['Name', 'name'],
    ['unixdir', 'unixDir'],
    ['nme', 'name'],
    ['MaxSession', 'MaxSessions'],
    ['MAXSESSIONS', 'MaxSessions'],
    ['MaxSesionByte', 'MaxSessionBytes'],
  ] as const) {
    it(`takes ${word} for ${meant}`, () => {
      expect(didYouMean(word, WORDS)).to.equal(`; did you mean "${meant}"?`);
    });
  }

  it('knows words of one and two letters', () => {
    expect([closestWord('x', ['X']), closestWord('b', ['ab']), closestWord('ba', ['ab'])]).to.deep.equal([
      'X',
      'ab',
      'ab',
    ]);
  });

  for (const word of ['', 'x', 'port', 'gnome', 'toString', 'z'.repeat(100_000)]) {
    it(`says nothing for ${JSON.stringify(word.slice(0, 20))}, which is none of them`, () => {
      expect(didYouMean(word, WORDS)).to.equal('');
    });
  }

  it('says nothing where nothing is known', () => expect(didYouMean('name', [])).to.equal(''));

  it('takes the known word with the fewest slips of a hand, by chance and by the definition', () => {
    const random = new Random(1);
    const letters = (length: number): string =>
      Array.from({ length }, () => random.pick(['a', 'b', 'c'])).join('');
    for (let i = 0; i < 2000; i++) {
      const word = letters(6 + random.below(4));
      const known = Array.from({ length: 3 }, () => letters(5 + random.below(5)));
      const slips = known.map((each) => fewestSlips(word, each));
      const least = Math.min(...slips);
      const expected = least <= Math.floor(word.length / 3) ? known[slips.indexOf(least)] : null;
      expect(closestWord(word, known), `${word} of ${known.join()}`).to.equal(expected);
    }
  });
});

/** Letters to insert, delete, replace or swap, as their definition says: what the last letters leave over. */
function fewestSlips(from: string, to: string): number {
  const known = new Map<string, number>();
  const slips = (i: number, j: number): number => {
    if (i === 0 || j === 0) return i + j;
    const key = `${i} ${j}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const isSwapped = from.at(i - 1) === to.at(j - 2) && from.at(i - 2) === to.at(j - 1) && i > 1 && j > 1;
    const least = Math.min(
      slips(i - 1, j) + 1,
      slips(i, j - 1) + 1,
      slips(i - 1, j - 1) + Number(from[i - 1] !== to[j - 1]),
      isSwapped ? slips(i - 2, j - 2) + 1 : Infinity,
    );
    known.set(key, least);
    return least;
  };
  return slips(from.length, to.length);
}
