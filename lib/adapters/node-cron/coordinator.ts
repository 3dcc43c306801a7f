/** Which of several processes runs a job of node-cron: each run is claimed in the order, by one member. */
import type { Connection } from '../../client/connection.js';
import type { ConnectOptions } from '../../client/options.js';
import { platformOf } from '../../mailbox/platform.js';
import { ResultUnknownError } from '../../recipes/errors.js';
import { checkOptions, given } from '../../recipes/options.js';
import { type Replicated, replicated, REPLICATED_OPTIONS } from '../../recipes/replicated.js';
import type { Clock } from '../../util/clock.js';
import { aText, oneOf } from '../../util/option-checks.js';
import { notReady, untilWritable, WAIT_MS, within } from '../bounded-wait.js';
import { type AdapterConnection, onConnection } from '../connection.js';
import { groupNameOf } from '../group-name.js';
import { type Run, runOf } from './key.js';
import { SlotMachine } from './slots.js';

/** The options of `coordinator`; each has a default. */
export interface CoordinatorOptions {
  /**
   * The group of the processes that share the jobs; default `cron`. Any text that is not empty: one that cannot be the name of a group is hashed.
   */
  readonly group?: string | undefined;
  /** Members that have to be together for jobs to run, as for `replicated`: an integer from 1, more than half of all there can be. Default: none. */
  readonly quorum?: number | undefined;
  /** How many members there can ever be at one time, as for `replicated`: an integer from 1; default 2 * quorum - 1. */
  readonly maxMembers?: number | undefined;
  /**
   * Who runs a job: whoever asks `first`, the default; or the `leader`, the first member of the view, so that runs stay at one
   * process until that ends.
   */
  readonly prefer?: 'first' | 'leader' | undefined;
  /** How long the others wait, once, for a member that does not answer; milliseconds from 1, default 1000. */
  readonly silenceTimeoutMs?: number | undefined;
  /** Gives up joining. */
  readonly signal?: AbortSignal | undefined;
}

const { whenReadOnly: _, ...GROUP_OPTIONS } = REPLICATED_OPTIONS;
const OPTIONS = {
  ...GROUP_OPTIONS,
  group: aText,
  prefer: oneOf('first', 'leader'),
};

/**
 * Joins the processes that share their jobs. Give the result to `setRunCoordinator` of node-cron, or to a task as `runCoordinator`.
 * @param target a connection of yours, or options of `connect` with `addresses` for one that belongs to the coordinator
 * @throws IllegalParamError, and what `connect` and `Connection.join` throw
 */
export async function coordinator(
  target: Connection | ConnectOptions,
  options: CoordinatorOptions = {},
): Promise<CronCoordinator> {
  checkOptions(OPTIONS, options);
  const { group = 'cron', prefer = 'first', ...rest } = options;
  return await onConnection(target, async (place) => {
    const settings = { ...given(rest), whenReadOnly: 'reject' as const };
    const machine = new SlotMachine();
    const replica = await replicated<Run, boolean>(place.connection, groupNameOf(group), machine, settings);
    return new CronCoordinator(replica, prefer === 'leader', place);
  });
}

/** A `RunCoordinator` of node-cron. Made by `coordinator`. */
export class CronCoordinator implements AsyncDisposable {
  private readonly clock: Clock;

  /** @internal */
  constructor(
    /** The replicated state below: its events, `hasState`, `isWritable`. */
    readonly replica: Replicated<Run, boolean>,
    private readonly onlyFirst: boolean,
    private readonly place: AdapterConnection,
  ) {
    this.clock = platformOf(place.connection).clock;
  }

  /**
   * Whether this process runs the job now: true at one member for each run. node-cron calls it, and skips the run when it throws.
   * @param key `<name>:<time>`, as node-cron makes it: a name of 1 to 1000 bytes, the time in the form of `toISOString`
   * @param _ttlMs passed by node-cron, not used
   * @throws ReadOnlyError without a quorum, without the state after 5 s, and while the connection is lost; ResultUnknownError
   * when there is no answer after 5 s: perhaps nobody runs the job then; ConnectionClosedError, IllegalParamError
   */
  readonly shouldRun = async (key: string, _ttlMs?: number): Promise<boolean> => {
    const run = runOf(key);
    const { replica } = this;
    const late = (): Error =>
      replica.isWritable
        ? new ResultUnknownError(`${key}: no answer after ${WAIT_MS} ms`)
        : notReady(replica);
    return await within(this.clock, WAIT_MS, late, async (signal) => {
      await untilWritable(replica, this.clock, { signal });
      if (this.onlyFirst && !replica.isFirst) return false;
      return await replica.submit(run, { signal });
    });
  };

  /**
   * Resolves when it is over: with nothing when it was closed, with the error when the connection was lost or this member
   * cannot stay.
   */
  get closed(): Promise<Error | undefined> {
    return this.replica.closed;
  }

  /** Leaves the group, and closes the connection if it is its own. */
  async close(): Promise<void> {
    try {
      await this.replica.leave();
    } finally {
      await this.place.release();
    }
  }

  /** As `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
