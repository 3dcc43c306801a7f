/** The files of a package that only runs: programs and what they load, without types, maps, sources and pages. */
import { readFileSync, readdirSync } from 'node:fs';
import { basename, extname, join } from 'node:path/posix';
import { type InstalledPackage, isLicenseFile } from './installed-packages.js';

/** A file on its way into a package. */
export interface PackedFile {
  /** Where it goes, without a slash before it. */
  readonly path: string;
  readonly data: Buffer;
  readonly isProgram?: boolean;
}

/** What programs load at run time. */
const LOADED: ReadonlySet<string> = new Set(['.js', '.cjs', '.mjs', '.json', '.node', '.css']);
/** Parts of the toolkit that neither program loads: pages of a browser, and clusters inside a test. */
const OTHERS = /^build\/(?:lib\/browser|daemon\/testing)\//;
/** Sources of a compiler run, binaries for another C library, second copies in another form. */
const UNUSED =
  /^node_modules\/(?:koffi\/(?:vendor|doc|lib)\/|koffi\/cnoke\.cjs|@koromix\/koffi-[^/]+\/musl_|zod\/src\/)/;
const TESTS = /\/(?:tests?|__tests__|bench(?:marks?)?|docs?|examples?)\//;
const MAP_LINK = /\n\/\/# sourceMappingURL=.*\n?$/;
const SHEBANG = /^#!.*\n/;

const isLoaded = (path: string): boolean => {
  if (OTHERS.test(path) || UNUSED.test(path)) return false;
  if (path.startsWith('node_modules/') && TESTS.test(path)) return false;
  return LOADED.has(extname(path)) || isLicenseFile(basename(path));
};

const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : 1;

/** Paths of all files below a folder, from `root` on; on every file system in one order. */
function below(root: string, folder: string): string[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  return entries.toSorted(byName).flatMap((entry) => {
    const path = join(folder, entry.name);
    // A package inside a package is in the list of packages itself.
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : below(root, path);
    return entry.isFile() ? [path] : [];
  });
}

/**
 * @param root folder of the clone, built
 * @param packages what the programs need beside it
 * @param home folder in which they go
 * @param node path of the Node that runs the programs
 */
export function programFiles(
  root: string,
  packages: readonly InstalledPackage[],
  home: string,
  node: string,
): PackedFile[] {
  const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly bin: Readonly<Record<string, string>>;
  };
  const programs = new Set(Object.values(bin));
  const sources = ['build/lib', 'build/daemon', ...packages.map(({ folder }) => folder)];
  const paths = sources.flatMap((source) => below(root, source)).filter(isLoaded);
  return ['package.json', 'LICENSE', ...paths].map((from) => {
    const path = join(home, from);
    const data = readFileSync(join(root, from));
    if (!from.startsWith('build/')) return { path, data };
    const text = data.toString().replace(MAP_LINK, '\n');
    if (!programs.has(from)) return { path, data: Buffer.from(text) };
    return { path, data: Buffer.from(text.replace(SHEBANG, `#!${node}\n`)), isProgram: true };
  });
}
