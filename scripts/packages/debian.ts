/** Builds the Debian package with `dpkg-deb`, from the build and the packages of this clone. Nothing is downloaded. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path/posix';
import { gzipSync } from 'node:zlib';
import { completionScript, SHELLS, type Shell } from '../../lib/cli/completion/scripts.js';
import { wordsOf } from '../../lib/cli/completion/words.js';
import { createProgram } from '../../lib/cli/program.js';
import {
  architectureOf,
  conffiles,
  controlFile,
  copyrightFile,
  debianVersion,
  type Manifest,
  sumsFile,
} from './control.js';
import { productionPackages } from './installed-packages.js';
import { type PackedFile, programFiles } from './program-files.js';

/** The Node of Debian and of NodeSource. */
const NODE = '/usr/bin/node';
const FOLDER = 'usr/lib/ssp-toolkit';
const SCRIPTS = ['postinst', 'prerm', 'postrm'];
const COMPLETIONS: Readonly<Record<Shell, string>> = {
  bash: 'usr/share/bash-completion/completions/ssp',
  fish: 'usr/share/fish/vendor_completions.d/ssp.fish',
  zsh: 'usr/share/zsh/vendor-completions/_ssp',
};

export interface DebianOptions {
  /** Folder of the clone, built. */
  readonly root: string;
  /** Where the package goes. */
  readonly folder: string;
  /** Default: that of `package.json`. */
  readonly version?: string;
  /** How `dpkg-deb` packs; `none` is quick. Default `xz`. */
  readonly compression?: 'xz' | 'none';
}

interface Contents {
  readonly control: Readonly<Record<string, string>>;
  readonly files: readonly PackedFile[];
  /** From the path of a link to the path that it leads to. */
  readonly links: Readonly<Record<string, string>>;
}

/**
 * @returns path of the package
 * @throws Error when a program that it needs is missing or fails, or the clone is not built
 */
export async function buildDebianPackage(options: DebianOptions): Promise<string> {
  const { root, folder, compression = 'xz' } = options;
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
  const version = debianVersion(options.version ?? manifest.version);
  const tree = mkdtempSync(join(tmpdir(), 'ssp-deb-'));
  try {
    lay(tree, await contentsOf(root, manifest, version));
    mkdirSync(folder, { recursive: true });
    const file = join(folder, `${manifest.name}_${version}_${architectureOf(process.arch)}.deb`);
    // The files belong to root whoever builds.
    const args = ['--root-owner-group', `-Z${compression}`, '--build', tree, file];
    execFileSync('dpkg-deb', args, {
      env: { ...process.env, SOURCE_DATE_EPOCH: sourceDate(root) },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return file;
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

/** Seconds since 1970 that all files get, so that one commit always gives one package. */
function sourceDate(root: string): string {
  const given = process.env['SOURCE_DATE_EPOCH'];
  if (given !== undefined) return given;
  const last = execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' });
  return last.trim();
}

async function contentsOf(root: string, manifest: Manifest, version: string): Promise<Contents> {
  const packages = productionPackages(root);
  const { name } = manifest;
  const doc = `usr/share/doc/${name}`;
  const text = (path: string): string => readFileSync(join(root, path), 'utf8');
  const own = (path: string, file: string): PackedFile => ({
    path,
    data: readFileSync(join(root, 'packaging/debian', file)),
  });
  const copyright = copyrightFile(name, text('LICENSE'), packages, FOLDER);
  const files: PackedFile[] = [
    own('etc/sspd/sspd.conf', 'sspd.conf'),
    own('etc/logrotate.d/sspd', 'sspd.logrotate'),
    own('usr/lib/systemd/system/sspd.service', 'sspd.service'),
    ...programFiles(root, packages, FOLDER, NODE),
    { path: `${doc}/copyright`, data: Buffer.from(copyright) },
    { path: `${doc}/changelog.gz`, data: packed(text('CHANGELOG.md')) },
    ...(await completions()),
    ...manualPages(root),
  ];
  const bytes = files.reduce((sum, { data }) => sum + data.length, 0);
  const scripts = SCRIPTS.map((script) => [script, text(`packaging/debian/${script}`)]);
  return {
    control: {
      control: controlFile(manifest, version, bytes),
      conffiles: conffiles(files),
      md5sums: sumsFile(files),
      ...(Object.fromEntries(scripts) as Record<string, string>),
    },
    files,
    links: {
      'usr/bin/ssp': `${FOLDER}/build/lib/cli/bin.js`,
      'usr/bin/sspd': `${FOLDER}/build/daemon/cli/bin.js`,
    },
  };
}

const packed = (text: string | Buffer): Buffer => gzipSync(text, { level: 9 });

async function completions(): Promise<PackedFile[]> {
  const words = wordsOf(await createProgram());
  return SHELLS.map((shell) => ({
    path: COMPLETIONS[shell],
    data: Buffer.from(completionScript(shell, words)),
  }));
}

/** The end of its name is the section of a page. */
function manualPages(root: string): PackedFile[] {
  const folder = join(root, 'docs/man');
  const pages = existsSync(folder) ? readdirSync(folder).filter((file) => /\.[1-8]$/.test(file)) : [];
  return pages.toSorted().map((page) => ({
    path: `usr/share/man/man${page.at(-1)}/${page}.gz`,
    data: packed(readFileSync(join(folder, page))),
  }));
}

function lay(tree: string, { control, files, links }: Contents): void {
  const put = (path: string, data: string | Buffer, isProgram: boolean): void => {
    const place = join(tree, path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, data);
    chmodSync(place, isProgram ? 0o755 : 0o644);
  };
  for (const [name, text] of Object.entries(control)) put(`DEBIAN/${name}`, text, SCRIPTS.includes(name));
  for (const { path, data, isProgram = false } of files) put(path, data, isProgram);
  for (const [path, target] of Object.entries(links)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    symlinkSync(relative(dirname(path), target), join(tree, path));
  }
  // Whatever mask the builder has.
  execFileSync('find', [tree, '-type', 'd', '-exec', 'chmod', '0755', '{}', '+']);
}
