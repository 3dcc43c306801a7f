/** Joins, leaves and ends that wait take turns by address: what one address asks makes others wait for one change of it. */
import { expect } from 'chai';
import { encodeRequest } from '../../lib/wire/request.js';
import { JOIN_MESS } from '../../lib/wire/service.js';
import { Client, CoreWorld } from './core-world.js';

describe('core: turns of changes that wait', () => {
  /** Changes are so expensive that each payload carries one. */
  function busyWorld(): CoreWorld {
    const world = new CoreWorld();
    world.members('big', 'listener');
    world.core.changeBytes = 1;
    return world;
  }

  /** A client that joins the group when it is its turn. */
  function joiner(world: CoreWorld, name: string, address: string): Client {
    const client = new Client(world, name, false, null, address);
    const join = (): boolean => {
      const frame = encodeRequest(JOIN_MESS, client.name, ['big']);
      const isTaken = world.core.submit(client.session, frame, 0, frame.length);
      client.inbox.hasDeferred = !isTaken;
      return isTaken;
    };
    client.inbox.onTurn = join;
    join();
    return client;
  }

  /** Turn by turn until nobody waits: who changed. */
  function changed(world: CoreWorld): string[] {
    const names: string[] = [];
    for (let turn = 0; turn < 100; turn++) {
      world.core.flush();
      const payloads = world.order.take();
      for (const { payload } of payloads) {
        names.push(payload.toString('latin1', 4, 36).replaceAll('\0', '').split('#')[1] ?? '');
        world.core.deliver(payload);
      }
    }
    return names;
  }

  it('give an honest join its place after at most one of the churners of another address', () => {
    const world = busyWorld();
    for (let i = 0; i < 10; i++) joiner(world, `churner${i}`, '10.0.0.1');
    joiner(world, 'honest', '10.0.0.2');
    const order = changed(world);
    expect(order).to.have.length(11);
    // The first one had room, one had waited before it came.
    expect(order.indexOf('honest')).to.be.at.most(2);
  });

  it('give the end of a session its place in the same way, and a join beside many ends of another address', () => {
    const world = busyWorld();
    world.core.changeBytes = 2 ** 30;
    const members = Array.from({ length: 10 }, (_, i) => joiner(world, `churner${i}`, '10.0.0.1'));
    const leaver = joiner(world, 'leaver', '10.0.0.3');
    changed(world);
    world.core.changeBytes = 1;
    for (const { session } of members) world.core.disconnect(session, true);
    joiner(world, 'honest', '10.0.0.2');
    world.core.disconnect(leaver.session, true);
    const order = changed(world);
    expect(order).to.have.length(12);
    expect([order.indexOf('honest'), order.indexOf('leaver')]).to.deep.equal([2, 3]);
  });

  it('let nobody overtake those that wait for room', () => {
    const world = busyWorld();
    for (const name of ['first', 'second', 'third']) joiner(world, name, '10.0.0.1');
    // What was under way is carried out, and another one asks before the next turn.
    world.core.flush();
    for (const { payload } of world.order.take()) world.core.deliver(payload);
    expect([world.core.isFull, world.core.isDue, world.core.waiting]).to.deep.equal([false, true, 2]);
    joiner(world, 'quick', '10.0.0.1');
    expect(changed(world)).to.deep.equal(['second', 'third', 'quick']);
    expect([world.core.isDue, world.core.waiting]).to.deep.equal([false, 0]);
  });

  it('end with the session, whose end takes the place of its join', () => {
    const world = busyWorld();
    joiner(world, 'first', '10.0.0.1');
    const gone = joiner(world, 'gone', '10.0.0.1');
    world.core.disconnect(gone.session, true);
    gone.inbox.hasDeferred = false;
    expect([world.core.waiting, world.core.hasEnds]).to.deep.equal([1, true]);
    expect(changed(world)).to.deep.equal(['first', 'gone']);
    expect([world.core.waiting, world.core.hasEnds]).to.deep.equal([0, false]);
  });

  it('come again to a session that has more to ask', () => {
    const world = busyWorld();
    joiner(world, 'first', '10.0.0.1');
    const client = new Client(world, 'busy', false, null, '10.0.0.2');
    const groups = ['big', 'other', 'third'];
    client.inbox.onTurn = () => {
      const frame = encodeRequest(JOIN_MESS, client.name, [groups[0] as string]);
      const isTaken = world.core.submit(client.session, frame, 0, frame.length);
      if (isTaken) groups.shift();
      client.inbox.hasDeferred = groups.length > 0;
      return isTaken;
    };
    client.inbox.onTurn();
    expect(changed(world)).to.deep.equal(['first', 'busy', 'busy', 'busy']);
  });

  it('hold up nobody who waits for a member that is behind, in another group', () => {
    const world = busyWorld();
    world.core.changeBytes = 2 ** 30;
    const [slow] = world.members('slow', 'slow') as [Client];
    slow.inbox.isBehind = true;
    const late = world.open('late');
    const frame = encodeRequest(JOIN_MESS, late.name, ['slow']);
    expect(world.core.submit(late.session, frame, 0, frame.length)).to.equal(false);
    joiner(world, 'other', '10.0.0.1');
    expect(changed(world)).to.deep.equal(['other']);
  });
});
