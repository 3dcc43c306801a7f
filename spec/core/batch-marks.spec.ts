import { expect } from 'chai';
import { DeliveryRecord } from '../../daemon/core/delivery-record.js';
import { type Mark, readMark } from '../../lib/wire/extension/position.js';

/** A record in a view with three payloads behind it, whose exchange is complete. */
function begun(): DeliveryRecord {
  const record = new DeliveryRecord();
  record.begin(7n, ['a'], 0n);
  deliver(record, 3);
  record.endBatch();
  return record;
}

function deliver(record: DeliveryRecord, count: number): void {
  for (let i = 0; i < count; i++) {
    record.payload(null, 'a');
    record.done();
  }
}

const placeOf = ({ tag, from, to }: Mark): string => `${tag}/${from}-${to}`;

describe('the mark of a batch', () => {
  it('names its end when that is known, for all who have it', () => {
    const record = begun();
    deliver(record, 1);
    const mark = record.current;
    deliver(record, 1);
    expect(record.current).to.equal(mark);
    record.endBatch();
    expect(placeOf(readMark(mark, 0))).to.equal('7/3-5');
    expect(readMark(mark, 0).hash).to.equal(record.history.hash);
    deliver(record, 1);
    expect(placeOf(readMark(mark, 0))).to.equal('7/3-5');
  });

  it('begins where the last batch ended, also one without events', () => {
    const record = begun();
    deliver(record, 2);
    record.endBatch();
    const mark = record.current;
    deliver(record, 1);
    record.endBatch();
    expect(placeOf(readMark(mark, 0))).to.equal('7/5-6');
  });

  it('ends with the daemon view, and before the hash behind an exchange', () => {
    const record = begun();
    const [old, { hash }] = [record.current, record.history];
    record.begin(8n, ['a', 'b'], 5n);
    expect(readMark(old, 0)).to.include({ tag: 7n, from: 3, to: 3, hash });
    const exchange = record.current;
    record.payload(null, 'b');
    const before = record.history.hash;
    record.exchanged();
    record.done();
    expect(readMark(exchange, 0)).to.include({ tag: 8n, from: 0, to: 1, hash: before });
    const next = record.current;
    record.endBatch();
    expect(readMark(next, 0)).to.include({ from: 1, to: 1, hash: record.history.hash });
  });

  it('does not end while a payload is under way', () => {
    const record = begun();
    const mark = record.current;
    record.payload(null, 'a');
    expect([record.endBatch(), record.settle(mark)]).to.deep.equal([false, false]);
    record.done();
    expect(record.settle(mark)).to.equal(true);
    expect(record.current).not.to.equal(mark);
  });

  it('has what belongs to the batch delivered first', () => {
    const record = begun();
    const mark = record.current;
    record.onBatchEnd = () => expect(record.current).to.equal(mark);
    record.endBatch();
  });
});
