/**
 * `npm run docs:check`: whether everything that an entry point exports has a docstring, its members included. TypeDoc
 * looks; it is installed in `docs/site`, with a compiler that it knows. Ends with an error that lists what lacks one.
 */
import './node-version.mjs';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { install, isStale } from './install.mjs';

const site = fileURLToPath(new URL('../docs/site', import.meta.url));

if (isStale(site)) {
  console.error('Installing TypeDoc ...');
  install(site);
}
try {
  const options = ['--options', 'check.json', '--emit', 'none'];
  execFileSync(process.execPath, ['node_modules/typedoc/bin/typedoc', ...options], {
    cwd: site,
    stdio: 'inherit',
  });
  console.log('everything public has a docstring');
} catch {
  process.exitCode = 1;
}
