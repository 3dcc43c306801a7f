/** What package.json promises is there: entries, programs, one version. spec/hosts has what users' compilers make of it. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { TOOLKIT_VERSION, versionText } from '../lib/wire/version.js';
import { repositoryRoot } from './support/recordings.js';

interface Manifest {
  readonly version: string;
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  readonly bin: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as Manifest;

/** Writes the address of each module that is loaded, one a line. */
const hooks = moduleOf(`
  import { writeSync } from 'node:fs';
  export async function load(url, context, next) {
    writeSync(1, url + '\\n');
    return await next(url, context);
  }
`);

function moduleOf(code: string): string {
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

/** For each list of entries: addresses of the modules that a program loads when it imports them, after those before. */
function loadedBy(...lists: readonly (readonly string[])[]): string[] {
  const program = `
    import { createRequire, register } from 'node:module';
    register(${JSON.stringify(hooks)});
    const { cache } = createRequire(import.meta.url);
    for (const entries of ${JSON.stringify(lists)}) {
      for (const entry of entries) await import(entry);
      // The hook does not see what modules of CommonJS require of each other.
      for (const path of Object.keys(cache)) console.log(path);
      console.log('---');
    }
  `;
  const args = ['--input-type=module', '--eval', program];
  const loaded = execFileSync(process.execPath, args, { cwd: repositoryRoot, encoding: 'utf8' });
  return loaded.split('---\n', lists.length);
}

/** The same: packages of which it loads anything. */
const packagesLoadedBy = (...lists: readonly (readonly string[])[]): string[][] =>
  loadedBy(...lists).map(packagesIn);

/** Packages that the addresses of modules are in. */
function packagesIn(addresses: string): string[] {
  const packages = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//g;
  return [...new Set(Array.from(addresses.matchAll(packages), ([, name]) => name as string))].toSorted();
}

describe('package.json', function () {
  // Programs are started, which takes long on a busy machine.
  this.timeout(120_000);

  it('has the version that the programs tell', () => {
    expect(manifest.version).to.equal(versionText(TOOLKIT_VERSION));
  });
  it('has the version that the changelog begins with', () => {
    const changelog = readFileSync(join(repositoryRoot, 'CHANGELOG.md'), 'utf8');
    const [, version] = /^## (\S+)/m.exec(changelog) ?? [];
    expect(manifest.version).to.equal(version);
  });

  for (const [entry, target] of Object.entries(manifest.exports)) {
    // `./package.json`, for tools that look at it.
    if (typeof target === 'string') continue;
    const { types, default: file } = target;
    it(`exports ${entry} as a module with types`, async () => {
      expect(existsSync(join(repositoryRoot, types))).to.equal(true);
      const module = (await import(`ssp-toolkit${entry.slice(1)}`)) as object;
      expect(Object.keys(module)).not.to.have.length(0);
      expect(existsSync(join(repositoryRoot, file))).to.equal(true);
    });
  }

  it('lets a client program load eventemitter3 and zod, and nothing else', () => {
    const entries = Object.keys(manifest.exports).filter(
      (entry) => !['./daemon', './testing', './react', './package.json'].includes(entry),
    );
    expect(entries).to.include.members(['.', './ssp', './recipes', './channel']);
    const specifiers = entries.map((entry) => `ssp-toolkit${entry.slice(1)}`);
    const [client, components, logger] = packagesLoadedBy(specifiers, ['ssp-toolkit/react'], ['pino']);
    expect(client).to.deep.equal(['eventemitter3', 'zod']);
    expect(components).to.deep.equal(['eventemitter3', 'react']);
    expect(logger).to.include.members(['pino', 'sonic-boom']);
  });

  it('lets a daemon without a port for browsers load nothing of WebSockets and tokens', () => {
    const [daemon, web] = packagesLoadedBy(['ssp-toolkit/daemon'], ['ws', 'jose']);
    expect(daemon).to.include('pino').and.not.include.members(['ws']);
    expect(daemon).to.not.include('jose');
    expect(web).to.include.members(['ws', 'jose']);
  });

  it('lets only a test load clusters and recordings, with nothing more than a daemon and a client load', () => {
    const others = ['ssp-toolkit', 'ssp-toolkit/recipes', 'ssp-toolkit/daemon'];
    const kit = /\/build\/(?:daemon\/testing|lib\/recording)\//;
    const [before = '', testing = ''] = loadedBy(others, ['ssp-toolkit/testing']);
    expect(before)
      .to.match(/\/build\/daemon\/wiring/)
      .and.not.match(kit);
    expect(testing).to.match(kit);
    expect(packagesIn(before)).to.include.members(packagesIn(testing));
  });

  it('is larger by at most 120 kB for them', () => {
    const files = ['daemon/testing', 'lib/recording'].flatMap((folder) => {
      const path = join(repositoryRoot, 'build', folder);
      const names = readdirSync(path, { recursive: true, encoding: 'utf8' });
      return names.filter((name) => /\.(?:js|d\.ts)$/.test(name)).map((name) => join(path, name));
    });
    const { length } = gzipSync(Buffer.concat(files.map((file) => readFileSync(file))));
    expect(length).to.be.within(20_000, 120_000);
  });

  it('lets a program without secure groups load no cryptography', () => {
    const cryptography = /\/lib\/secure\/(?:core\/|node-provider|member)/;
    const [plain, secure] = loadedBy(
      ['ssp-toolkit', 'ssp-toolkit/ssp', 'ssp-toolkit/flush', 'ssp-toolkit/recipes'],
      ['ssp-toolkit/secure'],
    );
    expect(plain)
      .to.match(/\/lib\/ssp\/connect/)
      .and.not.match(cryptography);
    expect(secure).to.match(cryptography);
  });

  for (const [name, file] of Object.entries(manifest.bin)) {
    it(`has the program ${name}, which can be run`, () => {
      const path = join(repositoryRoot, file);
      expect(readFileSync(path, 'utf8').startsWith('#!/usr/bin/env node')).to.equal(true);
      expect(statSync(path).mode & 0o111).not.to.equal(0);
    });
  }
});
