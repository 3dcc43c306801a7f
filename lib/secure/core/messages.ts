/**
 * SHARE and SEAL, the two messages by which a view agrees on its key: values to bytes and back. What has not exactly
 * this form is malformed [secure-groups 5]; whether it is true is another question, which needs the view (`agreement.ts`).
 */
import { Buffer } from 'node:buffer';
import { ByteReader, Malformed, readWhole } from '../../util/bytes.js';
import { AGREED_MESS } from '../../wire/service.js';
import { label, type Mode, SecureWriter } from './context.js';
import {
  BOX_BYTES,
  HASH_BYTES,
  KEY_BYTES,
  KIND_SEAL,
  KIND_SHARE,
  MAX_CREDENTIAL,
  PREVIOUS_BYTES,
  SIGNATURE_BYTES,
  SUITE,
  VERSION,
} from './limits.js';
import type { Pair, Provider } from './provider.js';

const SHARE_LABEL = label('share');
const SEAL_LABEL = label('seal-signature');
const MEMBER_FLAG = 1;

/** What a member contributes to an epoch: fresh public keys, signed by its identity. */
export interface ShareFields {
  readonly epoch: number;
  /** X25519. */
  readonly ephemeral: Uint8Array;
  /** Ed25519. */
  readonly identity: Uint8Array;
  /** Ed25519, in member mode; else null. */
  readonly viewKey: Uint8Array | null;
  /** Messages to the group that the member sent in the last epoch of its last secure view. */
  readonly sent: bigint;
  /** Proof that it had the key of that epoch; zeros without one. */
  readonly previous: Uint8Array;
  readonly credential: Uint8Array;
}

export interface Share extends ShareFields {
  /** All of it, as received. */
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}

/** The secret for one insider. */
export interface Box {
  /** Place of the insider in the flush view. */
  readonly index: number;
  readonly box: Uint8Array;
}

export interface SealFields {
  readonly epoch: number;
  /** Clock of the sealer, in seconds. */
  readonly now: bigint;
  readonly transcript: Uint8Array;
  readonly check: Uint8Array;
  /** By rising index. */
  readonly boxes: readonly Box[];
}

export interface Seal extends SealFields {
  /** All of it, as received. */
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}

/** A message as the flush layer hands it out. */
export interface Frame {
  readonly sender: string;
  /** Service word. */
  readonly service: number;
  /** As sent; of a subgroup cast the receivers, and the group at the end. */
  readonly groups: readonly string[];
  readonly body: Uint8Array;
}

/** SHARE and SEAL count only as agreed messages to exactly this group. */
export const isAgreedFrame = (frame: Frame, group: string): boolean =>
  frame.service === AGREED_MESS && frame.groups.length === 1 && frame.groups[0] === group;

/** The kind of a message of this version; 0 for one of another version. */
export const kindOf = (body: Uint8Array): number => (body[0] === VERSION ? (body[1] ?? 0) : 0);

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Bytes that memory is not shared with: messages are looked at again when the buffer that brought them may be gone. */
const kept = (reader: ByteReader, length: number): Uint8Array => Uint8Array.from(reader.raw(length));

const expect = (isRight: boolean, what: string): void => {
  if (!isRight) throw new Malformed(`expected ${what}`);
};

/** What the signature of a SHARE covers. */
const shareInput = (context: Uint8Array, sender: string, before: Uint8Array): Uint8Array =>
  new SecureWriter(512).raw(SHARE_LABEL).raw(context).str(sender).raw(before).finish();

const sealInput = (context: Uint8Array, sender: string, before: Uint8Array): Uint8Array =>
  new SecureWriter(512).raw(SEAL_LABEL).raw(context).str(sender).raw(before).finish();

const unsigned = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, bytes.length - SIGNATURE_BYTES);

export function encodeShare(
  provider: Provider,
  identity: Pair,
  context: Uint8Array,
  sender: string,
  fields: ShareFields,
): Uint8Array {
  const { epoch, viewKey, credential } = fields;
  const out = new SecureWriter(256 + credential.length).u8(VERSION).u8(KIND_SHARE).u8(SUITE);
  out
    .u8(viewKey ? MEMBER_FLAG : 0)
    .u32(epoch)
    .raw(fields.ephemeral)
    .raw(fields.identity);
  if (viewKey) out.raw(viewKey);
  out.u64(fields.sent).raw(fields.previous).u16(credential.length).raw(credential);
  const signature = provider.sign(identity, shareInput(context, sender, out.finish()));
  return Uint8Array.from(out.raw(signature).finish());
}

/** @returns null for malformed bytes, and for a SHARE of the other mode */
export function readShare(body: Uint8Array, mode: Mode): Share | null {
  return readWhole(new ByteReader(bufferOf(body), 'LE'), (reader) => {
    expect(
      reader.u8() === VERSION && reader.u8() === KIND_SHARE && reader.u8() === SUITE,
      'a SHARE of suite 1',
    );
    const isMember = mode === 'member';
    expect(reader.u8() === (isMember ? MEMBER_FLAG : 0), `the flags of ${mode} mode`);
    const epoch = reader.u32() >>> 0;
    const ephemeral = kept(reader, KEY_BYTES);
    const identity = kept(reader, KEY_BYTES);
    const viewKey = isMember ? kept(reader, KEY_BYTES) : null;
    const sent = reader.u64();
    const previous = kept(reader, PREVIOUS_BYTES);
    const length = reader.u16();
    expect(length <= MAX_CREDENTIAL, `a credential of at most ${MAX_CREDENTIAL} bytes`);
    const credential = kept(reader, length);
    const signature = kept(reader, SIGNATURE_BYTES);
    if (epoch > 0) expect(sent === 0n && previous.every((byte) => byte === 0), 'no past in a later epoch');
    const bytes = Uint8Array.from(body);
    return { epoch, ephemeral, identity, viewKey, sent, previous, credential, signature, bytes };
  });
}

/** Whether a SHARE is signed by its identity for this context and sender. */
export const isShareSigned = (
  provider: Provider,
  context: Uint8Array,
  sender: string,
  share: Share,
): boolean =>
  provider.verify(share.identity, shareInput(context, sender, unsigned(share.bytes)), share.signature);

export function encodeSeal(
  provider: Provider,
  identity: Pair,
  context: Uint8Array,
  sender: string,
  fields: SealFields,
): Uint8Array {
  const { boxes } = fields;
  const out = new SecureWriter(256 + (2 + BOX_BYTES) * boxes.length)
    .u8(VERSION)
    .u8(KIND_SEAL)
    .u8(SUITE)
    .u8(0);
  out.u32(fields.epoch).u64(fields.now).raw(fields.transcript).raw(fields.check).u16(boxes.length);
  for (const { index, box } of boxes) out.u16(index).raw(box);
  const signature = provider.sign(identity, sealInput(context, sender, out.finish()));
  return Uint8Array.from(out.raw(signature).finish());
}

/** @param members how many the flush view has @returns null for malformed bytes */
export function readSeal(body: Uint8Array, members: number): Seal | null {
  return readWhole(new ByteReader(bufferOf(body), 'LE'), (reader) => {
    expect(
      reader.u8() === VERSION && reader.u8() === KIND_SEAL && reader.u8() === SUITE,
      'a SEAL of suite 1',
    );
    expect(reader.u8() === 0, 'no flags');
    const epoch = reader.u32() >>> 0;
    const now = reader.u64();
    const transcript = kept(reader, HASH_BYTES);
    const check = kept(reader, HASH_BYTES);
    const count = reader.u16();
    expect(count >= 1 && count <= members, `1 to ${members} boxes`);
    const boxes: Box[] = [];
    let last = -1;
    for (let i = 0; i < count; i++) {
      const index = reader.u16();
      expect(index > last && index < members, 'rising indices of members');
      boxes.push({ index, box: kept(reader, BOX_BYTES) });
      last = index;
    }
    const signature = kept(reader, SIGNATURE_BYTES);
    return { epoch, now, transcript, check, boxes, signature, bytes: Uint8Array.from(body) };
  });
}

/** Whether a SEAL is signed by this identity for this context and sender. */
export const isSealSigned = (
  provider: Provider,
  context: Uint8Array,
  sender: string,
  identity: Uint8Array,
  seal: Seal,
): boolean => provider.verify(identity, sealInput(context, sender, unsigned(seal.bytes)), seal.signature);
