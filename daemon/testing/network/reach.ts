/** What the daemons have noticed of the network: of which others each one knows that it reaches them. */

/** Two daemons, by number. */
export type Pair = readonly [a: number, b: number];

export class Reach {
  private readonly known: boolean[][];

  /** @param isReached whether a daemon reaches another one, noticed or not */
  constructor(
    private readonly daemons: number,
    private readonly isReached: (a: number, b: number) => boolean,
  ) {
    this.known = Array.from({ length: daemons }, () => Array.from({ length: daemons }, () => false));
  }

  /** All pairs with this daemon; with itself, where it is alone. */
  pairsOf(daemon: number): Pair[] {
    const pairs = Array.from({ length: this.daemons }, (_, other): Pair => [daemon, other]);
    return this.daemons === 1 ? pairs : pairs.filter(([, other]) => other !== daemon);
  }

  /** All pairs. */
  get pairs(): Pair[] {
    return Array.from({ length: this.daemons }, (_, a) => this.pairsOf(a)).flat();
  }

  /** Of these daemons, how it is now. @returns those of which something had not been noticed */
  notice(pairs: readonly Pair[]): Set<number> {
    const found = new Set<number>();
    for (const [a, b] of pairs) {
      const isReached = this.isReached(a, b);
      if (this.known[a]?.[b] === isReached) continue;
      this.know(a, b, isReached);
      found.add(a).add(b);
    }
    return found;
  }

  /** Daemons agree on a view, and find out which others they do not reach. */
  agree(daemons: readonly number[]): void {
    for (const daemon of daemons)
      for (const [, other] of this.pairsOf(daemon))
        if (!daemons.includes(other) && !this.isReached(daemon, other)) this.know(daemon, other, false);
  }

  /** A daemon begins: the others know nothing of it. */
  begin(daemon: number): void {
    for (const [a, b] of this.pairsOf(daemon)) this.know(a, b, false);
  }

  /** Those that this daemon can be in a view with, itself included, in order. */
  around(daemon: number): number[] {
    const found = new Set([daemon]);
    // A set also visits what is added meanwhile.
    for (const each of found)
      for (let other = 0; other < this.daemons; other++)
        if (this.known[each]?.[other] === true && this.isReached(each, other)) found.add(other);
    return [...found].toSorted((a, b) => a - b);
  }

  private know(a: number, b: number, isReached: boolean): void {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const)
      (this.known[from] as boolean[])[to] = isReached;
  }
}
