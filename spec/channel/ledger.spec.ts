/** Places in a queue: what is given never is more than there is, and whoever waits is served. */
import { expect } from 'chai';
import { type Credit, CreditLedger } from '../../lib/channel/credit-ledger.js';
import type { Overflow } from '../../lib/channel/registry/entry.js';
import { Random } from '../support/random.js';

/** A ledger whose words are remembered. */
function ledger(
  posts: number,
  bytes: number,
  overflow: Overflow = 'block',
): { told: string[]; it: CreditLedger } {
  const told: string[] = [];
  const it = new CreditLedger(posts, bytes, overflow, {
    grant: (client, credit, isFirst) =>
      told.push(`${client} ${isFirst ? 'begins with' : 'gets'} ${credit.posts}/${credit.bytes}`),
    recall: (client) => told.push(`${client} gives back`),
    refuse: (client, id) => told.push(`${client} is refused ${id}`),
  });
  return { told, it };
}

describe('Ledger', () => {
  it('gives the first client everything and the next one what is left', () => {
    const { told, it } = ledger(10, 100);
    it.attach('a');
    it.attach('b');
    expect(told).to.deep.equal(['a begins with 10/100', 'b begins with 0/0']);
  });

  it('calls unused credit back for one who waits, and serves him from it', () => {
    const { told, it } = ledger(2, 100);
    it.attach('a');
    it.attach('b');
    told.length = 0;
    it.want('b', 7, 30);
    expect(told).to.deep.equal(['a gives back']);
    it.returned('a', { posts: 2, bytes: 100 });
    expect(told.slice(1)).to.deep.equal(['b gets 1/50']);
  });

  it('serves those who wait in their order, as places become free', () => {
    const { told, it } = ledger(1, 100);
    for (const client of ['a', 'b', 'c']) it.attach(client);
    expect(it.arrived('a', 1, 10)).to.equal(true);
    told.length = 0;
    it.want('c', 2, 10);
    it.want('b', 3, 10);
    it.returned('a', { posts: 0, bytes: 90 });
    expect(told.filter((line) => !line.includes('back'))).to.deep.equal([]);
    it.taken('a', 10);
    expect(told.at(-1)).to.match(/^c gets 1/);
    expect(it.arrived('c', 2, 10)).to.equal(true);
    it.taken('c', 10);
    expect(told.filter((line) => line.startsWith('b gets'))).to.have.length(1);
  });

  it('has a place again when a client ends with its credit, and when one who waits gives up', () => {
    const { told, it } = ledger(1, 100);
    for (const client of ['a', 'b', 'c']) it.attach(client);
    it.want('b', 1, 10);
    it.want('c', 2, 10);
    it.cancel('b', 1);
    told.length = 0;
    it.detach('a');
    expect(told).to.have.length(1);
    expect(told[0]).to.match(/^c gets 1/);
  });

  it('refuses with the policy reject when nothing is on its way back', () => {
    const { told, it } = ledger(1, 100, 'reject');
    it.attach('a');
    it.arrived('a', 1, 10);
    told.length = 0;
    it.want('a', 2, 10);
    it.returned('a', { posts: 0, bytes: 90 });
    expect(told).to.deep.equal(['a gives back', 'a is refused 2']);
  });

  it('calls the credit of a promised place back only when its post was given up', () => {
    const { told, it } = ledger(1, 100);
    for (const client of ['a', 'b', 'c']) it.attach(client);
    it.want('b', 1, 10);
    it.returned('a', { posts: 1, bytes: 100 });
    it.want('c', 2, 10);
    expect(told.filter((line) => line === 'b gives back')).to.have.length(0);
    it.cancel('b', 1);
    expect(told.at(-1)).to.equal('b gives back');
  });

  it('refuses a post for which there will never be a place', () => {
    const { told, it } = ledger(1, 100);
    it.attach('a');
    it.want('a', 1, 101);
    expect(told.at(-1)).to.equal('a is refused 1');
  });

  it('takes no post without a place, whoever sends it', () => {
    const { it } = ledger(1, 100);
    it.attach('a');
    expect([it.arrived('a', 1, 100), it.arrived('a', 2, 1), it.arrived('x', 1, 1)]).to.deep.equal([
      true,
      false,
      false,
    ]);
    expect(it.depth).to.equal(1);
  });

  it('replenishes in batches of half a share', () => {
    const { told, it } = ledger(10, 1000);
    it.attach('a');
    for (let i = 0; i < 10; i++) it.arrived('a', i, 1);
    told.length = 0;
    for (let i = 0; i < 10; i++) it.taken('a', 1);
    expect(told.map((line) => line.split('/')[0])).to.deep.equal(['a gets 5', 'a gets 5']);
  });

  it('never gives more than there is, and lets nobody wait while there is room, in random play', () => {
    for (let seed = 0; seed < 100; seed++) {
      const random = new Random(seed);
      const [maxPosts, maxBytes] = [1 + random.below(6), 20 + random.below(100)];
      const purses = new Map<string, { posts: number; bytes: number }>();
      const queue: [client: string, bytes: number][] = [];
      let waiting: { client: string; id: number; bytes: number }[] = [];
      /** What the server has told, in order. */
      const inbox: (() => void)[] = [];
      const purseOf = (client: string) => purses.get(client) as { posts: number; bytes: number };
      const it = new CreditLedger(maxPosts, maxBytes, 'block', {
        grant: (client, credit: Credit, isFirst) =>
          inbox.push(() => {
            const { posts, bytes } = isFirst ? { posts: 0, bytes: 0 } : purseOf(client);
            purses.set(client, { posts: posts + credit.posts, bytes: bytes + credit.bytes });
          }),
        recall: (client) =>
          inbox.push(() => {
            const credit = purseOf(client);
            purses.set(client, { posts: 0, bytes: 0 });
            it.returned(client, credit);
          }),
        refuse: () => expect.fail('nobody is refused'),
      });
      for (const client of ['a', 'b', 'c']) it.attach(client);
      /** Each client sends its posts in their order, as soon as it can. */
      const send = (client: string): void => {
        for (;;) {
          const next = waiting.find((each) => each.client === client);
          const purse = purses.get(client);
          if (!next || !purse || purse.posts === 0 || purse.bytes < next.bytes) return;
          purses.set(client, { posts: purse.posts - 1, bytes: purse.bytes - next.bytes });
          waiting = waiting.filter((each) => each !== next);
          expect(it.arrived(client, next.id, next.bytes), `seed ${seed}`).to.equal(true);
          queue.push([client, next.bytes]);
        }
      };
      const play = (): void => {
        for (let hear = inbox.shift(); hear; hear = inbox.shift()) {
          hear();
          for (const client of purses.keys()) send(client);
        }
        for (const client of purses.keys()) send(client);
      };
      for (let step = 0; step < 300; step++) {
        const client = random.pick(['a', 'b', 'c']);
        if (random.chance(0.5)) {
          const want = { client, id: step, bytes: random.below(20) };
          waiting.push(want);
          it.want(client, want.id, want.bytes);
        } else {
          const taken = queue.shift();
          if (taken) it.taken(...taken);
        }
        play();
        const given = [...purses.values()].reduce((sum, { posts }) => sum + posts, 0);
        const bytes = [...purses.values()].reduce((sum, each) => sum + each.bytes, 0);
        const queued = queue.reduce((sum, [, each]) => sum + each, 0);
        expect(given + queue.length, `seed ${seed}`).to.be.at.most(maxPosts);
        expect(bytes + queued, `seed ${seed}`).to.be.at.most(maxBytes);
      }
      while (queue.length > 0) {
        it.taken(...(queue.shift() as [string, number]));
        play();
      }
      expect(waiting, `seed ${seed}`).to.deep.equal([]);
    }
  });
});
