import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { type DataEvent, type RejectEvent, SERVICES } from '../../lib/index.js';
import type { Connection } from '../../lib/group/connection.js';
import type { Group } from '../../lib/group/group.js';
import { frame } from '../support/fake-daemon-frames.js';
import { A, alone, data, refusal, REQUEST_BYTES } from './frames.js';
import { caughtUp, isWaiting, read, settle, Stage, within, World } from './support.js';

/** The next message of the group. */
async function nextData(group: Group): Promise<DataEvent> {
  const loop = async (): Promise<DataEvent> => {
    for await (const event of group) if (event.kind === 'data') return event;
    throw new Error('the group ended');
  };
  return await within(loop(), 'a message');
}

const nextPrivate = (connection: Connection): Promise<DataEvent> =>
  within(new Promise((resolve) => connection.once('message', resolve)), 'a private message');

describe('messages', () => {
  it('tell sender, groups, body, text, type and whether they are mine', async () => {
    await using world = await World.start();
    const [a, b] = [await world.connect('a'), await world.connect('b')];
    const [mine, other] = [await a.join('room'), await b.join('room')];
    await mine.send('grüße', { type: -7 });
    const here = await nextData(mine);
    const there = await nextData(other);
    expect([here.fromMe, there.fromMe]).to.deep.equal([true, false]);
    expect(there).to.deep.include({ kind: 'data', sender: '#a#d1', groups: ['room'], type: -7 });
    expect(there.body).to.deep.equal(Buffer.from('grüße'));
    expect([there.text, there.endianMismatch]).to.deep.equal(['grüße', false]);
  });

  for (const service of SERVICES) {
    it(`arrive with the service ${service}`, async () => {
      await using world = await World.start();
      const group = await (await world.connect('a')).join('room');
      await group.send('x', { service });
      expect((await nextData(group)).service).to.equal(service);
    });
  }

  it('are agreed and of type 0 unless told otherwise', async () => {
    await using world = await World.start();
    const group = await (await world.connect('a')).join('room');
    await group.send('x', { service: undefined, type: undefined, selfDiscard: undefined });
    expect(await nextData(group)).to.deep.include({ service: 'agreed', type: 0 });
  });

  it('with selfDiscard reach everybody but the sender', async () => {
    await using world = await World.start();
    const [a, b] = [await world.connect('a'), await world.connect('b')];
    const [mine, other] = [await a.join('room'), await b.join('room')];
    await mine.send('to you', { selfDiscard: true, service: 'fifo' });
    await mine.send('to all');
    expect((await nextData(mine)).text).to.equal('to all');
    expect(await nextData(other)).to.deep.include({ service: 'fifo', fromMe: false });
  });

  it('of a sender with the other byte order say so, and are not converted', async () => {
    await using stage = await Stage.open();
    const join = stage.connection.join('g');
    const body = Buffer.from([1, 2, 3, 4]);
    const sent = { type: 0x10, name: '#b#d2', groups: ['g'], messType: -2, data: body };
    await stage.session.send(alone(), frame({ ...sent, senderLittle: false }), frame(sent));
    const group = await join;
    const [strange, familiar] = [await nextData(group), await nextData(group)];
    expect([strange.endianMismatch, familiar.endianMismatch]).to.deep.equal([true, false]);
    expect([strange.type, strange.body]).to.deep.equal([-2, body]);
  });

  it('that make no sense are left out', async () => {
    await using stage = await Stage.open();
    const { connection, session } = stage;
    const join = connection.join('g');
    // A view of nobody, a forged view beside a service, a transition without its id.
    await session.send(
      alone(),
      frame({ type: 0x1100, name: 'g', groups: [A], data: Buffer.alloc(24, 0) }),
      frame({ type: 0x1110, name: 'g', groups: [A], data: 'forged' }),
      frame({ type: 0x2000, name: 'g' }),
      data('x'),
    );
    expect(await read(await join, 2)).to.deep.equal(['join a +a', 'x']);
    expect(connection.open).to.equal(true);
  });

  describe('to several groups', () => {
    it('reach each of them that is joined, once, as the same object', async () => {
      await using world = await World.start();
      const [a, b] = [await world.connect('a'), await world.connect('b')];
      const [red, blue] = [await a.join('red'), await a.join('blue')];
      await b.send(['red', 'nowhere', 'blue', 'red'], 'x');
      await b.send('blue', 'y');
      const [atRed, atBlue] = [await nextData(red), await nextData(blue)];
      expect(atRed).to.equal(atBlue);
      expect(atRed.groups).to.deep.equal(['red', 'nowhere', 'blue', 'red']);
      expect((await nextData(blue)).text).to.equal('y');
      await caughtUp(a);
      expect(await isWaiting(nextData(red))).to.equal(true);
    });

    it('can have private names among them', async () => {
      await using world = await World.start();
      const [a, b] = [await world.connect('a'), await world.connect('b')];
      const group = await a.join('room');
      const heard = nextPrivate(a);
      await b.send(['room', '#a#d1'], 'x');
      expect(await heard).to.equal(await nextData(group));
    });
  });

  describe('to one connection', () => {
    it('arrive as its message, from a full name, a short one, and from itself', async () => {
      await using world = await World.start();
      const [a, b] = [await world.connect('a'), await world.connect('b')];
      const heard: string[] = [];
      b.on('message', ({ sender, groups, text, fromMe }) =>
        heard.push(`${sender} ${groups.join()} ${text} ${fromMe}`),
      );
      await a.sendTo('#b#d1', '1');
      await a.sendTo('b', '2');
      await caughtUp(a);
      await b.sendTo(b.privateName, '3');
      await caughtUp(b);
      expect(heard.slice(0, 3)).to.deep.equal([
        '#a#d1 #b#d1 1 false',
        '#a#d1 #b#d1 2 false',
        '#b#d1 #b#d1 3 true',
      ]);
    });

    it('can be answered by their sender', async () => {
      await using world = await World.start();
      const [a, b] = [await world.connect('a'), await world.connect('b')];
      b.on('message', ({ sender, text }) => void b.sendTo(sender, `${text} too`));
      const answer = nextPrivate(a);
      await a.sendTo('b', 'hello');
      expect((await answer).text).to.equal('hello too');
    });

    it('to nobody do nothing', async () => {
      await using world = await World.start();
      const a = await world.connect('a');
      await a.sendTo('ghost', 'x');
      await a.sendTo('#a#elsewhere', 'x');
      await caughtUp(a);
      expect(a.open).to.equal(true);
    });

    it('that come with the acceptance wait for a listener attached at once', async () => {
      const first = Buffer.concat([data('1', [A]), data('2', [A])]);
      await using stage = await Stage.open({ first });
      const heard: string[] = [];
      stage.connection.on('message', ({ text }) => heard.push(text));
      await settle();
      expect(heard).to.deep.equal(['1', '2']);
    });

    it('wait for the first listener, however late, and go on behind it', async () => {
      await using stage = await Stage.open();
      const { connection, session } = stage;
      connection.on('close', () => undefined);
      await session.send(data('1', [A]), data('2', [A]));
      await settle();
      const heard: string[] = [];
      connection.on('message', ({ text }) => heard.push(text));
      connection.on('event', ({ kind }) => heard.push(kind));
      expect(heard, 'not within the call').to.deep.equal([]);
      await session.send(data('3', [A]));
      await settle();
      expect(heard).to.deep.equal(['data', '1', 'data', '2', 'data', '3']);
    });

    it('wait for the first loop', async () => {
      await using stage = await Stage.open();
      const { connection, session } = stage;
      await session.send(data('1', [A]), alone('h'), data('2', ['h']));
      await settle();
      await session.send(data('3', [A]));
      await settle();
      expect(await read(connection, 2)).to.deep.equal(['1', '3']);
    });

    it('wait also when the connection is lost before there is a listener', async () => {
      await using stage = await Stage.open();
      const { connection, session } = stage;
      await session.send(data('1', [A]));
      session.end();
      await within(new Promise((resolve) => connection.on('close', resolve)), 'the loss');
      expect((await nextPrivate(connection)).text).to.equal('1');
    });

    it('that nobody ever hears stop nothing; the newest hundred are kept', async () => {
      await using stage = await Stage.open();
      const { connection, session } = stage;
      const join = connection.join('g');
      await session.bytesFrom(REQUEST_BYTES);
      const many = Array.from({ length: 5_000 }, (_, i) => data(String(i), [A]));
      await session.send(...many, alone());
      await join;
      const heard: string[] = [];
      connection.on('message', ({ text }) => heard.push(text));
      await settle();
      expect([heard.length, heard[0], heard.at(-1)]).to.deep.equal([100, '4900', '4999']);
    });
  });

  describe('that a policy of the daemon refuses', () => {
    it('come back as reject, with what was sent', async () => {
      await using stage = await Stage.open();
      const { connection, session } = stage;
      const rejects: RejectEvent[] = [];
      connection.on('reject', (event) => rejects.push(event));
      await session.send(refusal(0x10, ['g', 'h'], 'body'), refusal(0x100, ['g']), refusal(0x200, ['g']));
      await settle();
      const common = { kind: 'reject', type: 5 };
      expect(rejects).to.deep.equal([
        { ...common, refused: 'data', groups: ['g', 'h'], body: Buffer.from('body') },
        { ...common, refused: 'join', groups: ['g'], body: Buffer.alloc(0) },
        { ...common, refused: 'leave', groups: ['g'], body: Buffer.alloc(0) },
      ]);
    });

    it('stand in the loop over the connection', async () => {
      await using stage = await Stage.open();
      const { connection, session } = stage;
      const loop = read(connection, 2);
      await session.send(refusal(0x10, ['g']), data('x', [A]));
      expect(await loop).to.deep.equal(['reject data', 'x']);
    });
  });
});
