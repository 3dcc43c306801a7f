import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { ConnectionClosedError } from '../../lib/index.js';
import { alone, data } from './frames.js';
import { failure, isWaiting, joinG, readAll, settle, ClientFixture, within, word } from './support.js';

const texts = Array.from({ length: 10 }, (_, i) => String(i));
const messages = texts.map((text) => data(text));

describe('when the connection is lost', () => {
  it('loops get what arrived, then throw ConnectionClosedError', async () => {
    await using stage = await ClientFixture.open();
    const { connection, session } = stage;
    const events = readAll(connection);
    const group = await joinG(stage, alone(), ...messages);
    session.end();
    for (const { words, error } of [await readAll(group), await events]) {
      expect(words).to.deep.equal(['join a +a', ...texts]);
      expect(error).to.be.instanceOf(ConnectionClosedError);
      expect((error as ConnectionClosedError).errno).to.equal(-8);
    }
  });

  it('a group has no members, so that nobody keeps leading', async () => {
    await using stage = await ClientFixture.open();
    const group = await joinG(stage, alone());
    expect(group.members).to.have.length(1);
    stage.session.end();
    await failure(readAll(group).then(({ error }) => Promise.reject(error as Error)));
    expect([group.isMember, group.members]).to.deep.equal([false, []]);
  });

  it('every loop throws, once', async () => {
    await using stage = await ClientFixture.open();
    const group = await joinG(stage, alone());
    const [one, two] = [group[Symbol.asyncIterator](), group[Symbol.asyncIterator]()];
    await Promise.all([one.next(), two.next()]);
    const errors = Promise.all([failure(one.next()), failure(two.next())]);
    const second = one.next();
    stage.session.end();
    for (const error of await errors) expect(error).to.be.instanceOf(ConnectionClosedError);
    expect(await second).to.deep.equal({ done: true, value: undefined });
    expect(await one.next()).to.deep.equal({ done: true, value: undefined });
    expect((await readAll(group)).error, 'a loop begun later').to.be.instanceOf(ConnectionClosedError);
  });

  it('close is emitted once, with the error and its cause, behind everything that arrived', async () => {
    await using stage = await ClientFixture.open();
    const { connection, session } = stage;
    const heard: unknown[] = [];
    connection.on('event', (event) => heard.push(word(event)));
    connection.on('close', (error) => heard.push(error));
    const group = await joinG(stage, alone());
    group.on('event', () => undefined);
    session.socket.end(Buffer.concat([data('x'), data('y')]));
    await within(new Promise((resolve) => connection.once('close', resolve)), 'the loss');
    await connection.close();
    expect(heard.slice(0, 3)).to.deep.equal(['join a +a', 'x', 'y']);
    expect(heard).to.have.length(4);
    expect(heard[3]).to.be.instanceOf(ConnectionClosedError);
    expect(connection.open).to.equal(false);
  });

  it('close is emitted also when it is lost with the acceptance', async () => {
    await using stage = await ClientFixture.open({ first: Buffer.alloc(48, 0xff) });
    const closed = new Promise<Error | undefined>((resolve) => stage.connection.once('close', resolve));
    expect(await within(closed, 'the loss')).to.be.instanceOf(ConnectionClosedError);
  });

  it('its cause is that of the error', async () => {
    await using stage = await ClientFixture.open();
    const { connection, session } = stage;
    const closed = new Promise<Error | undefined>((resolve) => connection.once('close', resolve));
    await session.send(Buffer.alloc(48, 0xff));
    const error = await within(closed, 'the loss');
    expect(error).to.be.instanceOf(ConnectionClosedError);
    const cause = error?.cause as Error;
    expect(cause).to.be.instanceOf(Error);
    expect(error?.message).to.contain(cause.message);
  });

  it('nothing is left unhandled when nobody reads', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    try {
      await using stage = await ClientFixture.open();
      await joinG(stage, alone());
      const join = stage.connection.join('h');
      join.catch(() => undefined);
      stage.session.end();
      await failure(join);
      await settle();
    } finally {
      process.off('unhandledRejection', note);
    }
    expect(unhandled).to.deep.equal([]);
  });

  it('a loop does not end before what is under way has come', async () => {
    await using stage = await ClientFixture.open();
    const group = await joinG(stage, alone());
    expect(await isWaiting(readAll(group))).to.equal(true);
  });
});
