import { expect } from 'chai';
import { PROTOCOL_VERSION, versionNumber } from '../../../lib/wire/handshake/connect-request.js';
import { versionText } from '../../../lib/wire/version.js';

describe('wire: versions', () => {
  it('are compared by major, then minor, then patch', () => {
    const ordered = [
      '3.0.99',
      '3.1.0',
      '3.14.0',
      '3.15.0',
      '3.15.1',
      '3.16.0',
      '4.4.0',
      '5.0.0',
      '5.0.1',
      '127.9.9',
    ];
    const numbers = ordered.map((text) => {
      const [major = 0, minor = 0, patch = 0] = text.split('.').map(Number);
      return versionNumber({ major, minor, patch });
    });
    expect(numbers).to.deep.equal(numbers.toSorted((a, b) => a - b));
    expect(new Set(numbers).size).to.equal(ordered.length);
  });

  it('are 5.0.1 here', () => {
    expect(versionText(PROTOCOL_VERSION)).to.equal('5.0.1');
  });
});
