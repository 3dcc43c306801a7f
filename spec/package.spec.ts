/** What package.json promises is there: entries, programs, one version. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { TOOLKIT_VERSION, versionText } from '../lib/wire/index.js';
import { repositoryRoot } from './support/recordings.js';

interface Manifest {
  readonly version: string;
  readonly exports: Readonly<Record<string, { readonly types: string; readonly default: string }>>;
  readonly bin: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as Manifest;

describe('package.json', () => {
  it('has the version that the programs tell', () => {
    expect(manifest.version).to.equal(versionText(TOOLKIT_VERSION));
  });

  for (const [entry, { types, default: file }] of Object.entries(manifest.exports)) {
    it(`exports ${entry} as a module with types`, async () => {
      expect(existsSync(join(repositoryRoot, types))).to.equal(true);
      const module = (await import(`ssp-toolkit${entry.slice(1)}`)) as object;
      expect(Object.keys(module)).not.to.have.length(0);
      expect(existsSync(join(repositoryRoot, file))).to.equal(true);
    });
  }

  it('has types that TypeScript 5.4 reads: iterators of one argument', () => {
    const files = readdirSync(join(repositoryRoot, 'build', 'lib'), { recursive: true, encoding: 'utf8' });
    const types = files.filter((file) => file.endsWith('.d.ts'));
    expect(types.length).to.be.greaterThan(100);
    const later =
      /\bIterableIterator<[^<>]*(?:<[^<>]*>[^<>]*)*,|\bAsyncIterableIterator<[^<>]*(?:<[^<>]*>[^<>]*)*,/;
    const found = types.filter((file) =>
      later.test(readFileSync(join(repositoryRoot, 'build', 'lib', file), 'utf8')),
    );
    expect(found).to.deep.equal([]);
    expect('AsyncIterableIterator<Event, void, undefined>').to.match(later);
  });

  for (const [name, file] of Object.entries(manifest.bin)) {
    it(`has the program ${name}, which can be run`, () => {
      const path = join(repositoryRoot, file);
      expect(readFileSync(path, 'utf8').startsWith('#!/usr/bin/env node')).to.equal(true);
      expect(statSync(path).mode & 0o111).not.to.equal(0);
    });
  }
});
