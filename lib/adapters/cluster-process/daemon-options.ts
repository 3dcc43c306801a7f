/** Options of the daemons that this adapter starts, and how they are started. */
import { holds } from '../../util/option-checks.js';
import type { Daemon, DaemonOptions } from 'ssp-toolkit/daemon';

/** What a daemon of one machine takes of the options of `createDaemon`. */
export interface MachineDaemonOptions {
  /** Name of the daemon, 1 to 19 characters. */
  readonly name?: Exclude<DaemonOptions['name'], undefined>;
  /** Limits; each has a default. */
  readonly limits?: Exclude<DaemonOptions['limits'], undefined>;
  /** Where the daemon logs; default nowhere. */
  readonly logger?: Exclude<DaemonOptions['logger'], undefined>;
}

const anObject = holds((value) => typeof value === 'object' && value !== null, 'must be an object');

/** Checked further by `createDaemon`, which knows them. */
export const DAEMON_OPTIONS = {
  name: holds((value) => typeof value === 'string', 'must be a string'),
  limits: anObject,
  logger: anObject,
};

/** Starts a daemon that is reached by a local socket only. @throws as `createDaemon` */
export async function startDaemon(unixPath: string, options: MachineDaemonOptions): Promise<Daemon> {
  // A program that only connects loads nothing of the daemon.
  const { createDaemon } = await import('ssp-toolkit/daemon');
  return await createDaemon({ ...options, listen: [], unixPath });
}
