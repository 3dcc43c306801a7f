/** One connection to a daemon, the modern way: groups, events, iteration, errors as exceptions. */
import { EventEmitter } from 'eventemitter3';
import { errorOf } from '../errors.js';
import type { Arrival } from '../mailbox/arrival.js';
import type { Mailbox } from '../mailbox/mailbox.js';
import { CONNECTION_CLOSED, ILLEGAL_GROUP } from '../wire/codes.js';
import { isGroupName, isPrivateGroup, parsePrivateGroup, privateGroup } from '../wire/name.js';
import { JOIN_MESS, LEAVE_MESS } from '../wire/service.js';
import { abortable, type Pending, pending } from './abort.js';
import type { ConnectionEvent, DataEvent, GroupEvent, RejectEvent } from './event.js';
import { Group } from './group.js';
import { Pump } from './pump.js';
import { EventReader } from './reader.js';
import { type Body, bytesOfBody, checkSend, type SendOptions, serviceWord } from './send.js';
import { EventStream } from './stream.js';

export interface ConnectionEvents {
  /** Everything that arrives, of all groups, in order. */
  event: [ConnectionEvent];
  /** A message to this connection alone. */
  message: [DataEvent];
  /** The daemon refused a request. */
  reject: [RejectEvent];
  /** The connection is gone; with an error unless it was closed on this side. */
  close: [Error | undefined];
}

/** Events of all groups together that may wait for a loop over the connection. */
export const CONNECTION_QUEUE_EVENTS = 1_000;

export class Connection
  extends EventEmitter<ConnectionEvents>
  implements AsyncIterable<ConnectionEvent>, AsyncDisposable
{
  private readonly groups = new Map<string, Group>();
  private readonly joining = new Map<string, Pending<Group>>();
  private readonly leaving = new Map<string, Pending<void>>();
  private readonly reader: EventReader;
  private stream: EventStream<ConnectionEvent> | null = null;
  private isClosed = false;
  private readonly pump: Pump;

  /** @internal Made by `connect`. */
  constructor(private readonly mailbox: Mailbox) {
    super();
    this.reader = new EventReader(mailbox.privateGroup);
    this.pump = new Pump(mailbox, {
      take: (arrival) => this.take(arrival),
      lost: (cause) => this.lost(cause),
    });
  }

  /** This connection's private name, `#name#daemon`: its identity in views and as a sender. */
  get privateName(): string {
    return this.mailbox.privateGroup;
  }

  /** Whether the connection is there. */
  get open(): boolean {
    return !this.isClosed && this.mailbox.state === 'open';
  }

  /**
   * Joins a group; a group that is joined already is the same object again.
   * @param name 1 to 31 characters from `$` to `~`
   * @returns the group, with its first view
   * @throws IllegalGroupError, ConnectionClosedError, or the signal's reason, in which case the group is left again
   */
  async join(name: string, options: { readonly signal?: AbortSignal } = {}): Promise<Group> {
    if (typeof name !== 'string' || !isGroupName(name)) throw errorOf(ILLEGAL_GROUP, String(name));
    options.signal?.throwIfAborted();
    await this.leaving.get(name)?.promise;
    const joined = this.groups.get(name);
    if (joined && !this.joining.has(name)) return joined;
    let wait = this.joining.get(name);
    if (!wait) {
      wait = pending();
      this.joining.set(name, wait);
      this.groups.set(name, this.newGroup(name));
      await this.request(JOIN_MESS, name);
    }
    return await abortable(wait.promise, options.signal, () => this.abandon(name));
  }

  /**
   * Leaves a group. Resolves when the leave has its place in the order; at once for a group that is not joined, or when
   * the connection is gone.
   * @throws ConnectionClosedError when it breaks meanwhile
   */
  async leave(name: string): Promise<void> {
    if (!this.groups.has(name) || this.isClosed) return;
    let wait = this.leaving.get(name);
    if (!wait) {
      wait = pending();
      this.leaving.set(name, wait);
      await this.request(LEAVE_MESS, name);
    }
    await wait.promise;
  }

  /**
   * Sends one message to one or several groups, joined or not; a receiver in several of them gets it once. Resolves
   * when the kernel has the bytes; a body of 16 KiB and more must stay as it is until then.
   * @throws IllegalGroupError, IllegalServiceError, IllegalMessageTypeError, IllegalMessageError, MessageTooLongError,
   * ConnectionClosedError
   */
  async send(groups: string | readonly string[], body: Body, options: SendOptions = {}): Promise<void> {
    const names = typeof groups === 'string' ? [groups] : groups;
    const { type = 0 } = options;
    const bytes = bytesOfBody(body);
    checkSend(names, type, bytes.length);
    const code = await this.mailbox.send(serviceWord(options), names, type, [bytes]);
    if (code < 0) throw errorOf(code);
  }

  /**
   * Sends to one connection.
   * @param privateName `#name#daemon` as it stands in views and senders, or `name` for one at the same daemon
   */
  sendTo(privateName: string, body: Body, options?: SendOptions): Promise<void> {
    const daemon = parsePrivateGroup(this.privateName)?.daemon ?? '';
    const name = isPrivateGroup(privateName) ? privateName : privateGroup(privateName, daemon);
    return this.send(name, body, options);
  }

  /**
   * Everything that arrives from here on, of all groups and private, in the one order of the connection. The loop ends
   * when the connection is closed on this side, and throws ConnectionClosedError when it breaks.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<ConnectionEvent, undefined, void> {
    if (this.stream === null) {
      const who = `the connection ${this.privateName}`;
      this.stream = new EventStream(CONNECTION_QUEUE_EVENTS, (isFull) => this.pump.block(who, isFull));
      if (this.isClosed) this.stream.end();
    }
    return this.stream;
  }

  /** Tells the daemon and closes. Loops end behind what has arrived; members see a disconnect. */
  async close(): Promise<void> {
    if (!this.isClosed) this.finish();
    await this.mailbox.disconnect();
    await this.pump.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async request(kind: number, group: string): Promise<void> {
    const code = await this.mailbox.send(kind, [group], 0, []);
    if (code < 0) throw errorOf(code);
  }

  /** A join that is no longer wanted is undone when it comes, so that nobody stays a member without knowing. */
  private abandon(name: string): void {
    this.joining.delete(name);
    this.groups.get(name)?.ignore();
    this.leave(name).catch(() => undefined);
  }

  private newGroup(name: string): Group {
    return new Group(name, this, (isFull) => this.pump.block(`group ${name}`, isFull));
  }

  private take(arrival: Arrival): void {
    const event = this.reader.read(arrival);
    if (event === null || this.isClosed) return;
    this.emit('event', event);
    this.stream?.push(event);
    switch (event.kind) {
      case 'reject':
        this.emit('reject', event);
        break;
      case 'data':
        this.dispatchData(event);
        break;
      default:
        this.dispatchMembership(event);
    }
  }

  /** A message to several groups is handed to each that is joined here, and to the connection if it is named itself. */
  private dispatchData(event: DataEvent): void {
    if (event.groups.length === 1) {
      this.handTo(event.groups[0] as string, event);
      return;
    }
    for (const name of new Set(event.groups)) this.handTo(name, event);
  }

  private handTo(name: string, event: DataEvent): void {
    if (name === this.privateName) this.emit('message', event);
    else this.groups.get(name)?.deliver(event);
  }

  private dispatchMembership(event: Exclude<GroupEvent, DataEvent>): void {
    const group = this.groups.get(event.group);
    if (!group) return;
    group.deliver(event);
    if (event.kind === 'view') {
      this.joining.get(event.group)?.resolve(group);
      this.joining.delete(event.group);
    } else if (event.kind === 'leave') {
      this.groups.delete(event.group);
      this.leaving.get(event.group)?.resolve();
      this.leaving.delete(event.group);
    }
  }

  private lost(cause: Error | undefined): void {
    this.finish(errorOf(CONNECTION_CLOSED, cause?.message, cause && { cause }));
  }

  /** Everything that waits for something ends here. */
  private finish(error?: Error): void {
    this.isClosed = true;
    const gone = error ?? errorOf(CONNECTION_CLOSED, 'closed on this side');
    for (const wait of [...this.joining.values(), ...this.leaving.values()]) wait.reject(gone);
    this.joining.clear();
    this.leaving.clear();
    for (const group of this.groups.values()) group.end(error);
    this.stream?.end(error);
    this.emit('close', error);
  }
}
