/**
 * The entries of a cache, the same at all members. It is the map of the recipes with commands for many keys, for the keys of one
 * namespace, and for what has expired [adapters 6]. Expiry is decided at its place in the order: a key that was set again meanwhile stays.
 */
import type { Buffer } from '#buffer';
import { type MapCommand, MapMachine } from '../../recipes/core/machines/map.js';
import type { Machine, Snapshot } from '../../recipes/core/machines/machine.js';
import { MalformedCommandError } from '../../recipes/core/malformed.js';
import { type Entry, isEntryList, isExpired } from './entry.js';

export type CacheCommand =
  | { readonly op: 'set'; readonly entries: readonly (readonly [string, Entry])[] }
  | { readonly op: 'delete'; readonly keys: readonly string[] }
  /** Those that are over at a time: milliseconds since 1970. */
  | { readonly op: 'expire'; readonly keys: readonly string[]; readonly now: number }
  /** Keys that begin with the prefix. */
  | { readonly op: 'clear'; readonly prefix: string };

export class CacheMachine implements Machine<CacheCommand, boolean[]> {
  readonly kind = 'keyv';
  private readonly map = new MapMachine<Entry>();

  /** Number of keys, also of those that have expired. */
  get size(): number {
    return this.map.size;
  }

  /** Undefined without one, and for one that has expired. @param now milliseconds since 1970 */
  get(key: string, now: number): Entry | undefined {
    const entry = this.map.get(key);
    return entry === undefined || isExpired(entry, now) ? undefined : entry;
  }

  /** In no particular order, with those that have expired. */
  entries(): Generator<[string, Entry], void, void> {
    return this.map.entries();
  }

  reset(): void {
    this.map.reset();
  }

  /**
   * @returns for each key whether it was deleted; for `set` nothing
   * @throws IllegalParamError for what is not a command of a cache; nothing has changed then
   */
  apply(command: CacheCommand): boolean[] {
    if (!isCommand(command)) throw new MalformedCommandError('expected a command of a cache');
    switch (command.op) {
      case 'set':
        for (const [key, value] of command.entries) this.change({ op: 'set', key, value });
        return [];
      case 'delete':
        return command.keys.map((key) => this.change({ op: 'delete', key }));
      case 'expire':
        return command.keys.map((key) => this.expire(key, command.now));
      case 'clear':
        return this.clear(command.prefix);
    }
  }

  snapshot(): Snapshot {
    return this.map.snapshot();
  }

  async restore(pieces: AsyncIterable<Buffer>): Promise<void> {
    await this.map.restore(pieces);
  }

  private change(command: MapCommand<Entry>): boolean {
    return this.map.apply(command);
  }

  private expire(key: string, now: number): boolean {
    const entry = this.map.get(key);
    return entry !== undefined && isExpired(entry, now) && this.change({ op: 'delete', key });
  }

  private clear(prefix: string): boolean[] {
    if (prefix === '') this.map.reset();
    // A map may be changed while it is gone through, by deletions.
    else
      for (const [key] of this.map.entries()) if (key.startsWith(prefix)) this.change({ op: 'delete', key });
    return [];
  }
}

/** Commands come from other members: every field is checked here, and nowhere else. */
function isCommand(command: unknown): boolean {
  const { op, entries, keys, now, prefix } = Object(command) as Record<string, unknown>;
  if (op === 'set') return isEntryList(entries);
  if (op === 'clear') return typeof prefix === 'string';
  const areKeys = Array.isArray(keys) && keys.every((key) => typeof key === 'string');
  return areKeys && (op === 'delete' || (op === 'expire' && Number.isFinite(now)));
}
