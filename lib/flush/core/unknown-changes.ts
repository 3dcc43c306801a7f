/**
 * FLUSH_OKs for plain views that have not come. They can overtake the membership on a Spread daemon. Anybody may send
 * them with invented ids, so there is a bound, and what is too much is taken from the sender who has the most.
 */
import { type GroupId, groupIdText } from '../../wire/group-id.js';
import { MAX_UNKNOWN_AGE, MAX_UNKNOWN_CHANGES } from './limits.js';

interface Unknown {
  readonly senders: Set<string>;
  age: number;
}

export class UnknownChanges {
  private readonly changes = new Map<string, Unknown>();

  get size(): number {
    return this.changes.size;
  }

  note(id: GroupId, sender: string): void {
    const key = groupIdText(id);
    const known = this.changes.get(key);
    if (known) known.senders.add(sender);
    else {
      this.changes.set(key, { senders: new Set([sender]), age: 0 });
      if (this.changes.size > MAX_UNKNOWN_CHANGES) this.forgetOne();
    }
  }

  /** The plain view has come: who has answered it already. */
  take(id: GroupId): ReadonlySet<string> {
    const key = groupIdText(id);
    const { senders } = this.changes.get(key) ?? {};
    this.changes.delete(key);
    return senders ?? new Set();
  }

  /** One more plain view of the group, which was none of these. */
  age(): void {
    for (const [key, change] of this.changes) {
      if (++change.age > MAX_UNKNOWN_AGE) this.changes.delete(key);
    }
  }

  /** The oldest of the sender who has the most. */
  private forgetOne(): void {
    const counts = new Map<string, number>();
    let most = '';
    for (const { senders } of this.changes.values()) {
      for (const sender of senders) {
        const count = (counts.get(sender) ?? 0) + 1;
        counts.set(sender, count);
        if (count > (counts.get(most) ?? 0)) most = sender;
      }
    }
    for (const [key, { senders }] of this.changes) {
      if (!senders.delete(most)) continue;
      if (senders.size === 0) {
        this.changes.delete(key);
        return;
      }
    }
  }
}
