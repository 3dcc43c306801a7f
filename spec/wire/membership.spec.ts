import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { checkDelivery, Delivery } from '../../lib/wire/delivery.js';
import { FrameFault } from '../../lib/wire/fault.js';
import type { GroupId } from '../../lib/wire/group-id.js';
import { MAX_VIEW_MEMBERS } from '../../lib/wire/limits.js';
import {
  encodeRegularMembership,
  encodeSelfLeave,
  encodeSspBody,
  encodeTransition,
  readMembershipBody,
  readSspBody,
  readVsSet,
  sspBodyLength,
} from '../../lib/wire/membership.js';
import { nameField } from '../../lib/wire/name.js';
import { CAUSED_BY_JOIN, CAUSED_BY_LEAVE, CAUSED_BY_NETWORK } from '../../lib/wire/service.js';

const field = (name: string): string => nameField(name).toString('hex');
const fields = (...names: string[]): Buffer[] => names.map(nameField);

/** The join of [session 6.3]. */
const joinId: GroupId = [0xcf8e6d85 | 0, 0x6b01f5d1, 1];
const join = [
  ['80110080', field('foo'), '01000000', '80000080', '38000000', field('#alice#dmn1')],
  ['856d8ecf', 'd1f5016b', '01000000', '01000000', '00000000', '01000000', field('#alice#dmn1')],
]
  .flat()
  .join('');

/** The merge of [session 6.3] as a1 sees it; `own` is where the receiver's set starts. */
const mergeId: GroupId = [0xcf8e6d85 | 0, 0x6b01f63b, 1];
const members = ['#a1#dmn1', '#b1#dmn2', '#c1#dmn3', '#c2#dmn3'];
const merge = (own: string): string =>
  [
    ['80180080', field('split'), '04000000', '80000080', '9c000000', ...members.map(field)],
    ['856d8ecf', '3bf6016b', '01000000', '02000000', own],
    ['02000000', field('#c1#dmn3'), field('#c2#dmn3')],
    ['02000000', field('#a1#dmn1'), field('#b1#dmn2')],
  ]
    .flat()
    .join('');

const mergeSets = [fields('#c1#dmn3', '#c2#dmn3'), fields('#a1#dmn1', '#b1#dmn2')];

/** A body with these words and names; numbers are written as words, strings as fields. */
function body(parts: readonly (number | string)[], little = true): Buffer {
  return Buffer.concat(
    parts.map((part) => {
      if (typeof part === 'string') return nameField(part);
      const word = Buffer.alloc(4);
      if (little) word.writeInt32LE(part);
      else word.writeInt32BE(part);
      return word;
    }),
  );
}

const read = (bytes: Buffer, little = true) => readMembershipBody(bytes, 0, bytes.length, little);

describe('wire: membership', () => {
  describe('frames', () => {
    it('of a join are those of [session 6.3]', () => {
      const alice = fields('#alice#dmn1');
      const frame = encodeRegularMembership('foo', CAUSED_BY_JOIN, alice, joinId, [alice], 0);
      expect(frame.toString('hex')).to.equal(join);
    });

    for (const [receiver, own, offset] of [
      ['a1', 1, '44000000'],
      ['c1', 0, '00000000'],
    ] as const) {
      it(`of the merge in [session 6.3] point ${receiver} to its own set`, () => {
        const frame = encodeRegularMembership(
          'split',
          CAUSED_BY_NETWORK,
          members.map(nameField),
          mergeId,
          mergeSets,
          own,
        );
        expect(frame.toString('hex')).to.equal(merge(offset));
        expect(frame).to.have.length(332);
      });
    }

    it('of a transition are those of [session 6.4]', () => {
      const frame = encodeTransition('split', [0xcf8e6d85 | 0, 0x6b01f625, 3]);
      expect(frame.toString('hex')).to.equal(
        ['80200080', field('split'), '00000000', '80000080', '0c000000', '856d8ecf25f6016b03000000'].join(''),
      );
    });

    it('of a self-leave are those of [session 6.1]', () => {
      expect(encodeSelfLeave('foo').toString('hex')).to.equal(
        ['80020080', field('foo'), '00000000', '80000080', '00000000'].join(''),
      );
    });

    it('have room for 150 members', () => {
      const all = Array.from({ length: 150 }, (_, i) => nameField(`#m${i}#d`));
      const frame = encodeRegularMembership('g', CAUSED_BY_LEAVE, all, joinId, [fields('#gone#d')], 0);
      const delivery = new Delivery(frame, 0, frame.length);
      expect(checkDelivery(frame, 0)).to.equal(frame.length);
      expect(delivery.names()).to.deep.equal(all.map((each) => each.toString('latin1').replaceAll('\0', '')));
      expect(delivery.body).to.have.length(56);
    });

    it('can have an own set without names', () => {
      const sets = [fields('#a#d'), [], fields('#b#d')];
      const frame = encodeRegularMembership('g', CAUSED_BY_NETWORK, fields('#a#d', '#b#d'), joinId, sets, 1);
      const { body: bytes } = new Delivery(frame, 0, frame.length);
      const { sets: found, ownSet } = read(bytes);
      expect(found.map((set) => readVsSet(bytes, 0, set))).to.deep.equal([['#a#d'], [], ['#b#d']]);
      expect(ownSet).to.equal(1);
    });
  });

  describe('body', () => {
    it('of a join has one set that begins at 24', () => {
      const bytes = Buffer.from(join, 'hex').subarray(80);
      expect(read(bytes)).to.deep.equal({
        id: joinId,
        sets: [{ numMembers: 1, membersOffset: 24 }],
        ownSet: 0,
      });
    });

    it('of the merge tells a1 its set, index and offset', () => {
      const { sets, ownSet, id } = read(Buffer.from(merge('44000000'), 'hex').subarray(176));
      expect({ id, ownSet, own: sets[ownSet], count: sets.length }).to.deep.equal({
        id: mergeId,
        ownSet: 1,
        own: { numMembers: 2, membersOffset: 92 },
        count: 2,
      });
    });

    it('of the merge tells c1 its set, index and offset', () => {
      const { sets, ownSet } = read(Buffer.from(merge('00000000'), 'hex').subarray(176));
      expect([ownSet, sets[ownSet]]).to.deep.equal([0, { numMembers: 2, membersOffset: 24 }]);
    });

    it('has the names of every set', () => {
      const bytes = Buffer.from(merge('00000000'), 'hex');
      const { sets } = readMembershipBody(bytes, 176, bytes.length - 176, true);
      expect(sets.map((set) => readVsSet(bytes, 176, set))).to.deep.equal([
        ['#c1#dmn3', '#c2#dmn3'],
        ['#a1#dmn1', '#b1#dmn2'],
      ]);
    });

    it('of a big-endian daemon is read in its order', () => {
      const bytes = body([-5, 6, 7, 2, 4, 0, 1, '#a#d'], false);
      const { id, sets, ownSet } = read(bytes, false);
      expect(id).to.deep.equal([-5, 6, 7]);
      expect(sets).to.deep.equal([
        { numMembers: 0, membersOffset: 24 },
        { numMembers: 1, membersOffset: 28 },
      ]);
      expect(ownSet).to.equal(1);
    });

    const legal = [1, 2, 3, 2, 36, 1, '#a#d', 1, '#b#d'] as const;
    const changed = (index: number, value: number): Buffer =>
      body(legal.map((part, i) => (i === index ? value : part)));

    it('is legal before it is damaged', () => {
      expect(read(body(legal)).ownSet).to.equal(1);
    });

    it('may have as many sets as a view has members', () => {
      const bytes = Buffer.concat([body([1, 2, 3, MAX_VIEW_MEMBERS, 0]), Buffer.alloc(4 * MAX_VIEW_MEMBERS)]);
      expect(read(bytes).sets).to.have.length(MAX_VIEW_MEMBERS);
    });

    for (const [what, bytes] of [
      ['nothing', Buffer.alloc(0)],
      ['a group id alone', body([1, 2, 3])],
      ['no room for one set', body([1, 2, 3, 1, 0])],
      ['no set', changed(3, 0)],
      ['a negative number of sets', changed(3, -1)],
      ['more sets than it has bytes for', changed(3, 3)],
      ['a huge number of sets', changed(3, 0x7fffffff)],
      [
        '65537 sets that are all there',
        Buffer.concat([body([1, 2, 3, 65_537, 0]), Buffer.alloc(4 * 65_537)]),
      ],
      ['an own offset between sets', changed(4, 4)],
      ['an own offset in front of the sets', changed(4, -20)],
      ['an own offset behind the sets', changed(4, 72)],
      ['a huge own offset', changed(4, 0x7fffffff)],
      ['a negative count of names', changed(5, -1)],
      ['one name too many in its last set', changed(7, 2)],
      ['a huge count of names', changed(5, 0x7fffffff)],
      ['the last name cut by a byte', body(legal).subarray(0, -1)],
      ['a count without its names', body([1, 2, 3, 1, 0, 1])],
    ] as const) {
      it(`is refused with ${what}`, () => {
        expect(() => read(bytes))
          .to.throw(FrameFault)
          .with.property('reason', 'membership-body');
      });
    }

    it('is refused at every length that cuts it', () => {
      const bytes = body(legal);
      for (let length = 0; length < bytes.length; length++) {
        expect(() => readMembershipBody(bytes, 0, length, true), `${length} bytes`).to.throw(FrameFault);
      }
    });
  });

  describe('body of SSP', () => {
    it('that is illegal is refused with an error that says so', () => {
      expect(() => readSspBody(Buffer.alloc(3)))
        .to.throw(FrameFault, /^illegal frame: /)
        .with.property('code', 'ERR_SSP_ILLEGAL_FRAME');
    });

    const id: GroupId = [0xcf8e6d85 | 0, 0x6b01f63b, 9];

    it('has 48 bytes for one name', () => {
      expect(sspBodyLength(1)).to.equal(48);
    });

    it('has 16 bytes and 32 for each name', () => {
      expect([0, 2, 1024].map(sspBodyLength)).to.deep.equal([16, 80, 16 + 32 * 1024]);
    });

    it('is the id, the number of names and the names', () => {
      expect(encodeSspBody(id, ['#a#d', '#bb#d']).toString('hex')).to.equal(
        ['856d8ecf3bf6016b09000000', '02000000', field('#a#d'), field('#bb#d')].join(''),
      );
    });

    for (const names of [[], ['#a#d'], ['#a#d', '#b#d', '#c#d']]) {
      it(`gives its ${names.length} names back`, () => {
        expect(readSspBody(encodeSspBody(id, names))).to.deep.equal({ id, names });
      });
    }

    it('may stand in a longer buffer', () => {
      const longer = Buffer.concat([encodeSspBody(id, ['#a#d']), Buffer.alloc(100, 0x55)]);
      expect(readSspBody(longer)).to.deep.equal({ id, names: ['#a#d'] });
    });

    for (const [what, bytes] of [
      ['nothing', Buffer.alloc(0)],
      ['15 bytes', Buffer.alloc(15)],
      ['fewer names than it counts', body([1, 2, 3, 2, '#a#d'])],
      ['a name cut by a byte', body([1, 2, 3, 1, '#a#d']).subarray(0, -1)],
      ['a negative count', body([1, 2, 3, -1, '#a#d'])],
      ['a huge count', body([1, 2, 3, 0x7fffffff])],
    ] as const) {
      it(`is refused with ${what}`, () => {
        expect(() => readSspBody(bytes))
          .to.throw(FrameFault)
          .with.property('reason', 'membership-body');
      });
    }
  });
});
