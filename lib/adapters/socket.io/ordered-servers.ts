/**
 * The servers of a namespace, as the views of its group have them. A server whose connection goes to another daemon leaves in one view and is back in
 * the next one, under another id, with nothing in between: both count as one change, so that nobody takes it for gone.
 */
import type { ViewEvent } from '../../client/event.js';

/** Ids of before under which this server may still be answered. */
const MAX_FORMER = 4;

/** What has changed since it was asked for last. */
export interface ServerChange {
  /** Ids of servers that are gone. */
  readonly gone: readonly string[];
  /** Ids before, and now, of those that are back. */
  readonly returned: ReadonlyMap<string, string>;
}

export class OrderedServers {
  /** The last view; null before the first one. */
  view: ViewEvent | null = null;
  private own: string | null = null;
  /** The newest first. */
  private former: readonly string[] = [];
  private readonly gone = new Set<string>();
  private readonly returned = new Map<string, string>();
  private hasChanged = false;

  /** @param first id of this server before the first view */
  constructor(private readonly first: () => string) {}

  /** Id of this server, as the others know it. */
  get self(): string {
    return this.own ?? this.first();
  }

  /** All of them, this one included. */
  get ids(): readonly string[] {
    return this.view?.members ?? [this.self];
  }

  get isAlone(): boolean {
    return this.view !== null && this.view.size === 1 && this.view.myIndex === 0;
  }

  has(id: string): boolean {
    return this.view?.has(id) === true;
  }

  /** Whether it is an id of this server. One of before may be another server's by now. */
  isSelf(id: string): boolean {
    return id === this.self || (this.former.includes(id) && !this.has(id));
  }

  take(view: ViewEvent): void {
    this.view = view;
    this.hasChanged = true;
    for (const id of view.left) this.gone.add(id);
    for (const { from, to } of view.returned) {
      this.gone.delete(from);
      this.returned.set(from, to);
    }
    const now = view.myIndex < 0 ? undefined : view.members[view.myIndex];
    if (now === undefined || now === this.own) return;
    if (this.own !== null)
      this.former = [this.own, ...this.former.filter((id) => id !== now)].slice(0, MAX_FORMER);
    this.own = now;
  }

  /** Who is gone by now is gone. Null when there was no view since. */
  change(): ServerChange | null {
    if (!this.hasChanged) return null;
    const change = { gone: [...this.gone], returned: new Map(this.returned) };
    this.hasChanged = false;
    this.gone.clear();
    this.returned.clear();
    return change;
  }
}
