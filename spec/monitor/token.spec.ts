import { expect } from 'chai';
import { isToken, tokenCheck } from '../../daemon/monitor/token.js';

describe('monitor: token', () => {
  it('is one word of visible characters', () => {
    expect(['s3cret', 'a.b-c_d~e+f/g==', '!'].map(isToken)).to.deep.equal([true, true, true]);
    expect(['', 'two words', 'é', 'a\n'].map(isToken)).to.deep.equal([false, false, false, false]);
  });

  it('is shown in the header, its scheme in any case', () => {
    const mayAsk = tokenCheck('s3cret');
    for (const header of ['Bearer s3cret', 'bearer s3cret', 'BEARER   s3cret ']) {
      expect(mayAsk(header), header).to.equal(true);
    }
    for (const header of [
      'Bearer s3cre',
      'Bearer s3cret2',
      'Bearer ',
      'Bearer',
      's3cret',
      'Basic s3cret',
      '',
    ]) {
      expect(mayAsk(header), header).to.equal(false);
    }
    expect(mayAsk(undefined)).to.equal(false);
  });

  it('is not asked for when there is none', () => {
    expect(tokenCheck(null)(undefined)).to.equal(true);
  });
});
