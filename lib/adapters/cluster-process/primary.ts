/** The daemon of a primary: workers that it starts from then on find it in their environment. */
import cluster from 'node:cluster';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Daemon } from 'ssp-toolkit/daemon';
import { errorOf } from '../../errors.js';
import { checkOptions } from '../../recipes/options.js';
import { aText } from '../../util/option-checks.js';
import { ILLEGAL_STATE } from '../../wire/codes.js';
import { DAEMON_OPTIONS, type MachineDaemonOptions, startDaemon } from './daemon-options.js';
import { ADDRESS_VARIABLE, checkSystem } from './system.js';

/** The options of `primaryDaemon`; each has a default. */
export interface PrimaryDaemonOptions extends MachineDaemonOptions {
  /** Where the directory of the socket is made; default the one of the system for temporary files. */
  readonly dir?: string | undefined;
}

let isRunning = false;

/**
 * Starts a daemon in this process, which only processes of this machine and this user reach, and puts its address into
 * `process.env.SSP_ADDRESS`, so that workers, child processes and threads that are started later find it with `connectHere`.
 * @throws IllegalStateError in a worker of `node:cluster`, and where this process has such a daemon already; IllegalParamError,
 * NotSupportedError on Windows, and what `createDaemon` throws
 */
export async function primaryDaemon(options: PrimaryDaemonOptions = {}): Promise<PrimaryDaemon> {
  checkOptions({ ...DAEMON_OPTIONS, dir: aText }, options);
  checkSystem();
  if (!cluster.isPrimary) throw errorOf(ILLEGAL_STATE, 'expected the primary of node:cluster, got a worker');
  if (isRunning) throw errorOf(ILLEGAL_STATE, 'this process has a primary daemon already');
  isRunning = true;
  const { dir = tmpdir(), ...rest } = options;
  let folder: string | null = null;
  try {
    // Nobody else may enter it.
    folder = await mkdtemp(join(dir, 'ssp-'));
    return new PrimaryDaemon(await startDaemon(join(folder, 'sspd.sock'), rest), folder, () => {
      isRunning = false;
    });
  } catch (error) {
    isRunning = false;
    if (folder !== null) await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** A daemon for the processes of one machine. Made by `primaryDaemon`. */
export class PrimaryDaemon implements AsyncDisposable {
  /** It orders messages among processes of this machine, and of no other. */
  readonly scope = 'machine' as const;
  /** Where `connect` reaches it: `unix:/path`. */
  readonly address: string;
  private readonly before = process.env[ADDRESS_VARIABLE];
  private stopping: Promise<void> | null = null;

  /** @internal */
  constructor(
    /** The daemon itself, with its numbers. */
    readonly daemon: Daemon,
    private readonly folder: string,
    private readonly stopped: () => void,
  ) {
    this.address = `unix:${daemon.unixPath ?? ''}`;
    process.env[ADDRESS_VARIABLE] = this.address;
  }

  /** Stops the daemon: connections of workers are lost. The environment variable gets back the value that it had before. */
  async stop(): Promise<void> {
    this.stopping ??= this.end();
    await this.stopping;
  }

  /** As `stop`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private async end(): Promise<void> {
    if (process.env[ADDRESS_VARIABLE] === this.address) {
      if (this.before === undefined) delete process.env[ADDRESS_VARIABLE];
      else process.env[ADDRESS_VARIABLE] = this.before;
    }
    await this.daemon.stop();
    await rm(this.folder, { recursive: true, force: true });
    this.stopped();
  }
}
