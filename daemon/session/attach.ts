/**
 * A session that outlives its connection, at this connection. What one that returns asks is taken when it has said what it
 * wants, with RESUME; until then nothing has happened. Then it gets what it has missed, and goes live.
 */
import type { Buffer } from 'node:buffer';
import type { EndCode } from '../../lib/wire/extension/end.js';
import { bad, frameKind, isExtensionFrame, Kind } from '../../lib/wire/extension/frame.js';
import { encodeGap, type GapReason } from '../../lib/wire/extension/gap.js';
import type { Hello } from '../../lib/wire/extension/hello.js';
import {
  encodeResumed,
  MAX_RESUME_GROUPS,
  type Resume,
  type ResumeGroup,
} from '../../lib/wire/extension/resume.js';
import type { Welcome } from '../../lib/wire/extension/welcome.js';
import { nameField } from '../../lib/wire/name.js';
import { encodeReject } from '../../lib/wire/reject.js';
import { encodeRequest } from '../../lib/wire/request.js';
import { isReject, JOIN_MESS } from '../../lib/wire/service.js';
import type { Core } from '../core/core.js';
import type { LocalSession } from '../core/group.js';
import type { PresentGroups } from '../core/present-state.js';
import { type ResumeSink, ResumeState } from '../core/resume-state.js';
import type { AskedReturn } from '../core/return-turns.js';
import type { Counters } from '../counters.js';
import type { DeferredFrames } from './deferred-frames.js';
import type { EndReason } from './end-reason.js';
import { MAX_REPLAY_BYTES, MAX_SESSION_GROUPS } from './limits.js';
import type { ReplayedSession, Replays } from './replays.js';
import type { SendQueue } from './send-queue.js';

/** Where a client can begin to count. As many requests again have room in 48 bits: no session gets there. */
const MAX_NEXT = 2 ** 47;

/** What the attachment needs of its session. */
export interface AttachmentHost {
  /** The core's record of it; null until the handshake is through. */
  local: LocalSession | null;
  /** Ends the connection. */
  drop(reason: EndReason, detail?: string): void;
  /** Queues a frame of the extension. */
  send(frame: Buffer): void;
  /** Ends the session, which the core has ended. */
  expel(code: EndCode): void;
  readonly queue: Pick<SendQueue, 'waitingBytes' | 'replay' | 'replayed' | 'remind'>;
  /** What was read and waits. */
  readonly deferred: Pick<DeferredFrames, 'waitsFor'>;
  /** Counts what goes to the client. */
  count(bytes: number, messages: number): void;
}

/** The session that a client comes back to. */
export interface FormerSession {
  /** The private group of before; of a new session its own. */
  readonly oldName: string;
  /** The session is alive at this daemon: this connection takes it over. Else null. */
  readonly target: LocalSession | null;
  /** Whether the daemons know of it, if they did when it was welcome. Else nobody can say which of its requests are repeats. */
  isKnown(): boolean;
  /** It has ended here because it did not read. */
  readonly wasSlow: boolean;
  /** It has been taken over, or will not be. */
  settled(): void;
}

/** The resumable side of one session. */
export class Attachment implements ResumeSink, ReplayedSession {
  state: ResumeState;
  /** Milliseconds that the client was away. */
  readonly awayMs: number;
  /** Milliseconds for which it is held when its connection is lost. */
  private readonly holdMs: number;
  private readonly groups: ResumeGroup[] = [];
  /** Groups that it joins as it returns. */
  private joining = 0;
  private hasResumed: boolean;
  /** What the core delivers is for the client: it has not missed anything, or has got it. */
  isCaughtUp: boolean;
  private present: PresentGroups | null = null;
  /** Where nothing is kept: it has said what it wants, and its return has no place in the order yet. */
  private isReturning = false;
  /** RESUME, while it waits. */
  waiting: Resume | null = null;
  /** What is asked for it then. */
  private asking: AskedReturn | null = null;
  /** That of this connection, whatever session it takes over. */
  private readonly own: ResumeState;
  /** Groups whose lists it has asked for. */
  private readonly asked = new Set<string>();

  /** @param replays null where nothing is kept */
  constructor(
    private readonly core: Core,
    private readonly counters: Pick<Counters, 'gaps'>,
    welcome: Welcome,
    private readonly hello: Hello,
    private readonly former: FormerSession,
    private readonly host: AttachmentHost,
    private readonly replays: Replays | null = null,
    /** Called at its end. */
    private readonly ended: () => void = () => undefined,
  ) {
    const isBack = welcome.verdict !== 'new' && welcome.verdict !== 'unknown';
    this.hasResumed = !isBack;
    this.isCaughtUp = !isBack;
    this.awayMs = hello.resume?.position.awayMs ?? 0;
    this.holdMs = welcome.holdMs;
    this.own = this.state = new ResumeState(welcome.sid, isBack ? hello.attempt : 0, this);
    this.state.stable = welcome.stable;
    this.state.isCaughtUp = this.isCaughtUp;
    // Before RESUME there is nothing to be held.
    this.state.holdMs = isBack ? 0 : welcome.holdMs;
    this.state.onReplaced = () => host.drop('taken-over');
  }

  /** Whether it is to take a session over, and has not done so. */
  get isHeir(): boolean {
    return this.former.target !== null && !this.hasResumed;
  }

  /** Whether requests are taken. */
  get isOpen(): boolean {
    return this.hasResumed;
  }

  /**
   * Whether what the core delivers is not for the client: it gets it with all that it has missed, in its place.
   * @param messages 0 for what continues a frame: it goes where that went, whatever its bytes look like
   */
  withholds(bytes: Buffer, start: number, messages: number): boolean {
    return !this.isCaughtUp && (messages === 0 || !isAnswer(bytes, start));
  }

  /**
   * @returns false when its return has to wait, and what follows it too: nothing has happened
   * @throws FrameFault when there is nothing to come back to, or this was said
   */
  resume(frame: Resume): boolean {
    if (this.hasResumed) throw bad('RESUME', 'expected one, from a session that returns');
    if (frame.attempt !== this.hello.attempt) {
      throw bad('RESUME', `expected the attempt ${this.hello.attempt}, got ${frame.attempt}`);
    }
    const count = this.groups.length + frame.groups.length;
    if (count > MAX_RESUME_GROUPS) {
      throw bad('RESUME', `expected at most ${MAX_RESUME_GROUPS} groups, got ${count}`);
    }
    if (!frame.more && !this.isAdmitted(frame)) {
      this.waiting = frame;
      return false;
    }
    this.waiting = null;
    for (const group of frame.groups) this.groups.push(group);
    if (!frame.more) this.commit(frame.next);
    return true;
  }

  /** The next request has this number. @throws FrameFault */
  number(next: number): void {
    if (!this.hasResumed) throw bad('NUMBER', 'expected RESUME before it');
    expectNext('NUMBER', next);
    this.state.continueWith(next);
  }

  /** The client asks for the list of a group. @returns whether it gets it when it is live @throws FrameFault */
  postpones(group: string): boolean {
    if (this.isCaughtUp && !this.isReturning) return false;
    this.asked.add(group);
    if (this.asked.size > MAX_SESSION_GROUPS)
      throw bad('LIST?', `expected at most ${MAX_SESSION_GROUPS} groups before RESUMED`);
    return true;
  }

  /** A mark for a session that gets no events. @param isSure whether it gets one in any case */
  remind(mark: Buffer, isSure = false): void {
    if (!this.isCaughtUp) return;
    if (isSure) this.host.send(mark);
    else this.host.queue.remind(mark);
  }

  /** The session is over. */
  end(): void {
    this.core.submission.returns.forget(this.own);
    this.replays?.end(this);
    this.ended();
    if (this.isHeir) this.former.settled();
  }

  /** Whether there is a session to come back to. */
  private get isPossible(): boolean {
    const { former, core, own } = this;
    return (
      former.isKnown() && (former.target === null || core.resumption.attached(own.sid) === former.target)
    );
  }

  /** Whether the views that its return makes may be ordered now, or none will be: then it hears of that at once. */
  private isAdmitted({ groups }: Resume): boolean {
    const { host, core, former, own } = this;
    const { local: session } = host;
    if (session === null || !this.isPossible) return true;
    this.asking ??= {
      session,
      state: own,
      oldName: former.oldName,
      wanted: [...this.groups, ...groups].flatMap(({ group, wanted }) => (wanted ? [group] : [])),
    };
    return core.submission.returns.admits(this.asking, host.deferred.waitsFor);
  }

  private commit(next: number): void {
    const { core, former } = this;
    expectNext('RESUME', next);
    if (!former.isKnown()) {
      this.host.expel('forgotten');
      return;
    }
    const session = former.target ? this.takeOver(former.target) : this.host.local;
    if (session === null) return;
    this.hasResumed = true;
    this.state.holdMs = this.holdMs;
    this.state.continueWith(next);
    const mayJoin = (group: string): boolean => session.permit?.('join', group) ?? true;
    const wanted = new Set(this.groups.flatMap((each) => (each.wanted ? [each.group] : [])));
    const names = new Set([...wanted].filter(mayJoin));
    const full = core.submission.fullFor(session, former.oldName, names);
    for (const group of full.keys()) names.delete(group);
    // Whatever the client says: it is to be in none that it may not join, and to get nothing of one that it says it had.
    const present = core.submission.groupsOf(session);
    const listed = this.groups.map(({ group }) => group);
    const refused = new Set([...listed, ...present].filter((group) => full.has(group) || !mayJoin(group)));
    this.state.onDemand = new Set(
      this.groups.filter((each) => each.onDemand && !refused.has(each.group)).map(({ group }) => group),
    );
    for (const group of refused) {
      this.gap(group, 'not-permitted');
      if (present.has(group) || wanted.has(group)) this.sendBack(group, session, full.get(group));
    }
    // Another part of the network has answered that the client left these. It leaves them here now, and hears nothing of it.
    for (const group of present) if (!wanted.has(group)) refused.add(group);
    if (this.replays) this.replay(this.replays, refused, session);
    else this.lose(refused);
    this.joining = names.size;
    core.comeBack(session, former.oldName, [...names], refused);
  }

  /** The session is this connection's from now on; its groups see nothing of it. @returns null when it has ended */
  private takeOver(target: LocalSession): LocalSession | null {
    const { host, state: own, core } = this;
    const { resume } = target;
    if (resume === null || core.resumption.attached(own.sid) !== target) {
      // Nothing has happened, and no END says so: the client tries again.
      host.drop('closed', 'the session that it was to take over has ended');
      return null;
    }
    if (own.attempt <= resume.attempt) {
      host.drop('taken-over');
      return null;
    }
    const { outlet, permit, subject } = host.local as LocalSession;
    const { onReplaced } = resume;
    if (subject !== target.subject) {
      // What members know of it stands in the order: another subject is another member. The client tries again, as after its end.
      onReplaced();
      core.disconnect(target, true);
      host.drop('closed', 'the daemon states another subject of the session that it was to take over');
      return null;
    }
    target.outlet = outlet;
    target.permit = permit;
    resume.hasGap = false;
    resume.sink = this;
    resume.attempt = own.attempt;
    resume.isCaughtUp = false;
    // What the connection before has heard since the WELCOME of this one, this client has not.
    resume.stable = own.stable;
    resume.onReplaced = own.onReplaced;
    host.local = target;
    this.state = resume;
    onReplaced();
    this.former.settled();
    return target;
  }

  /** What was missed is gone: no payloads are kept. What the core delivers from now on comes behind the gaps. */
  private lose(refused: ReadonlySet<string>): void {
    this.state.isBehindGap = this.isReturning = true;
    this.isCaughtUp = true;
    for (const { group } of this.groups) if (!refused.has(group)) this.gap(group, 'overrun');
  }

  private replay(replays: Replays, refused: ReadonlySet<string>, session: LocalSession): void {
    const { position } = this.hello.resume as NonNullable<Hello['resume']>;
    const { sid } = this.state;
    const { privateGroup: name, membership } = session;
    const groups = this.groups.map((each) => ({ ...each, wanted: each.wanted && !refused.has(each.group) }));
    const request = { sid, name, membership, position, groups, refused };
    this.present = this.core.presentFor(sid, this.former.oldName);
    replays.begin(this, this.present, request);
  }

  private gap(group: string, why: GapReason): void {
    const reason = this.lost(why);
    this.host.send(encodeGap({ group, reason, missed: null, awayMs: this.awayMs }));
  }

  /** The join of a group comes back. @param reason the number in the reject frame */
  private sendBack(group: string, { privateGroup: sender }: LocalSession, reason?: number): void {
    const join = encodeRequest(JOIN_MESS, sender, [group]);
    this.host.send(encodeReject(join, 0, join.length, reason));
  }

  // ResumeSink

  expel(code: EndCode): void {
    this.host.expel(code);
  }

  returned(): void {
    if (this.present) {
      this.present.hasReturned = true;
      return;
    }
    this.state.isCaughtUp = true;
    this.host.send(encodeResumed(this.joining));
    this.isReturning = false;
    this.answer();
  }

  // ReplayedSession

  get isFull(): boolean {
    return this.host.queue.waitingBytes >= MAX_REPLAY_BYTES;
  }

  deliver(bytes: Buffer, start: number, end: number, frames: number): void {
    const { host } = this;
    host.count(end - start, frames);
    host.queue.replay(bytes, start, end, frames);
  }

  lost(why: GapReason): GapReason {
    const { gaps } = this.counters;
    const reason = why === 'overrun' && this.former.wasSlow ? 'slow' : why;
    if (why !== 'not-permitted') this.state.hasGap = true;
    gaps[reason] = (gaps[reason] ?? 0) + 1;
    return reason;
  }

  isOnDemand(group: string): boolean {
    const { core, host, state } = this;
    if (state.onDemand.has(group)) return true;
    const found = core.groups.find(nameField(group), 0);
    return host.local !== null && found?.onDemand?.has(host.local) === true;
  }

  isOwn(name: string): boolean {
    return name === this.host.local?.privateGroup || this.present?.names.includes(name) === true;
  }

  live(): void {
    const { host } = this;
    this.isCaughtUp = true;
    this.state.isCaughtUp = true;
    this.present = null;
    host.send(encodeResumed(this.joining));
    host.queue.replayed();
    this.answer();
  }

  /** Gives the lists that were asked for. */
  private answer(): void {
    const { host, core } = this;
    for (const group of this.asked) core.list(host.local as LocalSession, nameField(group), 'nobody');
    this.asked.clear();
  }
}

/** @throws FrameFault for a number from which nobody can count on */
function expectNext(kind: string, next: number): void {
  if (next >= 1 && next <= MAX_NEXT) return;
  throw bad(kind, `expected a next number from 1 to ${MAX_NEXT}, got ${next}`);
}

/** Whether a frame has no place among the events. */
const isAnswer = (bytes: Buffer, start: number): boolean =>
  isExtensionFrame(bytes, start) ? frameKind(bytes, start) === Kind.ACK : isReject(bytes.readInt32LE(start));
