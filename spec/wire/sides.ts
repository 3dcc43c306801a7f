/** Both ends of a connection put together from the parts of lib/wire, fed with any pieces of a byte stream. */
import { Buffer } from 'node:buffer';
import { checkDelivery } from '../../lib/wire/delivery.js';
import { FrameReader } from '../../lib/wire/frame-reader.js';
import { ClientHandshake, type ClientHandshakeOptions } from '../../lib/wire/handshake/client-handshake.js';
import { type HandshakePolicy, ServerHandshake } from '../../lib/wire/handshake/server-handshake.js';
import { nameField } from '../../lib/wire/name.js';
import { checkRequest } from '../../lib/wire/request.js';

export interface Heard {
  /** What the side wrote in its handshake. */
  readonly written: string;
  /** The private group, the refusing code, or null when the handshake is not over. */
  readonly outcome: string | number | null;
  /** Whole frames behind the handshake, in hexadecimal. */
  readonly frames: readonly string[];
  /** Bytes of a frame that is not complete. */
  readonly pending: number;
}

const hexOf = (buffers: readonly Buffer[]): string => Buffer.concat(buffers).toString('hex');

/** A daemon that hears these pieces from a client. */
export function daemonHears(policy: HandshakePolicy, pieces: readonly Buffer[]): Heard {
  const handshake = new ServerHandshake(policy);
  const written: Buffer[] = [];
  const frames: string[] = [];
  let outcome: string | number | null = null;
  let reader: FrameReader | null = null;
  for (const piece of pieces) {
    if (reader !== null) {
      reader.push(piece);
      continue;
    }
    if (outcome !== null) break;
    const step = handshake.push(piece);
    if (step.write !== null) written.push(step.write);
    if (step.kind === 'rejected') outcome = step.code;
    if (step.kind !== 'accepted') continue;
    outcome = step.privateGroup;
    const own = nameField(outcome);
    const ownLength = outcome.length;
    reader = new FrameReader({
      header: (bytes, at) => checkRequest(bytes, at, own, ownLength),
      frame: (bytes, start, end) => void frames.push(bytes.toString('hex', start, end)),
    });
    reader.push(step.rest);
  }
  return { written: hexOf(written), outcome, frames, pending: reader?.pending ?? 0 };
}

/** A client that hears these pieces from a daemon. */
export function clientHears(options: ClientHandshakeOptions, pieces: readonly Buffer[]): Heard {
  const handshake = new ClientHandshake(options);
  const written: Buffer[] = [handshake.request()];
  const frames: string[] = [];
  let outcome: string | number | null = null;
  let reader: FrameReader | null = null;
  for (const piece of pieces) {
    if (reader !== null) {
      reader.push(piece);
      continue;
    }
    if (outcome !== null) break;
    const step = handshake.push(piece);
    if ('write' in step && step.write !== null) written.push(step.write);
    if (step.kind === 'refused') outcome = step.code;
    if (step.kind !== 'accepted') continue;
    outcome = step.accept.privateGroup;
    reader = new FrameReader({
      header: checkDelivery,
      frame: (bytes, start, end) => void frames.push(bytes.toString('hex', start, end)),
    });
    reader.push(step.rest);
  }
  return { written: hexOf(written), outcome, frames, pending: reader?.pending ?? 0 };
}

/** The bytes cut into pieces behind each of these positions. */
export function cutAt(bytes: Buffer, positions: readonly number[]): Buffer[] {
  const ends = [...positions, bytes.length];
  return ends.map((end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end));
}

/** The bytes in pieces of one size. */
export function inPieces(bytes: Buffer, size: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return pieces;
}
