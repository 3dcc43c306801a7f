/** Who is here, as components see it. */
import type { Person, Presence } from '../../recipes/presence.js';
import { presence } from '../presence.js';
import { endingOf } from './ending.js';
import { type ConnectionSource, Store } from './store.js';

/** What the hook shows of the others. */
export interface PeopleState {
  /** In the one order that all members see; this one too. */
  readonly all: readonly Person<unknown>[];
  /** Without this one. */
  readonly others: readonly Person<unknown>[];
  /** Null before it is in the list. */
  readonly me: Person<unknown> | null;
  /** Why it is over; null otherwise. */
  readonly error: Error | null;
}

const NOBODY: PeopleState = { all: [], others: [], me: null, error: null };

const EVENTS = ['joined', 'updated', 'left', 'unreachable', 'returned', 'resumed'] as const;

export class PresenceStore extends Store<PeopleState> {
  private presence: Presence<unknown> | null = null;
  private meta: unknown = null;
  private key: string | undefined;

  constructor(
    private readonly source: ConnectionSource,
    private readonly name: string,
  ) {
    super(source.clock, NOBODY);
  }

  /** Says what this member announces, now or as soon as it is here. The key counts until then. */
  announce(meta: unknown, key?: string): void {
    this.meta = meta;
    this.key ??= key;
    this.presence?.announce(meta);
  }

  protected override async open(signal: AbortSignal): Promise<void> {
    const connection = await this.source.use(signal);
    const { key, meta, name } = this;
    const all = await presence(connection, name, { metadata: meta, key, signal });
    if (signal.aborted) return void all.leave().catch(() => undefined);
    // It may have changed since.
    if (this.meta !== meta) all.announce(this.meta);
    this.presence = all;
    const show = (): void => this.show(stateOf(all.people));
    for (const event of EVENTS) all.on(event, show);
    const ending = endingOf(all.binding.group);
    void all.closed.then((error) => (signal.aborted ? undefined : this.show(this.failed(error ?? ending()))));
    signal.addEventListener('abort', () => {
      this.presence = null;
      this.key = undefined;
      for (const event of EVENTS) all.off(event, show);
      all.leave().catch(() => undefined);
    });
    show();
    return undefined;
  }

  protected override failed(error: Error | null): PeopleState {
    return { ...NOBODY, error };
  }
}

function stateOf(all: readonly Person<unknown>[]): PeopleState {
  const me = all.find(({ isMe }) => isMe) ?? null;
  return { all, others: all.filter((each) => each !== me), me, error: null };
}
