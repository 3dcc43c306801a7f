/** All sessions of the daemon: accepts connections, keeps the limits, logs and counts what becomes of them. */
import type { Socket } from 'node:net';
import { availableParallelism } from 'node:os';
import { watchPeer } from '../../lib/silence/watch.js';
import { type Clock, type Timer, systemClock } from '../../lib/util/clock.js';
import { REJECT_NOT_UNIQUE, REJECT_QUOTA, codeName } from '../../lib/wire/codes.js';
import { encodeCode } from '../../lib/wire/handshake/accept.js';
import { Access, type AccessRules } from '../access/access.js';
import { MAX_CHANGE_BYTES } from '../core/admission.js';
import type { Core } from '../core/core.js';
import { type Counters, newCounters } from '../counters.js';
import { LogLimit } from '../log/log-limit.js';
import type { Logger } from '../log/logger.js';
import { addressKey } from '../net/peer.js';
import { BatchTick } from './batch-tick.js';
import { BufferedBytes } from './buffered-bytes.js';
import type { Rejection, SessionContext } from './context.js';
import type { EndReason } from './end-reason.js';
import { endSoon, Handshakes, type PendingHandshake } from './handshakes.js';
import {
  CHANGE_RETRY,
  MAX_END_WAIT,
  STALL_TIME,
  STOP_TIMEOUT,
  type SessionLimits,
  TOTAL_PAUSE,
} from './limits.js';
import { Logins } from './logins.js';
import { NameWaits } from './name-waits.js';
import { Session } from './session.js';
import { FloodThrottle } from './throttle.js';

/** Ends that are worth a line in an ordinary log; the others are the clients' own doing. */
const NOTABLE = /^(slow|silent|illegal|too-many|handshake)/;

/** Password checks at one time: a processor is left for the messages, and threads of Node for files. */
const LOGINS_AT_ONCE = Math.max(1, Math.min(3, availableParallelism() - 1));

/** What becomes of a connection that has its TLS handshake before it. */
export interface TlsHandshake {
  /** It can begin. */
  readonly begin: () => void;
  /** It cannot. */
  readonly destroy: () => void;
}

export class SessionServer implements SessionContext<Session> {
  readonly counters: Counters = newCounters();
  readonly tick: BatchTick;
  /** One object for good: every backlog looks at it. */
  readonly limits: SessionLimits;
  access: Access;
  readonly logins: Logins;
  private readonly sessions = new Set<Session>();
  /** Those in their handshake, that of TLS or ours, or before it. */
  private readonly handshaking: Handshakes;
  /** Of these the ones with that of TLS, which are not sessions yet, and what ends each. */
  private readonly tlsHandshakes = new Map<PendingHandshake, () => void>();
  private changeTimer: Timer | null = null;
  private endsTimer: Timer | null = null;
  /** Connections by address. */
  private readonly addresses = new Map<string, number>();
  private readonly lines: LogLimit;
  private readonly nameWaits = new NameWaits();
  private readonly total = new BufferedBytes<Session>();
  private readonly brake: FloodThrottle;
  /** Says to the other daemons whether a receiver here is behind. */
  tellBehind: (isBehind: boolean) => void = () => undefined;
  private lastId = 0;
  private lastTotalDrop = 0;
  private emptied: (() => void) | null = null;

  constructor(
    readonly core: Core,
    limits: SessionLimits,
    log: Logger,
    rules: AccessRules,
    /** Bytes that all buffers of the process take. */
    private readonly bufferBytes = (): number => process.memoryUsage().arrayBuffers,
    readonly clock: Clock = systemClock,
  ) {
    this.limits = { ...limits };
    this.limitChanges();
    this.access = new Access(rules);
    this.tick = new BatchTick(
      () => this.order(),
      () => this.endTurn(),
      clock,
    );
    this.brake = new FloodThrottle(STALL_TIME, clock, (isBehind) => this.tellBehind(isBehind));
    this.handshaking = new Handshakes(this.limits, clock);
    this.lines = new LogLimit(log, clock);
    this.logins = new Logins((credentials) => this.access.verify(credentials), LOGINS_AT_ONCE, clock);
  }

  /** Connections, those in their handshake included. */
  get size(): number {
    return this.sessions.size;
  }

  get handshakes(): number {
    return this.handshaking.size;
  }

  /** Bytes that wait for all sessions together. */
  get waitingBytes(): number {
    return this.total.bytes;
  }

  /** Sessions above the soft mark: half of the messages they may have waiting. */
  get behind(): number {
    const mark = this.limits.maxSessionMessages / 2;
    let count = 0;
    for (const { waitingMessages } of this.total.values()) if (waitingMessages > mark) count++;
    return count;
  }

  values(): IterableIterator<Session> {
    return this.sessions.values();
  }

  /** Takes effect for the next handshakes and messages; sessions that are there stay. */
  reload(limits: SessionLimits, rules: AccessRules): void {
    Object.assign(this.limits, limits);
    this.limitChanges();
    this.access = new Access(rules);
  }

  /** A new connection, which nobody reads yet. @param isBegun it has waited for its turn before its TLS handshake */
  accept(socket: Socket, isBegun = false): void {
    this.counters.connections++;
    const address = addressKey(socket);
    const refusal = this.refusalOf(address);
    if (refusal !== null) {
      this.refuse(address, refusal);
      socket.on('error', () => undefined);
      socket.resume();
      socket.write(encodeCode(REJECT_QUOTA));
      endSoon(socket, this.clock);
      return;
    }
    watchPeer(socket, this.limits.clientSilenceTimeoutMs);
    const session = new Session(socket, this, ++this.lastId);
    this.sessions.add(session);
    this.count(address, 1);
    this.handshaking.add(session, isBegun);
  }

  /**
   * A new connection that has its TLS handshake before it.
   * @returns to be called when that is over, or the connection gone
   */
  acceptTls(socket: Socket, { begin, destroy }: TlsHandshake): (isThrough: boolean) => void {
    const address = addressKey(socket);
    const refusal = this.refusalOf(address);
    if (refusal !== null) {
      this.refuse(address, refusal);
      destroy();
      return () => undefined;
    }
    let isOver = false;
    const end = (): void => {
      isOver = true;
      this.handshaking.remove(pending);
      this.tlsHandshakes.delete(pending);
      this.count(address, -1);
    };
    const cut = (): void => {
      end();
      destroy();
    };
    const giveWay = (): void => {
      this.rejected('crowded');
      cut();
    };
    const pending: PendingHandshake = { address, begin, giveWay };
    this.tlsHandshakes.set(pending, cut);
    this.count(address, 1);
    this.handshaking.add(pending);
    return (isThrough) => {
      if (isOver) return;
      end();
      if (!isThrough) this.rejected('tls');
    };
  }

  /** Whether a receiver at another daemon is behind: flooding sessions are held for it. */
  set behindElsewhere(isBehind: boolean) {
    this.brake.elsewhere = isBehind;
  }

  /** The engine's queue is below its mark again. */
  resume(): void {
    for (const session of this.sessions) session.setPaused('engine', false);
  }

  /** Ends all sessions: each client sees the end of its stream. Resolves when the connections are gone. */
  async stop(): Promise<void> {
    // What was read is still ordered.
    this.order();
    this.tick.stop();
    for (const end of Array.from(this.tlsHandshakes.values())) end();
    const gone = new Promise<void>((resolve) => {
      this.emptied = resolve;
    });
    for (const session of this.sessions) session.stop();
    if (this.sessions.size === 0) {
      this.lines.tell();
      return;
    }
    const timer = this.clock.after(STOP_TIMEOUT, () => {
      for (const session of this.sessions) session.destroy();
    });
    await gone;
    timer.cancel();
    this.lines.tell();
  }

  accepted(session: Session): void {
    this.counters.sessions++;
    const { id, name, version, membership, principal, peer, address } = session;
    const fields = { session: id, name, version, membership, principal, from: peer.from };
    this.lines.write('info', address, 'session', fields, 'session established');
  }

  handshakeEnded(session: Session): void {
    this.handshaking.remove(session);
    this.nameWaits.delete(session);
  }

  rejected(code: Rejection): void {
    const name = typeof code === 'string' ? code : codeName(code);
    this.counters.rejections[name] = (this.counters.rejections[name] ?? 0) + 1;
  }

  ended(session: Session, reason: EndReason, detail?: string): void {
    this.counters.ends[reason] = (this.counters.ends[reason] ?? 0) + 1;
    const level = NOTABLE.test(reason) ? 'warn' : 'info';
    const { id, name, peer, address } = session;
    const fields = { session: id, name, from: peer.from, reason, detail };
    this.lines.write(level, address, reason, fields, 'session ended');
  }

  closed(session: Session): void {
    this.sessions.delete(session);
    this.count(session.address, -1);
    this.brake.forget(session);
    this.total.forget(session);
    if (this.sessions.size === 0) this.emptied?.();
  }

  wasRead(session: Session, bytes: number): void {
    this.brake.wasRead(session, bytes);
  }

  wrote(session: Session): void {
    this.brake.wrote(session);
    this.total.note(session);
  }

  /** Why one more connection of the address is too many; null when there is room, or another one made room. */
  private refusalOf(address: string): string | null {
    const { maxSessions, maxSessionsPerAddress } = this.limits;
    const ofAddress = this.addresses.get(address) ?? 0;
    if (maxSessionsPerAddress > 0 && ofAddress >= maxSessionsPerAddress) {
      return 'session limit per address reached';
    }
    const isFull = this.sessions.size + this.tlsHandshakes.size >= maxSessions;
    return isFull && !this.handshaking.makeRoomFor(address) ? 'session limit reached' : null;
  }

  private refuse(address: string, reason: string): void {
    this.rejected(REJECT_QUOTA);
    const fields = { address, sessions: this.sessions.size };
    this.lines.write('warn', address, 'refused', fields, `connection refused: ${reason}`);
  }

  /** What changes under way make wait for one session stays well below what may wait for it. */
  private limitChanges(): void {
    this.core.changeBytes = Math.min(MAX_CHANGE_BYTES, this.limits.maxSessionBytes / 4);
  }

  private count(address: string, change: 1 | -1): void {
    const count = (this.addresses.get(address) ?? 0) + change;
    if (count === 0) this.addresses.delete(address);
    else this.addresses.set(address, count);
  }

  reserve(name: string): string | number | null {
    const { roster } = this.core;
    const answer = roster.reserve(name);
    return answer === REJECT_NOT_UNIQUE && roster.isEnding(name) ? null : answer;
  }

  awaitsName(session: Session): void {
    this.nameWaits.add(session);
  }

  /** The core is in the middle of a delivery, so the handshakes continue at the end of a turn. */
  nameFreed(): void {
    if (this.nameWaits.freed()) this.tick.schedule();
  }

  /** An engine that is behind stops all reading; `resume` follows its drain. */
  private order(): void {
    if (this.core.flush()) return;
    for (const session of this.sessions) session.setPaused('engine', true);
  }

  /** Joins, leaves and ends that wait are looked at in the next turn where there is room already, else a little later. */
  private watchChanges(): void {
    const { core, tick } = this;
    this.watchEnds();
    if (core.isDue) tick.schedule();
    if (core.waiting === 0) return;
    this.changeTimer ??= this.clock
      .after(CHANGE_RETRY, () => {
        this.changeTimer = null;
        tick.schedule();
      })
      .unref();
  }

  /** The end of a session waits for members that are behind, but not for long. */
  private watchEnds(): void {
    if (!this.core.hasEnds) return;
    this.endsTimer ??= this.clock
      .after(MAX_END_WAIT / 2, () => {
        this.endsTimer = null;
        this.core.ageEnds();
        this.tick.schedule();
      })
      .unref();
  }

  /**
   * Receivers share their bytes, so the sum over the backlogs says only that there may be too much; what all buffers
   * really take decides. Memory comes back some time after a session has ended, so they end one by one.
   */
  private endTurn(): void {
    this.brake.endTurn();
    this.watchChanges();
    this.nameWaits.endTurn();
    const { maxTotalBytes } = this.limits;
    if (this.total.bytes <= maxTotalBytes || this.clock.now() - this.lastTotalDrop < TOTAL_PAUSE) return;
    if (this.bufferBytes() <= maxTotalBytes) return;
    this.lastTotalDrop = this.clock.now();
    this.total.heaviest()?.drop('slow-total');
  }
}
