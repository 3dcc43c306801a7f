import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { ConnectionClosedError, QUEUE_EVENTS } from '../../lib/index.js';
import { flood, numbers, twoGroups } from './flood.js';
import { alone, data, refusal, REQUEST_BYTES, selfLeave } from './frames.js';
import { failure, isWaiting, read, readAll, settle, ClientFixture, within } from './support.js';

describe('a connection whose program does not read', () => {
  it('lets a leave of the full group through, which keeps what was there', async () => {
    await using stage = await ClientFixture.open();
    const { g, heard } = await twoGroups(stage);
    await stage.session.send(...flood(3_000), selfLeave(), data('behind', ['h']));
    await settle();
    await within(g.leave(), 'the leave');
    await settle();
    expect(heard, 'a group that was left stops nobody').to.deep.equal(['behind']);
    const { words } = await readAll(g);
    expect(words).to.deep.equal(['join a +a', ...numbers(3_000), 'self-leave']);
  });

  it('lets a leave inside of a loop through', async () => {
    await using stage = await ClientFixture.open();
    const { g } = await twoGroups(stage);
    const loop = async (): Promise<number> => {
      let count = 0;
      for await (const event of g) if (event.kind === 'data' && ++count === 1) await g.leave();
      return count;
    };
    await stage.session.send(...flood(3_000), selfLeave());
    expect(await within(loop(), 'the end of the loop')).to.equal(3_000);
  });

  it('lets a join through, and pauses again', async () => {
    await using stage = await ClientFixture.open();
    const { connection, session } = stage;
    const { g, heard } = await twoGroups(stage);
    await session.send(...flood(3_000), alone('k'), data('behind', ['h']));
    await settle();
    const k = await within(connection.join('k'), 'the join');
    await settle();
    expect([k.members, heard]).to.deep.equal([['#a#d1'], []]);
    await read(g, 3_001);
    await settle();
    expect(heard).to.deep.equal(['behind']);
  });

  it('pauses also after a join that was refused', async () => {
    await using stage = await ClientFixture.open();
    const { connection, session } = stage;
    const { g, heard } = await twoGroups(stage);
    const join = failure(connection.join('k'));
    await session.send(refusal(0x100, ['k']), ...flood(2_000), data('behind', ['h']));
    await join;
    await settle();
    expect(heard).to.deep.equal([]);
    await read(g, 2_001);
    await settle();
    expect(heard).to.deep.equal(['behind']);
  });

  it('is not undone by what an older group of the same name does', async () => {
    await using stage = await ClientFixture.open();
    const { connection, session } = stage;
    const { g, heard } = await twoGroups(stage);
    await session.send(...flood(2_000), selfLeave());
    await g.leave();
    const join = connection.join('g');
    await session.bytesFrom(4 * REQUEST_BYTES);
    await session.send(alone('g'), ...flood(2_000), data('behind', ['h']));
    const again = await within(join, 'the join');
    await settle();
    expect((await readAll(g)).words).to.have.length(2_002);
    await settle();
    expect(heard).to.deep.equal([]);
    await read(again, 2_001);
    await settle();
    expect(heard).to.deep.equal(['behind']);
  });

  it('can be closed', async () => {
    await using stage = await ClientFixture.open();
    const { g } = await twoGroups(stage);
    await stage.session.send(...flood(3_000));
    await settle();
    await within(stage.connection.close(), 'the close');
    const { words, error } = await readAll(g);
    expect([words.length, error]).to.deep.equal([QUEUE_EVENTS, undefined]);
  });

  it('tells a loss only behind what arrived', async () => {
    await using stage = await ClientFixture.open();
    const { connection, session } = stage;
    const { g } = await twoGroups(stage);
    const closed = new Promise((resolve) => connection.on('close', resolve));
    session.socket.end(Buffer.concat(flood(3_000)));
    expect(await isWaiting(closed)).to.equal(true);
    expect(connection.open).to.equal(false);
    const { words, error } = await readAll(g);
    expect(words).to.deep.equal(['join a +a', ...numbers(3_000)]);
    expect(error).to.be.instanceOf(ConnectionClosedError);
    expect(await closed).to.equal(error);
  });

  it('answers a join that the loss overtook', async () => {
    await using stage = await ClientFixture.open();
    const { connection, session } = stage;
    const { g } = await twoGroups(stage);
    session.socket.end(Buffer.concat(flood(3_000)));
    await settle();
    expect(await failure(connection.join('k'))).to.be.instanceOf(ConnectionClosedError);
    expect((await readAll(g)).words).to.have.length(3_001);
  });
});
