/**
 * Makes a clone ready to run: installs the dependencies when they are missing or older than the lock file, then
 * builds. Plain JavaScript, because it runs before there is a compiler.
 */
import './node-version.mjs';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  readFileSync,
  readdirSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const at = (path) => `${root}${path}`;
const compiler = at('node_modules/typescript/bin/tsc');

/** npm writes this file at the end of every successful install. */
const installed = at('node_modules/.package-lock.json');
/** Other package managers write one of these, and look after the folder themselves. */
const others = ['.modules.yaml', '.yarn-integrity', '.yarn-state.yml'];

function isStale() {
  if (existsSync(installed)) return statSync(installed).mtimeMs < statSync(at('package-lock.json')).mtimeMs;
  return !others.some((file) => existsSync(at(`node_modules/${file}`)));
}

function install() {
  const isWindows = process.platform === 'win32';
  const npm = isWindows ? 'npm.cmd' : 'npm';
  if (!(process.env.PATH || '').split(delimiter).some((folder) => existsSync(join(folder, npm)))) {
    if (!existsSync(compiler)) {
      console.error(
        'npm is not found: it comes with Node (https://nodejs.org). With another package manager, install the dependencies of package.json and start again.',
      );
      process.exit(1);
    }
    console.error('npm is not found: building with the dependencies that are here');
    return;
  }
  console.error('Installing dependencies ...');
  // Not `npm ci`: it fails where a registry lacks the optional packages of other platforms, which the lock file
  // names or does not, depending on where it was made.
  execFileSync(npm, ['install', '--no-save', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    // Node starts no .cmd without one.
    shell: isWindows,
  });
}

try {
  if (isStale()) install();
  console.error('Building ...');
  execFileSync(process.execPath, [compiler, '-b'], { cwd: root, stdio: 'inherit' });
} catch (error) {
  // The program that failed has said why.
  process.exit(error.status || 1);
}
// The compiler leaves the output of a source that is gone, and mocha would run it.
for (const room of ['lib', 'daemon', 'spec', 'scripts', 'docs']) {
  for (const file of readdirSync(at(`build/${room}`), { recursive: true })) {
    const [, source] = /^(.*)\.js$/.exec(file) || [];
    if (source !== undefined && !existsSync(at(`${room}/${source}.ts`)))
      unlinkSync(at(`build/${room}/${file}`));
  }
}
// An example is run from where its source is read, in a clone and in the package.
for (const file of readdirSync(at('docs/examples'))) {
  const [, example] = /^(.*)\.js$/.exec(file) || [];
  if (example !== undefined && !existsSync(at(`docs/examples/${example}.ts`)))
    unlinkSync(at(`docs/examples/${file}`));
}
for (const file of readdirSync(at('build/docs/examples')).filter((name) => name.endsWith('.js'))) {
  const compiled = readFileSync(at(`build/docs/examples/${file}`), 'utf8');
  writeFileSync(at(`docs/examples/${file}`), compiled.replace(/^\/\/# sourceMappingURL=.*\n?/m, ''));
}
for (const bin of ['build/lib/cli/bin.js', 'build/daemon/cli/bin.js']) chmodSync(at(bin), 0o755);
