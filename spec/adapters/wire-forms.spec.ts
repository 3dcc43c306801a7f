/** The examples of docs/protocol/adapters.md, held to the code: what members of other versions and languages rely on. */
import { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { decodeValue, encodeValue } from '../../lib/adapters/codec.js';
import { groupNameOf } from '../../lib/adapters/group-name.js';
import { CacheMachine } from '../../lib/adapters/keyv/machine.js';
import { SlotMachine } from '../../lib/adapters/node-cron/slots.js';
import { PART_BYTES, PartReader, partsOf } from '../../lib/adapters/parts.js';
import { decodeMessage, encodeMessage, KINDS } from '../../lib/adapters/socket.io/message.js';
import { offsetOf, placeOf } from '../../lib/adapters/socket.io/recovery/place.js';
import { writeTrace } from '../../lib/recipes/core/trace.js';
import { BodyWriter, opened, sealed } from '../../lib/recipes/core/codec.js';
import { fnv32, hash53 } from '../../lib/util/hash.js';
import { repositoryRoot } from '../support/recordings.js';

const page = readFileSync(join(repositoryRoot, 'docs/protocol/adapters.md'), 'utf8');

/** The second cell of the row whose first one begins with the text, without its marks. */
function cell(text: string): string {
  const row = page.split('\n').find((line) => line.startsWith(`| ${text}`));
  expect(row, text).to.not.equal(undefined);
  return (row as string).split('|')[2]?.trim().replaceAll('`', '') ?? '';
}
const bytesOf = (text: string): Buffer => Buffer.from(cell(text), 'hex');

describe('the wire forms of adapters', () => {
  for (const text of ['io/', 'two words'])
    it(`have the group of the page for ${JSON.stringify(text)} [adapters 1]`, () => {
      expect(groupNameOf(text)).to.equal(cell(`\`${text}\` `));
    });

  it('have the parts of the page [adapters 2]', () => {
    const body = Buffer.from('hi');
    expect(partsOf(body)).to.deep.equal([bytesOf('`6869`')]);
    const [first, second] = cell('131,073 times').split(', followed by 131,072 times 07; ');
    const long = Buffer.alloc(PART_BYTES + 1, 7);
    expect(partsOf(long)).to.deep.equal([
      Buffer.concat([Buffer.from(first as string, 'hex'), Buffer.alloc(PART_BYTES, 7)]),
      Buffer.from(second as string, 'hex'),
    ]);
    const reader = new PartReader();
    expect(partsOf(long).map((part) => reader.take('a', part))).to.deep.equal(['more', long]);
  });

  for (const [text, value] of [
    ['`{ a: 1 }`', { a: 1 }],
    ['`{ a: bytes 01 02 }`', { a: Buffer.of(1, 2) }],
    ['`[{ $b: 7 }]`', [{ $b: 7 }]],
    ['`[{ $b: 7 }, bytes 09]`', [{ $b: 7 }, Buffer.of(9)]],
  ] as const)
    it(`have the bytes of the page for ${text} [adapters 3]`, () => {
      expect(encodeValue(value)).to.deep.equal(bytesOf(text));
      expect(decodeValue(bytesOf(text))).to.deep.equal(value);
    });

  it('have the message and the seal of the page [adapters 4.1]', () => {
    const message = { type: KINDS.forget, data: { pid: 'p' } };
    const bytes = bytesOf('the message');
    expect(encodeMessage(message)).to.deep.equal(bytes);
    expect(decodeMessage(bytes)).to.deep.include(message);
    expect(decodeValue(encodeMessage(message, 7))).to.deep.equal([104, { pid: 'p' }, 7]);
    // What follows the data is for the sender.
    expect(decodeMessage(encodeValue([KINDS.forget, { pid: 'p' }, 5, 'x']))).to.deep.include(message);
    const part = Buffer.from('006869', 'hex');
    expect(sealed('io/', part)).to.deep.equal(bytesOf('the part'));
    expect(opened('io/', bytesOf('the part'))).to.deep.equal(part);
    expect(opened('io', bytesOf('the part'))).to.equal(null);
  });

  it('have the kinds of the page [adapters 4.2]', () => {
    const rows = [...page.matchAll(/^\| (\d+) +\| ([^|]+?) +\| (?:group|one) +\|/gm)];
    expect(rows.map(([, kind]) => Number(kind))).to.deep.equal(
      Object.values(KINDS).toSorted((a, b) => a - b),
    );
  });

  it('have the offset of the page [adapters 4.4]', () => {
    const [, text = '', index = ''] = /(\w{8}-\w+): (\d+) messages/.exec(page) ?? [];
    const place = { view: text.slice(0, 8), index: Number(index) };
    expect([offsetOf(place), placeOf(text)]).to.deep.equal([text, place]);
    const [, id = '', hash = ''] = /`([\d.]+)` gives `(\w{8})`/.exec(page) ?? [];
    expect(fnv32(Buffer.from(id)).toString(16)).to.equal(hash);
  });

  it('have the commands and the snapshot of the page for node-cron [adapters 5]', () => {
    const slots = new SlotMachine();
    const asked = [
      ['b', 5],
      ['a', 5],
      ['b', 5],
      ['b', 4],
      ['b', 6],
    ] as const;
    expect(asked.map(([name, slot]) => slots.apply({ name, slot }))).to.deep.equal([
      true,
      true,
      false,
      false,
      true,
    ]);
    expect(Buffer.from(slots.snapshot()).toString()).to.equal('[["b",6],["a",5]]');
  });

  it('have the commands and the snapshot of the page for Keyv [adapters 6]', () => {
    const cache = new CacheMachine();
    const entries = ['b', 'a', 'n:c', 'n:d'].map((key) => [key, { v: key, x: 5 }] as const);
    expect(cache.apply({ op: 'set', entries })).to.deep.equal([]);
    expect(cache.apply({ op: 'clear', prefix: 'n:' })).to.deep.equal([]);
    expect(cache.apply({ op: 'expire', keys: ['a', 'z'], now: 4 })).to.deep.equal([false, false]);
    cache.apply({ op: 'set', entries: [['c', { v: 'c' }]] });
    expect(cache.apply({ op: 'expire', keys: ['a', 'c'], now: 5 })).to.deep.equal([true, false]);
    const pieces = ['b', 'c']
      .toSorted((a, b) => (hash53(a) % 4096) - (hash53(b) % 4096))
      .map((key) => {
        const text = Buffer.from(JSON.stringify([[key, key === 'b' ? { v: 'b', x: 5 } : { v: 'c' }]]));
        const length = Buffer.alloc(4);
        length.writeUInt32LE(text.length);
        return Buffer.concat([length, text]);
      });
    expect([...(cache.snapshot() as () => Iterable<Buffer>)()]).to.deep.equal(pieces);
    expect(cache.apply({ op: 'delete', keys: ['b', 'b'] })).to.deep.equal([true, false]);
  });

  it('have the field of the page for a trace [adapters 7]', () => {
    const trace = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
    const body = writeTrace(new BodyWriter('replicated', 0), trace).finish();
    expect(body.subarray(5)).to.deep.equal(Buffer.concat([Buffer.of(0x10, 0x37), Buffer.from(trace)]));
  });
});
