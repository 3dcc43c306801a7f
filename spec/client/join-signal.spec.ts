import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import { A, alone, change, data, REQUEST_BYTES, selfLeave } from './frames.js';
import { caughtUp, failure, read, ClientFixture, within, ClientWorld } from './support.js';

describe('Connection.join', () => {
  describe('with a signal', () => {
    it('throws its reason when it came before, and asks nobody', async () => {
      await using stage = await ClientFixture.open();
      const { connection, session } = stage;
      const reason = new Error('no');
      expect(await failure(connection.join('g', { signal: AbortSignal.abort(reason) }))).to.equal(reason);
      await connection.send('g', '');
      expect((await session.bytesFrom(REQUEST_BYTES)).length).to.equal(REQUEST_BYTES);
    });

    it('throws its reason when it comes meanwhile, and leaves the group', async () => {
      await using stage = await ClientFixture.open();
      const { connection, session } = stage;
      const stop = new AbortController();
      const join = connection.join('g', { signal: stop.signal });
      await session.bytesFrom(REQUEST_BYTES);
      stop.abort();
      expect((await failure(join)).name).to.equal('AbortError');
      expect(getEventListeners(stop.signal, 'abort')).to.have.length(0);
      const bytes = await session.bytesFrom(2 * REQUEST_BYTES);
      expect(bytes.readUInt32LE(REQUEST_BYTES) & 0x20000, 'a leave request').to.equal(0x20000);
    });

    it('can be followed by another join, which waits for the leave', async () => {
      await using world = await ClientWorld.start();
      const a = await world.connect('a');
      const b = await (await world.connect('b')).join('room');
      const stop = new AbortController();
      const given = a.join('room', { signal: stop.signal });
      stop.abort();
      expect((await failure(given)).name).to.equal('AbortError');
      const group = await a.join('room');
      expect(group.members).to.deep.equal(['#a#d1', '#b#d1']);
      expect(await read(b, 4)).to.deep.equal(['join b +b', 'join a,b +a', 'leave b -a', 'join a,b +a']);
    });

    it('is taken over by another join in the same turn', async () => {
      await using world = await ClientWorld.start();
      const a = await world.connect('a');
      const stop = new AbortController();
      const given = failure(a.join('room', { signal: stop.signal }));
      stop.abort();
      const group = await a.join('room');
      expect((await given).name).to.equal('AbortError');
      await caughtUp(a);
      await group.leave();
      expect(await read(group, 2)).to.deep.equal(['join a +a', 'self-leave']);
    });

    it('does not take the group from another join that waits', async () => {
      await using stage = await ClientFixture.open();
      const { connection, session } = stage;
      const stop = new AbortController();
      const given = connection.join('g', { signal: stop.signal });
      const other = connection.join('g');
      stop.abort();
      expect((await failure(given)).name).to.equal('AbortError');
      await session.send(alone(), data('x'));
      expect(await read(await within(other, 'the other join'), 2)).to.deep.equal(['join a +a', 'x']);
      await connection.send('g', '');
      expect(await session.bytesFrom(2 * REQUEST_BYTES), 'no leave, the message').to.have.length(160);
    });

    it('gives up waiting for a leave, too', async () => {
      await using stage = await ClientFixture.open();
      const { connection, session } = stage;
      const first = connection.join('g');
      await session.bytesFrom(REQUEST_BYTES);
      await session.send(alone());
      const leave = (await first).leave();
      const stop = new AbortController();
      const join = connection.join('g', { signal: stop.signal });
      stop.abort();
      expect((await failure(join)).name).to.equal('AbortError');
      await session.send(selfLeave());
      await leave;
      await connection.send('g', '');
      expect(await session.bytesFrom(3 * REQUEST_BYTES), 'join, leave, message').to.have.length(240);
    });

    it('leaves the group also when the view and the signal come together', async () => {
      await using stage = await ClientFixture.open();
      const { connection, session } = stage;
      const stop = new AbortController();
      connection.on('event', () => stop.abort());
      const join = connection.join('g', { signal: stop.signal });
      await session.bytesFrom(REQUEST_BYTES);
      await session.send(alone(), change('join', '#b#d1', [A, '#b#d1']), data('x'));
      expect((await failure(join)).name).to.equal('AbortError');
      await session.bytesFrom(2 * REQUEST_BYTES);
    });

    it('has no effect once the group is there', async () => {
      await using world = await ClientWorld.start();
      const a = await world.connect('a');
      const stop = new AbortController();
      const group = await a.join('room', { signal: stop.signal });
      expect(getEventListeners(stop.signal, 'abort')).to.have.length(0);
      stop.abort();
      await caughtUp(a);
      expect(await a.join('room')).to.equal(group);
    });
  });
});
