/** What the checker of view ids on real nodes excuses, and what it does not. */
import { expect } from 'chai';
import { MadeUp } from '../testing/checks/made-up.js';
import { oneSideIdentity } from '../support/cluster/load/one-side-identity.js';

/** `a` and `c` at one daemon, `b` at another, all in view 1. */
function three(): [MadeUp, MadeUp, MadeUp] {
  const [a, b, c] = [new MadeUp('a'), new MadeUp('b', 'd2'), new MadeUp('c')];
  for (const each of [a, b, c]) each.join().view('1', [a, b, c], { changed: c.privateGroup });
  return [a, b, c];
}

describe('ids of views on two sides of a break', () => {
  it('may be the same for a last change of each', () => {
    const [a, b, c] = three();
    a.view('2', [a, b], { cause: 'leave', changed: c.privateGroup }).transition('2').network('3', [a]);
    b.leave().left();
    const d = new MadeUp('d', 'd2');
    d.join().view('2', [a, b, c, d], { changed: d.privateGroup }).transition('2').network('4', [d]);
    expect(oneSideIdentity([a, b, c, d])).to.deep.equal([]);
  });

  it('may not be the same for two who stay together', () => {
    const [a, b, c] = three();
    a.view('2', [a, b], { cause: 'leave', changed: c.privateGroup }).network('3', [a, b]);
    b.view('2', [b, c], { cause: 'leave', changed: a.privateGroup }).network('3', [a, b]);
    expect(oneSideIdentity([a, b, c])).to.have.length(1);
  });

  it('nor where one of them got to the next network view by further changes', () => {
    const [a, b, c] = three();
    a.view('2', [a, b], { cause: 'leave', changed: c.privateGroup });
    a.view('3', [a, b, c], { changed: c.privateGroup }).network('4', [a, b, c]);
    b.view('2', [b, c], { cause: 'leave', changed: a.privateGroup });
    expect(oneSideIdentity([a, b, c])).to.have.length(1);
  });

  it('nor where there was no break', () => {
    const [a, b, c] = three();
    a.view('2', [a, b], { cause: 'leave', changed: c.privateGroup });
    b.view('2', [b, c], { cause: 'leave', changed: a.privateGroup });
    expect(oneSideIdentity([a, b, c])).to.have.length(1);
  });

  it('nor for the views that follow a break', () => {
    const [a, b] = three();
    a.transition('1').network('2', [a]).transition('2').network('4', [a]);
    b.transition('1').network('2', [b]).transition('2').network('5', [b]);
    expect(oneSideIdentity([a, b])).to.have.length(1);
  });
});
