/** What the Debian package says of itself: its control file, the sums of its files, its licences. */
import { createHash } from 'node:crypto';
import type { InstalledPackage } from './installed-packages.js';
import type { PackedFile } from './program-files.js';

/** Names that Debian has for the processors of Node. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  arm: 'armhf',
  arm64: 'arm64',
  ia32: 'i386',
  loong64: 'loong64',
  ppc64: 'ppc64el',
  riscv64: 'riscv64',
  x64: 'amd64',
};

/** @throws Error for a processor that Debian has no name for */
export function architectureOf(arch: string): string {
  const name = ARCHITECTURES[arch];
  if (name !== undefined) return name;
  throw new Error(`expected one of ${Object.keys(ARCHITECTURES).join(', ')}, got ${arch}`);
}

/** `1.0.0-rc.1` as `1.0.0~rc.1`, which Debian sorts before `1.0.0`. */
export const debianVersion = (version: string): string => version.replace('-', '~');

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly author?: string;
  readonly homepage?: string;
  readonly engines: { readonly node: string };
}

/** @param bytes size of all files */
export function controlFile(manifest: Manifest, version: string, bytes: number): string {
  const { name, description, author, homepage, engines } = manifest;
  const node = engines.node.replace(/^>=\s*/, '');
  const fields: readonly (readonly [string, string | undefined])[] = [
    ['Package', name],
    ['Version', version],
    ['Architecture', architectureOf(process.arch)],
    ['Maintainer', author ?? `The ${name} maintainers <maintainers@${name}.invalid>`],
    ['Installed-Size', String(Math.ceil(bytes / 1024))],
    ['Depends', `nodejs (>= ${node}), adduser`],
    ['Suggests', 'corosync, logrotate'],
    ['Section', 'net'],
    ['Priority', 'optional'],
    ['Homepage', homepage],
    // Debian's form: no capital, no full stop, at most 80 characters.
    ['Description', description.charAt(0).toLowerCase() + description.slice(1)],
  ];
  const lines = fields.flatMap(([key, value]) => (value === undefined ? [] : [`${key}: ${value}`]));
  return `${lines.join('\n')}
 sspd puts the messages of all clients into one order and tells each member
 of a group who else is in it. ssp joins groups, sends, measures, and shows
 what a daemon does. With Corosync several machines are one cluster.
`;
}

/** For `dpkg --verify`. Files of `/etc` are not in it: dpkg keeps their sums itself. */
export const sumsFile = (files: readonly PackedFile[]): string =>
  files
    .filter(({ path }) => !path.startsWith('etc/'))
    .map(({ path, data }) => `${createHash('md5').update(data).digest('hex')}  ${path}\n`)
    .join('');

/** Files that an upgrade leaves as the administrator has changed them. */
export const conffiles = (files: readonly PackedFile[]): string =>
  files
    .filter(({ path }) => path.startsWith('etc/'))
    .map(({ path }) => `/${path}\n`)
    .join('');

/** A text as a field of several lines has it. */
const folded = (text: string): string =>
  text
    .split('\n')
    .map((line) => (line.trim() === '' ? ' .' : ` ${line.trimEnd()}`))
    .join('\n');

const holdersIn = (text: string): string => {
  const lines = text.split('\n').filter((line) => /^\W*copyright\b.*\d{4}/i.test(line));
  return lines.length === 0 ? 'its authors' : lines.map((line) => line.trim()).join('\n           ');
};

/**
 * @param license text of the toolkit's own licence
 * @param folder where the package has its programs, without a slash before it
 */
export function copyrightFile(
  name: string,
  license: string,
  packages: readonly InstalledPackage[],
  folder: string,
): string {
  const own = { files: '*', license: 'MIT', text: license.trim() };
  const others = packages.map((each) => ({
    files: `${folder}/${each.folder}/*`,
    license: each.license,
    text: each.licenseText || `Its package.json names the licence ${each.license}, and it brings no text.`,
  }));
  const paragraphs = [own, ...others].map(
    (each) =>
      `Files: ${each.files}\nCopyright: ${holdersIn(each.text)}\nLicense: ${each.license}\n${folded(each.text)}\n`,
  );
  const head = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: ${name}\n`;
  return [head, ...paragraphs].join('\n');
}
