/** One group that a connection has joined. */
import { EventEmitter } from 'eventemitter3';
import type { Connection } from './connection.js';
import type { DataEvent, GroupEvent, LeaveEvent, TransitionEvent, ViewEvent } from './event.js';
import type { Body, SendOptions } from './send.js';
import { EventStream } from './stream.js';

export interface GroupEvents {
  data: [DataEvent];
  view: [ViewEvent];
  transition: [TransitionEvent];
  leave: [LeaveEvent];
  /** Each of the above, in order. */
  event: [GroupEvent];
}

/** Events of one group that may wait for a reader before the connection stands still. */
export const GROUP_QUEUE_EVENTS = 1_000;

/**
 * Read it with `for await`, or with listeners; what came before the first of either waits for it. Reading a group holds
 * the order: everything since the join, its first view included, comes once. One loop at a time gets each event.
 *
 * A group that nobody reads fills up and then stops the whole connection, as an unread mailbox does; attach a listener
 * if the events do not matter.
 */
export class Group extends EventEmitter<GroupEvents> implements AsyncIterable<GroupEvent>, AsyncDisposable {
  private current: ViewEvent | null = null;
  private readonly stream: EventStream<GroupEvent>;
  private iterated = false;
  private listened = false;

  /** @internal Made by `Connection.join`. */
  constructor(
    readonly name: string,
    private readonly connection: Connection,
    filled: (isFull: boolean) => void,
  ) {
    super();
    this.stream = new EventStream(GROUP_QUEUE_EVENTS, filled);
  }

  /** The view as of the last event that was handed on; there is one from the moment `join` resolves. */
  get view(): ViewEvent {
    if (this.current === null) throw new Error(`no view of ${this.name} has arrived yet`);
    return this.current;
  }

  /** Private names of the members, the same list in the same order everywhere; its first can serve as leader. */
  get members(): readonly string[] {
    return this.view.members;
  }

  /**
   * Sends to this group. Resolves when the kernel has the bytes.
   * @throws SspError as `Connection.send`
   */
  send(body: Body, options?: SendOptions): Promise<void> {
    return this.connection.send(this.name, body, options);
  }

  /** Leaves. Resolves when the leave has its place in the order: nothing of this group follows. */
  leave(): Promise<void> {
    return this.connection.leave(this.name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave();
  }

  /** The events one by one; the loop ends behind the self-leave, or when the connection is closed on this side. */
  [Symbol.asyncIterator](): AsyncIterableIterator<GroupEvent, undefined, void> {
    this.iterated = true;
    return this.stream;
  }

  override on<E extends keyof GroupEvents>(event: E, listener: (...args: GroupEvents[E]) => void): this {
    // eventemitter3's own types hide that a listener of an event takes that event's arguments.
    super.on(event, listener as never);
    this.listen();
    return this;
  }

  override addListener<E extends keyof GroupEvents>(
    event: E,
    listener: (...args: GroupEvents[E]) => void,
  ): this {
    return this.on(event, listener);
  }

  override once<E extends keyof GroupEvents>(event: E, listener: (...args: GroupEvents[E]) => void): this {
    super.once(event, listener as never);
    this.listen();
    return this;
  }

  /** @internal */
  deliver(event: GroupEvent): void {
    if (event.kind === 'view') this.current = event;
    if (this.iterated || !this.listened || this.stream.length > 0) this.stream.push(event);
    if (this.listened && (this.iterated || this.stream.length === 0)) this.tell(event);
    if (event.kind === 'leave') this.stream.end();
  }

  /** @internal Nobody will read this group any more. */
  ignore(): void {
    this.listen();
  }

  /** @internal */
  end(error?: Error): void {
    this.stream.end(error);
  }

  /** The first listener gets what waited for a reader, in the next microtask, so that its companions get it too. */
  private listen(): void {
    if (this.listened) return;
    this.listened = true;
    if (this.iterated) return;
    queueMicrotask(() => {
      if (this.iterated) return;
      for (const event of this.stream.takeAll()) this.tell(event);
    });
  }

  private tell(event: GroupEvent): void {
    switch (event.kind) {
      case 'data':
        this.emit('data', event);
        break;
      case 'view':
        this.emit('view', event);
        break;
      case 'transition':
        this.emit('transition', event);
        break;
      case 'leave':
        this.emit('leave', event);
        break;
    }
    this.emit('event', event);
  }
}
