/** Since when the owners of channels are out of sight, so that their names may be taken over at some time. */
import type { TimerQueue } from '../util/timer-queue.js';
import type { ClaimId } from './registry/entry.js';
import type { RegistryMachine } from './registry/machine.js';

export class Orphans {
  private readonly since = new Map<ClaimId, number>();

  /** @param timeoutMs after which a name may be taken over; 0: never */
  constructor(
    private readonly alarm: TimerQueue,
    private readonly timeoutMs: number,
  ) {}

  add(claim: ClaimId): void {
    this.since.set(claim, this.alarm.now());
  }

  delete(claim: ClaimId): void {
    this.since.delete(claim);
  }

  clear(): void {
    this.since.clear();
  }

  /** Those of the table that were not heard of. */
  compare(machine: RegistryMachine): void {
    for (const { claim, owner } of machine.table.entries())
      if (!machine.isMember(owner) && !this.since.has(claim)) this.add(claim);
  }

  /** The owner's claim, if it has been out of sight for so long that the name may be taken from it. */
  takeable(name: string, { table }: RegistryMachine): ClaimId | null {
    const claim = table.find(name)?.claim;
    const since = claim === undefined ? undefined : this.since.get(claim);
    if (claim === undefined || since === undefined || this.timeoutMs === 0) return null;
    return this.alarm.now() - since >= this.timeoutMs ? claim : null;
  }
}
