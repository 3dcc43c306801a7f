/** Which modules a program of Node loads, from its start to its end. */
import { spawnSync } from 'node:child_process';
import { repositoryRoot } from './recordings.js';

const moduleOf = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;

/** Writes the address of each module that is loaded, one per line. */
const hooks = moduleOf(`
  import { writeSync } from 'node:fs';
  export async function load(url, context, next) {
    writeSync(2, url + '\\n');
    return await next(url, context);
  }
`);

/** Loaded before the program. The hook does not see what modules of CommonJS require of each other. */
const prelude = moduleOf(`
  import { writeSync } from 'node:fs';
  import { createRequire, register } from 'node:module';
  register(${JSON.stringify(hooks)});
  const { cache } = createRequire(process.execPath);
  process.on('exit', () => {
    for (const path of Object.keys(cache)) writeSync(2, 'file://' + path + '\\n');
  });
`);

/** What was found before, by the arguments: several specs ask for the same. */
const known = new Map<string, readonly string[]>();

/**
 * Addresses of the files, each once, without those of Node itself.
 * @param args options of node, a program, and its arguments
 * @throws Error when the program fails
 */
export function loadedModules(...args: readonly string[]): readonly string[] {
  const key = JSON.stringify(args);
  const modules = known.get(key) ?? modulesOf(args);
  known.set(key, modules);
  return modules;
}

function modulesOf(args: readonly string[]): string[] {
  const { status, stderr } = spawnSync(process.execPath, ['--import', prelude, ...args], {
    cwd: repositoryRoot,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`expected status 0, got ${status}: ${stderr}`);
  return [...new Set(stderr.split('\n').filter((line) => line.startsWith('file://')))];
}

/** The same of a program that is given as text. */
export const modulesLoadedBy = (...lines: readonly string[]): readonly string[] =>
  loadedModules('--input-type=module', '--eval', lines.join('\n'));

/** A line of a program that imports entries of the package. */
export const importing = (...entries: readonly string[]): string =>
  entries.map((entry) => `await import(${JSON.stringify(entry)});`).join('\n');

/** Lines of a program that load what a connection needs: nobody listens there. */
export const CONNECTING = `
  const { connect } = await import('ssp-toolkit');
  await connect({ address: '1@127.0.0.1' }).catch(() => undefined);
`;

/** Lines of a program that start a daemon on one port of its own, and stop it. */
export const SERVING = `
  const { createDaemon } = await import('ssp-toolkit/daemon');
  const daemon = await createDaemon({ name: 'one', listen: [{ host: '127.0.0.1', port: 0 }] });
  await daemon.stop();
`;

/** Names of the packages that modules are in, in their order. */
export function packagesOf(modules: readonly string[]): string[] {
  const names = modules.flatMap((each) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(each)?.[1] ?? []);
  return [...new Set(names)].toSorted();
}
