import { expect } from 'chai';
import { FRESH_TIME, Lists, Once } from '../../daemon/monitor/lists.js';
import { SLICE, firstSorted } from '../../daemon/monitor/slices.js';
import type { GroupInfo } from '../../daemon/monitor/status.js';
import { Random } from '../support/random.js';
import { group, fakeStatus } from './fake-status.js';

/** Lists of many groups, on a clock that a spec moves. */
class Bench {
  now = 0;
  /** How often the groups were gone through. */
  made = 0;
  readonly lists: Lists;

  constructor(groups: number) {
    const daemonStatus = fakeStatus({ eachGroup: () => this.groups(groups), groupCount: groups });
    this.lists = new Lists(daemonStatus, () => this.now);
  }

  async ask(query = ''): Promise<{ total: number; groups: GroupInfo[] }> {
    const body = await this.lists.groups(new URLSearchParams(query));
    return JSON.parse(String(body)) as { total: number; groups: GroupInfo[] };
  }

  private *groups(count: number): IterableIterator<GroupInfo> {
    this.made++;
    for (let i = 0; i < count; i++) yield group(`g${(i * 7) % count}`);
  }
}

describe('monitor: lists', () => {
  it('are made at most once a second, however many ask', async () => {
    const bench = new Bench(3);
    const pages = await Promise.all(Array.from({ length: 40 }, (_, i) => bench.ask(`limit=${(i % 3) + 1}`)));
    expect(pages.map(({ total, groups }) => [total, groups.length])).to.deep.equal(
      pages.map((_, i) => [3, (i % 3) + 1]),
    );
    expect(bench.made).to.equal(1);
    bench.now += FRESH_TIME - 1;
    await bench.ask();
    expect(bench.made).to.equal(1);
    bench.now += 1;
    await bench.ask();
    expect(bench.made).to.equal(2);
  });

  it('are made in slices: other things happen in between', async () => {
    const bench = new Bench(20 * SLICE);
    let turns = 0;
    let isOver = false;
    const turn = (): void => {
      turns++;
      if (!isOver) setImmediate(turn);
    };
    turn();
    const { total, groups } = await bench.ask('limit=10000');
    isOver = true;
    expect([total, groups.length, groups[0]?.name, groups[1]?.name]).to.deep.equal([
      20_000,
      10_000,
      'g0',
      'g1',
    ]);
    // One at least after each slice, of the groups and of the texts.
    expect(turns).to.be.above(20 + 10);
  });

  it('go out one at a time', async () => {
    const bench = new Bench(1);
    const order: string[] = [];
    let turns = 0;
    const answers = Array.from({ length: 5 }, async () => {
      await bench.ask();
      order.push(`answer at ${turns}`);
    });
    let isOver = false;
    const turn = (): void => {
      turns++;
      if (!isOver) setImmediate(turn);
    };
    turn();
    await Promise.all(answers);
    isOver = true;
    expect(new Set(order).size).to.equal(5);
  });

  it('have the first in order, whatever the slices', async () => {
    const random = new Random(3);
    const numbers = Array.from({ length: 4 * SLICE + 17 }, () => random.below(10_000));
    for (const most of [1, 50, 3 * SLICE, 10 * SLICE]) {
      const { total, first } = await firstSorted(numbers, (a, b) => a - b, most);
      expect(total).to.equal(numbers.length);
      expect(first).to.deep.equal(numbers.toSorted((a, b) => a - b).slice(0, most));
    }
    expect(await firstSorted([], () => 0, 5)).to.deep.equal({ total: 0, first: [] });
  });

  describe('once', () => {
    it('makes one piece after the other', async () => {
      const once = new Once<string>(() => 0);
      const steps: string[] = [];
      const make = (name: string) => async (): Promise<string> => {
        steps.push(`begin ${name}`);
        await new Promise((resolve) => setImmediate(resolve));
        steps.push(`end ${name}`);
        return name;
      };
      await Promise.all(['a', 'b', 'a', 'c'].map((name) => once.get(name, make(name))));
      expect(steps).to.deep.equal(['begin a', 'end a', 'begin b', 'end b', 'begin c', 'end c']);
    });

    it('forgets what failed', async () => {
      const once = new Once<string>(() => 0);
      const failure = await once
        .get('a', () => Promise.reject(new Error('no')))
        .catch((error: Error) => error.message);
      expect([failure, await once.get('a', async () => 'yes')]).to.deep.equal(['no', 'yes']);
    });

    it('keeps a few pieces', async () => {
      const once = new Once<number>(() => 0);
      let made = 0;
      const ask = (key: number): Promise<number> => once.get(String(key), async () => ++made);
      for (let i = 0; i < 100; i++) await ask(i);
      await ask(99);
      expect(made).to.equal(100);
      await ask(0);
      expect(made).to.equal(101);
    });
  });
});
