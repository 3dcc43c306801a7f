/** What the archive for npm must have, and must not have. */
import { extname } from 'node:path/posix';

export interface ArchivedFile {
  /** From the folder of the package on. */
  readonly path: string;
  readonly data: Buffer;
}

interface Manifest {
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly man?: readonly string[];
}

const MEGABYTE = 1_000_000;
/** Unpacked. An archive that grows by half has something in it that nobody wanted. */
const MAX_BYTES = 8 * MEGABYTE;
const ALWAYS = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md'];
const FOLDERS = /^(?:build\/(?:lib|daemon)|docs)\//;
const TOP = /^[^/]+$/;
/** Files that hold secrets, settings of a machine, or what only developers need. */
const NEVER =
  /(?:^|\/)(?:node_modules|\.[^/]*|spec|scripts)\/|(?:^|\/)\.[^/]+$|\.(?:map|tgz|deb|log|pem|key|p12|tsbuildinfo)$/;
const TEXT: ReadonlySet<string> = new Set([
  '.js',
  '.ts',
  '.json',
  '.md',
  '.mjs',
  '.yml',
  '.yaml',
  '.css',
  '.html',
]);
const SECRETS = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----|\bnpm_[A-Za-z0-9]{36}\b|\/\/[^\s/]+\/:_authToken=/;

/** Paths that the manifest promises. */
function promised({ exports, bin, man = [] }: Manifest): string[] {
  const targets = Object.values(exports).flatMap((target) =>
    typeof target === 'string' ? [target] : Object.values(target),
  );
  return [...targets, ...Object.values(bin), ...man].map((path) => path.replace(/^\.\//, ''));
}

/**
 * @param files everything in the archive
 * @param folder folder of the clone, which no file names
 * @returns one line for each fault
 */
export function faultsOf(files: readonly ArchivedFile[], folder: string): string[] {
  const paths = new Set(files.map(({ path }) => path));
  const own = files.find(({ path }) => path === 'package.json');
  const wanted = [...ALWAYS, ...(own ? promised(JSON.parse(own.data.toString()) as Manifest) : [])];
  const missing = wanted.filter((path) => !paths.has(path)).map((path) => `missing: ${path}`);
  const bytes = files.reduce((sum, { data }) => sum + data.length, 0);
  const size = bytes > MAX_BYTES ? [`too large: expected at most ${MAX_BYTES} bytes, got ${bytes}`] : [];
  return [...new Set(missing), ...size, ...files.flatMap((file) => faultsOfFile(file, folder))];
}

function faultsOfFile({ path, data }: ArchivedFile, folder: string): string[] {
  if (NEVER.test(path) || (!FOLDERS.test(path) && !TOP.test(path))) return [`not for users: ${path}`];
  if (!TEXT.has(extname(path))) return [];
  const text = data.toString();
  const faults: string[] = [];
  if (SECRETS.test(text)) faults.push(`a secret: ${path}`);
  if (text.includes(folder)) faults.push(`a path of this machine: ${path}`);
  if (path.endsWith('.js') && text.includes('\n//# sourceMappingURL='))
    faults.push(`a link to a map: ${path}`);
  return faults;
}
