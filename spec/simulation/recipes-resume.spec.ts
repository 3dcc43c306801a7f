/** What becomes of the recipes of a connection that is lost and comes back, with the real client in simulated worlds. */
import { expect } from 'chai';
import type { Connection } from '../../lib/client/connection.js';
import { deferred } from '../../lib/util/deferred.js';
import {
  barrier,
  counter,
  election,
  groupRpc,
  lead,
  LeaderLostError,
  lock,
  LockEndedError,
  map,
  presence,
} from '../../lib/recipes/index.js';
import { ReplicatedCore } from '../../lib/recipes/core/replicated/core.js';
import { Holding } from '../../lib/recipes/core/replicated/holding.js';
import { SnapshotReceiver } from '../../lib/recipes/core/replicated/snapshot-receiver.js';
import { replace } from './bugs/planted.js';
import { LibraryWorld } from './library-world.js';

const DAEMONS = 3;
const addressesFrom = (first: number): string[] =>
  Array.from({ length: DAEMONS }, (_, i) => `4803@d${1 + ((first + i) % DAEMONS)}`);

/** How a connection is lost: it alone, with its daemon, or as planned. */
type Loss = 'break' | 'death' | 'drain';

const eventOf = (loss: Loss): 'moved' | 'reconnecting' => (loss === 'drain' ? 'moved' : 'reconnecting');

const RING = { bytes: 1 << 20, age: 30_000 };

class Play {
  /** Gaps of all returns. */
  gaps = 0;

  private constructor(readonly world: LibraryWorld) {}

  /** @param isWhole whether the daemons keep what is missed */
  static async run(play: (it: Play) => Promise<void>, isWhole = false, daemons = DAEMONS): Promise<void> {
    const world = new LibraryWorld(7, daemons);
    if (isWhole) for (const daemon of world.daemons) daemon?.core.record.keep(RING);
    await world.run(
      (async () => {
        await world.until(
          () => world.daemons.every((each) => each?.core.view?.daemons.length === daemons),
          'one view',
        );
        await play(new Play(world));
      })(),
    );
  }

  /** A connection that comes back, at first to that daemon. */
  async connect(daemon: number, name: string, holdMs = 0): Promise<Connection> {
    const options = { addresses: addressesFrom(daemon), resume: { holdMs } };
    const connection = await this.world.connect(daemon, name, options);
    connection.on('resumed', ({ gaps }) => (this.gaps += gaps));
    return connection;
  }

  until(fact: () => boolean, what: string): Promise<void> {
    return this.world.until(fact, what);
  }

  /** How it is lost. Resolves at that moment, in the turn in which it is noticed. */
  async lose(connection: Connection, loss: Loss = 'break'): Promise<void> {
    const lost = new Promise((resolve) => void connection.once(eventOf(loss), resolve));
    if (loss === 'break') this.world.cut(connection);
    else if (loss === 'death') this.world.kill(0);
    else void this.drain(0);
    await lost;
  }

  /** A daemon asks its clients to go, and stops. */
  private async drain(index: number): Promise<void> {
    await this.world.daemons[index]?.server.moves.drain(5000);
    this.world.kill(index);
  }

  async back(connection: Connection): Promise<void> {
    await this.until(() => connection.open, 'the return');
  }
}

const LOSSES = [
  ['its connection breaks', 'break', false],
  ['its daemon dies', 'death', false],
  ['its connection breaks, and nothing is missing', 'break', true],
  ['its daemon dies, and nothing is missing', 'death', true],
  ['its daemon sends it elsewhere', 'drain', true],
] as const;

describe('simulation: recipes of a connection that comes back', () => {
  for (const [title, loss, isWhole] of LOSSES) {
    describe(`when ${title}`, () => {
      const run = (play: (it: Play) => Promise<void>): Promise<void> =>
        Play.run(async (it) => {
          await play(it);
          expect(it.gaps > 0, 'something is missing').to.equal(!isWhole);
        }, isWhole);

      it('a leader lapses at once, the next one has a higher term, and it takes part again', () =>
        run(async (play) => {
          const [a, b] = [await play.connect(0, 'a'), await play.connect(1, 'b')];
          const [ofA, ofB] = [await election(a, 'jobs'), await election(b, 'jobs')];
          await play.until(() => ofA.isLeader && ofB.leader === a.id, 'a to lead');
          const term = ofA.term ?? NaN;
          const states: unknown[] = [];
          ofA.on('leader-lost', () => states.push(['leader-lost', ofA.isSuspended]));
          a.on(eventOf(loss), () => states.push(ofA.isLeader));
          ofA.on('resumed', () => states.push(ofA.isSuspended));
          const waiting = ofA.waitFor();
          await waiting;
          await play.lose(a, loss);
          expect(states).to.deep.equal([['leader-lost', true], false]);
          const again = ofA.waitForLeader();
          await play.back(a);
          const { leader, term: next } = await again;
          expect(next).to.be.above(term);
          await play.until(() => ofB.leader === leader && ofB.term === ofA.term, 'both to agree');
          expect([a.id, b.id]).to.include(leader);
          expect(states.at(-1)).to.equal(false);
        }));

      it('the job of a leader stops, and runs again when it leads again', () =>
        run(async (play) => {
          const a = await play.connect(0, 'a');
          const signals: AbortSignal[] = [];
          const end = deferred<string>();
          const leading = lead(a, 'jobs', async ({ signal }) => {
            signals.push(signal);
            if (signals.length > 1) return 'done';
            return await end.promise;
          });
          await play.until(() => signals.length === 1, 'the first run');
          await play.lose(a, loss);
          const [signal] = signals as [AbortSignal];
          expect(signal.reason).to.be.instanceOf(LeaderLostError);
          await play.back(a);
          await play.world.sleep(3000);
          expect(signals, 'before the first run has settled').to.have.length(1);
          end.resolve('too late');
          expect(await leading).to.equal('done');
        }));

      it('a lock is lost at once, others get it, and it is asked for again at the end', () =>
        run(async (play) => {
          const connections = [
            await play.connect(0, 'a'),
            await play.connect(1, 'b'),
            await play.connect(2, 'c'),
          ];
          const [a] = connections as [Connection];
          const locks = [];
          for (const each of connections) locks.push(await lock(each, 'lock', { quorum: 2 }));
          const [ofA, ofB, ofC] = locks as [(typeof locks)[0], (typeof locks)[0], (typeof locks)[0]];
          const held = await ofA.acquire();
          const ofOther = ofB.acquire();
          const again = ofA.acquire();
          await play.until(() => ofC.waiting.length === 2, 'two to wait');
          let wasAborted = false;
          a.on(eventOf(loss), () => (wasAborted = held.signal.aborted));
          await play.lose(a, loss);
          expect(wasAborted).to.equal(true);
          expect(held.signal.reason)
            .to.be.instanceOf(LockEndedError)
            .with.property('message', 'the lock is lost: the connection to the daemon broke');
          const heldByB = await ofOther;
          expect(heldByB.token).to.be.above(held.token);
          await play.until(() => ofC.waiting.join() === a.id && a.open, 'a to wait again');
          await heldByB.release();
          const heldByA = await again;
          expect(heldByA.token).to.be.above(heldByB.token);
          await play.until(() => ofC.holder === a.id, 'c to see it');
          await held.release();
          expect(heldByA.signal.aborted).to.equal(false);
        }));

      it('presence keeps its list, and the others know the member again by its instance', () =>
        run(async (play) => {
          const [a, b] = [await play.connect(0, 'a'), await play.connect(1, 'b')];
          const [ofA, ofB] = [
            await presence(a, 'here', { metadata: 1 }),
            await presence(b, 'here', { metadata: 2 }),
          ];
          await play.until(() => ofA.here.length === 2 && ofB.here.length === 2, 'both to be here');
          const before = a.id;
          const [seenByA, seenByB]: [string[], string[]] = [[], []];
          for (const [it, seen] of [
            [ofA, seenByA],
            [ofB, seenByB],
          ] as const) {
            it.on('joined', ({ name }) => seen.push(`joined ${name}`));
            it.on('left', ({ name }, how) => seen.push(`left ${name} ${how}`));
            it.on('unreachable', ({ name }) => seen.push(`unreachable ${name}`));
            it.on('returned', (who, was) => seen.push(`returned ${who.id} ${was.id}`));
            it.on('updated', ({ metadata }) => seen.push(`updated ${metadata}`));
          }
          await play.lose(a, loss);
          expect(ofA.isSuspended).to.equal(true);
          expect(ofA.here.map(({ name }) => name)).to.deep.equal(['a', 'b']);
          ofB.announce(3);
          await play.until(
            () => ofA.here.length === 2 && ofA.here.some(({ metadata }) => metadata === 3),
            'a to hear of it',
          );
          await play.until(() => ofB.here.length === 2, 'b to see a again');
          await play.world.sleep(2000);
          const returned = `returned ${a.id} ${before}`;
          expect(seenByA).to.have.members([...(a.id === before ? [] : [returned]), 'updated 3']);
          expect(seenByB).to.deep.equal(
            ['updated 3', 'unreachable a', returned].toSorted(
              (x, y) => seenByB.indexOf(x) - seenByB.indexOf(y),
            ),
          );
        }));

      it('replicated state is taken again, and what was submitted is applied once', () =>
        run(async (play) => {
          const connections = [
            await play.connect(0, 'a'),
            await play.connect(1, 'b'),
            await play.connect(2, 'c'),
          ];
          const [a] = connections as [Connection];
          const [counts, maps] = [[], []] as [
            Awaited<ReturnType<typeof counter>>[],
            Awaited<ReturnType<typeof map<number>>>[],
          ];
          for (const each of connections) {
            counts.push(await counter(each, 'count', { quorum: 2 }));
            maps.push(await map<number>(each, 'map'));
          }
          const [ofA, ofB] = counts as [(typeof counts)[0], (typeof counts)[0]];
          const [mapA, mapB] = maps as [(typeof maps)[0], (typeof maps)[0]];
          await ofA.add();
          await mapA.set('k', 1);
          const flying = [ofA.add(), ofA.add()].map((each) =>
            each.then(
              () => 'known',
              (error: Error) => error.name,
            ),
          );
          await play.lose(a, loss);
          expect(mapA.get('k')).to.equal(1);
          expect([ofA.replica.isWritable, mapA.replica.isWritable]).to.deep.equal([false, false]);
          const waiting = [ofA.add(), mapA.set('l', 2)];
          await ofB.add();
          await mapB.set('k', 3);
          await Promise.all(waiting);
          for (const outcome of await Promise.all(flying))
            expect(['known', 'ResultUnknownError']).to.include(outcome);
          await play.until(() => mapA.get('k') === 3 && mapB.get('l') === 2, 'both maps to be equal');
          await play.until(() => ofA.value === 5 && ofB.value === 5, 'five, each once');
        }));

      it('a barrier counts it once, and opens for it', () =>
        run(async (play) => {
          const connections = [
            await play.connect(0, 'a'),
            await play.connect(1, 'b'),
            await play.connect(2, 'c'),
          ];
          const [a, b, c] = connections as [Connection, Connection, Connection];
          const options = { parties: 3 };
          const [ofA, ofB, ofC] = [
            await barrier(a, 'gate', options),
            await barrier(b, 'gate', options),
            await barrier(c, 'gate', options),
          ];
          let opened = 0;
          const enter = async (it: typeof ofA): Promise<void> => {
            await it.enter();
            opened++;
          };
          const all = [enter(ofA), enter(ofB)];
          await play.until(() => ofC.entered.length === 2, 'two at the barrier');
          await play.lose(a, loss);
          await play.back(a);
          await play.until(
            () => ofC.entered.length === 2 && ofC.entered.includes(a.id),
            'a to be there again',
          );
          await play.world.sleep(1000);
          expect([ofC.entered.length, opened]).to.deep.equal([2, 0]);
          await Promise.all([...all, enter(ofC)]);
        }));

      if (isWhole)
        it('a member that is asked answers under the id that it has now', () =>
          run(async (play) => {
            const [a, b] = [await play.connect(0, 'a'), await play.connect(1, 'b')];
            const answers = deferred<string>();
            let requests = 0;
            const handler = (): Promise<string> => {
              requests++;
              return answers.promise;
            };
            // The second one keeps the call open while the first one is away.
            for (const each of [a, await play.connect(2, 'c')])
              await groupRpc<string, string>(each, 'calls', { handler });
            const ofB = await groupRpc<string, string>(b, 'calls');
            const call = ofB.call('first', { timeoutMs: 20_000 });
            await play.until(() => requests === 2, 'both to be asked');
            await play.lose(a, loss);
            await play.back(a);
            // So that b sees it as well.
            await play.world.sleep(100);
            answers.resolve('late');
            const { outcomes } = await call;
            expect([...outcomes.values()]).to.deep.equal(
              [1, 2].map(() => ({ kind: 'value', value: 'late' })),
            );
            expect(outcomes.has(a.id)).to.equal(true);
          }));

      it('a call in flight ends with what is known, and the next one is answered', () =>
        run(async (play) => {
          const [a, b] = [await play.connect(0, 'a'), await play.connect(1, 'b')];
          const asked = deferred<string>();
          let requests = 0;
          const [ofA, ofB] = [
            await groupRpc<string, string>(a, 'calls'),
            await groupRpc<string, string>(b, 'calls', {
              handler: (request) => {
                requests++;
                return request === 'slow' ? asked.promise : `${request}!`;
              },
            }),
          ];
          const call = ofA.call('slow', { timeoutMs: 20_000 });
          await play.until(() => requests === 1, 'b to be asked');
          // So that a has seen its own request.
          await play.world.sleep(100);
          await play.lose(a, loss);
          const kept = ofA.call('kept');
          // With a gap the answer might have been among what is missing, and nobody waits for it.
          if (isWhole) asked.resolve('late');
          const outcome = isWhole ? { kind: 'value', value: 'late' } : { kind: 'left' };
          expect((await call).outcomes.get(b.id)).to.deep.equal(outcome);
          expect((await kept).values).to.deep.equal(['kept!']);
          asked.resolve('late');
          expect((await ofB.call('again')).values).to.deep.equal(['again!']);
        }));
    });
  }

  for (const quorum of [undefined, 2]) {
    it(`state outlives the only daemon ${quorum ? 'with' : 'without'} a quorum, with all that was applied`, () =>
      Play.run(
        async (play) => {
          const connections = [
            await play.connect(0, 'a'),
            await play.connect(0, 'b'),
            await play.connect(0, 'c'),
          ];
          const maps: Awaited<ReturnType<typeof map<number>>>[] = [];
          for (const each of connections) maps.push(await map<number>(each, 'map', { quorum }));
          const [ofA, ofB, ofC] = maps as [(typeof maps)[0], (typeof maps)[0], (typeof maps)[0]];
          await ofA.set('k', 1);
          await ofB.set('l', 2);
          const lost = connections.map(
            (each) => new Promise((resolve) => void each.once('reconnecting', resolve)),
          );
          play.world.kill(0);
          await Promise.all(lost);
          expect(maps.map((each) => each.get('l'))).to.deep.equal([2, 2, 2]);
          play.world.start(0);
          await ofC.set('m', 3);
          await play.until(() => maps.every((each) => each.has('m')), 'the command of c');
          for (const each of maps)
            expect([...each.entries()]).to.have.deep.members([
              ['k', 1],
              ['l', 2],
              ['m', 3],
            ]);
        },
        false,
        1,
      ));
  }

  it('a leader that is lost again and again leads again each time', () =>
    Play.run(async (play) => {
      const a = await play.connect(0, 'a');
      const it = await election(a, 'jobs');
      await it.waitFor();
      for (let i = 0; i < 3; i++) {
        await play.lose(a);
        await it.waitFor();
        expect(it.isSuspended).to.equal(false);
      }
    }));

  for (const quorum of [undefined, 2]) {
    it(`state that missed nothing is known to be right ${quorum ? 'with' : 'without'} a quorum, and nothing is transferred`, () =>
      Play.run(async (play) => {
        const maps: Awaited<ReturnType<typeof map<number>>>[] = [];
        const connections: Connection[] = [];
        for (const [i, name] of ['a', 'b', 'c'].entries()) connections.push(await play.connect(i, name));
        for (const each of connections) maps.push(await map<number>(each, 'map', { quorum }));
        const [ofA, ofB] = maps as [(typeof maps)[0], (typeof maps)[0]];
        await ofA.set('k', 1);
        let kept = 0;
        const removes = [
          replace(Holding, 'keep', (original) => (self) => {
            kept++;
            return original(self);
          }),
          replace(SnapshotReceiver, 'offered', () => () => expect.fail('it is given the state')),
        ];
        try {
          await play.lose(connections[0] as Connection);
          await Promise.all([ofA.set('l', 2), ofB.set('m', 3)]);
          await play.until(
            () => maps.every((each) => each.replica.isWritable && each.size === 3),
            'all three',
          );
        } finally {
          for (const remove of removes) remove();
        }
        expect(kept).to.equal(1);
        for (const each of maps)
          expect(Object.fromEntries(each.entries())).to.deep.equal({ k: 1, l: 2, m: 3 });
      }, true));
  }

  describe('where the group notices nothing, because its daemon holds the session', () => {
    const held = async (play: Play): Promise<[Connection, Connection, Connection]> => [
      await play.connect(0, 'a', 5000),
      await play.connect(1, 'b'),
      await play.connect(2, 'c'),
    ];

    it('a leader lapses all the same, and leads again with the same term', () =>
      Play.run(async (play) => {
        const connections = await held(play);
        const elections: Awaited<ReturnType<typeof election>>[] = [];
        for (const each of connections) elections.push(await election(each, 'jobs', { quorum: 2 }));
        const [ofA, ofB] = elections as [(typeof elections)[0], (typeof elections)[0]];
        const [a] = connections;
        await play.until(() => ofA.isLeader && ofB.leader === a.id, 'a to lead');
        const { term } = ofA;
        const told: string[] = [];
        ofA.on('leader-lost', () => told.push('lost')).on('elected', (each) => told.push(`${each.term}`));
        ofB.on('leader-lost', () => told.push('b has no leader'));
        await play.lose(a);
        expect([told, ofA.leader]).to.deep.equal([['lost'], null]);
        await play.back(a);
        await play.until(() => ofA.isLeader, 'a to lead again');
        await play.world.sleep(2000);
        expect([told, ofB.leader]).to.deep.equal([['lost', `${term}`], a.id]);
      }, true));

    it('a lock is lost and given back, and asked for again; a barrier and presence change nothing', () =>
      Play.run(async (play) => {
        const connections = await held(play);
        const [a, b] = connections;
        const [ofA, ofB] = [await lock(a, 'lock', { quorum: 2 }), await lock(b, 'lock', { quorum: 2 })];
        const [gateA, gateB] = [
          await barrier(a, 'gate', { parties: 2 }),
          await barrier(b, 'gate', { parties: 2 }),
        ];
        const [hereA, hereB] = [
          await presence(a, 'here', { metadata: 1 }),
          await presence(b, 'here', { metadata: 2 }),
        ];
        await play.until(() => hereA.here.length === 2 && hereB.here.length === 2, 'both to be here');
        const seen: string[] = [];
        for (const each of [hereA, hereB])
          for (const name of ['joined', 'left', 'unreachable', 'returned'] as const)
            each.on(name, () => seen.push(name));
        const first = await ofA.acquire();
        const entered = gateA.enter();
        await play.until(() => gateB.entered.includes(a.id), 'a to be at the barrier');
        await play.lose(a);
        expect(first.signal.aborted).to.equal(true);
        const again = ofA.acquire();
        const other = await ofB.acquire();
        await other.release();
        const second = await again;
        expect([first.token < other.token, other.token < second.token]).to.deep.equal([true, true]);
        expect(gateB.entered).to.deep.equal([a.id]);
        await Promise.all([entered, gateB.enter()]);
        expect(seen).to.deep.equal([]);
      }, true));
  });

  it('has a spec that notices a lock that is kept while the connection is lost', () =>
    Play.run(async (play) => {
      const remove = replace(ReplicatedCore, 'lost', () => () => undefined);
      try {
        const a = await play.connect(0, 'a');
        const held = await (await lock(a, 'lock')).acquire();
        await play.lose(a);
        expect(held.signal.aborted).to.equal(false);
      } finally {
        remove();
      }
    }));
});
