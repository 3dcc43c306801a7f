import { expect } from 'chai';
import * as fc from 'fast-check';
import { Numbering, OrderCheck } from '../../lib/cli/flood/run.js';

const seeing = (numbering: Numbering, numbers: readonly number[]): OrderCheck => {
  const check = new OrderCheck(numbering);
  for (const n of numbers) check.see(numbering.typeOf(n));
  return check;
};

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe('command: the order of a flood', () => {
  for (const senders of [1, 3, 500]) {
    it(`is right over several cycles of ${senders} senders`, () => {
      expect(seeing(new Numbering(senders), upTo(200_000)).faults).to.equal(0);
    });
  }

  it('travels in a signed 16-bit number', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 500 }), (n, senders) => {
        expect(new Numbering(senders).typeOf(n)).to.be.within(-32_768, 32_767);
      }),
    );
  });

  it('is right whatever the order between senders, and has a checksum of its own then', () => {
    const numbering = new Numbering(2);
    const [one, other] = [seeing(numbering, [0, 1, 2, 3]), seeing(numbering, [1, 0, 3, 2])];
    expect([one.faults, other.faults]).to.deep.equal([0, 0]);
    expect(one.checksum).not.to.equal(other.checksum);
    expect(seeing(numbering, [1, 0, 3, 2]).checksum).to.equal(other.checksum);
  });

  for (const [what, numbers] of [
    ['lost', [0, 1, 3]],
    ['doubled', [0, 1, 1, 2]],
    ['swapped', [0, 2, 1]],
  ] as const) {
    it(`shows a message that was ${what}`, () => {
      expect(seeing(new Numbering(1), numbers).faults).to.be.above(0);
    });
  }
});
