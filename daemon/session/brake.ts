/**
 * Lets a flooding client feel the speed of those who listen. A session that brings more than FLOOD_BYTES within
 * FLOOD_TIME is read one chunk a turn for the rest of it, and not at all as long as some receiver's socket refuses bytes
 * but still takes them bit by bit. So a receiver that is only slower than the sender is not dropped for its backlog, a
 * client that sends little is never held, and a receiver that has stopped altogether holds nobody: without progress it
 * does not count.
 *
 * The reference stops reading all its clients instead (daemon-semantics.md 3.4, 8.2 defect 16).
 */
import { type Clock, realClock, type Timer } from './clock.js';
import { STALL_TIME } from './limits.js';

/** What a session may bring within FLOOD_TIME milliseconds before it counts as flooding: 25 MB/s. */
export const FLOOD_BYTES = 256 * 1024;
export const FLOOD_TIME = 10;

/** Looks for progress within STALL_TIME. */
const LOOKS = 4;

export interface Braked {
  hold(holder: 'flood', held: boolean): void;
  /** Bytes that wait for the session because its socket refused them. */
  readonly waitingBytes: number;
  /** Bytes that its socket has taken since it is there. */
  readonly takenBytes: number;
}

export class Brake {
  /** Bytes each session brought since `since`. */
  private readonly readers = new Map<Braked, number>();
  private since = 0;
  private readonly held = new Set<Braked>();
  /** Receivers that refuse bytes, with the bytes they had taken when they last showed progress. */
  private readonly refusing = new Map<Braked, { taken: number; at: number }>();
  /** Receivers that made no progress; they count again when nothing waits for them any more. */
  private readonly stalled = new Set<Braked>();
  private timer: Timer | null = null;

  constructor(
    private readonly stallTime = STALL_TIME,
    private readonly clock: Clock = realClock,
  ) {}

  /** `bytes` came from the session. */
  wasRead(session: Braked, bytes: number): void {
    const sum = (this.readers.get(session) ?? 0) + bytes;
    this.readers.set(session, sum);
    if (sum < FLOOD_BYTES || this.held.has(session)) return;
    this.held.add(session);
    session.hold('flood', true);
  }

  /** The session's backlog was written, as far as its socket took it. */
  wrote(session: Braked): void {
    if (session.waitingBytes === 0) {
      this.stalled.delete(session);
      if (this.refusing.delete(session)) this.releaseIfFree();
    } else if (!this.stalled.has(session) && !this.refusing.has(session)) {
      this.refusing.set(session, { taken: session.takenBytes, at: this.clock.now() });
    }
  }

  /** The turn is over: when the time is, who was held goes on, unless a receiver is behind. */
  endTurn(): void {
    const now = this.clock.now();
    if (now - this.since >= FLOOD_TIME) {
      this.since = now;
      this.readers.clear();
    }
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
      this.timer ??= this.clock.after(this.stallTime / LOOKS, this.look).unref();
      return;
    }
    for (const session of this.held) session.hold('flood', false);
    this.held.clear();
  }

  /** Receivers that took nothing for STALL_TIME have stopped. */
  private readonly look = (): void => {
    this.timer = null;
    const now = this.clock.now();
    for (const [session, { taken, at }] of this.refusing) {
      if (session.takenBytes > taken) {
        this.refusing.set(session, { taken: session.takenBytes, at: now });
      } else if (now - at >= this.stallTime) {
        this.refusing.delete(session);
        this.stalled.add(session);
      }
    }
    this.releaseIfFree();
  };
}
