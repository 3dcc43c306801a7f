/** What hostile daemons and members do to the messages of secure groups. */
import { Buffer } from 'node:buffer';
import type { PlainData } from '../../../lib/flush/core/port.js';
import type { Agreement } from '../../../lib/secure/core/agreement.js';
import { boxKey } from '../../../lib/secure/core/context.js';
import { KIND_SEAL, KIND_SHARE, SECURE_TYPE } from '../../../lib/secure/core/limits.js';
import {
  type Box,
  encodeSeal,
  encodeShare,
  kindOf,
  readSeal,
  readShare,
  type Seal,
} from '../../../lib/secure/core/messages.js';
import type { Pair, Provider } from '../../../lib/secure/core/provider.js';
import { nameField } from '../../../lib/wire/name.js';
import { SUBGROUP_CAST } from '../../../lib/wire/service.js';
import { GROUP } from '../../flush/simulation/session.js';
import type { Random } from '../../support/random.js';
import type { SecureMember } from './member.js';

export const isSecure = ({ type }: PlainData): boolean => type === SECURE_TYPE;

const flipped = (random: Random, data: PlainData): PlainData => {
  const body = Buffer.from(data.body);
  if (body.length === 0) return data;
  const at = random.below(body.length);
  body[at] = (body[at] as number) ^ (1 + random.below(255));
  return { ...data, body };
};

/** A daemon that hands its clients what it likes: it drops, repeats, changes and confuses messages. */
export class HostileDaemon {
  /** Messages that were seen, to be sent again. */
  private readonly seen: PlainData[] = [];
  private late: PlainData | null = null;

  constructor(
    private readonly random: Random,
    private readonly rate: number,
  ) {}

  /** What it hands out for a message. */
  served(data: PlainData, names: readonly string[]): readonly PlainData[] {
    const { random, seen } = this;
    if (!isSecure(data)) return [data];
    if (seen.length < 100) seen.push(data);
    const late = this.late === null ? [] : [this.late];
    this.late = null;
    if (!random.chance(this.rate)) return [data, ...late];
    switch (random.below(6)) {
      case 0:
        return late;
      case 1:
        return [data, data, ...late];
      case 2:
        return [flipped(random, data), ...late];
      case 3:
        this.late = data;
        return late;
      case 4:
        return [random.pick(seen), data, ...late];
      default:
        return [{ ...data, sender: names.length > 0 ? random.pick(names) : data.sender }, ...late];
    }
  }

  /** Something old, changed, or under another name, for the order. */
  invented(names: readonly string[]): PlainData | null {
    const { random, seen } = this;
    if (seen.length === 0) return null;
    const data = random.pick(seen);
    if (random.chance(0.1)) return { ...data, type: 5 };
    if (random.chance(0.3)) return flipped(random, data);
    return random.chance(0.3) && names.length > 0 ? { ...data, sender: random.pick(names) } : data;
  }
}

/** A member that makes wrong SHAREs and SEALs with good signatures. */
export class Liar {
  private readonly old: Uint8Array[] = [];

  constructor(
    private readonly random: Random,
    private readonly provider: Provider,
    private readonly identity: Pair,
    private readonly rate: number,
    /** Seals, and nobody notices that a nonce comes again. */
    private readonly forge: Provider['seal'],
  ) {}

  lie(member: SecureMember, data: PlainData): readonly PlainData[] {
    const { random } = this;
    if (!isSecure(data)) return [data];
    const agreement = agreementOf(member);
    const kind = kindOf(data.body);
    if (!agreement || !random.chance(this.rate)) return [data];
    if (kind === KIND_SEAL) return this.seals(member, agreement, data);
    return kind === KIND_SHARE ? this.shares(member, agreement, data) : [data];
  }

  private shares(member: SecureMember, agreement: Agreement, data: PlainData): readonly PlainData[] {
    const { random, provider, identity, old } = this;
    const share = readShare(data.body, member.options.secure.mode);
    old.push(data.body);
    if (!share) return [data];
    const make = (change: Partial<typeof share>): PlainData => ({
      ...data,
      body: Buffer.from(
        encodeShare(provider, identity, agreement.context, member.id, { ...share, ...change }),
      ),
    });
    switch (random.below(5)) {
      case 0:
        return [make({ ephemeral: provider.random(32) }), data];
      case 1:
        return [make({ ephemeral: provider.random(32) })];
      case 2:
        return [{ ...data, body: Buffer.from(random.pick(old)) }];
      case 3:
        return [make({ previous: provider.random(16), sent: BigInt(random.below(100)) })];
      default:
        return [data, make({ sent: share.sent + 1n })];
    }
  }

  /** A box that opens, with another secret in it. */
  private otherBox(agreement: Agreement, member: SecureMember, seal: Seal, { index, box }: Box): Box {
    const insider = agreement.expected[index] ?? '';
    const shared = sharesOf(agreement).get(insider)?.shared;
    if (!shared) return { index, box };
    const key = boxKey(this.provider, shared, seal.transcript, seal.check, { sealer: member.id, insider });
    return { index, box: this.forge(key, Buffer.alloc(12), seal.transcript, this.provider.random(32)) };
  }

  private seals(member: SecureMember, agreement: Agreement, data: PlainData): readonly PlainData[] {
    const { random, provider, identity } = this;
    const seal = readSeal(data.body, 500);
    if (!seal) return [data];
    const make = (change: Partial<typeof seal>): PlainData => ({
      ...data,
      body: Buffer.from(encodeSeal(provider, identity, agreement.context, member.id, { ...seal, ...change })),
    });
    const again = (): PlainData => {
      const some = agreement.kept(Infinity).filter((name) => name === member.id || random.chance(0.7));
      return { ...data, body: Buffer.from(agreement.seal(some, Number(seal.now))) };
    };
    switch (random.below(7)) {
      case 5:
        return [toSome(random, again(), agreement.expected), data];
      case 6:
        return [
          make({
            boxes: seal.boxes.map((each) =>
              random.chance(0.5) ? each : this.otherBox(agreement, member, seal, each),
            ),
          }),
        ];
      case 0:
        return [
          make({
            boxes: seal.boxes.map((each) =>
              random.chance(0.5) ? each : { ...each, box: provider.random(48) },
            ),
          }),
        ];
      case 1:
        return [make({ now: seal.now + BigInt(random.below(2) === 0 ? 1000 : 200) })];
      case 2:
        return [make({ transcript: provider.random(32) }), data];
      case 3:
        return [again(), data];
      default:
        return [data, again()];
    }
  }
}

/** A copy of it that only some get, as a subgroup cast of the flush layer. */
function toSome(random: Random, data: PlainData, members: readonly string[]): PlainData {
  const receivers = members.filter(() => random.chance(0.5));
  const body = Buffer.concat([data.body, nameField(GROUP)]);
  return {
    ...data,
    service: data.service | SUBGROUP_CAST,
    groups: receivers.length > 0 ? receivers : members,
    body,
  };
}

/** The shares that an agreement keeps to itself. */
const sharesOf = (agreement: Agreement): ReadonlyMap<string, { readonly shared: Uint8Array }> =>
  Reflect.get(agreement, 'shares') as ReadonlyMap<string, { readonly shared: Uint8Array }>;

function agreementOf({ machine }: SecureMember): Agreement | null {
  const keying = Reflect.get(machine, 'keying') as { readonly agreement: Agreement } | null;
  return keying?.agreement ?? null;
}
