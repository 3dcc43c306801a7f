import { expect } from 'chai';
import { Claims, isFarAbove, isTimeFarAbove, MAX_LEAD } from '../../lib/primary/claims.js';

const DAY = 86_400_000;
const NOW = 1_800_000_000_000;

describe('claims of members', () => {
  it('count up to a day above the highest of all others', () => {
    expect(MAX_LEAD).to.equal(DAY);
    expect([isFarAbove(5 + DAY, [3, 5]), isFarAbove(6 + DAY, [3, 5])]).to.deep.equal([false, true]);
  });

  it('count whole where there is nobody else', () => {
    expect(isFarAbove(2 ** 52, [])).to.equal(false);
    expect(new Claims(new Map([['a', 2 ** 52]])).doubtful).to.equal(null);
    expect(new Claims(new Map()).doubtful).to.equal(null);
  });

  it('of two are judged by the lower one', () => {
    const claims = new Map([
      ['a', NOW],
      ['b', NOW + DAY + 1],
    ]);
    expect(new Claims(claims).doubtful).to.equal('b');
    expect(new Claims(claims.set('a', NOW + 1)).doubtful).to.equal(null);
  });

  it('that two members make count, however high they are', () => {
    const claims = new Map([
      ['a', NOW],
      ['b', 2 ** 52],
      ['c', 2 ** 52 - 5],
    ]);
    expect(new Claims(claims).doubtful).to.equal(null);
  });

  it('that show a date are not measured by a clock that was never set', () => {
    const unset = 60_000;
    expect(isTimeFarAbove(NOW, [unset])).to.equal(false);
    expect(isTimeFarAbove(NOW + 2 * DAY, [unset, NOW])).to.equal(true);
    expect(isTimeFarAbove(2 ** 52, [unset]), 'not a date').to.equal(true);
    expect(isTimeFarAbove(unset + 2 * DAY, [unset])).to.equal(true);
    const [from, to] = [Date.UTC(2020, 0), Date.UTC(2100, 0)];
    expect([isTimeFarAbove(from, [unset]), isTimeFarAbove(from - 1, [unset])]).to.deep.equal([false, true]);
    expect([isTimeFarAbove(to - 1, [unset]), isTimeFarAbove(to, [unset])]).to.deep.equal([false, true]);
    expect(isTimeFarAbove(from + 2 * DAY, [from]), 'which is a date itself').to.equal(true);
  });
});
