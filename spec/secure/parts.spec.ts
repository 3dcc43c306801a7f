/** The parts of secure groups one by one: why a SHARE or SEAL does not count, limits of keys, headers, what is wiped. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { Agreement } from '../../lib/secure/core/agreement.js';
import { encodeCertificate, judgeCertificate } from '../../lib/secure/core/certificate.js';
import { boxKey, SecureWriter } from '../../lib/secure/core/context.js';
import { readDataHeader } from '../../lib/secure/core/data.js';
import type { EpochKeys } from '../../lib/secure/core/epoch-keys.js';
import { MAX_BYTES, MAX_MESSAGES, REKEY_BYTES, REKEY_MESSAGES } from '../../lib/secure/core/limits.js';
import { type Frame, readSeal, readShare, type Seal, type Share } from '../../lib/secure/core/messages.js';
import type { Provider } from '../../lib/secure/core/provider.js';
import { nodeProvider } from '../../lib/secure/node-provider.js';
import { AGREED_MESS, FIFO_MESS, SUBGROUP_CAST } from '../../lib/wire/service.js';
import { agreementOf, frameOfData, keysOf, scopeOf, withShares } from './vector-members.js';
import { bytesOf, hexOf, pairOfSeed, type VectorEpoch, vectors } from './vectors.js';

const { group, members, groupMode, memberMode, epoch1 } = vectors;
const [ANN, BOB, CYD] = members as [string, string, string];
const ALWAYS = { isAllowed: true, notAfter: Infinity };

const publicOf = (name: string): Uint8Array =>
  bytesOf(vectors.identities.find((each) => each.name === name)?.public ?? '');

function shareOf(name: string, part: VectorEpoch = groupMode, mode: 'group' | 'member' = 'group'): Share {
  const share = readShare(bytesOf(part.shares.find(({ sender }) => sender === name)?.hex ?? ''), mode);
  if (!share) throw new Error(`no SHARE of ${name}`);
  return share;
}

function sealOf({ seal, sealWithoutBob }: VectorEpoch, isWithoutBob = false): Seal {
  const read = readSeal(bytesOf((isWithoutBob ? sealWithoutBob : seal)?.hex ?? ''), members.length);
  if (!read) throw new Error('no SEAL');
  return read;
}

const flipped = (bytes: Uint8Array): Uint8Array => {
  const copy = Uint8Array.from(bytes);
  copy[0] = (copy[0] ?? 0) ^ 1;
  return copy;
};

const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);

/** The agreement of cyd on the next key of ann and cyd alone. */
const ofTwo = (): Agreement =>
  new Agreement(nodeProvider, {
    scope: scopeOf('group', epoch1),
    self: CYD,
    identity: pairOfSeed('ed25519', vectors.identities.find(({ name }) => name === CYD)?.seed ?? ''),
    credential: Buffer.alloc(0),
    previous: null,
    insiders: new Map([ANN, CYD].map((name) => [name, publicOf(name)])),
  });

describe('secure groups, a SHARE', () => {
  const [lowOrder = ''] = vectors.points.lowOrderX25519;
  const [smallOrder = ''] = vectors.points.smallOrderEd25519;
  const bob = shareOf(BOB);

  for (const [what, sender, share, fault] of [
    ['of another epoch', BOB, { ...bob, epoch: 1 }, 'epoch'],
    ['of somebody who is not in the view', '#dan#d1', bob, 'stranger'],
    ['with an ephemeral key of low order', BOB, { ...bob, ephemeral: bytesOf(lowOrder) }, 'key'],
    ['with an identity of small order', BOB, { ...bob, identity: bytesOf(smallOrder) }, 'key'],
    ['with a view key of small order', BOB, { ...bob, viewKey: bytesOf(smallOrder) }, 'key'],
    ['of another member', BOB, shareOf(ANN), 'signature'],
    ['of another member in the own name', CYD, bob, 'signature'],
    ['that is damaged', BOB, { ...bob, signature: flipped(bob.signature) }, 'signature'],
  ] as const)
    it(`${what} is not good, and blocks no later one`, () => {
      const agreement = agreementOf('group', groupMode, CYD);
      expect(agreement.take(sender, share)).to.equal(fault);
      expect(agreement.shareOf(sender)).to.equal(null);
      expect(agreement.take(BOB, bob)).to.equal(null);
      expect(agreement.shareOf(BOB)).to.equal(bob);
    });

  it('of a later epoch is good of an insider only, with the identity that it has', () => {
    const agreement = ofTwo();
    expect(agreement.expected).to.deep.equal([ANN, CYD]);
    expect(agreement.take(BOB, shareOf(BOB, epoch1))).to.equal('stranger');
    const other = { ...shareOf(ANN, epoch1), identity: publicOf(BOB) };
    expect(agreement.take(ANN, other)).to.equal('stranger');
    expect(agreement.take(ANN, shareOf(ANN, epoch1))).to.equal(null);
    expect(agreement.isKept(ANN, 0), 'without being asked for').to.equal(true);
  });

  it('is kept by the first answer, until the certificate runs out', () => {
    const agreement = agreementOf('group', groupMode, CYD);
    agreement.authorize(BOB, ALWAYS);
    expect([agreement.reasonAgainst(BOB, 0), agreement.isKept(BOB, 0)]).to.deep.equal([null, false]);
    agreement.take(BOB, bob);
    expect(agreement.reasonAgainst(BOB, 0)).to.equal('pending');
    agreement.authorize(BOB, { isAllowed: true, notAfter: 100 });
    agreement.authorize(BOB, ALWAYS);
    expect([100, 101].map((at) => agreement.reasonAgainst(BOB, at))).to.deep.equal([null, 'expired']);
    expect([agreement.kept(100), agreement.kept(101)]).to.deep.equal([[BOB], []]);
    agreement.take(ANN, shareOf(ANN));
    agreement.deny([ANN]);
    agreement.authorize(ANN, ALWAYS);
    expect(agreement.reasonAgainst(ANN, 0)).to.equal('unauthorized');
  });

  it('says who is who', () => {
    const agreement = withShares('group', groupMode, CYD, { without: BOB });
    const identities = agreement.identities(members);
    expect([...identities.keys()]).to.deep.equal([ANN, CYD]);
    expect(hexOf(identities.get(ANN) ?? new Uint8Array(0))).to.equal(hexOf(publicOf(ANN)));
    expect(agreement.epoch).to.equal(0);
  });
});

describe('secure groups, a SEAL', () => {
  const right = sealOf(groupMode);
  const { sealer } = groupMode.seal;

  for (const [what, from, seal, reason, without] of [
    ['of another epoch', sealer, { ...right, epoch: 1 }, 'epoch', ''],
    ['of a member that it leaves out', BOB, sealOf(groupMode, true), 'sealer', ''],
    ['for a member whose SHARE is not here', sealer, right, 'shares', BOB],
    [
      'with another transcript',
      sealer,
      { ...right, transcript: flipped(right.transcript) },
      'transcript',
      '',
    ],
    ['that is damaged', sealer, { ...right, signature: flipped(right.signature) }, 'signature', ''],
  ] as const)
    it(`${what} fails the open test`, () => {
      const agreement = withShares('group', groupMode, CYD, { without });
      const insiders = seal.boxes.map(({ index }) => members[index]);
      const fails = { kind: 'fails', reason, unauthorized: [], insiders };
      expect(agreement.test(from, seal)).to.deep.equal(fails);
    });

  it('of a later epoch is for exactly the insiders', () => {
    const three = sealOf(epoch1);
    const agreement = withShares('group', epoch1, CYD);
    expect(agreement.test(epoch1.seal.sealer, three).kind).to.equal('passes');
    const fewer = { ...three, boxes: three.boxes.slice(0, 2) };
    expect(agreement.test(epoch1.seal.sealer, fewer)).to.deep.include({ reason: 'insiders' });
    expect(ofTwo().test(epoch1.seal.sealer, three)).to.deep.include({ reason: 'insiders' });
    // As many, but others.
    const others = { ...three, boxes: three.boxes.filter(({ index }) => index !== members.indexOf(CYD)) };
    expect(ofTwo().test(epoch1.seal.sealer, others)).to.deep.include({ reason: 'insiders' });
  });

  it('for members that are not authorised names them', () => {
    const agreement = agreementOf('group', groupMode, CYD);
    for (const name of members) agreement.take(name, shareOf(name));
    agreement.authorize(ANN, ALWAYS);
    expect(agreement.test(sealer, right)).to.deep.equal({ kind: 'waits', pending: [BOB] });
    agreement.deny([BOB]);
    expect(agreement.test(sealer, right)).to.deep.include({ reason: 'unauthorized', unauthorized: [BOB] });
  });

  it('opens for an insider, of a sealer that has shared, before the agreement is closed', () => {
    const agreement = withShares('group', groupMode, CYD);
    const own = members.indexOf(CYD);
    const withoutOwn = { ...right, boxes: right.boxes.filter(({ index }) => index !== own) };
    expect(agreement.open(sealer, withoutOwn)).to.equal(null);
    expect(agreement.open('#dan#d1', right)).to.equal(null);
    expect(agreement.open(sealer, { ...right, check: flipped(right.check) })).to.equal(null);
    expect(hexOf(agreement.open(sealer, right)?.id ?? new Uint8Array(0))).to.equal(groupMode.seal.id);
    agreement.close();
    expect(agreement.open(sealer, right)).to.equal(null);
  });
});

describe('secure groups, a SEAL whose check is of another secret', () => {
  it('does not open, though its box does', () => {
    const { seal } = groupMode;
    const check = flipped(bytesOf(seal.check));
    const transcript = bytesOf(seal.transcript);
    const names = { sealer: seal.sealer, insider: CYD };
    const key = boxKey(nodeProvider, bytesOf(seal.dh[CYD] ?? ''), transcript, check, names);
    const box = nodeProvider.seal(key, Buffer.alloc(12), transcript, bytesOf(seal.secret));
    const boxes = [{ index: members.indexOf(CYD), box }];
    const agreement = withShares('group', groupMode, CYD);
    expect(nodeProvider.open(key, Buffer.alloc(12), transcript, box)).to.not.equal(null);
    expect(agreement.open(seal.sealer, { ...sealOf(groupMode), check, boxes })).to.equal(null);
  });
});

describe('secure groups, a name', () => {
  it('has one byte for each character', () => {
    expect([...new SecureWriter().str('\u00e9#').finish()]).to.deep.equal([2, 0, 0xe9, 0x23]);
  });
});

describe('secure groups, what is wiped', () => {
  /** Remembers the key material that it makes. */
  function watched(): { made: Uint8Array[]; provider: (provider: Provider) => Provider } {
    const made: Uint8Array[] = [];
    const noted = <T extends Uint8Array | null>(bytes: T): T => {
      if (bytes) made.push(bytes);
      return bytes;
    };
    return {
      made,
      provider: (provider) => ({
        ...provider,
        random: (length) => noted(provider.random(length)),
        dh: (pair, publicKey) => noted(provider.dh(pair, publicKey)),
        hkdf: (...args) => noted(provider.hkdf(...args)),
        open: (...args) => noted(provider.open(...args)),
      }),
    };
  }

  it('is all that a sealer has made, and what its agreement has', () => {
    const { made, provider } = watched();
    const agreement = withShares('group', groupMode, ANN, { plant: { provider } });
    const shared = made.splice(0);
    expect(shared).to.have.length(members.length);
    agreement.seal(members, 1);
    expect(made).to.have.length(3 + members.length);
    expect(made.filter((bytes) => !isZero(bytes))).to.deep.equal([]);
    expect(shared.some(isZero)).to.equal(false);
    agreement.close();
    expect(shared.every(isZero)).to.equal(true);
  });

  it('is all that opens a SEAL, but for the secret of the view', () => {
    const { made, provider } = watched();
    const agreement = withShares('group', groupMode, CYD, { plant: { provider } });
    made.length = 0;
    const keys = agreement.open(groupMode.seal.sealer, sealOf(groupMode));
    expect(made.filter((bytes) => !isZero(bytes))).to.deep.equal([keys?.viewSecret]);
  });

  it('is a DH result of a SHARE with a wrong signature', () => {
    const { made, provider } = watched();
    const agreement = agreementOf('group', groupMode, CYD, '', { provider });
    made.length = 0;
    agreement.take(BOB, { ...shareOf(BOB), signature: new Uint8Array(64) });
    expect(made.map(isZero)).to.deep.equal([true]);
  });

  it('are the keys of an epoch', () => {
    const { made, provider } = watched();
    const keys = keysOf('group', groupMode, CYD, { provider });
    made.length = 0;
    for (const data of groupMode.data) {
      const frame = frameOfData(data);
      const header = readDataHeader(frame, group, 'group');
      if (header) keys.open(frame, header);
    }
    expect(made).to.have.length.above(1);
    const used = made.filter((bytes) => bytes.length === 32);
    expect(used.some(isZero)).to.equal(false);
    keys.wipe();
    expect(used.every(isZero)).to.equal(true);
  });
});

describe('secure groups, the keys of an epoch', () => {
  const fresh = (): EpochKeys => keysOf('group', groupMode, CYD);
  const sendingOf = (keys: EpochKeys): { messages: number; bytes: number }[] =>
    Reflect.get(keys, 'sending') as { messages: number; bytes: number }[];

  for (const stream of [0, 1])
    it(`want a new one when stream ${stream} has used them enough`, () => {
      for (const [what, enough] of [
        ['messages', REKEY_MESSAGES],
        ['bytes', REKEY_BYTES],
      ] as const) {
        const keys = fresh();
        const counts = sendingOf(keys)[stream] as { messages: number; bytes: number };
        expect(keys.wantsRekey).to.equal(false);
        counts[what] = enough - 1;
        expect(keys.wantsRekey, what).to.equal(false);
        counts[what] = enough;
        expect(keys.wantsRekey, what).to.equal(true);
      }
    });

  it('take no message more when they are used up, each stream by itself', () => {
    const services = [AGREED_MESS, AGREED_MESS | SUBGROUP_CAST];
    for (const stream of [0, 1]) {
      const keys = fresh();
      const can = (bytes: number): boolean[] => services.map((service) => keys.canSeal(service, bytes));
      const only = (isOther: boolean): boolean[] => [0, 1].map((each) => (each === stream ? isOther : true));
      const counts = sendingOf(keys)[stream] as { messages: number; bytes: number };
      counts.messages = MAX_MESSAGES - 1;
      expect(can(0)).to.deep.equal([true, true]);
      counts.messages = MAX_MESSAGES;
      expect(can(0)).to.deep.equal(only(false));
      Object.assign(counts, { messages: 0, bytes: MAX_BYTES - 10 });
      expect(can(10)).to.deep.equal([true, true]);
      expect(can(11)).to.deep.equal(only(false));
    }
  });

  it('count messages and the bytes of bodies', () => {
    const keys = fresh();
    const message = { isControl: false, type: 0, body: Buffer.alloc(7) };
    keys.seal({ ...message, service: AGREED_MESS, groups: [group] });
    keys.seal({ ...message, service: AGREED_MESS, groups: [group] });
    keys.seal({ ...message, service: AGREED_MESS | SUBGROUP_CAST, groups: [ANN, group] });
    expect(sendingOf(keys)).to.deep.equal([
      { messages: 2, bytes: 14 },
      { messages: 1, bytes: 7 },
    ]);
    expect(keys.sent).to.equal(2);
  });
});

describe('secure groups, the header of DATA', () => {
  const [whole, some] = [0, 1].map((stream) => {
    const data = groupMode.data.find((each) => each.stream === stream && !each.control);
    if (!data) throw new Error(`no message of stream ${stream}`);
    return frameOfData(data);
  }) as [Frame, Frame];
  const control = groupMode.data.find((each) => each.control);
  const withByte = (frame: Frame, at: number, value: number): Frame => {
    const body = Uint8Array.from(frame.body);
    body[at] = value;
    return { ...frame, body };
  };

  it('is read in a message to the group, to some, and of control', () => {
    for (const frame of [whole, some, control && frameOfData(control)])
      expect(frame && readDataHeader(frame, group, 'group')).to.not.equal(null);
  });

  for (const [what, frame] of [
    ['another version', withByte(whole, 0, 2)],
    ['another kind', withByte(whole, 1, 2)],
    ['another stream', withByte(whole, 2, 1)],
    ['a flag that has no meaning', withByte(whole, 3, 4)],
    ['a counter of more than four bytes', withByte(whole, 12, 1)],
    ['another group', { ...whole, groups: ['other'] }],
    ['no group', { ...whole, groups: [] }],
    ['two groups', { ...whole, groups: [ANN, group] }],
    ['no service', { ...whole, service: 0 }],
    ['receivers, and another group', { ...some, groups: [ANN, 'other'] }],
    ['control to some', withByte({ ...some, service: FIFO_MESS | SUBGROUP_CAST }, 3, 2)],
    ['control that is not agreed', control && { ...frameOfData(control), service: FIFO_MESS }],
    ['too few bytes', { ...whole, body: whole.body.subarray(0, 33) }],
  ] as const)
    it(`is none with ${what}`, () => {
      expect(frame && readDataHeader(frame, group, 'group')).to.equal(null);
    });

  it('has a place in exactly as many bytes as an empty message needs', () => {
    expect(readDataHeader({ ...whole, body: whole.body.subarray(0, 34) }, group, 'group')).to.not.equal(null);
    const signed = memberMode.data.find(({ stream, control: isControl }) => stream === 0 && !isControl);
    const frame = signed && frameOfData(signed);
    if (!frame) throw new Error('no signed message');
    const cut = (bytes: number): Frame => ({ ...frame, body: Buffer.concat([frame.body], bytes) });
    expect([97, 98].map((bytes) => readDataHeader(cut(bytes), group, 'member') !== null)).to.deep.equal([
      false,
      true,
    ]);
  });
});

describe('secure groups, a certificate', () => {
  const authority = pairOfSeed('ed25519', '07'.repeat(32));
  const judged = (user: string, member: string): boolean => {
    const identity = publicOf(ANN);
    const bytes = encodeCertificate(nodeProvider, authority, { identity, user, group: '', notAfter: 1 });
    const claim = { group, member, identity };
    return judgeCertificate(nodeProvider, nodeProvider.publicKey(authority), bytes, claim).isAllowed;
  };

  it('holds for a name of ten bytes, and for no name that has not the form of one', () => {
    expect(judged('tenletters', '#tenletters#d1')).to.equal(true);
    expect(judged('tenletters', 'tenletters')).to.equal(false);
    expect(judged('', 'no name')).to.equal(true);
  });
});
