/** What everything in a secure view is bound to, and the keys that follow from its secret [secure-groups 5]. */
import { Buffer } from 'node:buffer';
import { ByteWriter } from '../../util/bytes.js';
import type { GroupId } from '../../wire/group-id.js';
import {
  HASH_BYTES,
  KEY_BYTES,
  MAX_EXPORT_BYTES,
  MAX_EXPORT_LABEL,
  PREVIOUS_BYTES,
  SUITE,
} from './limits.js';
import { isSame, type Provider, wipe } from './provider.js';

/** Who signs: in `member` mode each message, in `group` mode only what agrees on keys. The same at all members. */
export type Mode = 'group' | 'member';

/** A view of the flush layer and an epoch in it. */
export interface Scope {
  readonly mode: Mode;
  readonly group: string;
  readonly gid: GroupId;
  readonly epoch: number;
  /** Members of the flush view, in order. */
  readonly members: readonly string[];
}

/** The part of the bytes that says what they are for; nothing else begins with the same. */
export const label = (text: string): Buffer => Buffer.from(`ssp-secure/1 ${text}\0`, 'latin1');

const LABEL = {
  context: label('context'),
  transcript: label('transcript'),
  previous: label('previous'),
  view: label('view'),
  check: label('check'),
  seal: label('seal'),
  id: label('id'),
  data: label('data'),
  export: label('export'),
} as const;

const NO_SALT = Buffer.alloc(0);

/** Writes little-endian, with the strings of this protocol: two bytes of length, and a byte for each character. */
export class SecureWriter extends ByteWriter {
  constructor(bytes = 256) {
    super('LE', bytes);
  }

  str(text: string): this {
    return this.u16(text.length).raw(Buffer.from(text, 'latin1'));
  }
}

/** The hash that binds mode, group, view, epoch and the list of members. */
export function contextOf(provider: Provider, scope: Scope): Uint8Array {
  const { mode, group, gid, epoch, members } = scope;
  const out = new SecureWriter(64 + 36 * members.length)
    .raw(LABEL.context)
    .u8(SUITE)
    .u8(mode === 'member' ? 1 : 0);
  out.str(group);
  for (const word of gid) out.u32(word);
  out.u32(epoch).u16(members.length);
  for (const member of members) out.str(member);
  return provider.hash(out.finish());
}

/** The hash that binds the SHARE of each insider. @param shares by rising index: the index, and the hash of the bytes */
export function transcriptOf(
  provider: Provider,
  context: Uint8Array,
  shares: readonly { readonly index: number; readonly hash: Uint8Array }[],
): Uint8Array {
  const out = new SecureWriter(64 + (2 + HASH_BYTES) * shares.length);
  out.raw(LABEL.transcript).raw(context).u16(shares.length);
  for (const { index, hash } of shares) out.u16(index).raw(hash);
  return provider.hash(out.finish());
}

/** Secret, check and id of a secure view. */
export interface ViewKeys {
  readonly viewSecret: Uint8Array;
  readonly check: Uint8Array;
  readonly id: Uint8Array;
}

/** What follows from the secret in the boxes of a SEAL. */
export function viewKeys(provider: Provider, secret: Uint8Array, transcript: Uint8Array): ViewKeys {
  const viewSecret = provider.hkdf(secret, transcript, LABEL.view, KEY_BYTES);
  const checkKey = provider.hkdf(viewSecret, NO_SALT, LABEL.check, KEY_BYTES);
  const check = provider.hmac(checkKey, transcript);
  wipe(checkKey);
  return { viewSecret, check, id: idOf(provider, transcript, check) };
}

/** The id of a secure view: it stands for the shares, and for the secret. */
const idOf = (provider: Provider, transcript: Uint8Array, check: Uint8Array): Uint8Array =>
  provider.hash(Buffer.concat([LABEL.id, transcript, check]));

/** Key of the box of one insider. The check depends on the secret: another secret has another key. */
export function boxKey(
  provider: Provider,
  shared: Uint8Array,
  transcript: Uint8Array,
  check: Uint8Array,
  names: { readonly sealer: string; readonly insider: string },
): Uint8Array {
  const info = new SecureWriter().raw(LABEL.seal).str(names.sealer).str(names.insider).raw(check).finish();
  return provider.hkdf(shared, transcript, info, KEY_BYTES);
}

/** What a member keeps of an epoch to prove later that it had its key. */
export const previousKey = (provider: Provider, viewSecret: Uint8Array): Uint8Array =>
  provider.hkdf(viewSecret, NO_SALT, LABEL.previous, KEY_BYTES);

/** The proof: for this context and name, with the number of messages that the member sent in that epoch. */
export function previousProof(
  provider: Provider,
  key: Uint8Array,
  context: Uint8Array,
  member: string,
  sent: bigint,
): Uint8Array {
  const bytes = new SecureWriter().raw(LABEL.previous).raw(context).str(member).u64(sent).finish();
  return provider.hmac(key, bytes).subarray(0, PREVIOUS_BYTES);
}

/** Whether a member proves that it had the key of the epoch. */
export const provesPrevious = (
  provider: Provider,
  key: Uint8Array,
  context: Uint8Array,
  member: string,
  share: { readonly sent: bigint; readonly previous: Uint8Array },
): boolean => isSame(share.previous, previousProof(provider, key, context, member, share.sent));

/** Key of what one member sends on one stream. */
export function dataKey(
  provider: Provider,
  viewSecret: Uint8Array,
  stream: number,
  sender: string,
): Uint8Array {
  const info = new SecureWriter().raw(LABEL.data).u8(stream).str(sender).finish();
  return provider.hkdf(viewSecret, NO_SALT, info, KEY_BYTES);
}

/**
 * A key for an application's own use; the secret cannot be computed from it.
 * @throws RangeError when length or name are out of range
 */
export function exportKey(
  provider: Provider,
  viewSecret: Uint8Array,
  name: string,
  length: number,
): Uint8Array {
  const text = Buffer.from(name, 'utf8');
  if (!Number.isInteger(length) || length < 1 || length > MAX_EXPORT_BYTES)
    throw new RangeError(`expected a key of 1 to ${MAX_EXPORT_BYTES} bytes, got ${length}`);
  if (text.length > MAX_EXPORT_LABEL)
    throw new RangeError(`expected a label of at most ${MAX_EXPORT_LABEL} bytes, got ${text.length}`);
  const info = new SecureWriter().raw(LABEL.export).u16(length).u16(text.length).raw(text).finish();
  return provider.hkdf(viewSecret, NO_SALT, info, length);
}
