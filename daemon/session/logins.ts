/**
 * Passwords that wait to be checked. A check takes some 50 ms of a processor, so few run at once, and whose turn it is
 * decides who can log in while others guess: addresses take turns, and so do the users of one address; those with a
 * failure not long ago come after those without. Of one user, and of users that are new, the newest is first: who
 * has waited longest under a flood has been given up most probably.
 *
 * A wrong password is answered late, twice as late with each failure of the user from that address, and for any user
 * with every FAILURES_A_STEP of the address. A right one is answered at once, so an honest client pays nothing for it.
 */
import type { Clock } from '../../lib/util/clock.js';
import type { Credentials } from '../../lib/wire/handshake/authentication.js';

/** The longest delay of an answer in milliseconds, unless the configured one is longer. */
export const MAX_AUTH_DELAY = 60_000;
/** Failures of one address, whoever the user, that double the delay. */
export const FAILURES_A_STEP = 16;

export interface Login {
  /** Whom the connection counts for. */
  readonly address: string;
  readonly credentials: Credentials;
  /** The answer. @param delay milliseconds after which it may be given */
  answer(isGood: boolean, delay: number): void;
}

/** The logins of one address that wait. */
class Line {
  /** By user that has had no turn yet, the newest last; of one user, too. */
  private readonly fresh = new Map<string, Set<Login>>();
  /** Users that have had a turn and wait for another, the one whose turn is next first. */
  private readonly known = new Map<string, Set<Login>>();

  get isEmpty(): boolean {
    return this.fresh.size === 0 && this.known.size === 0;
  }

  add(login: Login): void {
    const { user } = login.credentials;
    const logins = this.fresh.get(user) ?? this.known.get(user);
    if (logins) logins.add(login);
    else this.fresh.set(user, new Set([login]));
  }

  delete(login: Login): void {
    const { user } = login.credentials;
    const logins = this.fresh.get(user) ?? this.known.get(user);
    if (!logins?.delete(login) || logins.size > 0) return;
    this.fresh.delete(user);
    this.known.delete(user);
  }

  /** Takes out whose turn it is. */
  next(isClean: (user: string) => boolean): Login {
    const users = [...[...this.fresh.keys()].toReversed(), ...this.known.keys()];
    const user = users.find(isClean) ?? users[0] ?? '';
    const logins = this.fresh.get(user) ?? this.known.get(user) ?? new Set<Login>();
    const newest = [...logins].at(-1) as Login;
    this.delete(newest);
    this.fresh.delete(user);
    this.known.delete(user);
    if (logins.size > 0) this.known.set(user, logins);
    return newest;
  }
}

export class Logins {
  /** The address whose turn is next comes first. */
  private readonly lines = new Map<string, Line>();
  private readonly failures: Failures;
  private running = 0;

  /** @param atOnce checks that may run at one time */
  constructor(
    private readonly check: (credentials: Credentials) => Promise<boolean>,
    private readonly atOnce: number,
    clock: Clock,
  ) {
    this.failures = new Failures(clock);
  }

  /** @param delay of the answer to a first wrong password, milliseconds @returns ends the wait; it gets no answer then */
  enter(login: Login, delay: number): () => void {
    const { address } = login;
    const line = this.lines.get(address) ?? new Line();
    this.lines.set(address, line);
    let isOver = false;
    const waiting: Login = {
      ...login,
      answer: (isGood) => {
        if (!isOver) login.answer(isGood, isGood ? 0 : this.delayOf(login, delay));
        isOver = true;
      },
    };
    line.add(waiting);
    this.fill();
    return () => {
      isOver = true;
      line.delete(waiting);
      if (line.isEmpty && this.lines.get(address) === line) this.lines.delete(address);
    };
  }

  private fill(): void {
    while (this.running < this.atOnce) {
      const login = this.next();
      if (login === null) return;
      this.running++;
      void this.run(login);
    }
  }

  private next(): Login | null {
    const [oldest] = this.lines.keys();
    if (oldest === undefined) return null;
    const address = [...this.lines.keys()].find((each) => !this.failures.has(each)) ?? oldest;
    const line = this.lines.get(address) as Line;
    const login = line.next((user) => !this.failures.has(pairOf(address, user)));
    this.lines.delete(address);
    if (!line.isEmpty) this.lines.set(address, line);
    return login;
  }

  private async run(login: Login): Promise<void> {
    const { address, credentials } = login;
    const isGood = await this.check(credentials).catch(() => false);
    this.running--;
    const pair = pairOf(address, credentials.user);
    if (isGood) {
      this.failures.forget(pair);
    } else {
      this.failures.add(pair);
      this.failures.add(address);
    }
    login.answer(isGood, 0);
    this.fill();
  }

  private delayOf({ address, credentials }: Login, first: number): number {
    const ofUser = this.failures.count(pairOf(address, credentials.user)) - 1;
    const ofAddress = Math.floor(this.failures.count(address) / FAILURES_A_STEP);
    return Math.min(Math.max(first, MAX_AUTH_DELAY), first * 2 ** Math.max(ofUser, ofAddress, 0));
  }
}

/** No address has a blank in it. */
const pairOf = (address: string, user: string): string => `${address} ${user}`;

// Failures not long ago, by key. What is remembered is bounded: of too many keys those that failed longest ago go.

/** Milliseconds after which a key without another failure is forgotten. */
export const FAILURE_MEMORY = 300_000;
export const MAX_FAILED_KEYS = 10_000;

export class Failures {
  /** In the order of their last failure. */
  private readonly keys = new Map<string, { count: number; at: number }>();

  constructor(private readonly clock: Clock) {}

  add(key: string): void {
    const count = this.count(key) + 1;
    this.keys.delete(key);
    this.keys.set(key, { count, at: this.clock.now() });
    const [oldest] = this.keys.keys();
    if (this.keys.size > MAX_FAILED_KEYS && oldest !== undefined) this.keys.delete(oldest);
  }

  count(key: string): number {
    const known = this.keys.get(key);
    return known === undefined || this.clock.now() - known.at > FAILURE_MEMORY ? 0 : known.count;
  }

  has(key: string): boolean {
    return this.count(key) > 0;
  }

  forget(key: string): void {
    this.keys.delete(key);
  }
}
