/** The daemon's last word in the handshake [session 3.7, 3.10]. */
import { Buffer } from '#buffer';
import { ACCEPT_SESSION, CONNECTION_CLOSED, REJECT_VERSION } from '../codes.js';
import { MAX_NAME_LENGTH } from '../limits.js';
import {
  FIRST_WITH_PATCH,
  MAX_VERSION_BYTE,
  PROTOCOL_VERSION,
  type Version,
  versionNumber,
} from './connect-request.js';

/** The answer of a daemon that accepts a session [session 3.7]. */
export interface Accept {
  /** Version of the daemon. */
  readonly version: Version;
  /** The private group of the session, `#name#daemon`. */
  readonly privateGroup: string;
}

/** @param client version of the client: older ones expect no patch byte */
export function encodeAccept(client: Version, privateGroup: string): Buffer {
  const { major, minor, patch } = PROTOCOL_VERSION;
  const version = versionNumber(client) >= FIRST_WITH_PATCH ? [major, minor, patch] : [major, minor];
  return Buffer.concat([
    Buffer.from([ACCEPT_SESSION, ...version, privateGroup.length]),
    Buffer.from(privateGroup, 'latin1'),
  ]);
}

/** A code as its one signed byte. */
export const encodeCode = (code: number): Buffer => Buffer.from([code & 0xff]);

/** Any first byte other than ACCEPT_SESSION, as the signed number it is. */
export const readCode = (byte: number): number => (byte << 24) >> 24;

/** Oldest daemon the C library talks to, and the oldest that takes a priority [session 3.10]. */
const OLDEST_DAEMON_MAJOR = 3;
const FIRST_WITH_PRIORITY = 30_800;

/**
 * Reads an accept from the start of `bytes`, three version bytes.
 * @returns the accept and its length, the code that connect answers with, or null when bytes are missing
 */
export function readAccept(
  bytes: Buffer,
  priority: number,
): { accept: Accept; length: number } | number | null {
  if (bytes.length < 1) return null;
  const code = readCode(bytes[0] as number);
  if (code !== ACCEPT_SESSION) return code;
  if (bytes.length < 5) return null;
  const [major, minor, patch] = [bytes[1] as number, bytes[2] as number, bytes[3] as number];
  const nameLength = bytes[4] as number;
  if (Math.max(major, minor, patch) > MAX_VERSION_BYTE || nameLength > MAX_NAME_LENGTH)
    return CONNECTION_CLOSED;
  const version = { major, minor, patch };
  if (major < OLDEST_DAEMON_MAJOR) return REJECT_VERSION;
  if (priority > 0 && versionNumber(version) < FIRST_WITH_PRIORITY) return REJECT_VERSION;
  const length = 5 + nameLength;
  if (bytes.length < length) return null;
  return { accept: { version, privateGroup: bytes.toString('latin1', 5, length) }, length };
}
