import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { type ArchivedFile, faultsOf } from '../../scripts/release/packed.js';

const CLONE = '/home/somebody/ssp-toolkit';
const file = (path: string, text = ''): ArchivedFile => ({ path, data: Buffer.from(text) });
const manifest = JSON.stringify({
  exports: {
    '.': { types: './build/lib/index.d.ts', default: './build/lib/index.js' },
    './package.json': './package.json',
  },
  bin: { ssp: 'build/lib/cli/bin.js' },
  man: ['docs/man/ssp.1'],
});
const whole = [
  file('package.json', manifest),
  file('README.md'),
  file('LICENSE'),
  file('CHANGELOG.md'),
  file('build/lib/index.js', 'export {};\n'),
  file('build/lib/index.d.ts'),
  file('build/lib/cli/bin.js'),
  file('docs/man/ssp.1'),
  file('docs/examples/map.ts'),
];
const faults = (...files: readonly ArchivedFile[]): string[] => faultsOf([...whole, ...files], CLONE);

describe('the archive of a release', () => {
  it('is sound with what its manifest promises, programs and pages', () => {
    expect(faults()).to.deep.equal([]);
  });

  it('has every file that its manifest promises', () => {
    for (const path of ['README.md', 'build/lib/index.d.ts', 'build/lib/cli/bin.js', 'docs/man/ssp.1']) {
      const rest = whole.filter((each) => each.path !== path);
      expect(faultsOf(rest, CLONE)).to.deep.equal([`missing: ${path}`]);
    }
  });

  it('has no files of developers, of this machine, or with secrets', () => {
    for (const path of [
      'spec/a.spec.js',
      'build/spec/a.spec.js',
      'scripts/a.mjs',
      'build/lib/index.js.map',
      'build/.tsbuildinfo',
      'node_modules/ws/index.js',
      'docs/site/node_modules/a.js',
      '.npmrc',
      'docs/.env',
      'docs/server.pem',
      'old.tgz',
    ])
      expect(faults(file(path)), path).to.deep.equal([`not for users: ${path}`]);
  });

  it('has no text that tells a secret, a path of this machine, or leads to a map', () => {
    for (const [path, text, fault] of [
      ['docs/a.md', '-----BEGIN PRIVATE KEY-----\n', 'a secret: docs/a.md'],
      ['docs/a.json', `"npm_${'a'.repeat(36)}"`, 'a secret: docs/a.json'],
      ['docs/a.md', '//registry.invalid/:_authToken=1', 'a secret: docs/a.md'],
      ['build/lib/a.js', `// ${CLONE}/lib/a.ts`, 'a path of this machine: build/lib/a.js'],
      ['build/lib/a.js', '\n//# sourceMappingURL=a.js.map\n', 'a link to a map: build/lib/a.js'],
    ] as const)
      expect(faults(file(path, text))).to.deep.equal([fault]);
  });

  it('is not much larger than it was', () => {
    const large = { path: 'docs/large.svg', data: Buffer.alloc(8_000_001) };
    expect(faults(large)).to.have.length(1);
    expect(faults(large)[0]).to.match(/^too large: expected at most 8000000 bytes, got \d+$/);
  });
});
