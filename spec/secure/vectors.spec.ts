/** The formats of secure groups, byte for byte, and every frame that must be refused. */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { encodeCertificate, judgeCertificate } from '../../lib/secure/core/certificate.js';
import { contextOf, exportKey, label, type Mode, previousProof } from '../../lib/secure/core/context.js';
import { readDataHeader } from '../../lib/secure/core/data.js';
import { isSoundPoint } from '../../lib/secure/core/limits.js';
import { readSeal, readShare } from '../../lib/secure/core/messages.js';
import { nodeProvider } from '../../lib/secure/node-provider.js';
import { importPublicKey } from '../../lib/secure/identity.js';
import { judge, sealed } from './vector-judges.js';
import { agreementOf, frameOfData, keysOf, scopeOf, withShares } from './vector-members.js';
import { SecondReading } from './second-reading.js';
import { bytesOf, hexOf, pairOfSeed, type VectorEpoch, vectors } from './vectors.js';

const { group, members } = vectors;
const CYD = '#cyd#d2';

const parts: readonly (readonly [string, Mode, VectorEpoch])[] = [
  ['group mode', 'group', vectors.groupMode],
  ['epoch 1', 'group', vectors.epoch1],
  ['member mode', 'member', vectors.memberMode],
];

describe('secure groups, formats', () => {
  it('begin with labels', () => {
    expect(hexOf(label(vectors.label.name))).to.equal(vectors.label.hex);
  });

  for (const [name, mode, part] of parts) {
    describe(name, () => {
      it('has its context', () => {
        expect(hexOf(contextOf(nodeProvider, scopeOf(mode, part)))).to.equal(part.context);
      });

      for (const share of part.shares) {
        it(`has the SHARE of ${share.sender}`, () => {
          const { ownShare } = agreementOf(mode, part, share.sender);
          expect(hexOf(ownShare)).to.equal(share.hex);
          expect(ownShare).to.have.length(share.length);
          const read = readShare(ownShare, mode);
          expect(read && hexOf(read.previous)).to.equal(share.previous);
        });
      }

      for (const seal of [part.seal, part.sealWithoutBob].filter((each) => each !== undefined)) {
        it(`has the SEAL of ${seal.sealer}`, () => {
          const agreement = withShares(mode, part, seal.sealer, { secret: seal.secret });
          expect(hexOf(agreement.seal(seal.insiders, seal.now))).to.equal(seal.hex);
        });

        it(`has the keys of the SEAL of ${seal.sealer}, for every insider`, () => {
          for (const insider of seal.insiders) {
            const agreement = withShares(mode, part, insider);
            const read = readSeal(bytesOf(seal.hex), members.length);
            if (!read) throw new Error('malformed');
            expect(agreement.test(seal.sealer, read)).to.deep.equal({
              kind: 'passes',
              insiders: seal.insiders,
            });
            const keys = agreement.open(seal.sealer, read);
            expect(keys && [keys.viewSecret, keys.check, keys.id].map(hexOf), insider).to.deep.equal([
              seal.viewSecret,
              seal.check,
              seal.id,
            ]);
          }
        });
      }

      it('has its DATA, sent', () => {
        const sent = part.data.map((data) => sealed(mode, part, data));
        expect(sent.map(hexOf)).to.deep.equal(part.data.map(({ hex }) => hex));
      });

      it('has its DATA, received', () => {
        const keys = keysOf(mode, part, CYD);
        for (const data of part.data) {
          const frame = frameOfData(data);
          const header = readDataHeader(frame, group, mode);
          if (!header) throw new Error(`${data.what}: malformed`);
          expect(header.isControl).to.equal(data.control);
          const opened = keys.open(frame, header);
          expect(opened, data.what).to.deep.equal({
            kind: 'message',
            type: data.type,
            body: bytesOf(data.body),
            gap: 0,
          });
        }
      });
    });
  }

  it('has exported keys', () => {
    const { exports = [], seal } = vectors.groupMode;
    expect(exports).to.have.length.above(0);
    for (const { label: name, length, hex, sha256 } of exports) {
      const key = exportKey(nodeProvider, bytesOf(seal.viewSecret), name, length);
      expect(key).to.have.length(length);
      if (hex !== undefined) expect(hexOf(key)).to.equal(hex);
      else expect(createHash('sha256').update(key).digest('hex')).to.equal(sha256);
    }
  });

  it('has no exported keys out of range', () => {
    const secret = bytesOf(vectors.groupMode.seal.viewSecret);
    for (const length of [0, 8161, 1.5, NaN])
      expect(() => exportKey(nodeProvider, secret, 'app', length), String(length)).to.throw(RangeError);
    expect(exportKey(nodeProvider, secret, 'a'.repeat(512), 1)).to.have.length(1);
    expect(() => exportKey(nodeProvider, secret, 'a'.repeat(513), 1)).to.throw(RangeError);
  });

  it('is the same to a second reading of the document', () => {
    const reading = new SecondReading(vectors as unknown as Readonly<Record<string, unknown>>).read();
    expect(reading.differences).to.deep.equal([]);
    expect(reading.compared).to.be.at.least(93);
  });
});

describe('secure groups, certificates', () => {
  const authority = bytesOf(vectors.certificates.authorityPublic);

  for (const { what, group: where, member, identity, now, expect: expected, hex } of vectors.certificates
    .cases) {
    it(`are ${expected ? 'accepted' : 'refused'}: ${what}`, () => {
      const claim = { group: where, member, identity: bytesOf(identity) };
      const { isAllowed, notAfter } = judgeCertificate(nodeProvider, authority, bytesOf(hex), claim);
      expect(isAllowed && notAfter >= now).to.equal(expected);
    });
  }

  it('are issued as the vector', () => {
    const right = vectors.certificates.cases[0];
    if (!right) throw new Error('no vector');
    const seed = createHash('sha256').update('authority').digest('hex');
    const { notAfter } = judgeCertificate(nodeProvider, authority, bytesOf(right.hex), {
      group,
      member: right.member,
      identity: bytesOf(right.identity),
    });
    const fields = { identity: bytesOf(right.identity), user: 'bob', group, notAfter };
    expect(hexOf(encodeCertificate(nodeProvider, pairOfSeed('ed25519', seed), fields))).to.equal(right.hex);
  });
});

describe('secure groups, points', () => {
  const { lowOrderX25519, smallOrderEd25519, notBelowP } = vectors.points;

  it('of small order, and with y not below p, are no Ed25519 keys', () => {
    for (const hex of [...smallOrderEd25519, ...notBelowP]) {
      expect(isSoundPoint(bytesOf(hex)), hex).to.equal(false);
      expect(() => importPublicKey(hex), hex).to.throw(/^expected|ILLEGAL_PARAM/);
    }
  });

  it('of identities are', () => {
    for (const { public: hex } of vectors.identities) expect(isSoundPoint(bytesOf(hex)), hex).to.equal(true);
    // One below p, and one that differs from p in the middle.
    expect(isSoundPoint(bytesOf(`ea${'ff'.repeat(30)}7f`))).to.equal(true);
    expect(isSoundPoint(bytesOf(`ff${'ff'.repeat(14)}fe${'ff'.repeat(15)}7f`))).to.equal(true);
  });

  it('of low order give no X25519 result', () => {
    const pair = nodeProvider.ephemeral();
    for (const hex of lowOrderX25519) expect(nodeProvider.dh(pair, bytesOf(hex)), hex).to.equal(null);
  });

  it('of small order would let a signature of zeros pass', () => {
    const zeros = Buffer.concat([Buffer.of(1), Buffer.alloc(63)]);
    expect(nodeProvider.verify(bytesOf(`01${'00'.repeat(31)}`), Buffer.from('any'), zeros)).to.equal(true);
  });
});

describe('secure groups, frames that must be refused', () => {
  for (const frame of vectors.negative.frames) {
    it(`${frame.kind}, ${frame.mode} mode, ${frame.what}: ${frame.expect}`, () => {
      expect(judge(frame)).to.equal(frame.expect);
    });
  }
});

describe('secure groups, companions', () => {
  it('prove the epoch before by its key, for their name and count', () => {
    const context = bytesOf(vectors.groupMode.context);
    for (const { sender, sent, previous } of vectors.groupMode.shares.filter((each) => each.sender !== CYD)) {
      const proof = previousProof(nodeProvider, bytesOf(vectors.P), context, sender, BigInt(sent));
      expect(hexOf(proof)).to.equal(previous);
    }
  });
});
