/** What the end of a silent client is called. Real silence is in spec/process/silent-peers. */
import { expect } from 'chai';
import { reasonOfError, tellLateEnds } from '../../daemon/net/peer.js';
import { startDaemon } from '../support/local-daemon.js';
import { keepLog } from './session-fixture.js';

describe('session: silent clients', () => {
  for (const [code, reason] of [
    ['ETIMEDOUT', 'silent'],
    ['EHOSTUNREACH', 'silent'],
    ['ENETUNREACH', 'silent'],
    ['ECONNRESET', 'broken'],
    ['EPIPE', 'broken'],
    [undefined, 'broken'],
  ] as const) {
    it(`end as ${reason} with the error ${code}`, () => {
      const error: NodeJS.ErrnoException = new Error('it ended');
      if (code !== undefined) error.code = code;
      expect(reasonOfError(error)).to.equal(reason);
    });
  }

  it('are announced to end late where the system does not tell', async () => {
    const log = keepLog();
    await tellLateEnds(log, Promise.resolve(true));
    expect(log.lines).to.deep.equal([]);
    await tellLateEnds(log, Promise.resolve(false));
    expect(log.lines.map(({ level, message }) => `${level}: ${message}`)).to.deep.equal([
      'warn: TCP connection table unavailable; slower detection of silent clients',
    ]);
  });

  it('have a time of at least a second, and at most what a timer can hold', async () => {
    for (const clientSilenceTimeoutMs of [999, 2 ** 31, 1.5]) {
      const error = await startDaemon({ limits: { clientSilenceTimeoutMs } }).then(
        () => null,
        (caught: Error) => caught,
      );
      expect(error?.message).to.match(/clientSilenceTimeoutMs/);
    }
  });
});
