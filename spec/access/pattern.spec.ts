import { expect } from 'chai';
import { Pattern } from '../../daemon/access/permissions.js';
import { Random } from '../support/random.js';

/** What the pattern means, tried in every way; too slow for long names. */
function means(pattern: string, name: string): boolean {
  const [head] = pattern;
  if (head === undefined) return name === '';
  if (head !== '*') return name[0] === head && means(pattern.slice(1), name.slice(1));
  return means(pattern.slice(1), name) || (name !== '' && means(pattern, name.slice(1)));
}

describe('access: patterns', () => {
  it('find what they mean, whatever stands between the stars', () => {
    const random = new Random(11);
    const text = (letters: string, most: number): string =>
      Array.from({ length: random.below(most + 1) }, () => letters[random.below(letters.length)]).join('');
    for (let i = 0; i < 20_000; i++) {
      const [pattern, name] = [text('ab*', 7), text('ab', 8)];
      expect(new Pattern(pattern).matches(name), `${pattern} ${name}`).to.equal(means(pattern, name));
    }
  });

  it('take no letter twice', () => {
    const matches = (pattern: string, name: string): boolean => new Pattern(pattern).matches(name);
    expect(matches('ab*ba', 'aba')).to.equal(false);
    expect(matches('a*ab*b', 'aab')).to.equal(false);
    expect(matches('a*ab*b', 'aabb')).to.equal(true);
  });

  it('look at a name in linear time: every text between stars once, however many stars', () => {
    // Going back to try other places would take more than 10 ** 30 steps here.
    const stars = 40;
    const pattern = new Pattern(`${'*a'.repeat(stars)}*b`);
    expect(pattern.matches('a'.repeat(10_000))).to.equal(false);
    expect(pattern.matches(`${'a'.repeat(10_000)}b`)).to.equal(true);
  });
});
