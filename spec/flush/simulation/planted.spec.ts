/** Bugs in the layer, and what sees them: where all members have them, or where only half of them do. */
import { expect } from 'chai';
import { FlushLayer } from '../../../lib/flush/core/layer.js';
import { VectorPlayer, vectors } from '../vector-player.js';
import { type PlantedBug, bugs, silentBugs } from './bugs.js';
import { layerOf } from './layers.js';
import { playRandom } from './random-world.js';

/** Most worlds until a bug is seen. */
const LIMIT = 2500;

type Where = 'all' | 'half';

/** Who has the bug when it is seen, and the invariant that sees it first. */
const table: readonly (readonly [name: string, where: Where, property: string])[] = [
  ['a FLUSH_OK counts each time it comes', 'all', 'VS2'],
  ['a FLUSH_OK of a session that is not a member counts', 'all', 'VS1'],
  ['a view is installed at the last FLUSH_OK of the others', 'all', 'VS6'],
  ['changes do not collapse', 'all', 'VS13'],
  ['changes whose leaver has flushed collapse, too', 'half', 'VS4'],
  ['a change that stands for several keeps its cause', 'half', 'VS3'],
  ['the vs set is that of the plain view', 'all', 'VS10'],
  ['members that went stay present', 'all', 'VS4'],
  ['a new head is not answered while agreeing', 'all', 'VS13'],
  ['the application is asked again for a new head', 'all', 'VS6'],
  ['vulnerable data carries the view that comes', 'all', 'VS1'],
  ['data of a dropped change stays for the next one', 'all', 'VS12'],
  ['data of a change waits only after the own flush', 'all', 'VS2'],
  ['data of the coming view is delivered before it', 'all', 'VS12'],
  ['data of those who join is delivered early', 'all', 'VS12'],
  ['sends go out between the flush and the view', 'all', 'VS5'],
  ['messages that wait for the view go out before it', 'all', 'VS5'],
  ['a transitional signal is swallowed outside of changes', 'all', 'VS7'],
  ['a transitional signal is not repeated in the next view', 'all', 'VS8'],
  ['a transitional signal counts for the newest change alone', 'all', 'VS8'],
  ['one that leaves still answers', 'all', 'VS6'],
  ['one that leaves delivers what is sent in the view after its last one', 'all', 'VS1'],
  ['the record of a group stays after it was left', 'all', 'VS13'],
  ['weak data carries its view only while a change waits', 'all', 'VS1'],
  ['a view is taken as installed everywhere at once', 'all', 'VS1'],
];

/** What the first world that shows the bug violates. */
function hunt(bug: PlantedBug, where: Where): string[] {
  const { from = 1, worlds } = bug;
  for (let seed = from; seed < from + LIMIT; seed++) {
    const { violations } = playRandom(seed, worlds, { bug, in: where });
    if (violations.length > 0) return violations.map(({ property }) => property.split(',')[0] as string);
  }
  return [];
}

describe('a planted bug in the flush layer', () => {
  it('stands in the table', () => {
    expect(table.map(([name]) => name)).to.have.members(bugs.map(({ name }) => name));
  });

  for (const [name, where, property] of table) {
    it(`is seen by ${property} where ${where} of the members have it: ${name}`, () => {
      const bug = bugs.find((each) => each.name === name);
      expect(bug && hunt(bug, where)).to.include(property);
    }).timeout(60_000);
  }

  for (const bug of silentBugs) {
    it(`is seen by the vectors: ${bug.name}`, () => {
      const vector = vectors.find(({ id }) => id === 'cascade-joins');
      const play = (player: VectorPlayer): number => {
        for (const { event, call, receive } of vector?.steps ?? []) {
          if (event) player.event(event);
          if (call !== undefined) player.call(call);
          if (receive) player.receive();
        }
        return player.sent.length;
      };
      const right = play(new VectorPlayer((self, sink) => new FlushLayer(self, sink, { isExclusive: true })));
      const wrong = play(new VectorPlayer((self, sink) => layerOf(false, bug, self, sink)));
      expect(wrong).to.equal(right + 1);
    });
  }

  it('is gone when it is not planted', () => {
    const [bug] = bugs;
    expect(bug && playRandom(bug.from ?? 1, bug.worlds).violations).to.deep.equal([]);
  });
});
