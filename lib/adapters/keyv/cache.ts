/** One member of a cache, which the stores of one process share: it writes through the order, and sweeps. */
import { Buffer } from '#buffer';
import { errorOf } from '../../errors.js';
import { type Platform, platformOf } from '../../mailbox/platform.js';
import { MAX_PAYLOAD_BYTES } from '../../recipes/core/limits.js';
import { jsonText } from '../../recipes/options.js';
import type { Replicated } from '../../recipes/replicated.js';
import type { Timer } from '../../util/clock.js';
import { MESSAGE_TOO_LONG } from '../../wire/codes.js';
import { notReady, untilWritable, WAIT_MS, within } from '../bounded-wait.js';
import type { AdapterConnection } from '../connection.js';
import { type Entry, isExpired } from './entry.js';
import type { CacheCommand, CacheMachine } from './machine.js';

/** Milliseconds between two sweeps. */
export const SWEEP_MS = 30_000;
/** Most keys that a sweep removes with one message. */
const SWEEP_KEYS = 1000;
/** What a command, or an entry of it, has besides keys and values. */
const COMMAND_BYTES = 64;
/** Longest text of a key in an error, in characters. */
const SHOWN = 60;

export type CacheReplica = Replicated<CacheCommand, boolean[]>;

export class Cache {
  /** Stores that use it. */
  private users = 0;
  private sweeping: Timer | null = null;
  private hadState = false;
  private readonly platform: Platform;

  constructor(
    readonly replica: CacheReplica,
    private readonly machine: CacheMachine,
    private readonly place: AdapterConnection,
  ) {
    this.platform = platformOf(place.connection);
    this.sweepLater();
    void replica.closed.then(() => this.sweeping?.cancel());
    replica.ready().then(
      () => (this.hadState = true),
      () => undefined,
    );
  }

  /** One store more. */
  use(): void {
    this.users++;
  }

  /** One store less: after the last one the group is left, and the connection closed if it is its own. */
  async release(): Promise<void> {
    if (--this.users > 0) return;
    try {
      await this.replica.leave();
    } finally {
      await this.place.release();
    }
  }

  /** Time of day, in milliseconds since 1970. */
  now(): number {
    return this.platform.clock.date();
  }

  /** As this member knows it; waits for the state once. @throws ReadOnlyError without it after 5 s, ConnectionClosedError */
  async get(key: string): Promise<Entry | undefined> {
    await this.ready();
    return this.machine.get(key, this.now());
  }

  /** The entries whose keys begin with the prefix, without those that have expired. @throws as `get` */
  async *entries(prefix: string): AsyncGenerator<[string, Entry], void, void> {
    await this.ready();
    for (const [key, entry] of this.machine.entries())
      if (key.startsWith(prefix) && !isExpired(entry, this.now())) yield [key, entry];
  }

  /** Resolves when all of them are set here. @throws MessageTooLongError that names the key, and as `Replicated.submit` */
  async set(entries: readonly (readonly [string, Entry])[]): Promise<void> {
    const sizes = entries.map(([key, { v }]) => {
      const name = shown(key);
      const bytes = sizeOf(key) + Buffer.byteLength(jsonText(v, `the value of ${name}`));
      if (bytes > MAX_PAYLOAD_BYTES)
        throw errorOf(
          MESSAGE_TOO_LONG,
          `the value of ${name} is ${bytes} bytes with its key, limit is ${MAX_PAYLOAD_BYTES}`,
        );
      return bytes;
    });
    await this.inParts(entries, sizes, (part) => ({ op: 'set', entries: part }));
  }

  /** @returns for each key whether it was there, expired ones included @throws as `Replicated.submit` */
  async delete(keys: readonly string[]): Promise<boolean[]> {
    return await this.inParts(keys, keys.map(sizeOf), (part) => ({ op: 'delete', keys: part }));
  }

  /** Deletes the keys that begin with the prefix. @throws as `Replicated.submit` */
  async clear(prefix: string): Promise<void> {
    await untilWritable(this.replica, this.platform.clock);
    await this.replica.submit({ op: 'clear', prefix });
  }

  /** As many messages as the bytes need; they are ordered as they are here, and others may come between them. */
  private async inParts<T>(
    all: readonly T[],
    bytes: readonly number[],
    commandOf: (part: readonly T[]) => CacheCommand,
  ): Promise<boolean[]> {
    await untilWritable(this.replica, this.platform.clock);
    const answers: Promise<boolean[]>[] = [];
    let begin = 0;
    let sum = 0;
    for (let at = 0; at <= all.length; at++) {
      const next = bytes[at] ?? Infinity;
      if (sum > 0 && sum + next > MAX_PAYLOAD_BYTES) {
        answers.push(this.replica.submit(commandOf(all.slice(begin, at))));
        [begin, sum] = [at, 0];
      }
      sum += next;
    }
    return (await Promise.all(answers)).flat();
  }

  private async ready(): Promise<void> {
    const { replica } = this;
    // Its state can still be read when the connection is lost, or closed.
    if (replica.hasState || (this.hadState && (replica.isSuspended || replica.isClosed))) return;
    const { clock } = this.platform;
    await within(
      clock,
      WAIT_MS,
      () => notReady(replica),
      (signal) => replica.ready({ signal }),
    );
  }

  private sweepLater(): void {
    if (this.replica.isClosed) return;
    // It keeps no process alive: the connection does, while it is open.
    this.sweeping = this.platform.clock
      .after(SWEEP_MS, () => void this.sweep().finally(() => this.sweepLater()))
      .unref();
  }

  /** One member does it for all. What cannot be removed now is removed the next time. */
  private async sweep(): Promise<void> {
    const { machine, replica } = this;
    if (!replica.isFirst || !replica.isWritable) return;
    const now = this.now();
    let keys: string[] = [];
    for (const [key, entry] of machine.entries()) {
      if (!isExpired(entry, now)) continue;
      keys.push(key);
      if (keys.length < SWEEP_KEYS) continue;
      await this.expire(keys, now);
      keys = [];
    }
    if (keys.length > 0) await this.expire(keys, now);
  }

  private async expire(keys: readonly string[], now: number): Promise<void> {
    await this.inParts(keys, keys.map(sizeOf), (part) => ({ op: 'expire', keys: part, now })).catch(
      () => undefined,
    );
  }
}

/** Bytes of a key in a command, and of all that is neither keys nor values. */
const sizeOf = (key: string): number => Buffer.byteLength(JSON.stringify(key)) + COMMAND_BYTES;

const shown = (key: string): string => JSON.stringify(key.length > SHOWN ? `${key.slice(0, SHOWN)}...` : key);
