import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { fnv32, fnv64, hash53, hexHash } from '../../lib/util/hash.js';

const everyByte = Uint8Array.from({ length: 256 }, (_, i) => i);

/** As the definition has it. */
const plainFnv64 = (bytes: Uint8Array): bigint =>
  bytes.reduce(
    (hash, byte) => BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n),
    0xcbf29ce484222325n,
  );

/** Daemons and members of different releases compare these numbers. */
describe('hash', () => {
  describe('FNV-1a of 32 bits', () => {
    for (const [text, hash] of [
      ['', 0x811c9dc5],
      ['a', 0xe40c292c],
      ['foobar', 0xbf9cf968],
    ] as const) {
      it(`of "${text}" is the published one`, () => {
        expect(fnv32(Buffer.from(text))).to.equal(hash);
      });
    }

    it('continues from the hash of what came before', () => {
      expect(fnv32(Buffer.from('bar'), fnv32(Buffer.from('foo')))).to.equal(0xbf9cf968);
    });
  });

  describe('FNV-1a of 64 bits', () => {
    for (const [text, hash] of [
      ['', 0xcbf29ce484222325n],
      ['a', 0xaf63dc4c8601ec8cn],
      ['foobar', 0x85944171f73967e8n],
    ] as const) {
      it(`of "${text}" is the published one`, () => {
        expect(fnv64(Buffer.from(text))).to.equal(hash);
      });
    }

    it('is that of the definition, whatever the bytes', () => {
      for (let length = 0; length <= everyByte.length; length++) {
        const bytes = everyByte.subarray(256 - length);
        expect(fnv64(bytes)).to.equal(plainFnv64(bytes));
      }
    });

    it('continues from the hash of what came before', () => {
      expect(fnv64(Buffer.from('bar'), fnv64(Buffer.from('foo')))).to.equal(0x85944171f73967e8n);
    });
  });

  describe('sixteen digits', () => {
    for (const [what, bytes, digits] of [
      ['no bytes', new Uint8Array(0), '811c9dc59e3779b9'],
      ['one byte', Buffer.from('a'), 'e40c292cec55efaf'],
      ['bytes of small numbers', Buffer.from('k120'), '0493fd3b0019ef0f'],
      ['every byte', everyByte, '90a458c55eb15c32'],
    ] as const) {
      it(`of ${what} are these`, () => {
        expect(hexHash(bytes)).to.equal(digits);
      });
    }
  });

  describe('53 bits', () => {
    for (const [text, hash] of [
      ['', 3338908027751811],
      ['a', 7929297801672961],
      ['begin 1 2 3 0', 3286670486310104],
      ['Zürich ☃', 6642281134839615],
    ] as const) {
      it(`of "${text}" are these`, () => {
        expect(hash53(text)).to.equal(hash);
      });
    }
  });
});
