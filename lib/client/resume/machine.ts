/**
 * Which address is tried when, and which connection counts. It knows no sockets, timers or chance: time and randomness are
 * passed in, and what is to be done is called out.
 *
 * ```
 * begin()  DIALING --accepted--> OPEN --lost()--> LOST --accepted--> OPEN
 *             |                  |    ^            ^  |
 *             v all failed  move()    | accepted   |  v giveUpMs, or refused by all
 *           ENDED                v    | or late    |  ENDED
 *                               MOVING -----lost()-/
 * ```
 *
 * `close()` ends all of them. While it is moving the connection of before is there, so only one that continues it as a whole is taken.
 *
 * A *pass* tries each address once: the one that was lost first, unless its daemon wanted the client to go, the next one 150 ms after the last sign of life of an
 * attempt, or at once when one fails. The first that accepts counts. After a first pass without a pause there is one before each further pass, at random between
 * nothing and a limit that doubles.
 */

/** Milliseconds after which the next address is tried beside one that has not answered yet. */
const STAGGER_MS = 150;
/** The same, while the connection of before is there: nothing is urgent, and the daemon has many to take. */
const MOVE_STAGGER_MS = 1_000;
/** The longest pause before the second pass, and before any. */
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
/** A connection that lasts less is short; several in a row, and the next attempt waits. */
const SHORT_MS = 1_000;
const SHORT_IN_A_ROW = 5;
/** An attempt to come back that takes longer is given up: its daemon accepts and says nothing, or there is no such host. */
const ATTEMPT_LIMIT_MS = 10_000;

/**
 * How long a better connection is looked for beside one that is there. A daemon that has just started knows nothing yet, and
 * the others may need a new daemon view before they accept.
 */
const BETTER_MS = { gap: 300, nothing: 2_000 } as const;

/** Where an attempt goes. Two with the same key are the same place. */
export interface Target {
  readonly key: string;
}

/** How an attempt failed: `auth`, the daemon refused the credentials; `absent`, nobody is there; `failed`, anything else. */
export type AttemptFailure = 'auth' | 'absent' | 'failed';

/**
 * How much of the session of before a connection continues: `whole`, all, or there is nothing to continue; `gap`, with a gap;
 * `nothing`, it is a new session.
 */
export type Continues = 'whole' | 'gap' | 'nothing';

/**
 * Why it has ended: no address accepted the first time, time was up, all daemons refused the credentials, or `close`. `stayed`: only
 * the search for another daemon has ended, and the connection is where it was.
 */
export type DialEnd = 'failed' | 'gave-up' | 'auth' | 'closed' | 'stayed';

/** Most addresses that are remembered of those that daemons tell. */
const MOST_TOLD = 32;

/** What the machine wants. */
export interface DialActs<T extends Target> {
  /** Try this address. Answered by `accepted`, `failed`, or `expanded`, later. */
  dial(attempt: number, target: T): void;
  /** Whatever comes of this attempt is not wanted any more. */
  abandon(attempt: number): void;
  /** This connection counts. */
  use(attempt: number, target: T): void;
  /** Another connection counts: close this one. */
  discard(attempt: number): void;
  /** It is over. */
  ended(why: DialEnd): void;
}

export interface DialLimits {
  readonly giveUpMs: number;
  /** Begin at a random address. */
  readonly balance: boolean;
}

interface Attempt<T> {
  readonly target: T;
  readonly began: number;
}

/** A connection that is there, while a better one is looked for. */
interface Candidate<T> {
  readonly attempt: number;
  readonly target: T;
  readonly continues: Exclude<Continues, 'whole'>;
  readonly until: number;
}

export type DialState = 'dialing' | 'open' | 'moving' | 'lost' | 'ended';

export class ResumeMachine<T extends Target> {
  private current: DialState = 'dialing';
  private attempts = 0;
  private readonly underWay = new Map<number, Attempt<T>>();
  /** Of this pass: still to be tried, and tried. */
  private queue: T[] = [];
  private tried = new Set<string>();
  /** Of this pass: whether anything failed for another reason than credentials. */
  private isAuthOnly = true;
  /** Of this pass: whether an address may have a daemon all the same. */
  private isDoubtful = false;
  private pass = 0;
  /** Whether the pass is over, and the next one has not begun. */
  private isPausing = false;
  /** When the next address is tried, or the pass is over; Infinity while only the end of an attempt can change anything. */
  private nextAt = Infinity;
  private giveUpAt = Infinity;
  private openedAt = -Infinity;
  /** Short connections up to now, in a row. */
  private shorts = 0;
  private candidate: Candidate<T> | null = null;
  /** Where the connection is, or was until it was lost. */
  private last: T | null = null;
  /** What daemons have told, the newest first: tried behind the addresses. */
  private told: readonly T[] = [];
  /** Where the daemon of now wants the client to go; null: it may stay. */
  private elsewhere: readonly T[] | null = null;

  /**
   * @param addresses at least one
   * @param random from 0 up to 1
   */
  constructor(
    private readonly addresses: readonly T[],
    private readonly limits: DialLimits,
    private readonly random: () => number,
    private readonly acts: DialActs<T>,
  ) {}

  get state(): DialState {
    return this.current;
  }

  /** The time at which `tick` is to be called. */
  dueAt(): number {
    if (!this.isTrying) return Infinity;
    let due = Math.min(this.nextAt, this.giveUpAt, this.candidate?.until ?? Infinity);
    if (this.current !== 'dialing')
      for (const { began } of this.underWay.values()) due = Math.min(due, began + ATTEMPT_LIMIT_MS);
    return due;
  }

  /** The first connect. */
  begin(now: number): void {
    const { addresses } = this;
    this.startPass(this.limits.balance ? this.fromAnywhere(addresses) : addresses, now);
    this.tick(now);
  }

  /** Daemons are there: tried behind the addresses that were given, and behind those that a daemon names later. */
  tell(targets: readonly T[]): void {
    this.told = distinct([...targets, ...this.told]).slice(0, MOST_TOLD);
  }

  /** The daemon of the connection in use may stay behind when that is lost: the others are tried before it, these first. */
  avoid(targets: readonly T[]): void {
    this.elsewhere = targets;
  }

  /**
   * The daemon of the connection in use wants it to go: another one is made, while that one stays.
   * @param withinMs ends the search
   */
  move(targets: readonly T[], withinMs: number, now: number): void {
    if (this.current !== 'open') return;
    this.avoid(targets);
    this.current = 'moving';
    this.giveUpAt = now + withinMs;
    this.pass = 0;
    // Else all clients of a daemon that tells of no others would go to the same one.
    this.startPass(targets.length > 0 ? this.inOrder() : this.fromAnywhere(this.inOrder()), now);
    if (this.queue.length === 0) this.stay();
    else this.tick(now);
  }

  /** The connection in use was lost. */
  lost(now: number): void {
    if (this.current !== 'open' && this.current !== 'moving') return;
    this.abandonAll();
    this.current = 'lost';
    this.giveUpAt = now + this.limits.giveUpMs;
    this.shorts = now - this.openedAt < SHORT_MS ? this.shorts + 1 : 0;
    this.pass = 0;
    if (this.shorts < SHORT_IN_A_ROW) this.startPass(this.inOrder(), now);
    else this.pause(this.shorts - SHORT_IN_A_ROW, now);
    this.tick(now);
  }

  /**
   * The daemon has accepted the attempt. One that does not continue the session as a whole counts only when no other address
   * has a better one soon, each tried once.
   */
  accepted(attempt: number, continues: Continues, now: number): void {
    const made = this.underWay.get(attempt);
    this.underWay.delete(attempt);
    const isUseless = this.current === 'moving' && continues !== 'whole';
    if (!made || isUseless || now >= this.giveUpAt) {
      this.acts.discard(attempt);
      if (isUseless) this.isAuthOnly = false;
      if (isUseless && !this.isPausing) this.nextAt = now;
      this.tick(now);
    } else if (continues === 'whole') {
      this.use(attempt, made.target, now);
    } else {
      this.keep({ attempt, target: made.target, continues, until: now + BETTER_MS[continues] }, now);
    }
  }

  /**
   * The handshake of the attempt has got further: its daemon lives, and may only have much to do, as after the death of
   * another one. A second connection would double that.
   */
  progressed(attempt: number, now: number): void {
    const isWaiting = this.isTrying && !this.isPausing && !this.candidate && this.nextAt < Infinity;
    if (isWaiting && this.underWay.has(attempt)) this.nextAt = now + this.staggerMs;
  }

  /** @param attempt also one that was accepted and does not count yet */
  failed(attempt: number, how: AttemptFailure, now: number): void {
    if (this.candidate?.attempt === attempt) this.candidate = null;
    else if (!this.underWay.delete(attempt)) return;
    if (how !== 'auth') this.isAuthOnly = false;
    if (how === 'failed') this.isDoubtful = true;
    // The next address is tried at once; a pause between two passes is not cut short.
    if (!this.isPausing) this.nextAt = now;
    this.tick(now);
  }

  /** The address of the attempt stands for these, the best one first: they are tried in its place. */
  expanded(attempt: number, targets: readonly T[], now: number): void {
    if (!this.underWay.delete(attempt)) return;
    const keys = new Set([...this.tried, ...this.queue.map(({ key }) => key)]);
    if (this.current === 'moving' && this.last) keys.add(this.last.key);
    const fresh = targets.filter(({ key }) => !keys.has(key) && !!keys.add(key));
    this.queue.unshift(...fresh);
    if (fresh.length > 0 || !this.isPausing) this.nextAt = now;
    this.tick(now);
  }

  /** To be called when `dueAt` has come. */
  tick(now: number): void {
    if (!this.isTrying) return;
    if (now >= this.giveUpAt) {
      if (this.current === 'moving') this.stay();
      else this.end('gave-up');
      return;
    }
    if (this.current !== 'dialing') this.dropOverdue(now);
    while (this.isTrying && now >= this.nextAt) {
      const target = this.queue.shift();
      if (target) this.start(target, now);
      else this.passOver(now);
    }
    const { candidate } = this;
    if (candidate && (now >= candidate.until || this.isBest(candidate)))
      this.use(candidate.attempt, candidate.target, now);
  }

  /** The application has closed the connection. */
  close(): void {
    if (this.current !== 'ended') this.end('closed');
  }

  /** Whether nothing better is to be expected than this connection. */
  private isBest({ continues }: Candidate<T>): boolean {
    if (this.underWay.size > 0 || this.queue.length > 0) return false;
    return continues === 'gap' || !this.isDoubtful;
  }

  private use(attempt: number, target: T, now: number): void {
    this.openedAt = now;
    const { candidate } = this;
    this.candidate = null;
    this.current = 'open';
    this.last = target;
    this.elsewhere = null;
    this.giveUpAt = Infinity;
    this.acts.use(attempt, target);
    this.abandonAll();
    if (candidate && candidate.attempt !== attempt) this.acts.discard(candidate.attempt);
  }

  /** The better of two stays; all other addresses are tried now. */
  private keep(made: Candidate<T>, now: number): void {
    const { candidate } = this;
    const isBetter = candidate?.continues === 'nothing' && made.continues === 'gap';
    if (!candidate || isBetter) this.candidate = made;
    const other = isBetter ? candidate : candidate && made;
    if (other) this.acts.discard(other.attempt);
    if (!this.isPausing) this.nextAt = now;
    this.tick(now);
  }

  private get staggerMs(): number {
    return this.current === 'moving' ? MOVE_STAGGER_MS : STAGGER_MS;
  }

  private get isTrying(): boolean {
    return this.current === 'dialing' || this.current === 'lost' || this.current === 'moving';
  }

  /** The address that was lost first, or last when its daemon wanted the client to go. */
  private inOrder(): readonly T[] {
    const { last, addresses, told, elsewhere, current } = this;
    if (last === null) return distinct([...addresses, ...told]);
    if (elsewhere === null) return distinct([last, ...addresses, ...told]);
    const others = distinct([...elsewhere, ...addresses, ...told]).filter(({ key }) => key !== last.key);
    return current === 'moving' ? others : [...others, last];
  }

  /** The same order, with a beginning by chance. */
  private fromAnywhere(targets: readonly T[]): readonly T[] {
    const first = Math.floor(this.random() * targets.length);
    return [...targets.slice(first), ...targets.slice(0, first)];
  }

  private startPass(targets: readonly T[], now: number): void {
    this.tried = new Set([...this.underWay.values()].map(({ target }) => target.key));
    if (this.candidate) this.tried.add(this.candidate.target.key);
    this.queue = targets.filter(({ key }) => !this.tried.has(key));
    this.isAuthOnly = this.underWay.size === 0;
    this.isDoubtful = false;
    this.nextAt = this.queue.length > 0 ? now : Infinity;
  }

  private start(target: T, now: number): void {
    const attempt = ++this.attempts;
    this.tried.add(target.key);
    this.underWay.set(attempt, { target, began: now });
    this.nextAt = this.candidate ? now : now + this.staggerMs;
    this.acts.dial(attempt, target);
  }

  private dropOverdue(now: number): void {
    for (const [attempt, { began }] of this.underWay) {
      if (now < began + ATTEMPT_LIMIT_MS) continue;
      this.underWay.delete(attempt);
      this.isAuthOnly = false;
      this.acts.abandon(attempt);
      if (!this.isPausing) this.nextAt = Math.min(this.nextAt, now);
    }
  }

  /** Every address was tried. What has not answered may still accept. */
  private passOver(now: number): void {
    if (this.isPausing) {
      this.isPausing = false;
      this.startPass(this.inOrder(), now);
      return;
    }
    if (this.candidate && (this.candidate.continues === 'gap' || this.isBest(this.candidate))) {
      this.nextAt = Infinity;
    } else if (!this.candidate && this.underWay.size === 0 && this.isAuthOnly) {
      if (this.current === 'moving') this.stay();
      else this.end('auth');
    } else if (this.current !== 'dialing') {
      this.pause(this.pass++, now);
    } else if (this.underWay.size === 0) {
      this.end('failed');
    } else {
      this.nextAt = Infinity;
    }
  }

  private pause(pass: number, now: number): void {
    this.isPausing = true;
    this.nextAt = now + this.random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** pass);
  }

  private abandonAll(): void {
    const attempts = [...this.underWay.keys()];
    this.underWay.clear();
    this.queue = [];
    this.isPausing = false;
    this.nextAt = Infinity;
    for (const attempt of attempts) this.acts.abandon(attempt);
  }

  /** Nobody else takes the connection as it is. */
  private stay(): void {
    this.current = 'open';
    this.giveUpAt = Infinity;
    this.abandonAll();
    this.acts.ended('stayed');
  }

  private end(why: DialEnd): void {
    this.current = 'ended';
    this.abandonAll();
    if (this.candidate) this.acts.discard(this.candidate.attempt);
    this.candidate = null;
    this.acts.ended(why);
  }
}

/** Each place once. */
function distinct<T extends Target>(targets: readonly T[]): readonly T[] {
  const keys = new Set<string>();
  return targets.filter(({ key }) => !keys.has(key) && !!keys.add(key));
}
