/** Where processes of one application and one user meet: a directory that nobody else may enter. */
import { lstat, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorOf } from '../../errors.js';
import { COULD_NOT_CONNECT } from '../../wire/codes.js';

/** Files of a place. */
export interface SharedPlace {
  /** The local socket of the daemon. */
  readonly socket: string;
  /** The process that holds it may open that socket. */
  readonly lock: string;
}

/** What is allowed to others, in the mode of a file. */
const OTHERS = 0o077;

/**
 * Makes the directory, where it is missing.
 * @param base default `$XDG_RUNTIME_DIR`, else the directory for temporary files
 * @throws CouldNotConnectError when somebody else can enter it, and the errors of the system
 */
export async function sharedPlace(app: string, base: string | undefined): Promise<SharedPlace> {
  const uid = process.getuid?.() ?? 0;
  const own = join(base ?? (process.env.XDG_RUNTIME_DIR || tmpdir()), `ssp-${uid}`);
  await mkdir(own, { recursive: true, mode: 0o700 });
  // In a directory for everybody, somebody else may have made it first.
  const found = await lstat(own);
  if (!found.isDirectory() || found.uid !== uid || (found.mode & OTHERS) !== 0)
    throw errorOf(COULD_NOT_CONNECT, `${own} must be a directory that only its owner, uid ${uid}, may enter`);
  const directory = join(own, app);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  return { socket: join(directory, 'sspd.sock'), lock: join(directory, 'lock') };
}
