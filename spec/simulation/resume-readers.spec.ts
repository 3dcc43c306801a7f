/** A connection that is lost again and again while nobody reads what has arrived. */
import { expect } from 'chai';
import type { GroupEvent } from '../../lib/client/event.js';
import { givenSeed } from '../support/random.js';
import { LibraryWorld } from './library-world.js';

const MESSAGES = 1_500;

describe('simulation: a connection that comes back, and its slow readers', () => {
  it('keeps what a few lost daemons have sent, and then waits for its readers before it comes back', async () => {
    const world = new LibraryWorld(givenSeed(), 1);
    await world.run(
      (async () => {
        const [daemon] = world.daemons;
        daemon?.core.record.keep({ bytes: 1 << 20, age: 60_000 });
        await world.isWhole();
        const ann = await world.connect(0, 'ann', { addresses: ['4803@d1'] });
        const bob = await world.connect(0, 'bob');
        const room = await ann.join('room');
        let last = 0;
        const sent = async (count: number): Promise<void> => {
          for (let i = 0; i < count; i++) await bob.send('room', String(last++));
          await world.sleep(1_000);
        };
        await sent(MESSAGES);
        const sessions: (number | undefined)[] = [];
        for (let loss = 0; loss < 6; loss++) {
          world.cut(ann);
          await sent(1);
          await world.sleep(3_000);
          sessions.push(daemon?.server.size);
        }
        expect(sessions, 'with that of the sender').to.deep.equal([2, 2, 2, 2, 1, 1]);
        const heard: string[] = [];
        const kinds = new Set<string>();
        room.on('event', (event: GroupEvent) => {
          if (event.kind === 'data') heard.push(event.text);
          else kinds.add(event.kind);
        });
        await world.until(() => ann.open && room.isMember, 'the return');
        await sent(1);
        expect(heard).to.deep.equal(Array.from({ length: MESSAGES + 7 }, (_, i) => String(i)));
        expect([...kinds]).to.deep.equal(['view']);
      })(),
    );
  });
});
