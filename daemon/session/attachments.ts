/** How clients come to their sessions at this daemon: as new ones, or as those that return with a token. */
import type { Clock, Timer } from '../../lib/util/clock.js';
import { REJECT_NOT_UNIQUE } from '../../lib/wire/codes.js';
import { FEATURE_MOVES, FEATURE_RESUME } from '../../lib/wire/extension/features.js';
import type { Hello } from '../../lib/wire/extension/hello.js';
import type { Token } from '../../lib/wire/extension/token.js';
import type { Welcome } from '../../lib/wire/extension/welcome.js';
import type { ConnectRequest } from '../../lib/wire/handshake/connect-request.js';
import type { HandshakePolicy } from '../../lib/wire/handshake/server-handshake.js';
import { parsePrivateGroup, privateGroup } from '../../lib/wire/name.js';
import type { Core } from '../core/core.js';
import { type Authorize, LocalSession, type SessionSink } from '../core/group.js';
import type { ResumeKey } from '../core/resume-keys.js';
import type { Peer } from '../net/peer.js';
import { Attachment, type AttachmentHost } from './attach.js';
import type { Counters } from '../counters.js';
import type { BatchTick } from './batch-tick.js';
import type { EndReason } from './end-reason.js';
import {
  type ExtensionHost,
  type ExtensionOptions,
  SessionExtension,
  wantsResume,
  welcomeOf,
} from './extension.js';
import { IdleMarks } from './idle-marks.js';
import { Replays } from './replays.js';
import type { SessionLimits } from './limits.js';
import type { MovableSession, Moves } from './moves.js';
import { Parking } from './parking.js';
import { Tokens } from './tokens.js';

/** Looks for sessions that have ended, within the time for which they are known. */
const SWEEPS = 8;

/** Milliseconds between two slices of that. */
const SLICE_PAUSE_MS = 20;

/** A session that the client has proved to be its own. */
interface Claim {
  readonly token: Token;
  /** Whether the daemons know what was ordered in it, or that nothing was. */
  readonly isKnown: boolean;
}

/** The daemon around the sessions. */
interface AttachmentsHost {
  readonly core: Core;
  readonly clock: Clock;
  readonly tick: BatchTick;
  readonly counters: Counters;
  readonly limits: SessionLimits;
  readonly extensionOptions: ExtensionOptions;
  readonly moves: Moves;
  /** The id of a new session. */
  newSid(): bigint;
  nameFreed(): void;
}

/** A session, as far as what was agreed with it needs it. */
type AttachedSession = ExtensionHost & AttachmentHost & { readonly peer: Pick<Peer, 'cameTo'> };

/** Whom a client has proved to be; empty for nobody. @param identity what its connection proves */
export const principalOf = (user: string, identity: string): string => (user === '' ? identity : user);

export class Attachments {
  /** Milliseconds for which a session is known after its end. */
  windowMs = 30_000;
  /** Milliseconds for which a session without a connection is kept at most. */
  maxHoldMs = 10_000;
  /** The key of a file, with which all daemons seal tokens; null: one that they share among themselves. */
  key: ResumeKey | null = null;
  readonly replays: Replays;
  readonly parking: Parking;
  private readonly tokens: Tokens;
  /** Sessions that outlive their connection. */
  private readonly attached = new Set<Attachment>();
  private readonly idle: IdleMarks;
  /** Sessions that have ended because they did not read, with the time of it. */
  private readonly slow = new Map<bigint, number>();
  private timer: Timer | null = null;
  /** Whether the daemons have told one another what they know, so that it is clear whether sessions outlive their connection. */
  private isDecided = false;
  /** When clients have said for how long they were away: some wait behind that. */
  private readonly heard = new WeakMap<Hello, number>();

  constructor(private readonly host: AttachmentsHost) {
    const { name, resumption } = host.core;
    host.moves.onExchanged = () => {
      this.isDecided = true;
      host.nameFreed();
    };
    this.replays = new Replays(host);
    this.idle = new IdleMarks(host.core.record, host.clock.now());
    this.parking = new Parking(host);
    this.tokens = new Tokens(name, () => (this.key ? [this.key] : resumption.keys.known));
  }

  /**
   * Takes a private name: the private group, the code that refuses it, or null while it belongs to another session, and is
   * free soon.
   * @param hello of a client that may come back: until it is clear whether it can here, it waits, as for its name
   * @param isLate it does not wait any longer
   */
  reserve(name: string, hello: Hello | null, principal: string, isLate = false): string | number | null {
    const { roster, resumption } = this.host.core;
    const { extensionOptions } = this.host;
    if (hello && !this.heard.has(hello)) this.heard.set(hello, this.host.clock.now());
    const isOpen = !this.isDecided && !resumption.isOn && !isLate;
    if (isOpen && hello && wantsResume(hello, extensionOptions)) return null;
    const claim = this.claimOf(hello, principal);
    const sid = claim?.isKnown === true ? claim.token.sid : null;
    const target = sid === null ? null : this.targetOf(sid, hello);
    if (target) return target.privateGroup;
    let answer = roster.reserve(name);
    if (answer === REJECT_NOT_UNIQUE) this.parking.yieldName(name, sid, hello?.attempt ?? 0);
    if (answer === REJECT_NOT_UNIQUE && roster.isEnding(name)) return null;
    // One that comes back is refused for no name.
    if (answer === REJECT_NOT_UNIQUE && sid !== null) answer = roster.reserve('');
    if (typeof answer === 'number' || resumption.isFree(answer, sid)) return answer;
    roster.release(answer);
    this.host.tick.schedule();
    return null;
  }

  /** What the next handshake offers. */
  extensionFor({
    identity,
    cameTo,
    web,
  }: Pick<Peer, 'identity' | 'cameTo' | 'web'>): NonNullable<HandshakePolicy['extension']> | null {
    if (!this.host.extensionOptions.clientExtension) return null;
    return {
      welcome: (hello, name, user) => {
        const welcome = this.welcome(hello, name, principalOf(user, identity));
        // Daemons know each other by addresses that no browser can use.
        if (web !== null) return { ...welcome, features: welcome.features & ~FEATURE_MOVES };
        const canMove = (welcome.features & FEATURE_MOVES) !== 0;
        return canMove ? { ...welcome, addresses: this.host.moves.addressesFor(cameTo) } : welcome;
      },
    };
  }

  /** The part of a session that speaks the extension, as it was agreed. @param name its private group */
  extend(
    { hello, welcome }: { readonly hello: Hello; readonly welcome: Welcome },
    name: string,
    principal: string,
    host: AttachedSession,
  ): SessionExtension {
    const isResumable = (welcome.features & FEATURE_RESUME) !== 0;
    const attachment = isResumable ? this.attach(welcome, hello, name, principal, host) : null;
    const { record } = this.host.core;
    const marks = attachment && record.isOn ? record : null;
    const extension = new SessionExtension(welcome, host, this.host.clock, attachment, marks);
    if ((welcome.features & FEATURE_MOVES) !== 0) {
      const { moves } = this.host;
      const movable: MovableSession = {
        place: (mark) => attachment?.remind(mark, true),
        send: (frame) => host.send(frame),
      };
      moves.add(movable, host.peer.cameTo);
      extension.onEnd = () => moves.delete(movable);
    }
    return extension;
  }

  /** Everything of the turn is delivered, and was written. */
  endTurn(): void {
    this.replays.endTurn();
    this.remind();
    this.watch();
  }

  /** The core's record of a session that is through its handshake; it knows none of one that is to take another over. */
  open(
    { privateGroup: name, request }: { readonly privateGroup: string; readonly request: ConnectRequest },
    session: SessionSink & { readonly address: string },
    permit: Authorize | null,
    extension: SessionExtension | null,
    subject: string | null,
  ): LocalSession {
    const traits = { ...extension?.traits, ...(subject === null ? {} : { subject }) };
    const { membership } = request;
    if (extension?.attachment?.isHeir === true)
      return new LocalSession(name, membership, session, permit, session.address, traits);
    return this.host.core.open(name, membership, session, permit, session.address, traits);
  }

  /** The connection of a session has ended: so does the session, unless another one has it, or it is kept for a while. */
  close(local: LocalSession, session: SessionSink, reason: EndReason): void {
    const { core, tick } = this.host;
    if (local.outlet !== session || core.roster.find(local.field, 0) !== local) return;
    if (local.resume && reason.startsWith('slow-')) this.slow.set(local.resume.sid, this.host.clock.now());
    if (!this.parking.keep(local, reason)) core.disconnect(local, true);
    tick.schedule();
  }

  /** A socket has taken something. */
  wrote(): void {
    this.replays.wrote();
  }

  /** As long as sessions are known that outlive their connection, those that have ended are looked for. */
  private watch(): void {
    if (this.host.core.resumption.records.size === 0) return;
    this.sweepAfter(this.windowMs / SWEEPS);
  }

  private sweepAfter(delayMs: number): void {
    const { core, clock, tick } = this.host;
    this.timer ??= clock
      .after(delayMs, () => {
        this.timer = null;
        const now = clock.now();
        const hasMore = core.resumption.sweep(now, this.windowMs);
        for (const [sid, since] of this.slow) if (now - since >= this.windowMs) this.slow.delete(sid);
        if (hasMore) this.sweepAfter(Math.min(SLICE_PAUSE_MS, this.windowMs / SWEEPS));
        tick.schedule();
      })
      .unref();
  }

  /** Sessions that get no events get marks from time to time. */
  private remind(): void {
    const { core, clock } = this.host;
    if (this.attached.size === 0 || !core.record.endBatch()) return;
    const mark = this.idle.next(clock.now());
    if (mark !== null) for (const attachment of this.attached) attachment.remind(mark);
  }

  /** @returns null for a client that wants a new session, or has proved nothing */
  private claimOf(hello: Hello | null, principal: string): Claim | null {
    if (!hello?.resume || hello.attempt === 0 || !this.host.core.resumption.isOn) return null;
    const token = this.tokens.open(hello.resume.token, principal);
    return token && { token, isKnown: this.knows(token.sid, hello) };
  }

  private welcome(hello: Hello, name: string, principal: string): Welcome {
    const { core, clock, counters, extensionOptions } = this.host;
    const sid = this.host.newSid();
    const base = welcomeOf(hello, sid, extensionOptions, core.resumption.isOn);
    if ((base.features & FEATURE_RESUME) === 0) return base;
    const claim = this.claimOf(hello, principal);
    const isBack = claim?.isKnown === true;
    const own = isBack ? claim.token.sid : sid;
    const isHere = isBack && this.targetOf(own, hello)?.privateGroup === name;
    const verdict = isHere ? 'here' : isBack ? this.verdictOn(hello) : hello.resume ? 'unknown' : 'new';
    if (verdict !== 'new') counters.returns[verdict] = (counters.returns[verdict] ?? 0) + 1;
    // What is under way was delivered before this session was there.
    core.record.endBatch();
    const owner = { sid: own, name: parsePrivateGroup(name)?.name ?? '', principal };
    return {
      ...base,
      verdict,
      sid: own,
      stable: isBack ? this.stableOf(own) : 0,
      // Nothing but the ring has what comes for a session without a connection.
      holdMs: this.replays.isOn ? Math.min(hello.holdMs, this.maxHoldMs) : 0,
      windowMs: this.windowMs,
      position: core.record.history.place,
      token: this.tokens.seal(owner, Math.floor(clock.date() / 1000)),
    };
  }

  /** The session, if it is alive here, and the client says so in its newest try. Without a ring nobody takes it over. */
  private targetOf(sid: bigint, hello: Hello | null): LocalSession | null {
    const session = this.replays.isOn ? this.host.core.resumption.attached(sid) : null;
    return session?.resume && (hello?.attempt ?? 0) > session.resume.attempt ? session : null;
  }

  private verdictOn({ resume }: Hello): 'whole' | 'gap' {
    return resume && this.replays.isWhole(resume.position) ? 'whole' : 'gap';
  }

  private attach(
    welcome: Welcome,
    hello: Hello,
    name: string,
    principal: string,
    host: AttachmentHost,
  ): Attachment {
    const isBack = welcome.verdict === 'whole' || welcome.verdict === 'gap';
    const claim = isBack ? this.claimOf(hello, principal) : null;
    const oldName = claim ? privateGroup(claim.token.name, claim.token.daemon) : name;
    const target = welcome.verdict === 'here' ? this.targetOf(welcome.sid, hello) : null;
    if (target) this.parking.expect(target);
    const settled = (): void => (target === null ? undefined : this.parking.settle(target));
    const { core, counters } = this.host;
    const isKnown = (): boolean => core.resumption.records.of(welcome.sid) !== undefined;
    const wasKnown = isKnown();
    const wasHere = core.resumption.isHere(welcome.sid);
    const former = {
      oldName,
      target,
      // What nobody knew may have been ordered since, and be forgotten by now.
      isKnown: () => isKnown() || (!wasKnown && (wasHere || this.isUnforgotten(hello))),
      wasSlow: this.slow.delete(welcome.sid),
      settled,
    };
    const replays = this.replays.isOn ? this.replays : null;
    const ended = (): void => void this.attached.delete(attachment);
    const attachment = new Attachment(core, counters, welcome, hello, former, host, replays, ended);
    this.attached.add(attachment);
    return attachment;
  }

  private stableOf(sid: bigint): number {
    const { records, acknowledgements } = this.host.core.resumption;
    const record = records.of(sid);
    return record ? acknowledgements.stableOf(record) : 0;
  }

  private knows(sid: bigint, hello: Hello): boolean {
    const { resumption } = this.host.core;
    return resumption.records.of(sid) !== undefined || resumption.isHere(sid) || this.isUnforgotten(hello);
  }

  /**
   * Of a session that nobody knows nothing was ordered here, if it cannot have been forgotten, and if the daemons are
   * older than its loss.
   */
  private isUnforgotten(hello: Hello): boolean {
    const { core, clock } = this.host;
    const now = clock.now();
    const awayMs = now - (this.heard.get(hello) ?? now) + (hello.resume?.position.awayMs ?? 0);
    // It is known in whole seconds: a daemon that began in the second of the loss may have begun behind it.
    return awayMs < this.windowMs / 2 && (core.resumption.since + 1) * 1000 <= clock.date() - awayMs;
  }
}
