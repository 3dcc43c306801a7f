/** Installing the packages that a folder's `package.json` names. Plain JavaScript, because it runs before the build. */
import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** npm writes this file at the end of every successful install. */
const INSTALLED = 'node_modules/.package-lock.json';
/** Other package managers write one of these, and look after the folder themselves. */
const OTHERS = ['.modules.yaml', '.yarn-integrity', '.yarn-state.yml'];

/** Whether packages are missing, or older than the lock file. */
export function isStale(folder) {
  const installed = join(folder, INSTALLED);
  if (existsSync(installed))
    return statSync(installed).mtimeMs < statSync(join(folder, 'package-lock.json')).mtimeMs;
  return !OTHERS.some((file) => existsSync(join(folder, 'node_modules', file)));
}

const npmName = () => (process.platform === 'win32' ? 'npm.cmd' : 'npm');

export const isNpmFound = () =>
  (process.env.PATH || '').split(delimiter).some((folder) => existsSync(join(folder, npmName())));

/** Throws when npm fails, which has said why. */
export function install(folder) {
  // Not `npm ci`: it fails where a registry lacks the optional packages of other platforms, which the lock file
  // names or does not, depending on where it was made.
  execFileSync(npmName(), ['install', '--no-save', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
    // Node starts no .cmd without one.
    shell: process.platform === 'win32',
  });
}
