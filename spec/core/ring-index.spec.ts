/** What the index of the ring keeps for those who read it. */
import { expect } from 'chai';
import { RingRig } from './ring-rig.js';

describe('core: the index of the ring', () => {
  it('keeps names that only readers have asked for as long as somebody reads them', () => {
    const { index } = new RingRig();
    const read = index.of('read');
    read.readers++;
    for (let i = 0; i < 5000; i++) {
      index.of(`nobody ${i}`);
      index.ofSession(BigInt(i));
      index.read(1);
    }
    expect(index.size).to.be.lessThan(2000);
    expect(index.of('read')).to.equal(read);
  });
});
