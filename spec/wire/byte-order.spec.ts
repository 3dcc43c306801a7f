import { Buffer } from 'node:buffer';
import { endianness } from 'node:os';
import { expect } from 'chai';
import {
  HOST_IS_LITTLE,
  isLittle,
  isMarkerWhole,
  readInt,
  readMarked,
  writeInt,
  writeMarked,
} from '../../lib/wire/byte-order.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('wire: byte order', () => {
  it('of this machine is known', () => {
    expect(HOST_IS_LITTLE).to.equal(endianness() === 'LE');
  });

  it('is little when the first byte of a marked word has its top bit', () => {
    expect(isLittle(hex('ff 80 00 01 80'), 1)).to.equal(true);
  });

  it('is big when the first byte of a marked word has no top bit', () => {
    expect(isLittle(hex('ff 7f 00 01 80'), 1)).to.equal(false);
  });

  for (const [word, whole] of [
    ['80 00 00 80', true],
    ['00 00 00 00', true],
    ['ff ff ff ff', true],
    ['7f ff ff 7f', true],
    ['80 00 00 00', false],
    ['00 00 00 80', false],
    ['80 ff ff 7f', false],
  ] as const) {
    it(`has ${whole ? 'a whole' : 'half a'} marker in ${word}`, () => {
      expect(isMarkerWhole(hex(`00 ${word}`), 1)).to.equal(whole);
    });
  }

  it('decides how an integer is read', () => {
    const bytes = hex('00 fe ff ff ff');
    expect([readInt(bytes, 1, true), readInt(bytes, 1, false)]).to.deep.equal([-2, -16_777_217]);
  });

  it('decides how an integer is written', () => {
    const bytes = Buffer.alloc(8);
    writeInt(bytes, 0, 0x01020304, true);
    writeInt(bytes, 4, 0x01020304, false);
    expect(bytes.toString('hex')).to.equal('0403020101020304');
  });

  it('lets unsigned words be written as the signed ones they are', () => {
    const bytes = Buffer.alloc(4);
    writeInt(bytes, 0, 3_482_217_861, true);
    expect(bytes.toString('hex')).to.equal('856d8ecf');
  });

  it('marks a little-endian word', () => {
    const bytes = Buffer.alloc(4);
    writeMarked(bytes, 0, 0x00001100, true);
    expect(bytes.toString('hex')).to.equal('80110080');
  });

  it('leaves a big-endian word without marks', () => {
    const bytes = Buffer.alloc(4);
    writeMarked(bytes, 0, 0x00001100, false);
    expect(bytes.toString('hex')).to.equal('00001100');
  });

  it('is not misled by a value that has marks already', () => {
    const bytes = Buffer.alloc(8);
    writeMarked(bytes, 0, 0x80001180 | 0, true);
    writeMarked(bytes, 4, 0x80001180 | 0, false);
    expect(bytes.toString('hex')).to.equal('8011008000001100');
  });

  it('shows in the word itself when a marked word is read', () => {
    const bytes = hex('90 00 00 c0 40 00 00 10');
    expect([readMarked(bytes, 0), readMarked(bytes, 4)]).to.deep.equal([0x40000010, 0x40000010]);
  });
});
