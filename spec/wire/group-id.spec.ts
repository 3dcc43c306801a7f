import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import {
  equalGroupIds,
  GROUP_ID_BYTES,
  type GroupId,
  groupIdText,
  readGroupId,
  writeGroupId,
} from '../../lib/wire/group-id.js';

/** From the example of [session 6.3]. */
const bytes = Buffer.from('856d8ecfd1f5016b01000000', 'hex');
const id = [3_482_217_861 | 0, 1_795_290_577, 1] as const;

describe('wire: group id', () => {
  it('is 12 bytes', () => {
    expect(GROUP_ID_BYTES).to.equal(bytes.length);
  });

  it('is read as three signed words', () => {
    expect(readGroupId(bytes, 0, true)).to.deep.equal(id);
  });

  it('is read from any place', () => {
    expect(readGroupId(Buffer.concat([Buffer.from('abc'), bytes]), 3, true)).to.deep.equal(id);
  });

  it('is read in big-endian order too', () => {
    expect(readGroupId(Buffer.from('cf8e6d856b01f5d100000001', 'hex'), 0, false)).to.deep.equal(id);
  });

  it('is written little-endian', () => {
    const written = Buffer.alloc(14, 0x55);
    writeGroupId(written, 1, id);
    expect(written.toString('hex')).to.equal(`55${bytes.toString('hex')}55`);
  });

  it('equals itself', () => {
    expect(equalGroupIds(id, [...id])).to.equal(true);
  });

  for (const word of [0, 1, 2]) {
    it(`is another when word ${word} differs`, () => {
      const other: GroupId = [
        id[0] + (word === 0 ? 1 : 0),
        id[1] + (word === 1 ? 1 : 0),
        id[2] + (word === 2 ? 1 : 0),
      ];
      expect(equalGroupIds(id, other)).to.equal(false);
    });
  }

  it('shows its words unsigned', () => {
    expect(groupIdText(id)).to.equal('3482217861.1795290577.1');
  });
});
