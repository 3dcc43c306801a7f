/** The plain views of a group that are not installed yet, and how they collapse when members go [flush-layer 6.1]. */
import { type GroupId, equalGroupIds } from '../../wire/group-id.js';
import { Change } from './change.js';
import type { PlainView } from './port.js';
import { UnknownChanges } from './unknown-changes.js';

export class ChangeQueue {
  private changes: Change[] = [];
  private readonly unknown = new UnknownChanges();

  /** The change to be installed next. */
  get head(): Change | null {
    return this.changes[0] ?? null;
  }

  get length(): number {
    return this.changes.length;
  }

  /** The change of this id, wherever it stands. */
  find(id: GroupId): Change | null {
    return this.changes.find((change) => equalGroupIds(change.id, id)) ?? null;
  }

  /** A plain view has come, and these have gone with it. */
  add(view: PlainView, leavers: readonly string[]): void {
    this.unknown.age();
    const hasDropped = this.collapse(leavers);
    const change = new Change(view);
    for (const sender of this.unknown.take(view.id)) if (change.holds(sender)) change.flushed.add(sender);
    if (hasDropped) change.absorb();
    this.changes.push(change);
  }

  /** Takes out the head: it is installed. */
  shift(): Change | null {
    return this.changes.shift() ?? null;
  }

  /** The newest plain view is in transition: what is sent in any of these may not reach all. */
  breakAll(): void {
    for (const change of this.changes) change.isInTransition = true;
  }

  /** A FLUSH_OK for a change that is not here. */
  noteUnknown(id: GroupId, sender: string): void {
    this.unknown.note(id, sender);
  }

  /**
   * Drops the changes that one of the leavers has not flushed for: they can never be agreed on. The first one that
   * stays behind dropped ones stands for them, too.
   * @returns whether those at the end were dropped
   */
  private collapse(leavers: readonly string[]): boolean {
    let hasDropped = false;
    this.changes = this.changes.filter((change) => {
      if (leavers.some((leaver) => change.isBrokenBy(leaver))) {
        hasDropped = true;
        return false;
      }
      change.strike(leavers);
      if (hasDropped) change.absorb();
      hasDropped = false;
      return true;
    });
    return hasDropped;
  }
}
