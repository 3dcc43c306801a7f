/** The packages that the programs need to run, as npm has installed them. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  /** As in its `package.json`: `MIT`. */
  readonly license: string;
  /** Its folder, from the root of the clone: `node_modules/ws`. */
  readonly folder: string;
  /** Text of its licence; empty where it brings none. */
  readonly licenseText: string;
}

interface Locked {
  readonly version: string;
  readonly license?: string;
  readonly dev?: true;
  readonly devOptional?: true;
  readonly peer?: true;
}

/** npm writes it after each installation, with what is there and why. */
const INSTALLED = 'node_modules/.package-lock.json';

export const isLicenseFile = (file: string): boolean =>
  /^(?:licen[cs]e|copying|notice)(?:\.\w+)?$/i.test(file);

/**
 * Everything that `npm install --omit=dev` would leave here.
 *
 * @param root folder of the clone
 * @throws Error when another package manager has installed the dependencies, or nothing has
 */
export function productionPackages(root: string): InstalledPackage[] {
  const { packages } = JSON.parse(readInstalled(root)) as {
    readonly packages: Readonly<Record<string, Locked>>;
  };
  return Object.entries(packages)
    .filter(([, { dev, devOptional, peer }]) => !dev && !devOptional && !peer)
    .map(([folder, { version, license = 'unknown' }]) => ({
      name: folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version,
      license,
      folder,
      licenseText: licenseText(join(root, folder)),
    }));
}

function readInstalled(root: string): string {
  try {
    return readFileSync(join(root, INSTALLED), 'utf8');
  } catch (cause) {
    throw new Error(`expected ${INSTALLED}, got none: install the dependencies with npm`, { cause });
  }
}

function licenseText(folder: string): string {
  const files = readdirSync(folder).filter(isLicenseFile).toSorted();
  return files.map((file) => readFileSync(join(folder, file), 'utf8').trim()).join('\n\n');
}
