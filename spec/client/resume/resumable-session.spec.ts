/** What a session says of itself at the next daemon. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { ResumableSession } from '../../../lib/client/resume/resumable-session.js';
import type { Mailbox } from '../../../lib/mailbox/mailbox.js';
import type { TimerClock } from '../../../lib/util/clock.js';
import type { Welcome } from '../../../lib/wire/extension/welcome.js';
import { FEATURE_COMPACT_VIEWS, FEATURE_RESUME } from '../../../lib/wire/extension/features.js';

const features = FEATURE_RESUME | FEATURE_COMPACT_VIEWS;
const settings = { heartbeatMs: 0, holdMs: 0, follow: false } as ConstructorParameters<
  typeof ResumableSession
>[1];

describe('a session that comes back', () => {
  it('was lost when it had its place for the last time, whatever tries there were since', () => {
    const time = { now: 0 };
    const clock = { now: () => time.now } as unknown as TimerClock;
    const session = new ResumableSession(
      { features, holdMs: 0, heartbeatMs: 0, attempt: 0, resume: null },
      settings,
      clock,
    );
    const accept = (verdict: Welcome['verdict']): number | undefined => {
      const { hello, arrivals } = session.offer();
      const position = { tag: 0n, index: 0, hash: 0n };
      const welcome = { verdict, sid: 5n, token: Buffer.from('token'), addresses: [], position };
      session.accepted({ extension: { features, hello, welcome, arrivals } } as unknown as Mailbox);
      return hello.resume?.position.awayMs;
    };
    const loseAt = (now: number): void => {
      time.now = now;
      session.lost();
      time.now += 10;
    };
    accept('new');
    loseAt(100);
    expect(accept('whole')).to.equal(10);
    // Nobody may have heard of that return.
    loseAt(200);
    expect(accept('whole')).to.equal(110);
    session.hasPlace();
    loseAt(300);
    expect(accept('whole')).to.equal(10);
  });
});
