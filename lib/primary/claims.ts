/**
 * Numbers that members say of themselves, and from which all continue to count: terms, epochs, times for tokens. They are
 * judged by the other claims at the same place in the order, never by the receiver's clock, so that all members judge
 * alike. What was granted in a view is not a claim: it counts whole.
 */

/**
 * How far a claim may be above the highest of all others and still count: a day of milliseconds, where it begins with the
 * time of day, and more epochs than any part of a group ever goes through without the others.
 */
export const MAX_LEAD = 86_400_000;

/** Whether a claim is further above the highest of the others than it may be; without others none is. */
export const isFarAbove = (claim: number, others: readonly number[]): boolean =>
  others.length > 0 && claim > Math.max(...others) + MAX_LEAD;

/** Years 2020 to 2100: what a clock shows that is set. */
const DATES = { from: 1_577_836_800_000, to: 4_102_444_800_000 } as const;

/**
 * The same for claims that begin with the time of day. A clock that was never set, as on a machine without a battery, is
 * not a measure for one that shows a date.
 */
export const isTimeFarAbove = (claim: number, others: readonly number[]): boolean =>
  isFarAbove(
    claim,
    claim >= DATES.from && claim < DATES.to ? others.filter((other) => other >= DATES.from) : others,
  );

/** The claims of one round, by member. */
export class Claims {
  constructor(
    private readonly claims: ReadonlyMap<string, number>,
    private readonly isFar = isFarAbove,
  ) {}

  /** The member whose claim is far above all others, so that it does not count; null: all count. */
  get doubtful(): string | null {
    const [highest, ...others] = [...this.claims].toSorted(([, a], [, b]) => b - a);
    if (!highest) return null;
    const [member, claim] = highest;
    const rest = others.map(([, other]) => other);
    return this.isFar(claim, rest) ? member : null;
  }
}
