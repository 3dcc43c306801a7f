/** The files of a new project: those of docs/examples/project, and those that depend on its name. */
import { readFile, readdir } from 'node:fs/promises';
import { basename, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TOOLKIT_VERSION, versionText } from '../../wire/version.js';

/** The folder of this package, four levels above the built module. */
const root = fileURLToPath(new URL('../../../../', import.meta.url));
const template = fileURLToPath(new URL('../../../../docs/examples/project/', import.meta.url));

/** What npm allows in the name of a package: this long, and of these characters. */
const MAX_NAME_LENGTH = 214;

/** The package that runs: by its version where it is installed, else the folder of the clone. */
export function defaultDependency(path = root): string {
  const isInstalled = path.split(sep).includes('node_modules');
  return isInstalled ? `^${versionText(TOOLKIT_VERSION)}` : `file:${path}`;
}

/** A name that npm takes: that of the folder, as far as it can be one. */
export function packageName(path: string): string {
  const name = basename(path)
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+|-+$/g, '')
    .slice(0, MAX_NAME_LENGTH);
  // Its own name would be the toolkit's.
  return name === '' || name === 'node_modules' || name === 'ssp-toolkit' ? 'worker' : name;
}

/**
 * @param path of the folder
 * @param dependency what package.json asks for as ssp-toolkit
 * @returns names and texts
 */
export async function projectFiles(path: string, dependency: string): Promise<(readonly [string, string])[]> {
  const names = (await readdir(template)).toSorted();
  const files = names.map(async (name) => [name, await readFile(`${template}${name}`, 'utf8')] as const);
  return [
    ['package.json', manifest(packageName(path), dependency)],
    // npm leaves files of this name out of a package, so it cannot be one of the template.
    ['.gitignore', 'node_modules/\n'],
    ...(await Promise.all(files)),
  ];
}

function manifest(name: string, dependency: string): string {
  const content = {
    name,
    version: '0.1.0',
    private: true,
    type: 'module',
    engines: { node: '>=20.19' },
    scripts: { start: 'node main.js', test: 'node --test' },
    dependencies: { 'ssp-toolkit': dependency },
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}
