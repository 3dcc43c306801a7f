/** Sizes and limits of secure groups [secure-groups SD-1, SD-8], and the Ed25519 points that no key may be. */

/** Message type of everything that secure groups send; applications have the types above it. */
export const SECURE_TYPE = -32765;
export const VERSION = 1;
/** X25519, Ed25519, HKDF with SHA-256, AES-256-GCM. */
export const SUITE = 1;

export const KIND_SHARE = 1;
export const KIND_SEAL = 2;
export const KIND_DATA = 3;

export const KEY_BYTES = 32;
export const HASH_BYTES = 32;
export const SIGNATURE_BYTES = 64;
export const TAG_BYTES = 16;
/** A secret of 32 bytes and its tag. */
export const BOX_BYTES = KEY_BYTES + TAG_BYTES;
export const PREVIOUS_BYTES = 16;
export const MAX_CREDENTIAL = 4096;

/** Members of one secure view: one SEAL has a box for each. */
export const MAX_MEMBERS = 500;
/** How far the clock of a sealer may be off the own one. */
export const MAX_CLOCK_SKEW_S = 300;

/** Longest wait before a rejoin, in times of `sealAfterMs`. */
export const MAX_BACKOFF = 32;
/** View ids that are remembered, so that none comes twice in a membership. */
export const MAX_SEEN = 65_536;

/** A rekey is asked for when one stream of a member reaches the first of each; after the second nothing is encrypted. */
export const REKEY_MESSAGES = 2 ** 28;
export const REKEY_BYTES = 2 ** 38;
export const MAX_MESSAGES = 2 ** 32;
export const MAX_BYTES = 2 ** 40;

/** Version, kind, stream, flags, epoch, counter. */
export const DATA_HEADER_BYTES = 16;
/** What DATA adds to a body: header, type of the user, tag. */
export const DATA_OVERHEAD = DATA_HEADER_BYTES + 2 + TAG_BYTES;
/** The most that a view-synchronous message takes on every daemon, without what the flush layer may append. */
const PORTABLE_BODY = 143_119 - 14;
/** The longest body of a message, also on a daemon of Spread: in member mode each has a signature. */
export const MAX_BODY = {
  group: PORTABLE_BODY - DATA_OVERHEAD,
  member: PORTABLE_BODY - DATA_OVERHEAD - SIGNATURE_BYTES,
} as const;

export const MAX_EXPORT_BYTES = 8160;
/** Longest label of an exported key, in bytes: node:crypto takes no more than 1024 for it and what stands around it. */
export const MAX_EXPORT_LABEL = 512;

/** A name in `allow` and in a certificate, in bytes. */
export const MAX_USER_NAME = 10;

/** y of the eight points of small order. The sign of x is bit 255, which is not compared. */
const SMALL_ORDER: ReadonlySet<string> = new Set([
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]);

const hexOf = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/**
 * Whether 32 bytes can be an Ed25519 key: y below p = 2^255 - 19, and no point of small order. Under such a point a
 * signature of zeros passes for any message.
 */
export function isSoundPoint(key: Uint8Array): boolean {
  if (key.length !== KEY_BYTES) return false;
  const y = Uint8Array.from(key);
  y[31] = (y[31] as number) & 0x7f;
  const isNotBelowP =
    y[31] === 0x7f && (y[0] as number) >= 0xed && y.subarray(1, 31).every((byte) => byte === 0xff);
  return !isNotBelowP && !SMALL_ORDER.has(hexOf(y));
}
