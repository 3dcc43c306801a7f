/** The first bytes of a client: version, options, private name [session 3.2, 3.3]. */
import { Buffer } from '#buffer';
import { REJECT_ILLEGAL_NAME, REJECT_VERSION } from '../codes.js';
import { MAX_PRIVATE_NAME } from '../limits.js';
import { isPrivateName } from '../name.js';

const MEMBERSHIP_OPTION = 0x01;
/** The client knows the extension. Spread 5.0.1 ignores the bit. */
const OFFER_OPTION = 0x02;
/** With this bit set Spread 5.0.1 gives no membership messages whatever bit 0 says. */
const MEMBERSHIP_OFF = 0x80;

/** The first bytes of a client. */
export interface ConnectRequest {
  /** Version of the client library. */
  readonly version: Version;
  /** Whether the session wants membership messages. */
  readonly membership: boolean;
  /** 0 to 15; no effect. */
  readonly priority: number;
  /** Empty when the daemon is to make up a name. */
  readonly name: string;
  /** Whether the client knows the extension between this library and this daemon. */
  readonly offers: boolean;
}

/** Writes a request; the name is cut to 10 bytes as the libraries do, any priority above 0 becomes 1. */
export function encodeConnectRequest(
  request: Omit<ConnectRequest, 'offers'> & Partial<Pick<ConnectRequest, 'offers'>>,
): Buffer {
  const { version, membership, priority, offers = false } = request;
  const name = Buffer.from(request.name, 'latin1').subarray(0, MAX_PRIVATE_NAME);
  const patch = versionNumber(version) >= FIRST_WITH_PATCH ? [version.patch] : [];
  const options =
    (membership ? MEMBERSHIP_OPTION : 0) | (offers ? OFFER_OPTION : 0) | (priority > 0 ? 0x10 : 0);
  return Buffer.concat([Buffer.from([version.major, version.minor, ...patch, options, name.length]), name]);
}

/**
 * Reads a request from the start of `bytes`.
 * @returns the request and its length, a reject code, or null when bytes are missing. Codes come as early as they
 * are certain, in the order version, name length, name bytes.
 */
export function readConnectRequest(
  bytes: Buffer,
): { request: ConnectRequest; length: number } | number | null {
  if (bytes.length < 2) return null;
  const major = bytes[0] as number;
  const minor = bytes[1] as number;
  if (major > MAX_VERSION_BYTE || versionNumber({ major, minor, patch: 0 }) < OLDEST_CLIENT) {
    return REJECT_VERSION;
  }
  const withPatch = versionNumber({ major, minor, patch: 0 }) >= FIRST_WITH_PATCH;
  const optionAt = withPatch ? 3 : 2;
  if (bytes.length < optionAt + 2) return null;
  const options = bytes[optionAt] as number;
  const nameLength = bytes[optionAt + 1] as number;
  if (nameLength > MAX_PRIVATE_NAME) return REJECT_ILLEGAL_NAME;
  const nameAt = optionAt + 2;
  const length = nameAt + nameLength;
  if (bytes.length < length) return null;
  const name = bytes.toString('latin1', nameAt, length);
  if (nameLength > 0 && !isPrivateName(name)) return REJECT_ILLEGAL_NAME;
  return {
    request: {
      version: { major, minor, patch: withPatch ? (bytes[2] as number) : 0 },
      membership: (options & (MEMBERSHIP_OPTION | MEMBERSHIP_OFF)) === MEMBERSHIP_OPTION,
      priority: options >> 4,
      name,
      offers: (options & OFFER_OPTION) !== 0,
    },
    length,
  };
}

/** Library and daemon versions and what depends on them [session 3.8]. */
export interface Version {
  /** First number of the version. */
  readonly major: number;
  /** Second number. */
  readonly minor: number;
  /** Third number; 0 where the protocol carries none. */
  readonly patch: number;
}

/**
 * What we announce on both sides: the version whose protocol this is. Old clients refuse daemons below 3 [session 3.7].
 */
export const PROTOCOL_VERSION: Version = { major: 5, minor: 0, patch: 1 };

/** One number to compare versions by. */
export const versionNumber = ({ major, minor, patch }: Version): number =>
  major * 10_000 + minor * 100 + patch;

/** The oldest library a daemon accepts. */
export const OLDEST_CLIENT = 30_100;
/** From here on the request and the accept carry a patch version. */
export const FIRST_WITH_PATCH = 31_500;
/** From here on there is a method list and a choice. */
export const FIRST_WITH_METHODS = 31_600;
/** Versions are signed bytes to Spread 5.0.1: 128 and above are no version. */
export const MAX_VERSION_BYTE = 127;
