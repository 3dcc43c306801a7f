/** A member that is behind, but still reads, makes the changes of others wait; not without end. */
import { expect } from 'chai';
import type { WaitsFor } from '../../daemon/core/admission.js';
import { encodeRequest } from '../../lib/wire/request.js';
import { JOIN_MESS } from '../../lib/wire/service.js';
import { type Client, CoreWorld } from './core-world.js';

describe('core: changes that have waited long enough', () => {
  /** A group with a member that is behind, and one that wants to go. */
  function besideOneBehind(): { world: CoreWorld; slow: Client; other: Client } {
    const world = new CoreWorld();
    const [slow, other] = world.members('g', 'slow', 'other') as [Client, Client];
    slow.inbox.isBehind = true;
    return { world, slow, other };
  }

  it('are ends of sessions at the second look, whoever is behind', () => {
    const { world, slow, other } = besideOneBehind();
    world.core.disconnect(other.session, true);
    world.core.ageEnds();
    world.run();
    expect([slow.told, world.core.hasEnds], 'after one look').to.deep.equal([[], true]);
    world.core.ageEnds();
    world.run();
    expect([slow.told, world.core.hasEnds]).to.deep.equal([['disconnect g: #slow#d (#other#d)'], false]);
  });

  it('are ends of sessions after a minute of looks, also where a member is far behind', () => {
    const { world, slow, other } = besideOneBehind();
    slow.inbox.isFarBehind = true;
    world.core.disconnect(other.session, true);
    for (let i = 1; i < 120; i++) world.core.ageEnds();
    world.run();
    expect([slow.told, world.core.hasEnds], 'after 119 looks').to.deep.equal([[], true]);
    world.core.ageEnds();
    world.run();
    expect([slow.told, world.core.hasEnds]).to.deep.equal([['disconnect g: #slow#d (#other#d)'], false]);
  });

  it('are ends of the others only, not of those that came later', () => {
    const { world, slow, other } = besideOneBehind();
    const [later] = world.members('h', 'later') as [Client];
    slow.join('h');
    world.run();
    world.core.disconnect(other.session, true);
    world.core.ageEnds();
    world.core.disconnect(later.session, true);
    world.core.ageEnds();
    world.run();
    expect([world.core.groups.size, world.core.hasEnds]).to.deep.equal([2, true]);
    slow.inbox.isBehind = false;
    world.run();
    expect([world.core.groups.size, world.core.hasEnds]).to.deep.equal([2, false]);
  });

  it('are ends that wait for nobody, however many others do', () => {
    const endsBehind = (waiting: number): boolean => {
      const world = new CoreWorld();
      const others = world.members('g', 'slow', ...Array.from({ length: waiting }, (_, i) => `m${i}`));
      const [free] = world.members('h', 'free') as [Client];
      const [slow] = others.splice(0, 1) as [Client];
      slow.inbox.isBehind = true;
      for (const { session } of [...others, free]) world.core.disconnect(session, true);
      world.run();
      expect(world.core.groups.size).to.be.within(1, 2);
      const isFound = world.core.groups.size === 1;
      slow.inbox.isBehind = false;
      for (let i = 0; i < waiting; i++) world.run();
      expect([world.core.memberships, world.core.hasEnds], 'when it has read').to.deep.equal([1, false]);
      return isFound;
    };
    expect([endsBehind(1), endsBehind(100)]).to.deep.equal([true, true]);
  });

  it('are joins of which the caller says so', () => {
    const { world, slow } = besideOneBehind();
    const late = world.open('late');
    const join = encodeRequest(JOIN_MESS, late.name, ['g']);
    const submit = (patience: WaitsFor) => world.core.submit(late.session, join, 0, join.length, patience);
    expect(submit('behind')).to.equal(false);
    expect(submit('far-behind')).to.equal(true);
    world.run();
    expect(slow.told).to.have.length(1);
  });

  it('leave no room while a leave is under way that many are told of', () => {
    const world = new CoreWorld();
    const [alice] = world.members('g', 'alice', 'bob') as [Client];
    world.core.changeBytes = 1;
    alice.leave('h');
    expect(world.core.isFull, 'nobody hears of it').to.equal(false);
    alice.leave('g');
    expect(world.core.isFull).to.equal(true);
    world.run();
    expect(world.core.isFull).to.equal(false);
  });

  it('are ends in the midst of changes that leave no room', () => {
    const world = new CoreWorld();
    const [other] = world.members('g', 'other', 'another') as [Client, Client];
    world.members('big', ...Array.from({ length: 40 }, (_, i) => `m${i}`));
    world.core.changeBytes = 1;
    const flooders = Array.from({ length: 5 }, (_, i) => world.open(`f${i}`));
    const askToJoin = (): void => {
      for (const { name, session } of flooders) {
        const frame = encodeRequest(JOIN_MESS, name, ['big']);
        world.core.submit(session, frame, 0, frame.length);
      }
    };
    askToJoin();
    world.core.disconnect(other.session, true);
    expect([world.core.hasEnds, world.core.isFull]).to.deep.equal([true, true]);
    // What was under way is carried out; the flooders ask again before anything else happens.
    world.core.flush();
    for (const { payload } of world.order.take()) world.core.deliver(payload);
    askToJoin();
    world.run();
    expect(world.core.hasEnds).to.equal(false);
    world.run();
    expect(world.core.isFull).to.equal(false);
    askToJoin();
    expect(world.core.isFull, 'no end waits').to.equal(true);
  });
});
