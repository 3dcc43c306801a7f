import { expect } from 'chai';
import { connect, ConnectionClosedError } from '../../lib/index.js';
import { until } from '../support/wait.js';
import { alone, data } from './frames.js';
import { failure, joinG, read, readAll, settle, ClientFixture, within, ClientWorld } from './support.js';

describe('Connection.close', () => {
  it('shows the others a disconnect, and frees the name', async () => {
    await using world = await ClientWorld.start();
    const [a, b] = [await world.connect('a'), await world.connect('b')];
    const group = await b.join('room');
    await a.join('room');
    await a.close();
    expect(await read(group, 3)).to.deep.equal(['join b +b', 'join a,b +a', 'disconnect b -a']);
    expect(world.daemon.counters.ends).to.deep.equal({ requested: 1 });
    expect((await world.connect('a')).open).to.equal(true);
  });

  it('ends loops behind what they were handed, without an error', async () => {
    await using stage = await ClientFixture.open();
    const { connection } = stage;
    const events = readAll(connection);
    const group = await joinG(stage, alone(), data('1'), data('2'));
    await connection.close();
    const expected = { words: ['join a +a', '1', '2'], error: undefined };
    expect([await readAll(group), await events]).to.deep.equal([expected, expected]);
    expect(await readAll(connection)).to.deep.equal({ words: [], error: undefined });
  });

  it('tells close once, without an error', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    const heard: unknown[] = [];
    a.on('close', (error) => heard.push(error));
    await Promise.all([a.close(), a.close()]);
    await a.close();
    await settle();
    expect(heard).to.deep.equal([undefined]);
  });

  it('gives everybody who calls it the same end, a listener of close too', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    const closes: Promise<void>[] = [];
    a.on('close', () => closes.push(a.close()));
    closes.push(a.close(), a.close());
    expect(closes).to.have.length(3);
    expect(new Set(closes)).to.have.property('size', 1);
    await closes[0];
    expect(world.daemon.counters.ends).to.deep.equal({ requested: 1 });
  });

  it('sends what was sent before', async () => {
    await using world = await ClientWorld.start();
    const [a, b] = [await world.connect('a'), await world.connect('b')];
    const group = await b.join('room');
    const sends = Array.from({ length: 100 }, (_, i) => a.send('room', `${i}`.padEnd(20_000)));
    await Promise.all([a.close(), a.close(), ...sends]);
    expect(await read(group, 101)).to.have.length(101);
  });

  it('from within a listener ends everything, too', async () => {
    await using stage = await ClientFixture.open();
    const { connection, session } = stage;
    const heard: string[] = [];
    connection.on('message', ({ text }) => {
      heard.push(text);
      void connection.close();
    });
    connection.on('close', (error) => heard.push(`close ${error}`));
    await session.send(data('1', ['#a#d1']), data('2', ['#a#d1']));
    await session.over();
    await connection.close();
    expect(heard).to.deep.equal(['1', 'close undefined']);
  });

  it('works before anything has arrived', async () => {
    await using world = await ClientWorld.start();
    const a = await connect({ address: world.address });
    await a.close();
    await until(() => world.daemon.sessions === 0, 'the end of the session');
  });

  it('makes every later call fail with ConnectionClosedError', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    const group = await a.join('room');
    await a.close();
    for (const call of [a.send('room', ''), a.sendTo('b', ''), group.send(''), a.join('room')]) {
      expect(await failure(call)).to.be.instanceOf(ConnectionClosedError);
    }
  });

  it('comes after a loss without a fuss', async () => {
    await using stage = await ClientFixture.open();
    stage.session.reset();
    await until(() => !stage.connection.open, 'the loss');
    await within(stage.connection.close(), 'the close');
  });

  it('happens at the end of an await using, in the order of things: group, then connection', async () => {
    await using world = await ClientWorld.start();
    const b = await (await world.connect('b')).join('room');
    {
      await using a = await world.connect('a');
      await using group = await a.join('room');
      await group.send('x');
    }
    expect(await read(b, 4)).to.deep.equal(['join b +b', 'join a,b +a', 'x', 'leave b -a']);
    await until(() => world.daemon.sessions === 1, 'the end of the session');
  });
});
