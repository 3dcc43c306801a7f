/**
 * What all daemons know of resumable sessions, by session id: the number of the last request that was ordered, the try that
 * counts, the private group it has now, and those it had. It changes by what stands in the order alone, so it is the same
 * at all daemons of one past; an entry goes by FORGET, and nowhere by a clock.
 */
import { Buffer } from 'node:buffer';
import { nameField, parsePrivateGroup } from '../../lib/wire/name.js';
import type { LocalSession } from './group.js';
import { type HashKey, NameTable } from './name-table.js';

/** Private groups of before that messages still reach a session by; the oldest goes. */
export const MAX_ALIASES = 4;
/** Entries; above that the oldest are forgotten early. */
export const MAX_RECORDS = 200_000;

/** A private group that a session has or had. */
interface SessionName {
  readonly text: string;
  readonly field: Buffer;
  readonly record: SessionRecord;
}

/** What an exchange brings of one session. */
export interface ReportedSession {
  readonly sid: bigint;
  readonly last: number;
  readonly attempt: number;
  /** Name of the daemon that has it, or had it last. */
  readonly home: string;
  /** Its private group; empty when the name belongs to another session by now. */
  readonly name: string;
  /** Those it had, the newest first. */
  readonly aliases: readonly string[];
}

export class SessionRecord {
  /** Number of the last request that was ordered. */
  last = 0;
  /** The highest try to return that was ordered. */
  attempt = 0;
  home = '';
  /** Its private group; empty when another session has the name, null before it was known. */
  name: string | null = null;
  field: Buffer | null = null;
  /** The newest first. */
  aliases: readonly string[] = [];
  /**
   * The private group that it had, as a return in the order tells it, until that is carried out; else null. Nothing is decided by
   * it: the exchange does not bring it, and the return may never be carried out.
   */
  toldName: string | null = null;
  /** The session, when it is one of this daemon's and has the name above. */
  session: LocalSession | null = null;
  /** Number up to which its requests are stable, but for the last payload with some. */
  stable = 0;
  /** Where the last payload with requests of it stands: its index, and the view, by a count of this daemon's. */
  index = 0;
  view = 0;
  /** Since when nobody has it, by the clock of the daemon that is to forget it; below zero: not known to be so. */
  idleSince = -1;
  /** The daemon view in which it was found so, by a count of `IdleSessions`. */
  idleView = 0;

  constructor(
    readonly sid: bigint,
    readonly high: number,
    readonly low: number,
  ) {}
}

export const highOf = (sid: bigint): number => Number((sid >> 32n) & 0xffff_ffffn);
export const lowOf = (sid: bigint): number => Number(sid & 0xffff_ffffn);

const FIRST_SIZE = 16;

/** Open addressing over both words of the ids, which are random. */
class SidTable {
  size = 0;
  private slots = new Array<SessionRecord | undefined>(FIRST_SIZE).fill(undefined);

  find(high: number, low: number): SessionRecord | undefined {
    const mask = this.slots.length - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const record = this.slots[slot];
      if (record === undefined || (record.low === low && record.high === high)) return record;
    }
  }

  add(record: SessionRecord): void {
    if ((this.size + 1) * 2 > this.slots.length) this.grow();
    this.place(record);
    this.size++;
  }

  delete(record: SessionRecord): void {
    const mask = this.slots.length - 1;
    let hole = record.low & mask;
    while (this.slots[hole] !== record) {
      if (this.slots[hole] === undefined) return;
      hole = (hole + 1) & mask;
    }
    this.slots[hole] = undefined;
    this.size--;
    // Those behind the hole move up, unless their own place lies between the hole and them.
    for (let slot = (hole + 1) & mask; ; slot = (slot + 1) & mask) {
      const next = this.slots[slot];
      if (next === undefined) return;
      if (((slot - next.low) & mask) < ((slot - hole) & mask)) continue;
      this.slots[hole] = next;
      this.slots[slot] = undefined;
      hole = slot;
    }
  }

  *values(): IterableIterator<SessionRecord> {
    for (const record of this.slots) if (record !== undefined) yield record;
  }

  /** See `SessionRecords.slice`. */
  slice(from: number, count: number, visit: (record: SessionRecord) => void): number {
    const { slots } = this;
    const end = Math.min(slots.length, from + count);
    for (let slot = from; slot < end; slot++) {
      const record = slots[slot];
      if (record !== undefined) visit(record);
    }
    return end < slots.length ? end : 0;
  }

  clear(): void {
    this.size = 0;
    this.slots = new Array<SessionRecord | undefined>(FIRST_SIZE).fill(undefined);
  }

  private place(record: SessionRecord): void {
    const mask = this.slots.length - 1;
    let slot = record.low & mask;
    while (this.slots[slot] !== undefined) slot = (slot + 1) & mask;
    this.slots[slot] = record;
  }

  private grow(): void {
    const { slots } = this;
    this.slots = new Array<SessionRecord | undefined>(slots.length * 2).fill(undefined);
    for (const record of slots) if (record !== undefined) this.place(record);
  }
}

export class SessionRecords {
  private readonly table = new SidTable();
  /** Of each private group that a session has or had, whose it is. */
  private names: NameTable<SessionName>;

  /**
   * @param key known to nobody who chooses names
   * @param reassigned called when messages reach a session under other names than those before, but not for `rename`
   */
  constructor(
    private readonly key: HashKey,
    private readonly reassigned: (record: SessionRecord, before: readonly string[]) => void = () => undefined,
  ) {
    this.names = new NameTable(key);
  }

  get size(): number {
    return this.table.size;
  }

  /** By the two words of the id, unsigned. */
  find(high: number, low: number): SessionRecord | undefined {
    return this.table.find(high, low);
  }

  of(sid: bigint): SessionRecord | undefined {
    return this.table.find(highOf(sid), lowOf(sid));
  }

  /** @pre there is none */
  create(high: number, low: number): SessionRecord {
    const record = new SessionRecord((BigInt(high) << 32n) | BigInt(low), high, low);
    this.table.add(record);
    return record;
  }

  /** Whose the private group in the field at `at` is or was, as far as messages for it reach that session. */
  ofName(bytes: Uint8Array, at: number): SessionRecord | undefined {
    return this.names.size === 0 ? undefined : this.names.find(bytes, at)?.record;
  }

  /** The session has this private group from now on; the one it had reaches it too. */
  rename(record: SessionRecord, name: string): void {
    const before = record.name === null || record.name === '' ? [] : [record.name];
    const aliases = [...before, ...record.aliases].filter((each) => each !== name);
    this.name(record, name, aliases.slice(0, MAX_ALIASES));
  }

  /**
   * The first request of the session says which private group it has; messages have reached it by that, unless it returns. A
   * replay that has begun before does not know it.
   */
  learn(record: SessionRecord, name: string): void {
    const before = nameBefore(record);
    this.rename(record, name);
    this.reassigned(record, before ?? namesOf(record));
  }

  /** The private group is another session's from now on, or nobody's. */
  endName(name: string): void {
    const record = this.names.find(nameField(name), 0)?.record;
    if (!record) return;
    if (record.name === name) this.assign(record, '', record.aliases);
    else
      this.assign(
        record,
        record.name,
        record.aliases.filter((each) => each !== name),
      );
  }

  /** These are its names from now on; whoever had one of them loses it. */
  assign(record: SessionRecord, name: string | null, aliases: readonly string[]): void {
    const before = namesOf(record);
    this.name(record, name, aliases);
    const names = namesOf(record);
    if (before.length > 0 && before.join() !== names.join()) this.reassigned(record, before);
  }

  private name(record: SessionRecord, name: string | null, aliases: readonly string[]): void {
    for (const each of namesOf(record)) this.drop(each, record);
    record.name = name;
    record.field = name === null || name === '' ? null : nameField(name);
    record.home = homeOf(name) ?? record.home;
    record.aliases = aliases;
    for (const text of namesOf(record)) {
      const field = nameField(text);
      const other = this.names.find(field, 0)?.record;
      if (other && other !== record) this.endName(text);
      this.names.add({ text, field, record });
    }
  }

  delete(record: SessionRecord): void {
    for (const each of namesOf(record)) this.drop(each, record);
    this.table.delete(record);
  }

  clear(): void {
    this.table.clear();
    this.names = new NameTable(this.key);
  }

  values(): IterableIterator<SessionRecord> {
    return this.table.values();
  }

  /**
   * Visits the entries at some places of the table, which must not change it.
   * @param from the first place: 0, or where the slice before ended. Entries may have moved since
   * @param count places at most @returns where the next slice begins; 0 when this one was the last
   */
  slice(from: number, count: number, visit: (record: SessionRecord) => void): number {
    return this.table.slice(from, count, visit);
  }

  private drop(name: string, record: SessionRecord): void {
    const entry = this.names.find(nameField(name), 0);
    if (entry?.record === record) this.names.delete(entry);
  }
}

/** All names that reach the session. */
export const namesOf = ({ name, aliases }: Pick<SessionRecord, 'name' | 'aliases'>): readonly string[] =>
  name === null || name === '' ? aliases : [name, ...aliases];

/** The names that reached a session of which a return stands in the order, before it had one; null for any other session. */
function nameBefore({ toldName, name, aliases }: SessionRecord): readonly string[] | null {
  if (toldName === null) return null;
  return name === null ? [toldName] : aliases;
}

const homeOf = (name: string | null): string | null => parsePrivateGroup(name ?? '')?.daemon ?? null;
