/**
 * The times of daemon views: the second word of group ids. None is used twice with the same first word, a daemon's
 * identity, also by a daemon whose clock went back over a restart [daemon 2.4].
 */

/** Daemons whose times are remembered; more than there can be in a view, so that those who went are known too. */
export const MAX_REMEMBERED_TIMES = 1024;

export class ViewTimestamps {
  /** The highest time used with each identity, as far as this daemon was told. */
  private readonly used = new Map<number, number>();
  private proposed = 0;

  /** @param id identity of this daemon */
  constructor(private readonly id: number) {}

  /** The time for the next daemon view, should this daemon be its first. @param now seconds since 1970 */
  propose(now: number): number {
    this.proposed = Math.max(now, this.proposed + 1, (this.used.get(this.id | 0) ?? 0) + 1);
    return this.proposed;
  }

  /** What was proposed last; 0 for nothing. */
  get last(): number {
    return this.proposed;
  }

  learn(id: number, time: number): void {
    if (time <= (this.used.get(id | 0) ?? -1)) return;
    this.used.set(id | 0, time);
    if (this.used.size > MAX_REMEMBERED_TIMES) this.forget();
  }

  /** Identities and the highest time used with each. */
  entries(): readonly (readonly [id: number, time: number])[] {
    return [...this.used];
  }

  /** The oldest time is the one that clocks have left behind farthest. */
  private forget(): void {
    let oldest: readonly [id: number, time: number] = [0, Infinity];
    for (const entry of this.used) if (entry[1] < oldest[1]) oldest = entry;
    this.used.delete(oldest[0]);
  }
}
