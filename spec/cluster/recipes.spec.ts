/**
 * Recipes on three real nodes with a client each, while the network really breaks and daemons are really killed: what the
 * pages of docs/guide promise. By chance, and in more ways than these, the same is done in spec/recipes.
 */
import { expect } from 'chai';
import { ConnectionClosedError } from '../../lib/errors.js';
import {
  barrier,
  type Barrier,
  groupRpc,
  counter,
  type Counter,
  election,
  type Election,
  type Leadership,
  lock,
  map,
  presence,
  type Presence,
  ResultUnknownError,
  type Lock,
} from '../../lib/recipes/index.js';
import { whyNoCluster, skipWithoutCluster } from '../support/cluster/available.js';
import { eventually } from '../support/wait.js';
import { ClusterClients, LIMIT, nameAt, Outcome } from './cluster-clients.js';
import { sharedRig } from './shared.js';

const THREE = [nameAt(1), nameAt(2), nameAt(3)] as const;
const QUORUM = { quorum: 2 };

describe('recipes on three nodes', function () {
  this.timeout(60_000);
  let company: ClusterClients;

  before(skipWithoutCluster);

  beforeEach(async function () {
    if (whyNoCluster() === null) company = await ClusterClients.gather(await sharedRig());
  });

  afterEach(async () => {
    if (whyNoCluster() === null) await company[Symbol.asyncDispose]();
  });

  describe('election', () => {
    /** What one member was told: leaders, and null where one lapsed. */
    function told(it: Election): (Leadership | null)[] {
      const list: (Leadership | null)[] = [];
      it.on('elected', (leadership) => list.push(leadership)).on('leader-lost', () => list.push(null));
      return list;
    }

    const agreed = async (all: readonly Election[], leader: string, above: number): Promise<number> => {
      const fact = (): boolean =>
        all.every((each) => each.leader === leader && each.term === all[0]?.term && (each.term ?? 0) > above);
      await eventually(fact, `${leader} to lead all ${all.length}`, LIMIT);
      return all[0]?.term as number;
    };

    it('leads on the side of the quorum only, with terms that grow', async () => {
      const all = await company.all((each) => election(each, 'leaders', QUORUM));
      const [a, b, c] = all;
      const lists = all.map(told);
      const first = await agreed(all, nameAt(1), 0);
      await company.cut(1);
      await eventually(() => a.leader === null, 'the first to lead no more', LIMIT);
      expect(lists[0]?.at(-1)).to.equal(null);
      const second = await agreed([b, c], nameAt(2), first);
      expect(b.isLeader).to.equal(true);
      const alone = lists[0]?.length;
      expect(a.leader).to.equal(null);
      await company.heal();
      const third = await agreed(all, nameAt(1), second);
      // Nobody was elected on the side without a quorum.
      expect(lists[0]?.slice(alone).map((each) => each?.term)).to.deep.equal([third]);
      await company.kill(1);
      await eventually(() => a.leader === null, 'the end of the connection', LIMIT);
      await agreed([b, c], nameAt(2), third);
      const leaders = new Map<number, string>();
      for (const list of lists) {
        const terms: number[] = [];
        for (const each of list) {
          if (!each) continue;
          terms.push(each.term);
          expect(leaders.get(each.term) ?? each.leader, `term ${each.term}`).to.equal(each.leader);
          leaders.set(each.term, each.leader);
        }
        expect(terms).to.deep.equal([...new Set(terms)].toSorted((x, y) => x - y));
      }
    });
  });

  describe('members', () => {
    interface About {
      readonly node: number;
      readonly state: string;
    }

    const open = (): Promise<[Presence<About>, Presence<About>, Presence<About>]> =>
      company.all((each, node) => presence<About>(each, 'crew', { metadata: { node, state: 'new' } }));

    function told(it: Presence<About>): string[] {
      const list: string[] = [];
      it.on('joined', ({ id: name, metadata }) => list.push(`joined ${name} ${metadata?.state}`))
        .on('updated', ({ id: name, metadata }) => list.push(`updated ${name} ${metadata?.state}`))
        .on('left', ({ id: name }, how) => list.push(`left ${name} ${how}`))
        .on('unreachable', ({ id: name }) => list.push(`unreachable ${name}`))
        .on('returned', ({ id: name }) => list.push(`returned ${name}`));
      return list;
    }

    const names = (list: readonly { readonly id: string }[]): string[] => list.map(({ id }) => id);

    const whole = (all: readonly Presence<About>[]): Promise<void> =>
      eventually(() => all.every(({ here }) => here.length === 3), 'all to see all', LIMIT);

    it('are unreachable while they are cut off, and return with what they say now', async () => {
      const all = await open();
      await whole(all);
      const [a, b, c] = all;
      const lists = all.map(told);
      await company.cut(3);
      await eventually(() => lists.every((list) => list.length > 0), 'the break to be told', LIMIT);
      expect(lists[0]).to.deep.equal([`unreachable ${nameAt(3)}`]);
      expect(names(a.unreachable)).to.deep.equal([nameAt(3)]);
      expect(names(b.here)).to.deep.equal([nameAt(1), nameAt(2)]);
      expect(names(c.here)).to.deep.equal([nameAt(3)]);
      expect(lists[2]).to.have.members([`unreachable ${nameAt(1)}`, `unreachable ${nameAt(2)}`]);
      c.announce({ node: 3, state: 'alone' });
      await eventually(() => lists[2]?.length === 3, 'its own news', LIMIT);
      await company.heal();
      await whole(all);
      for (const [i, each] of all.entries()) {
        expect(names(each.here), String(i)).to.deep.equal(THREE);
        expect(each.here.map(({ metadata }) => metadata)).to.deep.equal([
          { node: 1, state: 'new' },
          { node: 2, state: 'new' },
          { node: 3, state: 'alone' },
        ]);
        expect(each.unreachable).to.deep.equal([]);
      }
      const back = [`unreachable ${nameAt(3)}`, `returned ${nameAt(3)}`, `updated ${nameAt(3)} alone`];
      expect(lists.slice(0, 2)).to.deep.equal([back, back]);
    });

    it('of a daemon that was killed are unreachable, and gone when another comes in their place', async () => {
      const all = await open();
      await whole(all);
      const [a, b, c] = all;
      const closed = new Promise<Error | undefined>((resolve) => c.on('close', resolve));
      const lists = [told(a), told(b)];
      await company.kill(3);
      expect(await closed).to.be.instanceOf(ConnectionClosedError);
      await eventually(() => lists.every((list) => list.length > 0), 'the kill to be told', LIMIT);
      await company.revive(3);
      const again = await presence<About>(await company.hire(3), 'crew', {
        metadata: { node: 3, state: 'again' },
      });
      await whole([a, b, again]);
      const story = [
        `unreachable ${nameAt(3)}`,
        `left ${nameAt(3)} disconnected`,
        `joined ${nameAt(3)} again`,
      ];
      expect(lists).to.deep.equal([story, story]);
    });
  });

  describe('call', () => {
    /** Milliseconds: nothing here may end by it. */
    const timeout = 10 * LIMIT;

    it('counts those as left who are cut off or killed, and hangs nowhere', async () => {
      let held: string[] = [];
      const all = await company.all((each, node) =>
        groupRpc<readonly number[], number>(each, 'calls', {
          /** Those that the request names do not answer. */
          handler: async (silent, { from }) => {
            if (!silent.includes(node)) return node;
            held.push(`${from} ${node}`);
            return await new Promise<number>(() => undefined);
          },
        }),
      );
      const [a, b, c] = all;
      const kinds = async (call: Outcome<Awaited<ReturnType<typeof a.call>>>): Promise<string[]> =>
        [...(await call.kept('a call')).outcomes].map(([name, { kind }]) => `${name} ${kind}`);
      const ask = (from: typeof a, silent: readonly number[]): Outcome<Awaited<ReturnType<typeof a.call>>> =>
        new Outcome(from.call(silent, { mode: 'all', timeoutMs: timeout }));

      const [inside, outside] = [ask(a, [3]), ask(c, [1, 2])];
      await eventually(() => held.length === 3, 'the handlers', LIMIT);
      await company.cut(3);
      expect(await kinds(inside)).to.deep.equal([
        `${nameAt(1)} value`,
        `${nameAt(2)} value`,
        `${nameAt(3)} left`,
      ]);
      expect(await kinds(outside)).to.deep.equal([
        `${nameAt(1)} left`,
        `${nameAt(2)} left`,
        `${nameAt(3)} value`,
      ]);
      expect(await kinds(ask(b, []))).to.deep.equal([`${nameAt(1)} value`, `${nameAt(2)} value`]);
      expect(await kinds(ask(c, []))).to.deep.equal([`${nameAt(3)} value`]);
      await company.heal();
      for (const each of all) {
        const { values, satisfied } = await ask(each, []).kept('a call of all');
        expect([values, satisfied]).to.deep.equal([[1, 2, 3], true]);
      }

      held = [];
      const [first, second] = [ask(a, [2]), ask(b, [1])];
      await eventually(() => held.length === 2, 'the handlers', LIMIT);
      await company.kill(2);
      expect(await kinds(first)).to.deep.equal([
        `${nameAt(1)} value`,
        `${nameAt(2)} left`,
        `${nameAt(3)} value`,
      ]);
      await eventually(() => second.state === 'broken', 'the caller at the killed daemon', LIMIT);
      expect(second.error).to.be.instanceOf(ConnectionClosedError);
    });
  });

  describe('map and counter', () => {
    /** Adds one after the other until it is told to stop, or cannot. */
    class Adder {
      readonly sums: number[] = [];
      /** Additions under way at a cut that the other side applied: they count, and their sums are not known here. */
      unknown = 0;
      error: unknown = null;
      private isOver = false;
      private readonly running: Promise<void>;

      constructor(private readonly target: Counter) {
        this.running = this.run().catch((error: unknown) => {
          this.error = error;
        });
      }

      async stop(): Promise<void> {
        this.isOver = true;
        await this.running;
      }

      private async run(): Promise<void> {
        while (!this.isOver) {
          try {
            this.sums.push(await this.target.add());
          } catch (error) {
            if (!(error instanceof ResultUnknownError)) throw error;
            this.unknown++;
          }
        }
      }
    }

    it('are written by the majority alone; the others wait, and in the end all are equal and exact', async () => {
      const counters = await company.all((each) => counter(each, 'count', QUORUM));
      const maps = await company.all((each) => map<number>(each, 'map', QUORUM));
      const adders = counters.map((each) => new Adder(each));
      const sums = (node: number): number => adders[node - 1]?.sums.length ?? 0;
      const goesOn = async (node: number): Promise<void> => {
        const before = sums(node);
        await eventually(() => sums(node) > before + 10, `additions at node ${node}`, LIMIT);
      };
      for (const node of [1, 2, 3]) await goesOn(node);
      await company.cut(3);
      await eventually(() => !maps[2].replica.isWritable, 'the third to know', LIMIT);
      const waits = new Outcome(maps[2].set('third', 3));
      for (const node of [1, 2]) await goesOn(node);
      const stuck = sums(3);
      await Promise.all([maps[0].set('first', 1), maps[1].set('second', 2)]);
      for (const node of [1, 2]) await goesOn(node);
      expect([waits.state, maps[2].size, sums(3)]).to.deep.equal(['open', 0, stuck]);
      await company.heal();
      await waits.kept('the write of the third');
      await goesOn(3);
      await company.kill(3);
      for (const node of [1, 2]) await goesOn(node);
      await Promise.all(adders.map((each) => each.stop()));
      expect(adders.map(({ error }) => error !== null)).to.deep.equal([false, false, true]);
      expect(adders[2]?.error).to.be.instanceOf(ConnectionClosedError);

      await company.revive(3);
      const connection = await company.hire(3);
      counters[2] = await counter(connection, 'count', QUORUM);
      maps[2] = await map<number>(connection, 'map', QUORUM);
      const last = await counters[2].add();
      await eventually(() => counters.every(({ value }) => value === last), 'equal counters', LIMIT);
      // No sum came twice, and all were counted; the addition that its daemon took along may have been.
      const all = adders.flatMap(({ sums: each }) => each);
      expect(new Set(all).size).to.equal(all.length);
      const unknown = adders.reduce((sum, each) => sum + each.unknown, 0);
      expect(last - 1 - all.length - unknown).to.be.within(0, 1);
      await maps[2].set('end', 0);
      const whole = [
        ['end', 0],
        ['first', 1],
        ['second', 2],
        ['third', 3],
      ];
      for (const each of maps) {
        await eventually(() => each.has('end'), 'the end of the map', LIMIT);
        expect([...each.entries()].toSorted(([x], [y]) => (x < y ? -1 : 1))).to.deep.equal(whole);
      }
    });
  });

  describe('lock', () => {
    /** Each has had it once, so each counts as one that has the state: before that a quorum may lack the third. */
    async function shared(name: string): Promise<[Lock, Lock, Lock]> {
      const all = await company.all((each) => lock(each, name, QUORUM));
      for (const each of all) await (await each.acquire()).release();
      return all;
    }

    it('goes to the majority when its holder is cut off and hears it, and has one holder in the end', async () => {
      const [a, b, c] = await shared('door');
      const first = await a.acquire();
      const second = new Outcome(b.acquire());
      const third = new Outcome(c.acquire());
      await eventually(() => a.waiting.length === 2, 'the others to wait', LIMIT);
      const [next, after] = a.waiting[0] === nameAt(2) ? [second, third] : [third, second];
      await company.cut(1);
      const held = await next.kept('the lock on the side of the majority');
      expect(held.token).to.be.above(first.token);
      await eventually(() => first.signal.aborted, 'the old holder to be told', LIMIT);
      const again = new Outcome(a.acquire());
      await company.heal();
      await eventually(() => [a, b, c].every((each) => each.holder === a.holder), 'one holder', LIMIT);
      expect(a.holder).to.equal(next === second ? nameAt(2) : nameAt(3));
      expect([held.signal.aborted, again.state, after.state]).to.deep.equal([false, 'open', 'open']);
      await held.release();
      const last = await after.kept('the lock, passed on');
      expect(last.token).to.be.above(held.token);
      await last.release();
      expect((await again.kept('the lock, back again')).token).to.be.above(last.token);
    });

    it('comes to one who was cut off while it waited', async () => {
      const [a, b, c] = await shared('gate');
      const held = await a.acquire();
      const waits = new Outcome(c.acquire());
      await eventually(() => b.waiting.length === 1, 'the third to wait', LIMIT);
      await company.cut(3);
      await eventually(() => b.waiting.length === 0, 'nobody to wait on this side', LIMIT);
      await company.heal();
      expect(held.signal.aborted).to.equal(false);
      await held.release();
      expect((await waits.kept('the lock')).token).to.be.above(held.token);
    });

    it('passes on when the daemon of its holder is killed', async () => {
      const [a, b] = await shared('window');
      const held = await b.acquire();
      const waits = new Outcome(a.acquire());
      await eventually(() => b.waiting.length === 1, 'the other to wait', LIMIT);
      await company.kill(2);
      expect((await waits.kept('the lock')).token).to.be.above(held.token);
      expect(held.signal.aborted).to.equal(true);
    });
  });

  describe('barrier', () => {
    const enter = (it: Barrier): Outcome<number> => new Outcome(it.enter());

    const opens = async (outcomes: readonly Outcome<number>[]): Promise<Set<number>> =>
      new Set(await Promise.all(outcomes.map((each) => each.kept('the barrier to open'))));

    it('opens when the third enters, also when one was cut off while it waited', async () => {
      const all = await company.all((each) => barrier(each, 'stage', { parties: 3, ...QUORUM }));
      const [a, b, c] = all;
      const first = [enter(a), enter(b)];
      await eventually(() => c.entered.length === 2, 'two at the barrier', LIMIT);
      expect(first.map(({ state }) => state)).to.deep.equal(['open', 'open']);
      expect([...(await opens([...first, enter(c)]))]).to.deep.equal([0]);

      const second = [enter(a), enter(c)];
      await eventually(() => b.entered.length === 2, 'two at the barrier', LIMIT);
      await company.cut(3);
      await eventually(() => b.entered.length === 1, 'one at the barrier', LIMIT);
      await company.heal();
      expect(second.map(({ state }) => state)).to.deep.equal(['open', 'open']);
      expect([...(await opens([...second, enter(b)]))]).to.deep.equal([1]);
      expect([...(await opens(all.map(enter)))]).to.deep.equal([2]);
    });
  });
});
