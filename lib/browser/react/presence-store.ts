/** Who is here, as components see it. */
import type { Connection } from '../../client/connection.js';
import type { Person, Presence } from '../../recipes/presence.js';
import { presence } from '../presence.js';
import { RecipeStore } from './recipe-store.js';

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

export class PresenceStore extends RecipeStore<PeopleState, Presence<unknown>> {
  protected readonly initial = NOBODY;
  protected readonly events = ['joined', 'updated', 'left', 'unreachable', 'returned', 'resumed'];
  private presence: Presence<unknown> | null = null;
  private meta: unknown = null;
  /** Whose connection it is, as the component says that came first. */
  private person: string | undefined;

  /** Says what this member announces, now or as soon as it is here. The key counts until then. */
  announce(meta: unknown, key?: string): void {
    this.meta = meta;
    this.person = this.isIdle ? key : (this.person ?? key);
    this.presence?.announce(meta);
  }

  protected override async join(connection: Connection, signal: AbortSignal): Promise<Presence<unknown>> {
    const { person: key, meta: metadata, name } = this;
    const it = await presence(connection, name, { metadata, key, signal });
    // It may have changed since.
    if (this.meta !== metadata) it.announce(this.meta);
    if (!signal.aborted) this.presence = it;
    return it;
  }

  protected override stateOf({ people: all }: Presence<unknown>): PeopleState {
    const me = all.find(({ isMe }) => isMe) ?? null;
    return { all, others: all.filter((each) => each !== me), me, error: null };
  }
}
