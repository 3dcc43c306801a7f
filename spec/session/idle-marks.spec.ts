/** When sessions without events get marks. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { DeliveryRecord } from '../../daemon/core/delivery-record.js';
import { IdleMarks } from '../../daemon/session/idle-marks.js';
import { readMark } from '../../lib/wire/extension/position.js';

const AGE = 4000;

/** A record of a ring of this size in bytes, and its idle marks. */
function marks(bytes = 1e6) {
  const record = new DeliveryRecord();
  record.keep({ bytes, age: AGE });
  record.begin(7n, ['a'], 0n);
  const idle = new IdleMarks(record, 0);
  const payloads = (count: number): void => {
    for (let i = 0; i < count; i++) {
      record.payload(Buffer.alloc(100), 'a');
      record.done();
    }
  };
  const ask = (now: number): number | null => {
    const mark = idle.next(now);
    const { tag, index, hash } = record.history;
    if (mark) expect(readMark(mark, 0)).to.deep.equal({ tag, from: index, to: index, hash });
    return mark && readMark(mark, 0).to;
  };
  return { record, payloads, ask };
}

describe('marks for sessions without events', () => {
  it('come four times within the age of the ring, and name the place', () => {
    const { payloads, ask } = marks();
    payloads(3);
    expect([ask(AGE / 4 - 1), ask(AGE / 4)]).to.deep.equal([null, 3]);
    payloads(1);
    expect([ask(AGE / 2 - 1), ask(AGE / 2)]).to.deep.equal([null, 4]);
  });

  it('come once more when nothing has come since, for those who had another mark before, and then no more', () => {
    const { payloads, ask } = marks();
    payloads(3);
    const period = AGE / 4;
    expect([ask(period), ask(2 * period), ask(3 * period), ask(40 * period)]).to.deep.equal([
      3,
      3,
      null,
      null,
    ]);
    payloads(1);
    expect(ask(41 * period)).to.equal(4);
  });

  it('come earlier where a ring that is full has moved on by a third since the last one', () => {
    const { record, payloads, ask } = marks(20_000);
    payloads(200);
    const size = (record.ring?.end ?? 0) - (record.ring?.first ?? 0);
    expect(size).to.be.within(50, 150);
    expect(ask(300)).to.equal(200);
    payloads(Math.floor(size / 4));
    expect(ask(600)).to.equal(null);
    payloads(Math.ceil(size / 8));
    expect([ask(549), ask(550)]).to.deep.equal([null, 200 + Math.floor(size / 4) + Math.ceil(size / 8)]);
  });

  it('do not come without a ring', () => {
    const { ask } = marks(0);
    expect(ask(AGE)).to.equal(null);
  });
});
