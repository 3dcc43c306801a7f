import { expect } from 'chai';
import {
  FAILURES_A_STEP,
  FAILURE_MEMORY,
  Failures,
  Logins,
  MAX_AUTH_DELAY,
  MAX_FAILED_KEYS,
} from '../../daemon/session/logins.js';
import { ManualClock } from './manual-clock.js';

const DELAY = 500;

/** Checks passwords in its own time: `right` is right. */
class Bench {
  readonly clock = new ManualClock();
  readonly logins: Logins;
  /** Checks that run, oldest first. */
  readonly checking: { readonly name: string; readonly end: () => Promise<void> }[] = [];
  readonly answers: string[] = [];

  constructor(atOnce = 1) {
    this.logins = new Logins(
      ({ user, password }) =>
        new Promise((resolve) => {
          const end = async (): Promise<void> => {
            resolve(password === 'right');
            // Behind the promises that hang on it.
            await new Promise((done) => setImmediate(done));
          };
          this.checking.push({ name: user, end });
        }),
      atOnce,
      this.clock,
    );
  }

  /** `address user`; the last word is the password. */
  enter(text: string): () => void {
    const [address = '', user = '', password = 'wrong'] = text.split(' ');
    const answer = (isGood: boolean, delay: number): void => {
      this.answers.push(`${user} ${isGood ? 'in' : delay}`);
    };
    return this.logins.enter({ address, credentials: { user, password }, answer }, DELAY);
  }

  /** The users in the order in which they are checked from now on, one by one. */
  async run(): Promise<string> {
    const names: string[] = [];
    for (let next = this.checking.shift(); next; next = this.checking.shift()) {
      names.push(next.name);
      await next.end();
    }
    return names.join(' ');
  }

  async fail(address: string, user: string, times: number): Promise<void> {
    for (let i = 0; i < times; i++) {
      this.enter(`${address} ${user}`);
      await this.run();
    }
  }
}

describe('session: logins', () => {
  it('are checked a few at once', async () => {
    const bench = new Bench(2);
    for (const user of ['a', 'b', 'c']) bench.enter(`1 ${user} right`);
    expect(bench.checking.map(({ name }) => name)).to.deep.equal(['a', 'b']);
    await bench.run();
    expect(bench.answers).to.deep.equal(['a in', 'b in', 'c in']);
  });

  it('of addresses take turns', async () => {
    const bench = new Bench();
    for (const text of ['1 x', '1 a', '1 a', '1 a', '2 b', '2 b', '3 c']) bench.enter(`${text} right`);
    expect(await bench.run()).to.equal('x a b c a b a');
  });

  it('of the users of one address take turns, new arrivals first', async () => {
    const bench = new Bench();
    for (const text of ['1 x right', '1 a right', '1 a right', '1 a right', '1 b right', '1 b right']) {
      bench.enter(text);
    }
    expect(await bench.run()).to.equal('x b a b a a');
  });

  it('of one user: the newest is first', async () => {
    const bench = new Bench();
    bench.enter('1 x right');
    for (let i = 0; i < 50; i++) bench.enter('1 alice wrong');
    bench.enter('1 alice right');
    await bench.checking.shift()?.end();
    await bench.checking.shift()?.end();
    expect(bench.answers).to.deep.equal(['x in', 'alice in']);
  });

  it('after a failure come after those without: addresses, and users of one address', async () => {
    const bench = new Bench();
    await bench.fail('1', 'mallory', 1);
    for (const text of ['2 x right', '1 mallory', '1 alice right', '3 bob right']) bench.enter(text);
    expect(await bench.run()).to.equal('x bob alice mallory');
  });

  it('of an honest user wait for a few checks, however many of its address guess', async () => {
    const AT_ONCE = 2;
    const bench = new Bench(AT_ONCE);
    const guess = (): unknown => bench.enter('1 alice');
    for (let i = 0; i < 300; i++) guess();
    const waits: number[] = [];
    for (let i = 0; i < 100; i++) {
      bench.enter(`1 bob${i % 5} right`);
      const wanted = bench.answers.filter((answer) => answer.endsWith(' in')).length + 1;
      let checks = 0;
      while (checks < 50 && bench.answers.filter((answer) => answer.endsWith(' in')).length < wanted) {
        checks++;
        await bench.checking.shift()?.end();
        guess();
      }
      waits.push(checks);
    }
    // Those that ran when it came, and its own.
    expect(Math.max(...waits)).to.be.at.most(AT_ONCE + 1);
  });

  it('that are given up have no turn and no answer', async () => {
    const bench = new Bench();
    const [first, second] = [bench.enter('1 a'), bench.enter('1 b')];
    bench.enter('1 c');
    second();
    first();
    expect(await bench.run()).to.equal('a c');
    expect(bench.answers).to.deep.equal([`c ${DELAY}`]);
  });

  it('that throw are wrong', async () => {
    const clock = new ManualClock();
    const logins = new Logins(() => Promise.reject(new Error('no memory')), 1, clock);
    const answered = await new Promise<boolean>((resolve) => {
      logins.enter({ address: '1', credentials: { user: 'a', password: '' }, answer: resolve }, DELAY);
    });
    expect(answered).to.equal(false);
  });

  it('are answered later with each failure of the user, until a right one', async () => {
    const bench = new Bench();
    await bench.fail('1', 'a', 4);
    bench.enter('1 a right');
    await bench.run();
    await bench.fail('1', 'a', 1);
    expect(bench.answers).to.deep.equal(['a 500', 'a 1000', 'a 2000', 'a 4000', 'a in', 'a 500']);
  });

  it('are answered later with many failures of the address, whatever the users', async () => {
    const bench = new Bench();
    for (let i = 0; i < 3 * FAILURES_A_STEP; i++) await bench.fail('1', `u${i}`, 1);
    expect(bench.answers.at(-1)).to.equal(`u${3 * FAILURES_A_STEP - 1} ${DELAY * 8}`);
    await bench.fail('2', 'u0', 1);
    expect(bench.answers.at(-1)).to.equal(`u0 ${DELAY}`);
  });

  it('are answered within a minute, however many failed', async () => {
    const bench = new Bench();
    await bench.fail('1', 'a', 40);
    expect(bench.answers.at(-1)).to.equal(`a ${MAX_AUTH_DELAY}`);
  });

  describe('failures', () => {
    it('are forgotten after some time', () => {
      const clock = new ManualClock();
      const failures = new Failures(clock);
      failures.add('a');
      clock.pass(FAILURE_MEMORY);
      failures.add('a');
      expect(failures.count('a')).to.equal(2);
      clock.pass(FAILURE_MEMORY + 1);
      expect([failures.count('a'), failures.has('a')]).to.deep.equal([0, false]);
    });

    it('are remembered of a limited number of keys, the latest', () => {
      const failures = new Failures(new ManualClock());
      for (let i = 0; i < MAX_FAILED_KEYS; i++) failures.add(String(i));
      failures.add('0');
      failures.add('one more');
      expect(['0', '1', '2', 'one more'].map((key) => failures.count(key))).to.deep.equal([2, 0, 1, 1]);
    });
  });
});
