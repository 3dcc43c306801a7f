/** A job that one of several processes does: the one that leads. When it ends or loses its daemon, another one continues. */
import { setTimeout } from 'node:timers/promises';
import { lead } from 'ssp-toolkit/recipes';

/** Milliseconds between two steps of the job. */
const STEP_MS = 1000;

/**
 * Takes part in the election of the group `workers`, and works while this process leads.
 * @param {import('ssp-toolkit').Connection} connection
 * @param {{ log: (line: string) => void, signal: AbortSignal }} options `signal` ends it
 */
export async function work(connection, { log, signal }) {
  const job = async ({ term, signal: lost }) => {
    log(`${connection.id} works, term ${term}`);
    for (let step = 1; ; step++) {
      // Hand the term to everything that the job changes, and let that refuse a lower one.
      await setTimeout(STEP_MS, undefined, { signal: lost });
      log(`${connection.id} has done step ${step}`);
    }
  };
  await lead(connection, 'workers', job, { prefer: 'oldest', signal });
}
