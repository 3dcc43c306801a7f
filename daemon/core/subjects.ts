/**
 * Whom the daemons state sessions to be, by private group. A subject stands in the order before the first join of its
 * session, so all daemons know it at the same place; those that were not there get it with the exchange.
 */

export class Subjects {
  private readonly byName = new Map<string, string>();
  /** What came between a cut and the end of the exchange. */
  private later: (readonly [name: string, subject: string])[] = [];

  get size(): number {
    return this.byName.size;
  }

  /** Null for nobody. */
  of(privateGroup: string): string | null {
    return this.byName.get(privateGroup) ?? null;
  }

  has(privateGroup: string): boolean {
    return this.byName.has(privateGroup);
  }

  state(privateGroup: string, subject: string): void {
    this.byName.set(privateGroup, subject);
  }

  /** The same, for the end of the exchange: until then names of a daemon that was there before may still have to go. */
  stateLater(privateGroup: string, subject: string): void {
    this.later.push([privateGroup, subject]);
  }

  /** The exchange is complete. */
  release(): void {
    for (const [name, subject] of this.later) this.state(name, subject);
    this.later = [];
  }

  /** The name is not in use any more. */
  forget(privateGroup: string): void {
    this.byName.delete(privateGroup);
  }

  /** Names of these daemons are not in use any more. */
  forgetDaemons(daemons: ReadonlySet<string>): void {
    if (daemons.size === 0) return;
    for (const name of this.byName.keys())
      if (daemons.has(name.slice(name.indexOf('#', 1) + 1))) this.byName.delete(name);
  }
}
