/**
 * Commands of this member that are not applied yet. Those that a component without a quorum dropped, or that came
 * behind a gap, are sent again: all of them, in their order, once everything that is on its way has come back.
 */
import type { Buffer } from 'node:buffer';

interface Entry {
  readonly ticket: number;
  readonly payload: Buffer;
  sequence: number;
  /** Whether it was ever sent. */
  wasSent: boolean;
  isOnItsWay: boolean;
}

export class Pending {
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
