/** Recordings of a cluster in a test: what groups were told, read again as events, as a machine, and as a connection. */
import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import {
  type Cluster,
  cluster,
  type PlayedConnection,
  RecordingError,
  replay,
} from '../../daemon/testing/index.js';
import type { Connection } from '../../lib/client/connection.js';
import type { ConnectionEvent, GroupEvent } from '../../lib/client/event.js';
import { encodeHead, encodeRecord, withoutBody } from '../../lib/recording/format.js';
import { fnv32 } from '../../lib/util/hash.js';
import { groupIdText } from '../../lib/wire/group-id.js';
import { encodeMessage } from '../../lib/wire/request.js';
import { AGREED_MESS } from '../../lib/wire/service.js';
import { TemporaryDirectory } from '../support/temporary.js';
import { until } from '../support/wait.js';

/** The event in a line, with everything that a recording keeps. */
function lineOf(event: ConnectionEvent): string {
  switch (event.kind) {
    case 'data': {
      const { sender, groups, type, service, fromMe, body } = event;
      return `data ${sender} ${groups.join()} ${type} ${service} ${fromMe} ${body.length} ${fnv32(body)}`;
    }
    case 'view': {
      const { group, id, cause, changed, members, joined, left, cameWithMe, myIndex } = event;
      const lists = [members, joined, left, cameWithMe].map((list) => list.join()).join(' ');
      return `view ${group} ${groupIdText(id)} ${cause} ${changed} ${lists} ${myIndex}`;
    }
    case 'transition':
    case 'self-leave':
      return `${event.kind} ${event.group} ${groupIdText(event.id)}`;
    default:
      return event.kind;
  }
}

const thrown = async (call: () => unknown): Promise<string> => {
  try {
    await call();
    return 'nothing';
  } catch (error) {
    expect(error).to.be.instanceOf(RecordingError);
    return (error as Error).message;
  }
};

describe('testing: recordings', () => {
  let folder: TemporaryDirectory;
  let path: string;

  beforeEach(async () => {
    folder = await TemporaryDirectory.make();
    path = folder.file('run.ssplog');
  });
  afterEach(async () => await folder[Symbol.asyncDispose]());

  /** Joins, and keeps what the group hands out. */
  async function listen(connection: Connection, group: string): Promise<GroupEvent[]> {
    const heard: GroupEvent[] = [];
    (await connection.join(group)).on('event', (event) => void heard.push(event));
    return heard;
  }

  describe('of events', () => {
    it('hand out what the group has handed out', async () => {
      const heard: Record<string, GroupEvent[]> = {};
      {
        await using c = await cluster(3, { time: 'virtual', seed: 1 });
        const ann = await c.connect(0, { name: 'ann' });
        const bob = await c.connect(1, { name: 'bob' });
        c.record(path, ann);
        for (const name of ['room', 'lobby']) heard[name] = await listen(ann, name);
        await listen(bob, 'room');
        await bob.send(['room', 'lobby'], Buffer.from([0, 1, 255]), { type: -7, service: 'safe' });
        await ann.send('room', 'x'.repeat(100_000), { service: 'fifo' });
        await ann.sendTo('bob', 'to you alone');
        await bob.sendTo(ann.id, 'to you alone');
        await c.settled();
        await c.partition([[0], [1, 2]]);
        await ann.send('lobby', 'alone');
        await c.heal();
        await bob.close();
        await ann.leave('lobby');
        await c.settled();
      }
      expect(statSync(path).mode & 0o777).to.equal(0o600);
      const recording = replay(path);
      expect([recording.id, recording.daemon, recording.groups, recording.hasBodies]).to.deep.equal([
        '#ann#d1',
        'd1',
        ['room', 'lobby'],
        true,
      ]);
      expect(recording.started.toISOString()).to.match(/^2026-01-01T00:00:/);
      const counts: number[] = [];
      for (const [name, events] of Object.entries(heard)) {
        const lines = [...recording.group(name)].map(lineOf);
        expect(lines).to.deep.equal(events.map(lineOf));
        expect(lines.map((line) => line.split(' ')[0])).to.include.members(['view', 'data']);
        counts.push(lines.length);
      }
      expect(counts).to.deep.equal([8, 4]);
      // It can be read again.
      const texts = [...recording.group('room')].filter(({ kind }) => kind === 'data');
      expect(texts).to.have.length(2);
    });

    it('begin with the views that the connection has', async () => {
      {
        await using c = await cluster(2);
        const [ann, bob] = await Promise.all(['ann', 'bob'].map((name, i) => c.connect(i, { name })));
        for (const each of [ann, bob]) await listen(each as Connection, 'room');
        await c.settled();
        c.record(path, ann);
        await bob?.close();
        await c.settled();
      }
      const views = [...replay(path).group('room')].map((event) =>
        event.kind === 'view' ? `${event.cause} ${event.changed} ${event.members.join()}` : event.kind,
      );
      expect(views).to.deep.equal(['join #ann#d1 #ann#d1,#bob#d2', 'disconnect #bob#d2 #ann#d1']);
    });

    it('are made of each connection, those that come later, too, and replace those of before', async () => {
      writeFileSync(folder.file('run-ann@d1.ssplog'), 'of before');
      {
        await using c = await cluster(2);
        const ann = await c.connect(0, { name: 'ann' });
        c.record(path);
        const bob = await c.connect(1, { name: 'b/b' });
        for (const each of [ann, bob]) await listen(each, 'room');
        await ann.send('room', 'hello');
        await c.settled();
      }
      expect(existsSync(path)).to.equal(false);
      for (const name of ['ann@d1', 'b%2Fb@d2']) {
        const events = [...replay(folder.file(`run-${name}.ssplog`)).group('room')];
        expect(events.filter(({ kind }) => kind === 'data')).to.have.length(1);
      }
    });

    it('leave out groups that are not plain, and do not change the run', async () => {
      const run = async (isRecorded: boolean): Promise<string> => {
        await using c = await cluster(2, { time: 'virtual', seed: 3 });
        const ann = await c.connect(0, { name: 'ann' });
        if (isRecorded) c.record(path, ann);
        await listen(ann, 'room');
        (await ann.join('sync', { viewSynchrony: true })).on('event', () => undefined);
        await ann.send('room', 'hello');
        await ann.send('sync', 'hello');
        await c.partition([[0], [1]]);
        return c.hash;
      };
      expect(await run(true)).to.equal(await run(false));
      expect(replay(path).groups).to.deep.equal(['room']);
    });

    it('are of connections of the cluster that do not come back', async () => {
      await using c = await cluster(1);
      await using other = await cluster(1);
      const resuming = await c.connect(0, { resume: true });
      const stranger = await other.connect(0);
      expect(() => c.record(path, resuming)).to.throw('record: expected a connection without resume');
      expect(() => c.record(path, stranger)).to.throw('record: expected a connection of this cluster');
      const plain = await c.connect(0);
      const nowhere = folder.file('no/run.ssplog');
      expect(await thrown(() => c.record(nowhere, plain))).to.match(
        /no\/run\.ssplog cannot be written: ENOENT/,
      );
    });

    it('end with the last whole record', async () => {
      {
        await using c = await cluster(1);
        const ann = await c.connect(0, { name: 'ann' });
        c.record(path, ann);
        await listen(ann, 'room');
        for (const text of ['one', 'two']) await ann.send('room', text);
        await c.settled();
      }
      truncateSync(path, statSync(path).size - 1);
      const texts = [...replay(path).group('room')].map((event) =>
        event.kind === 'data' ? event.text : event.kind,
      );
      expect(texts).to.deep.equal(['view', 'one']);
    });

    it('say what is wrong with a file', async () => {
      const messageOf = async (bytes: string | Buffer): Promise<string> => {
        writeFileSync(path, bytes);
        return (await thrown(() => replay(path))).replaceAll(path, 'FILE');
      };
      expect(await messageOf('a text')).to.equal('FILE is not a recording');
      expect(await messageOf('SSPLOG 2\n{}\n')).to.equal('FILE is a recording of version 2, expected 1');
      expect(await messageOf('SSPLOG 1\n{]\n')).to.equal('FILE is damaged: its first lines make no sense');
      const head = {
        daemon: 'd1',
        id: '#ann#d1',
        started: '2026-01-01T00:00:00Z',
        toolkit: '',
        protocol: '',
      };
      const wrong = encodeRecord(0, encodeMessage(AGREED_MESS, '#ann#d1', ['room'], 0, []));
      wrong[20] = 1;
      const damaged = [encodeHead({ ...head, groups: [], bodies: true }), wrong];
      expect(await messageOf(Buffer.concat(damaged))).to.equal(
        'FILE is damaged: record 1 is not what was written',
      );
      const frame = encodeMessage(AGREED_MESS, '#ann#d1', ['room'], 0, [Buffer.from('secret')]);
      const bare = [
        encodeHead({ ...head, groups: ['room'], bodies: false }),
        encodeRecord(0, withoutBody(frame, 6)),
      ];
      writeFileSync(path, Buffer.concat(bare));
      const recording = replay(path);
      const [event] = [...recording.group('room')];
      expect(event?.kind === 'data' && event.body.length).to.equal(8);
      expect((await thrown(() => recording.connection())).replaceAll(path, 'FILE')).to.equal(
        'FILE has no bodies to replay: it was made with --no-bodies',
      );
      expect(await thrown(() => recording.group('rom'))).to.equal(
        'expected a group of the recording, room, got rom',
      );
      expect(await thrown(() => replay(folder.file('none')))).to.match(/none cannot be read: ENOENT/);
      expect(readFileSync(path).includes('secret')).to.equal(false);
    });
  });

  describe('of a connection', () => {
    /** A program: answers each number with the next one, up to a limit. */
    async function count(connection: Connection, most: number): Promise<void> {
      const group = await connection.join('room');
      group.on('data', (event) => {
        const next = Number(event.text) + 1;
        if (!event.fromMe && next <= most) void connection.send('room', `${next}`, { type: 5 });
      });
      await connection.send('room', '0');
    }

    /** Ann and Bob count, recorded by both, and by one who is a member only. */
    async function record(): Promise<void> {
      await using c = await cluster(2, { time: 'virtual', seed: 1 });
      const eve = await c.connect(1, { name: 'eve' });
      c.record(folder.file('eve.ssplog'), eve);
      await listen(eve, 'room');
      for (const [i, name] of ['ann', 'bob'].entries()) {
        const connection = await c.connect(i, { name });
        c.record(folder.file(`${name}.ssplog`), connection);
        await count(connection, 10);
      }
      await c.settled();
      await c.partition([[0], [1]]);
    }

    const play = async (file: string, id: string, most: number): Promise<PlayedConnection> => {
      const played = await replay(folder.file(file)).connection(id);
      await count(played.connection, most);
      await played.ended();
      return played;
    };

    it('gets what the member got, and compares what is sent', async () => {
      await record();
      for (const [file, id] of [
        ['ann.ssplog', '#ann#d1'],
        ['bob.ssplog', '#bob#d2'],
        ['eve.ssplog', '#bob#d2'],
      ] as const) {
        await using same = await play(file, id, 10);
        expect([same.connection.id, same.connection.open, same.difference]).to.deep.equal([id, true, null]);
        expect(same.sent.length).to.be.above(3);
        expect(same.atMs).to.be.above(2000);

        await using other = await play(file, id, 4);
        const { difference } = other;
        const { expected, got, index = 0 } = difference ?? {};
        expect([index, Number(expected?.body.toString()) > 4, got]).to.deep.equal([
          other.sent.length,
          true,
          null,
        ]);
        expect(other.sent.map(({ body }) => body.toString())).to.deep.equal(
          same.sent.slice(0, index).map(({ body }) => body.toString()),
        );
      }
    });

    it('is lost where the recorder loses sight of the member', async () => {
      await record();
      await using played = await play('eve.ssplog', '#ann#d1', 10);
      expect([played.connection.open, played.difference]).to.deep.equal([false, null]);
    });

    it('waits for a join, in the groups that are wanted', async () => {
      {
        await using c = await cluster(1);
        const ann = await c.connect(0, { name: 'ann' });
        c.record(path, ann);
        for (const name of ['room', 'lobby']) await listen(ann, name);
        await ann.send('room', 'to the room');
        await c.settled();
      }
      const recording = replay(path);
      await using played = await recording.connection();
      const heard = await listen(played.connection, 'room');
      expect(await thrown(() => played.ended())).to.equal(
        'the recording waits until the program joins lobby',
      );
      expect(heard.map(({ kind }) => kind)).to.deep.equal(['view']);
      await listen(played.connection, 'lobby');
      await played.ended();
      expect(heard.map(({ kind }) => kind)).to.deep.equal(['view', 'data']);
      // Nothing was sent.
      expect(played.difference?.expected?.body.toString()).to.equal('to the room');

      await using room = await recording.connection('#ann#d1', { groups: ['room'] });
      await listen(room.connection, 'room');
      await room.ended();
      expect(await thrown(() => recording.connection('ann'))).to.equal(
        'connection: expected an id such as #ann#d1, got ann',
      );
      expect(await thrown(() => recording.connection(undefined, { groups: ['rom'] }))).to.equal(
        'expected a group of the recording, room lobby, got rom',
      );
    });

    it('passes time by itself, for the program, too', async () => {
      {
        await using c: Cluster = await cluster(1, { time: 'virtual' });
        const ann = await c.connect(0, { name: 'ann' });
        c.record(path, ann);
        await listen(ann, 'room');
        await c.advance(3_600_000);
        await ann.send('room', 'an hour later');
        await c.settled();
      }
      await using played = await replay(path).connection();
      const heard = await listen(played.connection, 'room');
      // Nothing of the cluster is waited for.
      await until(() => heard.length === 2, 'the message');
      expect(played.atMs).to.be.within(3_600_000, 3_600_100);
    });
  });
});
