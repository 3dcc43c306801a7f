import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { HOST_IS_LITTLE } from '../../lib/wire/byte-order.js';
import {
  endianMismatch,
  frameLength,
  HINT_AT,
  HINT_UNUSED,
  isMessType,
  messTypeOf,
  normalizeHeader,
  readHeader,
  writeHeader,
  writeHeaderWords,
} from '../../lib/wire/header.js';
import { AGREED_MESS, JOIN_MESS, REJECT_MESS, SUBGROUP_CAST } from '../../lib/wire/service.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/[\s|]/g, ''), 'hex');

const alice = '23616c69636523646d6e31 00 0000000000000000000000000000000000000000';

/** The AGREED message of [session 4.5], and what a big-endian client sends for it. */
const little = hex(`90000080 | ${alice} | 01000000 | 80640080 | 06000000`);
const big = hex(`00000010 | ${alice} | 00000001 | 00006400 | 00000006`);

const agreed = {
  service: AGREED_MESS,
  name: '#alice#dmn1',
  numGroups: 1,
  messType: 100,
  dataLength: 6,
};

describe('wire: header', () => {
  it('is read from a little-endian writer', () => {
    expect(readHeader(little, 0)).to.deep.equal({ ...agreed, little: true, senderLittle: true });
  });

  it('is read from a big-endian writer', () => {
    expect(readHeader(big, 0)).to.deep.equal({ ...agreed, little: false, senderLittle: false });
  });

  it('is read with the hint in another order than the rest', () => {
    const mixed = Buffer.concat([
      little.subarray(0, HINT_AT),
      big.subarray(HINT_AT, 44),
      little.subarray(44),
    ]);
    expect(readHeader(mixed, 0)).to.deep.equal({ ...agreed, little: true, senderLittle: false });
  });

  it('is read from any place', () => {
    expect(readHeader(Buffer.concat([Buffer.alloc(5, 0xff), big]), 5)).to.deep.equal(readHeader(big, 0));
  });

  it('is read with its counts as they are, negative ones too', () => {
    const bytes = Buffer.from(little);
    bytes.writeInt32LE(-1, 36);
    bytes.writeInt32LE(-2_147_483_648, 44);
    expect(readHeader(bytes, 0)).to.include({ numGroups: -1, dataLength: -2_147_483_648 });
  });

  it('is written little-endian', () => {
    const bytes = Buffer.alloc(50, 0x55);
    writeHeader(bytes, 1, agreed);
    expect(bytes.toString('hex')).to.equal(`55${little.toString('hex')}55`);
  });

  it('is written big-endian on request', () => {
    const bytes = Buffer.alloc(50, 0x55);
    writeHeader(bytes, 1, agreed, false);
    expect(bytes.toString('hex')).to.equal(`55${big.toString('hex')}55`);
  });

  it('has words that can be written around a name', () => {
    const bytes = Buffer.alloc(48, 0x55);
    writeHeaderWords(bytes, 0, AGREED_MESS, 1, 100, 6);
    const expected = Buffer.from(little).fill(0x55, 4, 36);
    expect(bytes.toString('hex')).to.equal(expected.toString('hex'));
  });

  it('keeps the bits 24 to 30 of the service', () => {
    const bytes = Buffer.alloc(48);
    writeHeader(bytes, 0, { ...agreed, service: AGREED_MESS | 0x7f000000 });
    expect(readHeader(bytes, 0).service).to.equal(AGREED_MESS | 0x7f000000);
  });

  describe('hint word', () => {
    /** The table of [session 4.4]. */
    for (const [messType, littleBytes, bigBytes] of [
      [0, '80 00 00 80', '00 00 00 00'],
      [5, '80 05 00 80', '00 00 05 00'],
      [0x1234, '80 34 12 80', '00 12 34 00'],
      [0x7fff, '80 ff 7f 80', '00 7f ff 00'],
      [-1, '80 ff ff 80', '00 ff ff 00'],
      [-32_768, '80 00 80 80', '00 80 00 00'],
    ] as const) {
      for (const [order, expected] of [
        ['little', littleBytes],
        ['big', bigBytes],
      ] as const) {
        it(`holds ${messType} as ${expected} in ${order}-endian order`, () => {
          const bytes = Buffer.alloc(48);
          writeHeader(bytes, 0, { ...agreed, messType }, order === 'little');
          expect(bytes.subarray(40, 44)).to.deep.equal(hex(expected));
        });

        it(`gives ${messType} back from ${expected}`, () => {
          const bytes = Buffer.from(little);
          hex(expected).copy(bytes, HINT_AT);
          expect(readHeader(bytes, 0)).to.include({ messType, senderLittle: order === 'little' });
        });
      }
    }

    it('carries all 65536 types', () => {
      for (let messType = -32_768; messType <= 32_767; messType++) {
        if (messTypeOf((messType & 0xffff) << 8) !== messType) expect.fail(`type ${messType}`);
      }
    });

    it('has unused bits beside marker and type', () => {
      expect(HINT_UNUSED).to.equal(~(0x80000080 | 0x00ffff00));
    });
  });

  it('has message types that are whole numbers of 16 bits with a sign', () => {
    const types = [-32_769, -32_768, -1, 0, 32_767, 32_768, 0.5, NaN, Infinity];
    expect(types.filter(isMessType)).to.deep.equal([-32_768, -1, 0, 32_767]);
  });

  it('tells a sender of the other byte order', () => {
    expect([endianMismatch(HOST_IS_LITTLE), endianMismatch(!HOST_IS_LITTLE)]).to.deep.equal([0, 1]);
  });

  describe('normalized', () => {
    it('has type and counts little-endian and the hint as it was', () => {
      const bytes = Buffer.from(big);
      normalizeHeader(bytes, 0);
      const expected = Buffer.from(little);
      big.copy(expected, HINT_AT, HINT_AT, HINT_AT + 4);
      expect(bytes.toString('hex')).to.equal(expected.toString('hex'));
    });

    it('is the same bytes for a little-endian sender', () => {
      const bytes = Buffer.from(little);
      normalizeHeader(bytes, 0);
      expect(bytes.toString('hex')).to.equal(little.toString('hex'));
    });

    for (const [order, header] of [
      ['little', little],
      ['big', big],
    ] as const) {
      it(`ends the name of a ${order}-endian sender with NUL and leaves the bytes before it`, () => {
        const bytes = Buffer.from(header);
        bytes.fill(0x41, 16, 36);
        normalizeHeader(bytes, 0);
        expect(bytes.toString('hex', 4, 36)).to.equal(`23616c69636523646d6e3100${'41'.repeat(19)}00`);
      });

      it(`keeps the bits 24 to 30 of a ${order}-endian sender`, () => {
        const bytes = Buffer.alloc(48);
        writeHeader(bytes, 0, { ...agreed, service: AGREED_MESS | SUBGROUP_CAST }, order === 'little');
        normalizeHeader(bytes, 0);
        expect(bytes.readInt32LE(0)).to.equal(AGREED_MESS | SUBGROUP_CAST | 0x80000080);
      });
    }

    it('touches nothing in front of it and behind it', () => {
      const bytes = Buffer.concat([Buffer.alloc(3, 0x77), big, Buffer.alloc(3, 0x77)]);
      normalizeHeader(bytes, 3);
      expect(bytes.toString('hex', 0, 3) + bytes.toString('hex', 51)).to.equal('77'.repeat(6));
    });
  });

  describe('frame length', () => {
    it('is the header alone when nothing follows', () => {
      expect(frameLength(JOIN_MESS, 0, 0)).to.equal(48);
    });

    it('adds 32 bytes a name and the data', () => {
      expect(frameLength(AGREED_MESS, 3, 1000)).to.equal(48 + 96 + 1000);
    });

    it('adds the extra word of a reject frame', () => {
      expect(frameLength(REJECT_MESS, 2, 5)).to.equal(48 + 4 + 64 + 5);
    });
  });
});
