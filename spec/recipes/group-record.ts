/** What a daemon has delivered of its group, from which it can give a member that comes back what it has missed. */
import type { Buffer } from 'node:buffer';
import type { RecipeView } from '../../lib/recipes/core/port.js';
import { groupIdText } from '../../lib/wire/group-id.js';
import type { GroupListener, GroupView } from '../support/group-network/daemon.js';

export type RecordItem =
  | { readonly kind: 'view'; readonly view: RecipeView }
  | { readonly kind: 'signal' }
  | { readonly kind: 'message'; readonly sender: string; readonly body: Buffer; readonly isSafe: boolean }
  | {
      readonly kind: 'direct';
      readonly sender: string;
      readonly to: readonly string[];
      readonly body: Buffer;
    };

/** How far a member has come in what its daemon has delivered. */
export interface RecordPlace {
  readonly record: GroupRecord;
  /** Index of the view in which it became a member. */
  readonly since: number;
  /** Number of the items that it has, those before that view included. */
  readonly at: number;
}

/** What everybody gets who has come along with the daemon. Signals have no place of their own. */
const keyOf = (item: RecordItem): unknown => {
  if (item.kind !== 'view') return 'body' in item ? item.body : 'signal';
  const { cause, cameWithMe, id, members } = item.view;
  return `${groupIdText(id)} ${cause} ${members.join()} ${cause === 'network' ? cameWithMe.join() : ''}`;
};

export class GroupRecord implements GroupListener {
  readonly id = '';
  isJoined = true;
  readonly items: RecordItem[] = [];
  /** The view, with who has returned in it. */
  stated: (view: GroupView) => RecipeView = (view) => view;
  /** Gets private messages, too. */
  told: (sender: string, to: readonly string[], body: Buffer) => void = () => undefined;
  /** Those that follow it without being members, and what they do with each item. */
  readonly observers = new Map<object, (item: RecordItem, at: number) => void>();

  view(view: GroupView): void {
    const { id } = view;
    // Members are shown no view that is the one they have.
    const last = this.items.findLast((item) => item.kind === 'view');
    if (last && groupIdText(last.view.id) === groupIdText(id)) return;
    this.add({ kind: 'view', view: this.stated(view) });
  }

  transition(): void {
    // A listener has no view of its own that ends.
  }

  signal(): void {
    this.add({ kind: 'signal' });
  }

  message(sender: string, body: Buffer, _toGroup: boolean, isSafe: boolean): void {
    this.add({ kind: 'message', sender, body, isSafe });
  }

  direct(sender: string, to: readonly string[], body: Buffer): void {
    this.add({ kind: 'direct', sender, to, body });
    this.told(sender, to, body);
  }

  /** A daemon that is there as if it had been from the beginning has delivered the same. */
  follow(other: GroupRecord): void {
    this.items.push(...other.items);
  }

  /** It has ended, and knows nothing. */
  forget(): void {
    this.items.length = 0;
    this.observers.clear();
  }

  /** The same place in what this daemon has delivered; null when it has not delivered just that. */
  placeOf({ record, since, at }: RecordPlace): RecordPlace | null {
    const had = record.items.slice(since, at).filter(({ kind }) => kind !== 'signal');
    const [first] = had;
    if (!first) return null;
    const begin = this.items.findIndex((item) => keyOf(item) === keyOf(first));
    let i = begin;
    for (const item of had) {
      while (this.items[i]?.kind === 'signal') i++;
      const own = this.items[i++];
      if (begin < 0 || !own || keyOf(own) !== keyOf(item)) return null;
    }
    return { record: this, since: begin, at: i };
  }

  /** Whether a member that has come as far gets the signal of its view there. */
  hasSignalBefore({ since, at }: RecordPlace): boolean {
    const views = this.items.slice(since, at);
    return views
      .slice(views.findLastIndex(({ kind }) => kind === 'view'))
      .some(({ kind }) => kind === 'signal');
  }

  private add(item: RecordItem): void {
    this.items.push(item);
    for (const observe of this.observers.values()) observe(item, this.items.length);
  }
}
