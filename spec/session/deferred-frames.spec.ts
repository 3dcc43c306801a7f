import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { DeferredFrames } from '../../daemon/session/deferred-frames.js';
import { MAX_CHANGE_WAIT, MAX_END_WAIT, MAX_LAST_WAIT } from '../../daemon/session/limits.js';
import { encodeListRequest } from '../../lib/wire/extension/list.js';
import { encodeResume } from '../../lib/wire/extension/resume.js';
import { encodeMessage, encodeRequest } from '../../lib/wire/request.js';
import { AGREED_MESS, JOIN_MESS, LEAVE_MESS } from '../../lib/wire/service.js';
import { ManualClock } from './manual-clock.js';

const join = encodeRequest(JOIN_MESS, '#a#d', ['g']);
const leave = encodeRequest(LEAVE_MESS, '#a#d', ['g']);
const message = encodeMessage(AGREED_MESS, '#a#d', ['g'], 0, [Buffer.from('x')]);

describe('session: frames that wait', () => {
  function bench(...frames: readonly Buffer[]): {
    clock: ManualClock;
    deferred: DeferredFrames;
    taken: Buffer[];
    retry: (isTaken?: boolean) => void;
  } {
    const clock = new ManualClock();
    const deferred = new DeferredFrames(clock);
    const taken: Buffer[] = [];
    for (const frame of frames) deferred.add(frame, 0, frame.length);
    const retry = (isTaken = true): void =>
      deferred.retry((bytes) => {
        if (isTaken) taken.push(bytes);
        return isTaken;
      });
    return { clock, deferred, taken, retry };
  }

  it('are taken in their order, up to the first join or leave', () => {
    const { deferred, taken, retry } = bench(join, message, message, leave, message);
    retry(false);
    expect([taken.length, deferred.count]).to.deep.equal([0, 5]);
    retry();
    expect([taken.length, deferred.count]).to.deep.equal([1, 4]);
    retry();
    expect([taken, deferred.count]).to.deep.equal([[join, message, message, leave], 1]);
    retry();
    expect(deferred.count).to.equal(0);
  });

  it('are taken up to a return, too, which waits for others no longer than the end of a session does', () => {
    const resume = encodeResume({ next: 1, attempt: 1, more: false, groups: [] });
    const { clock, deferred, taken, retry } = bench(resume, message, join);
    clock.pass(MAX_END_WAIT - 1);
    expect(deferred.waitsFor).to.equal('behind');
    clock.pass(1);
    expect(deferred.waitsFor, 'as the end of a session').to.equal('far-behind');
    clock.pass(MAX_CHANGE_WAIT - MAX_END_WAIT);
    expect(deferred.waitsFor, 'its connection is as good as lost').to.equal('nobody');
    retry();
    expect([taken, deferred.count]).to.deep.equal([[resume], 2]);
    expect(deferred.waitsFor).to.equal('behind');
    retry();
    expect(deferred.count).to.equal(0);
  });

  it('wait for fewer members the longer the first of them has waited, each for itself', () => {
    const { clock, deferred, retry } = bench(join, leave);
    clock.pass(MAX_CHANGE_WAIT - 1);
    expect(deferred.waitsFor).to.equal('behind');
    clock.pass(1);
    expect(deferred.waitsFor).to.equal('far-behind');
    retry();
    expect(deferred.waitsFor, 'the leave has waited for its own turn only').to.equal('behind');
    clock.pass(MAX_LAST_WAIT - 1);
    expect(deferred.waitsFor).to.equal('far-behind');
    clock.pass(1);
    expect(deferred.waitsFor).to.equal('nobody');
    retry();
    expect(deferred.waitsFor, 'nothing waits').to.equal('behind');
  });

  it('wait each for itself also behind a question for a list', () => {
    const { clock, deferred } = bench(encodeListRequest('g'), join);
    clock.pass(MAX_CHANGE_WAIT);
    let asked = 0;
    deferred.retry(() => ++asked === 1);
    expect([deferred.count, deferred.waitsFor]).to.deep.equal([1, 'behind']);
  });

  it('are forgotten when the session ends', () => {
    const { deferred, taken, retry } = bench(join);
    deferred.clear();
    retry();
    expect([deferred.count, taken.length]).to.deep.equal([0, 0]);
  });
});
