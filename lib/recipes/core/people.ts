/**
 * Who is here, where one person may have several connections: tabs, or devices. The first of them that comes is the person's
 * coming, and the last one that is gone is its going.
 */
import type { MemberPresence } from './presence.js';

export interface PeopleSink {
  /** The first member with this key came. */
  arrived(key: string, first: MemberPresence): void;
  /** The last one is gone for good. */
  departed(key: string, last: MemberPresence): void;
}

export class People {
  /** Ids of those that are known, here or out of reach, by key. */
  private readonly known = new Map<string, Set<string>>();

  constructor(private readonly sink: PeopleSink) {}

  /** A member came. */
  joined(who: MemberPresence): void {
    const ids = this.known.get(who.key);
    if (ids) {
      ids.add(who.id);
      return;
    }
    this.known.set(who.key, new Set([who.id]));
    this.sink.arrived(who.key, who);
  }

  /** A member is gone for good. */
  left(who: MemberPresence): void {
    const ids = this.known.get(who.key);
    if (!ids?.delete(who.id) || ids.size > 0) return;
    this.known.delete(who.key);
    this.sink.departed(who.key, who);
  }

  /** A member goes by another id or key. */
  changed(who: MemberPresence, before: MemberPresence): void {
    if (who.id === before.id && who.key === before.key) return;
    // Of one person the new one comes first: nobody went.
    this.joined(who);
    this.left(before);
  }
}

/** The same members by key, in the order of the first of each. */
export function byKey(members: readonly MemberPresence[]): ReadonlyMap<string, readonly MemberPresence[]> {
  const all = new Map<string, MemberPresence[]>();
  for (const who of members) {
    const others = all.get(who.key);
    if (others) others.push(who);
    else all.set(who.key, [who]);
  }
  return all;
}
