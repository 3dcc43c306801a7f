import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { FIXED_KEY, type HashKey, hashName } from '../../daemon/core/keyed-hash.js';
import { nameField } from '../../lib/wire/name.js';
import { Random } from '../support/random.js';

/** HalfSipHash-1-3 as its paper writes it, over any bytes; in the daemon its rounds are written out. */
function halfSipHash(bytes: Uint8Array, [k0, k1]: HashKey): number {
  const v = Int32Array.of(k0, k1, 0x6c796765 ^ k0, 0x74656462 ^ k1);
  const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by));
  const mix = (a: number, b: number, by: number): void => {
    v[a] = (v[a] as number) + (v[b] as number);
    v[b] = rotate(v[b] as number, by) ^ (v[a] as number);
  };
  const round = (): void => {
    mix(0, 1, 5);
    v[0] = rotate(v[0] as number, 16);
    mix(2, 3, 8);
    mix(0, 3, 7);
    mix(2, 1, 13);
    v[2] = rotate(v[2] as number, 16);
  };
  const padded = Buffer.alloc((bytes.length & ~3) + 4);
  padded.set(bytes);
  padded[padded.length - 1] = bytes.length;
  for (let at = 0; at < padded.length; at += 4) {
    const word = padded.readInt32LE(at);
    v[3] = (v[3] as number) ^ word;
    round();
    v[0] = (v[0] as number) ^ word;
  }
  v[2] = (v[2] as number) ^ 0xff;
  for (let i = 0; i < 3; i++) round();
  return (v[1] as number) ^ (v[3] as number);
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
