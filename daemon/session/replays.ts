/**
 * The replays of this daemon's sessions. They share one index of the ring and a few milliseconds of each turn, so that what is
 * live does not wait for them.
 */
import type { Clock, Timer } from '../../lib/util/clock.js';
import type { Core } from '../core/core.js';
import { locate } from '../core/locate.js';
import type { PresentState, ReplayRequest } from '../core/replay-ports.js';
import { Replay } from '../core/replay.js';
import { ReplayFrames, type ReplayOutlet } from '../core/replay-frames.js';
import type { RingIndex } from '../core/ring-index.js';
import type { BatchTick } from './batch-tick.js';

/** Milliseconds of a turn for the index and all replays. */
const SLICE_TIME = 2;
/** Frames that the index looks at, and items that a replay gives, between two looks at the clock. */
const INDEX_FRAMES = 500;
const REPLAY_ITEMS = 100;
/** Milliseconds that a client's position may be ahead of this daemon. */
const AHEAD_TIME = 10_000;
/** Milliseconds for which the index is kept when nobody reads it. */
const INDEX_TIME = 10_000;

/** A session that gets what it has missed. */
export interface ReplayedSession extends ReplayOutlet {
  /** Everything is read: what the core delivers from now on is for the session. */
  live(): void;
}

interface ReplaysHost {
  readonly core: Core;
  readonly clock: Clock;
  readonly tick: BatchTick;
}

export class Replays {
  /** When this daemon began. */
  private readonly started: number;
  private index: RingIndex | null = null;
  /** Those that read, the one whose turn is next first. */
  private readonly running = new Map<ReplayedSession, Replay>();
  private timer: Timer | null = null;
  /** Those whose turn has yet to come in this round, and whether one that had it could read more. */
  private left = 0;
  private isMore = false;
  /** One of them waits for its socket. */
  private isBlocked = false;
  /** When those whose position is ahead of this daemon do not wait any longer. */
  private readonly waits = new Map<ReplayedSession, Timer>();

  constructor(private readonly host: ReplaysHost) {
    this.started = host.clock.now();
  }

  /** Whether what clients miss is kept. */
  get isOn(): boolean {
    return this.host.core.record.ring !== null;
  }

  /** Sessions that have not read everything. */
  get size(): number {
    return this.running.size;
  }

  /** Whether all that came after the position can be replayed, now or when this daemon has come as far. */
  isWhole(position: ReplayRequest['position']): boolean {
    const { core, clock } = this.host;
    const { ring } = core.record;
    return ring !== null && locate(ring, position, clock.now(), this.started).kind !== 'gap';
  }

  /**
   * The session gets what it has missed, from now on. A gap comes at once.
   * @pre `isOn`
   */
  begin(session: ReplayedSession, present: PresentState, request: Omit<ReplayRequest, 'started'>): void {
    const { core, clock, tick } = this.host;
    const { record } = core;
    const { ring } = record;
    if (ring === null) return;
    this.timer?.cancel();
    this.timer = null;
    this.index ??= core.ringIndex(ring);
    const { started, index } = this;
    const replay = new Replay(ring, index, present, { ...request, started }, new ReplayFrames(session));
    this.running.set(session, replay);
    record.onDone = () => tick.schedule();
    if (replay.open(clock.now()) === 'ahead') this.wait(session, replay);
    tick.schedule();
  }

  /** What the client has seen comes here soon, or it says what is not so. */
  private wait(session: ReplayedSession, replay: Replay): void {
    const timer = this.host.clock
      .after(AHEAD_TIME, () => {
        replay.isOverdue = true;
        this.waits.delete(session);
        this.host.tick.schedule();
      })
      .unref();
    this.waits.set(session, timer);
  }

  /** The session ends. */
  end(session: ReplayedSession): void {
    const replay = this.running.get(session);
    if (!replay) return;
    replay.close();
    this.running.delete(session);
    this.settle(session);
    this.rest();
  }

  /** A socket has taken something. */
  wrote(): void {
    if (this.isBlocked) this.host.tick.schedule();
  }

  /** Everything of the turn is delivered. What comes of it here is written in the next one. */
  endTurn(): void {
    const { core, clock, tick } = this.host;
    if (this.running.size === 0 || !core.record.endBatch()) return;
    const end = clock.now() + SLICE_TIME;
    if (!this.grow(end) || this.readRound(end)) tick.schedule();
    this.rest();
  }

  /**
   * Each has its turn once in a round, which may take several turns of the daemon. Thousands that wait for their sockets, or for
   * what has not come yet, cost one round each time that something comes.
   * @returns whether there is more for one of them
   */
  private readRound(end: number): boolean {
    const { clock } = this.host;
    if (this.left === 0) {
      this.left = this.running.size;
      this.isMore = this.isBlocked = false;
    }
    for (const [session, replay] of Array.from(this.running)) {
      if (this.left === 0) break;
      this.left--;
      this.isMore = this.read(session, replay) || this.isMore;
      if (clock.now() >= end) return this.left > 0 || this.isMore;
    }
    this.left = 0;
    return this.isMore;
  }

  private settle(session: ReplayedSession): void {
    this.waits.get(session)?.cancel();
    this.waits.delete(session);
  }

  /** @returns whether the index has everything now */
  private grow(end: number): boolean {
    const { index } = this;
    if (index === null) return true;
    while (!index.read(INDEX_FRAMES)) if (this.host.clock.now() >= end) return false;
    return true;
  }

  /** @returns whether there is more that it could have */
  private read(session: ReplayedSession, replay: Replay): boolean {
    // The others have their turn before it is its own again.
    this.running.delete(session);
    if (replay.read(this.host.clock.now(), REPLAY_ITEMS) === 'live') {
      this.settle(session);
      session.live();
      return false;
    }
    this.running.set(session, replay);
    if (!replay.hasMore) return false;
    if (!session.isFull) return true;
    this.isBlocked = true;
    return false;
  }

  /** When nobody reads, the index is kept for a while. */
  private rest(): void {
    const { core, clock } = this.host;
    if (this.running.size > 0 || this.index === null) return;
    core.record.onDone = () => undefined;
    this.timer ??= clock
      .after(INDEX_TIME, () => {
        this.timer = null;
        this.index = null;
      })
      .unref();
  }
}
