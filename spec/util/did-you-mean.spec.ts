import { expect } from 'chai';
import { didYouMean } from '../../lib/util/option-errors.js';

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

  for (const word of ['', 'x', 'port', 'gnome', 'toString', 'z'.repeat(100_000)]) {
    it(`says nothing for ${JSON.stringify(word.slice(0, 20))}, which is none of them`, () => {
      expect(didYouMean(word, WORDS)).to.equal('');
    });
  }

  it('says nothing where nothing is known', () => expect(didYouMean('name', [])).to.equal(''));
});
