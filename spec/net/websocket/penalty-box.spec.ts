import { expect } from 'chai';
import {
  FIRST_PENALTY,
  LONGEST_PENALTY,
  MAX_PUNISHED,
  PENALTY_MEMORY,
  PenaltyBox,
} from '../../../daemon/net/websocket/penalty-box.js';
import { ManualClock } from '../../session/manual-clock.js';

describe('WebSocket: penalty box', () => {
  it('knows nothing of a client that was not punished', () => {
    expect(new PenaltyBox(new ManualClock()).leftOf('a')).to.equal(0);
  });

  it('keeps a client out for 5 seconds', () => {
    const clock = new ManualClock();
    const box = new PenaltyBox(clock);
    box.punish('a');
    clock.pass(FIRST_PENALTY - 1);
    expect([box.leftOf('a'), box.leftOf('b')]).to.deep.equal([1, 0]);
    clock.pass(1);
    expect(box.leftOf('a')).to.equal(0);
  });

  it('doubles the time with each penalty, up to a minute', () => {
    const clock = new ManualClock();
    const box = new PenaltyBox(clock);
    const times = Array.from({ length: 6 }, () => {
      box.punish('a');
      const left = box.leftOf('a');
      clock.pass(left);
      return left;
    });
    expect(times).to.deep.equal([5_000, 10_000, 20_000, 40_000, LONGEST_PENALTY, LONGEST_PENALTY]);
  });

  it('begins at 5 seconds again after a minute without a penalty', () => {
    const clock = new ManualClock();
    const box = new PenaltyBox(clock);
    box.punish('a');
    clock.pass(FIRST_PENALTY + PENALTY_MEMORY);
    box.punish('a');
    expect(box.leftOf('a')).to.equal(FIRST_PENALTY);
  });

  it('forgets those whose time is long over, and of too many the ones punished first', () => {
    const clock = new ManualClock();
    const box = new PenaltyBox(clock);
    box.punish('old');
    clock.pass(FIRST_PENALTY + PENALTY_MEMORY);
    box.punish('first');
    expect(box.size).to.equal(1);
    for (let i = 0; i < MAX_PUNISHED; i++) box.punish(`c${i}`);
    expect([box.size, box.leftOf('first'), box.leftOf('c0')]).to.deep.equal([MAX_PUNISHED, 0, FIRST_PENALTY]);
  });
});
