/** One plain view on its way to being installed: who is in it, who is still there, who has flushed [flush-layer 4.2]. */
import type { Cause } from '../../mailbox/view.js';
import type { GroupId } from '../../wire/group-id.js';
import { MAX_POSTPONED } from './limits.js';
import type { FlushData, PlainView } from './port.js';

export class Change {
  readonly id: GroupId;
  readonly members: readonly string[];
  /** Members that were not seen leaving. */
  readonly present: Set<string>;
  /** Members that have sent a FLUSH_OK for it. */
  readonly flushed = new Set<string>();
  /** Whether the daemon view broke after it came. */
  isInTransition = false;
  cause: Cause;
  changed: string | null;
  private readonly all: ReadonlySet<string>;
  private postponed: FlushData[] = [];

  constructor({ id, members, cause, changed }: Pick<PlainView, 'id' | 'members' | 'cause' | 'changed'>) {
    this.id = id;
    this.members = members;
    this.all = new Set(members);
    this.present = new Set(members);
    this.cause = cause;
    this.changed = changed;
  }

  /** Whether this is one of its members, present or not. */
  holds(member: string): boolean {
    return this.all.has(member);
  }

  /** Whether one of its members is gone. */
  get hasLost(): boolean {
    return this.present.size < this.all.size;
  }

  /** Whether every member has sent a FLUSH_OK. */
  get isAgreed(): boolean {
    return this.flushed.size === this.all.size;
  }

  /** Those of whom the FLUSH_OK is missing, in order. */
  missing(): string[] {
    return this.members.filter((member) => !this.flushed.has(member));
  }

  /** Whether it cannot be installed any more: this one goes without having flushed. */
  isBrokenBy(leaver: string): boolean {
    return this.holds(leaver) && !this.flushed.has(leaver);
  }

  /** Takes those who left out of the present members. */
  strike(leavers: readonly string[]): void {
    for (const leaver of leavers) this.present.delete(leaver);
  }

  /** Keeps data that was sent in this view. @returns false when there is too much */
  postpone(data: FlushData): boolean {
    if (this.postponed.length === MAX_POSTPONED) return false;
    this.postponed.push(data);
    return true;
  }

  /** The data of this view that came before it could be installed, in order. */
  takePostponed(): readonly FlushData[] {
    const { postponed } = this;
    this.postponed = [];
    return postponed;
  }

  /** It stands for several changes, so no single member changed. */
  absorb(): void {
    this.cause = 'network';
    this.changed = null;
  }
}
