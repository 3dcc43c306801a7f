/**
 * Imported first by each script: ends it with one line on a Node that is too old, before anything fails that needs a
 * newer one. Scripts of this folder are read by old ones as well, so they use no newer syntax than that of Node 12.
 * `package.json` says the same under `engines`, and `lib/node-version.ts` does for the programs.
 */
const NEEDED = [20, 19];

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  console.error(
    `expected Node ${NEEDED.join('.')} or newer, got ${process.versions.node}: get one from https://nodejs.org`,
  );
  process.exit(1);
}
