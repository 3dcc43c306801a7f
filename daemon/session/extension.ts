/** What the daemon grants of the extension, and the part of a session that speaks it. */
import { Buffer } from 'node:buffer';
import type { Clock, Timer } from '../../lib/util/clock.js';
import { boundedHeartbeat, Heartbeat } from '../../lib/util/heartbeat.js';
import { type EndCode, encodeEnd } from '../../lib/wire/extension/end.js';
import {
  FEATURE_COMPACT_VIEWS,
  FEATURE_HEARTBEAT,
  FEATURE_LISTS_ON_DEMAND,
  FEATURE_MOVES,
  FEATURE_RESUME,
} from '../../lib/wire/extension/features.js';
import { bad } from '../../lib/wire/extension/frame.js';
import { encodePing, encodePong } from '../../lib/wire/extension/heartbeat.js';
import type { Hello } from '../../lib/wire/extension/hello.js';
import { readToDaemon } from '../../lib/wire/extension/read.js';
import type { FrameFault } from '../../lib/wire/fault.js';
import type { Welcome } from '../../lib/wire/extension/welcome.js';
import type { SessionTraits } from '../core/group.js';
import type { Attachment } from './attach.js';
import type { EndReason } from './end-reason.js';
import { MAX_WRITE_BYTES } from './limits.js';
import type { EventMarks } from './send-queue.js';

/** What the configuration says of the extension. */
export interface ExtensionOptions {
  /** Whether it is offered at all. */
  readonly clientExtension: boolean;
  /** Whether more than compact views is granted. */
  readonly resume: boolean;
}

/** The one place that says which features this daemon has. */
const FEATURES =
  FEATURE_RESUME | FEATURE_HEARTBEAT | FEATURE_COMPACT_VIEWS | FEATURE_LISTS_ON_DEMAND | FEATURE_MOVES;
/** Those that have nothing to do with the loss of a connection. */
const FEATURES_WITHOUT_RESUME = FEATURE_COMPACT_VIEWS | FEATURE_LISTS_ON_DEMAND;

/** Whoever returns needs lists that say who came back, and a move is a return. */
const NEEDED_TO_RESUME = FEATURE_RESUME | FEATURE_COMPACT_VIEWS;

/** Whether the session is to outlive its connection, if the daemons can do that. */
export const wantsResume = ({ features }: Hello, { resume }: ExtensionOptions): boolean =>
  resume && (features & NEEDED_TO_RESUME) === NEEDED_TO_RESUME;

/**
 * The answer to a client that wants a new session.
 * @param sid id of the session
 * @param isResumePossible whether all daemons of the view know of sessions that outlive their connection
 */
export function welcomeOf(
  hello: Hello,
  sid: bigint,
  options: ExtensionOptions,
  isResumePossible: boolean,
): Welcome {
  const granted = options.resume ? FEATURES : FEATURES & FEATURES_WITHOUT_RESUME;
  const isResumable = isResumePossible && wantsResume(hello, options);
  const offered = isResumable ? granted : granted & ~(FEATURE_RESUME | FEATURE_MOVES);
  const hasHeartbeat = (offered & hello.features & FEATURE_HEARTBEAT) !== 0 && hello.heartbeatMs > 0;
  const features = offered & hello.features & (hasHeartbeat ? ~0 : ~FEATURE_HEARTBEAT);
  return {
    verdict: 'new',
    features,
    sid,
    stable: 0,
    holdMs: 0,
    heartbeatMs: hasHeartbeat ? boundedHeartbeat(hello.heartbeatMs) : 0,
    windowMs: 0,
    position: { tag: 0n, index: 0, hash: 0n },
    token: NO_TOKEN,
    addresses: [],
  };
}

const NO_TOKEN = Buffer.alloc(0);

/** Reasons that a client gets as they are. */
const SAME_WORDS = [
  'too-many-groups',
  'taken-over',
  'forgotten',
  'stopping',
  'parted',
  'not-permitted',
] as const;

/** The codes of END for the ends that a client is to know of. */
function endCodeOf(reason: EndReason): EndCode | null {
  if (reason.startsWith('illegal-')) return 'illegal';
  if (reason.startsWith('slow-')) return 'slow';
  return SAME_WORDS.find((code) => code === reason) ?? null;
}

const notGranted = (kind: string): FrameFault =>
  bad('frame', `expected frames of the features granted, got ${kind}`);

/** What the extension needs of its session. */
export interface ExtensionHost {
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Why the client is not read at present. */
  readonly heldBy: readonly string[];
  /** Queues a frame of the extension. */
  send(frame: Buffer): void;
  readonly waitingBytes: number;
  /** The client asks for the list of the group. @returns false when the question has to wait */
  list(group: string): boolean;
  /** The client has not been heard of for too long. */
  drop(reason: EndReason, detail?: string): void;
}

/** Marks, and the daemon view of now. */
export interface ViewMarks extends EventMarks {
  /** Tag of the view. */
  readonly tag: bigint;
}

export class SessionExtension {
  /** What was granted: bits. */
  readonly features: number;
  /** Id of the session. */
  readonly sid: bigint;
  /** Called when the session is over. */
  onEnd: () => void = () => undefined;
  private readonly heartbeat: Heartbeat | null;
  private timer: Timer | null = null;
  private pings = 0n;

  constructor(
    private readonly welcome: Welcome,
    private readonly host: ExtensionHost,
    private readonly clock: Clock,
    /** Of a session that outlives its connection. */
    readonly attachment: Attachment | null = null,
    /** Of a session that may come back. */
    private readonly viewMarks: ViewMarks | null = null,
  ) {
    this.features = welcome.features;
    this.sid = welcome.sid;
    const { heartbeatMs } = welcome;
    this.heartbeat =
      heartbeatMs > 0 ? new Heartbeat(heartbeatMs, clock.now(), host.bytesOut, host.bytesIn) : null;
    this.arm();
  }

  /** Those before its events. What it has missed has its own, which come first: one of now would say that it has all of that. */
  get marks(): EventMarks | null {
    return this.attachment?.isCaughtUp === false ? null : this.viewMarks;
  }

  /** Whether views come as changes of lists. */
  get hasCompactViews(): boolean {
    return (this.features & FEATURE_COMPACT_VIEWS) !== 0;
  }

  /** What the core is to know of the session. */
  get traits(): SessionTraits {
    const compact = this.hasCompactViews;
    return this.attachment ? { compact, resume: this.attachment.state } : { compact };
  }

  /** @throws FrameFault before a session that returns has said what it wants */
  expectOpen(): void {
    if (this.attachment?.isOpen === false) throw bad('request', 'expected RESUME before it');
  }

  /**
   * Takes a frame of the extension.
   * @returns false when it has to wait, and what follows it too
   * @throws FrameFault for one that is invalid, or that belongs to a feature that was not granted
   */
  take(bytes: Buffer, start: number, end: number): boolean {
    const { host, attachment } = this;
    // Of what waits RESUME comes first; it is not read again in each turn.
    if (attachment?.waiting) return attachment.resume(attachment.waiting);
    const frame = readToDaemon(bytes, start, end);
    switch (frame?.kind) {
      case 'ping':
        // What waits is a sign of life too, and one who asks and does not read gathers no answers.
        if (host.waitingBytes <= MAX_WRITE_BYTES) host.send(encodePong(frame.value));
        return true;
      case 'list-request':
        if (!this.hasCompactViews) throw notGranted(frame.kind);
        return attachment?.postpones(frame.group) === true || host.list(frame.group);
      case 'resume':
        if (!attachment) throw notGranted(frame.kind);
        return attachment.resume(frame);
      case 'number':
        if (!attachment) throw notGranted(frame.kind);
        attachment.number(frame.number);
        return true;
      default:
        // A PONG has been heard by being here; kinds that are unknown belong to later versions.
        return true;
    }
  }

  /** The last word to the client; null for an end that it needs no word for. */
  lastWord(reason: EndReason, detail: string = reason): Buffer | null {
    const code = endCodeOf(reason);
    const request = code === 'illegal' && this.attachment ? this.attachment.state.number + 1 : 0;
    const view = code === 'taken-over' && this.viewMarks ? this.viewMarks.tag : 0n;
    return code && encodeEnd({ code, request, view, text: detail });
  }

  /** The session is over. */
  end(): void {
    this.timer?.cancel();
    this.timer = null;
    this.attachment?.end();
    this.onEnd();
  }

  private arm(): void {
    if (this.heartbeat) this.timer = this.clock.after(this.heartbeat.lookMs, this.look).unref();
  }

  private readonly look = (): void => {
    const { host, clock, welcome } = this;
    const isHeld = host.heldBy.length > 0;
    const step = this.heartbeat?.look(clock.now(), host.bytesOut, host.bytesIn, isHeld);
    if (step === 'silent') {
      host.drop('silent', `nothing heard for 2.5 heartbeats of ${welcome.heartbeatMs} ms`);
      return;
    }
    if (step === 'ping') host.send(encodePing(++this.pings));
    this.arm();
  };
}
