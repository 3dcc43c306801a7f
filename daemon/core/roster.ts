/**
 * The private names in use at this daemon: taken in the handshake, before authentication, and free again when the
 * session's disconnect has been ordered [daemon 3.1].
 */
import { REJECT_NOT_UNIQUE } from '../../lib/wire/codes.js';
import { nameField, privateGroup } from '../../lib/wire/name.js';
import type { LocalSession } from './group.js';
import { type HashKey, NameTable } from './name-table.js';

/** Made-up names count up to here and start again; with `r` and a blank-free number they stay below 10 bytes. */
const MAX_MADE_UP = 99_999_999;

export class Roster {
  private readonly taken = new Set<string>();
  private readonly sessions: NameTable<LocalSession>;
  private madeUp = 0;

  /** @param key known to nobody who chooses names */
  constructor(
    private readonly daemon: string,
    key: HashKey,
  ) {
    this.sessions = new NameTable(key);
  }

  /** Sessions that are through their handshake. */
  get size(): number {
    return this.sessions.size;
  }

  /** Takes a name; an empty one makes one up. Returns the private group, or REJECT_NOT_UNIQUE. */
  reserve(name: string): string | number {
    const group = name === '' ? this.makeUp() : privateGroup(name, this.daemon);
    if (this.taken.has(group)) return REJECT_NOT_UNIQUE;
    this.taken.add(group);
    return group;
  }

  /** Whether the name belongs to a session whose disconnect is on its way into the order: it is free soon. */
  isEnding(name: string): boolean {
    const field = nameField(privateGroup(name, this.daemon));
    return this.sessions.find(field, 0)?.leaving ?? false;
  }

  release(group: string): void {
    this.taken.delete(group);
  }

  add(session: LocalSession): void {
    this.sessions.add(session);
  }

  remove(session: LocalSession): void {
    this.sessions.delete(session);
    this.release(session.privateGroup);
  }

  /** The session whose private group stands in the field at `at`. */
  find(bytes: Uint8Array, at: number): LocalSession | undefined {
    return this.sessions.find(bytes, at);
  }

  values(): IterableIterator<LocalSession> {
    return this.sessions.values();
  }

  /** Any legal unused name will do [session 3.2]. */
  private makeUp(): string {
    for (;;) {
      this.madeUp = (this.madeUp % MAX_MADE_UP) + 1;
      const group = privateGroup(`r${this.madeUp}`, this.daemon);
      if (!this.taken.has(group)) return group;
    }
  }
}
