/** `ssp lock`: runs a command while it holds a lock. */
import type { Command } from 'commander';
import type { Connection } from '../index.js';
import { type HeldLock, lock } from '../recipes/index.js';
import { abortable } from '../util/deferred.js';
import { Failure } from './failure.js';
import {
  checkQuorumFlags,
  maxMembersOption,
  type QuorumFlags,
  quorumOf,
  quorumOption,
} from './quorum-flags.js';
import { LOST_STATUS } from './run/exit-status.js';
import { Runner, type RunnerFlags, runnerVerb } from './run/runner.js';

/** Milliseconds for giving the lock back; after that the end of the connection does it. */
const RELEASE_LIMIT_MS = 5_000;

type Flags = RunnerFlags & QuorumFlags;

export const lockCommand = (verb: Command): Command =>
  runnerVerb(verb, 'the lock', [
    'ssp lock backup -- ./backup.sh --all',
    'ssp lock backup --timeout 1s -- ./backup.sh || echo "another one makes the backup, or it failed"',
    'ssp lock printer --quorum 2 --address a:4803,b:4803,c:4803 -- lp report.pdf',
  ])
    .addOption(quorumOption())
    .addOption(maxMembersOption())
    .hook('preAction', checkQuorumFlags)
    .action(async (group: string, command: string[], flags: Flags) => {
      const runner = new Runner(group, command, flags, `the lock ${group} was not acquired`);
      await runner.connected((connection) => hold(connection, group, runner, flags));
    });

async function hold(connection: Connection, group: string, runner: Runner, flags: Flags): Promise<void> {
  const { stop } = runner;
  const it = await lock(connection, group, { ...quorumOf(flags), signal: stop });
  await runner.say('waiting');
  const held = await it.acquire({ signal: stop });
  runner.limit.stop();
  await runner.say('acquired', { token: held.token });
  const status = await runner.run(held.token, held.signal);
  if (held.signal.aborted) {
    const { message } = held.signal.reason as Error;
    await runner.say('lost', { token: held.token, reason: message });
    throw new Failure(message, LOST_STATUS);
  }
  await release(held);
  await runner.say('ended', { token: held.token, status });
  process.exitCode = status;
}

/** Where the daemon does not answer, the connection is closed, and the others strike it off. */
async function release(held: HeldLock): Promise<void> {
  await abortable(held.release(), AbortSignal.timeout(RELEASE_LIMIT_MS)).catch(() => undefined);
}
