/** Bytes, which browsers have in the place of Buffer: what both answer is the same. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import fc from 'fast-check';
import { Bytes } from '../../lib/util/buffer/bytes.js';

const bytes = fc.uint8Array({ maxLength: 40 });
/** Any text, lone surrogates too. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constant('\ufeffa\ud800'),
);
const latin1 = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) });
const at = fc.integer({ min: 0, max: 40 });
const place = fc.option(fc.integer({ min: 0, max: 45 }), { nil: undefined });

/** What an act answers; that it threw, as `threw`. */
function answer(act: () => unknown): unknown {
  try {
    return act();
  } catch {
    return 'threw';
  }
}

const list = (value: Uint8Array): number[] => [...value];

describe('bytes of browsers', () => {
  it('are made of text, numbers, bytes and memory as Buffer makes them', () => {
    fc.assert(
      fc.property(text, latin1, bytes, (words, letters, given) => {
        expect(list(Bytes.from(words))).to.deep.equal(list(Buffer.from(words)));
        expect(list(Bytes.from(letters, 'latin1'))).to.deep.equal(list(Buffer.from(letters, 'latin1')));
        expect(list(Bytes.from(given))).to.deep.equal(list(given));
        expect(list(Bytes.from([...given, 256, -1]))).to.deep.equal(list(Buffer.from([...given, 256, -1])));
        expect(Bytes.byteLength(words)).to.equal(Buffer.byteLength(words));
      }),
    );
    const memory = new Uint8Array([1, 2, 3, 4]).buffer;
    const shared = Bytes.from(memory, 1, 2);
    shared[0] = 9;
    expect(list(shared)).to.deep.equal([9, 3]);
    expect(new Uint8Array(memory)[1]).to.equal(9);
  });

  it('copy bytes and share memory', () => {
    const given = new Uint8Array([1, 2]);
    Bytes.from(given)[0] = 5;
    expect(given[0]).to.equal(1);
    for (const length of [0, 3]) {
      for (const make of ['alloc', 'allocUnsafe', 'allocUnsafeSlow'] as const)
        expect(Bytes[make](length)).to.be.instanceOf(Bytes).and.have.length(length);
    }
    expect(list(Bytes.alloc(2))).to.deep.equal([0, 0]);
  });

  it('become text as Buffer does, of any bytes and any part', () => {
    fc.assert(
      fc.property(bytes, place, place, (given, start, end) => {
        const [ours, theirs] = [Bytes.from(given), Buffer.from(given)];
        expect(ours.toString()).to.equal(theirs.toString());
        for (const encoding of ['utf8', 'latin1', 'hex'] as const)
          expect(ours.toString(encoding, start, end)).to.equal(theirs.toString(encoding, start, end));
      }),
    );
  });

  it('are cut, joined, compared, filled and copied as Buffer is', () => {
    fc.assert(
      fc.property(bytes, bytes, at, at, at, (one, other, a, b, c) => {
        const [ours, theirs] = [Bytes.from(one), Buffer.from(one)];
        expect(ours.subarray(a, b)).to.be.instanceOf(Bytes);
        expect(list(ours.subarray(a, b))).to.deep.equal(list(theirs.subarray(a, b)));
        expect(list(Bytes.concat([one, other, ours]))).to.deep.equal(list(Buffer.concat([one, other, one])));
        expect(ours.equals(other)).to.equal(theirs.equals(other));
        expect(ours.equals(Uint8Array.from(one))).to.equal(true);
        const [low, high] = [Math.min(a, one.length), Math.min(b, one.length)];
        expect(list(Bytes.from(one).fill(7, low, high))).to.deep.equal(
          list(Buffer.from(one).fill(7, low, high)),
        );
        const [to, into] = [new Uint8Array(40), new Uint8Array(40)];
        const [start, end] = [
          Math.min(b, one.length),
          Math.max(Math.min(c, one.length), Math.min(b, one.length)),
        ];
        expect(ours.copy(to, a, start, end)).to.equal(theirs.copy(into, a, start, end));
        expect(list(to)).to.deep.equal(list(into));
      }),
    );
  });

  it('write text as Buffer does', () => {
    fc.assert(
      fc.property(latin1, at, fc.integer({ min: 0, max: 31 }), (letters, to, length) => {
        const [ours, theirs] = [Bytes.alloc(40), Buffer.alloc(40)];
        const room = Math.min(length, 40 - to);
        expect(ours.write(letters, to, room, 'latin1')).to.equal(theirs.write(letters, to, room, 'latin1'));
        expect(list(ours)).to.deep.equal(list(theirs));
      }),
    );
  });

  for (const [name, size] of [
    ['UInt16LE', 2],
    ['UInt16BE', 2],
    ['Int16LE', 2],
    ['Int16BE', 2],
    ['UInt32LE', 4],
    ['UInt32BE', 4],
    ['Int32LE', 4],
    ['Int32BE', 4],
    ['BigUInt64LE', 8],
    ['BigUInt64BE', 8],
  ] as const) {
    it(`read ${name}, and throw beyond the end`, () => {
      fc.assert(
        fc.property(
          fc.uint8Array({ minLength: size, maxLength: 12 }),
          fc.integer({ min: -2, max: 14 }),
          (given, from) => {
            const [ours, theirs] = [Bytes.from(given), Buffer.from(given)];
            const read = `read${name}` as const;
            expect(answer(() => ours[read](from))).to.equal(answer(() => theirs[read](from)));
            expect(ours[read]()).to.equal(theirs[read]());
          },
        ),
      );
    });
  }

  for (const [name, least, most] of [
    ['UInt16LE', 0, 0xffff],
    ['UInt16BE', 0, 0xffff],
    ['Int16LE', -0x8000, 0x7fff],
    ['UInt32LE', 0, 0xffff_ffff],
    ['Int32LE', -0x8000_0000, 0x7fff_ffff],
    ['Int32BE', -0x8000_0000, 0x7fff_ffff],
  ] as const) {
    it(`write ${name}, and throw beyond the end`, () => {
      fc.assert(
        fc.property(fc.integer({ min: least, max: most }), fc.integer({ min: -2, max: 14 }), (value, to) => {
          const [ours, theirs] = [Bytes.alloc(12), Buffer.alloc(12)];
          const write = `write${name}` as const;
          expect(answer(() => ours[write](value, to))).to.equal(answer(() => theirs[write](value, to)));
          expect(list(ours)).to.deep.equal(list(theirs));
        }),
      );
    });
  }

  it('read and write numbers of six bytes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), fc.integer({ min: 0, max: 8 }), (value, to) => {
        for (const name of ['UIntLE', 'UIntBE'] as const) {
          const [ours, theirs] = [Bytes.alloc(12), Buffer.alloc(12)];
          expect(answer(() => ours[`write${name}`](value, to, 6))).to.equal(
            answer(() => theirs[`write${name}`](value, to, 6)),
          );
          expect(list(ours)).to.deep.equal(list(theirs));
          if (to <= 6) expect(ours[`read${name}`](to, 6)).to.equal(value);
        }
      }),
    );
  });

  it('write numbers of 64 bits', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        fc.integer({ min: -1, max: 6 }),
        (value, to) => {
          for (const name of ['writeBigUInt64LE', 'writeBigUInt64BE'] as const) {
            const [ours, theirs] = [Bytes.alloc(12), Buffer.alloc(12)];
            expect(answer(() => ours[name](value, to))).to.equal(answer(() => theirs[name](value, to)));
            expect(list(ours)).to.deep.equal(list(theirs));
          }
        },
      ),
    );
  });
});
