/**
 * How many modules a start loads. Each costs about half a millisecond, and together they are most of what a start takes: see
 * `npm run bench -- --only start` for the times, which depend on the machine. A number that has grown names a module that is
 * loaded by those who do not need it, or belongs here.
 */
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import {
  CONNECTING,
  importing,
  loadedModules,
  modulesLoadedBy,
  packagesOf,
  SERVING,
} from './support/loaded-modules.js';
import { repositoryRoot } from './support/recordings.js';

/** Of the number; less than that is as good a reason to change it as more. */
const ROOM = 0.1;

const starts: readonly (readonly [what: string, usual: number, modules: () => readonly string[]])[] = [
  ['an import of the library', 22, () => modulesLoadedBy(importing('ssp-toolkit'))],
  ['a first connection', 133, () => modulesLoadedBy(CONNECTING)],
  ['an import of the recipes', 98, () => modulesLoadedBy(importing('ssp-toolkit/recipes'))],
  ['ssp --help', 16, () => loadedModules('build/lib/cli/bin.js', '--help')],
  ['ssp --version', 16, () => loadedModules('build/lib/cli/bin.js', '--version')],
  ['sspd --version', 18, () => loadedModules('build/daemon/cli/bin.js', '--version')],
  ['a daemon on one port', 260, () => modulesLoadedBy(SERVING)],
  ['sspd', 307, () => loadedModules('build/daemon/cli/bin.js', '--check', '--port', '0', '--unix-dir', '')],
];

/** Folders of the adapters, each of which is an entry of the package. */
const adapters = readdirSync(join(repositoryRoot, 'lib/adapters'), { withFileTypes: true })
  .filter((each) => each.isDirectory())
  .map(({ name }) => name);

/** What is in the folder of an adapter, and in the daemon. */
const ROOMS = /\/build\/(?:lib\/adapters\/([^/]+)\/|(daemon)\/)/;

/** How many there are of each folder and package, for whoever has to find the one too many. */
function summary(modules: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const each of modules) {
    const path = relative(repositoryRoot, fileURLToPath(each));
    const place = path
      .split('/')
      .slice(0, path.startsWith('node_modules') ? 2 : 3)
      .join('/');
    counts.set(place, (counts.get(place) ?? 0) + 1);
  }
  return [...counts].map(([place, count]) => `${place} ${count}`).join(', ');
}

describe('modules that are loaded at start', function () {
  // Programs are started, which takes long on a busy machine.
  this.timeout(120_000);

  for (const [what, usual, load] of starts) {
    it(`${what}: some ${usual}`, () => {
      const modules = load();
      expect(modules.length, summary(modules)).to.be.within(usual * (1 - ROOM), usual * (1 + ROOM));
    });
  }

  for (const adapter of adapters) {
    it(`are neither those of a host nor of another adapter, where ssp-toolkit/${adapter} is imported`, () => {
      const modules = modulesLoadedBy(importing(`ssp-toolkit/${adapter}`));
      expect(['eventemitter3', 'zod']).to.include.members(packagesOf(modules));
      const rooms = modules.flatMap((each) => ROOMS.exec(each)?.slice(1) ?? []).filter(Boolean);
      expect([...new Set(rooms)]).to.deep.equal([adapter]);
    });
  }

  it('of a host are seen where it is loaded', () => {
    const modules = modulesLoadedBy(importing('ssp-toolkit/keyv', 'socket.io-adapter'));
    expect(packagesOf(modules)).to.include('socket.io-adapter');
  });

  it('are looked for in what is built here', () => {
    const [first] = modulesLoadedBy(importing('ssp-toolkit'));
    expect(fileURLToPath(first ?? '')).to.equal(join(repositoryRoot, 'build/lib/index.js'));
  });
});
