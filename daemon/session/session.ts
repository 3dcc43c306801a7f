/**
 * One connection at the daemon: handshake, then frames in and frames out. It turns bytes into inputs of the core and
 * the core's deliveries back into bytes; it decides nothing about groups.
 */
import type { Buffer } from 'node:buffer';
import { REJECT_QUOTA, codeName } from '../../lib/wire/codes.js';
import { checkExtensionRequest, isExtensionFrame } from '../../lib/wire/extension/frame.js';
import { FrameFault } from '../../lib/wire/fault.js';
import { FrameReader } from '../../lib/wire/frame-reader.js';
import { encodeCode } from '../../lib/wire/handshake/accept.js';
import type { Credentials } from '../../lib/wire/handshake/authentication.js';
import { nameField } from '../../lib/wire/name.js';
import { ServerHandshake, type ServerStep } from '../../lib/wire/handshake/server-handshake.js';
import { checkRequest } from '../../lib/wire/request.js';
import { versionText } from '../../lib/wire/version.js';
import type { LocalSession } from '../core/group.js';
import { type ByteStream, type Peer, reasonOfError } from '../net/peer.js';
import { principalOf } from './attachments.js';
import type { SessionContext } from './context.js';
import { DeferredFrames } from './deferred-frames.js';
import type { EndReason } from './end-reason.js';
import type { ExtensionHost, SessionExtension } from './extension.js';
import { HandshakeTime } from './handshake-time.js';
import { endSoon, type PendingHandshake } from './handshakes.js';
import { MAX_SESSION_GROUPS, STALL_TIME } from './limits.js';
import { type PauseReason, ReadPauses } from './read-pauses.js';
import { SendQueue } from './send-queue.js';

export class Session implements PendingHandshake, ExtensionHost {
  readonly address: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Library version; empty until the handshake is through. */
  version = '';
  /** What it proved to be: a user, a certificate, or the subject of a token; empty for nothing. */
  principal = '';
  messagesIn = 0;
  bytesIn = 0;
  messagesOut = 0;
  bytesOut = 0;
  /** The core's record; null until the handshake is through. */
  local: LocalSession | null = null;
  private readonly handshake: ServerHandshake;
  private readonly reader: FrameReader;
  readonly queue: SendQueue;
  private readonly handshakeTime: HandshakeTime;
  /** What was agreed beyond the protocol of Spread; null in a plain session. */
  private extension: SessionExtension | null = null;
  /** The client has had its last word, and gets a moment to read it. */
  private isLeaving = false;
  private reason: EndReason | null = null;
  /** The time of its handshake is over: what it waited for does not come. */
  private isLate = false;
  private readonly pauses: ReadPauses;
  readonly deferred: DeferredFrames;

  constructor(
    private readonly socket: ByteStream,
    private readonly context: SessionContext<Session>,
    /** For logs; the protocol knows sessions by private group. */
    readonly id: number,
    readonly peer: Peer,
  ) {
    this.since = context.clock.date();
    const { address, origin, isExposed, identity, web } = peer;
    this.address = address;
    const { attachments, tick, limits, clock, pace } = context;
    const newcomer = { origin, isExposed, subject: web && web.subject };
    const policy = context.access.policyFor(newcomer, ({ name }, hello, user) =>
      attachments.reserve(name, hello, principalOf(user, identity), this.isLate),
    );
    this.handshake = new ServerHandshake({ ...policy, extension: attachments.extensionFor(peer) });
    this.handshakeTime = new HandshakeTime(context, () => this.timeOut());
    this.reader = new FrameReader(this);
    this.deferred = new DeferredFrames(context.clock);
    const events = {
      overflow: (reason: EndReason) => this.drop(reason),
      wrote: web === null ? () => context.wrote(this) : () => this.wroteToWeb(web.maxBufferedBytes),
    };
    this.queue = new SendQueue(socket, tick, limits, events, STALL_TIME, clock, pace);
    this.pauses = new ReadPauses(socket, this.queue);
    socket.on('data', (chunk: Buffer) => this.read(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => this.finish(reasonOfError(error), error.code));
    socket.on('close', () => this.closed());
    socket.on('end', () => this.finish('closed'));
  }

  /** The handshake's turn: from now on the client is read. */
  begin(): void {
    if (this.reason !== null) return;
    this.handshakeTime.begin();
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
    return this.pauses.values();
  }

  get waitingMessages(): number {
    return this.queue.waitingMessages;
  }

  get waitingBytes(): number {
    return this.queue.waitingBytes;
  }

  get isFarBehind(): boolean {
    return this.queue.isFarBehind;
  }

  get isBehind(): boolean {
    return this.queue.isBehind;
  }

  get takenBytes(): number {
    return this.queue.takenBytes;
  }

  /**
   * Stops and resumes reading from the client, who feels it as a full socket; it is read when nobody holds it. A
   * handshake has a limit in time and orders nothing, so it is not held.
   */
  setPaused(holder: PauseReason, held: boolean): void {
    if (!held) this.pauses.end(holder);
    else if (this.local !== null) this.pauses.start(holder);
  }

  /** Ends the session for a reason of the daemon's. A plain one is sent nothing: the protocol has no words for it. */
  drop(reason: EndReason, detail?: string): void {
    if (!this.endWith(reason, detail)) this.socket.destroy();
  }

  /** The daemon stops: what the socket has taken on goes out, then the client sees the end of the stream. */
  stop(): void {
    this.queue.flush(true);
    if (!this.endWith('stopping')) this.socket.destroySoon();
  }

  /** Ends the session. @returns whether the client gets a last word, and closes by itself */
  private endWith(reason: EndReason, detail?: string): boolean {
    const word = this.reason === null ? this.extension?.lastWord(reason, detail) : null;
    this.isLeaving = Boolean(word);
    this.finish(reason, detail);
    if (!word) return false;
    // What the client has under way is thrown away: a socket closed with unread bytes is reset, and with it the word.
    this.socket.resume();
    this.socket.write(word);
    endSoon(this.socket, this.context.clock);
    return true;
  }

  /** Queues a frame of the extension. */
  send(frame: Buffer): void {
    this.queue.push(frame, 0, frame.length, 0);
  }

  /** The client asks for the list of a group. @returns false when it has to wait */
  list(group: string): boolean {
    const { context, deferred } = this;
    return context.core.list(this.local as LocalSession, nameField(group), deferred.waitsFor);
  }

  /** The core has no place for the session any more: what came before goes out, then the reason. */
  expel(code: 'taken-over' | 'forgotten' | 'parted'): void {
    this.queue.flush(true);
    this.drop(code);
  }

  /** Cuts the connection. */
  destroy(): void {
    this.socket.destroy();
  }

  // SessionSink

  deliver(bytes: Buffer, start: number, end: number, messages: number, canWait = false): void {
    const { extension } = this;
    if (extension?.attachment?.withholds(bytes, start, messages) === true) return;
    this.count(end - start, messages);
    this.queue.deliver(bytes, start, end, messages, canWait, extension?.marks);
  }

  /** Frames go to the client. */
  count(bytes: number, messages: number): void {
    const { counters } = this.context;
    this.messagesOut += messages;
    this.bytesOut += bytes;
    counters.messagesOut += messages;
    counters.bytesOut += bytes;
  }

  /** What waits is thrown away: a client that does not read cannot keep its connection. */
  close(): void {
    this.queue.end();
    if (this.socket.writableLength > 0 && !this.isLeaving) this.socket.destroy();
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
    if (this.extension !== null && isExtensionFrame(bytes, at)) return checkExtensionRequest(bytes, at);
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
    if (this.extension !== null && isExtensionFrame(bytes, start)) {
      return this.extension.take(bytes, start, end);
    }
    this.extension?.expectOpen();
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
    this.pauses.passed();
    this.frames(chunk);
  }

  /** One that waits, for its name or its password's check, is read until it says more: so its end is seen. */
  private shake(chunk: Buffer): void {
    if (this.handshakeTime.isVerifying) this.socket.pause();
    const { awaitsName } = this.handshake;
    this.guard(() => this.step(this.handshake.push(chunk)));
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

  private accept(step: Extract<ServerStep, { kind: 'accepted' }>): void {
    const { request, privateGroup, user, extension, rest } = step;
    const { identity, principals: proved, web } = this.peer;
    this.endHandshake();
    const principals = user === '' ? proved : [user, ...proved];
    this.principal = principalOf(user, identity);
    this.version = versionText(request.version);
    const { access, attachments } = this.context;
    const subject = web && web.subject;
    const permit = access.permitOf(principals, subject);
    const stated = access.statedSubject(principals, subject);
    if (extension) this.extension = attachments.extend(extension, privateGroup, this.principal, this);
    this.local = attachments.open(step, this, permit, this.extension, stated);
    this.context.accepted(this);
    if (rest.length > 0) this.frames(rest);
  }

  private verify(credentials: Credentials): void {
    this.handshakeTime.verify(this.address, credentials, (isGood) => {
      this.socket.resume();
      this.guard(() => this.step(this.handshake.verified(isGood)));
    });
  }

  /** A WebSocket may not be as far behind as another socket. */
  private wroteToWeb(maxBytes: number): void {
    this.context.wrote(this);
    if (this.queue.refusedBytes() > maxBytes) this.drop('slow-bytes');
  }

  private timeOut(): void {
    if (this.handshake.awaitsName) {
      this.isLate = true;
      const step = this.handshake.nameFreed();
      return this.step(step.kind === 'name' ? this.handshake.nameKept() : step);
    }
    this.context.rejected('timeout');
    this.drop('handshake-timeout');
  }

  private endHandshake(): void {
    this.handshakeTime.end();
    this.context.handshakeEnded(this);
  }

  /** Everything ends here once: the first reason counts. */
  private finish(reason: EndReason, detail?: string): void {
    if (this.reason !== null) return;
    this.reason = reason;
    this.endHandshake();
    this.extension?.end();
    this.reader.stop();
    this.queue.end();
    this.deferred.clear();
    this.context.ended(this, reason, detail);
    if (this.local !== null) {
      this.context.attachments.close(this.local, this, reason);
    } else if (this.handshake.reserved !== '') {
      this.context.core.roster.release(this.handshake.reserved);
    }
  }

  private closed(): void {
    this.finish('closed');
    this.context.closed(this);
  }
}
