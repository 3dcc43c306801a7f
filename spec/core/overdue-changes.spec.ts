/** A member that is behind, but still reads, makes the changes of others wait; not without end. */
import { expect } from 'chai';
import type { WaitsFor } from '../../daemon/core/admission.js';
import { encodeRequest, JOIN_MESS } from '../../lib/wire/index.js';
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
  });
});
