/**
 * Ends connections whose other end has fallen silent: its machine is off, or a cable is gone, and nobody says so.
 *
 * Where nothing is on its way the kernel asks by keepalive, and ends the connection after ten questions, one a second.
 * Where data are on their way it does not: it sends them again and again, for 15 minutes as Linux is set. So the
 * kernel's table is looked at as long as something is on its way. Where there is no such table, the kernel's time holds.
 */
import { Buffer } from 'node:buffer';
import { open } from 'node:fs/promises';
import { isIPv4, type Socket } from 'node:net';
import { SILENCE_TIMEOUT } from './limits.js';
import { type AnswerTimes, Suspects } from './suspects.js';
import { readTcpLine, tableKey } from './tcp-table.js';

/** Node has the kernel send this many questions, one each second. */
const KEEPALIVE_TIME = 10_000;
/** The kernel takes no more than 32767 seconds; this is what it waits by itself. */
const MAX_IDLE = 7_200_000;

/** Looks within the time of a silence. */
const LOOKS = 6;
/** Looks may take this share of the time at most: in a table of 100,000 connections one takes a while. */
const MAX_SHARE = 0.25;

/** What one read takes in. */
const READ_BYTES = 64 * 1024;

export interface TableFiles {
  readonly ipv4: string;
  readonly ipv6: string;
}

const TABLES: TableFiles = { ipv4: '/proc/net/tcp', ipv6: '/proc/net/tcp6' };

/** What is used of a socket. */
export type WatchedSocket = Pick<
  Socket,
  'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort' | 'bytesWritten' | 'destroyed'
> & {
  setKeepAlive(enable: boolean, initialDelay: number): unknown;
  once(event: 'close', listener: () => void): unknown;
  destroy(error: Error): unknown;
};

interface Watched extends AnswerTimes {
  readonly socket: WatchedSocket;
  readonly isIPv4: boolean;
  /** Bytes it had written at the last look. */
  written: number;
}

export class SilenceWatch {
  private readonly watched = new Map<string, Watched>();
  private readonly suspects = new Suspects();
  /** Whether the last look has seen data on their way. */
  private isBusy = false;
  private timer: NodeJS.Timeout | null = null;
  /** The shortest time of silence. */
  private timeout = Infinity;
  private isLooking = false;
  private isBlind = false;

  constructor(
    private readonly files: TableFiles = TABLES,
    private readonly looks = LOOKS,
  ) {}

  /** Ends the connection with an error ETIMEDOUT when its other end has been silent for `timeout` milliseconds. */
  add(socket: WatchedSocket, timeout: number): void {
    const { localAddress, localPort, remoteAddress, remotePort } = socket;
    if (localAddress === undefined || localPort === undefined) return;
    if (remoteAddress === undefined || remotePort === undefined) return;
    // The own machine is not silent.
    if (localAddress === remoteAddress) return;
    const idle = idleTime(timeout);
    socket.setKeepAlive(true, idle);
    if (this.isBlind) return;
    const key = tableKey({ localAddress, localPort, remoteAddress, remotePort });
    this.suspects.forget(key);
    const watched = { socket, isIPv4: isIPv4(remoteAddress), timeout, idle, written: 0 };
    this.watched.set(key, watched);
    socket.once('close', () => this.remove(key, watched));
    if (timeout >= this.timeout) return;
    this.timeout = timeout;
    if (!this.isLooking) this.arm(timeout / this.looks);
  }

  private remove(key: string, watched: Watched): void {
    if (this.watched.get(key) !== watched) return;
    this.watched.delete(key);
    this.suspects.forget(key);
    if (this.watched.size > 0) return;
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    this.timeout = Infinity;
  }

  private arm(pause: number): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.look(), pause).unref();
  }

  private async look(): Promise<void> {
    this.timer = null;
    this.isLooking = true;
    const start = performance.now();
    if (this.isDue()) await this.read().catch((error: NodeJS.ErrnoException) => this.failed(error));
    const took = performance.now() - start;
    this.isLooking = false;
    if (this.watched.size === 0) return;
    this.timeout = Infinity;
    for (const { timeout } of this.watched.values()) this.timeout = Math.min(this.timeout, timeout);
    this.arm(Math.max(this.timeout / this.looks, took * (1 / MAX_SHARE - 1)));
  }

  /** Whether the table can tell anything that the kernel does not find out by itself in time. */
  private isDue(): boolean {
    if (this.isBusy || this.suspects.size > 0) return true;
    for (const { socket, written, timeout, idle } of this.watched.values()) {
      if (socket.bytesWritten !== written || idle + KEEPALIVE_TIME > timeout) return true;
    }
    return false;
  }

  private async read(): Promise<void> {
    const families = new Set<boolean>();
    for (const watched of this.watched.values()) {
      watched.written = watched.socket.bytesWritten;
      families.add(watched.isIPv4);
    }
    this.isBusy = false;
    for (const family of families) {
      for await (const lines of linesOf(family ? this.files.ipv4 : this.files.ipv6)) this.judge(lines);
    }
  }

  private judge(lines: readonly string[]): void {
    const now = performance.now();
    for (const text of lines) {
      const line = readTcpLine(text);
      const watched = line && this.watched.get(line.key);
      if (!watched) continue;
      if (line.queued > 0) this.isBusy = true;
      if (this.suspects.isSilent(line, watched, now)) watched.socket.destroy(silence(watched));
    }
  }

  /** Without a table the kernel alone decides. What else can go wrong, such as too many open files, passes. */
  private failed({ code }: NodeJS.ErrnoException): void {
    this.isBusy = true;
    if (code !== 'ENOENT' && code !== 'EACCES') return;
    this.isBlind = true;
    for (const [key, watched] of this.watched) this.remove(key, watched);
  }
}

/** With a time that is long enough, the kernel's questions end when the time does. */
const idleTime = (timeout: number): number =>
  Math.min(Math.max(timeout / 3, timeout - KEEPALIVE_TIME, 1_000), MAX_IDLE);

/** As the kernel's own. */
const silence = ({ socket, timeout }: Watched): Error =>
  Object.assign(
    new Error(`no sign of life from ${socket.remoteAddress}, port ${socket.remotePort}, for ${timeout} ms`),
    { code: 'ETIMEDOUT' },
  );

async function* linesOf(file: string): AsyncGenerator<string[]> {
  const handle = await open(file);
  try {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    let rest = '';
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, READ_BYTES, null);
      if (bytesRead === 0) break;
      const lines = (rest + buffer.toString('latin1', 0, bytesRead)).split('\n');
      rest = lines.pop() ?? '';
      yield lines;
    }
  } finally {
    await handle.close();
  }
}

/** One watch for all connections of the process: one look serves them all. */
const watch = new SilenceWatch();

export const watchPeer = (socket: WatchedSocket, timeout = SILENCE_TIMEOUT): void =>
  watch.add(socket, timeout);

/** Whether this system has a table to look at. */
export async function tellsSilence(file = TABLES.ipv4): Promise<boolean> {
  const handle = await open(file).catch(() => null);
  await handle?.close();
  return handle !== null;
}
