/**
 * Imported first by each program: ends it with one line on a Node that is too old, before anything fails that needs a
 * newer one. `package.json` says the same under `engines`.
 */
const NEEDED = [20, 19] as const;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  process.stderr.write(
    `expected Node ${NEEDED.join('.')} or newer, got ${process.versions.node}: get one from https://nodejs.org\n`,
  );
  process.exit(1);
}
