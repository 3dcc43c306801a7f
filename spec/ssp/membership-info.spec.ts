/** Reading the bodies of SP_receive: [session 6.3, 6.6]. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import {
  type Scatter,
  SP_equal_group_ids,
  SP_get_memb_info,
  SP_get_vs_set_members,
  SP_get_vs_sets_info,
  SP_scat_get_memb_info,
  SP_scat_get_vs_set_members,
  SP_scat_get_vs_sets_info,
} from '../../lib/ssp/index.js';
import { viewBody } from '../support/fake-daemon-frames.js';
import { V } from './vectors.js';

const bodyOf = (sets: string[][], own = 0): Buffer =>
  viewBody({ group: 'g', cause: 0, members: [], id: V, sets, own });
const merge = bodyOf(
  [
    ['#c1#d3', '#c2#d3'],
    ['#a1#d1', '#b1#d2'],
  ],
  1,
);
const join = bodyOf([['#b#d2']]);
/** As C programs have it: the caller's buffer, longer than the body, bytes of other things around it. */
const inBuffer = Uint8Array.from([...merge, ...Buffer.alloc(500, 0xee)]);
const cutInto = (body: Buffer, size: number): Scatter => {
  const elements = [];
  for (let at = 0; at < body.length; at += size) {
    const buf = body.subarray(at, at + size);
    elements.push({ len: buf.length, buf });
  }
  return { num_elements: elements.length, elements };
};

describe('SP_get_memb_info', () => {
  it('join, leave and disconnect: the one who changed', () => {
    for (const service of [0x1100, 0x1200, 0x1400]) {
      expect(SP_get_memb_info(join, service)).to.deep.equal({
        ret: 1,
        memb_info: {
          gid: V,
          changed_member: '#b#d2',
          num_vs_sets: 1,
          my_vs_set: { num_members: 1, members_offset: 24 },
        },
      });
    }
  });

  it('network: the own set, nobody changed; the buffer may be longer than the body', () => {
    for (const body of [merge, inBuffer]) {
      expect(SP_get_memb_info(body, 0x1800).memb_info).to.deep.equal({
        gid: V,
        changed_member: '',
        num_vs_sets: 2,
        my_vs_set: { num_members: 2, members_offset: 92 },
      });
    }
  });

  it('transitional: the id alone', () => {
    expect(SP_get_memb_info(join.subarray(0, 12), 0x2000)).to.deep.equal({
      ret: 1,
      memb_info: {
        gid: V,
        changed_member: '',
        num_vs_sets: 0,
        my_vs_set: { num_members: 0, members_offset: 0 },
      },
    });
  });

  it('self-leave: 1, there is nothing to read', () => {
    expect(SP_get_memb_info(Buffer.alloc(0), 0x200)).to.deep.include({ ret: 1 });
    expect(SP_get_memb_info(Buffer.alloc(0), 0x200).memb_info?.gid).to.deep.equal([0, 0, 0]);
  });

  it('no membership, or a malformed body, is ILLEGAL_MESSAGE', () => {
    for (const service of [0x10, 0x00400100, 0]) {
      expect(SP_get_memb_info(join, service)).to.deep.equal({ ret: -13 });
    }
    expect(SP_get_memb_info(join.subarray(0, 40), 0x1100)).to.deep.equal({ ret: -13 });
    expect(SP_get_memb_info(bodyOf([[]]), 0x1100).memb_info?.changed_member).to.equal('');
  });
});

describe('SP_get_vs_sets_info', () => {
  it('all sets and the index of the own one', () => {
    expect(SP_get_vs_sets_info(inBuffer, 2)).to.deep.equal({
      ret: 2,
      vs_sets: [
        { num_members: 2, members_offset: 24 },
        { num_members: 2, members_offset: 92 },
      ],
      my_vs_set_index: 1,
    });
  });

  it('BUFFER_TOO_SHORT without room for all, ILLEGAL_MESSAGE for a malformed body', () => {
    expect(SP_get_vs_sets_info(merge, 1)).to.deep.equal({ ret: -15 });
    expect(SP_get_vs_sets_info(merge.subarray(0, 30), 10)).to.deep.equal({ ret: -13 });
    expect(SP_get_vs_sets_info(merge, '2' as never)).to.deep.equal({ ret: -24 });
  });
});

describe('SP_get_vs_set_members', () => {
  it('the names of a set', () => {
    const set = { num_members: 2, members_offset: 92 };
    expect(SP_get_vs_set_members(inBuffer, set, 2)).to.deep.equal({ ret: 2, members: ['#a1#d1', '#b1#d2'] });
    expect(SP_get_vs_set_members(merge, set, 1)).to.deep.equal({ ret: -15 });
  });

  it('a set that does not lie in the message is ILLEGAL_MESSAGE', () => {
    for (const [num_members, members_offset] of [
      [3, 92],
      [1, -1],
      [-1, 24],
      [0.5, 24],
      [1, Number.NaN],
    ] as const) {
      expect(SP_get_vs_set_members(merge, { num_members, members_offset }, 5)).to.deep.equal({ ret: -13 });
    }
  });
});

describe('the SP_scat_ helpers', () => {
  it('read bodies that are cut anywhere (the C library cannot)', () => {
    for (const size of [7, 12, 32, 200]) {
      const scat = cutInto(merge, size);
      expect(SP_scat_get_memb_info(scat, 0x1800)).to.deep.equal(SP_get_memb_info(merge, 0x1800));
      expect(SP_scat_get_vs_sets_info(scat, 5)).to.deep.equal(SP_get_vs_sets_info(merge, 5));
      const set = { num_members: 2, members_offset: 24 };
      expect(SP_scat_get_vs_set_members(scat, set, 2).members).to.deep.equal(['#c1#d3', '#c2#d3']);
    }
  });

  it('a malformed scatter is ILLEGAL_MESSAGE', () => {
    expect(SP_scat_get_memb_info({ num_elements: 1, elements: [] }, 0x1800)).to.deep.equal({ ret: -13 });
  });
});

describe('SP_equal_group_ids', () => {
  it('compares all three words', () => {
    expect(SP_equal_group_ids([1, 2, 3], [1, 2, 3])).to.equal(true);
    for (const other of [
      [0, 2, 3],
      [1, 0, 3],
      [1, 2, 0],
    ] as const) {
      expect(SP_equal_group_ids([1, 2, 3], other)).to.equal(false);
    }
  });
});
