/** Made-up input for the properties. */
import { Buffer } from 'node:buffer';
import * as fc from 'fast-check';
import type { GroupId } from '../../lib/wire/group-id.js';
import { allTraces, type Direction, handshakeLength, streamOf } from '../support/recordings.js';

/** A legal name of 1 to `max` characters. */
export const name = (max: number): fc.Arbitrary<string> =>
  fc.string({
    unit: fc.integer({ min: 0x24, max: 0x7e }).map((code) => String.fromCharCode(code)),
    minLength: 1,
    maxLength: max,
  });

export const bytes = (max: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength: max }).map((array) => Buffer.from(array));

const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

export const groupId: fc.Arbitrary<GroupId> = fc.tuple(word, word, word);

/** A place in something of any length, as a fraction of it. Doubles of fast-check are nearly all next to 0. */
const fraction = fc.integer({ min: 0, max: 9999 }).map((value) => value / 10_000);

/** Places to cut a stream at. */
export const fractions = fc.array(fraction, { minLength: 1, maxLength: 8 });

export const positions = (length: number, at: readonly number[]): number[] =>
  at.map((each) => Math.floor(each * length)).toSorted((a, b) => a - b);

/** One change of a byte string: a place as a fraction, and what happens there. */
type Change = readonly [
  kind: 'set' | 'flip' | 'word' | 'insert' | 'remove' | 'cut',
  at: number,
  value: number,
];

const change: fc.Arbitrary<Change> = fc.tuple(
  fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom('set', 'flip', 'word') },
    { weight: 2, arbitrary: fc.constantFrom('insert', 'remove', 'cut') },
  ),
  fraction,
  fc.oneof(fc.constantFrom(0, 1, -1, 0x7fffffff, -0x80000000, 143_952, 101), word),
);

function changed(original: Buffer, changes: readonly Change[]): Buffer {
  let result = Buffer.from(original);
  for (const [kind, place, value] of changes) {
    const at = Math.floor(place * result.length);
    if (at >= result.length) continue;
    const before = result.subarray(0, at);
    if (kind === 'set') result[at] = value & 0xff;
    if (kind === 'flip') result[at] = (result[at] ?? 0) ^ (1 << (value & 7));
    if (kind === 'word' && at + 4 <= result.length) result.writeInt32LE(value, at - (at % 4));
    if (kind === 'insert') result = Buffer.concat([before, Buffer.from([value & 0xff]), result.subarray(at)]);
    if (kind === 'remove') result = Buffer.concat([before, result.subarray(at + 1 + (value & 63))]);
    if (kind === 'cut') result = before;
  }
  return result;
}

/** These bytes with a few of them changed, added or missing. */
export const damaged = (original: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> =>
  fc
    .tuple(original, fc.array(change, { minLength: 1, maxLength: 6 }))
    .map(([buffer, changes]) => changed(buffer, changes));

/** Longest recorded stream that is used; the message of 100000 bytes would only be slow. */
const LONGEST = 8192;

const recorded = (
  dir: Direction,
  part: (stream: Buffer, handshake: number) => Buffer,
): fc.Arbitrary<Buffer> =>
  fc.constantFrom(
    ...allTraces
      .map(({ trace }) => part(streamOf(trace, dir), handshakeLength(trace, dir)))
      .filter(({ length }) => length > 0 && length <= LONGEST),
  );

/** A recorded byte stream from its first byte on. */
export const stream = (dir: Direction): fc.Arbitrary<Buffer> => recorded(dir, (whole) => whole);

/** The frames of a recorded byte stream. */
export const frames = (dir: Direction): fc.Arbitrary<Buffer> =>
  recorded(dir, (whole, handshake) => whole.subarray(handshake));
