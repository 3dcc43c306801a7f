/** Commands of this member on their way to their results. */
import type { Buffer } from 'node:buffer';
import { Pending } from './pending.js';
import type { Outcome } from './replica.js';

export type Settled = Exclude<Outcome, { kind: 'dropped' }>;

export class Submissions {
  private readonly pending = new Pending();
  /** Results that a quorum has to stand behind first. */
  private readonly withheld: [ticket: number, outcome: Settled][] = [];
  /** Whether what is applied has to be looked up in the state that continues. */
  private isInDoubt = false;

  constructor(private readonly told: (ticket: number, outcome: Settled) => void) {}

  get size(): number {
    return this.pending.size;
  }

  add(command: Buffer): number {
    return this.pending.add(command);
  }

  /** Takes a command back that was never sent. @returns whether it was one */
  withdraw(ticket: number): boolean {
    return this.pending.withdraw(ticket);
  }

  /** @param isBacked whether a quorum stands behind it */
  settled(ticket: number, outcome: Outcome, isBacked: boolean): void {
    if (outcome.kind === 'dropped') this.pending.dropped(ticket);
    else if (!isBacked) this.withheld.push([ticket, outcome]);
    else if (this.pending.applied(ticket)) this.told(ticket, outcome);
  }

  /** Whether withheld results are those of the state that continues is not known before that is here. */
  doubt(): void {
    this.isInDoubt = true;
    for (const [ticket] of this.withheld.splice(0)) this.pending.dropped(ticket);
  }

  /** Another state was taken over. @param applied how many commands of this member are applied in it */
  rebase(applied: number): void {
    this.isInDoubt = false;
    for (const ticket of this.pending.rebase(applied)) this.told(ticket, { kind: 'unknown' });
  }

  /** The same, where a state that no quorum stands behind may lose yet, and what is applied in it with it. */
  restored(applied: number, isBacked: boolean): void {
    if (isBacked) this.rebase(applied);
    else this.doubt();
  }

  /** A quorum is together. @param applied how many commands of this member are applied in the state here */
  flush(applied: number, send: (ticket: number, sequence: number, payload: Buffer) => void): void {
    if (this.isInDoubt) this.rebase(applied);
    for (const [ticket, outcome] of this.withheld.splice(0)) this.settled(ticket, outcome, true);
    this.pending.flush(applied, send);
  }
}
