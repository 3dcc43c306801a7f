/** The members of the vectors, with their keys. */
import { expect } from 'chai';
import { Agreement, type AgreementOptions } from '../../lib/secure/core/agreement.js';
import type { Mode, Scope } from '../../lib/secure/core/context.js';
import { EpochKeys } from '../../lib/secure/core/epoch-keys.js';
import { type Frame, readSeal, readShare } from '../../lib/secure/core/messages.js';
import type { Pair, Provider } from '../../lib/secure/core/provider.js';
import { nodeProvider } from '../../lib/secure/node-provider.js';
import {
  bytesOf,
  pairOfSeed,
  type VectorData,
  type VectorEpoch,
  vectors,
  type VectorSeal,
} from './vectors.js';

const { group, gid, members } = vectors;
const CYD = '#cyd#d2';

const identityOf = (name: string): Pair =>
  pairOfSeed('ed25519', vectors.identities.find((each) => each.name === name)?.seed ?? '');

export const scopeOf = (mode: Mode, { epoch }: VectorEpoch): Scope => ({ mode, group, gid, epoch, members });

/** A message of the vectors, as it arrives. */
export const frameOfData = ({ sender, service, receivers, hex }: VectorData): Frame => ({
  sender,
  service,
  groups: receivers,
  body: bytesOf(hex),
});

/** The agreement of one member, with the keys and the secret of the vectors. */
export function agreementOf(
  mode: Mode,
  part: VectorEpoch,
  self: string,
  secret = part.seal.secret,
): Agreement {
  const own = part.shares.find(({ sender }) => sender === self);
  if (!own) throw new Error(`no share of ${self}`);
  const provider: Provider = {
    ...nodeProvider,
    random: () => bytesOf(secret),
    ephemeral: () => pairOfSeed('x25519', own.ephemeralPrivate),
    signer: () => pairOfSeed('ed25519', own.viewKeySeed ?? ''),
  };
  const insiders =
    part.epoch === 0 ? null : new Map(vectors.identities.map((each) => [each.name, bytesOf(each.public)]));
  const hasPrevious = part.epoch === 0 && self !== CYD;
  const options: AgreementOptions = {
    scope: scopeOf(mode, part),
    self,
    identity: identityOf(self),
    credential: bytesOf(own.credential),
    previous: hasPrevious ? { key: bytesOf(vectors.P), sent: BigInt(own.sent) } : null,
    insiders,
  };
  return new Agreement(provider, options);
}

/** The same after the shares have come. */
export function withShares(
  mode: Mode,
  part: VectorEpoch,
  self: string,
  { without = '', secret = part.seal.secret } = {},
): Agreement {
  const agreement = agreementOf(mode, part, self, secret);
  for (const { sender, hex } of part.shares) {
    if (sender === without) continue;
    const share = readShare(bytesOf(hex), mode);
    if (!share) throw new Error(`the share of ${sender} is malformed`);
    expect(agreement.take(sender, share), sender).to.equal(null);
    agreement.authorize(sender, { isAllowed: true, notAfter: Infinity });
  }
  return agreement;
}

/** The keys that a member has of an epoch. */
export function keysOf(mode: Mode, part: VectorEpoch, self: string, seal: VectorSeal = part.seal): EpochKeys {
  const agreement = withShares(mode, part, self);
  const read = readSeal(bytesOf(seal.hex), members.length);
  const keys = read && agreement.open(seal.sealer, read);
  if (!keys) throw new Error('the seal does not open');
  const insiders = new Map(seal.insiders.map((name) => [name, agreement.shareOf(name)?.viewKey ?? null]));
  const signer = agreement.viewPair;
  return new EpochKeys(nodeProvider, keys, { mode, group, epoch: part.epoch, self, insiders, signer });
}
