/**
 * One connection at the daemon: handshake, then frames in and frames out. It turns bytes into inputs of the core and
 * the core's deliveries back into bytes; it decides nothing about groups.
 */
import type { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import type { Timer } from '../../lib/util/clock.js';
import { REJECT_QUOTA, codeName } from '../../lib/wire/codes.js';
import { FrameFault } from '../../lib/wire/fault.js';
import { FrameReader } from '../../lib/wire/frame-reader.js';
import { encodeCode } from '../../lib/wire/handshake/accept.js';
import type { Credentials } from '../../lib/wire/handshake/authentication.js';
import { versionText } from '../../lib/wire/handshake/connect-request.js';
import { ServerHandshake, type ServerStep } from '../../lib/wire/handshake/server-handshake.js';
import { checkRequest } from '../../lib/wire/request.js';
import type { LocalSession } from '../core/group.js';
import { type Peer, addressKey, peerOf, reasonOfError } from '../net/peer.js';
import type { SessionContext } from './context.js';
import { DeferredFrames } from './deferred-frames.js';
import type { EndReason } from './end-reason.js';
import { endSoon, type PendingHandshake } from './handshakes.js';
import { LOGIN_WAIT, MAX_SESSION_GROUPS, STALL_TIME } from './limits.js';
import { SendQueue } from './send-queue.js';

/** Who stops reading from a client: the brake, an engine that is behind, or a join or leave that waits. */
export type PauseReason = 'flood' | 'engine' | 'change';

/** A frame that was read and waits: a join or leave, or what follows one. */
export class Session implements PendingHandshake {
  readonly peer: Peer;
  readonly address: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Library version; empty until the handshake is through. */
  version = '';
  /** What it proved to be: a user, or a certificate; empty for nothing. */
  principal = '';
  messagesIn = 0;
  bytesIn = 0;
  messagesOut = 0;
  bytesOut = 0;
  /** The core's record; null until the handshake is through. */
  private local: LocalSession | null = null;
  private readonly handshake: ServerHandshake;
  private readonly reader: FrameReader;
  private readonly backlog: SendQueue;
  private deadline: Timer | null = null;
  /** Milliseconds that are left for the handshake when its deadline is set, and since when it runs. */
  private timeLeft = 0;
  private timeFrom = 0;
  /** A password that waits for its check; gives it up. */
  private giveUpLogin: (() => void) | null = null;
  /** A wrong password waits for its answer. */
  private penalty: Timer | null = null;
  private reason: EndReason | null = null;
  private readonly holders = new Set<PauseReason>();
  /** It was held since it was last read. */
  private wasHeld = false;
  private readonly deferred: DeferredFrames;

  constructor(
    private readonly socket: Socket,
    private readonly context: SessionContext<Session>,
    /** For logs; the protocol knows sessions by private group. */
    readonly id: number,
  ) {
    this.since = context.clock.date();
    this.peer = peerOf(socket);
    this.address = addressKey(socket);
    const { origin, isExposed } = this.peer;
    this.handshake = new ServerHandshake(
      context.access.policyFor(origin, isExposed, ({ name }) => context.reserve(name)),
    );
    this.reader = new FrameReader(this);
    this.deferred = new DeferredFrames(context.clock);
    const events = {
      overflow: (reason: EndReason) => this.drop(reason),
      wrote: () => context.wrote(this),
    };
    this.backlog = new SendQueue(socket, context.tick, context.limits, events, STALL_TIME, context.clock);
    socket.on('data', (chunk: Buffer) => this.read(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => this.finish(reasonOfError(error), error.code));
    socket.on('close', () => this.closed());
    socket.on('end', () => this.finish('closed'));
  }

  /** The handshake's turn: from now on the client is read. */
  begin(): void {
    if (this.reason !== null) return;
    this.timeLeft = this.context.limits.handshakeTimeoutMs;
    this.startTime();
    this.socket.resume();
  }

  /** There are too many connections, and this one is not through. */
  giveWay(): void {
    this.context.rejected('crowded');
    this.finish('handshake-crowded');
    this.socket.write(encodeCode(REJECT_QUOTA));
    endSoon(this.socket, this.context.clock);
  }

  /** The private group, or empty while there is none. */
  get name(): string {
    return this.local?.privateGroup ?? this.handshake.reserved;
  }

  /** Whether the handshake is still running. */
  get isNew(): boolean {
    return this.local === null && this.reason === null;
  }

  get membership(): boolean {
    return this.local?.membership ?? false;
  }

  /** Groups it is in. */
  get groups(): number {
    return this.local?.member?.groups.size ?? 0;
  }

  /** Why it is not read at present. */
  get heldBy(): readonly string[] {
    return [...this.holders];
  }

  get waitingMessages(): number {
    return this.backlog.waitingMessages;
  }

  get waitingBytes(): number {
    return this.backlog.waitingBytes;
  }

  get isFarBehind(): boolean {
    return this.backlog.isFarBehind;
  }

  get isBehind(): boolean {
    return this.backlog.isBehind;
  }

  get takenBytes(): number {
    return this.backlog.takenBytes;
  }

  /**
   * Stops and resumes reading from the client, who feels it as a full socket; it is read when nobody holds it. A
   * handshake has a limit in time and orders nothing, so it is not held.
   */
  setPaused(holder: PauseReason, held: boolean): void {
    if (!held) {
      if (!this.holders.delete(holder) || this.holders.size > 0) return;
      this.backlog.excuse(false);
      this.socket.resume();
    } else if (this.local !== null) {
      this.holders.add(holder);
      this.wasHeld = true;
      this.backlog.excuse(true);
      this.socket.pause();
    }
  }

  /** Ends the session for a reason of the daemon's. Nothing is sent: the protocol has no words for it. */
  drop(reason: EndReason, detail?: string): void {
    this.finish(reason, detail);
    this.socket.destroy();
  }

  /** The daemon stops: what the socket has taken on goes out, then the client sees the end of the stream. */
  stop(): void {
    this.backlog.flush();
    this.finish('stopping');
    this.socket.destroySoon();
  }

  /** Cuts the connection. */
  destroy(): void {
    this.socket.destroy();
  }

  // Outlet

  deliver(bytes: Buffer, start: number, end: number, messages: number): void {
    this.messagesOut += messages;
    this.bytesOut += end - start;
    this.context.counters.messagesOut += messages;
    this.context.counters.bytesOut += end - start;
    this.backlog.push(bytes, start, end, messages);
  }

  /** What waits is thrown away: a client that does not read cannot keep its connection. */
  close(): void {
    this.backlog.end();
    if (this.socket.writableLength > 0) this.socket.destroy();
    else this.socket.destroySoon();
    this.context.nameFreed();
  }

  /** Somebody's name has become free. It may have taken it already, with a word that came in the same turn. */
  nameFreed(): void {
    if (this.reason !== null || !this.handshake.awaitsName) return;
    this.socket.resume();
    this.step(this.handshake.nameFreed());
  }

  // FrameHandler

  header(bytes: Buffer, at: number): number {
    const { field, nameLength } = this.local as LocalSession;
    return checkRequest(bytes, at, field, nameLength);
  }

  frame(bytes: Buffer, start: number, end: number): void {
    this.messagesIn++;
    this.context.counters.messagesIn++;
    const { deferred } = this;
    if (deferred.count === 0) {
      if (this.submit(bytes, start, end)) return;
      this.setPaused('change', true);
    }
    deferred.add(bytes, start, end);
  }

  retry(): boolean {
    const { deferred } = this;
    const before = deferred.count;
    this.guard(() => deferred.retry((bytes, start, end) => this.submit(bytes, start, end)));
    if (deferred.count === 0) this.setPaused('change', false);
    return deferred.count < before;
  }

  get hasDeferred(): boolean {
    return this.deferred.count > 0;
  }

  /** @returns false when it has to wait */
  private submit(bytes: Buffer, start: number, end: number): boolean {
    const local = this.local as LocalSession;
    if (!this.context.core.submit(local, bytes, start, end, this.deferred.waitsFor)) return false;
    if (local.leaving) {
      this.finish('requested');
      this.reader.stop();
      this.socket.pause();
    } else if ((local.member?.groups.size ?? 0) > MAX_SESSION_GROUPS) {
      this.drop('too-many-groups');
    }
    return true;
  }

  private read(chunk: Buffer): void {
    this.bytesIn += chunk.length;
    this.context.counters.bytesIn += chunk.length;
    if (this.reason !== null) return;
    if (this.local === null) return this.shake(chunk);
    if (this.wasHeld) this.backlog.wasBlocked();
    this.wasHeld = false;
    this.frames(chunk);
  }

  /** One that waits, for its name or its password's check, is read until it says more: so its end is seen. */
  private shake(chunk: Buffer): void {
    if (this.isVerifying) this.socket.pause();
    const { awaitsName } = this.handshake;
    this.step(this.handshake.push(chunk));
    if (awaitsName && this.handshake.awaitsName) this.socket.pause();
  }

  private frames(chunk: Buffer): void {
    this.guard(() => this.reader.push(chunk));
    this.context.tick.schedule();
    this.context.wasRead(this, chunk.length);
  }

  /** What is wrong with a frame ends the session. */
  private guard(take: () => void): void {
    try {
      take();
    } catch (error) {
      if (!(error instanceof FrameFault)) throw error;
      this.drop(`illegal-${error.reason}`, error.message);
    }
  }

  private step(step: ServerStep): void {
    if (step.write !== null) this.socket.write(step.write);
    if (step.kind === 'rejected') {
      this.context.rejected(step.code);
      this.finish('rejected', codeName(step.code));
      endSoon(this.socket, this.context.clock);
    } else if (step.kind === 'name') {
      this.context.awaitsName(this);
    } else if (step.kind === 'verify') {
      this.verify(step.credentials);
    } else if (step.kind === 'accepted') {
      this.accept(step);
    }
  }

  private accept({ request, privateGroup, user, rest }: Extract<ServerStep, { kind: 'accepted' }>): void {
    this.endHandshake();
    const principals = [user, this.peer.certificate].filter((principal) => principal !== '');
    this.principal = principals[0] ?? '';
    this.version = versionText(request.version);
    const permit = this.context.access.permitOf(principals);
    this.local = this.context.core.open(privateGroup, request.membership, this, permit, this.address);
    this.context.accepted(this);
    if (rest.length > 0) this.frames(rest);
  }

  private get isVerifying(): boolean {
    return this.giveUpLogin !== null || this.penalty !== null;
  }

  /** The time that this takes is the daemon's, and does not count against the handshake's. */
  private verify(credentials: Credentials): void {
    const { clock, limits, logins } = this.context;
    this.timeLeft -= clock.now() - this.timeFrom;
    this.deadline?.cancel();
    this.deadline = clock.after(LOGIN_WAIT, () => this.timeOut());
    const go = (isGood: boolean): void => {
      this.penalty = null;
      this.startTime();
      this.socket.resume();
      this.step(this.handshake.verified(isGood));
    };
    const answer = (isGood: boolean, delay: number): void => {
      this.giveUpLogin = null;
      this.deadline?.cancel();
      if (isGood) go(true);
      else this.penalty = clock.after(delay, () => go(false));
    };
    this.giveUpLogin = logins.enter(
      { address: this.address, credentials, answer },
      limits.authFailureDelayMs,
    );
  }

  /** From now on the handshake's time runs. */
  private startTime(): void {
    this.timeFrom = this.context.clock.now();
    this.deadline = this.context.clock.after(Math.max(0, this.timeLeft), () => this.timeOut());
  }

  private timeOut(): void {
    if (this.handshake.awaitsName) return this.step(this.handshake.nameKept());
    this.context.rejected('timeout');
    this.drop('handshake-timeout');
  }

  private endHandshake(): void {
    this.deadline?.cancel();
    this.penalty?.cancel();
    this.giveUpLogin?.();
    this.deadline = null;
    this.penalty = null;
    this.giveUpLogin = null;
    this.context.handshakeEnded(this);
  }

  /** Everything ends here once: the first reason counts. */
  private finish(reason: EndReason, detail?: string): void {
    if (this.reason !== null) return;
    this.reason = reason;
    this.endHandshake();
    this.reader.stop();
    this.backlog.end();
    this.deferred.clear();
    this.context.ended(this, reason, detail);
    if (this.local !== null) {
      this.context.core.disconnect(this.local, true);
      this.context.tick.schedule();
    } else if (this.handshake.reserved !== '') {
      this.context.core.roster.release(this.handshake.reserved);
    }
  }

  private closed(): void {
    this.finish('closed');
    this.context.closed(this);
  }
}
