/**
 * A map from text to values that JSON can hold. Its entries lie in many small buckets by the hash of the key. A snapshot
 * is the list of buckets as it is; a bucket that is changed later is copied first. So a snapshot costs nothing where it
 * is taken, and its bytes depend on the entries alone, not on how they came about.
 */
import { Buffer } from '#buffer';
import { IllegalParamError } from '../../../errors.js';
import { hash53 } from '../../../util/hash.js';
import { parseJson } from '../../../util/json-depth.js';
import { MalformedCommandError } from '../malformed.js';
import { MAX_STATE_DEPTH } from '../limits.js';
import type { Machine } from './machine.js';

export type MapCommand<V> =
  | { readonly op: 'set'; readonly key: string; readonly value: V }
  /** Only where there is none yet. */
  | { readonly op: 'add'; readonly key: string; readonly value: V }
  | { readonly op: 'delete'; readonly key: string }
  | { readonly op: 'clear' };

export interface MapListener<V> {
  set(key: string, value: V): void;
  deleted(key: string, value: V): void;
  /** Everything is different. */
  replaced(): void;
}

type Bucket<V> = Map<string, V>;

const BUCKETS = 4096;
const LENGTH_BYTES = 4;

export class MapMachine<V> implements Machine<MapCommand<V>, boolean> {
  readonly kind = 'map';
  listener: MapListener<V> | null = null;
  private buckets: (Bucket<V> | undefined)[] = new Array<Bucket<V> | undefined>(BUCKETS);
  /** 1 for buckets that no snapshot has. */
  private own = new Uint8Array(BUCKETS);
  private count = 0;

  get size(): number {
    return this.count;
  }

  get(key: string): V | undefined {
    return this.buckets[place(key)]?.get(key);
  }

  has(key: string): boolean {
    return this.buckets[place(key)]?.has(key) ?? false;
  }

  *entries(): Generator<[string, V], void, void> {
    for (const bucket of this.buckets) if (bucket) yield* bucket;
  }

  reset(): void {
    this.clear();
    this.listener?.replaced();
  }

  /** @throws IllegalParamError for what is not a command of a map; nothing has changed then */
  apply(command: MapCommand<V>): boolean {
    if (!isCommand(command)) throw new MalformedCommandError('expected a command of a map');
    switch (command.op) {
      case 'add':
      case 'set': {
        const { op, key, value } = command;
        if (op === 'add' && this.has(key)) return false;
        this.put(key, value);
        this.listener?.set(key, value);
        return true;
      }
      case 'delete':
        return this.remove(command.key);
      case 'clear': {
        const had = this.count > 0;
        this.reset();
        return had;
      }
    }
  }

  snapshot(): () => Iterable<Buffer> {
    const { buckets } = this;
    this.buckets = [...buckets];
    this.own = new Uint8Array(BUCKETS);
    return () => piecesOf(buckets);
  }

  async restore(pieces: AsyncIterable<Buffer>): Promise<void> {
    this.clear();
    let rest: Buffer = Buffer.alloc(0);
    for await (const piece of pieces)
      rest = this.load(rest.length === 0 ? piece : Buffer.concat([rest, piece]));
    if (rest.length > 0)
      throw new IllegalParamError(
        'expected the snapshot of a map, got one that ends in the middle of a piece',
      );
    this.listener?.replaced();
  }

  /** Takes in whole pieces. @returns what is left behind them */
  load(bytes: Buffer): Buffer {
    let at = 0;
    while (bytes.length - at >= LENGTH_BYTES) {
      const end = at + LENGTH_BYTES + bytes.readUInt32LE(at);
      if (end > bytes.length) break;
      const entries = parseJson(bytes.toString('utf8', at + LENGTH_BYTES, end), MAX_STATE_DEPTH) as [
        string,
        V,
      ][];
      for (const [key, value] of entries) this.put(key, value);
      at = end;
    }
    return bytes.subarray(at);
  }

  private put(key: string, value: V): void {
    const bucket = this.writable(place(key));
    const before = bucket.size;
    bucket.set(key, value);
    this.count += bucket.size - before;
  }

  private remove(key: string): boolean {
    const value = this.get(key);
    if (!this.has(key)) return false;
    this.writable(place(key)).delete(key);
    this.count--;
    this.listener?.deleted(key, value as V);
    return true;
  }

  private clear(): void {
    this.buckets = new Array<Bucket<V> | undefined>(BUCKETS);
    this.own = new Uint8Array(BUCKETS);
    this.count = 0;
  }

  private writable(at: number): Bucket<V> {
    const bucket = this.buckets[at];
    if (bucket && this.own[at] === 1) return bucket;
    const copy = new Map(bucket);
    this.buckets[at] = copy;
    this.own[at] = 1;
    return copy;
  }
}

/** Commands come from other members: every field is checked here. Without a value it would be null in a snapshot. */
function isCommand(command: unknown): boolean {
  const { op, key, value } = Object(command) as Record<string, unknown>;
  if (op === 'clear') return true;
  if (typeof key !== 'string') return false;
  return op === 'delete' || ((op === 'set' || op === 'add') && value !== undefined);
}

const place = (key: string): number => hash53(key) % BUCKETS;

function* piecesOf<V>(buckets: readonly (Bucket<V> | undefined)[]): Generator<Buffer, void, void> {
  for (const bucket of buckets) {
    if (!bucket || bucket.size === 0) continue;
    const entries = [...bucket].toSorted(([a], [b]) => (a < b ? -1 : 1));
    const text = Buffer.from(JSON.stringify(entries));
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32LE(text.length);
    yield Buffer.concat([length, text]);
  }
}
