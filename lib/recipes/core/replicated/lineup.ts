/** Who has the state that goes on, and who is being given it. The same at all members that go on together. */
export class Lineup {
  private live = new Set<string>();
  /** By which snapshot. */
  private loading = new Map<string, string>();

  /** How many have it. */
  get size(): number {
    return this.live.size;
  }

  /** Snapshots that somebody still needs. */
  get wanted(): ReadonlySet<string> {
    return new Set(this.loading.values());
  }

  isLive(name: string): boolean {
    return this.live.has(name);
  }

  has(name: string): boolean {
    return this.live.has(name) || this.loading.has(name);
  }

  /** Those who do not come along are not counted any more. */
  retain(along: ReadonlySet<string>): void {
    this.live = new Set([...this.live].filter((name) => along.has(name)));
    this.loading = new Map([...this.loading].filter(([name]) => along.has(name)));
  }

  replace(live: readonly string[], loading: ReadonlyMap<string, string>): void {
    this.live = new Set(live);
    this.loading = new Map(loading);
  }

  /** These need the state anew. */
  give(names: readonly string[], capture: string): void {
    for (const name of names) {
      this.live.delete(name);
      this.loading.set(name, capture);
    }
  }

  isGiven(name: string, capture: string): boolean {
    return this.loading.get(name) === capture;
  }

  /** It has the state now. */
  arrived(name: string): void {
    this.loading.delete(name);
    this.live.add(name);
  }
}
