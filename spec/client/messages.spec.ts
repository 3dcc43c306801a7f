import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { type DataEvent, PermissionDeniedError, type RejectEvent, SERVICES } from '../../lib/index.js';
import type { Connection } from '../../lib/client/connection.js';
import { frame } from '../support/fake-daemon-frames.js';
import { A, alone, data, refusal } from './frames.js';
import { caughtUp, isWaiting, next, read, settle, ClientFixture, within, ClientWorld } from './support.js';

const nextPrivate = (connection: Connection): Promise<DataEvent> =>
  within(new Promise((resolve) => connection.once('message', resolve)), 'a private message');

describe('messages', () => {
  it('tell sender, groups, body, text, type and whether they are mine', async () => {
    await using world = await ClientWorld.start();
    const [a, b] = [await world.connect('a'), await world.connect('b')];
    const [mine, other] = [await a.join('room'), await b.join('room')];
    await mine.send('grüße', { type: -7 });
    const here = await next(mine, 'data');
    const there = await next(other, 'data');
    expect([here.fromMe, there.fromMe]).to.deep.equal([true, false]);
    expect(there).to.deep.include({ kind: 'data', sender: '#a#d1', groups: ['room'], type: -7 });
    expect(there.body).to.deep.equal(Buffer.from('grüße'));
    expect([there.text, there.endianMismatch]).to.deep.equal(['grüße', false]);
  });

  for (const service of SERVICES) {
    it(`arrive with the service ${service}`, async () => {
      await using world = await ClientWorld.start();
      const group = await (await world.connect('a')).join('room');
      await group.send('x', { service });
      expect((await next(group, 'data')).service).to.equal(service);
    });
  }

  it('are agreed and of type 0 unless told otherwise', async () => {
    await using world = await ClientWorld.start();
    const group = await (await world.connect('a')).join('room');
    await group.send('x', { service: undefined, type: undefined, selfDiscard: undefined });
    expect(await next(group, 'data')).to.deep.include({ service: 'agreed', type: 0 });
  });

  it('with selfDiscard reach everybody but the sender', async () => {
    await using world = await ClientWorld.start();
    const [a, b] = [await world.connect('a'), await world.connect('b')];
    const [mine, other] = [await a.join('room'), await b.join('room')];
    await mine.send('to you', { selfDiscard: true, service: 'fifo' });
    await mine.send('to all');
    expect((await next(mine, 'data')).text).to.equal('to all');
    expect(await next(other, 'data')).to.deep.include({ service: 'fifo', fromMe: false });
  });

  it('of a sender with the other byte order say so, and are not converted', async () => {
    await using stage = await ClientFixture.open();
    const join = stage.connection.join('g');
    const body = Buffer.from([1, 2, 3, 4]);
    const sent = { type: 0x10, name: '#b#d2', groups: ['g'], messType: -2, data: body };
    await stage.session.send(alone(), frame({ ...sent, senderLittle: false }), frame(sent));
    const group = await join;
    const [strange, familiar] = [await next(group, 'data'), await next(group, 'data')];
    expect([strange.endianMismatch, familiar.endianMismatch]).to.deep.equal([true, false]);
    expect([strange.type, strange.body]).to.deep.equal([-2, body]);
  });

  it('that make no sense are left out', async () => {
    await using stage = await ClientFixture.open();
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
      await using world = await ClientWorld.start();
      const [a, b] = [await world.connect('a'), await world.connect('b')];
      const [red, blue] = [await a.join('red'), await a.join('blue')];
      await b.send(['red', 'nowhere', 'blue', 'red'], 'x');
      await b.send('blue', 'y');
      const [atRed, atBlue] = [await next(red, 'data'), await next(blue, 'data')];
      expect(atRed).to.equal(atBlue);
      expect(atRed.groups).to.deep.equal(['red', 'nowhere', 'blue', 'red']);
      expect((await next(blue, 'data')).text).to.equal('y');
      await caughtUp(a);
      expect(await isWaiting(next(red, 'data'))).to.equal(true);
    });

    it('can have private names among them', async () => {
      await using world = await ClientWorld.start();
      const [a, b] = [await world.connect('a'), await world.connect('b')];
      const group = await a.join('room');
      const heard = nextPrivate(a);
      await b.send(['room', '#a#d1'], 'x');
      expect(await heard).to.equal(await next(group, 'data'));
    });
  });

  describe('that a policy of the daemon refuses', () => {
    it('come back as reject, with what was sent', async () => {
      await using stage = await ClientFixture.open();
      const { connection, session } = stage;
      const rejects: RejectEvent[] = [];
      connection.on('reject', (event) => rejects.push(event));
      await session.send(refusal(0x10, ['g', 'h'], 'body'), refusal(0x100, ['g']), refusal(0x200, ['g']));
      await settle();
      const common = { kind: 'reject', reason: 'permission', type: 5 };
      expect(
        rejects.map(({ error, ...rest }) => (error instanceof PermissionDeniedError ? rest : error)),
      ).to.deep.equal([
        { ...common, refused: 'data', groups: ['g', 'h'], body: Buffer.from('body') },
        { ...common, refused: 'join', groups: ['g'], body: Buffer.alloc(0) },
        { ...common, refused: 'leave', groups: ['g'], body: Buffer.alloc(0) },
      ]);
    });

    it('stand in the loop over the connection', async () => {
      await using stage = await ClientFixture.open();
      const { connection, session } = stage;
      const loop = read(connection, 2);
      await session.send(refusal(0x10, ['g']), data('x', [A]));
      expect(await loop).to.deep.equal(['reject data', 'x']);
    });
  });
});
