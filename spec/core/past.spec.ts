import { expect } from 'chai';
import { extend, afterExchange, NO_LINEAGE } from '../../daemon/core/lineage.js';

describe('core: past', () => {
  it('is the same for all who completed the same exchange, whatever was before', () => {
    expect(afterExchange(7n)).to.equal(afterExchange(7n));
    expect(afterExchange(7n)).not.to.equal(afterExchange(8n));
  });

  it('stays the same for those who come in one set', () => {
    expect(extend(afterExchange(7n), 8n, 'a')).to.equal(extend(afterExchange(7n), 8n, 'a'));
  });

  it('differs by what was before, by the daemon view and by the set', () => {
    const pasts = [
      extend(afterExchange(7n), 8n, 'a'),
      extend(afterExchange(6n), 8n, 'a'),
      extend(afterExchange(7n), 9n, 'a'),
      extend(afterExchange(7n), 8n, 'b'),
      extend(NO_LINEAGE, 8n, 'a'),
      afterExchange(7n),
      afterExchange(8n),
      NO_LINEAGE,
    ];
    expect(new Set(pasts).size).to.equal(pasts.length);
  });

  it('does not forget a parting in between', () => {
    const after = (first: string): bigint => extend(extend(afterExchange(7n), 8n, first), 9n, 'a');
    expect(after('a')).not.to.equal(after('b'));
  });

  it('is 64 bits, also of a tag that is negative', () => {
    for (const past of [afterExchange(-1n), extend(afterExchange(2n ** 64n - 1n), -(2n ** 63n), 'a')]) {
      expect(past >= 0n && past < 2n ** 64n).to.equal(true);
    }
  });

  it('are these numbers, which daemons of different releases have to agree on', () => {
    expect(afterExchange(1n).toString(16)).to.equal('24107fa2bc10e090');
    expect(extend(NO_LINEAGE, 8n, 'a').toString(16)).to.equal('e94c96ec76cea364');
    expect(extend(afterExchange(7n), -8n, 'daemon-1').toString(16)).to.equal('3f0a86216c173c57');
  });
});
