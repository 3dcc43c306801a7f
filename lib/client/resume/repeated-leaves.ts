/**
 * Leaves that were sent again behind a return. One whose answer was lost may be answered twice, by the replay and by its
 * repeat, and nothing tells its answer from that of a later leave: the group is joined again only when it is through.
 */
import { type Deferred, deferred } from '../../util/deferred.js';

export class RepeatedLeaves {
  /** By group, with the number of the leave. */
  private readonly numbers = new Map<string, number>();
  private stable = 0;
  /** Whether what was missed is still on its way. */
  private isReturning = false;
  private through: Deferred<void> | null = null;

  /** The session returns, and these are sent again. @param leaves by group @param stable number of the last request that is acknowledged */
  returning(leaves: Iterable<readonly [group: string, number: number]>, stable: number): void {
    this.isReturning = true;
    this.stable = stable;
    for (const [group, number] of leaves) this.numbers.set(group, number);
  }

  /** Everything that was missed was taken: what comes of the return itself, too. */
  returned(): void {
    this.isReturning = false;
    this.settle();
  }

  acknowledged(number: number): void {
    this.stable = number;
    if (this.numbers.size > 0) this.settle();
  }

  /** Nothing is known of them any more: another session begins, or nothing. */
  forget(): void {
    this.numbers.clear();
    this.returned();
  }

  /** What a join of the group has to wait for; null for nothing. It may have to wait for more then. */
  before(group: string): Promise<void> | null {
    if (!this.numbers.has(group)) return null;
    return (this.through ??= deferred()).promise;
  }

  private settle(): void {
    if (this.isReturning) return;
    for (const [group, number] of this.numbers) if (number <= this.stable) this.numbers.delete(group);
    this.through?.resolve();
    this.through = null;
  }
}
