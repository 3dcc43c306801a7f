import { expect } from 'chai';
import { MonitorError, checkToken, tokenCheck } from '../../daemon/monitor/endpoint.js';

describe('monitor: token', () => {
  it('is one word of visible characters', () => {
    for (const token of ['s3cret', 'a.b-c_d~e+f/g==', '!']) checkToken(token);
    for (const token of ['', 'two words', 'é', 'a\n']) {
      expect(() => checkToken(token), token).to.throw(MonitorError, 'one word of visible');
    }
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
