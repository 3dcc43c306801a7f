/**
 * `npm run test:hosts`: checks of the package as its users have it, with compilers and programs that nothing else needs.
 * They are installed here, in `spec/hosts`, and never before `npm start` or `npm test`. Names of specs and options for mocha may
 * follow, as behind `npm test --`.
 */
import './node-version.mjs';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { install, isStale } from './install.mjs';
import './setup.mjs';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

if (isStale(at('spec/hosts'))) {
  console.error('Installing what the checks of spec/hosts need ...');
  install(at('spec/hosts'));
}
const { status } = spawnSync(
  process.execPath,
  [at('build/scripts/test.js'), '--hosts', ...process.argv.slice(2)],
  {
    stdio: 'inherit',
  },
);
process.exit(status === null ? 1 : status);
