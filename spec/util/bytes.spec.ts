import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import fc from 'fast-check';
import { ByteReader, ByteWriter, type Endian, Malformed, readWhole } from '../../lib/util/bytes.js';

const fill = (endian: Endian, bytes?: number): ByteWriter =>
  new ByteWriter(endian, bytes)
    .u8(0xfe)
    .u16(0x0102)
    .u32(0x01020304)
    .u32(-2)
    .u48(0x010203040506)
    .u64(0x0102030405060708n)
    .u64(-2n)
    .varint(300)
    .raw(Uint8Array.of(9, 8))
    .latin1('é')
    .utf8('é');

const read = (reader: ByteReader): unknown[] => [
  reader.u8(),
  reader.u16(),
  reader.u32(),
  reader.i32(),
  reader.u48(),
  reader.u64(),
  reader.u64(),
  reader.varint(),
  [...reader.raw(2)],
  reader.latin1(),
  reader.utf8(),
];

const values = [
  0xfe,
  0x0102,
  0x01020304,
  -2,
  0x010203040506,
  0x0102030405060708n,
  2n ** 64n - 2n,
  300,
  [9, 8],
  'é',
  'é',
];

describe('bytes', () => {
  for (const [endian, hex] of [
    ['BE', 'fe 0102 01020304 fffffffe 010203040506 0102030405060708 fffffffffffffffe'],
    ['LE', 'fe 0201 04030201 feffffff 060504030201 0807060504030201 feffffffffffffff'],
  ] as const) {
    describe(endian, () => {
      const bytes = Buffer.from(fill(endian).finish());

      it('stand as they are defined', () => {
        const rest = 'ac02 0908 01e9 02c3a9';
        expect(bytes.toString('hex')).to.equal(`${hex} ${rest}`.replaceAll(' ', ''));
      });

      it('come back, from wherever they begin', () => {
        expect(read(new ByteReader(bytes, endian))).to.deep.equal(values);
        const within = Buffer.concat([Buffer.alloc(3, 7), bytes, Buffer.alloc(3, 7)]);
        const reader = new ByteReader(within, endian, 3, 3 + bytes.length);
        expect([read(reader), reader.left]).to.deep.equal([values, 0]);
        expect(() => reader.end()).not.to.throw();
        expect(() => reader.u8()).to.throw(Malformed, 'expected 1 more bytes, got 0');
      });

      it('are written the same, however little room there is at first', () => {
        for (const room of [1, 2, 5, 20]) expect(fill(endian, room).finish()).to.deep.equal(bytes);
      });

      it('are malformed where they end too early', () => {
        for (let length = 0; length < bytes.length; length++) {
          const reader = new ByteReader(bytes, endian, 0, length);
          expect(() => read(reader), `${length}`).to.throw(Malformed);
        }
      });

      it('have a number replaced', () => {
        const writer = new ByteWriter(endian).u8(1).u32(0).u8(2);
        writer.setU32(1, 0xfffefdfc);
        const reader = new ByteReader(writer.finish(), endian);
        expect([writer.length, reader.u8(), reader.u32(), reader.u8()]).to.deep.equal([6, 1, 0xfffefdfc, 2]);
      });

      it('are read in parts, which do not reach beyond their ends', () => {
        const reader = new ByteReader(new ByteWriter(endian).u16(1).u16(2).u16(3).finish(), endian);
        const part = reader.part(4);
        expect([reader.left, part.left, part.u16(), part.u16(), reader.u16()]).to.deep.equal([2, 4, 1, 2, 3]);
        expect(() => part.u8()).to.throw(Malformed);
        expect(() => reader.part(1)).to.throw(Malformed);
      });

      it('hold no count of more items than there is room for', () => {
        const counted = (count: number, rest: number): ByteReader =>
          new ByteReader(new ByteWriter(endian).u32(count).raw(Buffer.alloc(rest)).finish(), endian);
        expect([counted(3, 12).count(4), counted(0, 0).count(4)]).to.deep.equal([3, 0]);
        expect(() => counted(3, 11).count(4)).to.throw(Malformed, 'a count of 3 before 11 bytes');
      });
    });
  }

  it('hold whole numbers below 2^53 in as few bytes as they take', () => {
    const encoded = (value: number): Buffer => new ByteWriter('LE').varint(value).finish();
    expect([0, 127, 128, 2 ** 53 - 1].map((value) => encoded(value).length)).to.deep.equal([1, 1, 2, 8]);
    const holds = (value: number): void =>
      void expect(new ByteReader(encoded(value), 'LE').varint()).to.equal(value);
    holds(Number.MAX_SAFE_INTEGER);
    fc.assert(fc.property(fc.maxSafeNat(), holds));
  });

  for (const [what, bytes] of [
    ['2^53', [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10]],
    ['nine bytes', [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00]],
  ] as const) {
    it(`hold no number of ${what}`, () => {
      expect(() => new ByteReader(Buffer.from(bytes), 'LE').varint()).to.throw(Malformed, 'below 2^53');
    });
  }

  it('take no more room than twice what is written', () => {
    const writer = new ByteWriter('LE', 1);
    for (let i = 0; i < 20_000; i++) writer.u8(i);
    expect(writer.finish().buffer.byteLength).to.be.at.most(40_000);
  });

  it('hold 255 characters of a text', () => {
    const reader = new ByteReader(new ByteWriter('LE').latin1('x'.repeat(300)).u8(7).finish(), 'LE');
    expect([reader.latin1(), reader.u8()]).to.deep.equal(['x'.repeat(255), 7]);
  });

  it('are malformed when some are left', () => {
    const reader = new ByteReader(Buffer.alloc(3), 'LE');
    reader.u8();
    expect(() => reader.end()).to.throw(Malformed, '2 bytes after the end');
  });

  it('are read whole, or are null; other errors are not caught', () => {
    const two = (): ByteReader => new ByteReader(Buffer.from([1, 2]), 'LE');
    expect(readWhole(two(), (reader) => reader.u16())).to.equal(0x0201);
    expect(readWhole(two(), (reader) => reader.u8())).to.equal(null);
    expect(readWhole(two(), (reader) => reader.u32())).to.equal(null);
    const defect = (): never => {
      throw new TypeError('a defect');
    };
    expect(() => readWhole(two(), defect)).to.throw('a defect');
  });
});
