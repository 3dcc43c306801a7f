/** Members that claim terms which are not true, on a daemon: what the others follow, and whom they are warned of. */
import { expect } from 'chai';
import type { Connection } from '../../../lib/client/connection.js';
import type { Group } from '../../../lib/client/group.js';
import { BodyWriter } from '../../../lib/recipes/core/codec.js';
import { MAX_TERM, MAX_WARNED_CLAIMERS } from '../../../lib/recipes/core/limits.js';
import { election, type Election } from '../../../lib/recipes/index.js';
import type { GroupId } from '../../../lib/wire/group-id.js';
import { ClientWorld } from '../../client/support.js';
import { until } from '../../support/wait.js';

const DAY = 86_400_000;

class Warnings implements Disposable {
  readonly lines: string[] = [];

  constructor() {
    process.on('warning', this.onWarning);
  }

  [Symbol.dispose](): void {
    process.off('warning', this.onWarning);
  }

  private readonly onWarning = ({ message }: Error): void => void this.lines.push(message);
}

const claim = (view: GroupId, silent: readonly string[]): Buffer =>
  new BodyWriter('election', 1).groupId(view).number(MAX_TERM).texts(silent).finish();

/** The name of the next view. */
const viewOf = (group: Group): Promise<GroupId> =>
  new Promise((resolve) => {
    group.on('event', function look(event) {
      if (event.kind !== 'view') return;
      group.off('event', look);
      resolve(event.id);
    });
  });

async function electionsOf(house: ClientWorld, names: readonly string[]): Promise<Election[]> {
  const elections = [];
  for (const name of names) elections.push(await election(await house.connect(name), 'leaders'));
  for (const each of elections) await each.waitForLeader();
  return elections;
}

/** Joins, and claims in the view of that before anybody else can: the names of views follow one another. */
async function claimFirst(liar: Connection, next: GroupId, silent: readonly string[]): Promise<Group> {
  const joining = liar.join('leaders');
  await liar.send('leaders', claim(next, silent), { service: 'safe' });
  return await joining;
}

describe('a term far above all others', () => {
  it('is not granted to one that names all others as silent and speaks first, and no lower term follows', async () => {
    using warnings = new Warnings();
    await using house = await ClientWorld.start();
    const elections = await electionsOf(house, ['b', 'c']);
    const terms: number[][] = elections.map((each) => {
      const seen = [each.term ?? 0];
      each.on('elected', ({ term }) => seen.push(term));
      return seen;
    });
    const liar = await house.connect('a');
    const group = await liar.join('leaders');
    const [first, second, count] = await viewOf(group);
    await group.leave();
    await until(() => elections.every(({ leader }) => leader === '#b#d1'), 'both to be alone again');
    const again = await claimFirst(liar, [first, second, count + 2], ['#b#d1', '#c#d1']);
    expect(await viewOf(again), 'the view that it claims in').to.deep.equal([first, second, count + 2]);
    await until(() => warnings.lines.length === 2, 'both to warn');
    await until(() => elections.every(({ leader }) => leader === '#b#d1'), 'both to follow another one');
    const before = terms.map((seen) => seen.length);
    await again.leave();
    await until(() => terms.every((seen, i) => seen.length > (before[i] ?? 0)), 'another election');
    for (const seen of terms) {
      expect(Math.max(...seen)).to.be.below(Date.now() + DAY);
      expect(seen).to.deep.equal([...new Set(seen)].toSorted((a, b) => a - b));
    }
  });

  it('is warned of once for each member that claims one, as long as they are not too many', async () => {
    using warnings = new Warnings();
    await using house = await ClientWorld.start();
    const [first] = await electionsOf(house, ['b']);
    for (const name of ['x', 'y', 'y', 'x']) {
      const liar = await house.connect(name);
      const group = await liar.join('leaders');
      const view = await viewOf(group);
      await liar.send('leaders', claim(view, []), { service: 'safe' });
      await until(() => warnings.lines.some((line) => line.includes(`#${name}#d1`)), `a warning of ${name}`);
      await liar.close();
      await until(() => first?.leader === '#b#d1', 'its end');
    }
    expect(warnings.lines.map((line) => /#.#d1/.exec(line)?.[0])).to.deep.equal(['#x#d1', '#y#d1']);
    const { binding } = first as unknown as { binding: { doubted(member: string): void } };
    for (let i = 0; i < 2 * MAX_WARNED_CLAIMERS; i++) binding.doubted(`#m${i}#d1`);
    const last = `#m${MAX_WARNED_CLAIMERS - 3}#d1`;
    await until(() => warnings.lines.length >= MAX_WARNED_CLAIMERS, 'all warnings');
    expect(warnings.lines).to.have.length(MAX_WARNED_CLAIMERS);
    expect(warnings.lines.at(-1)).to.contain(`claimed by ${last},`);
  });
});
