/** Makes the files of a release from a clean commit: both packages, sums, provenance and notes. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path/posix';
import { buildDebianPackage } from '../packages/debian.js';
import { firstSection } from './changelog.js';
import { type ArchivedFile, faultsOf } from './packed.js';
import { provenanceOf, sumsOf } from './provenance.js';

/** @throws Error when the program fails, which has said why */
function said(program: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): string {
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  return execFileSync(program, args, {
    cwd,
    encoding: 'utf8',
    stdio: [...stdio],
    env: { ...process.env, ...env },
  }).trim();
}

/** @throws Error when files differ from the last commit: what is released is what somebody else can get */
export function commitOf(root: string): string {
  const changed = said('git', ['status', '--porcelain'], root);
  if (changed !== '') throw new Error(`expected a clean clone, got changes:\n${changed}`);
  return said('git', ['rev-parse', 'HEAD'], root);
}

/** The files of an archive of npm, without the folder that all of them are in. */
function unpacked(archive: string): ArchivedFile[] {
  const folder = mkdtempSync(join(tmpdir(), 'ssp-release-'));
  try {
    said('tar', ['-xzf', archive, '-C', folder], folder);
    const root = join(folder, 'package');
    return readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((path) => statSync(join(root, path)).isFile())
      .map((path) => ({ path, data: readFileSync(join(root, path)) }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param root folder of the clone, built
 * @param folder where the files go
 * @returns their names
 * @throws Error when the clone has changes, the version is not released in the changelog, or the archive has a fault
 */
export async function makeRelease(root: string, folder: string): Promise<string[]> {
  const commit = commitOf(root);
  const read = (path: string): string => readFileSync(join(root, path), 'utf8');
  const { version } = JSON.parse(read('package.json')) as { readonly version: string };
  const section = firstSection(read('CHANGELOG.md'));
  if (section.version !== version || section.date === null)
    throw new Error(
      `expected "## ${version} (DATE)" at the head of the changelog: run "prepare" first, and commit`,
    );
  const time = Number(said('git', ['log', '-1', '--format=%ct'], root));
  mkdirSync(folder, { recursive: true });

  const packed = said('npm', ['pack', '--json', '--pack-destination', folder], root);
  const [, name = ''] = /"filename": "([^"]+\.tgz)"/.exec(packed) ?? [];
  const faults = faultsOf(unpacked(join(folder, name)), root);
  if (faults.length > 0) throw new Error(`expected an archive for users, got:\n${faults.join('\n')}`);
  const debian = basename(await buildDebianPackage({ root, folder }));

  const artifacts = [name, debian].map((each) => ({ name: each, data: readFileSync(join(folder, each)) }));
  const tools = {
    node: process.versions.node,
    npm: said('npm', ['--version'], root),
    'dpkg-deb':
      said('dpkg-deb', ['--version'], root)
        .split('\n', 1)[0]
        ?.match(/\d[\d.]*/)?.[0] ?? 'unknown',
  };
  const lockFile = readFileSync(join(root, 'package-lock.json'));
  writeFileSync(join(folder, 'SHA256SUMS'), sumsOf(artifacts));
  writeFileSync(
    join(folder, 'provenance.json'),
    provenanceOf(artifacts, { version, commit, time, lockFile, tools }),
  );
  writeFileSync(join(folder, 'notes.md'), `${section.notes}\n`);
  return [name, debian, 'SHA256SUMS', 'provenance.json', 'notes.md'];
}
