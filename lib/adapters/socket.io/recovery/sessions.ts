/** Sessions of clients that may come back: those that were connected here, and those that other servers have announced. Pure. */

/** What Socket.IO keeps of a client. */
export interface Session {
  /** Id of its socket. */
  readonly sid: string;
  /** Its private id: proves that a client is the same one. */
  readonly pid: string;
  readonly rooms: readonly string[];
  /** `socket.data`. */
  readonly data: unknown;
}

/** Sessions of each kind, at most; with more of them the oldest is forgotten. */
const MAX_SESSIONS = 100_000;

interface Kept {
  readonly session: Session;
  readonly until: number;
}

export class Sessions {
  /** Of clients that were connected here, the oldest first. */
  private readonly own = new Map<string, Kept>();
  /** At other servers that are there. `holder` is the id of the server. */
  private readonly announced = new Map<string, { readonly session: Session; holder: string }>();
  /** Of servers that are gone, the oldest first. */
  private readonly orphans = new Map<string, Kept>();

  /**
   * @param maxAgeMs milliseconds that a session is kept
   * @param expired called for a session that was kept here and is not any more
   */
  constructor(
    private readonly maxAgeMs: number,
    private readonly expired: (pid: string) => void,
  ) {}

  get size(): number {
    return this.own.size + this.announced.size + this.orphans.size;
  }

  /** The client was connected here, and may come back. */
  persist(session: Session, now: number): void {
    this.purge(now);
    this.own.delete(session.pid);
    this.own.set(session.pid, { session, until: now + this.maxAgeMs });
    if (this.own.size > MAX_SESSIONS) this.expire(this.own.keys().next().value as string);
  }

  /** Another server has this client. */
  announce(session: Session, holder: string): void {
    this.forget(session.pid);
    this.announced.set(session.pid, { session, holder });
    if (this.announced.size > MAX_SESSIONS)
      this.announced.delete(this.announced.keys().next().value as string);
  }

  /** Nobody has it any more, or somebody has taken it. */
  forget(pid: string): void {
    this.announced.delete(pid);
    this.orphans.delete(pid);
  }

  /** Those of servers that are gone are kept here from now on, for a while. @param returned ids before, and now */
  left(isMember: (id: string) => boolean, returned: ReadonlyMap<string, string>, now: number): void {
    const until = now + this.maxAgeMs;
    for (const [pid, each] of this.announced) {
      each.holder = returned.get(each.holder) ?? each.holder;
      if (isMember(each.holder)) continue;
      this.announced.delete(pid);
      this.orphans.set(pid, { session: each.session, until });
      if (this.orphans.size > MAX_SESSIONS) this.orphans.delete(this.orphans.keys().next().value as string);
    }
  }

  /** The session is here no longer: it goes to whoever asks. Null when it was not here. */
  take(pid: string, now: number): Session | null {
    this.purge(now);
    const session = (this.own.get(pid) ?? this.orphans.get(pid))?.session ?? null;
    this.own.delete(pid);
    this.orphans.delete(pid);
    return session;
  }

  /** In the order in which they were kept, and each for as long. */
  private purge(now: number): void {
    for (const [pid, { until }] of this.own) {
      if (until > now) break;
      this.expire(pid);
    }
    for (const [pid, { until }] of this.orphans) {
      if (until > now) break;
      this.orphans.delete(pid);
    }
  }

  private expire(pid: string): void {
    this.own.delete(pid);
    this.expired(pid);
  }
}
