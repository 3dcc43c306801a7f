/** A view of n members goes to n receivers: shared bytes are not memory n times over. */
import { expect } from 'chai';
import { Mailbox } from '../../lib/mailbox/mailbox.js';
import { JOIN_MESS } from '../../lib/wire/service.js';
import { startDaemon } from '../support/local-daemon.js';
import { until } from '../support/wait.js';

const MEMBERS = 300;

describe('session: a large group', () => {
  it('keeps its members when all of them join at once and the shared bytes pass the limit of the total', async () => {
    // The sum over the backlogs is about 300 times the memory that the shared frames take.
    await using daemon = await startDaemon({ limits: { maxTotalBytes: 400 * 1024 * 1024 } });
    const address = `${daemon.port}@127.0.0.1`;
    const mailboxes: Mailbox[] = [];
    for (let i = 0; i < MEMBERS; i++) {
      const mailbox = await Mailbox.open({ spreadName: address, name: `m${i}` });
      if (typeof mailbox === 'number') throw new Error(`connect answered ${mailbox}`);
      mailboxes.push(mailbox);
    }
    for (const mailbox of mailboxes) void mailbox.send(JOIN_MESS, ['big'], 0, []);
    const isWhole = (mailbox: Mailbox): boolean => {
      for (let arrival = mailbox.take(); arrival; arrival = mailbox.take()) {
        if (arrival.numGroups === MEMBERS) return true;
      }
      return false;
    };
    const waiting = new Set(mailboxes);
    await until(
      () => {
        for (const mailbox of waiting) if (isWhole(mailbox)) waiting.delete(mailbox);
        return waiting.size === 0 || mailboxes.some(({ state }) => state !== 'open');
      },
      'the view with all members',
      15_000,
    );
    expect([waiting.size, daemon.counters.ends]).to.deep.equal([0, {}]);
    for (const mailbox of mailboxes) mailbox.kill();
  });
});
