/** Commands of this member on their way to their results. */
import type { Buffer } from 'node:buffer';
import type { CommandOutcome } from './replica.js';

export type Settled = Exclude<CommandOutcome, { kind: 'dropped' }>;

export class Submissions {
  private readonly pending = new PendingCommands();
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
  settled(ticket: number, outcome: CommandOutcome, isBacked: boolean): void {
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

/**
 * Commands of this member that are not applied yet. Those that a component without a quorum dropped, or that came
 * behind a gap, are sent again: all of them, in their order, once everything that is on its way has come back.
 */
interface Entry {
  readonly ticket: number;
  readonly payload: Buffer;
  sequence: number;
  /** Whether it was ever sent. */
  wasSent: boolean;
  isOnItsWay: boolean;
}

export class PendingCommands {
  private entries = new Map<number, Entry>();
  private tickets = 0;
  private onTheirWay = 0;
  private next = 1;
  private mustRenumber = false;
  /** Those that are not on their way. */
  private unsent = 0;

  get size(): number {
    return this.entries.size;
  }

  add(payload: Buffer): number {
    const ticket = ++this.tickets;
    this.entries.set(ticket, { ticket, payload, sequence: 0, wasSent: false, isOnItsWay: false });
    this.unsent++;
    return ticket;
  }

  /** Takes one back that was never sent. @returns whether it was one */
  withdraw(ticket: number): boolean {
    const entry = this.entries.get(ticket);
    if (!entry || entry.wasSent) return false;
    this.remove(entry);
    return true;
  }

  /** @param applied how many commands of this member are applied in the state here */
  flush(applied: number, send: (ticket: number, sequence: number, payload: Buffer) => void): void {
    if (this.unsent === 0) return;
    if (this.mustRenumber) {
      if (this.onTheirWay > 0) return;
      this.mustRenumber = false;
      this.next = applied + 1;
    }
    for (const entry of this.entries.values()) {
      if (entry.isOnItsWay) continue;
      entry.sequence = this.next++;
      entry.isOnItsWay = entry.wasSent = true;
      this.onTheirWay++;
      this.unsent--;
      send(entry.ticket, entry.sequence, entry.payload);
    }
  }

  /** It came back through the order and was not applied. */
  dropped(ticket: number): void {
    this.mustRenumber = true;
    const entry = this.entries.get(ticket);
    if (!entry?.isOnItsWay) return;
    entry.isOnItsWay = false;
    this.onTheirWay--;
    this.unsent++;
  }

  /** It was applied. @returns whether anybody waits for it */
  applied(ticket: number): boolean {
    const entry = this.entries.get(ticket);
    if (entry) this.remove(entry);
    return entry !== undefined;
  }

  /**
   * Another state was taken over. @param applied how many commands of this member are applied in it
   * @returns those that are: nobody here knows what they gave
   */
  rebase(applied: number): number[] {
    this.mustRenumber = true;
    const lost = [...this.entries.values()].filter((each) => each.wasSent && each.sequence <= applied);
    for (const entry of lost) this.remove(entry);
    return lost.map(({ ticket }) => ticket);
  }

  private remove(entry: Entry): void {
    this.entries.delete(entry.ticket);
    if (entry.isOnItsWay) this.onTheirWay--;
    else this.unsent--;
  }
}
