/** Views of the real client library over partitions: equal at members of all daemons, with lists and on demand. */
import { expect } from 'chai';
import type { Connection } from '../../lib/client/connection.js';
import type { ViewEvent } from '../../lib/client/event.js';
import { groupIdText } from '../../lib/wire/group-id.js';
import { Published } from '../support/diagnostics.js';
import { givenSeed, Random } from '../support/random.js';
import { LibraryWorld } from './library-world.js';

/** What one member saw of the group. */
interface Watcher {
  readonly id: string;
  readonly views: readonly ViewEvent[];
  readonly isOnDemand: boolean;
}

async function watch(connection: Connection, isOnDemand: boolean): Promise<Watcher> {
  const group = await connection.join('g', isOnDemand ? { list: 'on-demand' } : {});
  const views: ViewEvent[] = [];
  group.on('view', (view) => views.push(view));
  return { id: connection.id, views, isOnDemand };
}

/** Members come and go, also while the daemons part and find each other. */
async function churn(world: LibraryWorld, random: Random): Promise<void> {
  const names = Array.from({ length: 9 }, (_, i) => `m${i}`);
  const others = await Promise.all(names.map((name, i) => world.connect(i % 3, name)));
  for (let step = 0; step < 60; step++) {
    const other = random.pick(others);
    void (random.chance(0.6) ? other.join('g') : other.leave('g'));
    if (step % 12 === 5) world.partition([[0], [1, 2]]);
    if (step % 12 === 11) {
      // Until then all daemons have noticed.
      await world.sleep(1_000);
      world.partition([[0, 1, 2]]);
    }
    await world.sleep(random.below(120));
  }
  world.partition([[0, 1, 2]]);
}

async function life(world: LibraryWorld, random: Random): Promise<Watcher[]> {
  const watchers: Watcher[] = [];
  for (const [index, name] of ['a1', 'a2', 'a3'].entries())
    watchers.push(await watch(await world.connect(index, name), false));
  watchers.push(await watch(await world.connect(0, 'd1'), true));
  await churn(world, random);
  const last = (): Set<string> => new Set(watchers.map(({ views }) => idOf(views.at(-1) as ViewEvent)));
  await world.until(() => last().size === 1, 'one view at all');
  return watchers;
}

const idOf = (view: ViewEvent): string => groupIdText(view.id);

/** What is wrong. @param lists by id of the view */
function faultsOf({ id, views, isOnDemand }: Watcher, lists: Map<string, readonly string[]>): string[] {
  return views.flatMap((view) => {
    const known = lists.get(idOf(view));
    const members = isOnDemand ? known : view.members;
    if (members === undefined) return [];
    if (!isOnDemand) lists.set(idOf(view), members);
    const faults: string[] = [];
    if (known && known.join() !== members.join()) faults.push(`${id} ${idOf(view)}: other members`);
    if (view.size !== members.length) faults.push(`${id} ${idOf(view)}: ${view.size} of ${members.length}`);
    if (members[view.myIndex] !== id) faults.push(`${id} ${idOf(view)}: place ${view.myIndex}`);
    if (view.left.some((name) => members.includes(name)))
      faults.push(`${id} ${idOf(view)}: left and is there`);
    if (!view.joined.every((name) => members.includes(name))) faults.push(`${id}: joined and is not there`);
    return faults;
  });
}

describe('views of the real client on simulated daemons', () => {
  const seed = givenSeed();

  it(`are equal over partitions, and complete on demand (SEED=${seed})`, async () => {
    using reports = new Published('ssp-toolkit:list');
    const world = new LibraryWorld(seed, 3);
    const watchers = await world.run(life(world, new Random(seed)));
    const lists = new Map<string, readonly string[]>();
    expect(watchers.flatMap((watcher) => faultsOf(watcher, lists))).to.deep.equal([]);
    expect(reports.messages, 'wrong lists').to.deep.equal([]);
    const causes = new Set(watchers.flatMap(({ views }) => views.map(({ cause }) => cause)));
    expect([...causes]).to.include.members(['join', 'leave', 'network']);
  });
});
