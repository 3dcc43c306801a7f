/**
 * The place of one recipe in its group: feeds its core what happens there, in order, and the time. Over a loss of the
 * connection, too: the core hears of it at that moment, takes no part in views in which this member is not, and begins again
 * with the view in which it is a member again. Or it continues, where the group has noticed nothing.
 */
import { reportDropped } from '#diagnostics';
import { warn } from '#report';
import { Buffer } from '#buffer';
import { errorOf } from '../errors.js';
import type { Connection } from '../client/connection.js';
import { DeadlineTimer } from '../util/deadline-timer.js';
import { isConnection, NO_CONNECTION } from '../util/option-errors.js';
import type { DataEvent, GroupEvent, RejectEvent, ReturnedMember, ViewEvent } from '../client/event.js';
import type { Group } from '../client/group.js';
import { listFault } from '../client/view-event.js';
import { type Platform, platformOf } from '../mailbox/platform.js';
import type { Delivery } from '../primary/delivery.js';
import { CONNECTION_CLOSED, ILLEGAL_PARAM } from '../wire/codes.js';
import { MAX_HELD_MESSAGES, MAX_WARNED_CLAIMERS } from './core/limits.js';
import { MembersOnly } from './core/members-only.js';
import type { DropReason, Sender, RecipeCore, RecipeView } from './core/port.js';
import { opened, sealed } from './core/codec.js';

/** How it ended. */
export interface End {
  /** What broke the connection, or keeps this member from staying; undefined when the end was wanted here. */
  readonly error: Error | undefined;
  /** The same as a sentence. */
  readonly text: string;
}

/** Why something is ignored that came from the group. */
type IgnoreReason = DropReason | 'claim';

const WHAT: Readonly<Record<IgnoreReason, (sender: string) => string>> = {
  stranger: (sender) => `messages of ${sender}, which is not a member`,
  version: (sender) => `messages of ${sender}, which runs an incompatible version of ssp-toolkit`,
  malformed: (sender) => `messages of ${sender} that are damaged, or not what this recipe expects`,
  unowed: (sender) => `private messages of ${sender} that this process did not ask for`,
  claim: (sender) =>
    `the number claimed by ${sender}, which is more than a day above all others: compare the clocks`,
};

/** Whom a binding tells what becomes of it. */
export interface BindingOwner {
  /** Called once, when the group was left or the connection is gone. */
  ended(end: End): void;
  /** The connection is lost, or back. */
  suspended(isSuspended: boolean): void;
}

/** Groups in which a recipe sits. */
const taken = new WeakSet<Group>();

const LEFT: End = { error: undefined, text: 'the group was left' };

/** How a connection has ended; null: it has not, or is one of another copy of this package, which does not say so. */
const endOf = (connection: Connection): Connection['ended'] =>
  (connection as Partial<Connection>).ended ?? null;

export class GroupBinding implements Sender {
  /** Id of this member, as the core knows it. */
  self: string;
  /** From the loss of the connection until what comes is of now. */
  isSuspended = false;
  private core: MembersOnly | null = null;
  /** Whether the group is seen by views in which this member is not, or not at all. */
  private isOutside = false;
  /** Whether something of that is missing. */
  private hasGap = false;
  /** Members that have returned in views in which this one was not. */
  private returned: readonly ReturnedMember[] = [];
  /** Private messages that came meanwhile: who is a member is known with the next view. */
  private held: DataEvent[] = [];
  /** That of the connection. */
  readonly platform: Platform;
  private readonly timer: DeadlineTimer;
  private how: End | null = null;
  /** Kinds of warnings that were given: each comes once. */
  private readonly warned = new Set<string>();
  /** Members whose claims were warned of. */
  private readonly claimers = new Set<string>();

  private constructor(
    readonly connection: Connection,
    readonly group: Group,
    private readonly owner: BindingOwner,
  ) {
    this.self = connection.id;
    this.platform = platformOf(connection);
    const { clock } = this.platform;
    this.timer = new DeadlineTimer(
      { now: () => this.now(), after: (milliseconds, f) => clock.after(milliseconds, f) },
      { dueAt: () => this.core?.dueAt ?? Infinity, ring: () => this.tick() },
      false,
    );
  }

  /**
   * Joins the group.
   * @throws IllegalParamError when another recipe or listener has the group, and what `Connection.join` throws
   */
  static async join(
    connection: Connection,
    name: string,
    signal: AbortSignal | undefined,
    owner: BindingOwner,
  ): Promise<GroupBinding> {
    if (!isConnection(connection)) throw errorOf(ILLEGAL_PARAM, NO_CONNECTION);
    const group = await connection.join(name, { signal });
    const ended = endOf(connection);
    if (ended) throw errorOf(CONNECTION_CLOSED, ended.error?.message, ended.error && { cause: ended.error });
    if (taken.has(group) || group.eventNames().length > 0)
      throw errorOf(ILLEGAL_PARAM, `${name} is in use: each recipe needs a group of its own`);
    taken.add(group);
    return new GroupBinding(connection, group, owner);
  }

  /** Set before the core hears of it. */
  get ending(): End | null {
    return this.how;
  }

  /** Whether the connection comes back after a loss. */
  get comesBack(): boolean {
    // A connection of another copy of this package may know nothing of that.
    return Boolean(this.connection.resumption);
  }

  /** Milliseconds since 1970; within one process it never goes back. */
  now(): number {
    const { clock } = this.platform;
    return clock.timeOrigin + clock.now();
  }

  /** A number that no other member of any group has: 48 bits by chance. */
  newInstance(): number {
    return Buffer.from(this.platform.random(6)).readUIntBE(0, 6);
  }

  /** What the daemon states of a member; null for nothing. A connection of another copy of this package may not know. */
  subjectOf(id: string): string | null {
    return (this.group as Partial<Group>).subjectOf?.(id) ?? null;
  }

  /** From here on the core gets its inputs, from the first view on. */
  host(core: RecipeCore): void {
    this.core = new MembersOnly(core, (sender, reason) => this.ignored(sender, reason));
    this.listen('on');
    // It may have ended, or been lost, since the group was joined.
    const ended = endOf(this.connection);
    if (ended) this.onClose(ended.error);
    else if (!this.group.isMember && this.connection.state !== 'closed') this.onLost();
  }

  /** An input that does not come from the group. */
  input(input: (now: number) => void): void {
    input(this.now());
    this.timer.update();
  }

  send(body: Buffer, service: Delivery): void {
    // What does not get out is answered by the end of the connection.
    if (!this.how) this.group.send(body, { service }).catch(() => undefined);
  }

  sendTo(to: string, body: Buffer): void {
    const { connection, group } = this;
    if (!this.how) connection.sendTo(to, sealed(group.name, body)).catch(() => undefined);
  }

  /**
   * Asks whether the daemon lets private messages through, by one without content to this connection itself. Else the
   * first one that a member waits for would be lost, long after the start.
   */
  checkPrivate(): void {
    this.sendTo(this.self, Buffer.alloc(0));
  }

  /** Something of this member is invalid, as was found out later. */
  malformed(member: string): void {
    this.ignored(member, 'malformed');
  }

  /** What this member claims is far above all others, and does not count. */
  doubted(member: string): void {
    this.ignored(member, 'claim');
  }

  async leave(): Promise<void> {
    await this.group.leave();
    this.end(LEFT);
  }

  /** Leaves, because it cannot stay. */
  fail(why: Error): void {
    this.end({ error: why, text: why.message });
    this.group.leave().catch(() => undefined);
  }

  private listen(how: 'on' | 'off'): void {
    const { connection, group, onLost } = this;
    group[how]('event', this.onEvent);
    connection[how]('message', this.onPrivate);
    connection[how]('reject', this.onReject);
    connection[how]('close', this.onClose);
    connection[how]('reconnecting', onLost);
    connection[how]('moved', onLost);
    connection[how]('resumed', this.onResumed);
  }

  private readonly onEvent = (event: GroupEvent): void => {
    const { core } = this;
    if (!core || this.how) return;
    switch (event.kind) {
      case 'self-leave':
        return this.end(LEFT);
      case 'gap':
        this.onLost();
        this.isOutside = this.hasGap = true;
        this.returned = [];
        return;
      case 'view':
        this.viewed(core, event);
        break;
      case 'data':
        this.said(core, event);
        break;
      default:
        if (!this.isOutside) this.input((time) => core.transition(time));
    }
    this.onResumed();
  };

  private said(core: MembersOnly, { sender, body, service }: DataEvent): void {
    if (!this.isOutside) this.input((time) => core.message(sender, body, time, service));
    else if (!this.hasGap) this.input((time) => core.overhear(sender, body, time, service));
  }

  private viewed(core: MembersOnly, view: ViewEvent): void {
    this.isOutside ||= view.myIndex < 0;
    const meanwhile = this.returned;
    this.returned = view.myIndex < 0 ? [...meanwhile, ...view.returned] : [];
    const fault = listFault(view);
    if (view.myIndex < 0) {
      this.hasGap ||= fault !== null;
      if (!this.hasGap) this.input((time) => core.observe(view, time));
      return;
    }
    if (fault) return this.fail(fault);
    this.input((time) => {
      if (this.isOutside) {
        this.self = view.members[view.myIndex] as string;
        core.rejoined(this.self, !this.hasGap, time);
      }
      this.isOutside = this.hasGap = false;
      core.view(meanwhile.length > 0 ? withReturned(view, meanwhile) : view, time);
    });
    for (const message of this.held.splice(0)) this.onPrivate(message);
  }

  private readonly onLost = (): void => {
    const { core } = this;
    if (!core || this.isSuspended || this.how) return;
    this.isSuspended = true;
    this.input((time) => core.lost(time));
    this.owner.suspended(true);
  };

  /** What was missed may still be on its way when the connection is back, and so may what had arrived before the loss. */
  private readonly onResumed = (): void => {
    const { connection, core, group } = this;
    if (!core || !this.isSuspended || this.isOutside || this.how) return;
    if (!connection.open || !group.isMember) return;
    this.isSuspended = false;
    this.input((time) => core.resumed(time));
    this.owner.suspended(false);
  };

  private readonly onPrivate = (event: DataEvent): void => {
    const { core } = this;
    const { sender, body } = event;
    const message = opened(this.group.name, body);
    if (!core || this.how || message === null) return;
    // One without content is that of `checkPrivate`.
    if (message.length === 0 && sender === this.self) return;
    if (this.isOutside && this.held.length < MAX_HELD_MESSAGES) this.held.push(event);
    else this.input((time) => core.direct(sender, message, time));
  };

  /**
   * A recipe that may not send to its group, or privately at all, cannot do its part. One member that may not be sent to
   * is not worth the state that others have of this one.
   */
  private readonly onReject = ({ refused, groups, body, error }: RejectEvent): void => {
    if (refused !== 'data') return;
    const { name } = this.group;
    if (groups.includes(name)) return this.fail(error);
    const message = opened(name, body);
    if (message === null) return;
    if (message.length === 0) this.fail(error);
    else if (this.core?.refused() !== true)
      this.warn(`${error.message}, so it gets no state and no answers of this member`);
  };

  private readonly onClose = (error: Error | undefined): void =>
    this.end({ error, text: error ? 'the connection to the daemon broke' : 'the connection was closed' });

  /** Subscribers hear of all of them, the application of the first for each reason; of claims, for each member. */
  private ignored(sender: string, reason: IgnoreReason): void {
    const { claimers, connection, group } = this;
    reportDropped({ id: connection.id, group: group.name, sender, reason });
    if (reason === 'claim' && claimers.size >= MAX_WARNED_CLAIMERS) return;
    if (reason === 'claim') claimers.add(sender);
    const kind = reason === 'claim' ? `${reason} ${sender}` : reason;
    this.warn(`ignoring ${WHAT[reason](sender)}`, 'SspIgnoredWarning', kind);
  }

  private warn(text: string, type = 'SspRefusedWarning', kind: string = type): void {
    if (this.warned.has(kind)) return;
    this.warned.add(kind);
    warn(`${this.group.name}: ${text}`, type);
  }

  private end(end: End): void {
    if (this.how) return;
    this.how = end;
    this.timer.stop();
    this.listen('off');
    this.core?.left(this.now());
    this.owner.ended(end);
  }

  private tick(): void {
    const { core } = this;
    const time = this.now();
    if (core && core.dueAt <= time) core.tick(time);
  }
}

const withReturned = (view: ViewEvent, before: readonly ReturnedMember[]): RecipeView => {
  const { id, cause, members, cameWithMe, returned } = view;
  return { id, cause, members, cameWithMe, returned: [...before, ...returned] };
};
