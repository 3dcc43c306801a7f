import { expect } from 'chai';
import {
  type Continues,
  type DialLimits,
  ResumeMachine,
  type Target,
} from '../../../lib/client/resume/machine.js';
import { givenSeed, Random } from '../../support/random.js';

/** What an address does with an attempt: after that many milliseconds, or never. */
type Answer =
  | { readonly kind: 'refuses' | 'fails' | 'auth'; readonly after: number }
  /** Its handshake gets further at the times `signs`. */
  | {
      readonly kind: 'accepts';
      readonly after: number;
      readonly signs?: readonly number[];
      readonly continues?: Continues;
    }
  | { readonly kind: 'silent' }
  | { readonly kind: 'stands for'; readonly after: number; readonly keys: readonly string[] };

const refuses: Answer = { kind: 'refuses', after: 1 };
const accepts: Answer = { kind: 'accepts', after: 1 };
const auth: Answer = { kind: 'auth', after: 1 };
const silent: Answer = { kind: 'silent' };
const slow = (after: number, ...signs: readonly number[]): Answer => ({ kind: 'accepts', after, signs });

const LIMITS: DialLimits = { giveUpMs: 60_000, balance: false };

/** The machine among addresses that do what a script says, in its own time. What happens is written down. */
class DialWorld {
  readonly story: string[] = [];
  now = 0;
  readonly machine: ResumeMachine<Target>;
  private readonly pending: { readonly at: number; readonly act: () => void }[] = [];
  /** Attempts whose answer is not wanted any more: a real one may come all the same. */
  private readonly abandoned = new Set<number>();

  constructor(
    readonly answers: Record<string, Answer>,
    keys: readonly string[] = Object.keys(answers),
    limits: DialLimits = LIMITS,
    random: () => number = () => 0.5,
  ) {
    this.machine = new ResumeMachine(
      keys.map((key) => ({ key })),
      limits,
      random,
      {
        dial: (attempt, { key }) => this.dial(attempt, key),
        abandon: (attempt) => {
          this.note(`abandon ${attempt}`);
          this.abandoned.add(attempt);
        },
        use: (attempt, { key }) => this.note(`use ${attempt} at ${key}`),
        discard: (attempt) => this.note(`discard ${attempt}`),
        ended: (why) => this.note(`ended: ${why}`),
      },
    );
  }

  begin(): this {
    this.machine.begin(this.now);
    return this;
  }

  lose(): this {
    this.note('lost');
    this.machine.lost(this.now);
    return this;
  }

  /** The daemon wants it to go. */
  move(keys: readonly string[] = [], withinMs = 5000): this {
    this.note('told to go');
    this.machine.move(
      keys.map((key) => ({ key })),
      withinMs,
      this.now,
    );
    return this;
  }

  tell(...keys: string[]): this {
    this.machine.tell(keys.map((key) => ({ key })));
    return this;
  }

  /** Until then, everything that is due happens in its order. */
  until(time: number): this {
    for (;;) {
      const due = this.machine.dueAt();
      const [next] = this.pending.toSorted((a, b) => a.at - b.at);
      const at = Math.min(due, next?.at ?? Infinity);
      if (at > time) break;
      this.now = Math.max(this.now, at);
      if (next && next.at <= due) {
        this.pending.splice(this.pending.indexOf(next), 1);
        next.act();
      } else {
        this.machine.tick(this.now);
      }
    }
    this.now = time;
    return this;
  }

  /** What has happened since it was last asked. */
  told(): string[] {
    return this.story.splice(0);
  }

  private dial(attempt: number, key: string): void {
    this.note(`dial ${attempt} to ${key}`);
    const answer = this.answers[key] ?? refuses;
    if (answer.kind === 'silent') return;
    const act = (): void => {
      const { machine, now } = this;
      if (answer.kind === 'accepts') machine.accepted(attempt, answer.continues ?? 'whole', now);
      else if (this.abandoned.has(attempt)) return;
      else if (answer.kind === 'stands for')
        machine.expanded(
          attempt,
          answer.keys.map((each) => ({ key: each })),
          now,
        );
      else
        machine.failed(
          attempt,
          answer.kind === 'auth' ? 'auth' : answer.kind === 'fails' ? 'failed' : 'absent',
          now,
        );
    };
    this.pending.push({ at: this.now + answer.after, act });
    for (const sign of answer.kind === 'accepts' ? (answer.signs ?? []) : [])
      this.pending.push({ at: this.now + sign, act: () => this.machine.progressed(attempt, this.now) });
  }

  private note(text: string): void {
    this.story.push(`${this.now} ${text}`);
  }
}

/** One that was accepted by `a` and is lost at 1000. */
function lost(answers: Record<string, Answer>, limits = LIMITS, random?: () => number): DialWorld {
  const keys = ['a', ...Object.keys(answers).filter((key) => key !== 'a')];
  const world = new DialWorld({ ...answers, a: accepts }, keys, limits, random).begin().until(1000);
  Object.assign(world.answers, answers);
  world.told();
  return world.lose();
}

describe('the way to one of several daemons', () => {
  describe('the first time', () => {
    it('begins with the first address and asks no other one when it accepts', () => {
      const world = new DialWorld({ a: accepts, b: accepts }).begin().until(5000);
      expect(world.told()).to.deep.equal(['0 dial 1 to a', '1 use 1 at a']);
      expect(world.machine.dueAt()).to.equal(Infinity);
    });

    it('goes to the next one at once when one refuses', () => {
      const world = new DialWorld({ a: refuses, b: accepts }).begin().until(5000);
      expect(world.told()).to.deep.equal(['0 dial 1 to a', '1 dial 2 to b', '2 use 2 at b']);
    });

    it('goes to the next one after 150 ms beside one that is silent', () => {
      const world = new DialWorld({ a: silent, b: silent, c: accepts }).begin().until(5000);
      expect(world.told()).to.deep.equal([
        '0 dial 1 to a',
        '150 dial 2 to b',
        '300 dial 3 to c',
        '301 use 3 at c',
        '301 abandon 1',
        '301 abandon 2',
      ]);
    });

    it('waits another 150 ms for one whose handshake gets further', () => {
      const world = new DialWorld({ a: slow(320, 100, 200), b: accepts }).begin().until(5000);
      expect(world.told()).to.deep.equal(['0 dial 1 to a', '320 use 1 at a']);
      const tooSlow = new DialWorld({ a: slow(400, 100), b: slow(50, 1) }).begin().until(5000);
      expect(tooSlow.told()).to.deep.equal([
        '0 dial 1 to a',
        '250 dial 2 to b',
        '300 use 2 at b',
        '300 abandon 1',
        '400 discard 1',
      ]);
    });

    it('closes the second one that accepts', () => {
      const world = new DialWorld({ a: slow(200), b: slow(50) }).begin().until(5000);
      expect(world.told()).to.deep.equal([
        '0 dial 1 to a',
        '150 dial 2 to b',
        '200 use 1 at a',
        '200 abandon 2',
        '200 discard 2',
      ]);
    });

    it('fails when all have refused, and waits for those that are slow', () => {
      const world = new DialWorld({ a: slow(9000), b: refuses }).begin().until(20_000);
      expect(world.told()).to.deep.equal(['0 dial 1 to a', '150 dial 2 to b', '9000 use 1 at a']);
      const none = new DialWorld({ a: refuses, b: auth }).begin().until(20_000);
      expect(none.told()).to.deep.equal(['0 dial 1 to a', '1 dial 2 to b', '2 ended: failed']);
    });

    it('says that all have refused the credentials', () => {
      const world = new DialWorld({ a: auth, b: auth }).begin().until(20_000);
      expect(world.told().at(-1)).to.equal('2 ended: auth');
    });

    it('begins at a random place to balance', () => {
      const answers = { a: accepts, b: refuses, c: refuses };
      const world = new DialWorld(answers, ['a', 'b', 'c'], { ...LIMITS, balance: true }, () => 0.4);
      expect(world.begin().until(5000).told()).to.deep.equal([
        '0 dial 1 to b',
        '1 dial 2 to c',
        '2 dial 3 to a',
        '3 use 3 at a',
      ]);
    });

    it('tries what a name stands for in its place, each once', () => {
      const world = new DialWorld(
        { name: { kind: 'stands for', after: 5, keys: ['1', '2', '1'] }, b: accepts, 1: refuses, 2: refuses },
        ['name', 'b'],
      );
      expect(world.begin().until(5000).told()).to.deep.equal([
        '0 dial 1 to name',
        '5 dial 2 to 1',
        '6 dial 3 to 2',
        '7 dial 4 to b',
        '8 use 4 at b',
      ]);
    });

    it('does not wait for a name that nobody answers for', () => {
      const world = new DialWorld({ name: silent, b: accepts }).begin().until(5000);
      expect(world.told().slice(0, 3)).to.deep.equal([
        '0 dial 1 to name',
        '150 dial 2 to b',
        '151 use 2 at b',
      ]);
    });

    it('ends when it is closed', () => {
      const world = new DialWorld({ a: silent }).begin().until(50);
      world.machine.close();
      expect(world.until(90_000).told()).to.deep.equal(['0 dial 1 to a', '50 abandon 1', '50 ended: closed']);
      world.machine.close();
      expect(world.told()).to.deep.equal([]);
    });
  });

  describe('after a loss', () => {
    it('goes back to the address that was lost first', () => {
      expect(lost({ a: accepts, b: accepts }).until(9000).told()).to.deep.equal([
        '1000 lost',
        '1000 dial 2 to a',
        '1001 use 2 at a',
      ]);
    });

    it('continues with the others, and next time with the new one first', () => {
      const world = lost({ a: refuses, b: accepts, c: accepts });
      expect(world.until(2000).told()).to.deep.equal([
        '1000 lost',
        '1000 dial 2 to a',
        '1001 dial 3 to b',
        '1002 use 3 at b',
      ]);
      expect(world.lose().until(3000).told()).to.deep.equal([
        '2000 lost',
        '2000 dial 4 to b',
        '2001 use 4 at b',
      ]);
    });

    it('makes pauses at random between passes, with a limit that doubles up to 5 s', () => {
      const world = lost({ a: refuses, b: refuses }, { ...LIMITS, giveUpMs: 40_000 }, () => 0.999_999);
      const times = world
        .until(40_000)
        .told()
        .filter((line) => line.endsWith('to a'))
        .map((line) => Number(line.split(' ')[0]));
      const pauses = times.slice(1).map((time, index) => Math.round(time - (times[index] ?? 0)) - 2);
      expect(pauses.slice(0, 7)).to.deep.equal([200, 400, 800, 1600, 3200, 5000, 5000]);
      const hasty = lost({ a: refuses }, LIMITS, () => 0)
        .until(1010)
        .told();
      expect(hasty.slice(0, 4)).to.deep.equal([
        '1000 lost',
        '1000 dial 2 to a',
        '1001 dial 3 to a',
        '1002 dial 4 to a',
      ]);
    });

    it('does not cut a pause short when a slow one fails in it', () => {
      const world = lost({ a: { kind: 'refuses', after: 250 }, b: refuses }, LIMITS, () => 0.999_999);
      expect(world.until(1400).told()).to.deep.equal(
        ['1000 lost', '1000 dial 2 to a', '1150 dial 3 to b', '1350.9998 dial 4 to a'].map((line) =>
          line.replace('1350.9998', String(1151 + 0.999_999 * 200)),
        ),
      );
    });

    it('does not let one of a pass before change the pause', () => {
      const world = lost({ a: slow(900, 140, 300, 301), b: refuses }, LIMITS, () => 0.9).until(1500);
      const told = world.told();
      expect(told).to.deep.equal(['1000 lost', '1000 dial 2 to a', '1290 dial 3 to b', '1471 dial 4 to b']);
    });

    it('leaves one that accepts and says nothing after 10 s, and tries the others meanwhile', () => {
      const world = lost({ a: silent, b: refuses });
      const story = world.until(12_000).told();
      expect(story.slice(0, 3)).to.deep.equal(['1000 lost', '1000 dial 2 to a', '1150 dial 3 to b']);
      expect(story.filter((line) => line.endsWith('to b')).length).to.be.above(3);
      expect(story.filter((line) => line.endsWith('to a') && !line.startsWith('1000 '))).to.have.length(1);
      expect(story).to.include('11000 abandon 2');
    });

    it('does not end when every one is silent', () => {
      const world = lost({ a: silent, b: silent });
      world.until(30_000);
      world.answers['b'] = accepts;
      expect(
        world
          .until(50_000)
          .told()
          .some((line) => line.includes('at b')),
      ).to.equal(true);
    });

    it('takes the first one that accepts, however late', () => {
      const world = lost({ a: slow(700), b: slow(300) });
      expect(world.until(5000).told()).to.deep.equal([
        '1000 lost',
        '1000 dial 2 to a',
        '1150 dial 3 to b',
        '1450 use 3 at b',
        '1450 abandon 2',
        '1700 discard 2',
      ]);
    });

    it('takes one of two that accept in the same moment', () => {
      const world = lost({ a: slow(160), b: slow(10) });
      expect(world.until(5000).told().slice(3)).to.deep.equal([
        '1160 use 2 at a',
        '1160 abandon 3',
        '1160 discard 3',
      ]);
    });

    it('takes a connection with a gap when nobody has a better one, after a look at the others', () => {
      const gap = { ...accepts, continues: 'gap' } as const;
      const nothing = { ...accepts, continues: 'nothing' } as const;
      expect(lost({ a: nothing, b: gap, c: refuses }).until(5000).told()).to.deep.equal([
        '1000 lost',
        '1000 dial 2 to a',
        '1001 dial 3 to b',
        '1001 dial 4 to c',
        '1002 discard 2',
        '1002 use 3 at b',
      ]);
      expect(
        lost({ a: gap, b: nothing, c: slow(50) })
          .until(5000)
          .told()
          .slice(4),
      ).to.deep.equal(['1002 discard 3', '1051 use 4 at c', '1051 discard 2']);
      expect(lost({ a: gap, b: silent }).until(5000).told().slice(3)).to.deep.equal([
        '1301 use 2 at a',
        '1301 abandon 3',
      ]);
      expect(
        lost({ a: nothing, b: slow(1500) })
          .until(5000)
          .told(),
      ).to.include('2501 use 3 at b');
      expect(lost({ a: nothing }).until(5000).told().slice(2)).to.deep.equal(['1001 use 2 at a']);
    });

    it('looks longer for its session when another daemon has only failed', () => {
      const nothing = { ...accepts, continues: 'nothing' } as const;
      const world = lost({ a: nothing, b: { kind: 'fails', after: 5 } });
      world.until(1100);
      world.answers['b'] = accepts;
      const story = world.until(5000).told();
      expect(story.some((line) => line.endsWith('at b'))).to.equal(true);
      expect(story.at(-1)).to.include('discard 2');
      const alone = lost({ a: nothing, b: { kind: 'fails', after: 5 } })
        .until(5000)
        .told();
      expect(alone).to.include('3001 use 2 at a');
    });

    it('waits when one connection after the other lasts for a moment only', () => {
      const world = lost({ a: accepts }, { ...LIMITS, giveUpMs: Infinity }, () => 0.5);
      for (let times = 0; times < 200; times++) {
        while (world.machine.state !== 'open') world.until(world.now + 1);
        world.lose();
      }
      expect(world.now).to.be.above(200_000);
      while (world.machine.state !== 'open') world.until(world.now + 1);
      world.until(world.now + 2000).told();
      expect(
        world
          .lose()
          .until(world.now + 5)
          .told()
          .at(-1),
      ).to.include('use');
    });

    it('forgets a connection that is lost before it counts', () => {
      const world = lost({ a: { ...accepts, continues: 'gap' }, b: slow(200) }).until(1010);
      world.machine.failed(2, 'failed', world.now);
      expect(world.until(5000).told()).to.include('1201 use 3 at b');
    });

    it('ends when all have refused the credentials in one pass', () => {
      expect(lost({ a: auth, b: auth }).until(9000).told().at(-1)).to.equal('1002 ended: auth');
      const mixed = lost({ a: auth, b: refuses });
      expect(mixed.until(9000).told()).to.not.include('1002 ended: auth');
      mixed.answers['b'] = auth;
      expect(mixed.until(20_000).told().at(-1)).to.include('ended: auth');
    });

    it('gives up when its time is over, also in the middle of an attempt', () => {
      const world = lost({ a: refuses, b: refuses }, { ...LIMITS, giveUpMs: 500 });
      expect(world.until(9000).told().at(-1)).to.equal('1500 ended: gave-up');
      const late = lost({ a: slow(500) }, { ...LIMITS, giveUpMs: 500 });
      expect(late.until(9000).told().slice(-2)).to.deep.equal(['1500 discard 2', '1500 ended: gave-up']);
    });

    it('never gives up with Infinity', () => {
      const world = lost({ a: refuses }, { ...LIMITS, giveUpMs: Infinity });
      expect(world.until(3_600_000).told().at(-1)).to.include('dial');
    });

    it('ends when it is closed, whatever comes then', () => {
      const world = lost({ a: slow(100) }).until(1050);
      world.machine.close();
      expect(world.until(9000).told()).to.deep.equal([
        '1000 lost',
        '1000 dial 2 to a',
        '1050 abandon 2',
        '1050 ended: closed',
        '1100 discard 2',
      ]);
    });
  });

  describe('with addresses that daemons have told', () => {
    const keysOf = (story: readonly string[]): string[] =>
      story.flatMap((line) => /dial \d+ to (.*)/.exec(line)?.[1] ?? []);

    it('tries them after those that were given, the newest first, each once', () => {
      const world = new DialWorld({ a: accepts, e: accepts }, ['a', 'b']).begin().until(100);
      world.tell('a', 'd', 'e').tell('a', 'c', 'd', 'b').told();
      world.answers['a'] = refuses;
      expect(keysOf(world.lose().until(1000).told())).to.deep.equal(['a', 'b', 'c', 'd', 'e']);
      Object.assign(world.answers, { b: accepts, e: refuses });
      expect(keysOf(world.lose().until(5000).told())).to.deep.equal(['e', 'a', 'b']);
    });

    it('remembers the newest 32', () => {
      const keys = Array.from({ length: 40 }, (_, i) => `k${i}`);
      const world = new DialWorld({ a: accepts }).begin().until(100);
      world
        .tell(...keys.slice(20))
        .tell(...keys.slice(0, 20))
        .told();
      world.answers['a'] = refuses;
      const tried = keysOf(world.lose().until(150).told());
      expect(tried.slice(0, 33)).to.deep.equal(['a', ...keys.slice(0, 32)]);
      expect(tried).to.not.include('k32');
    });
  });

  describe('when its daemon wants it to go', () => {
    const gap = { ...accepts, continues: 'gap' } as const;

    it('goes where it was told to first, and never to that daemon', () => {
      const world = lost({ a: accepts, b: refuses, c: accepts }).until(2000);
      world.told();
      expect(world.move(['a', 'd', 'c']).until(9000).told()).to.deep.equal([
        '2000 told to go',
        '2000 dial 3 to d',
        '2001 dial 4 to c',
        '2002 use 4 at c',
      ]);
      expect(world.machine.state).to.equal('open');
      expect(world.machine.dueAt()).to.equal(Infinity);
    });

    it('waits a second for one that does not answer', () => {
      const world = lost({ a: accepts, b: silent, c: accepts }).until(2000);
      world.told();
      expect(world.move(['b', 'c']).until(9000).told()).to.deep.equal([
        '2000 told to go',
        '2000 dial 3 to b',
        '3000 dial 4 to c',
        '3001 use 4 at c',
        '3001 abandon 3',
      ]);
    });

    it('goes to any of the others when it has no address', () => {
      const world = lost({ a: accepts, b: refuses, c: refuses, d: refuses }, LIMITS, () => 0.4).until(2000);
      world.told();
      world.answers['b'] = accepts;
      expect(world.move().until(9000).told().slice(1)).to.deep.equal([
        '2000 dial 3 to c',
        '2001 dial 4 to d',
        '2002 dial 5 to b',
        '2003 use 5 at b',
      ]);
    });

    it('goes to no address that a name stands for when it is that one', () => {
      const name = { kind: 'stands for', after: 1, keys: ['1', '2'] } as const;
      const world = new DialWorld({ name, 1: accepts, 2: accepts }, ['name']).begin().until(100);
      world.told();
      expect(world.move().until(9000).told()).to.deep.equal([
        '100 told to go',
        '100 dial 3 to name',
        '101 dial 4 to 2',
        '102 use 4 at 2',
      ]);
    });

    it('takes only a connection that continues it as a whole, and asks again until the time is over', () => {
      const world = lost({ a: accepts, b: gap }).until(2000);
      world.told();
      expect(world.move([], 320).until(9000).told()).to.deep.equal([
        '2000 told to go',
        '2000 dial 3 to b',
        '2001 discard 3',
        '2101 dial 4 to b',
        '2102 discard 4',
        '2302 dial 5 to b',
        '2303 discard 5',
        '2320 ended: stayed',
      ]);
      expect(world.machine.state).to.equal('open');
      world.answers['b'] = accepts;
      expect(world.move([], 320).until(20_000).told().at(-1)).to.equal('9001 use 6 at b');
    });

    it('stays when there is nobody else, and when nobody else knows it', () => {
      const alone = lost({ a: accepts }).until(2000);
      alone.told();
      expect(alone.move(['a']).until(9000).told()).to.deep.equal(['2000 told to go', '2000 ended: stayed']);
      const unknown = lost({ a: accepts, b: auth }).until(2000);
      unknown.told();
      expect(unknown.move().until(9000).told().at(-1)).to.equal('2001 ended: stayed');
    });

    it('is lost as without it when the daemon does not wait, and tries that one last', () => {
      const world = lost({ a: accepts, b: slow(500) }).until(2000);
      world.told();
      world.move().until(2100);
      Object.assign(world.answers, { b: slow(30) });
      expect(world.lose().until(9000).told()).to.deep.equal([
        '2000 told to go',
        '2000 dial 3 to b',
        '2100 lost',
        '2100 abandon 3',
        '2100 dial 4 to b',
        '2130 use 4 at b',
        '2500 discard 3',
      ]);
    });

    it('tries the daemon last that it was told to avoid, in one loss', () => {
      const world = lost({ a: accepts, b: accepts, c: refuses }).until(2000);
      world.machine.avoid([{ key: 'c' }]);
      world.told();
      expect(world.lose().until(3000).told().slice(1)).to.deep.equal([
        '2000 dial 3 to c',
        '2001 dial 4 to b',
        '2002 use 4 at b',
      ]);
      expect(world.lose().until(4000).told()[1]).to.equal('3000 dial 5 to b');
    });

    it('stops looking when it is closed', () => {
      const world = lost({ a: accepts, b: silent }).until(2000);
      world.told();
      world.move().until(2050).machine.close();
      expect(world.until(9000).told()).to.deep.equal([
        '2000 told to go',
        '2000 dial 3 to b',
        '2050 abandon 3',
        '2050 ended: closed',
      ]);
    });
  });

  it('finds a daemon soon after one is there, whatever the addresses did before', () => {
    const from = givenSeed();
    for (let seed = from; seed < from + 100; seed++) {
      const random = new Random(seed);
      const kinds: readonly Answer[] = [refuses, auth, silent, slow(5), { kind: 'refuses', after: 400 }];
      const keys = ['a', 'b', 'c', 'd'].slice(0, 1 + random.below(4));
      const answers = (): Record<string, Answer> =>
        Object.fromEntries(keys.map((key) => [key, random.pick([...kinds.slice(0, 1), ...kinds.slice(2)])]));
      const limits = { ...LIMITS, giveUpMs: Infinity };
      const world = lost(answers(), limits, () => random.below(1000) / 1000);
      for (let step = 0; step < 10; step++) {
        world.until(world.now + random.below(3000));
        if (world.machine.state === 'open') world.lose();
        Object.assign(world.answers, answers());
      }
      Object.assign(world.answers, { [random.pick(keys)]: accepts });
      // A silent attempt that is under way, a pause, and one pass over the others.
      world.until(world.now + 10_000 + 5_000 + 4 * 400 + 2);
      expect(world.machine.state, `seed ${seed}: ${world.story.slice(-20).join(', ')}`).to.equal('open');
    }
  });
});
