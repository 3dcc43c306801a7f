/** What is refused before anything is built: `npm run release -- make` itself takes a clone that is about to be released. */
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { commitOf, makeRelease } from '../../scripts/release/make.js';
import { failure } from '../support/failure.js';
import { TemporaryDirectory } from '../support/temporary.js';

describe('making a release', function () {
  this.timeout(30_000);

  let clone: TemporaryDirectory;
  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@invalid', ...args], {
      cwd: clone.path,
      encoding: 'utf8',
    });

  beforeEach(async () => {
    clone = await TemporaryDirectory.make();
    writeFileSync(clone.file('package.json'), '{ "version": "1.2.3" }\n');
    writeFileSync(clone.file('CHANGELOG.md'), '# Changelog\n\n## 1.2.3 (unreleased)\n\n- A.\n');
    git('init', '--quiet');
    git('add', '.');
    git('commit', '--quiet', '--message', 'Begin');
  });
  afterEach(async () => {
    await clone[Symbol.asyncDispose]();
  });

  it('takes the commit of a clean clone', () => {
    expect(commitOf(clone.path))
      .to.equal(git('rev-parse', 'HEAD').trim())
      .and.match(/^[0-9a-f]{40}$/);
  });

  it('is refused with files that are in no commit', async () => {
    writeFileSync(clone.file('new.js'), '');
    expect((await failure(makeRelease(clone.path, clone.file('out')))).message).to.include(
      'expected a clean clone, got changes:\n?? new.js',
    );
    expect(existsSync(clone.file('out'))).to.equal(false);
  });

  it('is refused for a version without a date', async () => {
    expect((await failure(makeRelease(clone.path, clone.file('out')))).message).to.include(
      'expected "## 1.2.3 (DATE)" at the head of the changelog: run "prepare" first, and commit',
    );
    expect(existsSync(clone.file('out'))).to.equal(false);
  });
});
