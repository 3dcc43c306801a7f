import { expect } from 'chai';
import {
  PermissionDeniedError,
  ConnectionClosedError,
  IllegalGroupError,
  IllegalParamError,
  type JoinOptions,
} from '../../lib/index.js';
import { A, alone, data, refusal, REQUEST_BYTES, selfLeave } from './frames.js';
import { caughtUp, failure, isWaiting, read, ClientFixture, within, word, ClientWorld } from './support.js';

describe('Connection.join', () => {
  it('resolves with the group when its first view is there', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    const group = await a.join('room');
    expect(group.name).to.equal('room');
    expect(group.members).to.deep.equal(['#a#d1']);
    expect(word(group.view)).to.equal('join a +a');
  });

  it('waits for the view and for nothing else', async () => {
    await using stage = await ClientFixture.open();
    const { connection, session } = stage;
    const join = connection.join('g');
    await session.bytesFrom(REQUEST_BYTES);
    await session.send(alone('h'), data('x'));
    expect(await isWaiting(join)).to.equal(true);
    await session.send(alone('g'), data('y'));
    expect(await read(await within(join, 'the join'), 2)).to.deep.equal(['join a +a', 'y']);
  });

  it('gives the same object again', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    const group = await a.join('room');
    expect(await a.join('room')).to.equal(group);
  });

  it('gives joins at the same time the same object and asks the daemon once', async () => {
    await using stage = await ClientFixture.open();
    const { connection, session } = stage;
    const joins = Promise.all([connection.join('g'), connection.join('g'), connection.join('g')]);
    await connection.send('g', '');
    await session.send(alone());
    const [first, ...others] = await within(joins, 'the joins');
    expect(others).to.deep.equal([first, first]);
    expect(await session.bytesFrom(2 * REQUEST_BYTES), 'a join and the message').to.have.length(160);
  });

  it('joins many groups at a time', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    const names = Array.from({ length: 200 }, (_, i) => `group-${i}`);
    const groups = await Promise.all(names.map((name) => a.join(name)));
    expect(groups.map(({ name }) => name)).to.deep.equal(names);
    expect(world.daemon.groups).to.equal(200);
  });

  for (const name of ['', 'a b', '#a#d1', 'x'.repeat(32), 'é', 'a\0b', 7, undefined]) {
    it(`throws IllegalGroupError for ${JSON.stringify(name) ?? 'undefined'}`, async () => {
      await using world = await ClientWorld.start();
      const a = await world.connect('a');
      const error = await failure(a.join(name as string));
      expect(error).to.be.instanceOf(IllegalGroupError);
      expect(error.errno).to.equal(-14);
    });
  }

  it('throws IllegalParamError for options that are none', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    for (const options of [{ signal: 'x' }, { timeout: 5 }, null]) {
      expect(await failure(a.join('room', options as JoinOptions))).to.be.instanceOf(IllegalParamError);
    }
    expect(world.daemon.groups).to.equal(0);
  });

  it('makes a new object after a leave, which the old one does not touch', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    const old = await a.join('room');
    await old.leave();
    const group = await a.join('room');
    expect(group).to.not.equal(old);
    await old.leave();
    await caughtUp(a);
    expect(await a.join('room')).to.equal(group);
    expect(await read(group, 1)).to.deep.equal(['join a +a']);
  });

  it('waits for a leave that is under way, then joins again', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    const old = await a.join('room');
    const leave = old.leave();
    const joins = await Promise.all([a.join('room'), a.join('room')]);
    await leave;
    expect(joins[0]).to.equal(joins[1]).and.not.equal(old);
    expect(joins[0]?.members).to.deep.equal(['#a#d1']);
  });

  it('is rejected when the group is left by name again while it waits for a leave', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    const old = await a.join('room');
    const leaves = [old.leave()];
    const join = failure(a.join('room'));
    leaves.push(a.leave('room'));
    await Promise.all(leaves);
    expect((await join).message).to.contain('room was left before its first view');
    expect(world.daemon.groups).to.equal(0);
  });

  it('waits for a leave of which it was asked twice, when the second is of the old group', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    const old = await a.join('room');
    const leaves = [a.leave('room')];
    const join = a.join('room');
    leaves.push(old.leave());
    await Promise.all(leaves);
    expect((await join).members).to.deep.equal(['#a#d1']);
  });

  it('resolves also when a leave follows at once', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    const join = a.join('room');
    const leave = a.leave('room');
    const group = await join;
    await leave;
    expect(await read(group, 2)).to.deep.equal(['join a +a', 'self-leave']);
    expect(world.daemon.groups).to.equal(0);
  });

  it('is rejected when a policy of the daemon refuses, and can be tried again', async () => {
    await using stage = await ClientFixture.open();
    const { connection, session } = stage;
    const join = connection.join('g');
    await session.bytesFrom(REQUEST_BYTES);
    await session.send(refusal(0x100, ['g']));
    const error = await failure(join);
    expect(error).to.be.instanceOf(PermissionDeniedError);
    expect(error.message).to.contain('permission denied: join g');
    const again = connection.join('g');
    const bytes = await session.bytesFrom(2 * REQUEST_BYTES);
    expect(bytes.readUInt32LE(REQUEST_BYTES) & 0x70000, 'a join, no leave').to.equal(0x10000);
    await session.send(alone());
    expect((await again).members).to.deep.equal([A]);
  });

  it('is rejected when the group is left before there was a view', async () => {
    await using stage = await ClientFixture.open();
    const { connection, session } = stage;
    const [join, leave] = [connection.join('g'), connection.leave('g')];
    await session.bytesFrom(2 * REQUEST_BYTES);
    await session.send(selfLeave());
    expect((await failure(join)).message).to.contain('g was left before its first view');
    await leave;
  });

  it('is not disturbed by a refusal of something else', async () => {
    await using stage = await ClientFixture.open();
    const { connection, session } = stage;
    const join = connection.join('g');
    await session.send(refusal(0x10, ['g']), refusal(0x200, ['g']), refusal(0x100, ['h']));
    expect(await isWaiting(join)).to.equal(true);
    await session.send(alone(), refusal(0x100, ['g']));
    const group = await join;
    expect(await connection.join('g')).to.equal(group);
  });

  describe('on a connection that is gone', () => {
    it('throws ConnectionClosedError after close, also for a group that was joined', async () => {
      await using world = await ClientWorld.start();
      const a = await world.connect('a');
      await a.join('old');
      await a.close();
      for (const name of ['old', 'new', 'new']) {
        expect(await failure(a.join(name))).to.be.instanceOf(ConnectionClosedError);
      }
    });

    it('throws ConnectionClosedError when it is lost or closed while it waits', async () => {
      for (const how of ['lost', 'closed']) {
        await using stage = await ClientFixture.open();
        const joins = [stage.connection.join('g'), stage.connection.join('g'), stage.connection.join('h')];
        await stage.session.bytesFrom(2 * REQUEST_BYTES);
        if (how === 'lost') stage.session.end();
        else void stage.connection.close();
        for (const join of joins) expect(await failure(join)).to.be.instanceOf(ConnectionClosedError);
      }
    });

    it('throws ConnectionClosedError also before the loss was told', async () => {
      await using stage = await ClientFixture.open();
      const { connection, session } = stage;
      session.end();
      while (connection.open) await new Promise((resolve) => setImmediate(resolve));
      expect(await failure(connection.join('g'))).to.be.instanceOf(ConnectionClosedError);
      expect(await failure(connection.join('g'))).to.be.instanceOf(ConnectionClosedError);
    });
  });
});
