/** Commands of this member on their way to their results. */
import type { Buffer } from '#buffer';
import { hash53 } from '../../../util/hash.js';
import type { CommandOutcome } from './replica.js';

export type Settled = Exclude<CommandOutcome, { kind: 'dropped' }>;

const wasApplied = ({ sequence, earlier }: Entry, applied: Applied): boolean =>
  (sequence > 0 && sequence <= applied(null)) ||
  [...earlier].some(([instance, last]) => last <= applied(instance));

/** How many commands of this process are applied that it sent with an instance; null: with the present one. */
export type Applied = (instance: number | null) => number;

type SendCommand = (
  ticket: number,
  sequence: number,
  payload: Buffer,
  traceparent: string | undefined,
) => void;

/** With what a process sends its commands under the next id: with no other, and nobody else does. */
const nextInstance = (instance: number): number => hash53(`${instance} moved`);

export class Submissions {
  private readonly pending = new PendingCommands();
  /** Results that a quorum has to stand behind first. */
  private readonly withheld: [ticket: number, outcome: Settled][] = [];
  /** Whether what is applied has to be looked up in the state that continues. */
  private isInDoubt = false;
  /** Ids that this member had, as long as they are members: what was sent under them may yet be applied. */
  private readonly former = new Set<string>();

  /** @param current number of this process under its present id */
  constructor(
    private current: number,
    private readonly told: (ticket: number, outcome: Settled) => void,
  ) {}

  /**
   * With what commands are sent: a number of this process, and another one under each id. What was sent under an id
   * before, and not acknowledged, the connection sends again under the next one. So it is known from what is sent there anew.
   */
  get instance(): number {
    return this.current;
  }

  get size(): number {
    return this.pending.size;
  }

  /** @param traceparent the trace that it belongs to: sent with it, each time */
  add(command: Buffer, traceparent?: string): number {
    return this.pending.add(command, traceparent);
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

  /** This member is in the group again after a loss. @param before its id before, if it was another one */
  rejoined(before: string | null): void {
    this.doubt();
    this.pending.rejoined(before === null ? null : this.current);
    if (before === null) return;
    this.former.add(before);
    this.current = nextInstance(this.current);
  }

  /**
   * A member says something that this process did not say under an id of before: the id is another process's by now, as when a
   * daemon that has started again gives its names out again. What was sent under it is over.
   */
  heardOther(member: string): void {
    this.former.delete(member);
  }

  /** Members from here on. */
  retain(members: readonly string[]): void {
    for (const name of this.former) if (!members.includes(name)) this.former.delete(name);
  }

  /** Another state was taken over. @param applied how many commands of this member are applied in it */
  rebase(applied: Applied): void {
    this.isInDoubt = false;
    for (const ticket of this.pending.rebase(applied)) this.told(ticket, { kind: 'unknown' });
  }

  /** The same, where a state that no quorum stands behind may lose yet, and what is applied in it with it. */
  restored(applied: Applied, isBacked: boolean): void {
    if (isBacked) this.rebase(applied);
    else this.doubt();
  }

  /** A quorum is together. @param applied how many commands of this member are applied in the state here */
  flush(applied: Applied, send: SendCommand): void {
    if (this.former.size > 0) return;
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
  readonly traceparent: string | undefined;
  /** The last one with the present instance; 0: it was not sent with that. */
  sequence: number;
  /** The last ones with instances that this process had before. */
  readonly earlier: Map<number, number>;
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

  add(payload: Buffer, traceparent?: string): number {
    const ticket = ++this.tickets;
    this.entries.set(ticket, {
      ticket,
      payload,
      traceparent,
      sequence: 0,
      earlier: new Map(),
      wasSent: false,
      isOnItsWay: false,
    });
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
  flush(applied: Applied, send: SendCommand): void {
    if (this.unsent === 0) return;
    if (this.mustRenumber) {
      if (this.onTheirWay > 0) return;
      this.mustRenumber = false;
      this.next = applied(null) + 1;
    }
    for (const entry of this.entries.values()) {
      if (entry.isOnItsWay) continue;
      entry.sequence = this.next++;
      entry.isOnItsWay = entry.wasSent = true;
      this.onTheirWay++;
      this.unsent--;
      send(entry.ticket, entry.sequence, entry.payload, entry.traceparent);
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

  /** Nothing is on its way any more. @param before the instance with which everything was sent, if it is another one now */
  rejoined(before: number | null): void {
    for (const entry of this.entries.values()) {
      if (before !== null && entry.sequence > 0) {
        entry.earlier.set(before, entry.sequence);
        entry.sequence = 0;
      }
      entry.isOnItsWay = false;
    }
    this.unsent = this.entries.size;
    this.onTheirWay = 0;
    this.mustRenumber = true;
  }

  /**
   * Another state was taken over. @param applied how many commands of this member are applied in it
   * @returns those that are: nobody here knows what they gave
   */
  rebase(applied: Applied): number[] {
    this.mustRenumber = true;
    const lost = [...this.entries.values()].filter((each) => wasApplied(each, applied));
    for (const entry of lost) this.remove(entry);
    return lost.map(({ ticket }) => ticket);
  }

  private remove(entry: Entry): void {
    this.entries.delete(entry.ticket);
    if (entry.isOnItsWay) this.onTheirWay--;
    else this.unsent--;
  }
}
