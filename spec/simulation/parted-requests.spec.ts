/**
 * A client has sent something in a return that was lost, to a daemon in another part of the network, which has ordered it. It is
 * live again at a daemon of this part when the parts meet: what it sends again is a repeat by then, and never comes to it.
 */
import { expect } from 'chai';
import { Returns } from '../../daemon/core/returns.js';
import { Resumable } from '../core/resumable.js';
import { givenSeed } from '../support/random.js';
import { replace } from './bugs/planted.js';
import { LibraryWorld } from './library-world.js';

/** What the group of the client is handed from the merge on, and what its connection tells. */
async function meet(): Promise<string[]> {
  const world = new LibraryWorld(givenSeed(), 3);
  for (const daemon of world.daemons) daemon?.core.record.keep({ bytes: 1 << 20, age: 30_000 });
  const story: string[] = [];
  const play = async (): Promise<void> => {
    await world.isWhole();
    const ann = await world.connect(1, 'ann', { addresses: ['4803@d2', '4803@d3'] });
    const room = await ann.join('room');
    const bob = await world.connect(2, 'bob');
    await bob.join('room');
    world.partition([[0], [1, 2]]);
    const [away, home] = [world.daemons[0]?.core, world.daemons[1]?.core];
    if (!away || !home) throw new Error('expected both daemons');
    await world.until(() => away.view?.daemons.length === 1 && !away.isExchanging, 'the cut');
    const sid = BigInt(`0x${ann.sessionId}`);
    world.daemons[0]?.process.run(() => {
      new Resumable(away, 'ann', sid, 1).comeBack(ann.id, 'room').from(2).send('x', ['room']);
      away.flush();
    });
    // Its second try counts more.
    for (const attempt of [1, 2]) {
      world.cut(ann);
      await world.until(() => home.resumption.records.of(sid)?.attempt === attempt && ann.open, 'the return');
    }
    room.on('event', (event) => {
      if (event.kind === 'gap') story.push(`gap ${event.reason}`);
      if (event.kind === 'data') story.push(event.text);
    });
    ann.on('reconnecting', ({ cause }) => story.push(String(cause?.message)));
    ann.on('resumed', ({ gaps }) => story.push(`back with ${gaps} gap`));
    // The order takes it when the exchange is complete.
    const install = home.install.bind(home);
    home.install = (view) => {
      install(view);
      if (view.daemons.length === 3) void ann.send('room', 'x');
    };
    world.partition([[0, 1, 2]]);
    await world.isWhole();
    await ann.confirmed();
    await world.until(() => ann.open, 'the return');
    await bob.send('room', 'y');
    await world.until(() => story.at(-1) === 'y', 'what comes behind');
  };
  await world.run(play());
  return story;
}

describe('simulation: what another part of the network has ordered of a client', () => {
  it('is a gap for it when the parts meet, though it is live', async () => {
    expect(await meet()).to.deep.equal([
      'the daemon ended the session: parted',
      'gap parted',
      'back with 1 gap',
      'y',
    ]);
  });

  it('would be lost without a word if its session lived on', async () => {
    const remove = replace(Returns, 'endLive', () => () => undefined);
    try {
      expect(await meet()).to.deep.equal(['y']);
    } finally {
      remove();
    }
  });
});
