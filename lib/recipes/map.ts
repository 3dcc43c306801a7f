/** A map that is the same at all members. */
import type { Connection } from '../client/connection.js';
import { Emitter } from '../client/event-fanout.js';
import { errorOf } from '../errors.js';
import { ILLEGAL_PARAM } from '../wire/codes.js';
import { type MapCommand, MapMachine } from './core/machines/map.js';
import { type WaitOptions, jsonText } from './options.js';
import { type Replicated, type ReplicatedOptions, replicated } from './replicated.js';

/** Events of a map, with their arguments. */
export interface ReplicatedMapEvents<V> {
  /** Somebody has set a key. */
  set: [key: string, value: V];
  /** A key was deleted; with its last value. */
  deleted: [key: string, value: V];
  /** All of it may be different: it was cleared, or another state has taken its place. */
  replaced: [];
}

/** @throws as `replicated` */
export async function map<V>(
  connection: Connection,
  group: string,
  options: ReplicatedOptions = {},
): Promise<ReplicatedMap<V>> {
  const machine = new MapMachine<V>();
  return new ReplicatedMap(
    await replicated<MapCommand<V>, boolean>(connection, group, machine, options),
    machine,
  );
}

/**
 * Reads at once and here; writes through the order, so they are the same everywhere. Values travel as JSON: what is
 * read is what came of that, here as at all others, such as a text for a Date.
 */
export class ReplicatedMap<V>
  extends Emitter<ReplicatedMapEvents<V>>
  implements Iterable<[string, V]>, AsyncDisposable
{
  /** @internal */
  constructor(
    /** What it stands on: its events, `hasState`, `isWritable`. */
    readonly replica: Replicated<MapCommand<V>, boolean>,
    private readonly machine: MapMachine<V>,
  ) {
    super();
    const emit = this as Emitter<ReplicatedMapEvents<unknown>>;
    machine.listener = {
      set: (key, value) => void emit.emit('set', key, value),
      deleted: (key, value) => void emit.emit('deleted', key, value),
      replaced: () => void emit.emit('replaced'),
    };
  }

  /** Number of keys, as this member knows it. */
  get size(): number {
    return this.machine.size;
  }

  /**
   * The value of the key, as this member knows it; undefined without one. Do not change it: it is the state
   * itself.
   */
  get(key: string): V | undefined {
    return this.machine.get(key);
  }

  /** Whether the key is there, as this member knows it. */
  has(key: string): boolean {
    return this.machine.has(key);
  }

  /** In no particular order. Do not change a value: it is the state itself. */
  entries(): Generator<[string, V], void, void> {
    return this.machine.entries();
  }

  /** In no particular order. */
  *keys(): Generator<string, void, void> {
    for (const [key] of this.entries()) yield key;
  }

  /** In no particular order. Do not change a value: it is the state itself. */
  *values(): Generator<V, void, void> {
    for (const [, value] of this.entries()) yield value;
  }

  /** As `entries`. */
  [Symbol.iterator](): Generator<[string, V], void, void> {
    return this.entries();
  }

  /** Resolves when it is done here. @throws as `Replicated.submit` */
  async set(key: string, value: V, options?: WaitOptions): Promise<void> {
    await this.put('set', key, value, options);
  }

  /** Sets a key that is not there yet. @returns whether it was this member that set it @throws as `Replicated.submit` */
  async add(key: string, value: V, options?: WaitOptions): Promise<boolean> {
    return await this.put('add', key, value, options);
  }

  /** @returns whether it was there @throws as `Replicated.submit` */
  async delete(key: string, options?: WaitOptions): Promise<boolean> {
    checkKey(key);
    return await this.replica.submit({ op: 'delete', key }, options);
  }

  /** Deletes all keys. @throws as `Replicated.submit` */
  async clear(options?: WaitOptions): Promise<void> {
    await this.replica.submit({ op: 'clear' }, options);
  }

  /**
   * Resolves when it is over: with nothing when the group was left, with the error when the connection was lost or this
   * member cannot stay.
   */
  get closed(): Promise<Error | undefined> {
    return this.replica.closed;
  }

  /** Waits until this member has the state. @throws ConnectionClosedError, or the signal's reason */
  async ready(options: WaitOptions = {}): Promise<void> {
    await this.replica.ready(options);
  }

  /** Leaves the group. */
  async leave(): Promise<void> {
    await this.replica.leave();
  }

  /** Leaves the group. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.replica.leave();
  }

  protected override attached(): void {
    // Events are not kept for late listeners: the map is there to be read.
  }

  private async put(
    op: 'set' | 'add',
    key: string,
    value: V,
    options: WaitOptions | undefined,
  ): Promise<boolean> {
    checkKey(key);
    const name = JSON.stringify(key);
    // Each made to JSON once.
    const text = jsonText(value, `the value of ${name}`);
    return await this.replica.submitText(`{"op":"${op}","key":${name},"value":${text}}`, options);
  }
}

/** @throws IllegalParamError */
function checkKey(key: unknown): void {
  if (typeof key !== 'string') throw errorOf(ILLEGAL_PARAM, `key must be a string, got ${typeof key}`);
}
