/** Who gets in, and what they may do: the methods, their files, and the permissions, as one answer for the sessions. */
import { type Credentials, METHODS, type Method } from '../../lib/wire/handshake/authentication.js';
import type { HandshakePolicy } from '../../lib/wire/handshake/server-handshake.js';
import type { Authorize } from '../core/group.js';
import { IpRules, type Origin } from './ip-rules.js';
import { Passwords } from './passwords.js';
import type { Permissions } from './permissions.js';

export { METHODS, type Method };

export interface AccessRules {
  /** Offered; an empty list lets nobody in. */
  readonly allowed: readonly Method[];
  /** Run for everybody in addition. */
  readonly required: readonly Method[];
  readonly ip: IpRules;
  readonly passwords: Passwords;
  /** Whether a password may travel in clear over a network. */
  readonly cleartextPasswords: boolean;
  /** Null: everybody may join and send everywhere. */
  readonly permissions: Permissions | null;
}

/** Nobody is asked for anything: what a daemon on the loopback interface starts with. */
export const openAccess: AccessRules = {
  allowed: ['NULL'],
  required: [],
  ip: new IpRules(),
  passwords: new Passwords(),
  cleartextPasswords: false,
  permissions: null,
};

/** Who is at the other end of a connection, as far as the connection tells. */
interface Newcomer {
  readonly origin: Origin;
  /** Neither TLS nor on this machine. */
  readonly isExposed: boolean;
  /** Whom its token names; null, or absent, without one. */
  readonly subject?: string | null;
}

export class Access {
  constructor(private readonly rules: AccessRules) {}

  /**
   * The policy of one connection. Where a password could be read on its way PWORD is not offered, and if it is required
   * nothing is: nobody gets in there. A token is proof enough: nothing more is asked.
   * @param reserve takes a private name in the roster
   */
  policyFor(
    { origin, isExposed, subject = null }: Newcomer,
    reserve: HandshakePolicy['reserve'],
  ): HandshakePolicy {
    if (subject !== null)
      return { allowed: ['NULL'], required: [], reserve, passes: (method) => method === 'NULL' };
    const { required, ip, cleartextPasswords } = this.rules;
    const isSafe = !isExposed || cleartextPasswords;
    const offered = isSafe || !required.includes('PWORD') ? this.rules.allowed : [];
    return {
      allowed: METHODS.filter((method) => offered.includes(method) && (isSafe || method !== 'PWORD')),
      required,
      reserve,
      passes: (method) => method === 'NULL' || (method === 'IP' && ip.allows(origin)),
    };
  }

  verify(credentials: Credentials): Promise<boolean> {
    return this.rules.passwords.verify(credentials);
  }

  /**
   * What a session may do; null for everything.
   * @param principals what it has proved to be
   * @param subject whom its token names; null without one
   */
  permitOf(principals: readonly string[], subject: string | null = null): Authorize | null {
    return this.rules.permissions?.permitOf(principals, subject) ?? null;
  }

  /** Whom the daemon states the session to be: nobody if a rule lets it say that itself. Parameters as for `permitOf`. */
  statedSubject(principals: readonly string[], subject: string | null): string | null {
    return this.rules.permissions?.mayImpersonate(principals) === true ? null : subject;
  }
}
