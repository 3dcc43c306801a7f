/** A map that is the same at all members. */
import type { Connection } from '../client/connection.js';
import { Emitter } from '../client/event-fanout.js';
import { errorOf } from '../errors.js';
import { aSchema } from '../util/schema.js';
import type { StandardSchema, ValueIssue } from '../util/standard-schema.js';
import { ILLEGAL_PARAM } from '../wire/codes.js';
import { type MapCommand, MapMachine } from './core/machines/map.js';
import { checkOptions, type WaitOptions } from './options.js';
import { type Replicated, REPLICATED_OPTIONS, type ReplicatedOptions, replicated } from './replicated.js';
import { SchemaReader, validText } from './schemas.js';

/** Events of a map, with their arguments. */
export interface ReplicatedMapEvents<V> {
  /** Somebody has set a key. */
  set: [key: string, value: V];
  /** A key was deleted; with its last value. */
  deleted: [key: string, value: V];
  /**
   * Somebody has set a key to what the schema does not accept: it has no value here, though no other one can be added. Only with a
   * schema.
   */
  invalid: [key: string, issues: readonly ValueIssue[]];
  /** All of it may be different: it was cleared, or another state has taken its place. */
  replaced: [];
}

/** The options of `map` with a schema. */
export interface TypedMapOptions<V, Input = V> extends ReplicatedOptions {
  /**
   * Of the values; it must answer at once. It checks what this member sets, and what it reads: values of others that it does not accept
   * are not shown. What is in the map does not depend on it, so members may have different schemas, or none.
   */
  readonly schema: StandardSchema<Input, V>;
}

/** @throws as `replicated` */
export async function map<V, Input>(
  connection: Connection,
  group: string,
  options: TypedMapOptions<V, Input>,
): Promise<ReplicatedMap<V, Input>>;
export async function map<V>(
  connection: Connection,
  group: string,
  options?: ReplicatedOptions,
): Promise<ReplicatedMap<V>>;
export async function map<V>(
  connection: Connection,
  group: string,
  options: ReplicatedOptions & { readonly schema?: StandardSchema<unknown, V> } = {},
): Promise<ReplicatedMap<V>> {
  checkOptions(OPTIONS, options);
  const { schema, ...rest } = options;
  const machine = new MapMachine<V>();
  const replica = await replicated<MapCommand<V>, boolean>(connection, group, machine, rest);
  return new ReplicatedMap(replica, machine, schema);
}

const OPTIONS = { ...REPLICATED_OPTIONS, schema: aSchema };

/**
 * Reads at once and here; writes through the order, so they are the same everywhere. Values travel as JSON: what is
 * read is what came of that, here as at all others, such as a text for a Date.
 *
 * With a schema, `Input` is what is set, and `V` what the schema makes of that for whoever reads it. What it does not accept is not
 * shown; only `size` counts it.
 */
export class ReplicatedMap<V, Input = V>
  extends Emitter<ReplicatedMapEvents<V>>
  implements Iterable<[string, V]>, AsyncDisposable
{
  private readonly reader: SchemaReader<V>;

  /** @internal */
  constructor(
    /** What it stands on: its events, `hasState`, `isWritable`. */
    readonly replica: Replicated<MapCommand<Input>, boolean>,
    private readonly machine: MapMachine<Input>,
    private readonly schema?: StandardSchema<unknown, V>,
  ) {
    super();
    this.reader = new SchemaReader(schema);
    const emit = this as unknown as Emitter<ReplicatedMapEvents<unknown>>;
    machine.listener = {
      set: (key, given) => {
        const read = this.reader.read(given);
        if (read.isValid) emit.emit('set', key, read.value);
        else emit.emit('invalid', key, read.issues);
      },
      deleted: (key, given) => {
        const read = this.reader.read(given);
        if (read.isValid) emit.emit('deleted', key, read.value);
      },
      replaced: () => void emit.emit('replaced'),
    };
  }

  /** Number of keys, as this member knows it; also of those whose value is not shown. */
  get size(): number {
    return this.machine.size;
  }

  /**
   * The value of the key, as this member knows it; undefined without one. Do not change it: it is the state
   * itself.
   */
  get(key: string): V | undefined {
    if (!this.machine.has(key)) return undefined;
    const read = this.reader.read(this.machine.get(key));
    return read.isValid ? read.value : undefined;
  }

  /** Whether the key is there, as this member knows it, with a value that is shown. */
  has(key: string): boolean {
    if (this.schema === undefined || !this.machine.has(key)) return this.machine.has(key);
    return this.reader.read(this.machine.get(key)).isValid;
  }

  /** In no particular order. Do not change a value: it is the state itself. */
  *entries(): Generator<[string, V], void, void> {
    for (const [key, given] of this.machine.entries()) {
      const read = this.reader.read(given);
      if (read.isValid) yield [key, read.value];
    }
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

  /** Resolves when it is done here. @throws as `Replicated.submit`, InvalidValueError for what the schema does not accept */
  async set(key: string, value: Input, options?: WaitOptions): Promise<void> {
    await this.put('set', key, value, options);
  }

  /** Sets a key that is not there yet. @returns whether it was this member that set it @throws as `Replicated.submit` */
  async add(key: string, value: Input, options?: WaitOptions): Promise<boolean> {
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
    value: Input,
    options: WaitOptions | undefined,
  ): Promise<boolean> {
    checkKey(key);
    const name = JSON.stringify(key);
    // Each made to JSON once.
    const text = validText(this.schema, value, `the value of ${name}`);
    return await this.replica.submitText(`{"op":"${op}","key":${name},"value":${text}}`, options);
  }
}

/** @throws IllegalParamError */
function checkKey(key: unknown): void {
  if (typeof key !== 'string') throw errorOf(ILLEGAL_PARAM, `key must be a string, got ${typeof key}`);
}
