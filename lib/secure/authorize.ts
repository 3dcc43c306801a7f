/** Who may be in a secure group: a function, a list, or the certificates of an authority. One of them is required. */
import { IllegalParamError } from '../errors.js';
import { isPrivateName } from '../wire/name.js';
import type { Authorization } from './core/agreement.js';
import { type CertificateFields, encodeCertificate, judgeCertificate, userOf } from './core/certificate.js';
import { MAX_USER_NAME } from './core/limits.js';
import { isSame, type Pair } from './core/provider.js';
import { type Identity, importPublicKey, type PublicKeyInput } from './identity.js';
import { nodeProvider, pairOf } from './node-provider.js';

/** A member that shows an identity, and whose signature is right. */
export interface AuthorizeRequest {
  /** Name of the group. */
  readonly group: string;
  /** Its id, `#bob#d1`. */
  readonly member: string;
  /** Its Ed25519 public key, 32 bytes. */
  readonly identity: Uint8Array;
  /** What it shows besides, such as a certificate: bytes of its option `credential`; empty without one. */
  readonly credential: Uint8Array;
}

/** Whether the member may have the key. The answer should be the same at all members. */
export type Authorize = (request: AuthorizeRequest) => boolean | Promise<boolean>;

/** An identity that may be in the group, under one name, or under any. */
export type AllowedMember =
  | {
      /** Its public key. */
      readonly identity: PublicKeyInput;
      /** The only name under which it is accepted: `bob`, at any daemon. */
      readonly name: string;
    }
  | {
      /** Its public key. */
      readonly identity: PublicKeyInput;
      /** It is accepted under every name. */
      readonly anyName: true;
    };

/** Exactly one of them. */
export interface AuthorizeOptions {
  /** A function that says who is accepted. Its answer may come later, within `sealAfterMs`, and holds for one view. */
  readonly authorize?: Authorize | undefined;
  /** The public keys that are accepted, each under one name or under any. */
  readonly allow?: readonly AllowedMember[] | undefined;
  /** Public key of who signs certificates; members show theirs as `credential`. */
  readonly authority?: PublicKeyInput | undefined;
}

/** Judges a member at once, or later. */
export type Judge = (request: AuthorizeRequest) => Authorization | Promise<Authorization>;

/** @param isAllowed what an application answered: only true is a yes */
const answer = (isAllowed: unknown): Authorization => ({ isAllowed: isAllowed === true, notAfter: Infinity });

/** @throws IllegalParamError unless exactly one of the options is there and right */
export function judgeOf({ authorize, allow, authority }: AuthorizeOptions): Judge {
  const given = [authorize, allow, authority].filter((option) => option !== undefined).length;
  if (given !== 1)
    throw new IllegalParamError(`expected one of authorize, allow and authority, got ${given}`);
  if (authorize !== undefined) {
    if (typeof authorize !== 'function')
      throw new IllegalParamError(`expected authorize to be a function, got ${typeof authorize}`);
    return (request) => {
      const allowed = authorize(request);
      return typeof allowed === 'boolean' ? answer(allowed) : allowed.then(answer);
    };
  }
  if (allow !== undefined) return judgeByList(allow);
  const key = importPublicKey(authority as PublicKeyInput);
  return (request) => judgeCertificate(nodeProvider, key, request.credential, request);
}

function judgeByList(allow: readonly AllowedMember[]): Judge {
  if (!Array.isArray(allow)) throw new IllegalParamError(`expected allow to be a list, got ${typeof allow}`);
  const list = (allow as readonly AllowedMember[]).map((entry) => {
    if (typeof entry !== 'object' || entry === null)
      throw new IllegalParamError(`expected an identity with a name in allow, got ${String(entry)}`);
    const name = 'name' in entry ? checkedName(entry.name) : null;
    return { identity: importPublicKey(entry.identity), name };
  });
  return ({ member, identity }) => {
    const user = userOf(member);
    return answer(
      list.some((entry) => (entry.name === null || entry.name === user) && isSame(entry.identity, identity)),
    );
  };
}

function checkedName(name: string): string {
  if (!isPrivateName(name))
    throw new IllegalParamError(
      `expected a user name of 1 to ${MAX_USER_NAME} characters, got ${JSON.stringify(name)}`,
    );
  return name;
}

/** What an authority certifies: an identity, under one name or any, in one group or all, for a time. */
export interface CertificateOptions {
  /** The public key that it is about. */
  readonly identity: PublicKeyInput;
  /** User name, `bob`; every name without it. */
  readonly name?: string | undefined;
  /** Every group without it. */
  readonly group?: string | undefined;
  /** Until when it holds: a date since 1970, to the second. */
  readonly notAfter: Date;
}

/** A certificate for a member to show as `credential`. @throws IllegalParamError when an option is wrong */
export function issueCertificate(authority: Identity, options: CertificateOptions): Uint8Array {
  const notAfter = Math.floor(options.notAfter.getTime() / 1000);
  if (!(notAfter >= 0)) throw new IllegalParamError('expected notAfter to be a date since 1970');
  const fields: CertificateFields = {
    identity: importPublicKey(options.identity),
    user: options.name === undefined ? '' : checkedName(options.name),
    group: options.group ?? '',
    notAfter,
  };
  const pair: Pair = pairOf(authority.privateKey);
  return encodeCertificate(nodeProvider, pair, fields);
}
