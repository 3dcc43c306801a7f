/** Where the choices of a schedule come from: chance (`Random` of the test support), a search, or a list. */

export interface Choices {
  /** A whole number from 0, below `limit`. */
  below(limit: number): number;
}

/** The first of all possibilities, always. */
export const theFirst: Choices = { below: () => 0 };

/** A list of choices, and then the first of all possibilities. A choice beyond the last is the last. */
export class Listed implements Choices {
  private at = 0;

  constructor(private readonly list: readonly number[]) {}

  below(limit: number): number {
    if (limit <= 1) return 0;
    return Math.min(this.list[this.at++] ?? 0, limit - 1);
  }
}

/** All choices that there are, one run after the other, depth first. Every run repeats the choices of the one before. */
export class DepthFirst implements Choices {
  private readonly steps: { choice: number; readonly limit: number }[] = [];
  private at = 0;

  below(limit: number): number {
    if (limit <= 1) return 0;
    if (this.at === this.steps.length) this.steps.push({ choice: 0, limit });
    return this.steps[this.at++]?.choice ?? 0;
  }

  /** The choices of this run. */
  get list(): number[] {
    return this.steps.slice(0, this.at).map(({ choice }) => choice);
  }

  /** Prepares the next run. @returns false when all runs are done */
  advance(): boolean {
    this.steps.length = this.at;
    this.at = 0;
    for (let last = this.steps.at(-1); last; last = this.steps.at(-1)) {
      if (++last.choice < last.limit) return true;
      this.steps.pop();
    }
    return false;
  }
}

/** All ways to divide a list into sets. */
export function partitions<T>(list: readonly T[]): T[][][] {
  const [first, ...rest] = list;
  if (first === undefined) return [[]];
  const all: T[][][] = [];
  for (const sets of partitions(rest)) {
    all.push([[first], ...sets]);
    for (let at = 0; at < sets.length; at++) all.push(sets.with(at, [first, ...(sets[at] as T[])]));
  }
  return all;
}
