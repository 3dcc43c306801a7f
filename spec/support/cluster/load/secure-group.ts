/** The secure group of a fault run: its name, who is accepted in it, and how its members join. */
import { generateIdentity, type Identity } from '../../../../lib/secure/identity.js';
import type { AllowedMember } from '../../../../lib/secure/authorize.js';
import type { SecureOptions } from '../../../../lib/client/secure-options.js';
import type { Random } from '../../random.js';
import type { ClusterNode } from '../node.js';

export const SECURE_GROUP = 'secure';

/** Short beside the silences of the faults, so that sealers are taken over; and so short that SHAREs come too late. */
const SEAL_AFTER_MS = [400, 400, 60] as const;
const REKEY_AFTER_MS = 5_000;

/** How somebody joins the group. */
interface Joiner {
  readonly identity: Identity;
  readonly isManual: boolean;
  readonly sealAfterMs: number;
}

/** A member that all accept. */
export interface Accepted extends Joiner {
  readonly node: ClusterNode;
  readonly name: string;
}

/** Somebody else. */
export const anOutcast = (random: Random): Joiner => ({
  identity: generateIdentity(),
  isManual: false,
  sealAfterMs: random.pick(SEAL_AFTER_MS),
});

/** Two members at each node: one flushes by itself, one by hand. */
export const acceptedAt = (nodes: readonly ClusterNode[], random: Random): Accepted[] =>
  nodes.flatMap((node) =>
    [true, false].map((isManual) => ({
      node,
      name: isManual ? 'sm' : 'sa',
      identity: generateIdentity(),
      isManual,
      sealAfterMs: random.pick(SEAL_AFTER_MS),
    })),
  );

/** What the identities of a group are accepted as. */
export const allowing = (all: readonly Accepted[]): AllowedMember[] =>
  all.map(({ name, identity }) => ({ name, identity: identity.publicKey }));

export type CommonOptions = Pick<SecureOptions, 'allow' | 'authenticity'>;

/** The options of one member. */
export const optionsOf = (
  common: CommonOptions,
  { identity, isManual, sealAfterMs }: Joiner,
): SecureOptions => ({
  ...common,
  identity,
  flush: isManual ? 'manual' : 'auto',
  sealAfterMs,
  rekeyAfterMs: REKEY_AFTER_MS,
});
