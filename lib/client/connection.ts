/** One connection to a daemon, in the client API: groups, events, iteration, errors as exceptions. */
import { errorOf } from '../errors.js';
import type { Mailbox } from '../mailbox/mailbox.js';
import { withPlatform } from '../mailbox/platform.js';
import type { ReceivedMessage } from '../mailbox/received-message.js';
import { CONNECTION_CLOSED, ILLEGAL_GROUP } from '../wire/codes.js';
import { isGroupName, isPrivateGroup, parsePrivateGroup, privateGroup } from '../wire/name.js';
import { Emitter, EventFanout } from './event-fanout.js';
import type { ConnectionEvent, DataEvent, RejectEvent, SecureView, ViewEvent } from './event.js';
import { Group, type GroupHome } from './group.js';
import { Memberships } from './memberships.js';
import { checkedJoin, type JoinOptions, type SecureOptions } from './options.js';
import { Pump } from './pump.js';
import { EventReader } from './reader.js';
import { SecureGroup } from './secure-group.js';
import type { Synchrony } from './synchronous-mode.js';
import { checkPlain, synchronousGroup } from './synchrony-checks.js';
import { SynchronousGroups } from './view-synchrony.js';
import { type Body, type SendOptions, bytesOfBody, checkSend, serviceWord } from './send.js';

/** Events of a connection, with their arguments. */
export interface ConnectionEvents {
  /** Everything that arrives, of all groups, in order. */
  event: [ConnectionEvent];
  /** A message to this connection alone. Those that come before anybody listens wait, the newest hundred of them. */
  message: [DataEvent];
  /**
   * The daemon refused a request: `error` says what and why. A refused join or leave also rejects; a message that was
   * refused is heard of here only, since `send` has resolved by then. Where nobody listens and no loop runs, the first
   * one becomes a warning of the process.
   */
  reject: [RejectEvent];
  /** The connection is gone; with an error unless it was closed on this side. Emitted once, after all events that had arrived. */
  close: [Error | undefined];
}

/** No groups. */
const NONE: readonly string[] = [];

/** Private messages kept for the first reader. It may never come, so they stop nobody; the oldest is dropped for it. */
const UNHEARD_MESSAGES = 100;

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
  private readonly reader: EventReader;
  private readonly memberships: Memberships;
  private readonly outlet: EventFanout<ConnectionEvent>;
  private readonly pump: Pump;
  /** There once a view-synchronous group was asked for. */
  private synchrony: SynchronousGroups | null = null;
  private unheard: DataEvent[] = [];
  private isClosed = false;
  private hasWarned = false;
  private closing: Promise<void> | null = null;

  /** @internal Made by `connect`. */
  constructor(private readonly mailbox: Mailbox) {
    super();
    withPlatform(this, mailbox.platform);
    this.reader = new EventReader(mailbox.privateGroup);
    const home: GroupHome = {
      send: (group, body, options) => this.send(group, body, options),
      leave: (group) => this.memberships.leave(group),
      filled: (group, reader, isFull, which) =>
        this.pump.block(reader, isFull, `group ${group.name}${which}`),
      synchrony: null,
    };
    this.memberships = new Memberships({
      // A request that does not get out is answered by the loss of the connection.
      request: (kind, group) => void mailbox.send(kind, [group], 0, []),
      synchronize: (group, how) => (this.synchrony ??= this.newSynchrony()).join(group, how),
      leaving: (group) => this.synchrony?.leave(group),
      gone: (group) => this.synchrony?.forget(group),
      newGroup: (first, how) => this.newGroup(first, home, how),
      awaiting: () => this.pump.wake(),
    });
    const listeners = { heard: () => this.isHeard(), tell: (event: ConnectionEvent) => this.tell(event) };
    this.outlet = new EventFanout(listeners, (reader, isFull, which) =>
      this.pump.block(reader, isFull, `the connection${which}`),
    );
    this.pump = new Pump(mailbox, {
      take: (arrival) => this.take(arrival),
      lost: (cause) => this.finish(errorOf(CONNECTION_CLOSED, cause?.message, cause && { cause })),
      isAwaiting: () => this.memberships.isAwaiting || this.synchrony?.mustAnswer === true,
    });
  }

  /** Identifies this connection in the cluster, `#bob#d1`: a member in views, a sender, and a destination of `sendTo`. */
  get id(): string {
    return this.mailbox.privateGroup;
  }

  /** Its name at its daemon, `bob`: the one that was asked for, or that the daemon made up. */
  get name(): string {
    return parsePrivateGroup(this.id)?.name ?? '';
  }

  /** Whether the connection is there. When it is lost, what arrived before may still be on its way to the readers. */
  get open(): boolean {
    return !this.isClosed && this.mailbox.state === 'open';
  }

  /**
   * Joins a group. Joining a group that is already joined returns the same object; one that is being left is
   * joined again.
   * @param name 1 to 31 characters from `$` to `~`
   * @returns the group, when its first view is there
   * @throws IllegalGroupError, IllegalParamError for options that are none and for a group that is joined with another
   * `viewSynchrony`, PermissionDeniedError when a policy of the
   * daemon refuses, TooManyGroupsError when a limit does, ConnectionClosedError, or the signal's reason; after that the
   * group is left again, unless another join of it still waits or has got it
   */
  async join(name: string, options: JoinOptions & { readonly secure: SecureOptions }): Promise<SecureGroup>;
  async join(name: string, options?: JoinOptions): Promise<Group>;
  async join(name: string, options: JoinOptions = {}): Promise<Group> {
    if (typeof name !== 'string' || !isGroupName(name)) throw errorOf(ILLEGAL_GROUP, String(name));
    const { signal, synchrony, secure } = checkedJoin(options);
    if (secure === null) return await this.memberships.join(name, { signal, synchrony });
    // A program without secure groups loads no cryptography.
    const { secureFilter } = await import('./secure-membership.js');
    const filter = secureFilter(name, secure);
    return await this.memberships.join(name, { signal, synchrony: { ...synchrony, filter } });
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
   * Resolves when the kernel has the bytes. Awaiting it keeps a fast sender from filling memory. Whether a policy of the
   * daemon lets the message through shows later: a refused one comes back as the event `reject`. A body of 16 KiB and more must
   * stay as it is until then. Body and 32 bytes for each group can be 143 952 bytes; a daemon of Spread 5.0.1 aborts
   * above 143 151.
   *
   * A view-synchronous group is sent to alone. A message to one from a connection that is not in its view is dropped by all
   * members.
   * @param groups 1 to 100
   * @throws IllegalGroupError, IllegalServiceError, IllegalMessageTypeError, IllegalMessageError, MessageTooLongError,
   * IllegalParamError for more than 100 groups or none, ConnectionClosedError; of a view-synchronous group also
   * IllegalStateError when this connection is leaving it or, with `flush: 'manual'`, has flushed and not read the next view,
   * and ViewChangedError when `view` is another one
   */
  async send(groups: string | readonly string[], body: Body, options: SendOptions = {}): Promise<void> {
    const names = typeof groups === 'string' ? [groups] : groups;
    const { type = 0 } = options;
    const group = synchronousGroup(this.synchrony, names);
    if (group !== undefined) return await (this.synchrony as SynchronousGroups).send(group, body, options);
    checkPlain(options);
    const bytes = bytesOfBody(body);
    checkSend(names, type, bytes.length);
    const code = await this.mailbox.send(serviceWord(options), names, type, [bytes]);
    if (code < 0) throw errorOf(code);
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
   * when the connection is closed on this side, and throws ConnectionClosedError when it is lost.
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
    for (const event of this.unheard.splice(0)) this.outlet.keep(event);
  }

  private take(arrival: ReceivedMessage): void {
    if (this.synchrony?.take(arrival)) return;
    const event = this.reader.read(arrival);
    if (event !== null) this.handOut(event, NONE);
  }

  /** @param synchronous of data: the view-synchronous groups that it belongs to */
  private handOut(event: ConnectionEvent, synchronous: readonly string[]): void {
    if (this.outlet.hasReader) this.outlet.deliver(event);
    else if (event.kind === 'data' && this.isPrivate(event)) this.keepUnheard(event);
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
    process.emitWarning(`${this.id}: ${event.error.message}`, 'SspRefusedWarning');
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

  private newGroup(first: ViewEvent, home: GroupHome, how: Synchrony | null): Group {
    const name = first.group;
    const synchronous = { ...home, synchrony: this.synchrony };
    if (how?.filter) {
      const security = (this.synchrony as SynchronousGroups).security(name);
      return new SecureGroup(name, first as SecureView, synchronous, security);
    }
    return new Group(name, first, how ? synchronous : home);
  }

  private newSynchrony(): SynchronousGroups {
    return new SynchronousGroups(this.mailbox, {
      handOut: (event, groups) => this.handOut(event, groups),
      awaiting: () => this.pump.wake(),
      request: (kind, group) => void this.mailbox.send(kind, [group], 0, []),
      failed: (group, error) => this.memberships.failed(group, error),
    });
  }

  private isPrivate(event: DataEvent): boolean {
    return event.groups.includes(this.id) && !event.toSome;
  }

  private tell(event: ConnectionEvent): void {
    this.emit('event', event);
    if (event.kind === 'data' && this.isPrivate(event)) this.emit('message', event);
  }

  private keepUnheard(event: DataEvent): void {
    this.unheard.push(event);
    if (this.unheard.length > UNHEARD_MESSAGES) this.unheard.shift();
  }

  /** Everything that waits for something ends here. */
  private finish(error?: Error): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.synchrony?.end(error ?? errorOf(CONNECTION_CLOSED, 'closed on this side'));
    this.memberships.end(error);
    this.hearUnheard();
    this.outlet.end(error);
    this.emit('close', error);
  }
}
