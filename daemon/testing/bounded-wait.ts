/** Waiting for something in a cluster, with a limit. */
import { deferred } from '../../lib/util/deferred.js';
import type { Driver } from './time/driver.js';
import type { Task } from './time/time.js';

/** Lines of the trace that an error ends with. */
const LAST_LINES = 50;
/** Milliseconds between looks at one that waits for its promise, after the limit. */
const LOOK_MS = 1;

export class BoundedWait {
  constructor(
    private readonly driver: Driver,
    private readonly usualMs: number,
    private readonly seed: number,
    private readonly trace: () => readonly string[],
  ) {}

  /** Waits until it is so. @throws Error that says so */
  async until(what: () => unknown, why: string, limitMs: number | undefined): Promise<void> {
    let found: string;
    const look = async (): Promise<boolean> => {
      found = 'its promise was still pending';
      const value = await what();
      found = String(value);
      return Boolean(value);
    };
    const late = (limit: number): Error =>
      this.error(`until ${JSON.stringify(why)}: ${found} after ${limit} ms; ${this.seedText}`);
    await this.wait(limitMs, look, late);
  }

  /** @param unrest what is not at rest; null when nothing is so. @throws Error that says what */
  async settle(what: string, limitMs: number | undefined, unrest: () => string | null): Promise<void> {
    const { driver } = this;
    let why: string | null = null;
    let calm = 0;
    let asked = -1;
    const look = async (): Promise<boolean> => {
      why = unrest();
      calm = why === null && asked === driver.asked ? calm + 1 : 0;
      asked = driver.asked;
      return why === null && calm >= driver.calmTurns;
    };
    const late = (limit: number): Error =>
      this.error(`${what}: after ${limit} ms ${why ?? 'something is on its way'}; ${this.seedText}`);
    // What was just asked for is on its way then.
    await driver.nextTurn();
    await this.wait(limitMs, look, late);
  }

  /** An error that ends with the last lines of the trace. */
  error(text: string): Error {
    return new Error([text, ...this.trace().slice(-LAST_LINES)].join('\n'));
  }

  get seedText(): string {
    return `seed ${this.seed}, SSP_SEED=${this.seed} repeats it`;
  }

  private async wait(
    limitMs: number | undefined,
    look: () => Promise<boolean>,
    late: (limit: number) => Error,
  ): Promise<void> {
    const { driver } = this;
    const limit = limitMs ?? this.usualMs;
    const end = driver.now + limit;
    const over = deferred<never>();
    const state = { isOver: false, isLooking: false };
    // So that time has something to come to. A look that waits for its promise then has waited for too long.
    const due = (): Task =>
      driver.timer(Math.max(end - driver.now, LOOK_MS), () => {
        if (state.isLooking) over.reject(late(limit));
        else task = due();
      });
    let task = due();
    const looking = async (): Promise<void> => {
      while (!state.isOver) {
        state.isLooking = true;
        if (await look()) return;
        state.isLooking = false;
        if (driver.now >= end) throw late(limit);
        await driver.nextTurn();
      }
    };
    try {
      await driver.whilePending(Promise.race([looking(), over.promise]));
    } finally {
      state.isOver = true;
      task.act = null;
    }
  }
}
