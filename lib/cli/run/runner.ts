/** What `ssp lock` and `ssp lead` share: options, the connection, and a command that runs while something is held. */
import { type Command, Option } from 'commander';
import type { Connection } from '../../index.js';
import { onAbort } from '../../util/deferred.js';
import { print } from '../failure.js';
import { type Access, withConnection } from '../session.js';
import { group as groupName, jsonOption, nameOption, verb, waitTime } from '../values.js';
import { EndSignals } from './end-signals.js';
import { LOST_STATUS, RUNNER_STATUS, withStatuses } from './exit-status.js';
import { RunningCommand } from './running-command.js';
import { WaitLimit } from './wait-limit.js';

/** Milliseconds between SIGTERM and SIGKILL, unless `--grace` says otherwise. */
const DEFAULT_GRACE_MS = 10_000;

/** Named as the options are. */
export interface RunnerFlags extends Access {
  /** Milliseconds. */
  readonly timeout?: number;
  /** Milliseconds. */
  readonly grace: number;
  readonly json?: boolean;
}

/** @param awaited what is waited for, as in `the lock` */
export const runnerVerb = (command: Command, awaited: string, examples: readonly string[]): Command =>
  verb(command, examples)
    .argument('<group>', 'group of the members that compete, used for nothing else', groupName)
    .argument('<command...>', 'command to run, and its arguments; put -- before it')
    .addOption(nameOption())
    .addOption(
      new Option(
        '--timeout <time>',
        `longest wait for ${awaited}, such as 500ms or 30s (default: no limit)`,
      ).argParser(waitTime),
    )
    .addOption(
      new Option('--grace <time>', 'time that the command has to end before SIGKILL')
        .default(DEFAULT_GRACE_MS, '10s')
        .argParser(waitTime),
    )
    .addOption(jsonOption('one JSON object per line; what the command prints goes to standard error'));

export class Runner {
  readonly signals = new EndSignals();
  readonly limit: WaitLimit;
  /** Aborted when the wait is given up, with the reason. */
  readonly stop: AbortSignal;

  /** @param late what did not happen in time, as in `the lock was not acquired` */
  constructor(
    private readonly group: string,
    private readonly command: readonly string[],
    private readonly flags: RunnerFlags,
    late: string,
  ) {
    this.limit = new WaitLimit(flags.timeout, late);
    this.stop = AbortSignal.any([this.signals.signal, this.limit.signal]);
  }

  /**
   * Runs a piece of work with a connection, which comes back where there are several addresses.
   * @throws Failure, each condition with its status; Interrupted when a signal came before the command
   */
  async connected(work: (connection: Connection) => Promise<void>): Promise<void> {
    this.limit.start();
    try {
      await withStatuses(RUNNER_STATUS, () => withConnection(this.flags, this.stop, work, 'comes-back'));
    } finally {
      this.limit.stop();
    }
  }

  /**
   * Runs the command, and ends it when `held` is aborted.
   * @param token the fencing token, for the command
   * @returns its status @throws Failure for a command that cannot be started
   */
  async run(token: number, held: AbortSignal): Promise<number> {
    if (held.aborted || this.stop.aborted) return LOST_STATUS;
    const { command, group } = this;
    const { grace: graceMs, json } = this.flags;
    const running = await RunningCommand.start(command, {
      environment: { SSP_FENCING_TOKEN: String(token), SSP_GROUP: group },
      graceMs,
      output: json === true ? 'to-stderr' : 'inherit',
    });
    const free = this.signals.sendTo(running);
    const lose = (): void => running.end('SIGTERM');
    // It may have been lost since it was acquired.
    const off = held.aborted ? lose() : onAbort(held, lose);
    try {
      return await running.ended;
    } finally {
      off?.();
      free();
    }
  }

  /** Reports a step, for programs only. */
  async say(kind: string, fields: object = {}): Promise<void> {
    const { flags, group, stop } = this;
    if (flags.json !== true) return;
    await print(JSON.stringify({ kind, time: new Date().toISOString(), group, ...fields }), stop);
  }
}
