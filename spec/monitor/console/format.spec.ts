import { expect } from 'chai';
import {
  bytesText,
  changeText,
  durationText,
  idText,
  listText,
  nameText,
  numberText,
  plural,
  shortDuration,
} from '../../../daemon/monitor/console/core/format.js';

describe('console: formats', () => {
  for (const [value, text] of [
    [0, '0'],
    [4_532, '4,532'],
    [0.25, '0.3'],
    [9.96, '10'],
    [12.4, '12'],
    [1_000_000, '1,000,000'],
  ] as const) {
    it(`writes the number ${value} as ${text}`, () => expect(numberText(value)).to.equal(text));
  }

  for (const [bytes, text] of [
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1 kB'],
    [1_234, '1.2 kB'],
    [67_108_864, '67 MB'],
    [999_600, '1 MB'],
    [536_870_912_000, '537 GB'],
    [5e15, '5,000 TB'],
  ] as const) {
    it(`writes ${bytes} bytes as ${text}`, () => expect(bytesText(bytes)).to.equal(text));
  }

  for (const [milliseconds, text, short] of [
    [-5, '0 s', '0 s'],
    [12_999, '12 s', '12 s'],
    [60_000, '1 min 0 s', '1 min'],
    [3_600_000 + 120_000, '1 h 2 min', '1 h'],
    [3 * 86_400_000 + 4 * 3_600_000, '3 d 4 h', '3 d'],
  ] as const) {
    it(`writes ${milliseconds} ms as ${text}`, () => {
      expect(durationText(milliseconds)).to.equal(text);
      expect(shortDuration(milliseconds)).to.equal(short);
    });
  }

  it('shows what cannot be seen in a name, and cuts long ones', () => {
    expect(nameText('a\u0000b\u0085c\u202ed\u200be')).to.equal('a·b·c·d·e');
    expect(nameText('x'.repeat(31))).to.equal('x'.repeat(31));
    expect(nameText('x'.repeat(32))).to.equal(`${'x'.repeat(30)}…`);
    expect(nameText('<img/src=x/onerror=alert(1)>')).to.equal('<img/src=x/onerror=alert(1)>');
    expect(idText(`#${'x'.repeat(70)}`)).to.have.length(62);
  });

  it('names the first of a list, and says how many more', () => {
    expect(listText([])).to.equal('');
    expect(listText(['d1', 'd2'])).to.equal('d1 d2');
    expect(listText(['a', 'b', 'c'], 4, 2)).to.equal('a b and 5 more');
  });

  it('knows one from many', () => {
    expect([plural(1, 'member'), plural(0, 'member'), plural(2, 'match', 'matches')]).to.deep.equal([
      '1 member',
      '0 members',
      '2 matches',
    ]);
  });

  for (const [came, gone, more, text] of [
    [['#a#d'], [], 0, '#a#d came'],
    [[], ['#a#d'], 0, '#a#d is gone'],
    [[], ['#a#d', '#b#d'], 0, '#a#d #b#d are gone'],
    [[], ['#a#d'], 2, '#a#d and 2 more are gone'],
    [['#a#d'], [], 2, '#a#d and 2 more came'],
    [['#a#d'], ['#b#d'], 2, '#a#d came, #b#d is gone, 2 other changes'],
    [[], [], 0, ''],
  ] as const) {
    it(`says “${text}”`, () => expect(changeText({ came, gone, more })).to.equal(text));
  }
});
