/** Channels over a return that loses nothing: handles, queues and claims stay, in simulated worlds with the real client. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import {
  type Channels,
  type ClientEvent,
  openChannels,
  type ServerChannel,
  type ServerEvent,
} from '../../lib/channel/index.js';
import type { Connection } from '../../lib/client/connection.js';
import type { SimulatedDaemon } from './daemon.js';
import { LibraryWorld } from './library-world.js';

const DAEMONS = 3;
const RING = { bytes: 1 << 20, age: 60_000 };
/** A request that is answered by hand. */
const SLOW = 9;

interface Party {
  readonly connection: Connection;
  readonly channels: Channels;
}

class Play {
  private constructor(readonly world: LibraryWorld) {}

  static async run(play: (it: Play) => Promise<void>): Promise<void> {
    const made = ({ core, server, index }: SimulatedDaemon): void => {
      core.record.keep(RING);
      server.moves.own = [`4803@d${index + 1}`];
    };
    const world = new LibraryWorld(11, DAEMONS, true, { made });
    await world.run(
      (async () => {
        await world.isWhole();
        await play(new Play(world));
      })(),
    );
  }

  async connect(daemon: number, name: string): Promise<Party> {
    const addresses = Array.from({ length: DAEMONS }, (_, i) => `4803@d${1 + ((daemon + i) % DAEMONS)}`);
    const connection = await this.world.connect(daemon, name, { addresses });
    return { connection, channels: await openChannels(connection, { registry: 'any-partition' }) };
  }

  /** The daemon dies. @returns what the returns of these connections say */
  async kill(daemon: number, ...parties: readonly Party[]): Promise<void> {
    const back = parties.map(
      ({ connection }) =>
        new Promise<number>((resolve) => void connection.once('resumed', ({ gaps }) => resolve(gaps))),
    );
    this.world.kill(daemon);
    for (const gaps of await Promise.all(back)) expect(gaps).to.equal(0);
  }

  /** The daemon asks its clients to go, and they have gone. */
  async drain(daemon: number, ...parties: readonly Party[]): Promise<void> {
    const before = parties.map(({ connection }) => connection.id);
    void this.world.daemons[daemon]?.server.moves.drain(5_000);
    await this.world.until(
      () => parties.every(({ connection }, i) => connection.open && connection.id !== before[i]),
      'the move',
    );
    await this.settled();
  }

  async settled(): Promise<void> {
    await this.world.sleep(500);
  }
}

/** Takes what comes, and answers each request with its type, but slow ones. */
async function serve(server: ServerChannel, seen: ServerEvent[]): Promise<void> {
  for await (const event of server) {
    seen.push(event);
    if (event.kind === 'request' && event.type !== SLOW) await event.reply(event.type);
  }
}

async function note(events: AsyncIterable<ClientEvent>, seen: string[]): Promise<void> {
  for await (const { kind } of events) seen.push(kind);
}

const typesOf = (seen: readonly ServerEvent[]): number[] =>
  seen.flatMap((event) => (event.kind === 'request' || event.kind === 'message' ? [event.type] : []));

describe('simulation: channels over a return that loses nothing', () => {
  it('a client stays attached: calls in flight are answered, none is carried out twice, and posts keep their credit', () =>
    Play.run(async (play) => {
      const { world } = play;
      const a = await play.connect(0, 'a');
      const b = await play.connect(1, 'b');
      const seen: ServerEvent[] = [];
      const server = await b.channels.createChannel('shop', { maxBuffered: 4 });
      void serve(server, seen);
      const client = await a.channels.openChannel('shop');
      const slow = client.call(SLOW);
      await world.until(() => typesOf(seen).includes(SLOW), 'the request');
      const lost = client.call(2);
      const confirmed = client.post(4, undefined, { confirm: true });
      await play.kill(0, a);
      const kept = client.call(3);
      expect((await lost).status).to.equal(2);
      expect((await kept).status).to.equal(3);
      await confirmed;
      const held = seen.find((event) => event.kind === 'request');
      await held?.reply(7);
      expect((await slow).status).to.equal(7);
      for (let type = 10; type < 30; type++) await client.post(type);
      await client.ping();
      expect(typesOf(seen)).to.deep.equal([SLOW, 2, 4, 3, ...Array.from({ length: 20 }, (_, i) => 10 + i)]);
      expect(held?.from).to.equal(a.connection.id);
      const changes = seen.filter(({ kind }) => kind !== 'request' && kind !== 'message');
      const before = '#a#d1';
      expect(changes.map(({ kind }) => kind)).to.deep.equal([
        'client-joined',
        'client-unreachable',
        'client-returned',
      ]);
      expect(changes.at(-1)).to.include({ client: a.connection.id, before });
      await client.close();
      await world.until(() => seen.at(-1)?.kind === 'client-left', 'the news');
    }));

  it('a server keeps claim, queue and clients: requests that wait are answered from where it is now', () =>
    Play.run(async (play) => {
      const { world } = play;
      const a = await play.connect(0, 'a');
      const b = await play.connect(1, 'b');
      const server = await a.channels.createChannel('shop', { maxBuffered: 4 });
      const { claimId } = server;
      const client = await b.channels.openChannel('shop');
      const happened: string[] = [];
      void note(client.events(), happened);
      const waiting = client.call(1, undefined, { partition: 'wait' });
      await client.post(5);
      await world.sleep(100);
      await play.kill(0, a);
      await world.until(() => client.server === a.connection.id, 'the name to follow');
      const seen: ServerEvent[] = [];
      void serve(server, seen);
      expect((await waiting).status).to.equal(1);
      expect((await client.call(7)).status).to.equal(7);
      for (let type = 10; type < 30; type++) await client.post(type);
      await client.ping();
      expect(typesOf(seen)).to.deep.equal([1, 5, 7, ...Array.from({ length: 20 }, (_, i) => 10 + i)]);
      expect(seen.filter(({ kind }) => kind.startsWith('client')).map(({ kind }) => kind)).to.deep.equal([
        'client-joined',
      ]);
      expect([server.claimId, client.state, happened.at(-1)]).to.deep.equal([claimId, 'open', 'server-back']);
      await server.close({ force: true });
      expect(await b.channels.registry.lookup('shop', { linearizable: true })).to.equal(undefined);
    }));

  it('server and client at one daemon return both, also when nobody else uses channels', () =>
    Play.run(async (play) => {
      const { world } = play;
      const a = await play.connect(0, 'a');
      const b = await play.connect(0, 'b');
      const seen: ServerEvent[] = [];
      const server = await a.channels.createChannel('shop', { maxBuffered: 4 });
      const { claimId } = server;
      void serve(server, seen);
      const client = await b.channels.openChannel('shop');
      const slow = client.call(SLOW, undefined, { partition: 'wait' });
      await world.until(() => typesOf(seen).includes(SLOW), 'the request');
      await play.kill(0, a, b);
      await play.settled();
      const held = seen.find((event) => event.kind === 'request');
      await held?.reply(4);
      expect((await slow).status).to.equal(4);
      expect((await client.call(2)).status).to.equal(2);
      for (let type = 10; type < 30; type++) await client.post(type);
      await client.ping();
      expect(typesOf(seen)).to.deep.equal([SLOW, 2, ...Array.from({ length: 20 }, (_, i) => 10 + i)]);
      expect([server.claimId, client.server]).to.deep.equal([claimId, a.connection.id]);
    }));

  it('a server moves to another daemon: its clients do not notice', () =>
    Play.run(async (play) => {
      const { world } = play;
      const a = await play.connect(0, 'a');
      const b = await play.connect(1, 'b');
      const server = await a.channels.createChannel('shop', { maxBuffered: 4 });
      const { claimId } = server;
      const client = await b.channels.openChannel('shop');
      const happened: string[] = [];
      void note(client.events(), happened);
      const waiting = client.call(1);
      await client.post(5);
      await world.sleep(100);
      await play.drain(0, a);
      expect(client.server).to.equal(a.connection.id);
      const seen: ServerEvent[] = [];
      void serve(server, seen);
      expect((await waiting).status).to.equal(1);
      for (let type = 10; type < 30; type++) await client.post(type);
      expect((await client.call(7)).status).to.equal(7);
      expect(typesOf(seen)).to.deep.equal([1, 5, ...Array.from({ length: 20 }, (_, i) => 10 + i), 7]);
      expect(seen.some(({ kind }) => kind.startsWith('client') && kind !== 'client-joined')).to.equal(false);
      expect([server.claimId, client.state, happened]).to.deep.equal([claimId, 'open', []]);
    }));

  it('a client moves to another daemon: its server hears of the new id, and its calls go on', () =>
    Play.run(async (play) => {
      const { world } = play;
      const a = await play.connect(0, 'a');
      const b = await play.connect(1, 'b');
      const seen: ServerEvent[] = [];
      const server = await b.channels.createChannel('shop', { maxBuffered: 4 });
      void serve(server, seen);
      const client = await a.channels.openChannel('shop');
      const slow = client.call(SLOW);
      await world.until(() => typesOf(seen).includes(SLOW), 'the request');
      await play.drain(0, a);
      for (let type = 10; type < 30; type++) await client.post(type);
      await seen.find((event) => event.kind === 'request')?.reply(4);
      expect((await slow).status).to.equal(4);
      expect((await client.call(7)).status).to.equal(7);
      expect(typesOf(seen)).to.deep.equal([SLOW, ...Array.from({ length: 20 }, (_, i) => 10 + i), 7]);
      const news = seen.filter(({ kind }) => kind.startsWith('client')).map(({ kind }) => kind);
      expect(news).to.deep.equal(['client-joined', 'client-returned']);
    }));

  it('who watches a connection hears of its new id', () =>
    Play.run(async (play) => {
      const { world } = play;
      const a = await play.connect(0, 'a');
      const b = await play.connect(1, 'b');
      const heard: object[] = [];
      void (async () => {
        for await (const event of b.channels.watch('#a#d1')) heard.push(event);
      })();
      await play.kill(0, a);
      await world.until(() => heard.length === 3, 'the news');
      const { id } = a.connection;
      expect(heard).to.deep.equal([
        { kind: 'unreachable', id: '#a#d1' },
        { kind: 'returned', id, before: '#a#d1' },
        { kind: 'back', id },
      ]);
    }));

  it('a command without an outcome is given once', () =>
    Play.run(async (play) => {
      const a = await play.connect(0, 'a');
      const b = await play.connect(1, 'b');
      const created = a.channels.createChannel('shop', { maxBuffered: 1 });
      await play.kill(0, a);
      const server = await created;
      await play.settled();
      expect(await b.channels.registry.lookup('shop')).to.include({
        owner: a.connection.id,
        claimId: server.claimId,
      });
      const client = await b.channels.openChannel('shop');
      void client.post(1, Buffer.from('x'));
      const event = await server.receive();
      expect(event.kind).to.equal('client-joined');
    }));
});
