/**
 * A lock file, which one process at a time holds. Its content names the holder. A lock whose process has ended, or that is held for
 * longer than its work can take, is removed. Two processes that remove the same file at one moment are distinguished by its content;
 * what still slips through is noticed by the host, which checks its socket.
 */
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { systemPlatform } from '../../mailbox/platform.js';

/** Milliseconds after which a lock is removed although its process is alive: another process may have got that id. */
export const STALE_MS = 10_000;

/** What an attempt has seen, for the next one. */
interface Seen {
  readonly mark: string;
  readonly at: number;
}

export class LockFile {
  private seen: Seen | null = null;

  constructor(private readonly path: string) {}

  /** Takes the lock. @returns a function that gives it back; null when somebody else has it */
  async take(): Promise<(() => Promise<void>) | null> {
    const mark = newMark();
    // It appears with its content, or not at all.
    const draft = `${this.path}.${mark}`;
    await writeFile(draft, mark, { mode: 0o600 });
    try {
      if (await isLinked(draft, this.path)) return () => this.giveBack(mark);
      return (await this.clear(draft)) && (await isLinked(draft, this.path))
        ? () => this.giveBack(mark)
        : null;
    } finally {
      await rm(draft, { force: true });
    }
  }

  private async giveBack(mark: string): Promise<void> {
    // Somebody may have taken it away meanwhile.
    if ((await contentOf(this.path)) === mark) await rm(this.path, { force: true });
  }

  /** Removes a lock that nobody holds any more. @param own name of a file of this process @returns whether it is gone */
  private async clear(own: string): Promise<boolean> {
    const mark = await contentOf(this.path);
    if (mark === null) return true;
    if (!this.isStale(mark)) return false;
    const away = `${own}.stale`;
    if (!(await isDone(rename(this.path, away)))) return false;
    const taken = await contentOf(away);
    // It was the lock of somebody who was faster.
    if (taken !== mark) await isLinked(away, this.path);
    await rm(away, { force: true });
    return taken === mark;
  }

  private isStale(mark: string): boolean {
    const pid = Number(/^\d+/.exec(mark)?.[0]);
    if (pid > 0 && pid !== process.pid && !isAlive(pid)) return true;
    const now = systemPlatform.clock.now();
    if (this.seen?.mark !== mark) this.seen = { mark, at: now };
    return now - this.seen.at >= STALE_MS;
  }
}

const newMark = (): string =>
  `${process.pid}-${[...systemPlatform.random(8)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;

const contentOf = (path: string): Promise<string | null> => readFile(path, 'utf8').catch(() => null);

const isDone = (act: Promise<void>): Promise<boolean> =>
  act.then(
    () => true,
    () => false,
  );

/** @returns whether the file has the second name now @throws the errors of the system, but for one that has the name already */
async function isLinked(path: string, name: string): Promise<boolean> {
  try {
    await link(path, name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** A process that this one may not signal is alive, too. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
