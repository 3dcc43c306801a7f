/** What becomes of the channels of a connection that is lost and comes back with a gap, with the real client in simulated worlds. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import {
  type Channels,
  openChannels,
  type ServerChannel,
  type ServerEvent,
} from '../../lib/channel/index.js';
import type { Connection } from '../../lib/client/connection.js';
import { LibraryWorld } from './library-world.js';

const DAEMONS = 3;

class Play {
  private constructor(readonly world: LibraryWorld) {}

  static async run(play: (it: Play) => Promise<void>): Promise<void> {
    const world = new LibraryWorld(11, DAEMONS);
    const together = (): boolean =>
      world.daemons.every((each) => each?.core.view?.daemons.length === DAEMONS);
    await world.run(
      (async () => {
        await world.until(together, 'one view');
        await play(new Play(world));
      })(),
    );
  }

  async connect(daemon: number, name: string): Promise<{ connection: Connection; channels: Channels }> {
    const addresses = Array.from({ length: DAEMONS }, (_, i) => `4803@d${1 + ((daemon + i) % DAEMONS)}`);
    const connection = await this.world.connect(daemon, name, { addresses });
    return { connection, channels: await openChannels(connection, { registry: 'any-partition' }) };
  }

  async lose(connection: Connection, daemon: number | null): Promise<void> {
    const lost = new Promise((resolve) => void connection.once('reconnecting', resolve));
    if (daemon === null) this.world.cut(connection);
    else this.world.kill(daemon);
    await lost;
  }
}

/** Answers each request with its type, but those of type 9. */
async function serve(server: ServerChannel, seen: ServerEvent[]): Promise<void> {
  for await (const event of server) {
    seen.push(event);
    if (event.kind === 'request' && event.type !== 9)
      await event.reply(event.type, Buffer.from('done')).catch(() => undefined);
  }
}

const outcome = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'done',
    (error: Error) => error.name,
  );

describe('simulation: channels of a connection that comes back', () => {
  for (const [title, daemon] of [
    ['its connection breaks', null],
    ['its daemon dies', 0],
  ] as const) {
    it(`a client stays attached when ${title}; a call is carried out once, whenever it was made`, () =>
      Play.run(async (play) => {
        const { world } = play;
        const a = await play.connect(0, 'a');
        const b = await play.connect(1, 'b');
        const seen: ServerEvent[] = [];
        const server = await b.channels.createChannel('shop');
        void serve(server, seen);
        const client = await a.channels.openChannel('shop');
        expect((await client.call(1)).status).to.equal(1);
        const slow = outcome(client.call(9));
        await world.until(
          () => seen.some((event) => event.kind === 'request' && event.type === 9),
          'the request',
        );
        await play.lose(a.connection, daemon);
        expect(client.state).to.equal('open');
        const kept = client.call(2);
        expect((await kept).status).to.equal(2);
        // When its connection has ended for the server, nobody can say what becomes of the call.
        const held = seen.find((event) => event.kind === 'request' && event.type === 9);
        if (daemon !== null && held?.kind === 'request') await held.reply(9);
        expect(await slow).to.equal(daemon === null ? 'ServerUnreachableError' : 'done');
        expect((await client.call(3)).status).to.equal(3);
        const types = seen.flatMap((event) => (event.kind === 'request' ? [event.type] : []));
        expect(types).to.deep.equal([1, 9, 2, 3]);
      }));

    it(`a server keeps its queue, and its name or claims it again, when ${title}`, () =>
      Play.run(async (play) => {
        const { world } = play;
        const a = await play.connect(0, 'a');
        const b = await play.connect(1, 'b');
        const seen: ServerEvent[] = [];
        const server = await a.channels.createChannel('shop');
        const client = await b.channels.openChannel('shop');
        await client.post(5, Buffer.from('kept'));
        await world.sleep(100);
        const waiting = outcome(client.call(1));
        await world.sleep(100);
        await play.lose(a.connection, daemon);
        expect(await waiting).to.be.oneOf(['ServerGoneError', 'ServerUnreachableError']);
        void serve(server, seen);
        const again = await b.channels.openChannel('shop', { waitMs: 5000 });
        expect(again.server).to.equal(a.connection.id);
        expect((await again.call(7)).status).to.equal(7);
        const kinds = seen.map(({ kind }) => kind);
        expect(kinds).to.include.members(['client-joined', 'message', 'request']);
        expect(seen.some((event) => event.kind === 'message' && event.body.toString() === 'kept')).to.equal(
          true,
        );
        await server.close({ force: true });
        expect(await b.channels.registry.lookup('shop', { linearizable: true })).to.equal(undefined);
      }));
  }
});
