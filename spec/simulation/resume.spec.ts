import { Buffer } from 'node:buffer';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect } from 'chai';
import type { Connection } from '../../lib/client/connection.js';
import type { ConnectionEvent, GroupEvent } from '../../lib/client/event.js';
import type { ConnectOptions } from '../../lib/client/options.js';
import { NotSupportedError } from '../../lib/client/resume/errors.js';
import type { ReconnectingEvent, ResumedEvent } from '../../lib/client/resume/events.js';
import { ConnectionClosedError, CouldNotConnectError, IllegalParamError } from '../../lib/errors.js';
import { givenSeed } from '../support/random.js';
import { LibraryWorld } from './library-world.js';

const ALL = { addresses: ['4803@d1', '4803@d2', '4803@d3'] };

const word = (event: ConnectionEvent): string => {
  if (event.kind === 'data') return event.text;
  if (event.kind === 'gap') return `gap ${event.reason}`;
  if (event.kind === 'view') return `view ${event.members.map((name) => name.split('#')[1]).join(',')}`;
  return event.kind;
};

/** Reads to the end, as text. */
async function read(source: AsyncIterable<GroupEvent | ConnectionEvent>, into: string[]): Promise<void> {
  try {
    for await (const event of source) into.push(word(event));
    into.push('end');
  } catch (error) {
    into.push((error as Error).name);
  }
}

const failureOf = async (promise: Promise<unknown>): Promise<unknown> =>
  await promise.then(
    () => null,
    (error: unknown) => error,
  );

/** What a connection reports. */
function reports(connection: Connection): (ReconnectingEvent | ResumedEvent)[] {
  const all: (ReconnectingEvent | ResumedEvent)[] = [];
  connection.on('reconnecting', (event) => all.push(event));
  connection.on('resumed', (event) => all.push(event));
  return all;
}

/** Resolves at the moment of the next loss. */
const lossOf = (connection: Connection): Promise<ReconnectingEvent> =>
  new Promise((resolve) => void connection.once('reconnecting', resolve));

async function play(
  daemons: number,
  run: (world: LibraryWorld) => Promise<void>,
  isNumbered = true,
): Promise<void> {
  const world = new LibraryWorld(givenSeed(), daemons, isNumbered);
  await world.run(
    (async () => {
      await world.isWhole();
      await run(world);
    })(),
  );
}

/** A member that is never lost, at the last daemon. */
const stayer = async (world: LibraryWorld): Promise<Connection> => {
  const connection = await world.connect(world.daemons.length - 1, 'stay');
  (await connection.join('room')).on('event', () => undefined);
  return connection;
};

const connectTo = (world: LibraryWorld, options: ConnectOptions = ALL): Promise<Connection> =>
  world.connect(0, 'ann', options);

for (const isNumbered of [false, true]) {
  const what = isNumbered ? 'that number requests' : 'that keep nothing';
  const reason = isNumbered ? 'overrun' : 'plain';

  describe(`simulation: a connection that comes back at daemons ${what}`, () => {
    it('continues at the next daemon when its own one dies', () =>
      play(
        3,
        async (world) => {
          const bob = await stayer(world);
          const ann = await connectTo(world);
          const told = reports(ann);
          const room = await ann.join('room');
          const [ofRoom, ofAll]: [string[], string[]] = [[], []];
          void read(room, ofRoom);
          void read(ann, ofAll);
          await bob.send('room', 'one');
          await world.until(() => ofRoom.at(-1) === 'one', 'the first message');
          const { sessionId } = ann;
          const loss = lossOf(ann);
          world.kill(0);
          await loss;
          expect(room.isMember).to.equal(false);
          expect([ann.state, ann.open, ann.id]).to.deep.equal(['reconnecting', false, '#ann#d1']);
          expect([room.members, room.view.myIndex]).to.deep.equal([[bob.id], -1]);
          await world.until(() => room.isMember, 'the return');
          await bob.send('room', 'two');
          await world.until(() => ofRoom.at(-1) === 'two', 'the second message');
          expect([ann.state, ann.id, ann.sessionId]).to.deep.equal(['open', '#ann#d2', sessionId]);
          expect(ofRoom).to.deep.equal(['view ann,stay', 'one', `gap ${reason}`, 'view ann,stay', 'two']);
          expect(ofAll).to.deep.equal(['one', `gap ${reason}`, 'view ann,stay', 'two']);
          expect(room.members).to.deep.equal(['#ann#d2', '#stay#d3']);
          const [lost, back] = told as [ReconnectingEvent, ResumedEvent];
          expect([lost.address, lost.attempt]).to.deep.equal(['4803@d1', 1]);
          expect(back).to.deep.include({
            address: '4803@d2',
            moved: { from: '#ann#d1', to: '#ann#d2' },
            gaps: 1,
          });
          expect(told).to.have.length(2);
        },
        isNumbered,
      ));

    it('sends at the next daemon what was sent while it was lost, in order', () =>
      play(
        2,
        async (world) => {
          const bob = await stayer(world);
          const heard: string[] = [];
          bob.on(
            'event',
            (event) => void (event.kind === 'data' && heard.push(`${event.text} of ${event.sender}`)),
          );
          const ann = await connectTo(world);
          const loss = lossOf(ann);
          world.cut(ann);
          await loss;
          const long = Buffer.alloc(20_000, 'x');
          await ann.send('room', '1');
          const sending = ann.send('room', long);
          await ann.send('room', '2');
          await sending;
          await world.until(() => heard.length === 3, 'the messages');
          expect(heard).to.deep.equal([
            `1 of ${ann.id}`,
            `${long.toString()} of ${ann.id}`,
            `2 of ${ann.id}`,
          ]);
        },
        isNumbered,
      ));

    it('keeps joins and leaves that were asked for while it was lost', () =>
      play(
        2,
        async (world) => {
          const ann = await connectTo(world);
          const [stays, goes] = [await ann.join('stays'), await ann.join('goes')];
          const heard: string[] = [];
          void read(goes, heard);
          stays.on('event', () => undefined);
          const loss = lossOf(ann);
          world.kill(0);
          await loss;
          const joining = ann.join('new');
          const leaving = goes.leave();
          const given = failureOf(ann.join('given'));
          const givenUp = ann.leave('given');
          const joined = await joining;
          await leaving;
          await givenUp;
          // A daemon that continues the session joins before it leaves.
          expect((await given) === null).to.equal(isNumbered);
          await world.until(() => stays.isMember, 'the return');
          const between = isNumbered ? ['gap overrun', 'view ann'] : [];
          expect(heard).to.deep.equal(['view ann', ...between, 'self-leave', 'end']);
          expect(joined.members).to.deep.equal([ann.id]);
          expect(goes.isMember).to.equal(false);
          const groups = [...(world.daemons[1]?.core.groups.values() ?? [])].map(({ name }) => name);
          expect(groups.toSorted()).to.deep.equal(['new', 'stays']);
        },
        isNumbered,
      ));

    it('comes back to the only daemon when its link breaks, under the same id', () =>
      play(
        1,
        async (world) => {
          const ann = await connectTo(world, { resume: true });
          const told = reports(ann);
          const room = await ann.join('room');
          const heard: string[] = [];
          void read(room, heard);
          const loss = lossOf(ann);
          world.cut(ann);
          expect((await loss).cause).to.include({ code: 'ECONNRESET' });
          await world.until(() => room.isMember, 'the return');
          expect(heard).to.deep.equal(['view ann', `gap ${reason}`, 'view ann']);
          expect(told.at(-1)).to.deep.include({ moved: null, gaps: 1 });
        },
        isNumbered,
      ));

    it('has one gap for several losses before the first view', () =>
      play(
        3,
        async (world) => {
          const ann = await connectTo(world);
          const room = await ann.join('room');
          const heard: string[] = [];
          void read(room, heard);
          const told = reports(ann);
          world.kill(0);
          const next = (): boolean => world.daemons[1]?.server.size === 1;
          await world.until(() => (isNumbered ? next() : told.length === 2), 'the second daemon');
          world.kill(1);
          await world.until(() => ann.open && room.isMember, 'the return');
          expect(heard).to.deep.equal(['view ann', `gap ${reason}`, 'view ann']);
          // Where it continues, it is not back before it has what it missed.
          const losses = isNumbered ? [false, true] : [false, true, false, true];
          expect(told.map((event) => 'awayMs' in event)).to.deep.equal(losses);
        },
        isNumbered,
      ));

    it('ends as any other connection when it gives up', () =>
      play(
        1,
        async (world) => {
          const ann = await connectTo(world, { resume: { giveUpMs: 300 } });
          const room = await ann.join('room');
          const heard: string[] = [];
          const reading = read(room, heard);
          const closed = new Promise<Error | undefined>((resolve) => void ann.once('close', resolve));
          const loss = lossOf(ann);
          world.kill(0);
          await loss;
          const begin = world.loop.now;
          const sending = failureOf(ann.send('room', Buffer.alloc(20_000)));
          const joining = failureOf(ann.join('other'));
          for (const failed of [await sending, await joining, await closed])
            expect(failed).to.be.instanceOf(ConnectionClosedError);
          // Timers are set in whole milliseconds and ring in a turn of their process: a moment later, never earlier.
          expect(world.loop.now - begin).to.be.within(299, 305);
          await reading;
          expect(heard).to.deep.equal(['view ann', 'ConnectionClosedError']);
          expect([ann.state, room.isMember, room.members]).to.deep.equal(['closed', false, []]);
          expect(await failureOf(ann.send('room', 'late'))).to.be.instanceOf(ConnectionClosedError);
        },
        isNumbered,
      ));

    it('ends at once when it is closed while it is lost', () =>
      play(
        1,
        async (world) => {
          const ann = await connectTo(world, { resume: true });
          const room = await ann.join('room');
          const heard: string[] = [];
          const reading = read(room, heard);
          const loss = lossOf(ann);
          world.kill(0);
          await loss;
          const sending = failureOf(ann.send('room', Buffer.alloc(20_000)));
          await ann.close();
          expect(await sending).to.be.instanceOf(ConnectionClosedError);
          await reading;
          expect(heard).to.deep.equal(['view ann', 'end']);
          expect(ann.state).to.equal('closed');
        },
        isNumbered,
      ));

    it('sends all before it closes', () =>
      play(
        1,
        async (world) => {
          const bob = await stayer(world);
          const heard: string[] = [];
          bob.on('event', (event) => void (event.kind === 'data' && heard.push(event.text)));
          const ann = await connectTo(world, { resume: true });
          for (let i = 0; i < 20; i++) void ann.send('room', Buffer.alloc(15_000, String(i % 10)));
          await ann.close();
          await world.until(() => heard.length === 20, 'the messages');
          expect(heard.map((text) => text[0]).join('')).to.equal('01234567890123456789');
        },
        isNumbered,
      ));
  });
}

describe('simulation: a connection that comes back', () => {
  it('notices a daemon that is silent after 2.5 heartbeats, and leaves it', () =>
    play(2, async (world) => {
      const ann = await connectTo(world, { ...ALL, resume: { heartbeatMs: 400 } });
      const room = await ann.join('room');
      room.on('event', () => undefined);
      const begin = world.loop.now;
      const loss = lossOf(ann);
      world.daemons[0]?.freeze();
      const { cause } = await loss;
      expect(cause).to.include({ code: 'ETIMEDOUT' });
      expect(world.loop.now - begin).to.be.within(1000, 1600);
      await world.until(() => room.isMember, 'the return');
      expect(ann.id).to.equal('#ann#d2');
    }));

  it('tries all addresses the first time, also without resume', () =>
    play(3, async (world) => {
      world.kill(0);
      const ann = await connectTo(world, { ...ALL, resume: false });
      expect(ann.id).to.equal('#ann#d2');
      const closed = new Promise<Error | undefined>((resolve) => void ann.once('close', resolve));
      world.kill(1);
      expect(await closed).to.be.instanceOf(ConnectionClosedError);
      const nobody = failureOf(connectTo(world, { addresses: ['4803@d1', '4803@d2'] }));
      expect(await nobody).to.be.instanceOf(CouldNotConnectError);
      expect(((await nobody) as Error).message).to.equal(
        'no connection to the daemon: nothing listens at 4803@d1; nothing listens at 4803@d2 (COULD_NOT_CONNECT)',
      );
      expect(((await nobody) as Error).cause).to.include({ code: 'ECONNREFUSED' });
    }));

  it('finds its daemons by a host name with several addresses, and by a service', () =>
    play(3, async (world) => {
      world.hosts.set('cluster', ['d2', 'd3']);
      world.services.set('_sspd._tcp.example.org', [
        { name: 'd1', port: 4803, priority: 20, weight: 0 },
        { name: 'cluster', port: 4803, priority: 10, weight: 0 },
      ]);
      const ann = await connectTo(world, { addresses: ['4803@cluster'] });
      const bob = await world.connect(0, 'bob', { addresses: ['srv:_sspd._tcp.example.org'] });
      expect([ann.id, bob.id]).to.deep.equal(['#ann#d2', '#bob#d2']);
      const back = Promise.all(
        [ann, bob].map((each) => new Promise<ResumedEvent>((resolve) => void each.once('resumed', resolve))),
      );
      world.kill(1);
      expect((await back).map(({ address }) => address)).to.deep.equal(['4803@cluster', 'cluster:4803']);
      expect([ann.id, bob.id]).to.deep.equal(['#ann#d3', '#bob#d3']);
    }));

  it('says what no daemon of these can do', () =>
    play(
      1,
      async (world) => {
        const ann = await connectTo(world, { resume: true });
        for (const options of [{ viewSynchrony: true }, { secure: { allow: [] } as never }])
          expect(await failureOf(ann.join('room', options))).to.be.instanceOf(IllegalParamError);
        expect(await failureOf(ann.send('room', 'x', { confirm: true }))).to.be.instanceOf(NotSupportedError);
        expect(await failureOf(ann.confirmed())).to.be.instanceOf(NotSupportedError);
      },
      false,
    ));

  it('reports on diagnostics channels', () =>
    play(2, async (world) => {
      const seen: string[] = [];
      const names = ['reconnecting', 'resumed', 'gap'].map((name) => `ssp-toolkit:${name}`);
      const hear = (message: unknown, name: string | symbol): void => {
        seen.push(`${String(name)} ${(message as { id: string }).id}`);
      };
      for (const name of names) subscribe(name, hear);
      try {
        const ann = await connectTo(world);
        const room = await ann.join('room');
        room.on('event', () => undefined);
        world.kill(0);
        await new Promise((resolve) => void ann.once('resumed', resolve));
      } finally {
        for (const name of names) unsubscribe(name, hear);
      }
      expect(seen).to.deep.equal([
        'ssp-toolkit:reconnecting #ann#d1',
        'ssp-toolkit:gap #ann#d2',
        'ssp-toolkit:resumed #ann#d2',
      ]);
    }));
});
