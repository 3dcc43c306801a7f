/**
 * The second that the last daemon view was named by, over runs of the daemon. Several views in one second borrow from
 * the seconds to come, so a daemon that is killed and started again has to know how far its last run had got: else ids
 * of groups come twice [daemon 2.4]. Without a file a run begins with the second after its start.
 */
import { Buffer } from 'node:buffer';
import { closeSync, constants, readSync, unlinkSync, writeSync } from 'node:fs';
import type { Logger } from './log/logger.js';
import { openRegular } from './regular-file.js';

/** Whoever owns the folder, the file is ours or it is not written. Windows has no such flag, and no such folder. */
const NO_LINK = constants.O_NOFOLLOW ?? 0;
const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | NO_LINK;
const MODE = 0o600;
/** A time in decimal, and more than that. */
const MAX_TEXT_BYTES = 32;
/** What is farther ahead of the clock is no time that a run has got to. */
const MAX_AHEAD = 7 * 24 * 3600;

/** Since 1970. */
const seconds = (): number => Math.floor(Date.now() / 1000);

export class ViewTimeFile {
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
      const time = Number.parseInt(readText(this.path), 10);
      return time > 0 && time < seconds() + MAX_AHEAD ? time : 0;
    } catch {
      return 0;
    }
  }

  private write(path: string): void {
    try {
      const file = openRegular(path, FLAGS, MODE);
      try {
        writeSync(file, `${this.last}\n`);
      } finally {
        closeSync(file);
      }
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      // A folder that is not there stops the daemon anyway: the local socket belongs there too.
      if (this.hasWarned || code === 'ENOENT') return;
      this.hasWarned = true;
      this.log.warn({ path, error: message }, 'view time not written');
    }
  }
}

function readText(path: string): string {
  const file = openRegular(path, constants.O_RDONLY | NO_LINK);
  try {
    const bytes = Buffer.alloc(MAX_TEXT_BYTES);
    return bytes.toString('latin1', 0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
}
