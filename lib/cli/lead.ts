/** `ssp lead`: runs a command while it leads a group. */
import { type Command, Option } from 'commander';
import { type Connection, ConnectionClosedError } from '../index.js';
import { type LeadInfo, type LeadOptions, lead } from '../recipes/index.js';
import { Failure, Interrupted } from './failure.js';
import { type QuorumFlags, quorumOf, quorumOption } from './quorum-flags.js';
import { LOST_STATUS } from './run/exit-status.js';
import { Runner, type RunnerFlags, runnerVerb } from './run/runner.js';

interface Flags extends RunnerFlags, QuorumFlags {
  readonly once?: boolean;
  readonly prefer: NonNullable<LeadOptions['prefer']>;
}

export const leadCommand = (verb: Command): Command =>
  runnerVerb(verb, 'the lead', [
    'ssp lead importer -- node import.js',
    'ssp lead importer --once --timeout 1m -- node import.js',
    'ssp lead importer --quorum 2 --address a:4803,b:4803,c:4803 -- node import.js',
  ])
    .addOption(quorumOption())
    .addOption(
      new Option(
        '--prefer <who>',
        'which member leads: the one that is here longest, or the first of the view',
      )
        .choices(['oldest', 'first'])
        .default('oldest'),
    )
    .option('--once', 'end when the lead is lost')
    .action(async (group: string, command: string[], flags: Flags) => {
      const runner = new Runner(group, command, flags, `this process did not lead ${group}`);
      await runner.connected((connection) => new Leader(group, runner, flags).takePart(connection));
    });

/** One process in the election, over all the times that it leads. */
class Leader {
  /** Ends it from inside, with the reason. */
  private readonly over = new AbortController();
  /** How the last lead ended; null from the next one on. */
  private lost: Failure | null = null;

  constructor(
    private readonly group: string,
    private readonly runner: Runner,
    private readonly flags: Flags,
  ) {}

  async takePart(connection: Connection): Promise<void> {
    const { runner, flags, over, group } = this;
    const signal = AbortSignal.any([runner.stop, over.signal]);
    const options = { ...quorumOf(flags), prefer: flags.prefer, signal };
    await runner.say('waiting');
    try {
      process.exitCode = await lead(connection, group, (info) => this.work(info), options);
    } catch (error) {
      // The connection broke while the command ran: that says more than that there is none.
      throw this.lost !== null && error instanceof ConnectionClosedError ? this.lost : error;
    }
  }

  /** @returns the status of the command, which counts unless the lead was lost */
  private async work({ term, signal }: LeadInfo): Promise<number> {
    const { runner, flags, over } = this;
    runner.limit.stop();
    this.lost = null;
    await runner.say('leading', { token: term });
    const status = await runner.run(term, signal);
    if (!signal.aborted) {
      await runner.say('ended', { token: term, status });
      return status;
    }
    // A signal that came before the command.
    if (runner.stop.aborted) return status;
    const { message } = signal.reason as Error;
    await runner.say('lost', { token: term, reason: message });
    this.lost = new Failure(message, LOST_STATUS);
    if (runner.signals.wasForwarded) over.abort(new Interrupted(status));
    else if (flags.once) over.abort(this.lost);
    else runner.limit.start();
    return status;
  }
}
