import { expect } from 'chai';
import { DeliveryHistory } from '../../daemon/core/history.js';

const begun = (lineage = 0n, tag = 1n): DeliveryHistory => {
  const history = new DeliveryHistory();
  history.begin(tag, ['a', 'b', 'c'], lineage);
  return history;
};

const after = (history: DeliveryHistory, ...daemons: readonly string[]): bigint => {
  for (const daemon of daemons) history.add(daemon);
  return history.hash;
};

describe('the history of deliveries', () => {
  it('has these hashes, which daemons of different releases have to agree on', () => {
    const history = begun();
    const hashes = ['a', 'b', 'a', 'c'].map((daemon) => after(history, daemon));
    expect(hashes).to.deep.equal([
      0x0bc4e2b532464c4fn,
      0xa8edb7ec9205e45en,
      0x608333b4cdb769e2n,
      0x887f6d5dd0a943dan,
    ]);
  });

  it('counts the payloads of the view', () => {
    const history = begun();
    after(history, 'a', 'b');
    expect(history.place).to.include({ tag: 1n, index: 2 });
    history.begin(2n, ['a'], 0n);
    expect(history.place).to.include({ tag: 2n, index: 0 });
  });

  it('is the same in two words', () => {
    const history = begun(7n);
    after(history, 'a');
    const words = (BigInt(history.high >>> 0) << 32n) | BigInt(history.low >>> 0);
    expect(words).to.equal(history.hash);
  });

  it('begins with the lineage: an exchange gives other events to daemons of another past', () => {
    expect(begun(5n).hash).to.equal(5n);
    expect(after(begun(5n), 'a')).not.to.equal(after(begun(6n), 'a'));
  });

  it('depends on the tag alone behind the exchange', () => {
    const [one, other] = [begun(5n), begun(6n)];
    for (const history of [one, other]) {
      after(history, 'a');
      history.exchanged();
    }
    expect(one.hash).to.equal(other.hash);
    expect(after(one, 'b')).to.equal(after(other, 'b'));
    const next = begun(5n, 2n);
    next.exchanged();
    expect(next.hash).not.to.equal(one.hash);
  });

  it('tells who has put off a request from who has carried it out', () => {
    const [one, other] = [begun(), begun()];
    for (const history of [one, other]) history.add('a');
    one.putOff();
    expect(one.hash).not.to.equal(other.hash);
    expect(one.index).to.equal(other.index);
    expect(after(one, 'b')).not.to.equal(after(other, 'b'));
  });

  it('tells who sent, and in which order', () => {
    const hashes = [
      after(begun(), 'a', 'b'),
      after(begun(), 'b', 'a'),
      after(begun(), 'a', 'a'),
      after(begun(), 'a'),
      after(begun(), 'a', 'nobody'),
    ];
    expect(new Set(hashes).size).to.equal(hashes.length);
  });
});
