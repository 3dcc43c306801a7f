/**
 * One attempt to agree on a view: who is to be in it, what they told of their past, and who is not waited for
 * [corosync 5.2.2 to 5.2.4, 5.2.9].
 */
import { Buffer } from 'node:buffer';
import { fnv64 } from '../../../lib/util/hash.js';
import { Apart } from './apart.js';
import { type Entry, type ExcludedProcess, Reason, type State } from './control.js';
import type { CpgAddress, CpgEvent } from './ordered-transport.js';
import { STATE_DELAYS, type ViewsOptions } from './ports.js';

type Ring = Extract<CpgEvent, { kind: 'ring' }>;

interface Absent {
  /** Null: another version, which is this daemon's own finding and is not sent to the others. */
  readonly reason: number | null;
  readonly inc: bigint | null;
}

export const sameAddress = (a: CpgAddress, b: CpgAddress): boolean => a.node === b.node && a.pid === b.pid;
const compareAddresses = (a: CpgAddress, b: CpgAddress): number => a.node - b.node || a.pid - b.pid;
const text = ({ node, pid }: CpgAddress): string => `${node}.${pid}`;

export class ViewAgreement {
  /** Cuts so far. */
  attempt = 0;
  /** Names ring and processes; 0 while there is nothing to agree on. */
  key = 0n;
  /** Own STATE of this attempt came back: an INSTALL for it can follow. */
  ownStateSeen = false;
  /** This daemon has sent its INSTALL. */
  installSent = false;
  private ring: Ring | null = null;
  private processes: readonly CpgAddress[] = [];
  /** Those that could be in the view, in its order. */
  private target: readonly CpgAddress[] = [];
  private readonly states = new Map<string, Entry>();
  private readonly absent = new Map<string, Absent>();
  private began = 0;
  /** When the own STATE goes out next, and how often it has in this attempt. */
  private tellAt = Infinity;
  private told = 0;
  private readonly apart: Apart;
  /** This daemon was excluded for its report, and agrees with itself only. */
  isApart = false;
  /** When this daemon asks the others again after it was excluded. */
  askAt = Infinity;

  constructor(
    private readonly self: CpgAddress,
    private readonly options: ViewsOptions,
  ) {
    this.apart = new Apart(self, options.apart);
  }

  /** Corosync's hint; every one of them is a cut. */
  hint(event: Exclude<CpgEvent, { kind: 'deliver' }>): void {
    if (event.kind === 'ring') this.ring = event;
    else this.processes = event.members;
    this.apart.keepOnly([...this.processes, this.self]);
    const there = new Set(this.processes.map(text));
    for (const address of this.absent.keys()) if (!there.has(address)) this.absent.delete(address);
  }

  /** There is no ring any more. */
  forget(): void {
    this.ring = null;
    this.processes = [];
    this.absent.clear();
  }

  /** A cut: whatever was collected is out of date. */
  begin(now: number): void {
    this.attempt++;
    this.states.clear();
    this.ownStateSeen = false;
    this.installSent = false;
    this.began = now;
    this.isApart = this.apart.isApart(this.self, now);
    this.askAt = this.isApart ? this.apart.ownEnd : Infinity;
    this.aim();
    this.resend(now);
  }

  /** The own STATE may be lost or forgotten: it goes out at once, and then again and again [corosync 5.2.3]. */
  resend(now: number): void {
    this.tellAt = this.key === 0n ? Infinity : now;
    this.told = 0;
  }

  /** Whether the own STATE is to go out now. Once asked, the next time is later. */
  isToTell(now: number): boolean {
    if (now < this.tellAt) return false;
    this.tellAt = now + (STATE_DELAYS[Math.min(this.told++, STATE_DELAYS.length - 1)] as number);
    return true;
  }

  /** Time that this process stood still does not count. */
  shift(now: number): void {
    this.began = now;
  }

  get ringText(): string {
    return this.ring ? `${this.ring.rep}.${this.ring.seq}` : '';
  }

  /** When there is something to tell, or no more time to wait. */
  dueAt(companions: readonly CpgAddress[]): number {
    return Math.min(this.tellAt, this.timeUpAt(companions));
  }

  /** The sender's STATE. @returns whether it belongs to this round */
  take(address: CpgAddress, { key, inc, name, attempt, past }: State): boolean {
    const state = { inc, name, attempt, past };
    if (this.key === 0n || key !== this.key || !isOneOf(this.target, address)) return false;
    if (this.isRefused(address, state.inc)) return false;
    const known = this.states.get(text(address));
    if (known && known.inc === state.inc && known.attempt > state.attempt) return false;
    this.absent.delete(text(address));
    this.states.set(text(address), { ...address, ...state });
    if (sameAddress(address, this.self)) this.ownStateSeen ||= state.attempt === this.attempt;
    return true;
  }

  /** Nobody waits for this one until it speaks or is gone. */
  leaveOut(address: CpgAddress, reason: number | null, inc: bigint | null = null): void {
    if (!sameAddress(address, this.self)) this.absent.set(text(address), { reason, inc });
  }

  /**
   * This one was excluded for its report. @returns milliseconds until it may come back
   */
  setApart(address: CpgAddress, now: number): number {
    this.leaveOut(address, Reason.report);
    return this.apart.exclude(address, now);
  }

  /** A view with this number of members is in force. One that was excluded once, and is alone among others, asks again. */
  entered(members: number, now: number): void {
    const isAlone = members === 1 && this.target.length > 1;
    if (!this.isApart && isAlone) this.askAt = now + this.apart.askingTime;
  }

  /** Whether this daemon asks the others again now. Once asked, it waits for what comes of it. */
  isToAsk(now: number): boolean {
    if (now < this.askAt) return false;
    this.askAt = Infinity;
    return true;
  }

  /** Whether nothing of this one counts, for it or this daemon was excluded for its report. */
  ignores(address: CpgAddress, now: number): boolean {
    if (sameAddress(address, this.self)) return false;
    return this.isApart || this.apart.isApart(address, now);
  }

  /** Whether a STATE does not count for that reason. Nobody waits for its sender then. */
  ignoresState(address: CpgAddress, isApart: boolean, now: number): boolean {
    if (sameAddress(address, this.self)) return false;
    const isExcluded = isApart || this.apart.isApart(address, now);
    if (isExcluded) this.leaveOut(address, Reason.report);
    return isExcluded || this.isApart;
  }

  /** It has spoken. */
  waitFor(address: CpgAddress): void {
    this.absent.delete(text(address));
  }

  /** It was told to go and has not heard it yet. */
  isRefused(address: CpgAddress, inc: bigint): boolean {
    const absent = this.absent.get(text(address));
    return absent?.reason === Reason.name && absent.inc === inc;
  }

  /** Everybody that is waited for has told its state, and this daemon is the one to say so. */
  get isToInstall(): boolean {
    if (this.installSent || this.key === 0n || !this.ownStateSeen) return false;
    const [coordinator] = this.awaited();
    return coordinator !== undefined && sameAddress(coordinator, this.self) && this.missing().length === 0;
  }

  /** The members of the view in its order; of two with one name the one that has had a view stays, or the first. */
  conclude(): { members: Entry[]; excluded: ExcludedProcess[] } {
    const entries = this.awaited().map((address) => this.states.get(text(address)) as Entry);
    const byName = new Map<string, Entry>();
    for (const entry of entries) {
      const other = byName.get(entry.name);
      if (!other || (other.past.tag === 0n && entry.past.tag !== 0n)) byName.set(entry.name, entry);
    }
    const members = entries.filter((entry) => byName.get(entry.name) === entry);
    const clashing = entries
      .filter((entry) => byName.get(entry.name) !== entry)
      .map(({ node, pid }) => ({ node, pid, reason: Reason.name }));
    // That this one was excluded says nothing about the others.
    const others = (this.isApart ? [] : this.target).flatMap(({ node, pid }) => {
      const reason = this.absent.get(text({ node, pid }))?.reason;
      return reason === Reason.silent || reason === Reason.report ? [{ node, pid, reason }] : [];
    });
    return { members, excluded: [...clashing, ...others] };
  }

  /** What an INSTALL says of those who are not in the view. */
  adoptExclusions(exclusions: readonly ExcludedProcess[]): void {
    for (const address of exclusions) {
      this.leaveOut(address, address.reason, this.states.get(text(address))?.inc ?? null);
    }
  }

  /**
   * Too much time has gone by: whoever was silent is not waited for any more, and when nobody was, the one who should
   * have said so. Companions of the last view get more time than strangers.
   * @returns those left out now
   */
  timeUp(now: number, companions: readonly CpgAddress[]): CpgAddress[] {
    if (now < this.timeUpAt(companions)) return [];
    const waited = now - this.began;
    const [coordinator] = this.awaited();
    const missing = this.missing();
    const late = missing.filter(
      (address) => waited >= this.options.stateTimeout || this.isStranger(address, companions),
    );
    if (missing.length === 0 && coordinator && waited >= this.options.stateTimeout) late.push(coordinator);
    for (const address of late) this.leaveOut(address, Reason.silent);
    if (waited >= this.options.stateTimeout) this.began = now;
    return late.filter((address) => !sameAddress(address, this.self));
  }

  private timeUpAt(companions: readonly CpgAddress[]): number {
    const isForStrangers = this.missing().some((address) => this.isStranger(address, companions));
    return this.began + (isForStrangers ? this.options.newcomerTimeout : this.options.stateTimeout);
  }

  /** Ghosts are in the list of processes and not in the ring [corosync 4.4]. */
  private aim(): void {
    const { ring, processes, self } = this;
    const target = processes.filter(({ node }) => ring?.nodes.includes(node)).toSorted(compareAddresses);
    this.target = isOneOf(target, self) ? target : [];
    const aim = `${this.ringText}/${this.target.map(text).join(',')}`;
    this.key = this.target.length === 0 ? 0n : fnv64(Buffer.from(aim, 'latin1'));
  }

  private isStranger(address: CpgAddress, companions: readonly CpgAddress[]): boolean {
    return !isOneOf(companions, address) && !sameAddress(address, this.self);
  }

  private awaited(): CpgAddress[] {
    if (this.isApart) return this.target.filter((address) => sameAddress(address, this.self));
    return this.target.filter((address) => !this.absent.has(text(address)));
  }

  private missing(): CpgAddress[] {
    return this.awaited().filter((address) => !this.states.has(text(address)));
  }
}

const isOneOf = (addresses: readonly CpgAddress[], address: CpgAddress): boolean =>
  addresses.some((each) => sameAddress(each, address));
