/** One connection to a daemon, in the client API: groups, events, iteration, errors as exceptions. */
import { warn } from '#report';
import { synchronyClass } from '#synchrony';
import { Buffer } from '#buffer';
import { errorOf } from '../errors.js';
import type { Mailbox } from '../mailbox/mailbox.js';
import { withPlatform } from '../mailbox/platform.js';
import type { ReceivedMessage } from '../mailbox/received-message.js';
import { CONNECTION_CLOSED, ILLEGAL_GROUP } from '../wire/codes.js';
import { LEAVE_MESS } from '../wire/service.js';
import { isPrivateGroup, parsePrivateGroup, privateGroup } from '../wire/name.js';
import type { ConnectionEvents } from './connection-events.js';
import { Emitter, EventFanout } from './event-fanout.js';
import type { ConnectionEvent, DataEvent, RejectEvent } from './event.js';
import type { Group, GroupHome } from './group.js';
import { Daemons } from './incoming.js';
import { Memberships, type MembershipsHost } from './memberships.js';
import type { Secure } from './node-types.js';
import { joinGroup } from './join.js';
import type { JoinOptions } from './options.js';
import { newGroup } from './new-group.js';
import { Pump } from './pump.js';
import { type GroupsClass, type GroupsHost, PlainGroups } from './plain-groups.js';
import type { ConnectionState } from './resume/events.js';
import type { Resumption } from './resume/resumption.js';
import type { ReturningParts } from './resume/returning-parts.js';
import type { SecureGroup } from './secure-group.js';
import type { SynchronousGroups } from './view-synchrony.js';
import { UnheardMessages } from './unheard.js';
import { viewEvent } from './view-event.js';
import type { GroupView } from './views/group-view.js';
import type { TypedGroupOf, TypedJoinOptions, TypedSecureGroupOf } from './typed/types.js';
import type { StandardSchema } from '../util/standard-schema.js';
import type { Body, SendOptions } from './send.js';
import { confirmation, sendOver } from './send-over.js';

/** No groups. */
const NONE: readonly string[] = [];

/**
 * A connection hands out what arrives twice: here, everything in its one order, and to each group, what belongs to it.
 * Both can be read with `for await`, with listeners, or with both.
 *
 * A loop over the connection that is left early keeps what follows for the next one, and counts as a slow reader until
 * there is one; see `Group`. A group that is read here alone still wants a listener of its own, one that does nothing.
 */
export class Connection
  extends Emitter<ConnectionEvents>
  implements AsyncIterable<ConnectionEvent>, AsyncDisposable
{
  private readonly daemons: Daemons;
  private readonly memberships: Memberships;
  private readonly outlet: EventFanout<ConnectionEvent>;
  private readonly pump: Pump;
  /** There once a view-synchronous group was asked for. */
  private synchrony: SynchronousGroups | null = null;
  private readonly unheard = new UnheardMessages();
  private session: string | null = null;
  /** @internal How it has ended, after everything that had arrived; null: it has not. */
  ended: { readonly error: Error | undefined } | null = null;
  private hasWarned = false;
  private closing: Promise<void> | null = null;

  /** @internal How it comes back after a loss; null: it does not. */
  readonly resumption: Resumption | null;

  /** @internal Made by `connect`. @param Groups makes its groups @param returning its parts, if it comes back after a loss */
  constructor(
    private readonly first: Mailbox,
    private readonly Groups: GroupsClass = PlainGroups,
    private readonly returning: ReturningParts | null = null,
  ) {
    super();
    withPlatform(this, first.platform);
    const resumption = (this.resumption = returning?.resumption ?? null);
    const host: MembershipsHost = {
      requestJoin: (group, onDemand) => this.daemons.asked.groups.requestJoin(group, onDemand),
      // A request that does not get out is answered by the loss of the connection.
      requestLeave: (group) => void (resumption?.outbox ?? first).send(LEAVE_MESS, [group], 0, []),
      expect: (group, onDemand) => this.daemons.asked.groups.expect(group, onDemand),
      synchronize: (group, how) => this.synchronyOf().join(group, how),
      leaving: (group) => this.synchrony?.leave(group),
      answered: (group) => resumption?.outbox.left(group),
      before: (group) => resumption?.outbox.repeatedLeaves.before(group) ?? null,
      gone: (group) => {
        this.synchrony?.forget(group);
        this.daemons.asked.groups.forget(group);
        resumption?.outbox.left(group);
      },
      id: () => this.id,
      newGroup: (view, how) => newGroup(view, home, how, this.synchrony),
      awaiting: () => this.pump.wake(),
    };
    const listed = (group: string): void => this.memberships.list(group);
    const daemons = [first, Groups, (each: Mailbox) => this.groupsHost(each), listed] as const;
    const made = returning?.make([...daemons], host);
    this.daemons = made?.daemons ?? new Daemons(...daemons);
    this.memberships = made?.memberships ?? new Memberships(host);
    const home: GroupHome = {
      send: (group, body, options) => this.send(group, body, options),
      leave: (group) => this.memberships.leave(group),
      filled: (group, reader, isFull, which) =>
        this.pump.block(reader, isFull, `group ${group.name}${which}`),
      lists: this.daemons,
      synchrony: null,
    };
    const listeners = { heard: () => this.isHeard(), tell: (event: ConnectionEvent) => this.tell(event) };
    this.outlet = new EventFanout(listeners, (reader, isFull, which) =>
      this.pump.block(reader, isFull, `the connection${which}`),
    );
    this.pump = new Pump(first, {
      take: (arrival) => this.take(arrival),
      lost: (cause) => this.lost(cause),
      isAwaiting: () =>
        this.memberships.isAwaiting ||
        this.daemons.taken.groups.isAwaiting ||
        this.synchrony?.mustAnswer === true,
    });
    returning?.start(this);
  }

  /**
   * Identifies this connection in the cluster, `#bob#d1`: a member in views, a sender, and a destination of `sendTo`. With
   * `resume` it is another one after a return to another daemon: see `resumed`.
   */
  get id(): string {
    return this.resumption?.id ?? this.first.privateGroup;
  }

  /** Identifies this object, 16 hexadecimal digits: the same over all losses and returns. */
  get sessionId(): string {
    const given = this.resumption?.sessionId ?? null;
    if (given !== null) return given;
    this.session ??= Buffer.from(this.first.platform.random(8)).toString('hex');
    return this.session;
  }

  /** Its name at its daemon, `bob`: the one that was asked for, or that the daemon made up. */
  get name(): string {
    return parsePrivateGroup(this.id)?.name ?? '';
  }

  /** Whether the connection is there. When it is lost, what arrived before may still be on its way to the readers. */
  get open(): boolean {
    return this.state === 'open';
  }

  /** `reconnecting` from its loss until `resumed`, with `resume` only. */
  get state(): ConnectionState {
    if (this.ended) return 'closed';
    return this.resumption?.state ?? (this.mailbox.state === 'open' ? 'open' : 'closed');
  }

  /**
   * Joins a group. Joining a group that is already joined returns the same object; one that is being left is
   * joined again.
   * @param name 1 to 31 characters from `$` to `~`
   * @returns the group, when its first view is there
   * @throws IllegalGroupError, IllegalParamError for options that are none and for a group that is joined with another
   * `viewSynchrony`, `list`, `schema` or `codec`, PermissionDeniedError when a policy of the daemon refuses, TooManyGroupsError or TooManyMembersError
   * when a limit does, ConnectionClosedError, or the signal's reason; then it is left again, unless another join of it waits or has it
   */
  join<S extends StandardSchema>(
    name: string,
    options: TypedJoinOptions<S> & { readonly secure: Secure },
  ): Promise<TypedSecureGroupOf<S>>;
  join<S extends StandardSchema>(name: string, options: TypedJoinOptions<S>): Promise<TypedGroupOf<S>>;
  join(name: string, options: JoinOptions & { readonly secure: Secure }): Promise<SecureGroup>;
  join(name: string, options?: JoinOptions): Promise<Group>;
  join(name: string, options: JoinOptions = {}): Promise<never> {
    const can = { id: this.id, resume: this.resumption !== null, lists: this.Groups !== PlainGroups };
    return joinGroup(this.memberships, can, name, options) as Promise<never>;
  }

  /**
   * Leaves a group. Resolves when the leave has its place in the order, after which nothing of the group arrives; at
   * once for a group that is not joined. The loss of the connection is a leave, too.
   * @throws PermissionDeniedError when a policy of the daemon refuses
   */
  leave(name: string): Promise<void> {
    return this.memberships.leave(name);
  }

  /**
   * Sends one message to one or several groups, joined or not, or ids of connections; a receiver in several of them gets it
   * once. What is sent arrives in the order of the calls.
   *
   * Resolves at once while less than `sendHighWater` bytes are unsent, and with `resume` fewer than 10,000 messages or 8 MiB are
   * unacknowledged; else when that is so again. Awaiting it keeps a fast sender from filling memory. A body of 16 KiB and more
   * must stay as it is until it resolves, which waits for the kernel, with `resume` for the acknowledgement. A message that the
   * daemon refuses comes back as the event `reject`. While a connection with `resume` is lost, messages wait. Body and 32 bytes
   * for each group can be 143 952 bytes; a daemon of Spread 5.0.1 aborts above 143 151.
   *
   * A view-synchronous group is sent to alone. A message to one from a connection that is not in its view is dropped by all
   * members.
   * @param groups 1 to 100
   * @throws IllegalGroupError, IllegalServiceError, IllegalMessageTypeError, IllegalMessageError, MessageTooLongError,
   * IllegalParamError for more than 100 groups or none, ConnectionClosedError, NotSupportedError for `confirm` where the daemon
   * cannot tell, with `resume` SendUnknownError where nobody can say what became of it; of a view-synchronous group also
   * IllegalStateError when this connection is leaving it or, with `flush: 'manual'`, has flushed and not read the next view,
   * and ViewChangedError when `view` is another one
   */
  send(groups: string | readonly string[], body: Body, options: SendOptions = {}): Promise<void> {
    return sendOver(this.first, this.resumption, this.synchrony, groups, body, options);
  }

  /**
   * Resolves when every daemon of the view has all that was sent up to here. Of a connection with `resume`.
   * @throws NotSupportedError at a daemon that cannot tell and without `resume`, SendUnknownError, ConnectionClosedError
   */
  async confirmed(): Promise<void> {
    await confirmation(this.resumption);
  }

  /**
   * Sends to one connection. Does nothing if no connection has that name.
   * @param to its id, `#bob#d1`, as it stands in views and senders; or its name, `bob`, if it is at the same daemon
   * @throws SspError as `send`
   */
  async sendTo(to: string, body: Body, options?: SendOptions): Promise<void> {
    if (typeof to !== 'string') throw errorOf(ILLEGAL_GROUP, String(to));
    const daemon = parsePrivateGroup(this.id)?.daemon ?? '';
    const id = isPrivateGroup(to) ? to : privateGroup(to, daemon);
    await this.send(id, body, options);
  }

  /**
   * Everything that arrives from here on, of all groups and private, in the one order of the connection. Several loops at
   * a time each get all of it; the slowest one holds the others up, see `Group`. The loop ends
   * when the connection is closed on this side, and throws ConnectionClosedError when it is lost; with `resume`, when it has
   * given up.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<ConnectionEvent> {
    this.hearUnheard();
    return this.outlet.loop();
  }

  /**
   * Tells the daemon and closes; what was sent before still goes out. Members see a disconnect. Loops end after the events
   * they have received, joins that wait fail. Resolves when the daemon has closed too, after two seconds at most.
   */
  close(): Promise<void> {
    if (this.closing === null) {
      this.resumption?.close();
      const ends = [this.mailbox.disconnect(), this.pump.stop()];
      this.closing = Promise.all(ends).then(() => undefined);
      this.finish();
    }
    return this.closing;
  }

  /** Closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  protected override attached(): void {
    if (this.isHeard()) this.hearUnheard();
    this.outlet.attached();
  }

  private isHeard(): boolean {
    return this.listenerCount('event') > 0 || this.listenerCount('message') > 0;
  }

  /** The first reader gets the private messages that waited for one. */
  private hearUnheard(): void {
    for (const event of this.unheard.take()) this.outlet.keep(event);
  }

  /** The way to the daemon of now, or to the one that was lost. */
  private get mailbox(): Mailbox {
    return this.resumption?.mailbox ?? this.first;
  }

  private groupsHost(mailbox: Mailbox): GroupsHost {
    return {
      view: (view) => this.takeView(view),
      gap: (gap) => this.memberships.gap(gap, this.resumption?.awayMs ?? 0),
      resumed: () => this.resumption?.replayed(mailbox),
      awaiting: () => this.pump.wake(),
      isSynchronous: (group) => this.synchrony?.has(group) === true,
      broken: (error) => {
        mailbox.kill();
        this.finish(error);
      },
    };
  }

  private take(arrival: ReceivedMessage): void {
    const { taken } = this.daemons;
    const { groups, reader } = taken;
    if (taken.isKnown(arrival)) return;
    if (arrival.kind !== 'data' && groups.take(arrival)) return;
    if (this.synchrony?.take(arrival)) return;
    const event = reader.read(arrival);
    if (event !== null) this.arrived(event);
  }

  /** A view that came as a change of a list. */
  private takeView(view: GroupView): void {
    this.memberships.listed(view);
    if (this.synchrony?.takeView(view)) return;
    if (view.isBehindGap === true) this.memberships.joinMissed(view.group);
    this.arrived(viewEvent(view));
  }

  private arrived(event: ConnectionEvent): void {
    if (event.kind === 'data') this.handOut(event, NONE);
    else this.memberships.handOut(event, this.daemons.taken.own, (each) => this.handOut(each, NONE));
  }

  /** Everything that had arrived was handed on. @see PumpTarget.lost */
  private lost(cause: Error | undefined): Promise<Mailbox | null> | null {
    if (this.returning) return this.back(this.returning);
    this.finish(errorOf(CONNECTION_CLOSED, cause?.message, cause && { cause }));
    return null;
  }

  private async back(returning: ReturningParts): Promise<Mailbox | null> {
    const next = await returning.resumption.next();
    if (next === null) {
      this.finish(returning.resumption.error);
      return null;
    }
    for (const event of returning.moveTo(next)) this.handOut(event, NONE);
    return next.mailbox;
  }

  /** @param synchronous of data: the view-synchronous groups that it belongs to */
  private handOut(event: ConnectionEvent, synchronous: readonly string[]): void {
    if (this.outlet.hasReader) this.outlet.deliver(event);
    else if (event.kind === 'data' && this.isPrivate(event)) this.unheard.keep(event);
    switch (event.kind) {
      case 'data':
        this.dispatch(event, synchronous);
        break;
      case 'reject':
        this.memberships.refused(event);
        this.rejected(event);
        break;
      default:
        this.memberships.take(event.group, event);
    }
  }

  /** A refused message has no call that could fail with it. */
  private rejected(event: RejectEvent): void {
    const isHeard = this.emit('reject', event) || this.outlet.hasReader;
    if (isHeard || event.refused !== 'data' || this.hasWarned) return;
    this.hasWarned = true;
    warn(`${this.id}: ${event.error.message}`, 'SspRefusedWarning');
  }

  /** A message to several groups is handed to each that is joined here, once. */
  private dispatch(event: DataEvent, synchronous: readonly string[]): void {
    const { groups } = event;
    if (groups.length === 1) {
      this.memberships.take(groups[0] as string, event);
      return;
    }
    for (const name of new Set(groups)) {
      const isHere = !this.synchrony?.has(name) || synchronous.includes(name);
      if (isHere) this.memberships.take(name, event);
    }
  }

  private synchronyOf(): SynchronousGroups {
    const Synchrony = synchronyClass() as typeof SynchronousGroups;
    return (this.synchrony ??= new Synchrony(this.mailbox, {
      handOut: (event, groups) => this.handOut(event, groups),
      awaiting: () => this.pump.wake(),
      request: (kind, group) => void this.mailbox.send(kind, [group], 0, []),
      failed: (group, error) => this.memberships.failed(group, error),
    }));
  }

  private isPrivate(event: DataEvent): boolean {
    const { memberships } = this;
    return this.daemons.taken.isOwn(event.groups, (name) => memberships.has(name)) && !event.toSome;
  }

  private tell(event: ConnectionEvent): void {
    this.emit('event', event);
    if (event.kind === 'data' && this.isPrivate(event)) this.emit('message', event);
  }

  /** Everything that waits for something ends here. */
  private finish(error?: Error): void {
    if (this.ended) return;
    this.ended = { error };
    const why = error ?? errorOf(CONNECTION_CLOSED, 'closed on this side');
    this.synchrony?.end(why);
    this.daemons.end(why);
    this.memberships.end(error);
    this.hearUnheard();
    this.outlet.end(error);
    this.emit('close', error);
  }
}
