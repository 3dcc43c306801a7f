/** A command that runs for as long as something is held: a process group, which is ended as a whole. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { type Deferred, deferred } from '../../util/deferred.js';
import { Failure } from '../failure.js';
import { NOT_EXECUTABLE_STATUS, NOT_FOUND_STATUS } from './exit-status.js';
import { Guard } from './guard.js';

/** Shells report a process that a signal ended as this plus the signal's number. */
const SIGNAL_STATUS = 128;
/** Milliseconds between two checks whether processes that the command has started are still there. */
const LOOK_MS = 20;
/** Windows has neither groups nor signals. */
const hasGroups = process.platform !== 'win32';

export interface CommandOptions {
  /** Variables beside those of this process. */
  readonly environment: Readonly<Record<string, string>>;
  /** Milliseconds from the request to end until SIGKILL. */
  readonly graceMs: number;
  /** Where its standard output goes. */
  readonly output: 'inherit' | 'to-stderr';
}

export class RunningCommand {
  /** The status: its own, or 128 and the number of the signal that ended it. After `end`, all that it has started is gone, too. */
  readonly ended: Promise<number>;
  private deadline: NodeJS.Timeout | null = null;
  private isKilled = false;

  private constructor(
    private readonly child: ChildProcess,
    private readonly graceMs: number,
    exited: Promise<number>,
    guard: Guard,
  ) {
    this.ended = this.wait(exited, guard);
  }

  /** @throws Failure for a command that cannot be started, with the status that shells have for it */
  static async start(words: readonly string[], options: CommandOptions): Promise<RunningCommand> {
    const guard = new Guard(options.graceMs);
    try {
      const child = spawnCommand(words, options);
      const exited: Deferred<number> = deferred();
      child.once('exit', (code, signal) => exited.resolve(statusOf(code, signal)));
      // Before anything is awaited: it runs already, and this process may be killed at any time.
      if (child.pid !== undefined) guard.watch(child.pid);
      await once(child, 'spawn');
      return new RunningCommand(child, options.graceMs, exited.promise, guard);
    } catch (error) {
      guard.dismiss();
      throw startFailure(words[0] ?? '', error as NodeJS.ErrnoException);
    }
  }

  /** Sends the signal to the command and to what it has started; when the grace is over, SIGKILL. */
  end(signal: NodeJS.Signals): void {
    this.kill(signal);
    this.deadline ??= setTimeout(() => {
      this.isKilled = true;
      this.kill('SIGKILL');
    }, this.graceMs);
  }

  private async wait(exited: Promise<number>, guard: Guard): Promise<number> {
    const status = await exited;
    // A shell may end before the program that it has started, which needs its grace as well.
    while (this.hasGrace() && this.kill(0)) await pause(LOOK_MS);
    if (this.deadline !== null) clearTimeout(this.deadline);
    guard.dismiss();
    return status;
  }

  /** Whether it was asked to end, and the time for that is not over. */
  private hasGrace(): boolean {
    return hasGroups && this.deadline !== null && !this.isKilled;
  }

  /** @returns whether there was somebody to send it to */
  private kill(signal: NodeJS.Signals | 0): boolean {
    const { child } = this;
    try {
      return hasGroups ? process.kill(-(child.pid as number), signal) : child.kill(signal);
    } catch {
      return false;
    }
  }
}

const spawnCommand = (
  [file = '', ...args]: readonly string[],
  { environment, output }: CommandOptions,
): ChildProcess =>
  spawn(file, args, {
    // Ctrl-C reaches this process alone, which passes it on: so the command gets it once.
    detached: hasGroups,
    env: { ...process.env, ...environment },
    stdio: ['inherit', output === 'to-stderr' ? process.stderr : 'inherit', 'inherit'],
  });

const statusOf = (code: number | null, signal: NodeJS.Signals | null): number =>
  code ?? SIGNAL_STATUS + (signal === null ? 0 : constants.signals[signal]);

function startFailure(file: string, error: NodeJS.ErrnoException): Failure {
  const isMissing = error.code === 'ENOENT';
  const why = isMissing ? 'not found' : error.message;
  const status = isMissing ? NOT_FOUND_STATUS : NOT_EXECUTABLE_STATUS;
  return new Failure(`cannot run ${JSON.stringify(file)}: ${why}`, status, { cause: error });
}
