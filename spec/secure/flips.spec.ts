/** Every byte of SHARE, SEAL and DATA counts: with another value the message is refused. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { readDataHeader } from '../../lib/secure/core/data.js';
import { readSeal, readShare } from '../../lib/secure/core/messages.js';
import { givenSeed, Random } from '../support/random.js';
import { frameOfData, keysOf, withShares } from './vector-members.js';
import { bytesOf, vectors } from './vectors.js';

const CYD = '#cyd#d2';
const seed = givenSeed();

/** The bytes, each time with another one changed. */
function* changed(bytes: Buffer, random: Random): Generator<readonly [Buffer, string]> {
  for (let at = 0; at < bytes.length; at++) {
    const copy = Buffer.from(bytes);
    const mask = 1 + random.below(255);
    copy[at] = (copy[at] as number) ^ mask;
    yield [copy, `byte ${at} ^ ${mask}, seed ${seed}`];
  }
}

for (const mode of ['group', 'member'] as const) {
  const part = mode === 'group' ? vectors.groupMode : vectors.memberMode;

  describe(`secure groups, ${mode} mode, one byte changed`, () => {
    const random = new Random(seed);

    for (const { sender, hex } of part.shares.filter((share) => share.sender !== CYD)) {
      it(`the SHARE of ${sender} is refused`, () => {
        const agreement = withShares(mode, part, CYD, { without: sender });
        for (const [bytes, what] of changed(bytesOf(hex), random)) {
          const share = readShare(bytes, mode);
          if (share) expect(agreement.take(sender, share), what).to.not.equal(null);
        }
        const right = readShare(bytesOf(hex), mode);
        expect(right && agreement.take(sender, right)).to.equal(null);
      });
    }

    it('the SEAL does not decide', () => {
      const agreement = withShares(mode, part, CYD);
      const { sealer, hex } = part.seal;
      for (const [bytes, what] of changed(bytesOf(hex), random)) {
        const seal = readSeal(bytes, vectors.members.length);
        if (seal) expect(agreement.test(sealer, seal).kind, what).to.equal('fails');
      }
      const right = readSeal(bytesOf(hex), vectors.members.length);
      expect(right && agreement.test(sealer, right).kind).to.equal('passes');
    });

    it('DATA is not handed out, and its counter stays free', () => {
      for (const data of part.data) {
        const keys = keysOf(mode, part, CYD);
        const frame = frameOfData(data);
        for (const [body, what] of changed(bytesOf(data.hex), random)) {
          const header = readDataHeader({ ...frame, body }, vectors.group, mode);
          if (header)
            expect(keys.open({ ...frame, body }, header).kind, `${data.what}: ${what}`).to.equal('fault');
        }
        const header = readDataHeader(frame, vectors.group, mode);
        expect(header && keys.open(frame, header)).to.include({
          kind: 'message',
          gap: data.counter * (1 - data.stream),
        });
      }
    });
  });
}
