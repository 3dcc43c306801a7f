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

export class Access {
  constructor(private readonly rules: AccessRules) {}

  /**
   * The policy of one connection. Where a password could be read on its way PWORD is not offered, and if it is required
   * nothing is: nobody gets in there.
   * @param isExposed neither TLS nor on this machine, @param reserve takes a private name in the roster
   */
  policyFor(origin: Origin, isExposed: boolean, reserve: HandshakePolicy['reserve']): HandshakePolicy {
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

  /** What a session may do; null for everything. @param principals what it has proved to be */
  permitOf(principals: readonly string[]): Authorize | null {
    return this.rules.permissions?.permitOf(principals) ?? null;
  }
}
