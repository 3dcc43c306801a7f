/** A store of Keyv 5 and Keyv 6 whose entries are the same at all members. */
import type { Connection } from '../../client/connection.js';
import type { ConnectOptions } from '../../client/options.js';
import { Emitter } from '../../client/event-fanout.js';
import { errorOf } from '../../errors.js';
import { checkOptions, given } from '../../recipes/options.js';
import { replicated, REPLICATED_OPTIONS } from '../../recipes/replicated.js';
import { aText } from '../../util/option-checks.js';
import { CONNECTION_CLOSED, ILLEGAL_PARAM } from '../../wire/codes.js';
import { onConnection } from '../connection.js';
import { groupNameOf } from '../group-name.js';
import { Cache, type CacheReplica } from './cache.js';
import type { Entry } from './entry.js';
import { CacheMachine, type CacheCommand } from './machine.js';

/** The options of `keyvStore`; each has a default. */
export interface KeyvStoreOptions {
  /** The group of the processes that share the entries; default `keyv`. Any text that is not empty: one that cannot be the name of a group is hashed. */
  readonly group?: string | undefined;
  /** Members that have to be together for writes, as for `replicated`: an integer from 1, more than half of all there can be. Default: none. */
  readonly quorum?: number | undefined;
  /** How many members there can ever be at one time, as for `replicated`: an integer from 1; default 2 * quorum - 1. */
  readonly maxMembers?: number | undefined;
  /** How long the others wait, once, for a member that does not answer; milliseconds from 1, default 1000. */
  readonly silenceTimeoutMs?: number | undefined;
  /** Gives up joining. */
  readonly signal?: AbortSignal | undefined;
}

/** Events of a store, with their arguments. Keyv listens to `error` and emits it, too. */
export interface KeyvStoreEvents {
  /** The connection is lost, or this member cannot stay: reads continue from memory, and writes reject. */
  error: [Error];
  /** Two components met and the other one's entries won: this many writes made here are undone. Never with a quorum. */
  'rolled-back': [writes: number];
}

/** What a method gives, as one major of Keyv wants it, and the other one does not. */
// oxlint-disable-next-line typescript/no-explicit-any
type EitherKeyv = any;

/** A write of several keys: `ttl` in milliseconds is of Keyv 5, `expires` in milliseconds since 1970 of Keyv 6. */
export interface KeyvWrite {
  /** The key. */
  readonly key: string;
  /** What Keyv has made of the value. */
  readonly value: unknown;
  /** Milliseconds to live. */
  readonly ttl?: number | undefined;
  /** Milliseconds since 1970. */
  readonly expires?: number | undefined;
}

const { whenReadOnly: _, ...GROUP_OPTIONS } = REPLICATED_OPTIONS;
const OPTIONS = { ...GROUP_OPTIONS, group: aText };

/**
 * Joins the processes that share a cache: `new Keyv({ store: await keyvStore(connection) })`.
 * @param target a connection of yours, or options of `connect` with `addresses` for one that belongs to the store
 * @throws IllegalParamError, and what `connect` and `Connection.join` throw
 */
export async function keyvStore(
  target: Connection | ConnectOptions,
  options: KeyvStoreOptions = {},
): Promise<KeyvStore> {
  checkOptions(OPTIONS, options);
  const { group = 'keyv', ...rest } = options;
  return await onConnection(target, async (place) => {
    const settings = { ...given(rest), whenReadOnly: 'reject' as const };
    const machine = new CacheMachine();
    const name = groupNameOf(group);
    const replica = await replicated<CacheCommand, boolean[]>(place.connection, name, machine, settings);
    return new KeyvStore(new Cache(replica, machine, place));
  });
}

/**
 * Reads at once and here, writes through the order. Give each Keyv a store of its own, since Keyv puts its namespace into it:
 * `sibling()` is another one on the same entries. Made by `keyvStore`.
 */
export class KeyvStore extends Emitter<KeyvStoreEvents> implements AsyncDisposable {
  /** Of the Keyv that has this store, which sets it: keys of different namespaces are different keys. */
  namespace: string | undefined = undefined;
  /**
   * Keyv 5 gives an iterator only to stores whose dialect it knows, and looks into `url`; it has no name for others. Keyv 6 does
   * not look.
   */
  readonly opts: EitherKeyv = { url: 'ssp:', dialect: 'redis' };
  /** Whether Keyv 6 has it: that one asks for `capabilities` before anything else, and Keyv 5 never does. */
  private isSix = false;
  private isDisconnected = false;

  /** @internal */
  constructor(private readonly cache: Cache) {
    super();
    cache.use();
    const { replica } = cache;
    replica.on('suspended', this.suspended);
    replica.on('close', this.closed);
    replica.on('rolled-back', this.rolledBack);
  }

  /** The replicated state below: its events, `hasState`, `isWritable`. */
  get replica(): CacheReplica {
    return this.cache.replica;
  }

  /** For Keyv 6, which asks for it: expiry is passed as a time of day. */
  get capabilities(): EitherKeyv {
    this.isSix = true;
    return { compatible: true, store: 'keyvStorage', methods: {}, expires: true };
  }

  /** Another store on the same entries, for another Keyv. @throws IllegalParamError when this one is disconnected */
  sibling(): KeyvStore {
    if (this.isDisconnected) throw errorOf(ILLEGAL_PARAM, 'this store is disconnected');
    return new KeyvStore(this.cache);
  }

  /** The value, as this member knows it; undefined without one. @throws ReadOnlyError without the state after 5 s, ConnectionClosedError */
  async get(key: string): Promise<EitherKeyv> {
    return valueOf(await this.cache.get(this.full(key)));
  }

  /** @throws as `get` */
  async getMany(keys: string[]): Promise<EitherKeyv[]> {
    return await Promise.all(keys.map((key) => this.get(key)));
  }

  /** @throws as `get` */
  async has(key: string): Promise<boolean> {
    return (await this.cache.get(this.full(key))) !== undefined;
  }

  /** @throws as `get` */
  async hasMany(keys: string[]): Promise<boolean[]> {
    return await Promise.all(keys.map((key) => this.has(key)));
  }

  /**
   * Resolves when it is set here; then all others set it, too, in the same order.
   * @param time milliseconds to live for Keyv 5, milliseconds since 1970 for Keyv 6; without one the value stays
   * @throws MessageTooLongError that names the key, ReadOnlyError, ResultUnknownError, IllegalParamError for what JSON cannot hold,
   * ConnectionClosedError
   */
  async set(key: string, value: unknown, time?: number): Promise<boolean> {
    await this.cache.set([this.entry(key, value, time)]);
    return true;
  }

  /** Sets several keys with as few messages as their size allows. @throws as `set` */
  async setMany(entries: readonly KeyvWrite[]): Promise<EitherKeyv> {
    const all = entries.map(({ key, value, ttl, expires }) =>
      this.entry(key, value, this.isSix ? expires : ttl),
    );
    await this.cache.set(all);
    return entries.map(() => true);
  }

  /** Deletes a key. @returns whether it was there @throws as `set` */
  async delete(key: string): Promise<boolean> {
    const [wasThere = false] = await this.cache.delete([this.full(key)]);
    return wasThere;
  }

  /** Deletes keys. @returns for Keyv 6 whether each was there; for Keyv 5 whether all were @throws as `set` */
  async deleteMany(keys: string[]): Promise<EitherKeyv> {
    const wereThere = await this.cache.delete(keys.map((key) => this.full(key)));
    return this.isSix ? wereThere : wereThere.every(Boolean);
  }

  /** Deletes the keys of the namespace; all keys without one. @throws as `set` */
  async clear(): Promise<void> {
    await this.cache.clear(this.prefix);
  }

  /**
   * Keys and values of the namespace, in no particular order.
   * @param namespace given by Keyv 5, which wants keys with their namespace; Keyv 6 wants them without
   * @throws as `get`
   */
  async *iterator(namespace?: string): AsyncGenerator<EitherKeyv, void> {
    const { prefix } = this;
    for await (const [key, entry] of this.cache.entries(prefix))
      yield [namespace === undefined ? key.slice(prefix.length) : key, valueOf(entry)];
  }

  /** Ends the use of this store. With the last of the siblings the group is left, and the connection closed if it is the store's own. */
  async disconnect(): Promise<void> {
    if (this.isDisconnected) return;
    this.isDisconnected = true;
    const { replica } = this.cache;
    // Its siblings may live for long, and nobody listens to the events of this one any more.
    replica.off('suspended', this.suspended);
    replica.off('close', this.closed);
    replica.off('rolled-back', this.rolledBack);
    await this.cache.release();
  }

  /** As `disconnect`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect();
  }

  protected override attached(): void {
    // Events are not kept for late listeners.
  }

  private get prefix(): string {
    return this.namespace ? `${this.namespace}:` : '';
  }

  /** Keyv 5 has put the namespace before the key, unless its options say otherwise; Keyv 6 leaves it to the store. */
  private full(key: string): string {
    if (typeof key !== 'string') throw errorOf(ILLEGAL_PARAM, `key must be a string, got ${typeof key}`);
    const { prefix } = this;
    return !this.isSix && key.startsWith(prefix) ? key : prefix + key;
  }

  private entry(key: string, value: unknown, time: number | undefined): readonly [string, Entry] {
    const full = this.full(key);
    if (typeof time !== 'number' || !Number.isFinite(time) || time === 0) return [full, { v: value }];
    return [full, { v: value, x: this.isSix ? time : this.cache.now() + time }];
  }

  private readonly suspended = (): void => {
    this.emit('error', errorOf(CONNECTION_CLOSED, 'the connection is lost, and looks for a daemon'));
  };

  private readonly closed = (error?: Error): void => {
    if (error) this.emit('error', error);
  };

  private readonly rolledBack = (writes: number): void => {
    this.emit('rolled-back', writes);
  };
}

/** Without serialization the value may be an object that is part of the state: it is copied, so that callers cannot change the state. */
const valueOf = (entry: Entry | undefined): unknown => {
  const value = entry?.v;
  return typeof value === 'object' && value !== null ? structuredClone(value) : value;
};
