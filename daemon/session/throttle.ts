/**
 * Lets a flooding client feel the speed of those who listen. A session that brings more than FLOOD_BYTES within
 * FLOOD_TIME is read one chunk a turn for the rest of it, and not at all as long as some receiver's socket refuses bytes
 * but still takes them bit by bit. So a receiver that is only slower than the sender is not dropped for its backlog, a
 * client that sends little is never held, and a receiver that has stopped altogether holds nobody: without progress for STALL_TIME
 * it does not count. A held session that takes nothing itself waits for its own sending: it is let go after a tenth of that time.
 *
 * The other daemons hear of a receiver with much waiting, and their flooders are held for it as those here.
 *
 * Spread 5.0.1 stops reading all its clients instead [daemon 3.4, D16].
 */
import { type Clock, systemClock, type Timer } from '../../lib/util/clock.js';
import { STALL_TIME } from './limits.js';

/** What a session may bring within FLOOD_TIME milliseconds before it counts as flooding: 25 MB/s. */
export const FLOOD_BYTES = 256 * 1024;
export const FLOOD_TIME = 10;

/** With a receiver behind at another daemon a session counts as flooding at this part of FLOOD_BYTES. */
const ELSEWHERE_SHARE = 1 / 4;

/** Looks for progress within STALL_TIME. A held session that made none in one is let go. */
const LOOKS = 10;

export interface Throttled {
  setPaused(holder: 'flood', held: boolean): void;
  /** Bytes that wait for the session because its socket refused them. */
  readonly waitingBytes: number;
  /** Bytes that its socket has taken since it is there. */
  readonly takenBytes: number;
  /** Much waits for it, and it still reads. */
  readonly isBehind: boolean;
}

export class FloodThrottle {
  /** Bytes each session brought since `since`. */
  private readonly readers = new Map<Throttled, number>();
  private since = 0;
  private readonly held = new Set<Throttled>();
  /** Receivers that refuse bytes, with the bytes they had taken when they last showed progress. */
  private readonly refusing = new Map<Throttled, { taken: number; at: number }>();
  /** Receivers that made no progress; they count again when nothing waits for them any more. */
  private readonly stalled = new Set<Throttled>();
  /** Receivers that other daemons should know of. */
  private readonly behind = new Set<Throttled>();
  private isTold = false;
  private isBehindElsewhere = false;
  private timer: Timer | null = null;

  constructor(
    private readonly stallTime = STALL_TIME,
    private readonly clock: Clock = systemClock,
    /** Says to the other daemons whether a receiver here is behind. */
    private readonly tell: (isBehind: boolean) => void = () => undefined,
  ) {}

  /** Whether a receiver at another daemon is behind. */
  set elsewhere(isBehind: boolean) {
    this.isBehindElsewhere = isBehind;
    this.releaseIfFree();
  }

  /** `bytes` came from the session. */
  wasRead(session: Throttled, bytes: number): void {
    const sum = (this.readers.get(session) ?? 0) + bytes;
    this.readers.set(session, sum);
    const limit = this.isBehindElsewhere ? FLOOD_BYTES * ELSEWHERE_SHARE : FLOOD_BYTES;
    if (sum < limit || this.held.has(session)) return;
    this.held.add(session);
    session.setPaused('flood', true);
  }

  /** The session's backlog was written, as far as its socket took it. */
  wrote(session: Throttled): void {
    if (session.waitingBytes === 0) {
      this.stalled.delete(session);
      this.catchUp(session);
      if (this.refusing.delete(session)) this.releaseIfFree();
    } else if (!this.stalled.has(session) && !this.refusing.has(session)) {
      this.refusing.set(session, { taken: session.takenBytes, at: this.clock.now() });
    } else if (session.isBehind && this.refusing.has(session) && !this.behind.has(session)) {
      this.behind.add(session);
      this.tellOthers();
      this.arm();
    }
  }

  /** The turn is over: when the time is up, held sessions continue, unless a receiver is behind. */
  endTurn(): void {
    const now = this.clock.now();
    if (now - this.since >= FLOOD_TIME) {
      this.since = now;
      this.readers.clear();
    }
    this.releaseIfFree();
  }

  /** The connection is gone. */
  forget(session: Throttled): void {
    this.readers.delete(session);
    this.held.delete(session);
    this.stalled.delete(session);
    this.catchUp(session);
    if (this.refusing.delete(session)) this.releaseIfFree();
  }

  private catchUp(session: Throttled): void {
    if (this.behind.delete(session)) this.tellOthers();
  }

  private tellOthers(): void {
    const isBehind = this.behind.size > 0;
    if (isBehind === this.isTold) return;
    this.isTold = isBehind;
    this.tell(isBehind);
  }

  private arm(): void {
    this.timer ??= this.clock.after(this.stallTime / LOOKS, this.look).unref();
  }

  private releaseIfFree(): void {
    if (this.held.size === 0) return;
    if (this.refusing.size > 0) this.arm();
    if (this.refusing.size > 0 || this.isBehindElsewhere) return;
    for (const session of this.held) session.setPaused('flood', false);
    this.held.clear();
  }

  private release(session: Throttled): void {
    if (this.held.delete(session)) session.setPaused('flood', false);
  }

  /** Receivers that took nothing for STALL_TIME have stopped; one that is held waits for its own sending. */
  private readonly look = (): void => {
    this.timer = null;
    const now = this.clock.now();
    for (const [session, { taken, at }] of this.refusing) {
      if (session.takenBytes > taken) {
        this.refusing.set(session, { taken: session.takenBytes, at: now });
        if (!session.isBehind) this.catchUp(session);
      } else if (now - at >= (this.held.has(session) ? this.stallTime / LOOKS : this.stallTime)) {
        this.refusing.delete(session);
        this.stalled.add(session);
        this.catchUp(session);
        this.release(session);
      }
    }
    if (this.behind.size > 0) this.arm();
    this.releaseIfFree();
  };
}
