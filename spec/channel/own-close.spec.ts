/** Closing one's own connection ends all loops in the same way: without an error. Its loss does not. */
import { expect } from 'chai';
import { ConnectionClosedError } from '../../lib/errors.js';
import { election } from '../../lib/recipes/index.js';
import { type Party, ChannelFixture, within } from './support.js';

/** Every kind of loop that a connection can have; each resolves with how its loop ends. */
async function loops({ connection, channels }: Party): Promise<Readonly<Record<string, Promise<string>>>> {
  const how = async (loop: AsyncIterable<unknown>): Promise<string> => {
    try {
      for await (const _ of loop);
      return 'ends';
    } catch (error) {
      if (error instanceof ConnectionClosedError) return 'is lost';
      throw error;
    }
  };
  const server = await channels.createChannel('own');
  const client = await channels.openChannel('own');
  return {
    connection: how(connection),
    group: how(await connection.join('room')),
    election: how(await election(connection, 'chair')),
    server: how(server),
    client: how(client.events()),
    watch: how(channels.watch(connection.id)),
  };
}

async function ends(running: Awaited<ReturnType<typeof loops>>): Promise<Record<string, string>> {
  const pairs = Object.entries(running).map(async ([name, end]) => [name, await within(end, name)] as const);
  return Object.fromEntries(await Promise.all(pairs));
}

describe('the end of a connection', () => {
  it('that was wanted here ends every loop without an error', async () => {
    await using place = await ChannelFixture.start();
    const party = await place.party('a');
    const running = await loops(party);
    await party.connection.close();
    expect(await ends(running)).to.deep.equal({
      connection: 'ends',
      group: 'ends',
      election: 'ends',
      server: 'ends',
      client: 'ends',
      watch: 'ends',
    });
  });

  it('that broke is an error of every loop but those that tell of others', async () => {
    await using place = await ChannelFixture.start();
    const running = await loops(await place.party('a'));
    await place.daemon.stop();
    expect(await ends(running)).to.deep.equal({
      connection: 'is lost',
      group: 'is lost',
      election: 'is lost',
      server: 'is lost',
      client: 'ends',
      watch: 'ends',
    });
  });
});
