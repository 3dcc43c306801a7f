/** What the channels need of the world: one connection to the group layer, seen through one registry group. */
import { Buffer } from 'node:buffer';
import type { Connection } from '../client/connection.js';
import type { ConnectionEvent, ReturnedMember, ViewEvent } from '../client/event.js';
import type { Group } from '../client/group.js';
import { listFault } from '../client/view-event.js';
import type { Service } from '../client/send.js';
import { platformOf } from '../mailbox/platform.js';
import type { Clock } from '../util/clock.js';
import { CHANNEL_MESSAGE } from './limits.js';
import type { RegistryView } from './registry/ports.js';

export interface LinkHandler {
  view(view: RegistryView): void;
  transition(): void;
  /** @param service with which it was sent to the registry's group; null: to others */
  message(sender: string, service: Service | null, body: Buffer): void;
  /**
   * A message was refused by a policy of the daemon.
   * @param body null for one of those without which nobody can take part: to the registry's group, or privately at all
   */
  refused(body: Buffer | null, error: Error): void;
  /** The connection is lost, and looks for a daemon. */
  lost(): void;
  /** It is back, and nobody has noticed. */
  continued(): void;
  /**
   * It was lost, and is a member of the registry's group again, under this id: the view follows.
   * @param isWhole whether it has missed nothing
   */
  rejoined(id: string, isWhole: boolean): void;
  /** Others have returned while it was no member. */
  observed(returned: readonly ReturnedMember[]): void;
  /** Nothing comes any more. @param isOwn whether that was wanted here */
  closed(isOwn: boolean): void;
}

export interface GroupLink {
  readonly id: string;
  /** That of the connection. */
  readonly clock: Clock;
  /** Comes into the registry's group; from here on the handler is called. */
  enter(handler: LinkHandler, signal?: AbortSignal): Promise<void>;
  /** Leaves it; resolves when nothing comes any more. */
  leave(): Promise<void>;
  /** @param to ids; null: the registry's group. Rejects when the connection is gone. */
  send(to: readonly string[] | null, body: Buffer, service: Service): Promise<void>;
}

/** The link of a real connection. The application may go on using it. */
export class ConnectionLink implements GroupLink {
  private handler: LinkHandler | null = null;
  private readonly onEvent = (event: ConnectionEvent): void => this.take(event);
  private readonly onLost = (): void => this.handler?.lost();
  private readonly onResumed = (): void => {
    if (!this.isOutside && this.joined?.isMember === true) this.handler?.continued();
  };
  private joined: Group | null = null;
  /** Whether the registry continues without this connection. */
  private isOutside = false;
  /** Whether something of the group is or may be missing since it was one. */
  private hasGap = false;
  private readonly onClose = (error?: Error): void => this.end(error === undefined);

  constructor(
    private readonly connection: Connection,
    private readonly group: string,
  ) {}

  get id(): string {
    return this.connection.id;
  }

  get clock(): Clock {
    return platformOf(this.connection).clock;
  }

  async enter(handler: LinkHandler, signal?: AbortSignal): Promise<void> {
    this.handler = handler;
    this.connection.on('event', this.onEvent);
    this.connection.on('close', this.onClose);
    this.connection.on('reconnecting', this.onLost);
    this.connection.on('moved', this.onLost);
    this.connection.on('resumed', this.onResumed);
    try {
      const group = await this.connection.join(this.group, { signal });
      // A group wants a reader of its own. What comes is taken from the connection, where private messages have their
      // place among the views.
      group.on('event', () => undefined);
      this.joined = group;
      // Asks whether the daemon lets private messages through, by one without content to this connection itself.
      this.send([this.id], Buffer.alloc(0), 'agreed').catch(() => undefined);
    } catch (error) {
      this.end();
      throw error;
    }
  }

  async leave(): Promise<void> {
    await this.connection.leave(this.group);
    this.end();
  }

  send(to: readonly string[] | null, body: Buffer, service: Service): Promise<void> {
    return this.connection.send(to ?? this.group, body, { service, type: CHANNEL_MESSAGE });
  }

  private take(event: ConnectionEvent): void {
    switch (event.kind) {
      case 'data':
        if (event.type === CHANNEL_MESSAGE && !(event.fromMe && event.body.length === 0)) {
          const service = event.groups.includes(this.group) ? event.service : null;
          if (service === null || !this.isOutside) this.handler?.message(event.sender, service, event.body);
        }
        break;
      case 'reject':
        if (event.refused === 'data' && event.type === CHANNEL_MESSAGE) {
          const isVital = event.body.length === 0 || event.groups.includes(this.group);
          this.handler?.refused(isVital ? null : event.body, event.error);
        }
        break;
      case 'view':
        if (event.group === this.group) this.viewed(event);
        break;
      case 'gap':
        if (event.group === this.group) this.isOutside = this.hasGap = true;
        break;
      case 'transition':
        if (event.group === this.group && !this.isOutside) this.handler?.transition();
        break;
      case 'self-leave':
        // Whoever has left it: without the group there are no channels.
        if (event.group === this.group) this.end();
        break;
      default:
        break;
    }
  }

  private viewed(view: ViewEvent): void {
    const { handler, isOutside } = this;
    this.isOutside = view.myIndex < 0;
    if (this.isOutside) return handler?.observed(view.returned);
    const fault = listFault(view);
    if (fault) return handler?.refused(null, fault);
    if (isOutside) {
      handler?.rejoined(view.members[view.myIndex] as string, !this.hasGap);
      this.hasGap = false;
    }
    handler?.view(view);
  }

  private end(isOwn = true): void {
    const { handler } = this;
    this.handler = null;
    this.connection.off('event', this.onEvent);
    this.connection.off('close', this.onClose);
    this.connection.off('reconnecting', this.onLost);
    this.connection.off('moved', this.onLost);
    this.connection.off('resumed', this.onResumed);
    handler?.closed(isOwn);
  }
}
