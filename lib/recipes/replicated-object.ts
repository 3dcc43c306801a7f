/** What map, counter, lock and barrier have in common: a replicated machine of their own. */
import { deferred } from '../util/deferred.js';
import { ResultUnknownError } from './errors.js';
import type { WaitOptions } from './options.js';
import type { Replicated } from './replicated.js';

export abstract class ReplicatedObject<Command, Result> implements AsyncDisposable {
  constructor(
    /** What it stands on: its events, `hasState`, `isWritable`. */
    readonly replica: Replicated<Command, Result>,
  ) {}

  /**
   * Resolves when it is over: with nothing when the group was left, with the error when the connection was lost or this
   * member cannot stay.
   */
  get closed(): Promise<Error | undefined> {
    return this.replica.closed;
  }

  /** Waits until this member has the state. @throws ConnectionClosedError, or the signal's reason */
  async ready(options: WaitOptions = {}): Promise<void> {
    await this.replica.ready(options);
  }

  /** Leaves the group. */
  async leave(): Promise<void> {
    await this.replica.leave();
  }

  /** Leaves the group. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.replica.leave();
  }
}

/** Facts that others wait for, looked at whenever something has changed. */
export class ConditionWaiter {
  private readonly looks = new Set<() => void>();

  look(): void {
    for (const look of this.looks) look();
  }

  /** Resolves when the fact holds; `wait` may end the wait otherwise, by its rejection. */
  async until(fact: () => boolean, wait: (found: Promise<void>) => Promise<void>): Promise<void> {
    if (fact()) return;
    const found = deferred<void>();
    const look = (): void => {
      if (fact()) found.resolve();
    };
    this.looks.add(look);
    try {
      await wait(found.promise);
    } finally {
      this.looks.delete(look);
    }
  }
}

/**
 * Commands that take back what stands for this member in the state and nobody here wants: each is on its way once at a
 * time. Such things come back where the command that took them away is lost with the state in which it was applied.
 */
export class Withdrawals<What, Command> {
  private readonly underWay = new Set<What>();

  /** @param look called where nobody knows what became of one: the state says it */
  constructor(
    private readonly replica: { submit(command: Command): Promise<unknown> },
    private readonly look: () => void,
  ) {}

  /** Where it fails with the connection, that shows at the next call of the application. */
  once(what: What, command: Command): void {
    if (!this.underWay.has(what)) this.submit(what, command).catch(() => undefined);
  }

  async submit(what: What, command: Command): Promise<void> {
    let isUnknown = false;
    this.underWay.add(what);
    try {
      await this.replica.submit(command);
    } catch (error) {
      isUnknown = error instanceof ResultUnknownError;
      throw error;
    } finally {
      this.underWay.delete(what);
      if (isUnknown) this.look();
    }
  }
}
