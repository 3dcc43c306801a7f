/**
 * `npm run test:hosts`: checks of the package as its users have it, with compilers and programs that nothing else needs.
 * They are installed here, in `spec/hosts`, and never before `npm start` or `npm test`. Options go to mocha.
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
const mocha = at('node_modules/mocha/bin/mocha.js');
const options = ['--no-config', '--enable-source-maps', '--timeout', '240000'];
const { status } = spawnSync(
  process.execPath,
  [mocha, ...options, at('build/spec/hosts/**/*.spec.js'), ...process.argv.slice(2)],
  { stdio: 'inherit' },
);
process.exit(status === null ? 1 : status);
