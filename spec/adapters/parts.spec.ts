/** Bodies of any size in messages of limited size. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import {
  MAX_BODY_BYTES,
  PART_BYTES,
  PartReader,
  partsOf,
  type PartResult,
} from '../../lib/adapters/parts.js';
import { MessageTooLongError } from '../../lib/errors.js';
import { MAX_PORTABLE_BYTES } from '../../lib/wire/limits.js';

function bodyOf(length: number): Buffer {
  const body = Buffer.alloc(length);
  for (let i = 0; i < length; i++) body[i] = (i * 31 + (i >> 8)) & 0xff;
  return body;
}

const taken = (reader: PartReader, sender: string, parts: readonly Buffer[]): PartResult[] =>
  parts.map((part) => reader.take(sender, part));

describe('adapters: bodies in parts', () => {
  for (const length of [0, 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES, 5 * PART_BYTES + 17])
    it(`brings ${length} bytes there`, () => {
      const body = bodyOf(length);
      const parts = partsOf(body);
      expect(parts).to.have.length(Math.max(1, Math.ceil(length / PART_BYTES)));
      for (const part of parts) expect(part.length).to.be.below(MAX_PORTABLE_BYTES - 1_000);
      const results = taken(new PartReader(), 'a', parts);
      expect(results.slice(0, -1).every((each) => each === 'more')).to.equal(true);
      expect(body.equals(results.at(-1) as Buffer)).to.equal(true);
    });

  it('refuses what is longer than 64 MiB', () => {
    expect(() => partsOf(Buffer.alloc(MAX_BODY_BYTES + 1))).to.throw(
      MessageTooLongError,
      `expected at most ${MAX_BODY_BYTES} bytes, got ${MAX_BODY_BYTES + 1}`,
    );
  });

  it('keeps senders apart', () => {
    const reader = new PartReader();
    const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = partsOf(bodyOf(PART_BYTES + 1));
    expect(reader.take('a', first)).to.equal('more');
    expect(reader.take('b', first)).to.equal('more');
    expect(reader.waiting).to.equal(2);
    expect(reader.take('a', second)).to.be.instanceOf(Buffer);
    expect(reader.take('b', second)).to.be.instanceOf(Buffer);
    expect(reader.waiting).to.equal(0);
  });

  it('drops what a sender that has gone began', () => {
    const reader = new PartReader();
    const parts = partsOf(bodyOf(2 * PART_BYTES + 1));
    reader.take('a', parts[0] as Buffer);
    reader.drop('a');
    expect(reader.waiting).to.equal(0);
    expect(taken(reader, 'a', parts.slice(1))).to.deep.equal(['headless', 'headless']);
  });

  it('continues when a sender has another name', () => {
    const reader = new PartReader();
    const body = bodyOf(2 * PART_BYTES + 1);
    const [first = Buffer.alloc(0), ...rest] = partsOf(body);
    reader.take('a', first);
    reader.rename('a', 'a');
    reader.rename('a', 'b');
    reader.rename('nobody', 'c');
    expect(reader.waiting).to.equal(1);
    expect(taken(reader, 'b', rest).at(-1)).to.deep.equal(body);
    expect(reader.take('a', rest[0] as Buffer)).to.equal('headless');
  });

  it('drops what everybody began when something is missing', () => {
    const reader = new PartReader();
    for (const sender of ['a', 'b']) reader.take(sender, partsOf(bodyOf(PART_BYTES + 1))[0] as Buffer);
    reader.clear();
    expect(reader.waiting).to.equal(0);
  });

  it('says so of a body whose beginning was sent before', () => {
    const [, second = Buffer.alloc(0)] = partsOf(bodyOf(PART_BYTES + 1));
    expect(new PartReader().take('a', second)).to.equal('headless');
  });

  it('begins again when a sender does', () => {
    const reader = new PartReader();
    const body = bodyOf(PART_BYTES + 1);
    reader.take('a', partsOf(body)[0] as Buffer);
    expect(taken(reader, 'a', partsOf(body)).at(-1)).to.deep.equal(body);
    reader.take('a', partsOf(body)[0] as Buffer);
    expect(taken(reader, 'a', partsOf(Buffer.from('b')))).to.deep.equal([Buffer.from('b')]);
    expect(reader.waiting).to.equal(0);
  });

  for (const [what, message] of [
    ['nothing', Buffer.alloc(0)],
    ['another form', Buffer.of(9, 1)],
    ['a first part without a length', Buffer.of(1)],
    ['a first part with nothing in it', Buffer.of(1, 5)],
    ['a first part that is everything', Buffer.of(1, 1, 7)],
    ['a length above the limit', Buffer.of(1, 0xff, 0xff, 0xff, 0xff, 0x7f, 7)],
    ['a length beyond 2^53', Buffer.of(1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 7)],
  ] as const)
    it(`takes ${what} for damaged, and keeps nothing`, () => {
      const reader = new PartReader();
      expect(reader.take('a', message)).to.equal('malformed');
      expect(reader.waiting).to.equal(0);
    });

  it('takes a body in too many parts for damaged', () => {
    const reader = new PartReader();
    reader.take('a', Buffer.of(1, 0xff, 0xff, 3, 7));
    const results = Array.from({ length: 1_023 }, () => reader.take('a', Buffer.of(2, 7)));
    expect(results.slice(0, -1).every((each) => each === 'more')).to.equal(true);
    expect(results.at(-1)).to.equal('malformed');
  });

  it('takes parts for damaged that are longer than they say, or empty', () => {
    const reader = new PartReader();
    reader.take('a', Buffer.of(1, 3, 7));
    expect(reader.take('a', Buffer.of(2, 1, 2, 3))).to.equal('malformed');
    reader.take('a', Buffer.of(1, 3, 7));
    expect(reader.take('a', Buffer.of(2))).to.equal('malformed');
    expect(reader.waiting).to.equal(0);
  });
});
