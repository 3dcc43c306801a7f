/** How deep JSON is nested: the answer is that of a reader that builds it. */
import { expect } from 'chai';
import { isTooDeep, parseJson } from '../../lib/util/json-depth.js';
import { Random } from '../support/random.js';

/** Lists and records in each other, counted in the value itself. */
function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

const TEXTS = ['', '[[[[', ']]', '{"', '"', '\\', '\\"', '\\\\', '[\\"]', '\u005c\u005c"{', '}{', 'a"b[c'];

function valueOf(random: Random, levels: number): unknown {
  const text = (): string => random.pick(TEXTS);
  if (levels === 0 || random.chance(0.2)) return random.pick([null, 7, true, text()]);
  const inner = Array.from({ length: random.below(4) }, () => valueOf(random, levels - 1));
  return random.chance(0.5) ? inner : Object.fromEntries(inner.map((each, i) => [text() + i, each]));
}

describe('the depth of JSON', () => {
  it('is that of the value, whatever stands in its texts', () => {
    const random = new Random(3);
    for (let i = 0; i < 2000; i++) {
      const value = valueOf(random, 6);
      const text = JSON.stringify(value, null, random.below(2));
      const depth = depthOf(value);
      for (const limit of [0, 1, depth - 1, depth, depth + 1].filter((each) => each >= 0))
        expect(isTooDeep(text, limit), `${text} above ${limit}`).to.equal(depth > limit);
    }
  });

  it('is that of texts so short that they cannot be deeper, and of one level more', () => {
    for (const [text, limit] of [
      ['[]', 0],
      ['{}', 0],
      ['[[]]', 1],
      ['[{}]', 1],
      ['[', 0],
    ] as const)
      expect([isTooDeep(text, limit), isTooDeep(text, limit + 1)], text).to.deep.equal([true, false]);
  });

  it('counts lists that follow each other once', () => {
    expect(isTooDeep(`[${'[],{},'.repeat(100)}0]`, 2)).to.equal(false);
  });

  it('ends with texts that do not end', () => {
    for (const text of ['["abc', '["abc\\', '{"a":"\\"', '"[[[[[['])
      expect(isTooDeep(text, 1), text).to.equal(false);
  });

  it('is at most the limit of what is read', () => {
    expect(parseJson('[[1]]', 2)).to.deep.equal([[1]]);
    expect(() => parseJson('[[1]]', 1)).to.throw(SyntaxError, 'expected JSON of at most 1 levels');
    expect(() => parseJson('[[1]', 5)).to.throw(SyntaxError);
  });
});
