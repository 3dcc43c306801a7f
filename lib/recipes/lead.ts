/** A job for the leader alone: it runs each time this member is elected, and stops when another one may be. */
import type { Connection } from '../client/connection.js';
import { type Election, type ElectionOptions, election } from './election.js';
import { LeaderLostError } from './errors.js';

/** What the job of a leader is given. */
export interface LeadInfo {
  /** The fencing token: greater than that of every leader before. Hand it to whatever the job changes. */
  readonly term: number;
  /** Aborted when this member does not lead with this term any more; its reason is a LeaderLostError, or that of the wait. */
  readonly signal: AbortSignal;
}

/** The options of `lead`; each has a default. */
export interface LeadOptions extends Omit<ElectionOptions, 'signal'> {
  /** Ends it: the signal of the job aborts, and `lead` rejects with the reason when the job has settled. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Takes part in the election of a group, and runs the job each time this member is elected: never twice at once, for after
 * a change the next run waits until the last one has settled. The value of the job is that of `lead`, and its error too;
 * then the group is left. What a job returns or throws after its signal has aborted does not count.
 *
 * `lead` settles when the job has: one that ignores its signal holds it.
 * @throws what the job throws, the signal's reason, ConnectionClosedError when the connection is lost, and as `election`
 */
export async function lead<T>(
  connection: Connection,
  group: string,
  job: (info: LeadInfo) => T | Promise<T>,
  options: LeadOptions = {},
): Promise<T> {
  const it = await election(connection, group, options);
  const { signal } = options;
  const leave = (): void => void it.leave().catch(() => undefined);
  // The others need not wait for the end of the job.
  signal?.addEventListener('abort', leave);
  try {
    for (;;) {
      await it.waitFor({ signal });
      const outcome = await runOnce(it, job, signal);
      if (outcome) return outcome.value;
    }
  } finally {
    signal?.removeEventListener('abort', leave);
    await it.leave().catch(() => undefined);
  }
}

/** @returns null when the member does not lead any more: what became of the job does not count */
async function runOnce<T>(
  it: Election,
  job: (info: LeadInfo) => T | Promise<T>,
  signal: AbortSignal | undefined,
): Promise<{ readonly value: T } | null> {
  const { isLeader, term } = it;
  // It may have lapsed since the wait ended.
  if (!isLeader || term === null || signal?.aborted) return null;
  const stop = new AbortController();
  const lapse = (): void => stop.abort(lapsed(it));
  const abort = (): void => stop.abort(signal?.reason);
  it.on('leader-lost', lapse);
  signal?.addEventListener('abort', abort);
  try {
    const value = await job({ term, signal: stop.signal });
    return stop.signal.aborted ? null : { value };
  } catch (error) {
    if (stop.signal.aborted) return null;
    throw error;
  } finally {
    it.off('leader-lost', lapse);
    signal?.removeEventListener('abort', abort);
  }
}

function lapsed({ ending }: Election): LeaderLostError {
  const why = ending?.text ?? 'the members of the group change';
  return new LeaderLostError(`the lead is lost: ${why}`, ending?.error && { cause: ending.error });
}
