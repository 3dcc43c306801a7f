/** What a member of a secure group is made of, in both APIs, and the checks of it. Loads no cryptography. */
import { errorOf } from '../errors.js';
import { OptionChecks } from '../util/option-checks.js';
import { ILLEGAL_PARAM } from '../wire/codes.js';
import type { AuthorizeOptions } from './authorize.js';
import type { Identity } from './identity.js';

/**
 * The options of a member of a secure group. One of `authorize`, `allow` and `authority` is required: nobody is accepted by
 * default.
 */
export interface SecureMemberOptions extends AuthorizeOptions {
  /** The own key: of `generateIdentity`, or of `importIdentity`. */
  readonly identity: Identity;
  /** Shown to the others, in clear: the certificate, where they ask for one. At most 4096 bytes. */
  readonly credential?: Uint8Array | undefined;
  /**
   * What a message proves: `group`, the default, that some member of the view made it; `member`, that its sender did. The
   * same at all members.
   */
  readonly authenticity?: 'group' | 'member' | undefined;
  /**
   * Who answers when the members change: `auto`, the default, this library; `manual`, the program, which gets a flush
   * request, may send until it answers, and not again before the next view.
   */
  readonly flush?: 'auto' | 'manual' | undefined;
  /** Whether a member that gets no key leaves and joins again by itself; default true. */
  readonly rejoin?: boolean | undefined;
  /** Milliseconds for the key shares of all members, and for answers of `authorize`; default 2000. */
  readonly sealAfterMs?: number | undefined;
  /** Milliseconds after which a view gets a new key; default 3600000. */
  readonly rekeyAfterMs?: number | undefined;
  /** Milliseconds without a key after which a stall is reported; default 5 times `sealAfterMs`. */
  readonly stalledAfterMs?: number | undefined;
}

const TIMES = ['sealAfterMs', 'rekeyAfterMs', 'stalledAfterMs'] as const;
const COMMON = [
  'identity',
  'credential',
  'authorize',
  'allow',
  'authority',
  'authenticity',
  'flush',
  'rejoin',
  ...TIMES,
] as const;
/** In bytes; a certificate has about 130. */
const MAX_CREDENTIAL = 4096;
const AUTHENTICITIES: ReadonlySet<unknown> = new Set(['group', 'member', undefined]);
/** Who may answer flush requests. */
export const FLUSHES: ReadonlySet<unknown> = new Set(['auto', 'manual', undefined]);

const refused = (text: string): Error => errorOf(ILLEGAL_PARAM, text);
const check: OptionChecks = new OptionChecks(refused);

/** Checks of the options of one API. */
export class SecureOptionChecks {
  private readonly known: ReadonlySet<string>;

  /** @param others names of the options that this API has besides */
  constructor(others: readonly string[]) {
    this.known = new Set([...COMMON, ...others]);
  }

  /** Keys are checked where they are read. @throws IllegalParamError that says which option is wrong */
  options(secure: SecureMemberOptions): void {
    check.keys(secure, this.known);
    const { identity, credential, authenticity, flush, rejoin } = secure;
    if (typeof identity !== 'object' || identity === null)
      throw refused('identity must be one of generateIdentity or importIdentity');
    if (
      credential !== undefined &&
      !(credential instanceof Uint8Array && credential.length <= MAX_CREDENTIAL)
    )
      throw refused(`credential must be a Uint8Array of at most ${MAX_CREDENTIAL} bytes`);
    if (!AUTHENTICITIES.has(authenticity)) throw refused("authenticity must be 'group' or 'member'");
    if (!FLUSHES.has(flush)) throw refused("flush must be 'auto' or 'manual'");
    if (rejoin !== undefined && typeof rejoin !== 'boolean') throw refused('rejoin must be a boolean');
    for (const name of TIMES) check.time(secure[name], name);
  }
}
