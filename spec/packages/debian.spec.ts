/** The Debian package, as `dpkg-deb` shows it. `scripts/packages/try-debian.sh` installs, upgrades and purges it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { buildDebianPackage } from '../../scripts/packages/debian.js';
import { repositoryRoot } from '../support/recordings.js';
import { skip } from '../support/skip.js';
import { TemporaryDirectory } from '../support/temporary.js';

const MEGABYTE = 1_000_000;
const HOME = 'usr/lib/ssp-toolkit';

const manifest = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};

describe('the Debian package', function () {
  this.timeout(60_000);

  let folder: TemporaryDirectory;
  let file = '';
  /** Mode and owner of each path. */
  let entries: ReadonlyMap<string, string>;

  const dpkgDeb = (...args: readonly string[]): string =>
    execFileSync('dpkg-deb', args, { encoding: 'utf8' });
  const at = (path: string): string => join(folder.path, 'tree', path);
  const read = (path: string): string => readFileSync(at(path), 'utf8');
  const build = (name: string): Promise<string> =>
    buildDebianPackage({ root: repositoryRoot, folder: folder.file(name), compression: 'none' });

  before(async function () {
    if (spawnSync('dpkg-deb', ['--version'], { stdio: 'ignore' }).status !== 0)
      skip(this, 'dpkg-deb missing: packages of Debian are built where it is');
    folder = await TemporaryDirectory.make();
    file = await build('one');
    const line = /^(\S+ \S+) +\d+ \S+ \S+ \.\/(.*?)(?: -> .*)?$/gm;
    const found = [...dpkgDeb('--contents', file).matchAll(line)];
    entries = new Map(found.map(([, mode = '', path = '']) => [path, mode]));
    dpkgDeb('--raw-extract', file, at(''));
  });
  after(async () => {
    await folder?.[Symbol.asyncDispose]();
  });

  it('has the version of package.json, and needs the Node that package.json names', () => {
    const field = (name: string): string => dpkgDeb('--field', file, name).trim();
    expect(field('Package')).to.equal('ssp-toolkit');
    expect(field('Version')).to.equal(manifest.version);
    expect(field('Depends')).to.equal('nodejs (>= 20.19), adduser');
    expect(field('Architecture')).to.equal(
      execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim(),
    );
  });

  it('has programs, unit, configuration, log rotation, completion and licences', () => {
    for (const path of [
      'usr/bin/ssp',
      'usr/bin/sspd',
      'usr/lib/systemd/system/sspd.service',
      'etc/sspd/sspd.conf',
      'etc/logrotate.d/sspd',
      'usr/share/bash-completion/completions/ssp',
      'usr/share/fish/vendor_completions.d/ssp.fish',
      'usr/share/zsh/vendor-completions/_ssp',
      'usr/share/doc/ssp-toolkit/copyright',
      'usr/share/doc/ssp-toolkit/changelog.gz',
    ])
      expect(entries.has(path), path).to.equal(true);
  });

  it('has the man pages that docs/man has', () => {
    const pages = join(repositoryRoot, 'docs/man');
    const written = existsSync(pages) ? readdirSync(pages).filter((page) => /\.[1-8]$/.test(page)) : [];
    const found = [...entries.keys()].filter((path) => /^usr\/share\/man\/.*\.gz$/.test(path));
    expect(found.toSorted()).to.deep.equal(
      written.map((page) => `usr/share/man/man${page.at(-1)}/${page}.gz`).toSorted(),
    );
  });

  it('belongs to root, and nothing in it can be written by others', () => {
    expect(entries.size).to.be.above(300);
    const odd = [...entries].filter(
      ([, mode]) => !/^(?:drwxr-xr-x|-rw[-x]r-[-x]r-[-x]|l\S+) root\/root$/.test(mode),
    );
    expect(odd).to.deep.equal([]);
    const programs = [...entries].filter(([, mode]) => /^-..x/.test(mode)).map(([path]) => path);
    expect(programs).to.have.members([`${HOME}/build/lib/cli/bin.js`, `${HOME}/build/daemon/cli/bin.js`]);
  });

  it('leaves its configuration to the administrator at an upgrade', () => {
    const etc = [...entries.keys()].filter((path) => path.startsWith('etc/') && !path.endsWith('/'));
    const left = read('DEBIAN/conffiles').trimEnd().split('\n');
    expect(left.toSorted()).to.deep.equal(etc.map((path) => `/${path}`).toSorted());
  });

  it('has the sum of each other file', () => {
    execFileSync('md5sum', ['--check', '--quiet', 'DEBIAN/md5sums'], { cwd: at('') });
    const summed = read('DEBIAN/md5sums')
      .trimEnd()
      .split('\n')
      .map((line) => line.slice(34));
    const files = [...entries].filter(([path, mode]) => mode.startsWith('-') && !path.startsWith('etc/'));
    expect(summed.toSorted()).to.deep.equal(files.map(([path]) => path).toSorted());
  });

  it('has what the programs load, and no types, maps, sources or tools of developers', () => {
    const files = [...entries].filter(([, mode]) => mode.startsWith('-')).map(([path]) => path);
    const home = files
      .filter((path) => path.startsWith(`${HOME}/`))
      .map((path) => path.slice(HOME.length + 1));
    expect(
      home.filter((path) => /\.(?:map|[cm]?tsx?|c|cc|h|md)$/.test(path) && !/LICENSE\.md$/i.test(path)),
    ).to.deep.equal([]);
    const top = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//;
    const packages = new Set(home.flatMap((path) => top.exec(path)?.slice(1) ?? []));
    expect([...packages]).to.include.members(Object.keys(manifest.dependencies));
    expect(Object.keys(manifest.devDependencies).filter((name) => packages.has(name))).to.deep.equal([]);
    const bytes = files.reduce((sum, path) => sum + lstatSync(at(path)).size, 0);
    expect(bytes).to.be.within(2 * MEGABYTE, 10 * MEGABYTE);
  });

  it('has koffi for this processor and for the C library of Debian alone', () => {
    const binaries = [...entries.keys()].filter((path) => path.endsWith('.node'));
    const linux = `linux_${process.arch}`;
    expect(binaries).to.deep.equal([
      `${HOME}/node_modules/@koromix/koffi-linux-${process.arch}/${linux}/koffi.node`,
    ]);
  });

  it('has programs that load what it has, and nothing else', () => {
    for (const [name, program] of [
      ['ssp', '../lib/ssp-toolkit/build/lib/cli/bin.js'],
      ['sspd', '../lib/ssp-toolkit/build/daemon/cli/bin.js'],
    ] as const) {
      const path = at(join('usr/bin', program));
      expect(read(join('usr/bin', program)).split('\n', 1)).to.deep.equal(['#!/usr/bin/node']);
      const { status, stdout, stderr } = spawnSync(process.execPath, [path, '--version'], {
        encoding: 'utf8',
      });
      expect([name, status, stderr, stdout]).to.deep.equal([name, 0, '', `${manifest.version}\n`]);
    }
  });

  it('has every module that its modules import', () => {
    const modules = [...entries.keys()].filter(
      (path) => path.startsWith(`${HOME}/build/`) && path.endsWith('.js'),
    );
    const missing = modules.flatMap((path) =>
      Array.from(read(path).matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'(\.[^']+)'/g), ([, to]) =>
        join(path, '..', to as string),
      )
        .filter((to) => !entries.has(to))
        .map((to) => `${path}: ${to}`),
    );
    expect(modules.length).to.be.above(200);
    expect(missing).to.deep.equal([]);
  });

  it('has a configuration that the daemon takes', () => {
    const sspd = at(`${HOME}/build/daemon/cli/bin.js`);
    const text = execFileSync(
      process.execPath,
      [sspd, '-c', at('etc/sspd/sspd.conf'), '--host-name', 'localhost', '--check'],
      { encoding: 'utf8' },
    );
    expect(JSON.parse(text)).to.deep.include({
      name: 'local',
      listen: [{ host: '127.0.0.1', port: 4803 }],
      unixDir: null,
      warnings: [],
      withoutEffect: [],
    });
  });

  it('names the licence of each package, with its text', () => {
    const text = read('usr/share/doc/ssp-toolkit/copyright');
    const paragraphs = text.split(/^(?=Files: )/m).slice(1);
    expect(paragraphs.map((paragraph) => /^Files: (.*)/.exec(paragraph)?.[1])).to.include.members([
      '*',
      ...Object.keys(manifest.dependencies).map((name) => `${HOME}/node_modules/${name}/*`),
    ]);
    for (const paragraph of paragraphs)
      expect(paragraph).to.match(
        /^Files: .+\nCopyright: .+\n(?: {11}.+\n)*License: (?:MIT|ISC|Apache-2\.0)\n .+/,
      );
    expect(text).to.match(/^Copyright: Copyright \(c\) 2026 the ssp-toolkit authors$/m);
  });

  it('has maintainer scripts that a shell can read', () => {
    for (const script of ['postinst', 'prerm', 'postrm']) {
      expect(lstatSync(at(`DEBIAN/${script}`)).mode & 0o777, script).to.equal(0o755);
      execFileSync('sh', ['-n', at(`DEBIAN/${script}`)]);
    }
  });

  it('is the same, byte for byte, when it is built again', async () => {
    expect(readFileSync(await build('two')).equals(readFileSync(file))).to.equal(true);
  });

  it('has the unit file that the page shows', () => {
    const page = readFileSync(join(repositoryRoot, 'docs/operate/systemd.md'), 'utf8');
    const [, shown] = /```ini\n([^`]*)```/.exec(page) ?? [];
    expect(read('usr/lib/systemd/system/sspd.service')).to.equal(shown);
  });

  it('lets the daemon list the addresses of its host, and stops it after a drain', () => {
    const unit = read('usr/lib/systemd/system/sspd.service');
    // Node asks the kernel over netlink when a configuration names the daemon by its address.
    expect(unit).to.match(/^RestrictAddressFamilies=.*\bAF_NETLINK\b/m);
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1])).to.be.above(5 + 3);
    expect(unit).to.match(/^ExecStart=\/usr\/bin\/sspd -c \/etc\/sspd\/sspd\.conf$/m);
  });
});
