/** Both ends of a connection put together from the parts of lib/wire, fed with any pieces of a byte stream. */
import { Buffer } from 'node:buffer';
import { checkDelivery } from '../../lib/wire/delivery.js';
import { type FaultReason, FrameFault } from '../../lib/wire/fault.js';
import { type FrameHandler, FrameReader } from '../../lib/wire/frame-reader.js';
import { ClientHandshake, type ClientHandshakeOptions } from '../../lib/wire/handshake/client-handshake.js';
import { type HandshakePolicy, ServerHandshake } from '../../lib/wire/handshake/server-handshake.js';
import { nameField } from '../../lib/wire/name.js';
import { checkRequest } from '../../lib/wire/request.js';

/** What a side made of the bytes. */
export interface Heard {
  /** What it wrote in the handshake, in hexadecimal. */
  readonly written: string;
  /** The private group, the refusing code, or null when the handshake is not over. */
  readonly outcome: string | number | null;
  /** Whole frames behind the handshake, in hexadecimal. */
  readonly frames: readonly string[];
  /** Why the rest was not read. */
  readonly fault: FaultReason | null;
  /** Bytes of a frame that is not complete. */
  readonly pending: number;
}

/** The buffer for a frame's first piece; beyond it a reader may hold twice what came. */
const FIRST_BYTES = 1024;

/** Gathers the frames of one direction. A fault is a result; any other error, and memory without bytes, is thrown. */
export class Frames {
  readonly list: string[] = [];
  fault: FaultReason | null = null;
  private readonly reader: FrameReader;

  constructor(header: FrameHandler['header']) {
    this.reader = new FrameReader({
      header,
      frame: (bytes, start, end) => void this.list.push(bytes.toString('hex', start, end)),
    });
  }

  get pending(): number {
    return this.reader.pending;
  }

  push(piece: Buffer): void {
    try {
      this.reader.push(piece);
    } catch (error) {
      if (!(error instanceof FrameFault)) throw error;
      this.fault = error.reason;
    }
    const gathered: unknown = Reflect.get(this.reader, 'gathered');
    if (gathered === undefined) throw new Error('the reader keeps its bytes elsewhere now');
    const held = Buffer.isBuffer(gathered) ? gathered.length : 0;
    if (held > Math.max(FIRST_BYTES, 2 * this.pending)) {
      throw new Error(`${held} bytes are held for ${this.pending}`);
    }
  }
}

/** The checks of a daemon for the session with this private group. */
export const daemonFrames = (group: string): Frames => {
  const own = nameField(group);
  return new Frames((bytes, at) => checkRequest(bytes, at, own, group.length));
};

export const clientFrames = (): Frames => new Frames(checkDelivery);

const heard = (
  written: readonly Buffer[],
  outcome: string | number | null,
  frames: Frames | null,
): Heard => ({
  written: Buffer.concat(written).toString('hex'),
  outcome,
  frames: frames?.list ?? [],
  fault: frames?.fault ?? null,
  pending: frames?.pending ?? 0,
});

/** A daemon that hears these pieces from a client. */
export function daemonHears(policy: HandshakePolicy, pieces: readonly Buffer[]): Heard {
  const handshake = new ServerHandshake(policy);
  const written: Buffer[] = [];
  let outcome: string | number | null = null;
  let frames: Frames | null = null;
  for (const piece of pieces) {
    if (frames !== null) {
      frames.push(piece);
      continue;
    }
    const step = handshake.push(piece);
    if (step.write !== null) written.push(step.write);
    if (step.kind === 'rejected') outcome = step.code;
    if (step.kind !== 'accepted') continue;
    outcome = step.privateGroup;
    frames = daemonFrames(outcome);
    frames.push(step.rest);
  }
  return heard(written, outcome, frames);
}

/** A client that hears these pieces from a daemon. */
export function clientHears(options: ClientHandshakeOptions, pieces: readonly Buffer[]): Heard {
  const handshake = new ClientHandshake(options);
  const written: Buffer[] = [handshake.request()];
  let outcome: string | number | null = null;
  let frames: Frames | null = null;
  for (const piece of pieces) {
    if (frames !== null) {
      frames.push(piece);
      continue;
    }
    const step = handshake.push(piece);
    if (step.kind === 'refused') outcome = step.code;
    else if (step.write !== null) written.push(step.write);
    if (step.kind !== 'accepted') continue;
    outcome = step.accept.privateGroup;
    frames = clientFrames();
    frames.push(step.rest);
  }
  return heard(written, outcome, frames);
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
