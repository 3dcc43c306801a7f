/** The members of the vectors, with their keys. */
import { Agreement, type AgreementOptions } from '../../lib/secure/core/agreement.js';
import type { Mode, Scope } from '../../lib/secure/core/context.js';
import { EpochKeys } from '../../lib/secure/core/epoch-keys.js';
import { type Frame, readSeal, readShare } from '../../lib/secure/core/messages.js';
import type { Pair, Provider } from '../../lib/secure/core/provider.js';
import { nodeProvider } from '../../lib/secure/node-provider.js';
import { bytesOf, pairOfSeed, type VectorData, type VectorEpoch, vectors } from './vectors.js';

const { group, gid, members } = vectors;
const CYD = '#cyd#d2';

const identityOf = (name: string): Pair =>
  pairOfSeed('ed25519', vectors.identities.find((each) => each.name === name)?.seed ?? '');

export const scopeOf = (mode: Mode, { epoch }: VectorEpoch): Scope => ({ mode, group, gid, epoch, members });

/** A bug in a member of the vectors. */
export interface VectorPlant {
  readonly provider?: (provider: Provider) => Provider;
  readonly agreement?: (agreement: Agreement) => void;
  readonly keys?: (keys: EpochKeys) => void;
  /** What it takes for the mode of a frame. */
  readonly modeOf?: (body: Uint8Array) => Mode;
}

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
  plant: VectorPlant = {},
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
  const agreement = new Agreement(plant.provider?.(provider) ?? provider, options);
  plant.agreement?.(agreement);
  return agreement;
}

/** The same after the shares have come. */
export function withShares(
  mode: Mode,
  part: VectorEpoch,
  self: string,
  options: { readonly without?: string; readonly secret?: string; readonly plant?: VectorPlant } = {},
): Agreement {
  const { without = '', secret = part.seal.secret, plant = {} } = options;
  const agreement = agreementOf(mode, part, self, secret, plant);
  for (const { sender, hex } of part.shares) {
    if (sender === without) continue;
    const share = readShare(bytesOf(hex), mode);
    const fault = share ? agreement.take(sender, share) : 'malformed';
    if (fault) throw new Error(`the share of ${sender} is not good: ${fault}`);
    agreement.authorize(sender, { isAllowed: true, notAfter: Infinity });
  }
  return agreement;
}

/** The keys that a member has of an epoch. */
export function keysOf(mode: Mode, part: VectorEpoch, self: string, plant: VectorPlant = {}): EpochKeys {
  const { seal } = part;
  const agreement = withShares(mode, part, self, { plant });
  const read = readSeal(bytesOf(seal.hex), members.length);
  const keys = read && agreement.open(seal.sealer, read);
  if (!keys) throw new Error('the seal does not open');
  const insiders = new Map(seal.insiders.map((name) => [name, agreement.shareOf(name)?.viewKey ?? null]));
  const signer = agreement.viewPair;
  const provider = plant.provider?.(nodeProvider) ?? nodeProvider;
  const made = new EpochKeys(provider, keys, { mode, group, epoch: part.epoch, self, insiders, signer });
  plant.keys?.(made);
  return made;
}
