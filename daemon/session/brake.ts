/**
 * Lets a flooding client feel the speed of those who listen. A session that filled a whole read in one turn is held
 * until the turn is over, and on as long as some receiver's socket refuses bytes but still takes them bit by bit. So a
 * receiver that is only slower than the sender is not dropped for its backlog, a client that sends little is never
 * held, and a receiver that has stopped altogether holds nobody: without progress it does not count.
 *
 * The reference stops reading all its clients instead (daemon-semantics.md 3.4, 8.2 defect 16).
 */

/** What a session may bring in one turn before it counts as flooding: the size of Node's reads. */
export const FLOOD_BYTES = 64 * 1024;

/** Milliseconds without progress after which a receiver counts as stopped. */
export const STALL_TIME = 20;

export interface Braked {
  hold(held: boolean): void;
  /** Bytes that wait for the session because its socket refused them. */
  readonly waitingBytes: number;
}

export class Brake {
  /** Bytes each session brought in this turn. */
  private readonly readers = new Map<Braked, number>();
  private readonly held = new Set<Braked>();
  /** Receivers that refuse bytes, with the bytes that waited when progress was last looked for. */
  private readonly refusing = new Map<Braked, number>();
  /** Receivers that made no progress; they count again when nothing waits for them any more. */
  private readonly stalled = new Set<Braked>();
  private timer: NodeJS.Timeout | null = null;

  /** `bytes` came from the session. */
  wasRead(session: Braked, bytes: number): void {
    const sum = (this.readers.get(session) ?? 0) + bytes;
    this.readers.set(session, sum);
    if (sum < FLOOD_BYTES || this.held.has(session)) return;
    this.held.add(session);
    session.hold(true);
  }

  /** The session's backlog was written, as far as its socket took it. */
  wrote(session: Braked): void {
    if (session.waitingBytes === 0) {
      this.stalled.delete(session);
      if (this.refusing.delete(session)) this.releaseIfFree();
    } else if (!this.stalled.has(session) && !this.refusing.has(session)) {
      this.refusing.set(session, session.waitingBytes);
    }
  }

  /** The turn is over: whoever was held for it goes on, unless a receiver is behind. */
  endTurn(): void {
    this.readers.clear();
    this.releaseIfFree();
  }

  /** The connection is gone. */
  forget(session: Braked): void {
    this.readers.delete(session);
    this.held.delete(session);
    this.stalled.delete(session);
    if (this.refusing.delete(session)) this.releaseIfFree();
  }

  private releaseIfFree(): void {
    if (this.held.size === 0) return;
    if (this.refusing.size > 0) {
      this.timer ??= setTimeout(this.look, STALL_TIME).unref();
      return;
    }
    for (const session of this.held) session.hold(false);
    this.held.clear();
  }

  /** Receivers whose backlog did not shrink since the last look have stopped. */
  private readonly look = (): void => {
    this.timer = null;
    for (const [session, before] of this.refusing) {
      const now = session.waitingBytes;
      if (now < before) this.refusing.set(session, now);
      else {
        this.refusing.delete(session);
        this.stalled.add(session);
      }
    }
    this.releaseIfFree();
  };
}
