/** The manual pages: current, complete, and without a word of complaint from groff. */
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect } from 'chai';
import { createProgram } from '../../lib/cli/program.js';
import { manPages } from '../../scripts/generate-man-pages.js';
import { entry, escaped, inline } from '../../scripts/roff.js';
import { repositoryRoot } from '../support/recordings.js';
import { skip } from '../support/skip.js';

const groff = (text: string, ...options: readonly string[]): { out: string; err: string } => {
  const args = ['-man', '-Tutf8', '-P-cbou', '-ww', ...options];
  const { stdout, stderr } = spawnSync('groff', args, { input: text, encoding: 'utf8' });
  return { out: stdout, err: stderr };
};
const hasGroff = spawnSync('groff', ['--version']).status === 0;

const pages = await manPages();
const { commands } = await createProgram();

describe('the manual pages', () => {
  for (const [path, text] of pages) {
    const name = basename(path);

    it(`${name} is what the commands give: else run build/scripts/generate-man-pages.js`, async () => {
      expect(await readFile(path, 'utf8')).to.equal(text);
    });

    it(`${name} has no fault that groff knows`, function () {
      if (!hasGroff) skip(this, 'groff is not installed');
      expect(groff(text, '-z').err).to.equal('');
      expect(groff('.undefined\n', '-z').err).to.match(/undefined/);
    });

    it(`${name} is in the package`, async () => {
      const manifest = JSON.parse(await readFile(join(repositoryRoot, 'package.json'), 'utf8')) as {
        readonly man: readonly string[];
        readonly files: readonly string[];
      };
      expect(manifest.man).to.include(`docs/man/${name}`);
      expect(manifest.files).to.include('docs/man');
    });
  }

  it('shows every verb with its options and examples, as --help does', function () {
    if (!hasGroff) skip(this, 'groff is not installed');
    const [page = ''] = [...pages].find(([path]) => path.endsWith('ssp.1'))?.slice(1) ?? [];
    const shown = groff(page, '-rLL=200n').out.replaceAll(/\s+/g, ' ');
    for (const command of commands) {
      expect(shown).to.include(`ssp ${command.name()} ${command.usage()}`);
      for (const { flags } of command.createHelp().visibleOptions(command)) expect(shown).to.include(flags);
    }
    expect(shown)
      .to.include('ssp lock backup -- ./backup.sh --all')
      .and.to.include('122 lock, lead: the lock');
  });

  it('takes nothing in a text for a request', () => {
    expect(escaped(String.raw`a\b 'c' -d`)).to.equal(String.raw`a\eb \(aqc\(aq \-d`);
    expect(escaped('.TH')).to.equal(String.raw`\&.TH`);
    expect(inline('`a` of [b](c.md)')).to.equal(String.raw`\fBa\fR of b`);
    expect(entry('a', 'b')).to.equal('.TP\na\nb');
  });
});
