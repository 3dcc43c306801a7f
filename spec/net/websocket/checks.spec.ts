/** Checks of tokens: this many at a time, and no longer than 5 seconds each. */
import type { IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { PenaltyBox } from '../../../daemon/net/websocket/penalty-box.js';
import type { Principal } from '../../../daemon/net/websocket/principal.js';
import {
  CHECK_TIMEOUT,
  endOf,
  type Granted,
  MAX_CHECKS,
  MAX_HUNG_CHECKS,
  Refusal,
  UpgradeChecks,
} from '../../../daemon/net/websocket/upgrade.js';
import { type Deferred, deferred } from '../../../lib/util/deferred.js';
import { bearer } from '../../support/web-client.js';
import { settle } from '../../client/support.js';
import { ManualClock } from '../../session/manual-clock.js';

const request = (token: string): IncomingMessage =>
  ({
    method: 'GET',
    url: '/',
    headers: { 'sec-websocket-protocol': `ssp.v1, ${bearer(token)}` },
    socket: { remoteAddress: '192.0.2.1', remotePort: 1 },
  }) as unknown as IncomingMessage;

class Checks {
  readonly clock = new ManualClock();
  readonly asked: Deferred<Principal | null>[] = [];
  readonly penalties = new PenaltyBox(this.clock);
  private readonly checks = new UpgradeChecks(
    { behindProxy: false, origins: ['same'], anonymous: false, isLocal: true, verify: () => this.ask() },
    null,
    this.penalties,
    this.clock,
  );

  check(): Promise<Granted | Refusal> {
    return this.checks.check(request('x'));
  }

  private ask(): Promise<Principal | null> {
    const answer = deferred<Principal | null>();
    this.asked.push(answer);
    return answer.promise;
  }
}

const words = (found: Granted | Refusal): string =>
  found instanceof Refusal ? `${found.status} ${found.text}` : (found.principal?.sub ?? 'anonymous');

describe('WebSocket: checks', () => {
  it('are waited for no longer than 5 seconds', async () => {
    const checks = new Checks();
    const found = checks.check();
    checks.clock.pass(CHECK_TIMEOUT - 1);
    checks.clock.pass(1);
    expect(words(await found)).to.equal('503 the check of the token took too long');
    checks.asked[0]?.resolve({ sub: 'late' });
  });

  it('leave no timer behind', async () => {
    const checks = new Checks();
    const found = checks.check();
    checks.asked[0]?.resolve({ sub: 'anna' });
    expect([words(await found), checks.clock.armed]).to.deep.equal(['anna', 0]);
  });

  it('are at most 256 at a time', async () => {
    const checks = new Checks();
    const running = Array.from({ length: MAX_CHECKS }, () => checks.check());
    expect(words(await checks.check())).to.equal('503 too many tokens are being checked');
    checks.asked[0]?.resolve({ sub: 'anna' });
    await running[0];
    const next = checks.check();
    checks.asked.at(-1)?.resolve({ sub: 'bert' });
    expect(words(await next)).to.equal('bert');
  });

  it('do not begin while 256 hang that were given up', async () => {
    const checks = new Checks();
    const given = Array.from({ length: MAX_HUNG_CHECKS }, () => checks.check());
    checks.clock.pass(CHECK_TIMEOUT);
    for (const each of given) expect(words(await each)).to.equal('503 the check of the token took too long');
    const refused = await checks.check();
    expect(checks.asked.length).to.equal(MAX_HUNG_CHECKS);
    expect(refused).to.include({ status: 503, reason: 'hung-checks' });
    expect(words(refused)).to.match(/^503 expected checks of tokens to end within 5000 ms, and 256 have not/);
    checks.asked[0]?.reject(new Error('at last'));
    await settle();
    const next = checks.check();
    checks.asked.at(-1)?.resolve({ sub: 'anna' });
    expect(words(await next)).to.equal('anna');
  });

  it('come before the penalty, which is of the subject', async () => {
    const checks = new Checks();
    checks.penalties.punish('192.0.2.1 anna');
    const [anna, bert] = [checks.check(), checks.check()];
    checks.asked[0]?.resolve({ sub: 'anna' });
    checks.asked[1]?.resolve({ sub: 'bert' });
    expect([words(await anna), words(await bert)]).to.deep.equal([
      '429 too soon after a connection that had to be closed',
      'bert',
    ]);
  });
});

describe('WebSocket: end of a session', () => {
  for (const [what, exp, now, end] of [
    ['is that of its token', 100, 0, 100_000],
    ['is that of the leeway for a token that is over', 100, 100_000, 130_000],
    ['never comes without one', undefined, 0, Infinity],
  ] as const) {
    it(what, () => {
      expect(endOf({ sub: 'a', ...(exp === undefined ? {} : { exp }) }, now)).to.equal(end);
    });
  }
});
