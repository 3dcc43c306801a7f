import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { isAfter, numbersOf, PLACES, withVersion } from '../../scripts/release/versions.js';
import { repositoryRoot } from '../support/recordings.js';

describe('the version of a release', () => {
  it('has three numbers that the protocol can carry', () => {
    expect(numbersOf('1.20.127')).to.deep.equal([1, 20, 127]);
    for (const bad of ['1.2', '1.2.3.4', 'v1.2.3', '1.2.3-rc.1', '01.2.3', '1.2.128', ''])
      expect(() => numbersOf(bad), bad).to.throw(
        `expected a version such as 1.2.3, with numbers up to 127, got ${bad}`,
      );
  });

  it('comes after another one by its first number that differs', () => {
    for (const [later, earlier] of [
      ['0.2.1', '0.2.0'],
      ['0.10.0', '0.9.9'],
      ['1.0.0', '0.127.127'],
    ] as const) {
      expect(isAfter(later, earlier), later).to.equal(true);
      expect(isAfter(earlier, later), earlier).to.equal(false);
    }
    expect(isAfter('1.2.3', '1.2.3')).to.equal(false);
  });

  for (const place of PLACES) {
    it(`is written into ${place}, and nothing else changes there`, () => {
      const text = readFileSync(join(repositoryRoot, place), 'utf8');
      const changed = withVersion(place, text, '101.102.103');
      const differing = changed.split('\n').filter((line, i) => line !== text.split('\n')[i]);
      expect(differing).to.have.length(place === 'package-lock.json' ? 2 : 1);
      for (const line of differing) expect(line).to.match(/101.*102.*103/);
      expect(changed.split('\n')).to.have.length(text.split('\n').length);
    });
  }

  it('is refused where the constant is missing', () => {
    expect(() => withVersion('lib/wire/version.ts', 'export {};\n', '1.2.3')).to.throw(
      'expected TOOLKIT_VERSION in lib/wire/version.ts, got none',
    );
  });
});
