/**
 * A namespace in the order: joins its group, sends, and hands on what comes, each thing at its place. While the connection is lost, messages act
 * on this server alone.
 */
import { Buffer } from 'node:buffer';
import type { Connection } from '../../client/connection.js';
import type { DataEvent, GroupEvent, RejectEvent, ViewEvent } from '../../client/event.js';
import type { Group } from '../../client/group.js';
import type { Service } from '../../client/send.js';
import { reportDropped } from '../../mailbox/diagnostics.js';
import { platformOf } from '../../mailbox/platform.js';
import { opened, sealed } from '../../recipes/core/codec.js';
import { abortable, deferred } from '../../util/deferred.js';
import { fnv32 } from '../../util/hash.js';
import { groupIdText } from '../../wire/group-id.js';
import { PartReader, partsOf } from '../parts.js';
import { decodeMessage, encodeMessage, type LinkMessage } from './message.js';
import { OutgoingMessages } from './outgoing-messages.js';
import { GroupClaim } from './group-claim.js';
import { LinkWarnings } from './link-warnings.js';
import { OrderedServers } from './ordered-servers.js';

/** Type of our messages: one of another type is from another version. */
const MESSAGE_TYPE = 1;

/** Bytes of the number of the first message, which is by chance. */
const NUMBER_BYTES = 5;

/** Where a message comes from. */
export interface Origin {
  /** Id of the server. */
  readonly sender: string;
  readonly fromMe: boolean;
  /** Whether it acts on this server alone: it has no place in the order. */
  readonly isLocal: boolean;
  /** Size of the message. */
  readonly bytes: number;
}

/** Which servers take part, and which of them have come back. */
export interface Membership {
  readonly isMember: (id: string) => boolean;
  /** Ids before, and now. */
  readonly returned: ReadonlyMap<string, string>;
}

/** What is known of a message at its place. `headless`: nobody here knows what is in it; `acted`: one of this server, which has acted alone. */
export type Placement = 'whole' | 'headless' | 'acted';

export interface LinkTarget {
  /** A message, at its place. */
  act(message: LinkMessage, origin: Origin): void;
  /** An answer of a server to this one. */
  answer(message: LinkMessage, sender: string): void;
  /** A message has its place, before it acts. */
  placed(how: Placement): void;
  /** Places are counted from 0 again. @param name eight hexadecimal digits that stand for the view */
  beginPlaces(name: string): void;
  members(membership: Membership): void;
  /** Something is missing. */
  gap(): void;
  /** From here on it acts alone, or, with undefined, in the order. */
  degraded(why: Error | undefined | null): void;
}

const NOBODY: ReadonlyMap<string, string> = new Map();
const hex = (text: string): string => fnv32(Buffer.from(text)).toString(16).padStart(8, '0');

export class OrderedLink {
  /** Settles when the group is joined, or cannot be. */
  readonly ready: Promise<void>;
  private readonly joined = deferred<void>();
  private group: Group | null = null;
  private claim: GroupClaim | null = null;
  /** Settles when the group is joined, or is not. */
  private entering: Promise<void> | null = null;
  private readonly closing = new AbortController();
  private readonly fleet: OrderedServers;
  readonly warnings: LinkWarnings;
  private isDegraded = false;
  private isClosed = false;
  /** Whether the daemon refuses what it sends: then it does not return to the order. */
  private isRefused = false;
  private readonly outgoing: OutgoingMessages;
  private readonly parts = new PartReader();
  private readonly privateParts = new PartReader();
  /** What has come while a client is on its way in; null: nothing is held. */
  private held: (() => void)[] | null = null;
  /** Times that it began to count places alone. */
  private alone = 0;

  constructor(
    readonly connection: Connection,
    private readonly name: string,
    private readonly service: Service,
    private readonly target: LinkTarget,
  ) {
    this.ready = this.joined.promise;
    this.fleet = new OrderedServers(() => connection.id);
    this.warnings = new LinkWarnings(() => `${this.self} in ${name}`);
    this.outgoing = new OutgoingMessages(
      {
        send: (part) => (this.group as Group).send(part, { service, type: MESSAGE_TYPE }),
        unordered: (message) => this.actUnordered(message),
        dropped: () => this.warnings.once('volatile messages are dropped: too many wait for the daemon'),
      },
      Buffer.from(platformOf(connection).random(NUMBER_BYTES)).readUIntBE(0, NUMBER_BYTES),
    );
  }

  /** Id of this server. */
  get self(): string {
    return this.fleet.self;
  }

  /** Servers that act in the order with this one, itself included. */
  get servers(): readonly string[] {
    return this.isAlone ? [this.self] : this.fleet.ids;
  }

  private get isAlone(): boolean {
    return this.isDegraded || this.isClosed || this.fleet.isAlone;
  }

  /** @throws what `Connection.join` throws, and Error when another adapter has the group */
  async join(): Promise<void> {
    try {
      const claim = (this.claim = new GroupClaim(this.connection, this.name));
      await (this.entering = this.enter(claim));
    } catch (error) {
      if (this.isClosed) return;
      this.degrade(error as Error);
      this.joined.resolve();
      throw error;
    }
  }

  private async enter(claim: GroupClaim): Promise<void> {
    const { connection, closing } = this;
    await abortable(claim.free, closing.signal);
    const group = await connection.join(this.name, { signal: closing.signal });
    if (this.isClosed) {
      await group.leave();
      return;
    }
    if (group.eventNames().length > 0)
      throw new Error(`${this.name} is in use: each adapter needs a group of its own`);
    this.group = group;
    group.on('event', this.onEvent);
    connection.on('message', this.onPrivate);
    connection.on('reject', this.onReject);
    connection.on('close', this.onClose);
    connection.on('reconnecting', this.onLost);
    connection.on('resumed', this.onResumed);
    if (!connection.open) this.degrade(new Error('the connection is lost'));
  }

  /**
   * Gives the message a place in the order: it acts there, here too. Alone, or while the connection is lost, it acts at once.
   * @returns a promise that resolves when it is sent
   * @throws IllegalParamError for what cannot be sent, MessageTooLongError above 64 MiB
   */
  submit(message: LinkMessage, isVolatile = false): Promise<void> {
    if (this.isDegraded || this.isClosed || (this.isAlone && !this.outgoing.isBusy)) {
      this.actAlone(message);
      return Promise.resolve();
    }
    return this.outgoing.add(message, isVolatile);
  }

  /** @throws as `submit`, for a message that is submitted later */
  check(message: LinkMessage): void {
    partsOf(encodeMessage(message));
  }

  /**
   * Answers another server, or this one.
   * @returns a promise that resolves when it is sent
   * @throws as `check`, at once
   */
  answer(to: string, message: LinkMessage): Promise<void> {
    if (this.fleet.isSelf(to)) this.target.answer(message, this.self);
    // Also while the connection is lost: who is back at once is asked all the same.
    else if (!this.isClosed) return this.sendTo(to, partsOf(encodeMessage(message)));
    return Promise.resolve();
  }

  private async sendTo(to: string, parts: readonly Buffer[]): Promise<void> {
    for (const part of parts)
      await this.connection
        .sendTo(to, sealed(this.name, part), { service: this.service })
        .catch(() => undefined);
  }

  /** What arrives waits until the program has done what it was about to do. */
  hold(): void {
    if (this.held) return;
    this.held = [];
    platformOf(this.connection).clock.soon(() => {
      const held = this.held ?? [];
      this.held = null;
      for (const each of held) each();
    });
  }

  /** Leaves the group, also one that it is about to join. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.outgoing.close();
    this.joined.resolve();
    this.target.members({ isMember: (id) => id === this.self, returned: NOBODY });
    this.claim?.leave();
    this.closing.abort();
    this.detach();
    await this.entering?.catch(() => undefined);
    await this.group?.leave().catch(() => undefined);
    void this.claim?.release();
  }

  private detach(): void {
    const { connection, group } = this;
    if (!group) return;
    group.off('event', this.onEvent);
    group.on('event', () => undefined);
    connection.off('message', this.onPrivate);
    connection.off('reject', this.onReject);
    connection.off('close', this.onClose);
    connection.off('reconnecting', this.onLost);
    connection.off('resumed', this.onResumed);
  }

  /** The clients of the others do not get it. */
  private actUnordered(message: LinkMessage): void {
    if (!this.isAlone) this.countAlone();
    this.actAlone(message);
  }

  private actAlone(message: LinkMessage): void {
    this.target.placed('whole');
    this.target.act(message, { sender: this.self, fromMe: true, isLocal: true, bytes: 0 });
  }

  /** In the order in which it came, whatever it is. */
  private inOrder(act: () => void): void {
    if (this.held) this.held.push(act);
    else act();
  }

  private readonly onEvent = (event: GroupEvent): void => this.inOrder(() => this.take(event));

  private take(event: GroupEvent): void {
    if (this.isClosed) return;
    // Who has gone is back in the very next view, or not at all.
    if (event.kind !== 'view') this.changed();
    switch (event.kind) {
      case 'data':
        this.message(event);
        break;
      case 'view':
        this.viewed(event);
        break;
      case 'transition':
        // From here on a message is only sure to reach the members that stay together.
        this.target.beginPlaces(hex(`${groupIdText(event.id)} ${this.self}`));
        break;
      case 'gap':
        this.missing();
        break;
      case 'self-leave':
        this.degrade(new Error('the group was left'));
        break;
      default:
    }
    this.onResumed();
  }

  private message({ sender, body, type, fromMe }: DataEvent): void {
    const isStranger = !this.fleet.has(sender);
    if (isStranger || type !== MESSAGE_TYPE) {
      this.target.placed('whole');
      return this.ignored(sender, isStranger ? 'stranger' : 'version');
    }
    const whole = this.parts.take(sender, body);
    const message = typeof whole === 'string' ? null : decodeMessage(whole);
    const number = message?.number;
    const isOwn = fromMe && this.outgoing.isOwn(number);
    const hasActed = isOwn && this.outgoing.returned(number);
    this.target.placed(hasActed ? 'acted' : whole === 'headless' ? 'headless' : 'whole');
    if (whole === 'more' || whole === 'headless' || hasActed) return;
    if (message === null) return this.ignored(sender, 'malformed');
    this.target.act(message, { sender, fromMe: isOwn, isLocal: false, bytes: (whole as Buffer).length });
  }

  private viewed(view: ViewEvent): void {
    this.fleet.take(view);
    this.target.beginPlaces(hex(groupIdText(view.id)));
    if (view.left.length === 0 || view.cause === 'network') this.changed();
    // Both views come in one turn.
    else platformOf(this.connection).clock.soon(() => this.changed());
    if (view.myIndex < 0 || this.isDegraded) return;
    this.outgoing.open();
    this.joined.resolve();
  }

  /** Who is gone by now is gone. */
  private changed(): void {
    const change = this.fleet.change();
    if (!change || this.isClosed) return;
    for (const parts of [this.parts, this.privateParts]) {
      for (const [from, to] of change.returned) parts.rename(from, to);
      for (const id of change.gone) parts.drop(id);
    }
    if (!this.isDegraded) this.target.members({ isMember: (id) => this.fleet.has(id), ...change });
  }

  private missing(): void {
    this.onLost();
    this.parts.clear();
    this.privateParts.clear();
    this.target.gap();
  }

  private readonly onPrivate = (event: DataEvent): void => {
    const part = opened(this.name, event.body);
    if (part !== null) this.inOrder(() => this.private(event.sender, part));
  };

  private private(sender: string, part: Buffer): void {
    if (!this.fleet.has(sender)) return this.ignored(sender, 'stranger');
    const whole = this.privateParts.take(sender, part);
    if (whole === 'more') return;
    const message = typeof whole === 'string' ? null : decodeMessage(whole);
    if (message === null) return this.ignored(sender, 'malformed');
    this.target.answer(message, sender);
  }

  private readonly onReject = ({ refused, groups, error }: RejectEvent): void => {
    if (refused !== 'data' || !groups.includes(this.name)) return;
    this.isRefused = true;
    this.degrade(error);
  };

  private readonly onClose = (error: Error | undefined): void =>
    this.degrade(error ?? new Error('the connection was closed'));

  private readonly onLost = (): void => this.degrade(new Error('the connection is lost'));

  private readonly onResumed = (): void => {
    const { connection, fleet, group } = this;
    if (!this.isDegraded || this.isClosed || !connection.open || !group?.isMember) return;
    if (!fleet.has(fleet.self) || this.isRefused) return;
    this.isDegraded = false;
    this.target.degraded(undefined);
    this.target.members({ isMember: (id) => fleet.has(id), returned: NOBODY });
    this.outgoing.open();
    this.joined.resolve();
  };

  private degrade(why: Error): void {
    if (this.isDegraded || this.isClosed) return;
    this.isDegraded = true;
    this.countAlone();
    this.warnings.once(`acts on this server alone: ${why.message}`);
    this.target.degraded(why);
    this.outgoing.close();
    this.target.members({ isMember: (id) => id === this.self, returned: NOBODY });
    this.joined.resolve();
  }

  /** From here on to the next view its places are not those of the others. */
  private countAlone(): void {
    const { view } = this.fleet;
    this.target.beginPlaces(hex(`${++this.alone} ${this.self} ${view ? groupIdText(view.id) : ''}`));
  }

  private ignored(sender: string, reason: 'stranger' | 'version' | 'malformed'): void {
    reportDropped({ id: this.self, group: this.name, sender, reason });
    this.warnings.once(`ignored a message of ${sender}: ${REASONS[reason]}`);
  }
}

const REASONS = {
  stranger: 'it is not a member',
  version: 'it runs an incompatible version of ssp-toolkit, or another program',
  malformed: 'the message is damaged',
} as const;
