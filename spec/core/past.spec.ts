import { expect } from 'chai';
import { carried, completed, NO_PAST } from '../../daemon/core/past.js';

describe('core: past', () => {
  it('is the same for all who completed the same exchange, whatever was before', () => {
    expect(completed(7n)).to.equal(completed(7n));
    expect(completed(7n)).not.to.equal(completed(8n));
  });

  it('stays the same for those who come in one set', () => {
    expect(carried(completed(7n), 8n, 'a')).to.equal(carried(completed(7n), 8n, 'a'));
  });

  it('differs by what was before, by the daemon view and by the set', () => {
    const pasts = [
      carried(completed(7n), 8n, 'a'),
      carried(completed(6n), 8n, 'a'),
      carried(completed(7n), 9n, 'a'),
      carried(completed(7n), 8n, 'b'),
      carried(NO_PAST, 8n, 'a'),
      completed(7n),
      completed(8n),
      NO_PAST,
    ];
    expect(new Set(pasts).size).to.equal(pasts.length);
  });

  it('does not forget a parting in between', () => {
    const after = (first: string): bigint => carried(carried(completed(7n), 8n, first), 9n, 'a');
    expect(after('a')).not.to.equal(after('b'));
  });

  it('is 64 bits, also of a tag that is negative', () => {
    for (const past of [completed(-1n), carried(completed(2n ** 64n - 1n), -(2n ** 63n), 'a')]) {
      expect(past >= 0n && past < 2n ** 64n).to.equal(true);
    }
  });

  it('is this number, which daemons of different releases have to agree on', () => {
    expect(completed(1n).toString(16)).to.equal('24107fa2bc10e090');
  });
});
