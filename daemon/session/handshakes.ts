/**
 * Connections that are not sessions yet. A limited number of them is served at a time; the others wait unread until it
 * is their turn, by address in turn, so a crowd of honest clients gets in a little later and nobody is refused. One that
 * has been served for HANDSHAKE_PATIENCE and is not through makes room for the next: it is still read, and still has
 * its time, but others need not wait for it. So silent connections cannot keep anybody out.
 *
 * What bounds them all is the number of connections: where that is reached, the address with the most unfinished
 * handshakes loses its oldest.
 */
import type { Clock, Timer } from '../../lib/util/clock.js';
import { FairQueue } from '../core/fair-queue.js';
import type { ByteStream } from '../net/peer.js';
import { HANDSHAKE_PATIENCE, HANDSHAKE_WAIT, type SessionLimits, STOP_TIMEOUT } from './limits.js';

export interface PendingHandshake {
  /** Whom it counts for; see `addressKey`. */
  readonly address: string;
  /** It is its turn. */
  begin(): void;
  /** There are too many of them. */
  giveWay(): void;
}

export class Handshakes<T extends PendingHandshake = PendingHandshake> {
  /** All of them by address, the oldest first. */
  private readonly unfinished = new Map<string, Set<T>>();
  /** Addresses by the number of their unfinished handshakes. */
  private readonly levels: Set<string>[] = [];
  /** Those that are served, with the time since when. */
  private readonly served = new Map<T, number>();
  /** Those that wait, with the time since when, the oldest first. */
  private readonly waiting = new Map<T, number>();
  /** The same, in the order of their turns. */
  private readonly lines = new FairQueue<T>();
  private timer: Timer | null = null;
  private count = 0;

  constructor(
    private readonly limits: SessionLimits,
    private readonly clock: Clock,
  ) {}

  get size(): number {
    return this.count;
  }

  /** @param isBegun it was served before, as a connection in its TLS handshake, and does not wait again */
  add(pending: T, isBegun = false): void {
    this.enter(pending);
    if (isBegun || (this.waiting.size === 0 && this.hasRoom)) {
      this.serve(pending);
    } else {
      this.waiting.set(pending, this.clock.now());
      this.lines.add(pending.address, pending);
      this.timer ??= this.clock.after(HANDSHAKE_PATIENCE, this.look).unref();
    }
  }

  /** It is through, refused or gone. */
  remove(pending: T): void {
    if (!this.leave(pending)) return;
    if (this.waiting.delete(pending)) this.lines.delete(pending.address, pending);
    if (this.served.delete(pending)) this.fill();
  }

  /** Whether there is room for one more of the address; `giveWay` of the one that makes room is called. */
  makeRoomFor(address: string): boolean {
    const own = this.unfinished.get(address)?.size ?? 0;
    const most = this.levels.length - 1;
    // The newcomer counts: nobody of an address with fewer gives way for it.
    const loser = most > own + 1 ? first(this.levels[most]) : address;
    const oldest = first(loser === undefined ? undefined : this.unfinished.get(loser));
    oldest?.giveWay();
    return oldest !== undefined;
  }

  private get hasRoom(): boolean {
    return this.served.size < this.limits.maxHandshakes;
  }

  private serve(pending: T): void {
    this.served.set(pending, this.clock.now());
    pending.begin();
  }

  /** Whoever is next begins. */
  private fill(): void {
    while (this.hasRoom) {
      const next = this.lines.next();
      if (next === undefined) return;
      this.waiting.delete(next);
      this.serve(next);
    }
  }

  private readonly look = (): void => {
    this.timer = null;
    const now = this.clock.now();
    for (const [pending, since] of this.served) {
      if (now - since < HANDSHAKE_PATIENCE) break;
      this.served.delete(pending);
    }
    for (const [pending, since] of this.waiting) {
      if (now - since < HANDSHAKE_WAIT) break;
      pending.giveWay();
    }
    this.fill();
    if (this.waiting.size > 0) this.timer = this.clock.after(HANDSHAKE_PATIENCE, this.look).unref();
  };

  private enter(pending: T): void {
    const { address } = pending;
    const before = this.unfinished.get(address)?.size ?? 0;
    addTo(this.unfinished, address, pending);
    this.count++;
    this.level(address, before, before + 1);
  }

  private leave(pending: T): boolean {
    const { address } = pending;
    const before = this.unfinished.get(address)?.size ?? 0;
    if (!removeFrom(this.unfinished, address, pending)) return false;
    this.count--;
    this.level(address, before, before - 1);
    return true;
  }

  private level(address: string, from: number, to: number): void {
    this.levels[from]?.delete(address);
    if (to > 0) (this.levels[to] ??= new Set()).add(address);
    while (this.levels.length > 0 && (this.levels[this.levels.length - 1]?.size ?? 0) === 0)
      this.levels.pop();
  }
}

const first = <T>(set: ReadonlySet<T> | undefined): T | undefined => set?.values().next().value;

function addTo<T>(map: Map<string, Set<T>>, key: string, value: T): void {
  const set = map.get(key);
  if (set) set.add(value);
  else map.set(key, new Set([value]));
}

/** @returns whether it was there */
function removeFrom<T>(map: Map<string, Set<T>>, key: string, value: T): boolean {
  const set = map.get(key);
  if (!set?.delete(value)) return false;
  if (set.size === 0) map.delete(key);
  return true;
}

/**
 * The last word to a client that is refused: ends the connection when what was written is out. A client that does not
 * take it has a second.
 */
export function endSoon(socket: ByteStream, clock: Clock): void {
  socket.destroySoon();
  if (socket.destroyed) return;
  const timer = clock.after(STOP_TIMEOUT, () => socket.destroy());
  socket.once('close', () => timer.cancel());
}
