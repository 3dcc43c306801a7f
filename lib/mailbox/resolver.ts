/** Names of hosts and of services, as a system that asks DNS and its own tables answers. */

/** One line of an SRV record: where a daemon is, and in which order such lines are tried. */
export interface ServiceRecord {
  readonly name: string;
  readonly port: number;
  /** The lowest one is tried first. */
  readonly priority: number;
  /** Among those of one priority, how often this one comes first. */
  readonly weight: number;
}

export interface Resolver {
  /** All addresses of a host, in the order of the system. Rejects with an error that has `code`. */
  host(name: string): Promise<readonly string[]>;
  /** All lines of a service such as `_sspd._tcp.example.org`. Rejects likewise. */
  service(name: string): Promise<readonly ServiceRecord[]>;
}

/**
 * In the order in which they are tried: by priority, and among those of one priority at random, with chances as their
 * weights, as RFC 2782 says.
 * @param random from 0 up to 1
 */
export function inOrderOfTrial(
  records: readonly ServiceRecord[],
  random: () => number,
): readonly ServiceRecord[] {
  const rest = records.toSorted((a, b) => a.priority - b.priority || a.weight - b.weight);
  const order: ServiceRecord[] = [];
  while (rest.length > 0) {
    const { priority } = rest[0] as ServiceRecord;
    const equals = rest.findIndex((each) => each.priority !== priority);
    const count = equals < 0 ? rest.length : equals;
    const total = rest.slice(0, count).reduce((sum, { weight }) => sum + weight, 0);
    let chance = random() * total;
    let chosen = 0;
    while (chosen < count - 1 && chance >= (rest[chosen] as ServiceRecord).weight) {
      chance -= (rest[chosen] as ServiceRecord).weight;
      chosen++;
    }
    order.push(...rest.splice(chosen, 1));
  }
  return order;
}
