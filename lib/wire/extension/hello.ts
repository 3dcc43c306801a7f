/** HELLO: what a client wants, directly behind its credentials. A stream has it, so its length stands before it. */
import type { Buffer } from '#buffer';
import { type ByteReader, Malformed } from '../../util/bytes.js';
import { bad, fieldWriter, readPart } from './frame.js';
import { POSITION_BYTES, type Position, readPosition, writePosition } from './position.js';
import { MAX_TOKEN_BYTES } from './token.js';

/** The one version there is; a later one only adds fields behind these. */
export const EXTENSION_VERSION = 1;

/** What a client wants of the extension. */
export interface Hello {
  /** Bits, as in `features`. */
  readonly features: number;
  /** How long the daemon should keep the session when the connection ends. */
  readonly holdMs: number;
  /** How long either side may be silent before it sends PING; 0 for no limit. */
  readonly heartbeatMs: number;
  /** 0 for a new session; higher with every resume that is tried. */
  readonly attempt: number;
  /** Proof that this is the session of before, and what has come of it; null for a new session. */
  readonly resume: {
    /** What WELCOME gave, 1 to 128 bytes. */
    readonly token: Buffer;
    /** What has come so far. */
    readonly position: Position;
  } | null;
}

const LENGTH_BYTES = 2;
const MIN_HELLO_BYTES = 20;
export const MAX_HELLO_BYTES = 1024;

/** @param hello its token has 1 to 128 bytes */
export function encodeHello(hello: Hello): Buffer {
  const { resume } = hello;
  const token = resume?.token;
  const length = MIN_HELLO_BYTES + (token ? token.length + POSITION_BYTES : 0);
  const writer = fieldWriter(LENGTH_BYTES + length)
    .u16(length)
    .u8(EXTENSION_VERSION)
    .u8(0)
    .u32(hello.features)
    .u32(hello.holdMs)
    .u32(hello.heartbeatMs)
    .u32(hello.attempt)
    .u16(token?.length ?? 0);
  if (resume) writePosition(writer.raw(resume.token), resume.position);
  return writer.finish();
}

/**
 * Reads a HELLO from the start of `bytes`.
 * @returns it and its length, or null when bytes are missing
 * @throws FrameFault `extension`
 */
export function readHello(bytes: Buffer): { hello: Hello; length: number } | null {
  if (bytes.length < LENGTH_BYTES) return null;
  const length = bytes.readUInt16LE(0);
  if (length < MIN_HELLO_BYTES || length > MAX_HELLO_BYTES) {
    throw bad('HELLO', `expected ${MIN_HELLO_BYTES} to ${MAX_HELLO_BYTES} bytes, got ${length}`);
  }
  const end = LENGTH_BYTES + length;
  if (bytes.length < end) return null;
  return { hello: readPart('HELLO', bytes, LENGTH_BYTES, end, readFields), length: end };
}

function readFields(reader: ByteReader): Hello {
  readVersion(reader);
  reader.u8();
  const [features, holdMs, heartbeatMs, attempt] = [reader.u32(), reader.u32(), reader.u32(), reader.u32()];
  const tokenLength = reader.u16();
  if (tokenLength > MAX_TOKEN_BYTES) {
    throw new Malformed(`expected a token of at most ${MAX_TOKEN_BYTES} bytes, got ${tokenLength}`);
  }
  const resume =
    tokenLength === 0 ? null : { token: reader.raw(tokenLength), position: readPosition(reader) };
  return { features, holdMs, heartbeatMs, attempt, resume };
}

/** @throws Malformed for the version 0 */
export function readVersion(reader: ByteReader): void {
  const version = reader.u8();
  if (version < EXTENSION_VERSION) {
    throw new Malformed(`expected version ${EXTENSION_VERSION} or later, got ${version}`);
  }
}
