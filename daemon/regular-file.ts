/**
 * Opens files that the daemon writes, and nothing but files: a pipe that nobody reads would hold the daemon up, and a
 * device takes what it is given as commands. So what is there is looked at before it is opened, and again afterwards.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, type Stats, statSync } from 'node:fs';

/** What stands at the path is not a regular file. */
export class NotRegularError extends Error {
  override readonly name = 'NotRegularError';
}

const kinds: readonly (readonly [what: string, test: (stats: Stats) => boolean])[] = [
  ['a directory', (stats) => stats.isDirectory()],
  ['a pipe', (stats) => stats.isFIFO()],
  ['a socket', (stats) => stats.isSocket()],
  ['a symbolic link', (stats) => stats.isSymbolicLink()],
  ['a device', (stats) => stats.isCharacterDevice() || stats.isBlockDevice()],
];

function check(stats: Stats): void {
  if (stats.isFile()) return;
  const [what] = kinds.find(([, test]) => test(stats)) ?? ['something else'];
  throw new NotRegularError(`expected a regular file, found ${what}`);
}

/**
 * The kind of what is there, if anything is. A link counts as what it leads to, unless it may not be followed.
 * @throws NotRegularError, or the error of the system when it cannot be looked at
 */
export function checkRegular(path: string, mayFollow: boolean): boolean {
  const stats = (mayFollow ? statSync : lstatSync)(path, { throwIfNoEntry: false });
  if (stats !== undefined) check(stats);
  return stats !== undefined;
}

/**
 * Never waits for the other end of a pipe.
 * @param flags of `open`; with `O_NOFOLLOW` the path must not be a link
 * @returns the descriptor
 * @throws NotRegularError, or the error of the system
 */
export function openRegular(path: string, flags: number, mode?: number): number {
  checkRegular(path, (flags & (constants.O_NOFOLLOW ?? 0)) === 0);
  const descriptor = openSync(path, flags | (constants.O_NONBLOCK ?? 0), mode);
  try {
    check(fstatSync(descriptor));
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}
