/**
 * The method PWORD: users and what their passwords hash to, `user:hash` a line [daemon 4.6]. Hashes are
 * scrypt in the PHC form `$scrypt$ln=14,r=8,p=1$salt$hash`; `sspd --hash-password` makes them. Spread's
 * traditional crypt hashes can be broken in minutes and are refused.
 */
import { Buffer } from 'node:buffer';
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { SspError, keepNames } from '../../lib/errors.js';
import {
  type Credentials,
  PASSWORD_BYTES,
  USER_BYTES,
  passwordFault,
} from '../../lib/wire/handshake/authentication.js';
import { AccessFileError, entriesOf } from './lines.js';

interface Hash {
  readonly cost: number;
  readonly blockSize: number;
  readonly parallel: number;
  readonly salt: Buffer;
  readonly key: Buffer;
}

const PHC = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{8,})\$([A-Za-z0-9+/]{22,})$/;
const CRYPT = /^[./0-9A-Za-z]{13}$/;
const LOG_COST = 14;
const MAX_LOG_COST = 17;
const BLOCK_SIZE = 8;
const MAX_BLOCK_SIZE = 32;
const MAX_PARALLEL = 16;
const SALT_BYTES = 16;
const KEY_BYTES = 32;

/** A password that cannot be used. One line, for the person who sets it. */
export class PasswordError extends SspError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_SSP_PASSWORD', message, options);
  }
}

keepNames({ PasswordError });

/**
 * Whether the protocol can carry it.
 * @throws PasswordError
 */
export function checkPassword(password: string): void {
  const fault = passwordFault(password);
  if (fault !== null) throw new PasswordError(fault);
}

export class Passwords {
  private readonly hashes = new Map<string, Hash>();
  /** Checked for users that do not exist, so that time does not tell who does. */
  private readonly nobody: Hash = {
    cost: 2 ** LOG_COST,
    blockSize: BLOCK_SIZE,
    parallel: 1,
    salt: randomBytes(SALT_BYTES),
    key: randomBytes(KEY_BYTES),
  };

  /** @throws AccessFileError for the first line that is no user and hash */
  static parse(text: string, file: string): Passwords {
    const passwords = new Passwords();
    for (const { text: entry, line } of entriesOf(text)) {
      const problem = passwords.add(entry);
      if (problem !== null) throw new AccessFileError(problem, file, line);
    }
    return passwords;
  }

  /** Whether the password is the user's. Takes some 50 ms of another thread, whoever the user is. */
  async verify({ user, password }: Credentials): Promise<boolean> {
    const hash = this.hashes.get(user);
    const { salt, key, ...cost } = hash ?? this.nobody;
    const derived = await derive(password, salt, key.length, cost);
    // An empty one is what a client without a password sends.
    return timingSafeEqual(derived, key) && hash !== undefined && password !== '';
  }

  /** Returns what is wrong with the entry, or null. */
  private add(entry: string): string | null {
    const colon = entry.indexOf(':');
    const user = entry.slice(0, Math.max(0, colon));
    const text = entry.slice(colon + 1);
    if (user === '' || user.length > USER_BYTES)
      return `expected user:hash with a user of 1 to ${USER_BYTES} bytes`;
    if (this.hashes.has(user)) return `duplicate user "${user}"`;
    if (CRYPT.test(text)) {
      return `the hash of "${user}" is a traditional crypt hash, which is not safe: make a new one with sspd --hash-password`;
    }
    const hash = readHash(text);
    if (!hash) return `the hash of "${user}" is not one that sspd --hash-password makes`;
    this.hashes.set(user, hash);
    return null;
  }
}

/** Null for what is no hash, and for costs that scrypt does not take or that would hold the daemon up. */
function readHash(text: string): Hash | null {
  const [, logCost, blockSize, parallel, salt, key] = PHC.exec(text) ?? [];
  if (salt === undefined || key === undefined) return null;
  const [n, r, p] = [Number(logCost), Number(blockSize), Number(parallel)];
  const isWithin =
    n >= 1 && n <= MAX_LOG_COST && r >= 1 && r <= MAX_BLOCK_SIZE && p >= 1 && p <= MAX_PARALLEL;
  // The cost is below 2 ** (16 r): RFC 7914, section 2.
  if (!isWithin || n >= 16 * r) return null;
  return {
    cost: 2 ** n,
    blockSize: r,
    parallel: p,
    salt: Buffer.from(salt, 'base64'),
    key: Buffer.from(key, 'base64'),
  };
}

/** A line's hash for a password; bytes beyond the protocol's 8 are left out, as they are on the wire. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const cost = { cost: 2 ** LOG_COST, blockSize: BLOCK_SIZE, parallel: 1 };
  const key = await derive(password, salt, KEY_BYTES, cost);
  const text = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');
  return `$scrypt$ln=${LOG_COST},r=${BLOCK_SIZE},p=1$${text(salt)}$${text(key)}`;
}

function derive(
  password: string,
  salt: Buffer,
  length: number,
  { cost, blockSize, parallel }: Pick<Hash, 'cost' | 'blockSize' | 'parallel'>,
): Promise<Buffer> {
  const bytes = Buffer.from(password, 'latin1').subarray(0, PASSWORD_BYTES);
  const options = { N: cost, r: blockSize, p: parallel, maxmem: 128 * blockSize * (cost + parallel + 2) };
  return new Promise((resolve, reject) => {
    scrypt(bytes, salt, length, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
