/** A map that is the same at all members. */
import type { Connection } from '../group/connection.js';
import { Emitter } from '../group/emitter.js';
import { type MapCommand, MapMachine } from './core/machines/map.js';
import { type Replicated, replicated, type ReplicatedOptions } from './replicated.js';

export interface ReplicatedMapEvents<V> {
  /** Somebody has set a key. */
  set: [key: string, value: V];
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

/** Reads at once and here; writes through the order, so they are the same everywhere. Values are what JSON can hold. */
export class ReplicatedMap<V> extends Emitter<ReplicatedMapEvents<V>> implements AsyncDisposable {
  /** @internal */
  constructor(
    /** What it stands on: its events, `isLive`, `isWritable`. */
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

  get size(): number {
    return this.machine.size;
  }

  get(key: string): V | undefined {
    return this.machine.get(key);
  }

  has(key: string): boolean {
    return this.machine.has(key);
  }

  /** In no order that means anything. Do not change a value: it is the state itself. */
  entries(): Generator<[string, V], void, void> {
    return this.machine.entries();
  }

  /** Resolves when it is done here. @throws as `Replicated.submit` */
  async set(key: string, value: V, options?: { readonly signal?: AbortSignal }): Promise<void> {
    await this.replica.submit({ op: 'set', key, value }, options);
  }

  /** Sets a key that is not there yet. @returns whether it was this member that set it @throws as `Replicated.submit` */
  async add(key: string, value: V, options?: { readonly signal?: AbortSignal }): Promise<boolean> {
    return await this.replica.submit({ op: 'add', key, value }, options);
  }

  /** @returns whether it was there @throws as `Replicated.submit` */
  async delete(key: string, options?: { readonly signal?: AbortSignal }): Promise<boolean> {
    return await this.replica.submit({ op: 'delete', key }, options);
  }

  /** @throws as `Replicated.submit` */
  async clear(options?: { readonly signal?: AbortSignal }): Promise<void> {
    await this.replica.submit({ op: 'clear' }, options);
  }

  /** Waits until this member has the state. @throws ConnectionClosedError, or the signal's reason */
  async ready(signal?: AbortSignal): Promise<void> {
    await this.replica.ready(signal);
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
}
