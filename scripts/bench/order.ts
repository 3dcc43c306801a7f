/** What the bench of orders measures: how often clients see two neighbouring events the other way round, and whether that is a fault. */

/** The result for one adapter. */
export interface OrderRow {
  readonly kind: string;
  readonly broadcasts: number;
  /** Neighbouring pairs at one client that another client saw the other way round. */
  readonly pairs: number;
  /** Pairs that were compared. */
  readonly of: number;
  /** Broadcasts a second. */
  readonly rate: number;
}

/** What carries the broadcasts, by kind. */
export const NAMES: Readonly<Record<string, string>> = {
  ours: 'ssp-toolkit/socket.io',
  redis: '@socket.io/redis-adapter',
};

/**
 * Compares the first client with each other one.
 * @param heard the events of each client, in the order in which they came; an event that another client did not get is out of order
 */
export function compareOrders(heard: readonly (readonly string[])[]): Pick<OrderRow, 'pairs' | 'of'> {
  const [first = [], ...others] = heard;
  return {
    pairs: others.reduce((sum, each) => sum + inverted(first, each), 0),
    of: Math.max(0, first.length - 1) * others.length,
  };
}

/** What is wrong with the results: the adapter of this toolkit has one order. Null when nothing is. */
export function orderFault(rows: readonly OrderRow[]): string | null {
  const ours = rows.find(({ kind }) => kind === 'ours');
  if (!ours || ours.pairs === 0) return null;
  return `expected no inverted pairs with ${NAMES['ours']}, got ${ours.pairs} of ${ours.of}`;
}

/** Pairs of neighbours in one list that stand the other way round in the other. */
function inverted(one: readonly string[], other: readonly string[]): number {
  const places = new Map(other.map((text, place) => [text, place]));
  let count = 0;
  for (let i = 1; i < one.length; i++) {
    const [before, after] = [places.get(one[i - 1] as string), places.get(one[i] as string)];
    if (before === undefined || after === undefined || before > after) count++;
  }
  return count;
}
