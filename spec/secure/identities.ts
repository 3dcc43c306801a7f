/** Identities of members by their names, and options that accept them. */
import { generateIdentity, type Identity } from '../../lib/secure/identity.js';
import type { SecureMemberOptions } from '../../lib/secure/options.js';

const identities = new Map<string, Identity>();

/** The same for the same name. */
export const identityOf = (name: string): Identity => {
  const identity = identities.get(name) ?? generateIdentity();
  identities.set(name, identity);
  return identity;
};

/** Accepts these by name and key. */
export const secureOf = (own: string, ...names: readonly string[]): SecureMemberOptions => ({
  identity: identityOf(own),
  allow: names.map((name) => ({ name, identity: identityOf(name).publicKey })),
  sealAfterMs: 300,
});
