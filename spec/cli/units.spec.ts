import { expect } from 'chai';
import * as units from '../../lib/cli/text.js';

describe('command: units', () => {
  for (const [value, text] of [
    [0, '0'],
    [999, '999'],
    [1_000, '1,000'],
    [1_234_567.8, '1,234,568'],
    [-1_234, '-1,234'],
  ] as const) {
    it(`counts ${value} as ${text}`, () => {
      expect(units.count(value)).to.equal(text);
    });
  }

  it('has one message and two messages', () => {
    expect([0, 1, 2_000].map((value) => units.plural(value, 'message'))).to.deep.equal([
      '0 messages',
      '1 message',
      '2,000 messages',
    ]);
  });

  for (const [value, text] of [
    [0.04, '0.0 us'],
    [9.96, '10.0 us'],
    [87.4, '87 us'],
    [1_250, '1.25 ms'],
    [2_000_000, '2.00 s'],
  ] as const) {
    it(`has ${value} microseconds as ${text}`, () => {
      expect(units.microseconds(value)).to.equal(text);
    });
  }

  it('has megabytes of a million, and seconds', () => {
    expect(units.megabytes(12_345_678)).to.equal('12.3 MB/s');
    expect(units.seconds(1_250)).to.equal('1.25 s');
  });

  it('has the local time of day', () => {
    expect(units.clock(new Date(2026, 0, 2, 3, 4, 5))).to.equal('03:04:05');
  });
});
