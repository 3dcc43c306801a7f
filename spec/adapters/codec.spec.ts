/** Values of hosts as bytes. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import fc from 'fast-check';
import { decodeValue, encodeValue } from '../../lib/adapters/codec.js';
import { IllegalParamError } from '../../lib/errors.js';

const there = (value: unknown): unknown => decodeValue(encodeValue(value));

describe('adapters: the codec of values', () => {
  it('gives what JSON gives', () => {
    for (const value of [null, 0, 'a', [], {}, [1, { a: [null, true] }], { a: { b: 'ü' } }])
      expect(there(value)).to.deep.equal(value);
    expect(there([undefined, new Date(0), new Map([[1, 2]])])).to.deep.equal([
      null,
      new Date(0).toJSON(),
      {},
    ]);
  });

  it('writes plain JSON where there is nothing binary', () => {
    expect(encodeValue({ a: 1 }).toString()).to.equal('\0{"a":1}');
  });

  it('keeps binary values, wherever they are', () => {
    const value = ['event', Buffer.from([1, 2]), { deep: [new Uint8Array([3]), { b: Buffer.alloc(0) }] }];
    expect(there(value)).to.deep.equal([
      'event',
      Buffer.from([1, 2]),
      { deep: [Buffer.from([3]), { b: Buffer.alloc(0) }] },
    ]);
  });

  it('keeps the bytes of views and of array buffers', () => {
    const { buffer } = new Uint8Array([1, 2, 3, 4]);
    expect(there([buffer, new DataView(buffer, 1, 2), new Uint8Array(buffer, 3)])).to.deep.equal([
      Buffer.from([1, 2, 3, 4]),
      Buffer.from([2, 3]),
      Buffer.from([4]),
    ]);
  });

  it('finds binary values in what toJSON gives', () => {
    expect(there({ toJSON: () => [Buffer.from('a')] })).to.deep.equal([Buffer.from('a')]);
    expect(
      there({ a: { toJSON: () => new Uint8Array([1]) }, b: [{ toJSON: () => Buffer.from('b') }] }),
    ).to.deep.equal({ a: Buffer.of(1), b: [Buffer.from('b')] });
    expect(there({ toJSON: () => Buffer.from('whole') })).to.deep.equal(Buffer.from('whole'));
  });

  it('takes no object of the application for a binary value', () => {
    const shared = { $b: 0 };
    for (const value of [
      { $b: 0 },
      { $o: { $b: 0 } },
      [Buffer.from('x'), { $b: 0 }, { $b: 'a' }, { $o: 1 }, { $o: { $o: { $b: 0 } } }],
      [shared, { $o: shared }, shared],
    ])
      expect(there(value)).to.deep.equal(value);
  });

  it('makes nothing a prototype', () => {
    const value = JSON.parse('{"__proto__":{"isAdmin":true},"a":{"__proto__":{"b":1}}}') as object;
    const result = there([value, Buffer.from('a')]) as readonly [{ isAdmin?: boolean }];
    expect(result[0].isAdmin).to.equal(undefined);
    expect(JSON.stringify(result[0])).to.equal(JSON.stringify(value));
  });

  it('gives back any value', () => {
    const binary = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.jsonValue({ maxDepth: 2 }),
        binary,
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(fc.constantFrom('a', '$b', '$o', 'b'), tie('tree'), { maxKeys: 2 }),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        // JSON has no -0.
        const plain = (each: unknown): string =>
          JSON.stringify(each, (_, inner: unknown) => (inner === 0 ? 0 : inner));
        expect(plain(there(value))).to.equal(plain(value));
      }),
      { numRuns: 300 },
    );
  });

  for (const [what, value, text] of [
    ['a bigint', [1n], 'BigInt'],
    ['a function as the whole', () => 1, 'got function'],
    ['nothing', undefined, 'got undefined'],
  ] as const)
    it(`refuses ${what}`, () => {
      expect(() => encodeValue(value)).to.throw(IllegalParamError, text);
    });

  it('refuses a cycle, and what is too deep', () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(() => encodeValue(cycle)).to.throw(IllegalParamError, 'levels');
    let deep: unknown = 1;
    for (let i = 0; i < 300; i++) deep = [deep];
    expect(() => encodeValue(deep)).to.throw(IllegalParamError, 'at most 200 levels');
  });

  it('refuses too many binary values', () => {
    const many = Array.from({ length: 10_001 }, () => Buffer.alloc(1));
    expect(() => encodeValue(many)).to.throw(IllegalParamError, 'more than 10000 binary values');
  });

  it('gives undefined for damaged bytes, and never throws', () => {
    for (const bytes of ['', '\0', '\0{', '\x02', '\x01\x05{}', '\x01\x08{"$b":1}', '\x01\x02{}\x05a'])
      expect(decodeValue(Buffer.from(bytes)), JSON.stringify(bytes)).to.equal(undefined);
    const deep = Buffer.from(`\0${'['.repeat(1_000_000)}`);
    expect(decodeValue(deep)).to.equal(undefined);
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void decodeValue(Buffer.from(bytes))));
    const tagged = encodeValue([Buffer.from('abc'), { a: Buffer.from('d') }]);
    for (let length = 0; length < tagged.length; length++)
      expect(decodeValue(tagged.subarray(0, length)), String(length)).to.equal(undefined);
  });
});
