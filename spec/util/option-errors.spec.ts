import { expect } from 'chai';
import { isConnection } from '../../lib/util/option-errors.js';

describe('what is taken for a connection', () => {
  const whole = { join: () => undefined, sendTo: () => undefined, id: '#a#d1' };

  it('has all that a connection of another copy of this package has', () => {
    expect(isConnection(whole)).to.equal(true);
    for (const missing of ['join', 'sendTo', 'id']) {
      const rest = Object.fromEntries(Object.entries(whole).filter(([name]) => name !== missing));
      expect(isConnection(rest), missing).to.equal(false);
    }
  });

  it('is an object', () => {
    for (const value of [undefined, null, 'join sendTo id', 7, Object.assign(() => undefined, whole)])
      expect(isConnection(value), String(value)).to.equal(false);
  });
});
