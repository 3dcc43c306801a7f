import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { type HashKey, hashName } from '../../daemon/core/name-table.js';
import { nameField } from '../../lib/wire/name.js';
import { Random } from '../support/random.js';
import { FIXED_KEY } from '../support/fixed-key.js';

/** HalfSipHash-1-3 as its paper writes it, over any bytes; in the daemon its rounds are written out. */
function halfSipHash(bytes: Uint8Array, [k0, k1]: HashKey): number {
  let [v0, v1, v2, v3] = [k0, k1, 0x6c796765 ^ k0, 0x74656462 ^ k1];
  const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by));
  const round = (): void => {
    v0 = (v0 + v1) | 0;
    v1 = rotate(v1, 5) ^ v0;
    v0 = rotate(v0, 16);
    v2 = (v2 + v3) | 0;
    v3 = rotate(v3, 8) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = rotate(v3, 7) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = rotate(v1, 13) ^ v2;
    v2 = rotate(v2, 16);
  };
  const padded = Buffer.alloc((bytes.length & ~3) + 4);
  padded.set(bytes);
  padded[padded.length - 1] = bytes.length;
  for (let at = 0; at < padded.length; at += 4) {
    const word = padded.readInt32LE(at);
    v3 ^= word;
    round();
    v0 ^= word;
  }
  v2 ^= 0xff;
  for (let i = 0; i < 3; i++) round();
  return v1 ^ v3;
}

describe('core: the keyed hash', () => {
  it('is HalfSipHash-1-3 of the name, at every length and under any key', () => {
    const random = new Random(1);
    for (let length = 0; length < 32; length++) {
      for (let n = 0; n < 20; n++) {
        const name = Buffer.from(Array.from({ length }, () => 1 + random.below(255)));
        const key = n === 0 ? FIXED_KEY : ([random.below(2 ** 32) | 0, random.below(2 ** 32) | 0] as const);
        const field = nameField(name.toString('latin1'));
        expect(hashName(field, 0, key), `${length} bytes`).to.equal(halfSipHash(name, key));
      }
    }
  });

  it('is that of all 32 bytes where no NUL ends the name', () => {
    const field = Buffer.alloc(40, 0x61);
    expect(hashName(field, 0, FIXED_KEY)).to.equal(halfSipHash(field.subarray(0, 32), FIXED_KEY));
  });
});
