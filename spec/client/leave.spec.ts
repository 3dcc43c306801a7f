import { expect } from 'chai';
import { PermissionDeniedError } from '../../lib/index.js';
import { alone, data, refusal, REQUEST_BYTES, selfLeave } from './frames.js';
import { ClientFixture, ClientWorld, failure, isWaiting, joinG, read, readAll } from './support.js';

describe('leaving a group', () => {
  it('resolves when the leave has its place in the order, and ends the loop behind it', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    const group = await a.join('room');
    await group.send('last');
    await group.leave();
    expect(world.daemon.groups).to.equal(0);
    expect(await readAll(group)).to.deep.equal({
      words: ['join a +a', 'last', 'self-leave'],
      error: undefined,
    });
  });

  it('ends a loop that waits', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    const group = await a.join('room');
    const loop = readAll(group);
    await a.leave('room');
    expect((await loop).words).to.deep.equal(['join a +a', 'self-leave']);
  });

  it('tells the id of the last view', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    const group = await a.join('room');
    const { id } = group.view;
    group.on('self-leave', (event) => expect(event).to.deep.equal({ kind: 'self-leave', group: 'room', id }));
    await group.leave();
  });

  it('shows those who stay a leave', async () => {
    await using world = await ClientWorld.start();
    const [a, b] = [await world.connect('a'), await world.connect('b')];
    const left = await a.join('room');
    const stays = await b.join('room');
    await left.leave();
    expect(await read(stays, 2)).to.deep.equal(['join a,b +a +b', 'leave b -a']);
  });

  it('hands over nothing of the group afterwards', async () => {
    await using stage = await ClientFixture.open();
    const { session } = stage;
    const group = await joinG(stage, alone());
    const leave = group.leave();
    await session.send(data('before'), selfLeave(), data('behind'), alone());
    await leave;
    expect((await readAll(group)).words).to.deep.equal(['join a +a', 'before', 'self-leave']);
  });

  it('asks once, however often it is called', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    const b = await world.connectRaw('b');
    b.join('room');
    await b.next();
    const group = await a.join('room');
    await Promise.all([group.leave(), a.leave('room'), group.leave()]);
    await group.leave();
    await a.send('room', 'end');
    const frames = [await b.next(), await b.next(), await b.next()];
    expect(frames.map(({ service }) => service)).to.deep.equal([0x1100, 0x1200, 0x10]);
  });

  it('resolves at once for a group that is not joined', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    await a.leave('nowhere');
    await a.leave('');
  });

  it('resolves when the connection is closed or lost meanwhile, or was before', async () => {
    for (const how of ['lost', 'closed']) {
      await using stage = await ClientFixture.open();
      const { connection, session } = stage;
      const group = await joinG(stage, alone());
      const leave = group.leave();
      await session.bytesFrom(2 * REQUEST_BYTES);
      if (how === 'lost') session.end();
      else void connection.close();
      await leave;
      await group.leave();
      await connection.leave('g');
    }
  });

  it('is rejected when a policy of the daemon refuses; the group stays joined', async () => {
    await using stage = await ClientFixture.open();
    const { connection, session } = stage;
    const group = await joinG(stage, alone());
    const leave = group.leave();
    const again = connection.join('g');
    await session.bytesFrom(2 * REQUEST_BYTES);
    expect(await isWaiting(leave)).to.equal(true);
    await session.send(refusal(0x200, ['g']));
    const error = await failure(leave);
    expect(error).to.be.instanceOf(PermissionDeniedError);
    expect(error.message).to.contain('permission denied: leave g');
    expect(await again, 'a join that waited for the leave').to.equal(group);
    await session.send(data('x'));
    expect(await read(group, 2)).to.deep.equal(['join a +a', 'x']);
  });

  it('happens at the end of an await using', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    {
      await using group = await a.join('room');
      expect(world.daemon.groups).to.equal(1);
      expect(group.members).to.have.length(1);
    }
    expect(world.daemon.groups).to.equal(0);
  });

  it('can still send to the group', async () => {
    await using world = await ClientWorld.start();
    const [a, b] = [await world.connect('a'), await world.connect('b')];
    const group = await a.join('room');
    const other = await b.join('room');
    await group.leave();
    await group.send('from outside');
    expect(await read(other, 3)).to.deep.equal(['join a,b +a +b', 'leave b -a', 'from outside']);
  });
});
