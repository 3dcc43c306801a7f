/** DATA: the form of its frame [secure-groups SD-4]. What is in it opens with the keys of its epoch (`epoch-keys.ts`). */
import { Buffer } from 'node:buffer';
import {
  AGREED_MESS,
  CAUSAL_MESS,
  FIFO_MESS,
  REGULAR_MESS,
  RELIABLE_MESS,
  SAFE_MESS,
  SELF_DISCARD,
  SUBGROUP_CAST,
  UNRELIABLE_MESS,
} from '../../wire/service.js';
import { label, type Mode, SecureWriter } from './context.js';
import { DATA_HEADER_BYTES, DATA_OVERHEAD, KIND_DATA, SIGNATURE_BYTES, VERSION } from './limits.js';
import type { Frame } from './messages.js';

/** To the whole group. */
export const STREAM_GROUP = 0;
/** Subgroup cast: each has keys and counters of its own. */
export const STREAM_SUBGROUP = 1;

/** Control: the sender has the key. Its first message in each epoch. */
export const CONFIRM = 1;
/** Control: a new key, please. The epoch after this one follows. */
export const REKEY = 2;

const MEMBER_FLAG = 1;
const CONTROL_FLAG = 2;

const NO_HEADER = new Uint8Array(DATA_HEADER_BYTES);

const AAD_LABEL = label('aad');
const MESSAGE_LABEL = label('message');

/** Everything in the service word that a message is bound to. */
const SERVICE_MASK = REGULAR_MESS | SELF_DISCARD | SUBGROUP_CAST;

export interface DataHeader {
  readonly stream: number;
  readonly isControl: boolean;
  readonly epoch: number;
  readonly counter: number;
}

/** Body of a REKEY. */
export function rekeyBody(epoch: number): Buffer {
  const body = Buffer.alloc(4);
  body.writeUInt32LE(epoch);
  return body;
}

/** The service that secure groups send for it: what may come in any order cannot be counted. */
export const secureService = (service: number): number =>
  (service & (UNRELIABLE_MESS | RELIABLE_MESS)) === 0
    ? service
    : (service & ~(UNRELIABLE_MESS | RELIABLE_MESS)) | FIFO_MESS;

const isSecureService = (service: number): boolean => {
  const kind = service & REGULAR_MESS;
  return kind === FIFO_MESS || kind === CAUSAL_MESS || kind === AGREED_MESS || kind === SAFE_MESS;
};

/** Writes the 16 bytes of a header. */
export function writeDataHeader(bytes: Buffer, at: number, header: DataHeader, mode: Mode): void {
  bytes[at] = VERSION;
  bytes[at + 1] = KIND_DATA;
  bytes[at + 2] = header.stream;
  bytes[at + 3] = (mode === 'member' ? MEMBER_FLAG : 0) | (header.isControl ? CONTROL_FLAG : 0);
  bytes.writeUInt32LE(header.epoch, at + 4);
  bytes.writeUInt32LE(header.counter, at + 8);
  bytes.writeUInt32LE(0, at + 12);
}

/** The header of a frame that has the form of DATA; null for every other one, before any cryptography. */
export function readDataHeader(frame: Frame, group: string, mode: Mode): DataHeader | null {
  const { body, service, groups } = frame;
  if (body.length < DATA_OVERHEAD + (mode === 'member' ? SIGNATURE_BYTES : 0)) return null;
  const [version, kind, stream, flags] = body as unknown as readonly [number, number, number, number];
  if (version !== VERSION || kind !== KIND_DATA || !isSecureService(service)) return null;
  if ((flags & ~CONTROL_FLAG) !== (mode === 'member' ? MEMBER_FLAG : 0)) return null;
  const isSubgroup = (service & SUBGROUP_CAST) !== 0;
  if (stream !== (isSubgroup ? STREAM_SUBGROUP : STREAM_GROUP)) return null;
  if (groups.at(-1) !== group || (!isSubgroup && groups.length !== 1)) return null;
  const isControl = (flags & CONTROL_FLAG) !== 0;
  if (isControl && (service & SERVICE_MASK) !== AGREED_MESS) return null;
  const view = new DataView(body.buffer, body.byteOffset, DATA_HEADER_BYTES);
  // Nobody encrypts 2^32 messages under one key, so the upper half is zero.
  if (view.getUint32(12, true) !== 0) return null;
  return { stream, isControl, epoch: view.getUint32(4, true), counter: view.getUint32(8, true) };
}

/** What a message is bound to: view, sender, service and receivers, and 16 bytes of room for its header at the end. */
export function bindingOf(
  id: Uint8Array,
  sender: string,
  service: number,
  groups: readonly string[],
): Buffer {
  const out = new SecureWriter(128 + 36 * groups.length).raw(AAD_LABEL).raw(id).str(sender);
  out.u32(service & SERVICE_MASK).u16(groups.length);
  for (const name of groups) out.str(name);
  return out.raw(NO_HEADER).finish();
}

/** What the view key of the sender signs in member mode. @param plain type and body */
export const signedInput = (aad: Uint8Array, plain: Uint8Array): Uint8Array =>
  Buffer.concat([MESSAGE_LABEL, aad, plain]);
