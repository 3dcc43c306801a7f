import { expect } from 'chai';
import { LINES_A_MINUTE, LogLimit, MAX_KINDS, MINUTE } from '../../daemon/log/log-limit.js';
import { keepLog } from '../session/session-fixture.js';
import { ManualClock } from '../session/manual-clock.js';

function bench() {
  const clock = new ManualClock();
  const log = keepLog();
  const limit = new LogLimit(log, clock);
  const write = (times: number, address: string, reason = 'broken'): void => {
    for (let i = 0; i < times; i++) limit.write('warn', address, reason, { reason }, 'session ended');
  };
  return { clock, log, limit, write };
}

describe('session: lines of the log', () => {
  it('are ten a minute for one address and reason, then their number', () => {
    const { clock, log, write } = bench();
    write(5_000, '192.0.2.1');
    expect(log.lines).to.have.length(LINES_A_MINUTE);
    clock.pass(MINUTE);
    expect(log.lines.slice(LINES_A_MINUTE)).to.deep.equal([
      {
        level: 'warn',
        fields: { address: '192.0.2.1', reason: 'broken', lines: 5_000 - LINES_A_MINUTE },
        message: 'further lines suppressed',
      },
    ]);
  });

  it('are counted again in the next minute', () => {
    const { clock, log, write } = bench();
    write(LINES_A_MINUTE, '192.0.2.1');
    clock.pass(MINUTE);
    write(LINES_A_MINUTE, '192.0.2.1');
    expect(log.lines.map(({ message }) => message)).to.deep.equal(
      Array.from({ length: 2 * LINES_A_MINUTE }, () => 'session ended'),
    );
    expect(clock.armed).to.equal(1);
    clock.pass(MINUTE);
    expect(clock.armed).to.equal(0);
  });

  it('of other addresses and reasons are written', () => {
    const { log, write } = bench();
    write(50, '192.0.2.1');
    write(1, '192.0.2.2');
    write(1, '192.0.2.1', 'slow-bytes');
    expect(log.lines).to.have.length(LINES_A_MINUTE + 2);
  });

  it('of very many addresses share a limit', () => {
    const { clock, log, write } = bench();
    for (let i = 0; i < MAX_KINDS + 500; i++) write(1, `192.0.2.${i}`);
    expect(log.lines).to.have.length(MAX_KINDS + LINES_A_MINUTE);
    clock.pass(MINUTE);
    expect(log.lines.at(-1)?.fields).to.deep.equal({
      address: 'others',
      reason: 'broken',
      lines: 500 - LINES_A_MINUTE,
    });
  });

  it('that were left out are told when the daemon stops', () => {
    const { log, limit, write } = bench();
    write(LINES_A_MINUTE + 1, '192.0.2.1');
    limit.tell();
    expect(log.lines.at(-1)?.fields).to.deep.equal({ address: '192.0.2.1', reason: 'broken', lines: 1 });
    limit.tell();
    expect(log.lines).to.have.length(LINES_A_MINUTE + 1);
  });
});
