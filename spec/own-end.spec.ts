/** A program that ends in good order: one signal for everything that waits, and loops that end with its own connection. */
import { expect } from 'chai';
import { openChannels } from '../lib/channel/index.js';
import { connect } from '../lib/index.js';
import { election, lock, map } from '../lib/recipes/index.js';
import { startDaemon } from './support/local-daemon.js';

describe('a program that ends', () => {
  it('hands one signal to everything that waits, without a warning', async () => {
    const warnings: string[] = [];
    const onWarning = ({ message }: Error): void => void warnings.push(message);
    process.on('warning', onWarning);
    await using daemon = await startDaemon();
    const address = `${daemon.port}@127.0.0.1`;
    await using connection = await connect({ address });
    const channels = await openChannels(connection);
    const leader = await election(connection, 'leader', { quorum: 2 });
    const held = await lock(connection, 'lock');
    await held.acquire();
    const stop = new AbortController();
    const { signal } = stop;
    const waits = Array.from({ length: 12 }, () => [
      leader.waitForLeader({ signal }),
      held.acquire({ signal }),
      channels.openChannel('none', { waitMs: 60_000, signal }),
      map(connection, `map-${Math.random()}`, { quorum: 2 }).then((each) => each.ready({ signal })),
    ]).flat();
    const reasons = Promise.all(
      waits.map((wait) =>
        wait.then(
          () => 'it came',
          (error: unknown) => error,
        ),
      ),
    );
    await connection.send('nobody', '');
    const reason = new Error('the program ends');
    stop.abort(reason);
    for (const each of await reasons) expect(each).to.equal(reason);
    process.off('warning', onWarning);
    expect(warnings).to.deep.equal([]);
  });

  it('closes its connection, and loops over channels end as those over groups do', async () => {
    await using daemon = await startDaemon();
    const address = `${daemon.port}@127.0.0.1`;
    const connection = await connect({ address });
    const group = await connection.join('room');
    const channels = await openChannels(connection);
    const server = await channels.createChannel('shop');
    const client = await channels.openChannel('shop');
    const ended: string[] = [];
    const loop = async (name: string, events: AsyncIterable<unknown>): Promise<void> => {
      for await (const _ of events);
      ended.push(name);
    };
    const loops = [loop('group', group), loop('server', server), loop('client', client.events())];
    await connection.close();
    await Promise.all(loops);
    expect(ended).to.have.members(['group', 'server', 'client']);
  });
});
