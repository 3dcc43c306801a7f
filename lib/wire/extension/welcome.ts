/** WELCOME: what a daemon grants, directly before its accept. A stream has it, so its length stands before it. */
import type { Buffer } from '#buffer';
import { type ByteReader, Malformed } from '../../util/bytes.js';
import { readAddresses, writeAddresses } from './addresses.js';
import { bad, fieldWriter, numberOf, readPart, wordOf } from './frame.js';
import { EXTENSION_VERSION, readVersion } from './hello.js';
import { MAX_TOKEN_BYTES } from './token.js';

/**
 * What becomes of the session that the client has proved to be its own: a new one, the one that is alive at this daemon, the
 * one of before without a loss, the one of before with a gap, or a new one because nobody knows the old one.
 */
const VERDICTS = ['new', 'here', 'whole', 'gap', 'unknown'] as const;
/** What becomes of the session that a client comes back to. */
export type WelcomeVerdict = (typeof VERDICTS)[number];

/** What a daemon grants. */
export interface Welcome {
  /** What becomes of the session. */
  readonly verdict: WelcomeVerdict;
  /** Bits, as in `features`: a subset of those wanted. */
  readonly features: number;
  /** Id of the session. */
  readonly sid: bigint;
  /** Number of the last request of the session that is stable, as far as this daemon knows. */
  readonly stable: number;
  /** How long the daemon keeps the session when the connection ends. */
  readonly holdMs: number;
  /** How long either side may be silent before it sends PING; 0 for no limit. */
  readonly heartbeatMs: number;
  /** How long the daemons keep what a client has to be told after a loss. */
  readonly windowMs: number;
  /** First position of the session: as if a mark with equal indexes had come. */
  readonly position: {
    /** Tag of the daemon view. */
    readonly tag: bigint;
    /** Index of the last payload. */
    readonly index: number;
    /** Hash of the history up to there. */
    readonly hash: bigint;
  };
  /** To be used from now on; empty when the session cannot be resumed. */
  readonly token: Buffer;
  /** Daemons of this view, this one first. */
  readonly addresses: readonly string[];
}

/**
 * A refusing code may come in the place of a WELCOME. No WELCOME begins with a byte from here on, and every code of the
 * handshake does.
 */
export const FIRST_CODE_BYTE = 0xf0;

const LENGTH_BYTES = 2;
const MIN_WELCOME_BYTES = 58;

export function encodeWelcome(welcome: Welcome): Buffer {
  const { position, token } = welcome;
  const writer = fieldWriter(256)
    .u16(0)
    .u8(EXTENSION_VERSION)
    .u8(numberOf(VERDICTS, welcome.verdict, 0))
    .u32(welcome.features)
    .u64(welcome.sid)
    .u48(welcome.stable)
    .u32(welcome.holdMs)
    .u32(welcome.heartbeatMs)
    .u32(welcome.windowMs)
    .u64(position.tag)
    .u48(position.index)
    .u64(position.hash)
    .u16(token.length)
    .raw(token);
  writeAddresses(writer, welcome.addresses);
  while (((writer.length - LENGTH_BYTES) & 0xff) >= FIRST_CODE_BYTE) writer.u8(0);
  const bytes = writer.finish();
  bytes.writeUInt16LE(bytes.length - LENGTH_BYTES, 0);
  return bytes;
}

/**
 * Reads a WELCOME from the start of `bytes`.
 * @returns it and its length, or null when bytes are missing
 * @throws FrameFault `extension`
 */
export function readWelcome(bytes: Buffer): { welcome: Welcome; length: number } | null {
  if (bytes.length < LENGTH_BYTES) return null;
  const length = bytes.readUInt16LE(0);
  if (length < MIN_WELCOME_BYTES) {
    throw bad('WELCOME', `expected at least ${MIN_WELCOME_BYTES} bytes, got ${length}`);
  }
  const end = LENGTH_BYTES + length;
  if (bytes.length < end) return null;
  return { welcome: readPart('WELCOME', bytes, LENGTH_BYTES, end, readFields), length: end };
}

function readFields(reader: ByteReader): Welcome {
  readVersion(reader);
  return {
    verdict: wordOf('a verdict', VERDICTS, reader.u8(), 0),
    features: reader.u32(),
    sid: reader.u64(),
    stable: reader.u48(),
    holdMs: reader.u32(),
    heartbeatMs: reader.u32(),
    windowMs: reader.u32(),
    position: { tag: reader.u64(), index: reader.u48(), hash: reader.u64() },
    token: readToken(reader),
    addresses: readAddresses(reader),
  };
}

function readToken(reader: ByteReader): Buffer {
  const length = reader.u16();
  if (length > MAX_TOKEN_BYTES) {
    throw new Malformed(`expected a token of at most ${MAX_TOKEN_BYTES} bytes, got ${length}`);
  }
  return reader.raw(length);
}
