/** A connection over its losses: the mailbox of now, the state, and what is reported. */
import { reportReconnecting, reportResumed } from '#diagnostics';
import type { Buffer } from '#buffer';
import { ConnectionClosedError } from '../../errors.js';
import type { Mailbox } from '../../mailbox/mailbox.js';
import { type Deferred, deferred } from '../../util/deferred.js';
import type { Move as MoveRequest } from '../../wire/extension/addresses.js';
import type { EndCode } from '../../wire/extension/end.js';
import { encodeResume, type ResumeGroup } from '../../wire/extension/resume.js';
import { discard, type Dialled, type Dialler } from './dialler.js';
import { ResumeError } from './errors.js';
import type { ConnectionState, GapReason, MovedEvent, ReconnectingEvent, ResumedEvent } from './events.js';
import { KeptOutbox } from './kept-outbox.js';
import { Move } from './move.js';
import type { Overlap } from './overlap.js';
import type { StreamPosition } from './position.js';
import type { ResumableSession } from './resumable-session.js';

/** Groups in one frame of several. */
const GROUPS_IN_FRAME = 1_000;

/** Lost daemons whose messages wait to be read, at most: what has arrived may not grow with each loss. */
const MOST_UNREAD = 4;

/** Least time for a daemon that sends the connection away to end the session, in milliseconds. */
const LEAVE_LIMIT_MS = 5_000;

/** What a connection does about its losses. */
export interface ResumptionHost {
  /**
   * It is lost, at this moment; what has arrived may still be on its way to the readers.
   * @param isMove the next daemon is there already, and the last one is still to be read
   */
  lost(isMove: boolean): void;
  /** The daemon has sent it away, and it goes to another one now. */
  moved(event: MovedEvent): void;
  /** The same, for the application. It does not hear of a loss before it is back from the last one. */
  reconnecting(event: ReconnectingEvent): void;
  /** A daemon is there that knows nothing of it: what is wanted is to be asked for. */
  began(mailbox: Mailbox): void;
  /**
   * A daemon is there that continues the session.
   * @param left groups whose self-leaves have arrived and were not taken
   * @returns what it had, and what is wanted
   */
  returned(mailbox: Mailbox, position: StreamPosition, left: ReadonlySet<string>): readonly ResumeGroup[];
  /** Everything that was missed has been handed on. */
  replayed(): void;
  resumed(event: ResumedEvent): void;
  /** Number of groups that have lost their continuity. @param isNew whether nothing continues */
  gaps(isNew: boolean): number;
}

/** The way on after a loss. */
export interface NextDaemon {
  readonly mailbox: Mailbox;
  /** Why all groups have lost continuity; null when the session continues: the daemon says where something is missing. */
  readonly gap: GapReason | null;
  /** There when it brings what the last daemon has brought. */
  readonly overlap: Overlap | null;
}

export class Resumption {
  readonly outbox: KeptOutbox;
  /** Why it has ended; undefined as long as it has not, or when it was closed. */
  error: Error | undefined;
  /** Milliseconds from the last loss to the return from it. */
  awayMs = 0;
  /** Private group of the connection, as the application knows it: another one from `resumed` on. */
  id: string;
  private current: ConnectionState = 'open';
  private host: ResumptionHost | null = null;
  private losses = 0;
  private lostAt = 0;
  /** The last one that was given out to be read, and those behind it. */
  private read: Mailbox;
  private readonly unread: Omit<NextDaemon, 'overlap'>[] = [];
  /** There while it waits for readers before it looks for a daemon. */
  private readers: Deferred<void> | null = null;
  /** Where the session continues, as long as not all that was missed was handed on. */
  private returning: Mailbox | null = null;
  /** There while it goes from one daemon to another. */
  private move: Move | null = null;
  /** The daemon wants it to go, by that time. */
  private wish: (MoveRequest & { readonly until: number }) | null = null;
  /** There once it was lost: settles when there is a way back, or none. */
  private way: Deferred<void> | null = null;

  constructor(
    private dialled: Dialled,
    private readonly dialler: Dialler,
    private readonly session: ResumableSession,
    sendHighWater: number,
  ) {
    const { mailbox } = dialled;
    this.read = mailbox;
    this.id = mailbox.privateGroup;
    this.outbox = new KeptOutbox(mailbox.privateGroup, sendHighWater, mailbox.platform.clock);
    session.sink = {
      acknowledged: (number) => this.outbox.acknowledge(number),
      told: (addresses) => dialler.tell(addresses),
      sentAway: (move) => this.sentAway(move),
    };
    this.begin(mailbox, session.accepted(mailbox) !== 'plain', () => undefined);
  }

  get mailbox(): Mailbox {
    return this.dialled.mailbox;
  }

  get state(): ConnectionState {
    return this.current;
  }

  /** Id of the session; null as long as no daemon has given one. */
  get sessionId(): string | null {
    return this.session.sid?.toString(16).padStart(16, '0') ?? null;
  }

  start(host: ResumptionHost): void {
    this.host = host;
  }

  /** What to read when the last mailbox is read to its end; null when there is nothing any more. */
  async next(): Promise<NextDaemon | null> {
    const { unread } = this;
    if (unread.length === 0) await this.way?.promise;
    const next = unread.shift() ?? null;
    if (next === null) return null;
    this.readers?.resolve();
    this.read = next.mailbox;
    const { move } = this;
    return { ...next, overlap: move?.to === next.mailbox ? move.begin() : null };
  }

  /** Everything that was missed at this daemon has been handed on. */
  replayed(mailbox: Mailbox): void {
    // It may have been lost again since.
    if (this.returning !== mailbox) return;
    this.returning = null;
    this.session.hasPlace();
    this.outbox.repeatedLeaves.returned();
    this.host?.replayed();
    this.opened(false);
    this.move = null;
    this.leave();
  }

  /** Looks for no daemon any more, and sends nothing more. */
  close(): void {
    if (this.current === 'closed') return;
    this.current = 'closed';
    this.mailbox.onLost = null;
    this.move?.close();
    this.dialler.close();
    if (this.mailbox.state !== 'open') this.outbox.end(new ConnectionClosedError('closed on this side'));
    this.way?.resolve();
    this.readers?.resolve();
  }

  /** @param first makes the requests that go before what was kept */
  private begin(mailbox: Mailbox, isNumbered: boolean, first: () => void): void {
    mailbox.onLost = () => this.lose();
    const transport = mailbox.sendThrough(this.outbox);
    this.outbox.begin(transport, mailbox.privateGroup, isNumbered, first);
  }

  private continue(mailbox: Mailbox, groups: readonly ResumeGroup[]): void {
    const { outbox, session } = this;
    const { attempt } = mailbox.extension?.hello ?? session;
    mailbox.onLost = () => this.lose();
    const transport = mailbox.sendThrough(outbox);
    outbox.resume(transport, mailbox.privateGroup, mailbox.extension?.welcome.stable ?? 0, (next) => {
      const frames: Buffer[] = [];
      for (let at = 0; at === 0 || at < groups.length; at += GROUPS_IN_FRAME) {
        const more = at + GROUPS_IN_FRAME < groups.length;
        frames.push(encodeResume({ next, attempt, more, groups: groups.slice(at, at + GROUPS_IN_FRAME) }));
      }
      return frames;
    });
  }

  private sentAway(request: MoveRequest): void {
    const { dialler, mailbox, session } = this;
    if (request.reason === 'alone' && !session.follows) return;
    const { clock } = mailbox.platform;
    this.wish = { ...request, until: clock.now() + request.leftMs };
    dialler.avoid(request.addresses);
    // What has arrived together with it comes first.
    clock.soon(() => this.leave());
  }

  /** What goes wrong on the way to another daemon is a loss like any other, and the connection comes back from it. */
  private leave(): void {
    this.goElsewhere().catch((error: unknown) => this.mailbox.drop(error as Error));
  }

  /**
   * Goes to another daemon, if this one wants it to. A daemon that is alone has another order than the others by now: its
   * connection is lost, and resumed at one of them.
   */
  private async goElsewhere(): Promise<void> {
    const { dialled, dialler, mailbox, outbox, session, wish } = this;
    if (wish === null || this.current !== 'open' || this.returning !== null || this.move !== null) return;
    this.wish = null;
    const { reason, addresses, leftMs, until } = wish;
    if (reason === 'alone') return mailbox.drop(new Error('the daemon has lost the other daemons'));
    if (!session.isKnown) return;
    const found = await dialler.elsewhere(addresses, until - mailbox.platform.clock.now());
    if (found === null) return;
    await outbox.halt();
    if (this.dialled !== dialled || this.current !== 'open') discard(found.mailbox);
    else if (found.mailbox.state === 'open') this.go(found, reason, leftMs);
    else mailbox.drop(new Error('the next daemon was lost'));
  }

  private go(found: Dialled, reason: MovedEvent['reason'], leftMs: number): void {
    const { host, mailbox, outbox, session } = this;
    host?.lost(true);
    host?.moved({ reason, address: found.place.text });
    // The application may have closed it just then.
    if (this.current !== 'open') return discard(found.mailbox);
    this.lostAt = mailbox.platform.clock.now();
    const limitMs = Math.max(leftMs, LEAVE_LIMIT_MS);
    this.move = new Move(mailbox, found.mailbox, session, outbox, limitMs, () => this.lose());
    this.return(found);
  }

  private lose(): void {
    const { dialled, host, mailbox, move, session } = this;
    const wasOpen = this.current === 'open';
    this.move = this.wish = null;
    move?.end();
    this.returning = null;
    this.outbox.detach();
    const end = mailbox.extension?.ended;
    if (end && this.isForGood(end.code)) {
      this.fail(new ResumeError(end.code, `the daemon ended the session: ${end.text || end.code}`));
      return;
    }
    if (end?.code === 'forgotten') session.forget();
    // Others can take it at once.
    if (end?.code === 'stopping') this.dialler.avoid([]);
    this.current = 'reconnecting';
    if (wasOpen) this.lostAt = mailbox.platform.clock.now();
    session.lost();
    this.way = deferred();
    void this.find(this.way);
    host?.lost(false);
    if (!wasOpen) return;
    const cause = mailbox.cause ?? move?.from.cause;
    const event = { cause, attempt: ++this.losses, address: dialled.place.text };
    reportReconnecting({ id: this.id, ...event });
    host?.reconnecting(event);
  }

  private isForGood(code: EndCode): boolean {
    return code === 'illegal' || code === 'taken-over' || (code === 'not-permitted' && !this.dialler.renews);
  }

  private async find(way: Deferred<void>): Promise<void> {
    try {
      if (this.unread.length >= MOST_UNREAD) await (this.readers = deferred()).promise;
      const found = this.state === 'closed' ? null : await this.dialler.again();
      if (found === null) return;
      if (this.current !== 'reconnecting') discard(found.mailbox);
      else this.return(found);
    } catch (error) {
      this.fail(error as Error);
    }
    way.resolve();
  }

  private return(found: Dialled): void {
    const { host, session } = this;
    const { mailbox } = found;
    this.dialled = found;
    this.awayMs = mailbox.platform.clock.now() - this.lostAt;
    const { position } = this.move ?? session;
    const acceptance = session.accepted(mailbox);
    const gap = acceptance === 'plain' ? 'plain' : acceptance === 'new' ? 'forgotten' : null;
    if (gap === null) {
      this.returning = mailbox;
      this.continue(mailbox, host?.returned(mailbox, position, this.leftUnread()) ?? []);
    } else {
      this.begin(mailbox, acceptance === 'new', () => host?.began(mailbox));
    }
    this.unread.push({ mailbox, gap });
    if (gap !== null) this.opened(true);
  }

  /** Groups whose self-leaves wait to be taken. */
  private leftUnread(): ReadonlySet<string> {
    const { read, unread } = this;
    const first = unread.findLastIndex(({ gap }) => gap !== null);
    const ofSession =
      first < 0
        ? [read, ...unread.map(({ mailbox }) => mailbox)]
        : unread.slice(first).map(({ mailbox }) => mailbox);
    const waiting = ofSession.flatMap((mailbox) => mailbox.items());
    return new Set(waiting.filter(({ kind }) => kind === 'self-leave').map(({ name }) => name));
  }

  private opened(isNew: boolean): void {
    const { dialled, host, id: from } = this;
    const to = dialled.mailbox.privateGroup;
    this.current = 'open';
    this.id = to;
    const event = {
      address: dialled.place.text,
      awayMs: this.move ? 0 : dialled.mailbox.platform.clock.now() - this.lostAt,
      moved: from === to ? null : { from, to },
      gaps: host?.gaps(isNew) ?? 0,
    };
    reportResumed({ id: to, ...event });
    host?.resumed(event);
  }

  private fail(error: Error): void {
    if (this.current === 'closed') return;
    this.current = 'closed';
    this.error = error;
    this.dialler.close();
    this.outbox.end(error);
  }
}
