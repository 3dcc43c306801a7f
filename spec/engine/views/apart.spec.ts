/** Daemons that were excluded for their reports: how long they stay apart, and when they ask again. */
import { expect } from 'chai';
import { Apart } from '../../../daemon/engine/views/apart.js';
import type { CpgAddress } from '../../../daemon/engine/views/ordered-transport.js';
import { checkedOptions } from '../../../daemon/engine/views/ports.js';
import { ViewAgreement } from '../../../daemon/engine/views/view-agreement.js';

const at = (node: number, pid = 100 + node): CpgAddress => ({ node, pid });
const [A, B, C] = [at(1), at(2), at(3)] as const;
const TIMES = { least: 1000, most: 5000 };

/** Times at which a daemon that is excluded at 0 again and again may come back. */
const returnsOf = (apart: Apart, address: CpgAddress): number[] =>
  Array.from({ length: 5 }, () => Math.round(apart.exclude(address, 0)));

describe('daemons that were excluded for their reports', () => {
  it('stay apart twice as long each time, up to the most; this one asks a little later than others listen', () => {
    const apart = new Apart(A, TIMES);
    expect(returnsOf(apart, B)).to.deep.equal([1000, 2000, 4000, 5000, 5000]);
    expect(returnsOf(apart, A)).to.deep.equal([1100, 2200, 4400, 5500, 5500]);
  });

  it('are apart until their time is up', () => {
    const apart = new Apart(A, TIMES);
    apart.exclude(B, 50);
    expect([1049, 1050].map((now) => apart.isApart(B, now))).to.deep.equal([true, false]);
    expect([A, C, at(2, 7)].map((other) => apart.isApart(other, 60))).to.deep.equal([false, false, false]);
  });

  it('have no time to ask unless it was this one', () => {
    const apart = new Apart(A, TIMES);
    apart.exclude(B, 50);
    expect([apart.askingTime, apart.ownEnd]).to.deep.equal([Infinity, 0]);
    apart.exclude(A, 50);
    expect([apart.askingTime, apart.ownEnd]).to.deep.equal([1000, 1150]);
    apart.exclude(A, 1150);
    expect([apart.askingTime, apart.ownEnd]).to.deep.equal([2000, 3350]);
  });

  it('are forgotten with their process', () => {
    const apart = new Apart(A, TIMES);
    for (const each of [A, B, C]) apart.exclude(each, 0);
    apart.keepOnly([A, C]);
    expect([A, B, C].map((each) => apart.isApart(each, 10))).to.deep.equal([true, false, true]);
    expect([B, C].map((each) => apart.exclude(each, 0))).to.deep.equal([1000, 2000]);
  });
});

describe('a round of the view machine with daemons apart', () => {
  function begun(now = 1000): ViewAgreement {
    const round = new ViewAgreement(A, checkedOptions({ apart: TIMES }));
    round.hint({ kind: 'confchg', members: [A, B] });
    round.hint({ kind: 'ring', rep: 1, seq: 4n, nodes: [1, 2] });
    round.begin(now);
    return round;
  }

  it('ignores those, and everybody while this daemon is one of them, but never itself', () => {
    const round = begun();
    const ignored = (now: number): boolean[] => [A, B, C].map((each) => round.ignores(each, now));
    expect(ignored(1000)).to.deep.equal([false, false, false]);
    round.setApart(B, 1000);
    expect(ignored(1999)).to.deep.equal([false, true, false]);
    expect(ignored(2000)).to.deep.equal([false, false, false]);
    round.setApart(A, 3000);
    round.begin(3001);
    expect(ignored(3500)).to.deep.equal([false, true, true]);
    round.begin(4100);
    expect(ignored(4100)).to.deep.equal([false, false, false]);
  });

  it('asks the others when its own time is up, once', () => {
    const round = begun();
    round.setApart(A, 1000);
    round.begin(1001);
    expect([2099, 2100, 2101].map((now) => round.isToAsk(now))).to.deep.equal([false, true, false]);
  });

  it('asks again after a while where it is alone among others, if it was excluded once', () => {
    const asks = (members: number, isExcluded: boolean, processes = [A, B]): number => {
      const round = begun();
      if (isExcluded) round.setApart(A, 1000);
      round.hint({ kind: 'confchg', members: processes });
      round.begin(2100);
      round.entered(members, 2200);
      return round.askAt;
    };
    expect(asks(1, true)).to.equal(3200);
    expect(asks(2, true), 'not alone').to.equal(Infinity);
    expect(asks(1, true, [A]), 'without others').to.equal(Infinity);
    expect(asks(1, false), 'never excluded').to.equal(Infinity);
  });

  it('keeps its time to ask when it enters its view alone while it is apart', () => {
    const round = begun();
    round.setApart(A, 1000);
    round.begin(1001);
    round.entered(1, 1050);
    expect(round.askAt).to.equal(2100);
  });
});
