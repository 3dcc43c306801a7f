/**
 * Finds and reads the files of the access control: by their given paths, else where Spread 5.0.1 looks [daemon 4.6].
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AccessRules, Method } from './access.js';
import { AccessFileError } from './lines.js';
import { IpRules } from './ip-rules.js';
import { Passwords } from './passwords.js';
import { Permissions } from './permissions.js';

export interface AccessFiles {
  readonly allowed: readonly Method[];
  readonly required: readonly Method[];
  /** Null: `spread.access_ip` in the working directory, then in `/etc`; without one IP refuses everybody. */
  readonly ipFile: string | null;
  /** Null: `spread.access_pword` in the same places; PWORD needs one. */
  readonly passwordFile: string | null;
  /** Null: no permissions, everything is allowed. */
  readonly groupFile: string | null;
  readonly cleartextPasswords: boolean;
}

const PLACES = ['.', '/etc'];
const IP_NAME = 'spread.access_ip';
const PASSWORD_NAME = 'spread.access_pword';

/** @throws AccessFileError for a file that cannot be read, or a line that is invalid */
export async function loadAccess(files: AccessFiles): Promise<AccessRules> {
  const { allowed, required, ipFile, passwordFile, groupFile, cleartextPasswords } = files;
  const uses = (method: Method): boolean => allowed.includes(method) || required.includes(method);
  const ip = uses('IP') ? await find(ipFile, IP_NAME) : null;
  const passwords = uses('PWORD') ? await find(passwordFile, PASSWORD_NAME) : null;
  if (uses('PWORD') && passwords === null) {
    throw new AccessFileError('PWORD needs this file, here or in /etc', PASSWORD_NAME);
  }
  const groups = groupFile === null ? null : await read(groupFile);
  return {
    allowed,
    required,
    cleartextPasswords,
    ip: ip === null ? new IpRules() : IpRules.parse(ip.text, ip.file),
    passwords: passwords === null ? new Passwords() : Passwords.parse(passwords.text, passwords.file),
    permissions: groups === null ? null : Permissions.parse(groups.text, groups.file),
  };
}

interface Found {
  readonly file: string;
  readonly text: string;
}

async function find(given: string | null, name: string): Promise<Found | null> {
  if (given !== null) return await read(given);
  for (const place of PLACES) {
    const found = await readIfThere(join(place, name));
    if (found) return found;
  }
  return null;
}

async function read(file: string): Promise<Found> {
  const found = await readIfThere(file);
  if (!found) throw new AccessFileError('cannot be read (ENOENT)', file);
  return found;
}

/** A file that is there and cannot be read is an error: the next place has other rules. */
async function readIfThere(file: string): Promise<Found | null> {
  try {
    return { file, text: await readFile(file, 'utf8') };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw new AccessFileError(`cannot be read (${code})`, file);
  }
}
