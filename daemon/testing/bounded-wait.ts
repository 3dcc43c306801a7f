/** Waiting for something in a cluster, with a limit. */
import type { Driver } from './time/driver.js';

/** Lines of the trace that an error ends with. */
const LAST_LINES = 50;

export class BoundedWait {
  constructor(
    private readonly driver: Driver,
    private readonly usualMs: number,
    private readonly seed: number,
    private readonly trace: () => readonly string[],
  ) {}

  /** Waits until it is so. @throws Error that says so */
  async until(what: () => unknown, why: string, limitMs: number | undefined): Promise<void> {
    let found: unknown;
    const look = async (): Promise<boolean> => {
      found = await what();
      return Boolean(found);
    };
    const late = (limit: number): Error =>
      this.error(`until ${JSON.stringify(why)}: ${String(found)} after ${limit} ms; ${this.seedText}`);
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
    // So that time has something to come to.
    const task = driver.timer(limit, () => undefined);
    const looking = async (): Promise<void> => {
      while (!(await look())) {
        if (driver.now >= end) throw late(limit);
        await driver.nextTurn();
      }
    };
    try {
      await driver.whilePending(looking());
    } finally {
      task.act = null;
    }
  }
}
