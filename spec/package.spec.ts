/** What package.json promises is there: entries, programs, one version. spec/hosts has what users' compilers make of it. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { TOOLKIT_VERSION, versionText } from '../lib/wire/version.js';
import { CONNECTING, importing, modulesLoadedBy, packagesOf, SERVING } from './support/loaded-modules.js';
import { repositoryRoot } from './support/recordings.js';

interface Manifest {
  readonly version: string;
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  readonly bin: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as Manifest;

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
    const client = modulesLoadedBy(importing(...specifiers), CONNECTING);
    expect(packagesOf(client)).to.deep.equal(['eventemitter3', 'zod']);
    const components = modulesLoadedBy(importing('ssp-toolkit/react'));
    expect(packagesOf(components)).to.deep.equal(['eventemitter3', 'react']);
    // What modules of CommonJS require is seen as well.
    expect(packagesOf(modulesLoadedBy(importing('pino')))).to.include.members(['pino', 'sonic-boom']);
  });

  it('lets a program that only connects load eventemitter3 alone', () => {
    expect(packagesOf(modulesLoadedBy(CONNECTING))).to.deep.equal(['eventemitter3']);
  });

  it('lets a daemon in a program load no log, WebSockets and tokens, and no monitor or Corosync', () => {
    const daemon = modulesLoadedBy(SERVING);
    expect(packagesOf(daemon)).to.deep.equal(['eventemitter3', 'zod']);
    const rare =
      /\/build\/daemon\/(?:net\/websocket|net\/tls-files|monitor\/http|engine\/corosync\/engine|log\/log-output)/;
    expect(daemon.filter((each) => rare.test(each))).to.deep.equal([]);
    expect(daemon.join('\n')).to.match(/\/build\/daemon\/wiring/);
  });

  it('lets only a test load clusters and recordings, with nothing more than a daemon and a client load', () => {
    const others = ['ssp-toolkit', 'ssp-toolkit/recipes', 'ssp-toolkit/daemon'];
    const kit = /\/build\/(?:daemon\/testing|lib\/recording)\//;
    const before = modulesLoadedBy(importing(...others), CONNECTING);
    expect(before.join('\n'))
      .to.match(/\/build\/daemon\/wiring/)
      .and.not.match(kit);
    const testing = modulesLoadedBy(importing('ssp-toolkit/testing'));
    expect(testing.join('\n')).to.match(kit);
    expect(packagesOf(before)).to.include.members(packagesOf(testing));
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
    const others = ['ssp-toolkit/ssp', 'ssp-toolkit/flush', 'ssp-toolkit/recipes'];
    expect(modulesLoadedBy(importing(...others), CONNECTING).join('\n'))
      .to.match(/\/lib\/ssp\/connect/)
      .and.not.match(cryptography);
    expect(modulesLoadedBy(importing('ssp-toolkit/secure')).join('\n')).to.match(cryptography);
  });

  for (const [name, file] of Object.entries(manifest.bin)) {
    it(`has the program ${name}, which can be run`, () => {
      const path = join(repositoryRoot, file);
      expect(readFileSync(path, 'utf8').startsWith('#!/usr/bin/env node')).to.equal(true);
      expect(statSync(path).mode & 0o111).not.to.equal(0);
    });
  }
});
