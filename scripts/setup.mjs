/**
 * Makes a clone ready to run: installs the dependencies when they are missing or older than the lock file, then
 * builds. Plain JavaScript, because it runs before there is a compiler.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const at = (path) => `${root}${path}`;
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

/** npm writes this file at the end of every successful install. */
const installed = at('node_modules/.package-lock.json');
const stale =
  !existsSync(installed) || statSync(installed).mtimeMs < statSync(at('package-lock.json')).mtimeMs;

try {
  if (stale) {
    console.error('Installing dependencies ...');
    // Not `npm ci`: it fails where a registry lacks the optional packages of other platforms, which the lock file
    // names or does not, depending on where it was made.
    execFileSync(npm, ['install', '--no-save', '--no-audit', '--no-fund'], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  }
  execFileSync(process.execPath, [at('node_modules/typescript/bin/tsc'), '-b'], {
    cwd: root,
    stdio: 'inherit',
  });
} catch (error) {
  process.exit(error.status || 1);
}
// The compiler leaves the output of a source that is gone, and mocha would run it.
for (const room of ['lib', 'daemon', 'spec', 'scripts']) {
  for (const file of readdirSync(at(`build/${room}`), { recursive: true })) {
    const source = /^(.*)\.js$/.exec(file)?.[1];
    if (source !== undefined && !existsSync(at(`${room}/${source}.ts`))) rmSync(at(`build/${room}/${file}`));
  }
}
for (const bin of ['build/lib/command/main.js', 'build/daemon/main.js']) chmodSync(at(bin), 0o755);
