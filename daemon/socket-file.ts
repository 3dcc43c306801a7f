/** The file of a local socket: one that a dead process left is in the way of the next. */
import { once } from 'node:events';
import { lstat, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';

/**
 * Removes a socket that nobody serves. One that answers, or a file that is no socket, is not touched.
 * @returns why the path cannot be had, or null
 */
export async function clearSocketFile(path: string): Promise<string | null> {
  const directory = dirname(path);
  // Node takes a missing directory for a missing permission.
  if (!(await stat(directory).catch(() => null))?.isDirectory()) return `there is no directory ${directory}`;
  const found = await lstat(path).catch(() => null);
  if (found === null) return null;
  if (!found.isSocket()) return 'the file exists and is no socket';
  if (await isServed(path)) return 'the address is in use, perhaps by another daemon';
  try {
    await rm(path, { force: true });
    return null;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'EACCES' || code === 'EPERM' ? 'permission denied' : message;
  }
}

/** Only a refusal shows that nobody is behind the file: who is too busy to answer, or not to be asked by us, lives. */
async function isServed(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code !== 'ECONNREFUSED' && code !== 'ENOENT';
  } finally {
    socket.destroy();
  }
}
