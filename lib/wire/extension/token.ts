/**
 * Fields of a token, by which a client proves at any daemon that a session was its own. Whoever has the key makes the
 * code of authentication behind them; this file has no cryptography.
 */
import { Buffer } from '#buffer';
import { type ByteReader, Malformed } from '../../util/bytes.js';
import { MAX_DAEMON_NAME, MAX_PRIVATE_NAME } from '../limits.js';
import { fieldWriter, readPart, readText } from './frame.js';

/** The longest token that HELLO and WELCOME carry. */
export const MAX_TOKEN_BYTES = 128;
/** Bytes of the hash of the principal. */
export const PRINCIPAL_BYTES = 8;
/** Bytes of the code of authentication. */
export const MAC_BYTES = 16;

/** What a token says. */
export interface Token {
  /** Which key of the daemons it is sealed with. */
  readonly keyId: number;
  /** Id of the session. */
  readonly sid: bigint;
  /** When it was made, in seconds since 1970. */
  readonly time: number;
  /** Private name of the session at the daemon that made the token. */
  readonly name: string;
  /** Name of that daemon. */
  readonly daemon: string;
  /** First 8 bytes of the hash of who the client proved to be. */
  readonly principal: Buffer;
}

/** A token as it came, not checked. */
export interface ReceivedToken {
  readonly token: Token;
  /** The bytes that the code is made of. */
  readonly sealed: Buffer;
  /** The code of authentication. */
  readonly mac: Buffer;
}

/** The bytes that the code of authentication is made of. */
export const encodeTokenFields = (token: Token): Buffer =>
  fieldWriter(MAX_TOKEN_BYTES)
    .u32(token.keyId)
    .u64(token.sid)
    .u32(token.time)
    .latin1(token.name)
    .latin1(token.daemon)
    .raw(token.principal)
    .finish();

/** A whole token. @param mac of the fields */
export const encodeToken = (fields: Buffer, mac: Buffer): Buffer => Buffer.concat([fields, mac]);

/**
 * Reads a token; who made it is for the code to tell.
 * @throws FrameFault `extension`
 */
export const readToken = (bytes: Buffer): ReceivedToken =>
  readPart('token', bytes, 0, bytes.length, (reader) => {
    const token = readFields(reader);
    const sealed = bytes.subarray(0, bytes.length - reader.left);
    if (reader.left !== MAC_BYTES)
      throw new Malformed(`expected a code of ${MAC_BYTES} bytes, got ${reader.left}`);
    return { token, sealed, mac: reader.raw(MAC_BYTES) };
  });

/** The hash of the principal, in a token whose code nobody checks; null in what is too short to be one. */
export const principalIn = (bytes: Buffer): Buffer | null =>
  bytes.length > PRINCIPAL_BYTES + MAC_BYTES
    ? bytes.subarray(-PRINCIPAL_BYTES - MAC_BYTES, -MAC_BYTES)
    : null;

const readFields = (reader: ByteReader): Token => ({
  keyId: reader.u32(),
  sid: reader.u64(),
  time: reader.u32(),
  name: readText(reader, 'a private name', 1, MAX_PRIVATE_NAME),
  daemon: readText(reader, 'a daemon name', 1, MAX_DAEMON_NAME),
  principal: reader.raw(PRINCIPAL_BYTES),
});
