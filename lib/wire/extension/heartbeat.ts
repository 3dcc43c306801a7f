/** PING and PONG: whoever has been silent for too long asks, and the other side sends the same number back. */
import type { Buffer } from '#buffer';
import type { ByteReader } from '../../util/bytes.js';
import { Kind, encodeExtension, fieldWriter, readField } from './frame.js';

/** @param value to be sent back */
export const encodePing = (value: bigint): Buffer => encodeExtension(Kind.PING, fieldWriter().u64(value));

/** @param value of the PING that it answers */
export const encodePong = (value: bigint): Buffer => encodeExtension(Kind.PONG, fieldWriter().u64(value));

/** Reads the frame PING. @throws FrameFault */
export const readPing = (bytes: Buffer, start: number): bigint => readField('PING', bytes, start, readValue);

/** Reads the frame PONG. @throws FrameFault */
export const readPong = (bytes: Buffer, start: number): bigint => readField('PONG', bytes, start, readValue);

const readValue = (reader: ByteReader): bigint => reader.u64();
