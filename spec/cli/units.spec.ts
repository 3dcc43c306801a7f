import { expect } from 'chai';
import * as units from '../../lib/cli/units.js';

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

  it('has seconds', () => {
    expect(units.seconds(1_250)).to.equal('1.25 s');
  });

  for (const [value, text] of [
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1.0 kB'],
    [1_500_000, '1.5 MB'],
    [12_345_678, '12.3 MB'],
    [2e9, '2.0 GB'],
    [5e13, '50.0 TB'],
    [5e15, '5,000.0 TB'],
  ] as const) {
    it(`has ${value} bytes as ${text}`, () => expect(units.bytes(value)).to.equal(text));
  }

  for (const [value, text] of [
    [0, '0 s'],
    [59.9, '59 s'],
    [60, '1 min'],
    [3_600, '1 h'],
    [93_784, '1 d 2 h 3 min'],
  ] as const) {
    it(`has an age of ${value} seconds as ${text}`, () => expect(units.age(value)).to.equal(text));
  }

  it('has the local time of day', () => {
    expect(units.clock(new Date(2026, 0, 2, 3, 4, 5))).to.equal('03:04:05');
  });
});
