/** The session of a connection, as daemons know it: what proves that it is its own, and what is asked of the next one. */
import type { Buffer } from '#buffer';
import { ExtensionOffer } from '../../mailbox/extension.js';
import type { Mailbox } from '../../mailbox/mailbox.js';
import type { TimerClock } from '../../util/clock.js';
import {
  FEATURE_COMPACT_VIEWS,
  FEATURE_HEARTBEAT,
  FEATURE_MOVES,
  FEATURE_RESUME,
} from '../../wire/extension/features.js';
import type { Move } from '../../wire/extension/addresses.js';
import type { Hello } from '../../wire/extension/hello.js';
import { principalIn } from '../../wire/extension/token.js';
import type { Welcome } from '../../wire/extension/welcome.js';
import { type ArrivalSink, SessionArrivals } from './arrivals.js';
import type { Continues } from './machine.js';
import type { ResumeSettings } from './options.js';
import type { StreamPosition } from './position.js';

/** Features without which a session does not outlive its connection. */
const RESUMABLE = FEATURE_RESUME | FEATURE_COMPACT_VIEWS;

/**
 * How the connection is at a daemon: `plain`, its requests have no numbers, and nothing outlives the connection; `new`, in a
 * session that begins here; `back`, in its session of before.
 */
export type Acceptance = 'plain' | 'new' | 'back';

/** One attempt: what arrives in its connection, and the numbers of events and of open signals up to then. */
interface Offered {
  readonly arrivals: SessionArrivals;
  readonly since: number;
  readonly signals: number;
  readonly early: EarlyFrames;
}

/** What has arrived together with the first WELCOME, before anybody hears of it: the last of each kind. */
interface EarlyFrames {
  addresses: readonly string[] | null;
  move: Move | null;
}

export class ResumableSession {
  /** Id of the session; null before the first one that outlives its connection. */
  sid: bigint | null = null;
  /** Hears of what arrives and belongs to no group; null until the first daemon has accepted. */
  sink: ArrivalSink | null = null;
  /** Number of the newest try to come back. */
  attempt = 0;
  /** Whether a daemon has accepted it. */
  hasBegun = false;
  /** Hash of whom the daemons take the client for, as their first token says it; null before that. */
  private principal: Buffer | null = null;
  private token: Buffer | null = null;
  /** Names what the session is called when its return has its place; if that is lost, it never was. */
  private nextToken: Buffer | null = null;
  /** When it lost its place; tries of which nobody may have heard do not count. */
  private lostAt = 0;
  private hasStood = true;
  private isLost = false;
  private arrivals = this.newArrivals(nothingEarly());
  /** Of the attempts: what arrives in a session that begins with one, or beside another connection, is counted apart. */
  private readonly offered = new WeakMap<Hello, Offered>();

  constructor(
    private readonly base: Hello,
    private readonly settings: ResumeSettings,
    private readonly clock: TimerClock,
  ) {}

  /** Where the session stands. */
  get position(): StreamPosition {
    return this.arrivals.position;
  }

  /** Whether a daemon knows it. */
  get isKnown(): boolean {
    return this.token !== null;
  }

  /** Whether it leaves a daemon that has lost the others. */
  get follows(): boolean {
    return this.settings.follow;
  }

  /** What one attempt wants. */
  offer(): ExtensionOffer {
    const { isLost, position } = this;
    const isBeside = this.isKnown && !isLost;
    const early = nothingEarly();
    const [hello, arrivals] = [this.hello(), this.newArrivals(early, isBeside ? position.copy() : undefined)];
    this.offered.set(hello, { arrivals, since: position.count, signals: position.signals.size, early });
    return new ExtensionOffer(hello, arrivals);
  }

  /** What was offered in the attempt that made this connection. */
  offeredTo({ extension }: Mailbox): Offered {
    const { arrivals, offered } = this;
    const known = extension && offered.get(extension.hello);
    return known ?? { arrivals, since: 0, signals: 0, early: nothingEarly() };
  }

  /** From here on the session stands where this connection does. */
  continueAt(mailbox: Mailbox): void {
    this.arrivals = this.offeredTo(mailbox).arrivals;
  }

  /** The connection is lost. */
  lost(): void {
    this.isLost = true;
    if (this.hasStood) this.lostAt = this.clock.now();
    this.hasStood = false;
  }

  /** Whether the daemon takes the client of a connection for the one of before; null where it did not say, or does not. */
  isSame(mailbox: Mailbox): boolean | null {
    const found = principalOf(mailbox);
    return this.principal && found && found.equals(this.principal);
  }

  /** A daemon has accepted, and its connection counts. */
  accepted(mailbox: Mailbox): Acceptance {
    const { extension } = mailbox;
    this.hasBegun = true;
    this.principal ??= principalOf(mailbox);
    const isBeside = this.isKnown && !this.isLost;
    this.isLost = false;
    if (extension) this.sink?.told(extension.welcome.addresses);
    this.tellEarly(this.offeredTo(mailbox).early);
    if (!extension || (extension.features & RESUMABLE) !== RESUMABLE) {
      this.token = null;
      return 'plain';
    }
    const { welcome } = extension;
    this.sid = welcome.sid;
    this.nextToken = welcome.token.length > 0 ? welcome.token : null;
    if (isComeback(welcome)) {
      // Before RESUME nothing has come.
      if (!isBeside) extension.arrivals = this.arrivals;
      return 'back';
    }
    const { tag, index, hash } = welcome.position;
    this.hasPlace();
    this.continueAt(mailbox);
    this.arrivals.position.began({ tag, from: index, to: index, hash });
    return 'new';
  }

  /**
   * What a connection continues, if it counts. A daemon without a position of its own keeps nothing that could be replayed. Beside
   * another connection only what another daemon can replay as a whole is of use.
   */
  continues({ extension }: Mailbox): Continues {
    if (this.token === null) return 'whole';
    if (!extension || !isComeback(extension.welcome)) return 'nothing';
    const { position, verdict } = extension.welcome;
    if (!this.isLost) return verdict === 'whole' ? 'whole' : 'nothing';
    return verdict === 'gap' && position.tag !== 0n ? 'gap' : 'whole';
  }

  /** What it has asked for when it was accepted stands in the order. */
  hasPlace(): void {
    this.token = this.nextToken;
    this.hasStood = true;
  }

  /** The daemons know it no more. */
  forget(): void {
    this.token = null;
  }

  private newArrivals(early: EarlyFrames, position?: StreamPosition): SessionArrivals {
    const sink: ArrivalSink = {
      acknowledged: (number) => this.sink?.acknowledged(number),
      told: (addresses) => {
        if (this.sink) this.sink.told(addresses);
        else early.addresses = addresses;
      },
      sentAway: (move) => {
        if (this.sink) this.sink.sentAway(move);
        else early.move = move;
      },
    };
    return new SessionArrivals(sink, position);
  }

  private tellEarly(early: EarlyFrames): void {
    const { addresses, move } = early;
    early.addresses = early.move = null;
    if (addresses) this.sink?.told(addresses);
    if (move) this.sink?.sentAway(move);
  }

  private hello(): Hello {
    const { base, settings, token } = this;
    const { heartbeatMs, holdMs } = settings;
    const features = base.features | RESUMABLE | FEATURE_MOVES | (heartbeatMs > 0 ? FEATURE_HEARTBEAT : 0);
    const awayMs = this.isLost ? Math.min(0xffff_ffff, Math.round(this.clock.now() - this.lostAt)) : 0;
    const resume = token && { token, position: this.position.at(awayMs) };
    return { features, holdMs, heartbeatMs, attempt: resume ? ++this.attempt : 0, resume };
  }
}

/** What the token of a daemon says of whom it is for; null without one. */
const principalOf = ({ extension }: Mailbox): Buffer | null =>
  extension && principalIn(extension.welcome.token);

const nothingEarly = (): EarlyFrames => ({ addresses: null, move: null });

/** Whether it is the session of before: until RESUME nothing has happened. */
export const isComeback = ({ verdict }: Welcome): boolean => verdict !== 'new' && verdict !== 'unknown';
