/** The files of local sockets: one that a dead process left is in the way of the next. */
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import type { Stats } from 'node:fs';
import { access, constants, lstat, readdir, readFile, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { IN_USE } from './tcp-address.js';

/** What `sun_path` holds, less its NUL. A longer path would be cut, and be another one. */
const MAX_PATH_BYTES = process.platform === 'linux' ? 107 : 103;

/** Files that are named like ports and looked at when a daemon starts; the others wait for the next start. */
const MAX_CANDIDATES = 1000;
/** A younger one may belong to a process that has bound it and listens in a moment. */
const MIN_AGE = 60_000;
/** As `unixPath` of the sessions makes it. */
const PORT_NAME = /^(0|[1-9]\d{0,4})$/;

/** Why no local socket can have this path, whatever is there now; null when one can. */
export async function socketPathFault(path: string): Promise<string | null> {
  const bytes = Buffer.byteLength(path);
  if (bytes > MAX_PATH_BYTES) return `expected a path of at most ${MAX_PATH_BYTES} bytes, got ${bytes}`;
  if (path.includes('\0')) return 'expected a path without NUL';
  const directory = dirname(path);
  // Node takes a missing directory for a missing permission.
  if (!(await stat(directory).catch(() => null))?.isDirectory()) return `no such directory: ${directory}`;
  return (await mayWrite(directory)) ? null : 'permission denied';
}

/**
 * Looks whether a local socket can be opened, and changes nothing. Whoever serves it notices nothing where the system
 * tells who does.
 * @returns why it cannot, or null. `IN_USE` passes with time, the others do not.
 */
export const socketObstacle = (path: string): Promise<string | null> =>
  obstacleAt(path, async () => ((await boundPaths()).has(path) ? 'served' : await askSocket(path)));

async function obstacleAt(path: string, ask: () => Promise<SocketState>): Promise<string | null> {
  const fault = await socketPathFault(path);
  if (fault !== null) return fault;
  const found = await lstat(path).catch(() => null);
  if (found === null) return null;
  if (!found.isSocket()) return 'the file exists and is not a socket';
  const state = await ask();
  if (state === 'served') return IN_USE;
  if (state === 'dead' && (await mayRemove(found, dirname(path)))) return null;
  return isOwn(found) ? 'permission denied' : othersSocket(found);
}

/**
 * Removes a socket that nobody serves. One that answers, or a file that is no socket, is not touched.
 * @returns why the path cannot be had, or null
 */
export async function clearSocketFile(path: string): Promise<string | null> {
  const obstacle = await obstacleAt(path, () => askSocket(path));
  if (obstacle !== null) return obstacle;
  try {
    await rm(path, { force: true });
    return null;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'EACCES' || code === 'EPERM' ? 'permission denied' : message;
  }
}

/**
 * Removes the local sockets that killed daemons of this user have left in a directory, whatever their ports.
 * @returns the paths removed
 */
export async function removeDeadSockets(directory: string): Promise<string[]> {
  const names = (await readdir(directory).catch(() => [])).filter((name) => PORT_NAME.test(name));
  const alive = await boundPaths();
  const removed: string[] = [];
  for (const name of names.slice(0, MAX_CANDIDATES)) {
    const path = join(directory, name);
    if (alive.has(path) || !(await isDead(path))) continue;
    const isGone = await rm(path).then(
      () => true,
      () => false,
    );
    if (isGone) removed.push(path);
  }
  return removed;
}

async function isDead(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => null);
  if (!found?.isSocket() || !isOwn(found) || Date.now() - found.mtimeMs < MIN_AGE) return false;
  return (await askSocket(path)) === 'dead';
}

/** Sockets that are bound in this network namespace: they need not be asked, which their daemons would note. */
async function boundPaths(): Promise<ReadonlySet<string>> {
  const text = await readFile('/proc/net/unix', 'utf8').catch(() => '');
  return new Set(text.split('\n').map((line) => line.split(' ').at(-1) ?? ''));
}

type SocketState = 'served' | 'dead' | 'forbidden';

/** Only a refusal shows that nobody is behind the file: one that is too busy to answer lives. */
async function askSocket(path: string): Promise<SocketState> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return 'served';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM') return 'forbidden';
    return code === 'ECONNREFUSED' || code === 'ENOENT' ? 'dead' : 'served';
  } finally {
    socket.destroy();
  }
}

const ownId = (): number => process.geteuid?.() ?? 0;

const isOwn = ({ uid }: Stats): boolean => uid === ownId();

const othersSocket = ({ uid }: Stats): string =>
  `a socket of another user (uid ${uid}) exists, which can be neither probed nor removed`;

/** In a directory like `/tmp` only its owner, the owner of the file and root may remove it. */
async function mayRemove(file: Stats, directory: string): Promise<boolean> {
  const { mode, uid } = await stat(directory);
  const isSticky = (mode & 0o1000) !== 0;
  return !isSticky || ownId() === 0 || uid === ownId() || isOwn(file);
}

const mayWrite = (directory: string): Promise<boolean> =>
  access(directory, constants.W_OK).then(
    () => true,
    () => false,
  );
