/**
 * Before `npm pack` builds and takes the links to source maps out of what is packed, afterwards puts them back: the
 * package has neither the maps nor the sources that they lead to, and tools complain about a link that leads nowhere.
 */
import './node-version.mjs';
import { readFileSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LINK = /\n\/\/# sourceMappingURL=.*\n?$/;
const root = fileURLToPath(new URL('..', import.meta.url));
const isBefore = process.argv[2] === 'before';

if (isBefore) await import('./setup.mjs');
for (const room of ['build/lib', 'build/daemon']) {
  for (const path of readdirSync(join(root, room), { recursive: true })) {
    if (!path.endsWith('.js')) continue;
    const file = join(root, room, path);
    const bare = readFileSync(file, 'utf8').replace(LINK, '').trimEnd();
    const text = isBefore ? `${bare}\n` : `${bare}\n//# sourceMappingURL=${basename(file)}.map`;
    // Programs that start meanwhile read a whole file, the one or the other.
    writeFileSync(`${file}.new`, text, { mode: statSync(file).mode });
    renameSync(`${file}.new`, file);
  }
}
