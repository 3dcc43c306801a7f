import { expect } from 'chai';
import { ListHash, nameHash } from '../../lib/util/list-hash.js';

const hashOf = (...names: readonly string[]): bigint => {
  const hash = new ListHash();
  for (const name of names) hash.add(name);
  return hash.value;
};

describe('hash of a list of members', () => {
  // The values of the specification.
  for (const [names, value] of [
    [[], 0n],
    [['#a#d1'], 0x8a550151ba7fc57en],
    [['#alice#dmn1'], 0x7af36d817b7409aen],
    [['#a#d1', '#b#d2'], 0x3338d0a34839c5cbn],
    [['#b#d2', '#a#d1'], 0x3338d0a34839c5cbn],
    [['#alice#dmn1', '#bob#dmn1', '#carol#dmn2'], 0xe697d39fb21d1ff7n],
    [Array.from({ length: 1000 }, (_, i) => `#w${i}#d1`), 0xe3622e2fcf923e39n],
  ] as const) {
    it(`of ${names.length > 3 ? `${names.length} names` : JSON.stringify(names)}`, () => {
      expect(hashOf(...names)).to.equal(value);
    });
  }

  it('is what it was when a name has come and gone', () => {
    const hash = new ListHash();
    hash.add('#a#d1');
    hash.add('#b#d2');
    hash.remove('#a#d1');
    expect(hash.value).to.equal(hashOf('#b#d2'));
  });

  it('takes what a name adds, as well as the name', () => {
    const hash = new ListHash();
    hash.add(nameHash('#a#d1'));
    expect(hash.value).to.equal(hashOf('#a#d1'));
    hash.remove(nameHash('#a#d1'));
    expect(hash.value).to.equal(0n);
  });

  it('is nothing again after clear', () => {
    const hash = new ListHash();
    hash.add('#a#d1');
    hash.clear();
    expect(hash.value).to.equal(0n);
  });
});
