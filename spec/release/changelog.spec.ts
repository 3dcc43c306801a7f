import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { firstSection, released } from '../../scripts/release/changelog.js';
import { repositoryRoot } from '../support/recordings.js';

const changelog = `# Changelog

## 0.3.0 (unreleased)

More.

### Added

- $& and all.

## 0.2.0 (2026-11-29)

- Before.
`;

describe('the changelog of a release', () => {
  it('begins with the next version and its notes', () => {
    const notes = 'More.\n\n### Added\n\n- $& and all.';
    expect(firstSection(changelog)).to.deep.equal({ version: '0.3.0', date: null, notes });
  });

  it('gets a version and a date, and nothing else changes', () => {
    const text = released(changelog, '1.0.0', '2026-12-24');
    expect(text).to.equal(changelog.replace('0.3.0 (unreleased)', '1.0.0 (2026-12-24)'));
    expect(firstSection(text)).to.deep.include({ version: '1.0.0', date: '2026-12-24' });
  });

  it('is refused when its first version has been released', () => {
    const text = released(changelog, '0.3.0', '2026-12-24');
    expect(() => released(text, '0.4.0', '2026-12-25')).to.throw(
      'expected a section of an unreleased version in the changelog, got 0.3.0 of 2026-12-24',
    );
  });

  it('is refused with a heading of another form, and without notes', () => {
    expect(() => firstSection('# Changelog\n\n## 0.3.0\n\n- A.\n')).to.throw(
      'expected "## VERSION (unreleased)" or a date in the changelog, got "## 0.3.0"',
    );
    expect(() => firstSection('# Changelog\n')).to.throw('got ""');
    expect(() => firstSection('## 0.3.0 (unreleased)\n\n## 0.2.0 (2026-11-29)\n\n- A.\n')).to.throw(
      'expected notes on 0.3.0 in the changelog, got none',
    );
  });

  it('of this repository can be read', () => {
    const { notes } = firstSection(readFileSync(join(repositoryRoot, 'CHANGELOG.md'), 'utf8'));
    expect(notes).to.include('### Added').and.not.match(/^## /m);
  });
});
