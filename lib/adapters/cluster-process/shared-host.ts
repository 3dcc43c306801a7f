/** The daemon of a shared place, where this process runs it: the first process that opens the socket does. */
import { stat } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Daemon } from 'ssp-toolkit/daemon';
import { systemPlatform } from '../../mailbox/platform.js';
import type { Timer } from '../../util/clock.js';
import { type MachineDaemonOptions, startDaemon } from './daemon-options.js';
import { LockFile } from './lock-file.js';
import type { SharedPlace } from './shared-place.js';

/** Milliseconds between two looks at the socket: a daemon whose socket is gone cannot be reached by new clients. */
export const LOOK_MS = 5_000;

/** By socket: connections of one process to one place have one host. */
const hosts = new Map<string, SharedHost>();

export class SharedHost {
  private users = 0;
  private daemon: Daemon | null = null;
  private looking: Timer | null = null;
  private attempts: Promise<void> = Promise.resolve();
  private readonly lock: LockFile;

  private constructor(
    private readonly place: SharedPlace,
    private readonly options: MachineDaemonOptions,
  ) {
    this.lock = new LockFile(place.lock);
  }

  /** The one of this process, which has one more user. @param options those of the first user count */
  static use(place: SharedPlace, options: MachineDaemonOptions): SharedHost {
    const host = hosts.get(place.socket) ?? new SharedHost(place, options);
    hosts.set(place.socket, host);
    host.users++;
    return host;
  }

  /** Whether this process runs the daemon. */
  get isHost(): boolean {
    return this.daemon !== null;
  }

  /** One user less. After the last one the daemon stops, and others begin one. */
  async release(): Promise<void> {
    if (--this.users > 0) return;
    hosts.delete(this.place.socket);
    await this.attempts;
    await this.stop();
  }

  /**
   * Tries to run the daemon. Nothing happens where another process runs one, or is about to.
   * @throws what `createDaemon` throws
   */
  async attempt(): Promise<void> {
    const attempt = this.attempts.then(() => this.begin());
    this.attempts = attempt.catch(() => undefined);
    await attempt;
  }

  private async begin(): Promise<void> {
    if (this.users === 0 || this.daemon !== null) return;
    const giveBack = await this.lock.take();
    if (giveBack === null) return;
    try {
      if (await isServed(this.place.socket)) return;
      const daemon = await startDaemon(this.place.socket, this.options);
      this.daemon = daemon;
      void daemon.ended.then(() => this.ended(daemon));
      this.look(await fileOf(this.place.socket));
    } finally {
      await giveBack();
    }
  }

  /** @param file that of the socket, when it was opened */
  private look(file: string | null): void {
    const look = async (): Promise<void> => {
      const isThere = file !== null && (await fileOf(this.place.socket)) === file;
      if (this.looking === null) return;
      if (isThere) this.look(file);
      else await this.stop();
    };
    this.looking = systemPlatform.clock.after(LOOK_MS, () => void look()).unref();
  }

  private async stop(): Promise<void> {
    const { daemon } = this;
    if (daemon === null) return;
    this.ended(daemon);
    await daemon.stop();
  }

  private ended(daemon: Daemon): void {
    if (this.daemon !== daemon) return;
    this.daemon = null;
    this.looking?.cancel();
    this.looking = null;
  }
}

/** What tells a file from another one of the same name; null without one. */
const fileOf = (path: string): Promise<string | null> =>
  stat(path).then(
    ({ dev, ino }) => `${dev} ${ino}`,
    () => null,
  );

/** Whether somebody accepts connections there. */
const isServed = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path, () => answer(true)).on('error', () => answer(false));
    const answer = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
  });
