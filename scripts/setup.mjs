/**
 * Makes a clone ready to run: installs the dependencies when they are missing or older than the lock file, then
 * builds. Plain JavaScript, because it runs before there is a compiler.
 */
import './node-version.mjs';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  readFileSync,
  readdirSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { fileURLToPath } from 'node:url';
import { install, isNpmFound, isStale } from './install.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const at = (path) => `${root}${path}`;
const compiler = at('node_modules/typescript/bin/tsc');

function installAll() {
  if (!isNpmFound()) {
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
  install(root);
}

try {
  if (isStale(root)) installAll();
  console.error('Building ...');
  // The second one compiles what browsers run with the types of the web, and writes nothing.
  execFileSync(process.execPath, [compiler, '-b', '.', 'lib/browser'], { cwd: root, stdio: 'inherit' });
} catch (error) {
  // The program that failed has said why.
  process.exit(error.status || 1);
}
// The compiler leaves the output of a source that is gone, and mocha would run it.
for (const room of ['lib', 'daemon', 'spec', 'scripts', 'docs']) {
  for (const file of readdirSync(at(`build/${room}`), { recursive: true, encoding: 'utf8' })) {
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
// What the console has beside its modules.
copyFileSync(at('daemon/monitor/console/app.css'), at('build/daemon/monitor/console/app.css'));
for (const bin of ['build/lib/cli/bin.js', 'build/daemon/cli/bin.js']) chmodSync(at(bin), 0o755);
