/** All sessions of the daemon: accepts connections, keeps the limits, logs and counts what becomes of them. */
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { availableParallelism } from 'node:os';
import { watchPeer } from '../../lib/silence/watch.js';
import { type Clock, type Timer, systemClock } from '../../lib/util/clock.js';
import { REJECT_QUOTA, codeName } from '../../lib/wire/codes.js';
import { encodeCode } from '../../lib/wire/handshake/accept.js';
import { Access, type AccessRules } from '../access/access.js';
import { MAX_CHANGE_BYTES } from '../core/admission.js';
import type { Core } from '../core/core.js';
import type { Group } from '../core/group.js';
import { type Counters, newCounters } from '../counters.js';
import { LogLimit } from '../log/log-limit.js';
import type { Logger } from '../log/logger.js';
import { addressKey, type ByteStream, type Peer, peerOf } from '../net/peer.js';
import { BatchTick } from './batch-tick.js';
import { BufferedBytes } from './buffered-bytes.js';
import { ConnectionQuota, type TlsHandshake } from './connection-quota.js';
import type { Rejection, SessionContext, SessionWatcher } from './context.js';
import type { EndReason } from './end-reason.js';
import { Attachments } from './attachments.js';
import type { ExtensionOptions } from './extension.js';
import { endSoon, Handshakes } from './handshakes.js';
import {
  CHANGE_RETRY,
  MAX_END_WAIT,
  STALL_TIME,
  STOP_TIMEOUT,
  type SessionLimits,
  TOTAL_PAUSE,
} from './limits.js';
import { Logins } from './logins.js';
import { Moves } from './moves.js';
import { NameWaits } from './name-waits.js';
import { RecordPace } from './record-pace.js';
import { Session } from './session.js';
import { FloodThrottle } from './throttle.js';

/** Ends that are worth a line in an ordinary log; the others are the clients' own doing. */
const NOTABLE = /^(slow|silent|illegal|too-many|handshake)/;

/** Password checks at one time: a processor is left for the messages, and threads of Node for files. */
const LOGINS_AT_ONCE = Math.max(1, Math.min(3, availableParallelism() - 1));

const randomSid = (): bigint => randomBytes(8).readBigUInt64LE();

export class SessionServer implements SessionContext<Session> {
  readonly counters: Counters = newCounters();
  readonly tick: BatchTick;
  readonly pace: RecordPace;
  /** One object for good: every backlog looks at it. */
  readonly limits: SessionLimits;
  access: Access;
  /** Takes effect for the next handshakes. */
  extensionOptions: ExtensionOptions = { clientExtension: true, resume: true };
  /** The id of a new session; a simulator passes others than chance. */
  newSid: () => bigint = randomSid;
  readonly logins: Logins;
  readonly attachments: Attachments;
  readonly moves: Moves;
  private readonly sessions = new Set<Session>();
  /** Those in their handshake, that of TLS or ours, or before it. */
  private readonly handshaking: Handshakes;
  private readonly quota: ConnectionQuota;
  private changeTimer: Timer | null = null;
  private endsTimer: Timer | null = null;
  private readonly lines: LogLimit;
  private readonly nameWaits = new NameWaits();
  readonly total = new BufferedBytes<Session>();
  private readonly brake: FloodThrottle;
  /** Told of ends and refusals; null: nobody. */
  watcher: SessionWatcher | null = null;
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
    this.pace = new RecordPace(
      () => core.counters.records,
      (outlet) => this.tick.touch(outlet),
      clock,
    );
    core.onRecords = () => this.tick.schedule();
    core.nameFreed = () => this.nameFreed();
    core.record.now = () => clock.now();
    this.moves = new Moves(this);
    this.attachments = new Attachments(this);
    core.outgrown.onLeaving = (group, sessions) => this.outgrown(group, sessions);
    this.brake = new FloodThrottle(STALL_TIME, clock, (isBehind) => this.tellBehind(isBehind));
    this.handshaking = new Handshakes(this.limits, clock);
    this.quota = new ConnectionQuota(this, this.handshaking);
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
    const address = addressKey(socket);
    const refusal = this.quota.refusalOf(address);
    if (refusal !== null) {
      this.counters.connections++;
      this.refuse(address, refusal);
      socket.on('error', () => undefined);
      socket.resume();
      socket.write(encodeCode(REJECT_QUOTA));
      endSoon(socket, this.clock);
      return;
    }
    watchPeer(socket, this.limits.clientSilenceTimeoutMs);
    this.admit(socket, peerOf(socket), isBegun);
  }

  /** A new connection that has its TLS handshake before it. @returns to be called when that is over, or the connection gone */
  acceptTls(socket: Socket, handshake: TlsHandshake): (isThrough: boolean) => void {
    return this.quota.acceptTls(addressKey(socket), handshake);
  }

  /** Why no WebSocket of the address may come in now; null when one may, and is to be admitted in the same turn. */
  refusalOf(address: string): string | null {
    if (this.moves.isDraining) return 'the daemon is about to stop';
    return this.quota.refusalOf(address);
  }

  /** There is room for the connection. @param isBegun as for `accept` */
  admit(socket: ByteStream, peer: Peer, isBegun: boolean): Session {
    this.counters.connections++;
    const session = new Session(socket, this, ++this.lastId, peer);
    this.sessions.add(session);
    this.quota.count(session.address, 1);
    this.handshaking.add(session, isBegun);
    return session;
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
    this.pace.stop();
    this.moves.stop();
    this.attachments.parking.stop();
    this.quota.stop();
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
    // It came too late to be served here; one that can come back does so at another daemon.
    if (this.moves.isDraining) session.stop();
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
    peer.web?.ended(reason);
    this.watcher?.ended(session, reason, detail);
  }

  closed(session: Session): void {
    this.sessions.delete(session);
    this.quota.count(session.address, -1);
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
    this.attachments.wrote();
  }

  /** One more connection of the address is too many. */
  refuse(address: string, reason: string): void {
    this.rejected(REJECT_QUOTA);
    this.watcher?.refused(address, reason);
    const fields = { address, sessions: this.sessions.size };
    this.lines.write('warn', address, 'refused', fields, `connection refused: ${reason}`);
  }

  /** What changes under way make wait for one session stays well below what may wait for it. */
  private limitChanges(): void {
    this.core.changeBytes = Math.min(MAX_CHANGE_BYTES, this.limits.maxSessionBytes / 4);
  }

  awaitsName(session: Session): void {
    this.nameWaits.add(session);
  }

  /** The core is in the middle of a delivery, so the handshakes continue at the end of a turn. */
  nameFreed(): void {
    if (this.nameWaits.freed()) this.tick.schedule();
  }

  /** Members that get whole views leave a group that is too large for those. */
  private outgrown({ name, members }: Group, sessions: number): void {
    const fields = { group: name, members: members.length, sessions, limit: this.limits.maxPlainView };
    this.lines.write(
      'warn',
      '',
      `outgrown ${name}`,
      fields,
      'group outgrown by clients without compact views',
    );
    this.tick.schedule();
  }

  /** An engine that is behind stops all reading; `resume` follows its drain. */
  private order(): void {
    const isMoreTaken = this.core.flush();
    this.core.endTurn();
    this.pace.turn();
    if (isMoreTaken) return;
    for (const session of this.sessions) session.setPaused('engine', true);
  }

  /** Joins, leaves and ends that wait are looked at in the next turn where there is room already, else a little later. */
  private watchChanges(): void {
    const { core, tick } = this;
    this.watchEnds();
    if (core.isDue || core.hasOrders) tick.schedule();
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
    this.attachments.endTurn();
    this.moves.endTurn();
    this.nameWaits.endTurn();
    const { maxTotalBytes } = this.limits;
    if (this.total.bytes <= maxTotalBytes || this.clock.now() - this.lastTotalDrop < TOTAL_PAUSE) return;
    if (this.bufferBytes() <= maxTotalBytes) return;
    this.lastTotalDrop = this.clock.now();
    this.total.heaviest()?.drop('slow-total');
  }
}
