import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { type DataEvent } from '../../lib/index.js';
import type { Connection } from '../../lib/client/connection.js';
import { A, alone, data, REQUEST_BYTES } from './frames.js';
import { caughtUp, read, settle, ClientFixture, within, ClientWorld } from './support.js';

const nextPrivate = (connection: Connection): Promise<DataEvent> =>
  within(new Promise((resolve) => connection.once('message', resolve)), 'a private message');

describe('messages to one connection', () => {
  it('arrive as its message, from a full name, a short one, and from itself', async () => {
    await using world = await ClientWorld.start();
    const [a, b] = [await world.connect('a'), await world.connect('b')];
    const heard: string[] = [];
    b.on('message', ({ sender, groups, text, fromMe }) =>
      heard.push(`${sender} ${groups.join()} ${text} ${fromMe}`),
    );
    await a.sendTo('#b#d1', '1');
    await a.sendTo('b', '2');
    await caughtUp(a);
    await b.sendTo(b.id, '3');
    await caughtUp(b);
    expect(heard.slice(0, 3)).to.deep.equal([
      '#a#d1 #b#d1 1 false',
      '#a#d1 #b#d1 2 false',
      '#b#d1 #b#d1 3 true',
    ]);
  });

  it('can be answered by their sender', async () => {
    await using world = await ClientWorld.start();
    const [a, b] = [await world.connect('a'), await world.connect('b')];
    b.on('message', ({ sender, text }) => void b.sendTo(sender, `${text} too`));
    const answer = nextPrivate(a);
    await a.sendTo('b', 'hello');
    expect((await answer).text).to.equal('hello too');
  });

  it('to nobody do nothing', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    await a.sendTo('ghost', 'x');
    await a.sendTo('#a#elsewhere', 'x');
    await caughtUp(a);
    expect(a.open).to.equal(true);
  });

  it('that come with the acceptance wait for a listener attached at once', async () => {
    const first = Buffer.concat([data('1', [A]), data('2', [A])]);
    await using stage = await ClientFixture.open({ first });
    const heard: string[] = [];
    stage.connection.on('message', ({ text }) => heard.push(text));
    await settle();
    expect(heard).to.deep.equal(['1', '2']);
  });

  it('wait for the first listener, however late, and go on behind it', async () => {
    await using stage = await ClientFixture.open();
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
    await using stage = await ClientFixture.open();
    const { connection, session } = stage;
    await session.send(data('1', [A]), alone('h'), data('2', ['h']));
    await settle();
    await session.send(data('3', [A]));
    await settle();
    expect(await read(connection, 2)).to.deep.equal(['1', '3']);
  });

  it('wait also when the connection is lost before there is a listener', async () => {
    await using stage = await ClientFixture.open();
    const { connection, session } = stage;
    await session.send(data('1', [A]));
    session.end();
    await within(new Promise((resolve) => connection.on('close', resolve)), 'the loss');
    expect((await nextPrivate(connection)).text).to.equal('1');
  });

  it('that nobody ever hears stop nothing; the newest hundred are kept', async () => {
    await using stage = await ClientFixture.open();
    const { connection, session } = stage;
    const join = connection.join('g');
    await session.bytesFrom(REQUEST_BYTES);
    const many = Array.from({ length: 5_000 }, (_, i) => data(String(i), [A]));
    await session.send(...many.slice(0, 4_950));
    await settle();
    connection.on('close', () => undefined);
    await session.send(...many.slice(4_950), alone());
    await join;
    const heard: string[] = [];
    connection.on('message', ({ text }) => heard.push(text));
    await settle();
    expect([heard.length, heard[0], heard.at(-1)]).to.deep.equal([100, '4900', '4999']);
  });
});
