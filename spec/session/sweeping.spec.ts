/** How a daemon looks for sessions that have ended: round by round, and within one slice by slice. */
import { expect } from 'chai';
import { FEATURE_COMPACT_VIEWS, FEATURE_RESUME } from '../../lib/wire/extension/features.js';
import { type Clock, systemClock } from '../../lib/util/clock.js';
import { RawSession } from '../support/raw-client.js';
import { until } from '../support/wait.js';
import { SessionFixture } from './session-fixture.js';

/** An eighth of the time for which a session is known. */
const ROUND_MS = 3750;
const SLICE_MS = 20;

describe('session: looking for sessions that have ended', () => {
  it('takes some milliseconds from slice to slice, and the rest of an eighth of the window from round to round', async () => {
    const waits: number[] = [];
    const clock: Clock = {
      ...systemClock,
      after: (ms, call) => {
        if (ms === ROUND_MS || ms === SLICE_MS) waits.push(ms);
        return systemClock.after(ms === ROUND_MS ? 1 : ms, call);
      },
    };
    await using fixture = await SessionFixture.open({}, true, clock);
    const { resumption } = fixture.core;
    let calls = 0;
    resumption.sweep = () => ++calls % 3 !== 0;
    const hello = {
      features: FEATURE_RESUME | FEATURE_COMPACT_VIEWS,
      holdMs: 0,
      heartbeatMs: 0,
      attempt: 0,
      resume: null,
    };
    const session = await RawSession.connect(fixture.port, 'ann', true, hello);
    session.join('g');
    await until(() => waits.length >= 7, 'three rounds', 5000);
    expect(waits.slice(0, 7)).to.deep.equal([3750, 20, 20, 3750, 20, 20, 3750]);
    session.close();
  });
});
