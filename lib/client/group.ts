/** One group that a connection has joined. */
import { errorOf } from '../errors.js';
import { ILLEGAL_STATE } from '../wire/codes.js';
import { abortable, type Deferred, deferred } from '../util/deferred.js';
import { Emitter, EventFanout } from './event-fanout.js';
import type {
  DataEvent,
  FlushRequestEvent,
  GroupEvent,
  SelfLeaveEvent,
  StalledEvent,
  TransitionEvent,
  ViewEvent,
} from './event.js';
import { signalOf } from './options.js';
import type { GapEvent } from './resume/events.js';
import type { DisagreementEvent, ExcludedEvent, RekeyedEvent, TamperingEvent } from './secure-types.js';
import type { Body, MembersSendOptions, SendOptions } from './send.js';

/** Events of a group, with their arguments. */
export interface GroupEvents {
  /** A message. */
  data: [DataEvent];
  /** A new view. */
  view: [ViewEvent];
  /** The daemon view broke; see `TransitionEvent`. */
  transition: [TransitionEvent];
  /** This connection has left the group. The last event. */
  'self-leave': [SelfLeaveEvent];
  /** Of a view-synchronous group that was joined with `flush: 'manual'`: the next view waits for this member. */
  'flush-request': [FlushRequestEvent];
  /** Of a view-synchronous group: the next view waits for members that do not flush. */
  stalled: [StalledEvent];
  /** Of a secure group: this member gets no key in the present view. */
  excluded: [ExcludedEvent];
  /** Of a secure group: another member has sealed, or would seal, the view in another way. */
  disagreement: [DisagreementEvent];
  /** Of a secure group: the view has a new key. */
  rekeyed: [RekeyedEvent];
  /** Of a secure group: somebody does what it should not. */
  tampering: [TamperingEvent];
  /** Of a connection with `resume`: something is missing here, or may be. The full view follows. */
  gap: [GapEvent];
  /** Each of the above, in order. */
  event: [GroupEvent];
}

/** What a group needs of its connection. */
export interface GroupHome {
  send(group: string, body: Body, options: SendOptions | undefined): Promise<void>;
  leave(group: Group): Promise<void>;
  /** Too much waits for a reader, or that is over. @param which of several loops */
  filled(group: Group, reader: object, isFull: boolean, which: string): void;
  readonly lists: GroupLists;
  /** Of a group whose messages are values: what is handed out for a message. */
  readonly read?: (message: DataEvent) => GroupEvent;
  /** Of view-synchronous groups. */
  readonly synchrony: GroupSynchrony | null;
}

/** Lists of members, where they come when they are asked for. */
export interface GroupLists {
  list(group: string, signal: AbortSignal | undefined): Promise<void>;
  subjectOf(group: string, id: string): string | null;
}

/** What a secure group needs besides. */
export interface GroupSecurity {
  readonly confirmedMembers: ReadonlySet<string>;
  confirmed(): Promise<void>;
  exportKey(label: string, length: number): Uint8Array;
  rekey(): Promise<void>;
}

/** What a view-synchronous group needs besides. */
export interface GroupSynchrony {
  sendToMembers(
    group: string,
    members: readonly string[],
    body: Body,
    options: MembersSendOptions | undefined,
  ): Promise<void>;
  /** A reader has got the event. */
  handed(group: string, event: GroupEvent): void;
}

/**
 * Read it with `for await`, with listeners, or with both.
 *
 * Nothing is lost before there is a reader: everything since the join, the first view included, waits for the first
 * loop or the first listener, in order. A listener of any event counts as a reader of all. A loop begun in the same
 * turn as the listeners gets what they get; one begun later gets what comes from there on. From its first loop on, a
 * group keeps every event for a loop: leaving one early loses nothing, the next one continues where it stopped. Several
 * loops at a time get everything, each from its beginning on: those of one turn begin alike.
 *
 * Nothing is dropped when readers are slow: when 1000 events or 4 MiB of bodies wait, the whole connection stands still
 * until half of them are read, as an unread mailbox does; after five seconds a warning names the group. Of several loops
 * the slowest one holds the others up, and is named in the warning. So do not stay in a group without reading it; a
 * listener that does nothing will do. Joins and leaves still come through, whatever waits.
 *
 * When the connection is lost, loops throw ConnectionClosedError after the events that arrived; listeners are notified by the
 * connection's `close`. With `resume` both continue when the connection is back, after a `gap` where something is or may be
 * missing. A listener that throws causes an uncaught exception and stops nothing else.
 */
export class Group extends Emitter<GroupEvents> implements AsyncIterable<GroupEvent>, AsyncDisposable {
  private readonly outlet: EventFanout<GroupEvent>;
  /** Of a group whose messages are values: what is handed out for a message. */
  private readonly read: ((message: DataEvent) => GroupEvent) | null;
  private isOver = false;
  /** The view without this connection, from its loss until it is back in the group. */
  private away: ViewEvent | null = null;
  /** Settles when it is back, or over. */
  private back: Deferred<void> | null = null;

  /** @internal Made by `Connection.join`. */
  constructor(
    /** Its name, 1 to 31 characters. */
    readonly name: string,
    private current: ViewEvent,
    private readonly home: GroupHome,
  ) {
    super();
    const listeners = { heard: () => this.hasListener(), tell: (event: GroupEvent) => this.tell(event) };
    const { read, synchrony } = home;
    this.read = read ?? null;
    const handed = synchrony && ((event: GroupEvent): void => synchrony.handed(name, event));
    this.outlet = new EventFanout(listeners, (...how) => home.filled(this, ...how), handed);
    this.outlet.deliver(current);
  }

  /**
   * The newest view that has arrived. A loop may be behind it; a decision that all members have to make alike is made
   * from the view events in their order. While the connection is lost, and while it is handed what it missed, the last one
   * without this member: `myIndex` is -1.
   */
  get view(): ViewEvent {
    return this.away ?? this.current;
  }

  /**
   * Ids of the members in `view`, the same list in the same order everywhere; its first can serve as leader.
   * Empty once this group was left or the connection ended: nobody is known to be there any more.
   * @throws IllegalStateError in a group that was joined with `list: 'on-demand'`, before `list`
   */
  get members(): readonly string[] {
    return this.isOver ? [] : this.view.members;
  }

  /**
   * The members, where they were not listed before: of a group that was joined with `list: 'on-demand'`. From then on they
   * are listed in every view, as in other groups.
   * @throws TooManyMembersError when there are more than 200,000, IllegalStateError when the group was left,
   * ConnectionClosedError, or the signal's reason
   */
  async list(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<readonly string[]> {
    const signal = signalOf(options);
    do {
      if (this.away && !this.isOver) await abortable((this.back ??= deferred()).promise, signal);
      if (this.isOver) throw errorOf(ILLEGAL_STATE, `${this.name} was left`);
      await this.home.lists.list(this.name, signal);
      // The connection was lost meanwhile.
    } while (this.away);
    return this.members;
  }

  /**
   * Whom the daemon states a member to be, which has proved it with a token; null where it states nothing. Who knows the
   * members on demand knows it of those who joined since, and with `list` of all.
   * @param id of a member, `#bob#d1`
   * @throws IllegalStateError in a page whose connection has no `compactViews`
   */
  subjectOf(id: string): string | null {
    return this.isMember ? this.home.lists.subjectOf(this.name, id) : null;
  }

  /**
   * Whether this connection is a member: until the group is left or the connection ends. False while the connection is
   * lost, from the moment of the loss until `resumed`, or until the first view of a new session has arrived.
   */
  get isMember(): boolean {
    return !this.isOver && this.away === null;
  }

  /** Whether it was joined with `viewSynchrony`. */
  get isViewSynchronous(): boolean {
    return this.home.synchrony !== null;
  }

  /**
   * Sends to this group, as `Connection.send` does. It need not be joined any more.
   * @throws SspError as `Connection.send`
   */
  send(body: Body, options?: SendOptions): Promise<void> {
    return this.home.send(this.name, body, options);
  }

  /**
   * Sends to some members of a view-synchronous group; each gets it once, in the view in which it is sent. What they get
   * has `toSome`, and `groups` with all receivers and then this group.
   * @param members 1 to 43 ids of members, `#bob#d1`; up to 100 with `portable: false`. Who left since the view came may
   * be among them
   * @throws IllegalReceiversError when one is not in the view or there are none, IllegalParamError when there are too many,
   * IllegalStateError when this group is not view-synchronous or was left, and SspError as `send`
   */
  async sendToMembers(members: readonly string[], body: Body, options?: MembersSendOptions): Promise<void> {
    const { synchrony } = this.home;
    if (synchrony === null) throw errorOf(ILLEGAL_STATE, `${this.name} is not view-synchronous`);
    await synchrony.sendToMembers(this.name, members, body, options);
  }

  /**
   * Leaves. Resolves when the leave has its place in the order, after which nothing of this group arrives; at once when
   * it was left already, also if it has been joined again: that is another Group.
   * @throws PermissionDeniedError when a policy of the daemon refuses
   */
  leave(): Promise<void> {
    return this.home.leave(this);
  }

  /** Leaves. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave();
  }

  /**
   * The events one by one. The loop ends after the self-leave, or when the connection is closed on this side; it throws
   * ConnectionClosedError when the connection is lost.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<GroupEvent> {
    return this.outlet.loop();
  }

  /** @internal The connection is lost. @param awayView the view without it */
  lost(awayView: (view: ViewEvent) => ViewEvent): void {
    this.away ??= awayView(this.current);
  }

  /** @internal Everything that was missed is handed on: it is a member again, if the last view has it. */
  returned(): void {
    if (this.current.myIndex < 0) return;
    this.away = null;
    this.settle();
  }

  /** @internal @param away of a view that came before the connection was back: the view without it */
  deliver(event: GroupEvent, away: ViewEvent | null = null): void {
    if (event.kind === 'view') {
      this.current = event;
      this.away = away;
      if (this.away === null) this.settle();
    }
    this.outlet.deliver(this.read !== null && event.kind === 'data' ? this.read(event) : event);
    if (event.kind === 'self-leave') this.end();
  }

  /** @internal */
  end(error?: Error): void {
    this.isOver = true;
    this.settle();
    this.outlet.end(error);
  }

  private settle(): void {
    this.back?.resolve();
    this.back = null;
  }

  protected override attached(): void {
    this.outlet.attached();
  }

  private hasListener(): boolean {
    return names.some((name) => this.listenerCount(name as keyof GroupEvents) > 0);
  }

  private tell(event: GroupEvent): void {
    // Most are messages. What each kind has as its argument is its event, which the compiler cannot follow.
    if (event.kind === 'data') this.emit('data', event);
    else (this as unknown as Emitter<Record<string, [GroupEvent]>>).emit(event.kind, event);
    this.emit('event', event);
  }
}

const names = [
  'event',
  'data',
  'view',
  'self-leave',
  'transition',
  'flush-request',
  'stalled',
  'excluded',
  'disagreement',
  'rekeyed',
  'tampering',
  'gap',
  // Of a group whose messages are values.
  'invalid',
] as const satisfies (keyof GroupEvents | 'invalid')[];
