/**
 * The second that the last daemon view was named by, over runs of the daemon. Several views in one second borrow from
 * the seconds to come, so a daemon that is killed and started again has to know how far its last run had got: else ids
 * of groups come twice (daemon-semantics.md 2.4). Without a file a run begins with the second after its start.
 */
import { closeSync, constants, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import type { Logger } from './monitor/logger.js';

/** Whoever owns the folder, the file is ours or it is not written. */
const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
const MODE = 0o600;
/** What is farther ahead of the clock is no time that a run has got to. */
const MAX_AHEAD = 7 * 24 * 3600;

/** Since 1970. */
const seconds = (): number => Math.floor(Date.now() / 1000);

export class LastTime {
  private last: number;
  private hasWarned = false;

  /** @param path null for none */
  constructor(
    private readonly path: string | null,
    private readonly log: Logger,
  ) {
    this.last = Math.max(seconds(), this.read());
  }

  /** A second that no view of this daemon was named by, of this run or one before. */
  next(): number {
    const time = Math.max(seconds(), this.last + 1);
    this.reached(time);
    return time;
  }

  /** A view is named by this second. */
  reached(time: number): void {
    if (time <= this.last) return;
    this.last = time;
    if (this.path !== null) this.write(this.path);
  }

  /** The daemon stops: once the clock has got to the last view there is nothing that the next run has to know. */
  close(): void {
    if (this.path === null || this.last >= seconds()) return;
    try {
      unlinkSync(this.path);
    } catch {
      // It was never written, or is not ours to remove: the next run can live with it.
    }
  }

  private read(): number {
    if (this.path === null) return 0;
    try {
      const time = Number.parseInt(readFileSync(this.path, 'latin1'), 10);
      return time > 0 && time < seconds() + MAX_AHEAD ? time : 0;
    } catch {
      return 0;
    }
  }

  private write(path: string): void {
    try {
      const file = openSync(path, FLAGS, MODE);
      writeSync(file, `${this.last}\n`);
      closeSync(file);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      // A folder that is not there stops the daemon anyway: the local socket belongs there too.
      if (this.hasWarned || code === 'ENOENT') return;
      this.hasWarned = true;
      this.log.warn({ path, error: message }, 'cannot write down the time of a view');
    }
  }
}
