/** Certificates: an authority says which identity may be in which group, under which name, until when [secure-groups 6.4]. */
import { Buffer } from 'node:buffer';
import { ByteReader, readWhole } from '../../util/bytes.js';
import { parsePrivateGroup } from '../../wire/name.js';
import type { Authorization } from './agreement.js';
import { label, SecureWriter } from './context.js';
import { KEY_BYTES, MAX_USER_NAME, SIGNATURE_BYTES, VERSION } from './limits.js';
import { isSame, type Pair, type Provider } from './provider.js';

const CERTIFICATE_LABEL = label('certificate');

export interface CertificateFields {
  readonly identity: Uint8Array;
  /** User part of the name (`bob` of `#bob#d1`); empty: every name. */
  readonly user: string;
  /** Empty: every group. */
  readonly group: string;
  /** The last second in which it is good, since 1970. */
  readonly notAfter: number;
}

/** Who shows a certificate, and where. */
export interface Claim {
  readonly group: string;
  /** `#bob#d1`. */
  readonly member: string;
  readonly identity: Uint8Array;
}

/** User part of a member's name; null for a name that has not the form of one. */
export const userOf = (member: string): string | null => parsePrivateGroup(member)?.name ?? null;

const signedInput = (before: Uint8Array): Uint8Array => Buffer.concat([CERTIFICATE_LABEL, before]);

export function encodeCertificate(
  provider: Provider,
  authority: Pair,
  fields: CertificateFields,
): Uint8Array {
  const { identity, user, group, notAfter } = fields;
  const out = new SecureWriter().u8(VERSION).raw(identity).str(user).str(group).u64(BigInt(notAfter));
  const signature = provider.sign(authority, signedInput(out.finish()));
  return Uint8Array.from(out.raw(signature).finish());
}

/** What the certificate says of this claim. Whether it has run out is a question for the time when it counts. */
export function judgeCertificate(
  provider: Provider,
  authority: Uint8Array,
  certificate: Uint8Array,
  claim: Claim,
): Authorization {
  const bytes = Buffer.from(certificate);
  const fields = readWhole(new ByteReader(bytes, 'LE'), (reader) => {
    const version = reader.u8();
    const identity = reader.raw(KEY_BYTES);
    const user = reader.raw(reader.u16()).toString('latin1');
    const group = reader.raw(reader.u16()).toString('latin1');
    const notAfter = Number(reader.u64());
    const signed = bytes.subarray(0, bytes.length - reader.left);
    return { version, identity, user, group, notAfter, signed, signature: reader.raw(SIGNATURE_BYTES) };
  });
  const isAllowed =
    fields !== null &&
    fields.version === VERSION &&
    isSame(fields.identity, claim.identity) &&
    fields.user.length <= MAX_USER_NAME &&
    (fields.user === '' || fields.user === userOf(claim.member)) &&
    (fields.group === '' || fields.group === claim.group) &&
    provider.verify(authority, signedInput(fields.signed), fields.signature);
  return { isAllowed, notAfter: isAllowed ? fields.notAfter : Infinity };
}
