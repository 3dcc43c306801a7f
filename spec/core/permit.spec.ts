import { expect } from 'chai';
import type { Authorize } from '../../daemon/core/group.js';
import { AGREED_MESS, isReject } from '../../lib/wire/service.js';
import { CoreWorld } from './core-world.js';

/** May join what begins with j and send to what begins with s, and notes what it was asked. */
function noted(): { permit: Authorize; asked: string[] } {
  const asked: string[] = [];
  const permit: Authorize = (action, group) => {
    asked.push(`${action} ${group}`);
    return group.startsWith(action === 'join' ? 'j' : 's');
  };
  return { permit, asked };
}

describe('core: permits', () => {
  it('let a session do what they allow', () => {
    const world = new CoreWorld();
    const { permit, asked } = noted();
    const alice = world.open('alice', true, permit).join('js').send('hello', ['s1', 's2']);
    world.run();
    expect(alice.told).to.deep.equal(['join js: #alice#d (#alice#d)']);
    expect([asked, world.core.counters.ordered]).to.deep.equal([['join js', 'send s1', 'send s2'], 2]);
  });

  it('send a refused message back to its sender, and to nobody else', () => {
    const world = new CoreWorld();
    const [member] = world.members('g', 'member');
    const alice = world.open('alice', true, noted().permit).send('hello', ['g']);
    world.run();
    expect(member?.told).to.deep.equal([]);
    const [frame] = alice.inbox.frames;
    expect([frame && isReject(frame.service), frame?.names(), frame?.body.toString()]).to.deep.equal([
      true,
      ['g', '#alice#d'],
      'hello',
    ]);
    expect([world.core.counters.refused, world.core.counters.ordered]).to.deep.equal([1, 1]);
  });

  it('refuse a message when one of its groups is refused', () => {
    const world = new CoreWorld();
    const [member] = world.members('s', 'member');
    const alice = world.open('alice', true, noted().permit).send('hello', ['s', 'g'], AGREED_MESS);
    world.run();
    expect([member?.told, alice.inbox.frames.length]).to.deep.equal([[], 1]);
  });

  it('refuse a join, of which nobody hears', () => {
    const world = new CoreWorld();
    const alice = world.open('alice', true, noted().permit).join('g');
    world.run();
    expect([world.core.groups.size, alice.inbox.frames.length]).to.deep.equal([0, 1]);
    expect(isReject(alice.inbox.frames[0]?.service ?? 0)).to.equal(true);
  });

  it('are not asked about leaves and disconnects', () => {
    const world = new CoreWorld();
    const { permit, asked } = noted();
    const alice = world.open('alice', true, permit).leave('g').disconnect();
    world.run();
    expect([asked, alice.inbox.closed]).to.deep.equal([[], 1]);
  });
});
