import { expect } from 'chai';
import { AGREED_MESS, RELIABLE_MESS, SAFE_MESS, SELF_DISCARD } from '../../../lib/wire/service.js';
import { check } from '../../../daemon/testing/checks/all.js';
import { fifo } from '../../../daemon/testing/checks/fifo.js';
import { hole } from '../../../daemon/testing/checks/hole.js';
import { integrity } from '../../../daemon/testing/checks/integrity.js';
import { MadeUp } from './made-up.js';
import { prefix } from '../../../daemon/testing/checks/prefix.js';
import { progress } from '../../../daemon/testing/checks/progress.js';
import { safe } from '../../../daemon/testing/checks/safe.js';
import { sameView } from '../../../daemon/testing/checks/same-view.js';
import { selfDelivery } from '../../../daemon/testing/checks/self-delivery.js';
import { totalOrder } from '../../../daemon/testing/checks/total-order.js';
import { transition } from '../../../daemon/testing/checks/transition.js';
import { viewIdentity } from '../../../daemon/testing/checks/view-identity.js';
import { virtualSynchrony } from '../../../daemon/testing/checks/virtual-synchrony.js';

const two = (): [MadeUp, MadeUp] => [new MadeUp('a'), new MadeUp('b', 'd2')];

/** Both are in view 1. */
function members(): [MadeUp, MadeUp] {
  const [a, b] = two();
  a.join().view('1', [a, b], { changed: b.privateGroup });
  b.join().view('1', [a, b]);
  return [a, b];
}

describe('checks: logs without fault', () => {
  it('pass over a partition, a merge and a leave', () => {
    const [a, b] = members();
    a.send('m1').got(a, 'm1').send('m2').got(a, 'm2').transition('1').network('2', [a]);
    b.got(a, 'm1').transition('1').network('3', [b]).send('m3').got(b, 'm3');
    a.network('4', [a], [b]).leave().left();
    b.network('4', [a], [b]).view('5', [b], { cause: 'leave', changed: a.privateGroup });
    expect(check([a, b])).to.deep.equal([]);
  });

  it('pass over a cascade: one signal, one view', () => {
    const [a, b] = members();
    for (const each of [a, b]) each.transition('1').network('2', [a], [b]);
    expect(check([a, b])).to.deep.equal([]);
  });
});

describe('checks: [daemon E1] integrity', () => {
  it('finds a message that nobody sent', () => {
    const [a, b] = members();
    a.got(b, 'm1');
    expect(integrity([a, b])).to.have.length(1);
  });

  it('finds a message that comes twice', () => {
    const [a, b] = members();
    b.send('m1');
    a.got(b, 'm1').got(b, 'm1');
    expect(integrity([a, b])).to.have.length(1);
  });

  it('finds a message for a group that the receiver is not in', () => {
    const [a, b] = two();
    b.send('m1');
    a.got(b, 'm1');
    expect(integrity([a, b])).to.have.length(1);
  });

  it('finds a message for a group that the receiver has left', () => {
    const [a, b] = members();
    b.send('m1');
    a.leave().left().got(b, 'm1');
    expect(integrity([a, b])).to.have.length(1);
  });

  it('finds a message whose service changed', () => {
    const [a, b] = members();
    b.send('m1');
    a.got(b, 'm1', SAFE_MESS);
    expect(integrity([a, b])).to.have.length(1);
  });

  it('finds a message that the sender discards', () => {
    const [a, b] = members();
    const service = AGREED_MESS | SELF_DISCARD;
    a.send('m1', service).got(a, 'm1', service);
    expect(integrity([a, b])).to.have.length(1);
  });
});

describe('checks: [daemon E2] self delivery', () => {
  it("finds that a member's own message is missing", () => {
    const [a, b] = members();
    a.send('m1');
    expect(selfDelivery([a, b])).to.have.length(1);
  });

  it('finds that a message to itself is missing', () => {
    const [a, b] = two();
    a.send('m1', AGREED_MESS, [a.privateGroup]);
    expect(selfDelivery([a, b])).to.have.length(1);
  });

  it('asks for nothing before the view is there', () => {
    const [a, b] = two();
    a.join().send('m1').view('1', [a]);
    expect(selfDelivery([a, b])).to.deep.equal([]);
  });

  it('asks for nothing after a leave', () => {
    const [a, b] = members();
    a.leave().send('m1').left();
    expect(selfDelivery([a, b])).to.deep.equal([]);
  });

  it('asks for nothing of a session that has ended', () => {
    const [a, b] = members();
    a.send('m1');
    a.end = 'closed';
    expect(selfDelivery([a, b])).to.deep.equal([]);
  });
});

describe('checks: [daemon E3] order of one sender', () => {
  it('finds two messages the wrong way round', () => {
    const [a, b] = members();
    a.send('m1').send('m2');
    b.got(a, 'm2').got(a, 'm1');
    expect(fifo([a, b])).to.have.length(1);
  });

  it('lets a reliable message overtake', () => {
    const [a, b] = members();
    a.send('m1').send('m2', RELIABLE_MESS);
    b.got(a, 'm2', RELIABLE_MESS).got(a, 'm1');
    expect(fifo([a, b])).to.deep.equal([]);
  });
});

describe('checks: [daemon E4] total order', () => {
  it('finds two sessions that have two messages in different order', () => {
    const [a, b] = members();
    a.send('m1').got(a, 'm1').got(b, 'm2');
    b.send('m2').got(b, 'm2').got(a, 'm1');
    expect(totalOrder([a, b])).to.have.length(1);
  });

  it('compares only what both have', () => {
    const [a, b] = members();
    a.send('m1').send('m3').got(a, 'm1').got(b, 'm2');
    b.send('m2').got(a, 'm3').got(b, 'm2');
    expect(totalOrder([a, b])).to.deep.equal([]);
  });
});

describe('checks: [daemon E5] identity of views', () => {
  it('finds one id with different members', () => {
    const [a, b] = two();
    a.view('1', [a, b], { changed: b.privateGroup });
    b.view('1', [b]);
    expect(viewIdentity([a, b])).to.have.length(1);
  });

  it('finds one id with different causes', () => {
    const [a, b] = two();
    a.network('1', [a, b]);
    b.view('1', [a, b]);
    expect(viewIdentity([a, b])).to.have.length(1);
  });

  it('finds different vs sets', () => {
    const [a, b] = two();
    a.network('1', [a, b]);
    b.network('1', [a], [b]);
    expect(viewIdentity([a, b])).to.have.length(1);
  });

  it('finds a receiver outside its own set', () => {
    const [a, b] = two();
    a.view('1', [a, b], {
      cause: 'network',
      changed: null,
      sets: [[a.privateGroup], [b.privateGroup]],
      own: 1,
    });
    expect(viewIdentity([a, b])).to.have.length(1);
  });

  it('finds a member without a set', () => {
    const [a, b] = two();
    a.view('1', [a, b], { cause: 'network', changed: null, sets: [[a.privateGroup]] });
    expect(viewIdentity([a, b])).to.have.length(1);
  });
});

describe('checks: [daemon E6] the same view', () => {
  it('finds a message in different views of two that stay together', () => {
    const [a, b] = members();
    a.send('m1').got(a, 'm1').network('2', [a, b]);
    b.network('2', [a, b]).got(a, 'm1');
    expect(sameView([a, b])).to.have.length(1);
  });

  it('allows it to two that part', () => {
    const [a, b] = members();
    const c = new MadeUp('c', 'd2');
    a.send('m1').transition('1').got(a, 'm1').network('2', [a]);
    b.view('1.1', [a, b, c], { changed: c.privateGroup }).got(a, 'm1').transition('1.1').network('3', [b, c]);
    expect(sameView([a, b])).to.deep.equal([]);
  });
});

describe('checks: [daemon E7] virtual synchrony', () => {
  it('finds two that go together with different messages', () => {
    const [a, b] = members();
    a.send('m1').got(a, 'm1').network('2', [a, b]);
    b.network('2', [a, b]);
    expect(virtualSynchrony([a, b])).to.have.length(1);
  });

  it('counts what comes after the signal', () => {
    const [a, b] = members();
    const c = new MadeUp('c', 'd3');
    a.send('m1').transition('1').got(a, 'm1').network('2', [a, b], [c]);
    b.transition('1').network('2', [a, b], [c]);
    expect(virtualSynchrony([a, b, c])).to.have.length(1);
  });

  it('asks nothing of two in different sets', () => {
    const [a, b] = members();
    a.send('m1').got(a, 'm1').network('2', [a], [b]);
    b.network('2', [a], [b]);
    expect(virtualSynchrony([a, b])).to.deep.equal([]);
  });

  it('does not miss what its sender discards', () => {
    const [a, b] = members();
    const service = AGREED_MESS | SELF_DISCARD;
    a.send('m1', service).network('2', [a, b]);
    b.got(a, 'm1', service).network('2', [a, b]);
    expect(virtualSynchrony([a, b])).to.deep.equal([]);
  });
});

describe('checks: [daemon E8] prefix before the signal', () => {
  it('finds sequences that part', () => {
    const [a, b] = members();
    a.send('m1').got(a, 'm1').transition('1');
    b.send('m2').got(b, 'm2').transition('1');
    expect(prefix([a, b])).to.have.length(1);
  });

  it('leaves aside what comes after the signal', () => {
    const [a, b] = members();
    a.send('m1').got(a, 'm1').transition('1');
    b.send('m2').transition('1').got(b, 'm2');
    expect(prefix([a, b])).to.deep.equal([]);
  });
});

describe('checks: [daemon E9] safe', () => {
  it('finds a safe message that a member with a next view does not have', () => {
    const [a, b] = members();
    a.send('m1', SAFE_MESS).got(a, 'm1', SAFE_MESS).transition('1').network('2', [a]);
    b.transition('1').network('3', [b]);
    expect(safe([a, b])).to.have.length(1);
  });

  it('is content when it comes after the signal', () => {
    const [a, b] = members();
    a.send('m1', SAFE_MESS).got(a, 'm1', SAFE_MESS).transition('1').network('2', [a]);
    b.transition('1').got(a, 'm1', SAFE_MESS).network('3', [b]);
    expect(safe([a, b])).to.deep.equal([]);
  });

  it('asks nothing of a member that goes no further', () => {
    const [a, b] = members();
    a.send('m1', SAFE_MESS).got(a, 'm1', SAFE_MESS).transition('1').network('2', [a]);
    expect(safe([a, b])).to.deep.equal([]);
  });
});

describe('checks: [daemon E10] the signal', () => {
  it('finds two in one view', () => {
    const [a, b] = members();
    a.transition('1').transition('1').network('2', [a]);
    expect(transition([a, b])).to.have.length(1);
  });

  it('finds one without a network change behind it', () => {
    const [a, b] = members();
    a.transition('1').view('2', [a], { cause: 'leave', changed: b.privateGroup });
    expect(transition([a, b])).to.have.length(1);
  });

  it('finds one when nobody is lost', () => {
    const [a, b] = members();
    a.transition('1').network('2', [a, b]);
    expect(transition([a, b])).to.have.length(1);
  });

  it('finds that it is missing when somebody is lost', () => {
    const [a, b] = members();
    a.network('2', [a]);
    expect(transition([a, b])).to.have.length(1);
  });

  it('finds one of another view', () => {
    const [a, b] = members();
    a.transition('0').network('2', [a]);
    expect(transition([a, b])).to.have.length(1);
  });
});

describe('checks: [daemon E11] behind a hole', () => {
  it('finds a message of a lost sender behind one that is missing', () => {
    const [a, b] = members();
    b.send('m1').send('m2').got(b, 'm1').got(b, 'm2').transition('1').network('3', [b]);
    a.transition('1').got(b, 'm2').network('2', [a]);
    expect(hole([a, b])).to.have.length(1);
  });

  it('allows one of a sender that came along', () => {
    const [a, b] = members();
    const c = new MadeUp('c');
    b.send('m1').got(b, 'm1').got(c, 'm2').transition('1').network('3', [b]);
    c.send('m2');
    a.transition('1').got(c, 'm2').network('2', [a, c]);
    expect(hole([a, b, c])).to.deep.equal([]);
  });
});

describe('checks: [daemon E12] all components go on', () => {
  it('finds a signal without a view behind it', () => {
    const [a, b] = members();
    a.transition('1');
    expect(progress([a, b])).to.have.length(1);
  });

  it('asks nothing of a session that has ended', () => {
    const [a, b] = members();
    a.transition('1');
    a.end = 'killed';
    expect(progress([a, b])).to.deep.equal([]);
  });
});
