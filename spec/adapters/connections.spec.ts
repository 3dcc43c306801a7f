/** Adapters with a connection of their own: they close it, and no other. */
import { expect } from 'chai';
import { coordinator } from '../../lib/adapters/node-cron/index.js';
import { failure } from '../support/failure.js';
import { deserted, startDaemon } from '../support/local-daemon.js';

describe('an adapter with a connection of its own', () => {
  it('closes it, also where it cannot begin', async () => {
    await using daemon = await startDaemon();
    const addresses = [`${daemon.port}@127.0.0.1`];
    const it = await coordinator({ addresses });
    expect(daemon.sessions).to.equal(1);
    await it.close();
    await deserted(daemon);
    await failure(coordinator({ addresses }, { group: '' }));
    await deserted(daemon);
    await using other = await coordinator({ addresses, name: 'ann' });
    expect(await other.shouldRun('report:2026-01-31T12:00:00.000Z')).to.equal(true);
  });
});
