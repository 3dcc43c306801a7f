/**
 * Where else clients can go, and that they should. Daemons tell one another in the exchange where clients reach them; a client
 * that can move hears of it in WELCOME and PEERS. MOVE asks it to go: some clients at a time, and each to another daemon
 * first, so that no daemon gets all of them at once.
 */
import type { Buffer } from 'node:buffer';
import type { Clock, Timer } from '../../lib/util/clock.js';
import { encodeMove, encodePeers, type MoveReason } from '../../lib/wire/extension/addresses.js';
import type { Core } from '../core/core.js';
import { ALONE_TIME, MAX_TOLD_ADDRESSES, MOVE_PACE, MOVES_AT_ONCE } from './limits.js';
import type { BatchTick } from './batch-tick.js';
import { placeOf } from './idle-marks.js';

/** A session whose client can move. */
export interface MovableSession {
  /** Where the daemon is, if the client has everything up to there: so it can continue elsewhere from there. */
  place(mark: Buffer): void;
  /** Queues a frame of the extension. */
  send(frame: Buffer): void;
}

/** The daemon around the sessions. */
interface MovesHost {
  readonly core: Pick<Core, 'name' | 'view' | 'addresses' | 'onExchanged' | 'record'>;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly tick: Pick<BatchTick, 'schedule'>;
}

export class Moves {
  /** Where clients reach this daemon; empty: each client hears of the address that it came to itself. */
  own: readonly string[] = [];
  /** Called when the daemons have told one another what they know. */
  onExchanged: () => void = () => undefined;
  /** Sessions that can go, each with the address that its client came to. */
  private readonly sessions = new Map<MovableSession, string>();
  /** Addresses of the other daemons, one by one, in the order of the view. */
  private peers: readonly (readonly string[])[] = [];
  /** They have changed, and the clients do not know. */
  private isChanged = false;
  private reason: MoveReason | null = null;
  /** When the daemon closes. */
  private end = 0;
  /** Those that are not asked to go yet, the oldest first. */
  private waiting = new Set<MovableSession>();
  /** How many were asked to go: says which daemon the next one is sent to first. */
  private asked = 0;
  private timer: Timer | null = null;
  private emptied: () => void = () => undefined;

  constructor(private readonly host: MovesHost) {
    host.core.onExchanged = () => this.exchanged();
  }

  /** Sessions that can go. */
  get size(): number {
    return this.sessions.size;
  }

  /** Whether the daemon is about to stop. */
  get isDraining(): boolean {
    return this.reason === 'drain';
  }

  /** Whether there are other daemons, at which clients could be. */
  get hasPeers(): boolean {
    return (this.host.core.view?.daemons.length ?? 0) > 1;
  }

  /** @param cameTo the address that the client came to; empty for a local socket */
  add(session: MovableSession, cameTo: string): void {
    this.sessions.set(session, cameTo);
    if (this.reason === null) return;
    this.waiting.add(session);
    this.askSoon();
  }

  delete(session: MovableSession): void {
    this.sessions.delete(session);
    this.waiting.delete(session);
    if (this.sessions.size === 0) this.emptied();
  }

  /** The daemons that a client can go to, this one first. @param cameTo as for `add` */
  addressesFor(cameTo: string): string[] {
    const own = this.own.length === 0 && cameTo !== '' ? [cameTo] : this.own;
    return [...own, ...this.peers.flat()].slice(0, MAX_TOLD_ADDRESSES);
  }

  /**
   * Asks all clients that can to go, and resolves when they are gone, or after that many milliseconds. Where the daemon keeps nothing
   * it resolves at once.
   */
  async drain(milliseconds: number): Promise<void> {
    const { clock, core } = this.host;
    // Where nothing is kept nobody can go without a gap: that is no better than the end.
    if (!core.record.isOn) return;
    this.ask('drain', clock.now() + milliseconds);
    if (this.sessions.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = clock.after(milliseconds, resolve);
      this.emptied = () => {
        timer.cancel();
        resolve();
      };
    });
    this.stop();
  }

  /** The daemon has lost the others: its clients may go if they want to. */
  alone(): void {
    if (this.reason === null) this.ask('alone', this.host.clock.now() + ALONE_TIME);
  }

  /** The daemon is with the others again; whoever was not asked to go stays. */
  together(): void {
    if (this.reason !== 'alone') return;
    this.reason = null;
    this.stop();
  }

  /** Nobody is asked to go any more. */
  stop(): void {
    this.timer?.cancel();
    this.timer = null;
    this.waiting.clear();
  }

  /** Tells the clients what has changed in this turn. */
  endTurn(): void {
    if (!this.isChanged) return;
    this.isChanged = false;
    const frames = new Map<string, Buffer>();
    for (const [session, cameTo] of this.sessions) {
      const known = this.own.length === 0 ? cameTo : '';
      const frame = frames.get(known) ?? encodePeers(this.addressesFor(known));
      frames.set(known, frame);
      session.send(frame);
    }
  }

  private exchanged(): void {
    const { core, tick } = this.host;
    this.onExchanged();
    // A daemon that is alone forgets nobody: its clients need to know where to go just then.
    if (!this.hasPeers) return;
    const peers = core.addresses.filter(({ daemon }) => daemon !== core.name);
    const addresses = peers.map((each) => each.addresses);
    if (JSON.stringify(addresses) === JSON.stringify(this.peers)) return;
    this.peers = addresses;
    this.isChanged = true;
    tick.schedule();
  }

  private ask(reason: MoveReason, end: number): void {
    this.reason = reason;
    this.end = end;
    this.waiting = new Set(this.sessions.keys());
    this.askSome();
  }

  private askSoon(): void {
    this.timer ??= this.host.clock.after(MOVE_PACE, () => {
      this.timer = null;
      this.askSome();
    });
  }

  private askSome(): void {
    const { reason, waiting } = this;
    if (reason === null) return;
    const leftMs = Math.max(0, Math.ceil(this.end - this.host.clock.now()));
    const frames = new Map<number, Buffer>();
    // A client that has had no event since the daemon view changed stands in the one before, of which others can have another end.
    const { record } = this.host.core;
    const place = reason === 'drain' && record.endBatch() ? placeOf(record.history) : null;
    for (const session of [...waiting].slice(0, MOVES_AT_ONCE)) {
      waiting.delete(session);
      const first = this.asked++ % Math.max(1, this.peers.length);
      const frame = frames.get(first) ?? encodeMove({ leftMs, reason, addresses: this.peersFrom(first) });
      frames.set(first, frame);
      if (place) session.place(place);
      session.send(frame);
    }
    if (waiting.size > 0) this.askSoon();
  }

  private peersFrom(first: number): string[] {
    const { peers } = this;
    return [...peers.slice(first), ...peers.slice(0, first)].flat().slice(0, MAX_TOLD_ADDRESSES);
  }
}
