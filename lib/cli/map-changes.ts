/** The changes of a replicated map, a line each, and all of it where there are more than the reader takes. */
import type { ReplicatedMap } from '../recipes/index.js';
import { print } from './failure.js';
import { valueLine } from './json-values.js';
import { printable } from './text.js';
import { clock } from './units.js';

/** Changes that wait for the reader of the output; when there are more, the whole map takes their place. */
export const MAX_WAITING_CHANGES = 1_000;

type Change =
  | { readonly kind: 'set' | 'deleted'; readonly key: string; readonly value: unknown }
  | { readonly kind: 'state'; readonly entries: Readonly<Record<string, unknown>> };

/** What is to be printed. */
export class MapChanges {
  private waiting: Change[] = [];
  private isAll = true;

  /** @param key the only one that counts; undefined: all */
  constructor(
    private readonly it: Iterable<[string, unknown]>,
    private readonly key: string | undefined,
  ) {}

  add(kind: 'set' | 'deleted', key: string, value: unknown): void {
    if (this.key !== undefined && key !== this.key) return;
    if (this.isAll) return;
    if (this.waiting.length >= MAX_WAITING_CHANGES) this.replaced();
    else this.waiting.push({ kind, key, value });
  }

  /** All of it may be different. */
  replaced(): void {
    this.waiting = [];
    this.isAll = true;
  }

  /** What has come since the last time; first of all the whole map. */
  take(): Change[] {
    const changes = this.isAll ? [this.state()] : this.waiting;
    this.waiting = [];
    this.isAll = false;
    return changes;
  }

  private state(): Change {
    const entries = [...this.it]
      .filter(([name]) => this.key === undefined || name === this.key)
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
    return { kind: 'state', entries: Object.fromEntries(entries) };
  }
}

/** Prints the map and each change of it, until the map ends. @throws what has ended it */
export async function watchMap(
  it: ReplicatedMap<unknown>,
  key: string | undefined,
  isJson: boolean,
  stop: AbortSignal,
): Promise<void> {
  const changes = new MapChanges(it, key);
  let isPrinting = false;
  const look = (): void => {
    if (!isPrinting) void flush();
  };
  const flush = async (): Promise<void> => {
    isPrinting = true;
    for (let next = changes.take(); next.length > 0; next = changes.take())
      for (const line of next.flatMap((change) => linesOf(change, new Date(), isJson)))
        await print(line, stop);
    isPrinting = false;
  };
  it.on('set', (name, value) => {
    changes.add('set', name, value);
    look();
  });
  it.on('deleted', (name, value) => {
    changes.add('deleted', name, value);
    look();
  });
  it.on('replaced', () => {
    changes.replaced();
    look();
  });
  look();
  const error = await it.closed;
  if (error) throw error;
}

function linesOf(change: Change, time: Date, isJson: boolean): string[] {
  if (isJson) {
    const { kind, ...fields } = change;
    return [JSON.stringify({ kind, time: time.toISOString(), ...fields })];
  }
  const at = clock(time);
  if (change.kind !== 'state') return [changeLine(at, change.kind, change.key, change.value)];
  const entries = Object.entries(change.entries);
  const head = `${at} state    ${entries.length === 1 ? '1 key' : `${entries.length} keys`}`;
  return [head, ...entries.map(([key, value]) => changeLine(at, 'set', key, value))];
}

const changeLine = (at: string, kind: string, key: string, value: unknown): string =>
  `${at} ${kind.padEnd(7)}  ${printable(key)}  ${valueLine(value)}`;
