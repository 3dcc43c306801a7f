import { expect } from 'chai';
import { checkResume } from './all.js';
import { complete, contiguous, prefixes } from './continuity.js';
import { gaps } from './gaps.js';
import { newestStays, oneName, privateOnce, unnoticed } from './identity.js';
import type { ClientLog, DaemonLog, ResumeChecker } from './log.js';
import { MadeUpClient, MadeUpDaemon } from './made-up.js';
import { acknowledged, confirmed, orderedOnce, selfDelivery } from './sends.js';
import { signals } from './signals.js';

/** d1 dies in view 1 after `1`; d2 enters view 2. */
function failover(): { a: MadeUpClient; d1: MadeUpDaemon; d2: MadeUpDaemon } {
  const d1 = new MadeUpDaemon('d1', false).exchanged('1').view('v1', 'a b@d2', 'join', 'a').data('1');
  const d2 = new MadeUpDaemon('d2').exchanged('1').view('v1', 'a b@d2', 'join', 'a').data('1', '2');
  d2.enters('2')
    .view('v2', 'b@d2')
    .exchanged('2')
    .data('3')
    .view('v3', 'a@d2 b@d2', 'join', 'a@d2')
    .data('4');
  return { a: new MadeUpClient('a').linked('a@d1').list('v1', 'a b@d2').data('1'), d1, d2 };
}

const verdictOf = (
  checker: ResumeChecker,
  clients: readonly ClientLog[],
  daemons: readonly DaemonLog[],
): number => checker({ clients, daemons }).length;

describe('resume checks: logs without fault', () => {
  it('pass over the death of a daemon without a gap', () => {
    const { a, d1, d2 } = failover();
    a.send('4').lost().linked('a@d2', 'whole', 1).data('2').say('signal').view('v2', 'b@d2').data('3');
    a.view('v3', 'a@d2 b@d2', 'join', 'a@d2').resumed().data('4').settle('4');
    expect(checkResume({ clients: [a], daemons: [d1, d2] })).to.deep.equal([]);
  });

  it('pass with a gap and a list behind it', () => {
    const { a, d1, d2 } = failover();
    a.lost().linked('a@d2', 'gap', 1).gap().list('v3', 'a@d2 b@d2', 'present').data('4').resumed();
    expect(checkResume({ clients: [a], daemons: [d1, d2] })).to.deep.equal([]);
  });

  it('pass when the next home came into the view without a past', () => {
    const d1 = new MadeUpDaemon('d1', false).exchanged('1').view('v1', 'a', 'join', 'a').data('1');
    d1.enters('2').exchanged('2');
    const d2 = new MadeUpDaemon('d2').exchanged('2').data('2');
    const a = new MadeUpClient('a').linked('a@d1').list('v1', 'a').data('1').lost();
    a.linked('a@d2', 'whole', 1).data('2').resumed();
    expect(checkResume({ clients: [a], daemons: [d1, d2] })).to.deep.equal([]);
  });
});

describe('resume checks: R-1 contiguous', () => {
  it('finds a message that is missing over a resume', () => {
    const { a, d1, d2 } = failover();
    a.lost().linked('a@d2', 'whole', 1).say('signal').view('v2', 'b@d2');
    expect(verdictOf(contiguous, [a], [d1, d2])).to.equal(1);
  });

  it('finds a view that is missing', () => {
    const { a, d1, d2 } = failover();
    a.lost().linked('a@d2', 'whole', 1).data('2', '3');
    expect(verdictOf(contiguous, [a], [d1, d2])).to.equal(1);
  });

  it('finds a message that comes twice', () => {
    const { a, d1, d2 } = failover();
    a.lost().linked('a@d2', 'whole', 1).data('1', '2');
    expect(verdictOf(contiguous, [a], [d1, d2])).to.be.above(0);
  });

  it('finds a repeat of another stay, and forgives it behind a gap', () => {
    const d1 = new MadeUpDaemon('d1').exchanged('1').view('v1', 'a', 'join', 'a').data('1');
    d1.view('v2', '', 'leave', 'a').view('v3', 'a', 'join', 'a').data('1');
    const a = new MadeUpClient('a')
      .linked('a@d1')
      .list('v1', 'a')
      .data('1')
      .say('left')
      .list('v3', 'a')
      .data('1');
    expect(verdictOf(contiguous, [a], [d1])).to.equal(1);
    const b = new MadeUpClient('a').linked('a@d1').list('v1', 'a').data('1').gap().list('v3', 'a').data('1');
    expect(verdictOf(contiguous, [b], [d1])).to.equal(0);
  });

  it('finds what comes outside of a membership', () => {
    const { a, d1, d2 } = failover();
    a.lost().linked('a@d2', 'gap', 1).gap().data('4');
    expect(verdictOf(contiguous, [a], [d1, d2])).to.equal(1);
  });

  it('does not miss own messages that are discarded', () => {
    const d1 = new MadeUpDaemon('d1').exchanged('1').view('v1', 'a', 'join', 'a').data('1', '2', '3');
    const a = new MadeUpClient('a').linked('a@d1').list('v1', 'a').data('1').send('2', true).data('3');
    expect(verdictOf(contiguous, [a], [d1])).to.equal(0);
  });
});

describe('resume checks: R-2 complete', () => {
  it('finds a message that is missing at the end', () => {
    const { a, d1, d2 } = failover();
    a.lost().linked('a@d2', 'whole', 1);
    expect(verdictOf(complete, [a], [d1, d2])).to.equal(1);
    a.settled = false;
    expect(verdictOf(complete, [a], [d1, d2])).to.equal(0);
  });

  it('finds a message that is missing before the own leave', () => {
    const d1 = new MadeUpDaemon('d1').exchanged('1').view('v1', 'a', 'join', 'a').data('1');
    d1.view('v2', '', 'leave', 'a');
    const a = new MadeUpClient('a').linked('a@d1').list('v1', 'a').say('leave');
    expect(verdictOf(complete, [a.say('left')], [d1])).to.equal(1);
    const b = new MadeUpClient('a').linked('a@d1').list('v1', 'a').lost().linked('a@d1', 'unknown', 1);
    expect(verdictOf(complete, [b.say('left')], [d1])).to.equal(0);
  });
});

describe('resume checks: R-3 gaps', () => {
  it('finds none where the next daemon was lost, too, before all had come', () => {
    const { a, d1, d2 } = failover();
    a.lost().linked('a@d1', 'gap', 1).gap().list('v1', 'a b@d2', 'present');
    a.linked('a@d2', 'gap', 2).gap('diverged').list('v3', 'a@d2 b@d2', 'present').resumed();
    expect(verdictOf(gaps, [a], [d1, d2])).to.equal(0);
  });

  it('finds two gaps after one loss', () => {
    const { a, d1, d2 } = failover();
    a.lost().linked('a@d2', 'gap', 1).gap().list('v2', 'b@d2', 'present').gap('diverged');
    expect(verdictOf(gaps, [a], [d1, d2])).to.equal(1);
  });

  it('finds two gaps without a view between', () => {
    const { a, d1, d2 } = failover();
    a.lost().gap().lost().gap();
    expect(verdictOf(gaps, [a], [d1, d2])).to.equal(1);
  });

  it('finds a message between the gap and the list', () => {
    const { a, d1, d2 } = failover();
    a.lost().gap().data('3').list('v3', 'a@d2 b@d2', 'present');
    expect(verdictOf(gaps, [a], [d1, d2])).to.equal(1);
  });

  it('finds a list that is not the one of the daemon', () => {
    const { a, d1, d2 } = failover();
    a.lost().gap().list('v3', 'a@d2', 'present');
    expect(verdictOf(gaps, [a], [d1, d2])).to.equal(1);
  });

  it('knows the list that a daemon without a past has found', () => {
    const d3 = new MadeUpDaemon('d3').exchanged('2');
    const members = ['#a#d3', '#b#d2'];
    const a = new MadeUpClient('a').linked('a@d3', 'gap').gap().list('v4', 'a@d3 b@d2', 'present');
    expect(verdictOf(gaps, [a], [d3])).to.equal(1);
    d3.entries.push({ kind: 'found', group: 'g', gid: 'v4', members });
    expect(verdictOf(gaps, [a], [d3])).to.equal(0);
  });
});

describe('resume checks: R-4 prefixes', () => {
  it('finds a daemon that has another message in the place of one', () => {
    const d1 = new MadeUpDaemon('d1', false).exchanged('1').view('v1', 'a', 'join', 'a').data('1', 'lone');
    const d2 = new MadeUpDaemon('d2').exchanged('1').view('v1', 'a', 'join', 'a').data('1', '2');
    const a = new MadeUpClient('a').linked('a@d1').list('v1', 'a').data('1', 'lone').lost();
    expect(verdictOf(prefixes, [a.linked('a@d2', 'whole', 1)], [d1, d2])).to.equal(1);
    const b = new MadeUpClient('b').linked('b@d1').list('v1', 'a').data('1', 'lone').lost();
    expect(verdictOf(prefixes, [b.linked('b@d2', 'gap', 1).gap()], [d1, d2])).to.equal(0);
  });

  it('forgives a verdict that a gap takes back', () => {
    const d1 = new MadeUpDaemon('d1', false).exchanged('1').view('v1', 'a', 'join', 'a').data('lone');
    const d2 = new MadeUpDaemon('d2').exchanged('1').view('v1', 'a', 'join', 'a');
    const a = new MadeUpClient('a').linked('a@d1').list('v1', 'a').data('lone').lost();
    expect(verdictOf(prefixes, [a.linked('a@d2', 'whole', 1).gap()], [d1, d2])).to.equal(0);
  });

  it('forgives a daemon that has yet to get to the position when the client leaves it', () => {
    const d1 = new MadeUpDaemon('d1').exchanged('1').view('v1', 'a', 'join', 'a').data('1');
    const d2 = new MadeUpDaemon('d2').exchanged('1').view('v1', 'a', 'join', 'a').enters('2');
    const made = (): MadeUpClient =>
      new MadeUpClient('a').linked('a@d1').list('v1', 'a').data('1').lost().linked('a@d2', 'ahead', 1);
    expect(verdictOf(prefixes, [made().linked('a@d1', 'whole', 2).resumed()], [d1, d2])).to.equal(0);
    expect(verdictOf(prefixes, [made().resumed()], [d1, d2])).to.equal(1);
  });

  it('finds a difference in the middle', () => {
    const d1 = new MadeUpDaemon('d1', false).exchanged('1').view('v1', 'a', 'join', 'a').data('1', '2', '3');
    const d2 = new MadeUpDaemon('d2').exchanged('1').view('v1', 'a', 'join', 'a').data('1', '3');
    const a = new MadeUpClient('a').linked('a@d1').list('v1', 'a').data('1', '2', '3').lost();
    expect(verdictOf(prefixes, [a.linked('a@d2', 'here', 1)], [d1, d2])).to.equal(1);
  });
});

describe('resume checks: R-5 ordered once', () => {
  it('finds a message that one daemon delivers twice', () => {
    expect(verdictOf(orderedOnce, [], [new MadeUpDaemon('d1').exchanged('1').data('1', '1')])).to.equal(1);
  });

  it('finds a repeat in a later view, at a daemon without the first one', () => {
    const d1 = new MadeUpDaemon('d1', false).exchanged('1').data('1').enters('2').exchanged('2');
    const d2 = new MadeUpDaemon('d2').exchanged('2').data('1');
    expect(verdictOf(orderedOnce, [], [d1, d2])).to.equal(1);
  });

  it('forgives what a dying machine delivered alone, and what two parts of a partition deliver', () => {
    const d1 = new MadeUpDaemon('d1', false).exchanged('1').data('1');
    const d2 = new MadeUpDaemon('d2').exchanged('1').enters('2').exchanged('2').data('1');
    expect(verdictOf(orderedOnce, [], [d1, d2])).to.equal(0);
    const d3 = new MadeUpDaemon('d3').exchanged('1').enters('3').exchanged('3').data('1');
    expect(verdictOf(orderedOnce, [], [d2, d3])).to.equal(0);
  });

  it('finds a message of which the sender hears nothing, or that nobody has', () => {
    const a = new MadeUpClient('a').linked('a@d1').send('1');
    const d1 = new MadeUpDaemon('d1').exchanged('1').data('1');
    expect(verdictOf(orderedOnce, [a], [d1])).to.equal(1);
    const b = new MadeUpClient('b').linked('b@d1').send('2').settle('2');
    expect(verdictOf(orderedOnce, [b], [d1])).to.equal(1);
  });

  it('finds messages of one sender in another order', () => {
    const a = new MadeUpClient('a').linked('a@d1').send('1').send('2').settle('1').settle('2');
    expect(verdictOf(orderedOnce, [a], [new MadeUpDaemon('d1').exchanged('1').data('2', '1')])).to.equal(1);
  });
});

describe('resume checks: R-6 and R-7 what the sender hears', () => {
  it('R-6: finds a daemon that went on without an acknowledged message', () => {
    const a = new MadeUpClient('a').linked('a@d1').send('1').settle('1');
    const d1 = new MadeUpDaemon('d1', false).exchanged('1').data('1');
    const d2 = new MadeUpDaemon('d2').exchanged('1').enters('2').exchanged('2');
    expect(verdictOf(acknowledged, [a], [d1, d2])).to.equal(1);
    d2.data('1');
    expect(verdictOf(acknowledged, [a], [d1, d2])).to.equal(0);
  });

  it('R-6: permits that a message is lost with all daemons of the view in which it was acknowledged', () => {
    const a = new MadeUpClient('a').linked('a@d1').send('1').settle('1');
    const alone = new MadeUpDaemon('d1', false).exchanged('1').data('1');
    const d2 = new MadeUpDaemon('d2').exchanged('1').enters('3').exchanged('3');
    const again = new MadeUpDaemon('d3', false).exchanged('2').data('1');
    expect(verdictOf(acknowledged, [a], [alone, again, d2])).to.equal(0);
    const other = new MadeUpDaemon('d4').exchanged('2').enters('3').exchanged('3');
    expect(verdictOf(acknowledged, [a], [alone, again, d2, other])).to.equal(1);
  });

  it('R-7: finds a confirmed send that is unknown after all', () => {
    const a = new MadeUpClient('a').send('1').settle('1', 'confirmed').settle('1', 'unknown');
    expect(verdictOf(confirmed, [a], [])).to.equal(1);
  });

  it('R-7: finds a send that was rejected as not sent, and is delivered', () => {
    const a = new MadeUpClient('a').send('1').settle('1', 'not-sent');
    expect(verdictOf(confirmed, [a], [new MadeUpDaemon('d1').exchanged('1').data('1')])).to.equal(1);
  });
});

describe('resume checks: R-8 self-delivery', () => {
  const member = (): MadeUpClient => new MadeUpClient('a').linked('a@d1').say('join').list('v1', 'a');

  it('finds an own message that is missing', () => {
    expect(verdictOf(selfDelivery, [member().send('1').settle('1')], [])).to.equal(1);
    expect(verdictOf(selfDelivery, [member().send('1').settle('1').gap()], [])).to.equal(0);
  });

  it('promises nothing to one who has asked to leave', () => {
    expect(
      verdictOf(selfDelivery, [member().say('leave').list('v2', 'a').send('1').settle('1')], []),
    ).to.equal(0);
    const again = member().say('leave').say('left').say('join').list('v3', 'a').send('1').settle('1');
    expect(verdictOf(selfDelivery, [again], [])).to.equal(1);
  });

  it('finds an own message that comes twice', () => {
    expect(verdictOf(selfDelivery, [member().send('1').settle('1').data('1', '1')], [])).to.equal(1);
  });

  it('finds an own message that is discarded and comes', () => {
    expect(verdictOf(selfDelivery, [member().send('1', true).settle('1').data('1')], [])).to.equal(1);
  });
});

describe('resume checks: R-9, R-10, R-13, R-18 identity', () => {
  it('R-9: finds a view with two names of one client', () => {
    const a = new MadeUpClient('a').linked('a@d1').linked('a@d2', 'whole', 1);
    const d2 = new MadeUpDaemon('d2').exchanged('1').view('v1', 'a a@d2', 'join', 'a@d2');
    expect(verdictOf(oneName, [a], [d2])).to.equal(1);
  });

  it('R-10: finds a takeover that the group has noticed', () => {
    const d1 = new MadeUpDaemon('d1').exchanged('1').view('v1', 'a', 'join', 'a');
    d1.view('v2', '', 'disconnect', 'a').view('v3', 'a', 'join', 'a');
    const takenOver = (lostAt: number): MadeUpClient =>
      new MadeUpClient('a').linked('a@d1').lost(lostAt).linked('a@d1', 'here', 1).resumed(4);
    expect(verdictOf(unnoticed, [takenOver(2)], [d1])).to.equal(1);
    expect(verdictOf(unnoticed, [takenOver(3)], [d1])).to.equal(0);
    // It was back before, without a session to take over: that was to be seen.
    const again = new MadeUpClient('a').linked('a@d1').lost(2).linked('a@d1', 'whole', 1);
    expect(verdictOf(unnoticed, [again.linked('a@d1', 'here', 2).resumed(4)], [d1])).to.equal(0);
    // It has come from elsewhere: that was to be seen.
    const d2 = new MadeUpDaemon('d2').exchanged('1');
    const moved = new MadeUpClient('a').linked('a@d2').lost(2).linked('a@d1', 'whole', 1);
    expect(verdictOf(unnoticed, [moved.linked('a@d1', 'here', 2).resumed(4)], [d1, d2])).to.equal(0);
  });

  it('R-13: finds a private message that comes to two sessions', () => {
    const [a, b] = [new MadeUpClient('a').personal('1'), new MadeUpClient('b').personal('1')];
    expect(verdictOf(privateOnce, [a, b], [])).to.equal(1);
    expect(verdictOf(privateOnce, [a.personal('1')], [])).to.equal(1);
    expect(verdictOf(privateOnce, [new MadeUpClient('c').personal('2').gap().personal('2')], [])).to.equal(0);
  });

  it('R-18: finds an END to the newest link', () => {
    const a = new MadeUpClient('a').linked('a@d1').linked('a@d2', 'whole', 1);
    expect(verdictOf(newestStays, [a.ended(0)], [])).to.equal(0);
    expect(verdictOf(newestStays, [a.ended(1)], [])).to.equal(1);
  });
});

describe('resume checks: R-17 signals', () => {
  const member = (): MadeUpClient => new MadeUpClient('a').linked('a@d1').list('v1', 'a b');

  it('finds a loss without a signal', () => {
    expect(verdictOf(signals, [member().view('v2', 'a')], [])).to.equal(1);
    expect(verdictOf(signals, [member().say('signal').view('v2', 'a')], [])).to.equal(0);
  });

  it('finds a second signal in one view, and one before a join', () => {
    expect(verdictOf(signals, [member().say('signal').say('signal')], [])).to.equal(1);
    expect(verdictOf(signals, [member().say('signal').view('v2', 'a b c', 'join', 'c')], [])).to.equal(1);
  });

  it('finds a signal of a group that it is not in', () => {
    expect(verdictOf(signals, [new MadeUpClient('a').linked('a@d1').say('signal')], [])).to.equal(1);
  });
});
