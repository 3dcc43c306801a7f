/**
 * Recipes of the real client in random worlds: connections break, daemons die and start, the network breaks; members come
 * back at other daemons, with a gap or without. What is checked is what programs were told: terms, tokens, and a counter.
 */
import type { Connection } from '../../lib/client/connection.js';
import {
  type Counter,
  counter,
  type Election,
  election,
  type Lock,
  lock,
  LockEndedError,
  ResultUnknownError,
} from '../../lib/recipes/index.js';
import { Random } from '../support/random.js';
import { LibraryWorld } from './library-world.js';

const DAEMONS = 3;
const MEMBERS = 5;
const QUORUM = 3;
const AGE_MS = 30_000;
const DRAIN_MS = 3_000;
/** Events that say that a connection is lost, or about to be. */
const LOSSES = ['reconnecting', 'moved'] as const;

/** What a world is made for. */
export interface RecipesProfile {
  /** Bytes that the daemons keep for those who come back; 0: each return has a gap. */
  readonly ring: number;
  /** Whether the network breaks, too. */
  readonly cuts: boolean;
}

export const profiles = {
  'without gaps': { ring: 1 << 20, cuts: false },
  'with gaps': { ring: 0, cuts: false },
  'with gaps now and then, and a network that breaks': { ring: 8 << 10, cuts: true },
} satisfies Record<string, RecipesProfile>;

/** One program with its recipes. */
interface Program {
  readonly name: string;
  readonly connection: Connection;
  readonly election: Election;
  readonly lock: Lock;
  readonly counter: Counter;
  isBusy: boolean;
}

export interface RecipesOutcome {
  readonly violations: readonly string[];
  readonly losses: number;
  /** Returns without a gap. */
  readonly whole: number;
  readonly terms: number;
  readonly tokens: number;
}

export class RecipesWorld {
  private readonly world: LibraryWorld;
  private readonly random: Random;
  private readonly programs: Program[] = [];
  private readonly violations: string[] = [];
  private readonly terms = new Map<number, string>();
  private readonly tokens = new Map<number, string>();
  private readonly drains: Promise<void>[] = [];
  /** Whether a daemon is about to stop. */
  private isEnding = false;
  private losses = 0;
  private whole = 0;
  /** Additions that were applied, and those that wait. */
  private added = 0;
  private waiting = 0;

  private constructor(
    seed: number,
    private readonly profile: RecipesProfile,
  ) {
    this.world = new LibraryWorld(seed, DAEMONS);
    this.random = new Random(seed ^ 0x5eed);
    for (let i = 0; i < DAEMONS; i++) this.keep(i);
  }

  static async run(seed: number, profile: RecipesProfile, steps: number): Promise<RecipesOutcome> {
    const it = new RecipesWorld(seed, profile);
    try {
      await it.world.run(it.play(steps));
    } catch (error) {
      it.violations.push(`R-16: ${(error as Error).message}`);
    }
    const { violations, losses, whole, terms, tokens } = it;
    return { violations, losses, whole, terms: terms.size, tokens: tokens.size };
  }

  private keep(index: number): void {
    this.world.daemons[index]?.core.record.keep({ bytes: this.profile.ring, age: AGE_MS });
  }

  private async play(steps: number): Promise<void> {
    const { programs, random, world } = this;
    await world.isWhole();
    for (let i = 0; i < MEMBERS; i++) programs.push(await this.start(i));
    await world.until(() => programs.every((each) => this.isReady(each)), 'all to be ready');
    for (let step = 0; step < steps; step++) {
      this.step();
      await world.sleep(random.below(random.chance(0.1) ? 600 : 30));
    }
    await Promise.all(this.drains);
    this.heal();
    await this.settle();
    for (const each of programs) await each.connection.close();
  }

  private async start(index: number): Promise<Program> {
    const { world } = this;
    const name = `m${index}`;
    const addresses = Array.from({ length: DAEMONS }, (_, i) => `4803@d${1 + ((index + i) % DAEMONS)}`);
    const connection = await world.connect(index % DAEMONS, name, {
      addresses,
      resume: { giveUpMs: Infinity },
    });
    const replicated = { quorum: QUORUM, maxMembers: MEMBERS };
    const program: Program = {
      name,
      connection,
      election: await election(connection, 'jobs', { quorum: QUORUM }),
      lock: await lock(connection, 'lock', replicated),
      counter: await counter(connection, 'count', replicated),
      isBusy: false,
    };
    program.election.on('elected', ({ leader, term, isMe }) => {
      if (isMe) this.claimed('R-19: term', this.terms, term, name);
      else if (leader === connection.id) this.violations.push(`R-19: ${name} does not know that it leads`);
    });
    for (const event of LOSSES)
      connection.on(event, () => {
        this.losses++;
        if (program.election.isLeader) this.violations.push(`${name} leads without a connection`);
      });
    connection.on('resumed', ({ gaps }) => {
      if (gaps === 0) this.whole++;
    });
    connection.on('close', (error) => {
      if (error) this.violations.push(`${name} is closed: ${error.message}`);
    });
    return program;
  }

  /** One number belongs to one member. */
  private claimed(what: string, known: Map<number, string>, number: number, name: string): void {
    const before = known.get(number) ?? name;
    known.set(number, name);
    if (before !== name) this.violations.push(`${what} ${number} is of ${before} and ${name}`);
  }

  private isReady({ connection, counter: it, election: jobs, lock: mine }: Program): boolean {
    return connection.open && jobs.leader !== null && it.replica.isWritable && mine.replica.isWritable;
  }

  private step(): void {
    const { profile, random, world } = this;
    const program = random.pick(this.programs);
    const act = random.below(100);
    if (act < 35) void this.add(program);
    else if (act < 60) void this.hold(program);
    else if (act < 75 && this.mayLose([program])) world.cut(program.connection);
    else if (act < 85) this.end(random.below(DAEMONS), random.chance(0.4));
    else if (act < 90 && profile.cuts) {
      const alone = random.below(DAEMONS);
      world.partition([[alone], [0, 1, 2].filter((each) => each !== alone)]);
    } else this.heal();
  }

  /** A quorum of others has to remember: see the assumption about failures. */
  private mayLose(lost: readonly Program[]): boolean {
    const left = this.programs.filter((each) => !lost.includes(each) && this.isReady(each));
    return left.length >= QUORUM;
  }

  /** A daemon dies, or asks its clients to go before it stops. */
  private end(index: number, isPlanned: boolean): void {
    const { world } = this;
    const ending = `#d${index + 1}`;
    const lost = this.programs.filter(({ connection }) => connection.id.endsWith(ending));
    if (this.isEnding || world.daemons.includes(null) || !this.mayLose(lost)) return;
    if (isPlanned) this.drains.push(this.drain(index));
    else world.kill(index);
  }

  private async drain(index: number): Promise<void> {
    this.isEnding = true;
    await this.world.daemons[index]?.server.moves.drain(DRAIN_MS);
    this.world.kill(index);
    this.isEnding = false;
  }

  private heal(): void {
    const { world } = this;
    world.partition([[0, 1, 2]]);
    for (let i = 0; i < DAEMONS; i++) {
      if (world.daemons[i]) continue;
      world.start(i);
      this.keep(i);
    }
  }

  private async add({ counter: it }: Program): Promise<void> {
    this.waiting++;
    try {
      await it.add();
    } catch (error) {
      if (!(error instanceof ResultUnknownError)) this.violations.push(`an addition: ${String(error)}`);
    }
    this.added++;
    this.waiting--;
  }

  private async hold(program: Program): Promise<void> {
    const { connection, name } = program;
    if (program.isBusy) return;
    program.isBusy = true;
    const held = await program.lock.acquire();
    this.claimed('R-19: token', this.tokens, held.token, name);
    // Listeners are called in their order, so the lock has heard of the loss before.
    const look = (): void => {
      if (!held.signal.aborted) this.violations.push(`${name} holds the lock without a connection`);
    };
    for (const event of LOSSES) connection.on(event, look);
    await this.world.sleep(this.random.below(200));
    for (const event of LOSSES) connection.off(event, look);
    await held.release().catch((error: unknown) => {
      if (!(error instanceof LockEndedError) && !(error instanceof ResultUnknownError))
        this.violations.push(`a release: ${String(error)}`);
    });
    program.isBusy = false;
  }

  private async settle(): Promise<void> {
    const { programs, world } = this;
    await world.isWhole();
    await world.until(() => programs.every((each) => this.isReady(each)), 'all to be back');
    await world.until(() => this.waiting === 0, 'all additions');
    await world.until(() => programs.every(({ isBusy }) => !isBusy), 'the lock to come round');
    const agreed = (): boolean => {
      const leaders = new Set(programs.map(({ election: jobs }) => `${jobs.leader} ${jobs.term}`));
      const values = new Set(programs.map(({ counter: it }) => it.value));
      return leaders.size === 1 && values.size === 1;
    };
    await world.until(agreed, 'all to agree');
    const value = programs[0]?.counter.value;
    if (value !== this.added) this.violations.push(`counted ${value} of ${this.added}`);
    const ids = programs.map(({ connection }) => connection.id);
    if (!ids.includes(programs[0]?.election.leader ?? '')) this.violations.push('nobody of these leads');
  }
}
