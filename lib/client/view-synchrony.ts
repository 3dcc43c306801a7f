/** The view-synchronous groups of one connection: the flush layer behind `Connection` and `Group` [flush-layer FM-1]. */
import { reportDropped } from '#diagnostics';
import { warn } from '#report';
import { errorOf, IllegalStateError, ViewChangedError } from '../errors.js';
import { feed } from '../flush/core/feed.js';
import { type GroupMachine, isUserType } from '../flush/core/machine.js';
import type {
  DropReason,
  FlushData,
  FlushEvent,
  FlushSink,
  FlushStall,
  FlushView,
} from '../flush/core/port.js';
import { stallText } from '../flush/core/stall-text.js';
import { StallTimer } from '../flush/core/stall-timer.js';
import { contentOf } from '../mailbox/content.js';
import type { Mailbox } from '../mailbox/mailbox.js';
import type { ReceivedMessage } from '../mailbox/received-message.js';
import { CONNECTION_CLOSED, ILLEGAL_MESSAGE_TYPE, ILLEGAL_STATE, MESSAGE_TOO_LONG } from '../wire/codes.js';
import { equalGroupIds, groupIdText } from '../wire/group-id.js';
import { MAX_REQUEST_BYTES, NAME_BYTES } from '../wire/limits.js';
import { JOIN_MESS, LEAVE_MESS } from '../wire/service.js';
import type { ConnectionEvent, GroupEvent, ViewEvent } from './event.js';
import { agreedViewEvent, dataEvent } from './flush-events.js';
import type { Group, GroupHome } from './group.js';
import { HeldSends, type GroupMessage } from './held-sends.js';
import type { FilterHost, FlushFilter } from './flush-filter.js';
import { newSynchronousGroup } from './new-synchronous-group.js';
import { type Mode, type Synchrony, SynchronousLayer } from './synchronous-mode.js';
import { checkMembers } from './synchrony-checks.js';
import { type Body, bytesOfBody, checkSend, type MembersSendOptions, serviceWord } from './send.js';
import type { GroupView } from './views/group-view.js';

/** What the groups need of their connection. */
export interface SynchronyHost {
  /** Hands out what has come. @param groups of data: the view-synchronous ones that it belongs to */
  handOut(event: ConnectionEvent, groups: readonly string[]): void;
  /** There may be something to take whatever waits for readers; see `mustAnswer`. */
  awaiting(): void;
  /** Asks the daemon, of itself, to leave or join a group in which the application stays. */
  request(kind: number, group: string): void;
  /** The join fails, and the group is left. */
  failed(group: string, error: Error): void;
}

export class SynchronousGroups implements FlushSink<Promise<number>> {
  private readonly modes = new Map<string, Mode>();
  /** Those of secure groups. */
  private readonly filters = new Set<FlushFilter>();
  private readonly layer: SynchronousLayer;
  private readonly timer: StallTimer;
  /** The message that is being handled. */
  private handled: ReceivedMessage | null = null;

  constructor(
    private readonly mailbox: Mailbox,
    private readonly host: SynchronyHost,
  ) {
    this.layer = new SynchronousLayer(mailbox.privateGroup, this, this.modes);
    this.timer = new StallTimer(this.layer, mailbox.platform.clock);
    mailbox.hurry = (group) => this.isUrgent(group);
  }

  has(group: string): boolean {
    return this.modes.has(group);
  }

  /** The object of a group whose first view is there. @param home with this as its synchrony */
  newGroup(first: ViewEvent, home: GroupHome): Group {
    const security = this.modes.get(first.group)?.filter?.security;
    return newSynchronousGroup(first, home, security);
  }

  /**
   * Whether other members wait for what this connection answers, or takes in, by itself. The pump is not paused then, so that a
   * slow reader does not hold up the group; but it is for a change that stalls, which may wait for another member forever.
   */
  get mustAnswer(): boolean {
    if (this.mailbox.hasUrgent) return true;
    for (const group of this.modes.keys()) if (this.layer.machine(group)?.isAgreeing) return true;
    for (const filter of this.filters) if (filter.isAgreeing) return true;
    return false;
  }

  // What the application does.

  /** Before the request to join. */
  join(group: string, { flush, stalledAfterMs, filter }: Synchrony): void {
    const mode: Mode = {
      isManual: flush === 'manual',
      stalledAfterMs,
      isViewSeen: true,
      hasView: false,
      isLeaving: false,
      held: new HeldSends(),
      request: null,
      filter: null,
    };
    this.modes.set(group, mode);
    mode.filter = filter?.(this.filterHost(group)) ?? null;
    if (mode.filter) this.filters.add(mode.filter);
    this.layer.join(group);
  }

  /**
   * Before the request to leave. This member answers nothing more: the others go on when its leave has its place. A daemon
   * of this toolkit refuses no leave; where another one does, the group can only be left by closing the connection.
   */
  leave(group: string): void {
    const mode = this.modes.get(group);
    if (!mode) return;
    mode.isLeaving = true;
    mode.request = null;
    mode.filter?.leaving();
    mode.held.reject(errorOf(ILLEGAL_STATE, `${group} is being left`));
    const machine = this.layer.machine(group);
    if (machine?.leaveRefusal() === 0) machine.leave();
  }

  /** It was left, or not joined. */
  forget(group: string): void {
    this.layer.abandon(group);
    const mode = this.modes.get(group);
    if (!mode) return;
    this.modes.delete(group);
    if (mode.filter) this.filters.delete(mode.filter);
    mode.request = null;
    mode.filter?.end(errorOf(ILLEGAL_STATE, `${group} was left`));
    mode.held.reject(errorOf(ILLEGAL_STATE, `${group} was left`));
  }

  /** The connection is gone. */
  end(error: Error): void {
    this.timer.stop();
    for (const { held, filter } of this.modes.values()) {
      held.reject(error);
      filter?.end(error);
    }
  }

  /**
   * Sends in the present view, or in the next one when this member has flushed by itself. What needs no look at the
   * connection is refused at once: whoever calls is asynchronous.
   * @param members not all members but these
   */
  send(
    group: string,
    body: Body,
    options: MembersSendOptions = {},
    members?: readonly string[],
  ): Promise<void> {
    const { type = 0, view, portable = true } = options;
    const bytes = bytesOfBody(body);
    checkSend([group], type, bytes.length);
    if (!isUserType(type)) throw errorOf(ILLEGAL_MESSAGE_TYPE, `${type} is one of the flush layer`);
    if (members) checkMembers(members, portable);
    const message: GroupMessage = { service: serviceWord(options), type, bytes, view, members };
    const mode = this.modes.get(group);
    return mode?.filter ? mode.filter.send(message) : this.sendClear(group, mode, message);
  }

  private async sendClear(group: string, mode: Mode | undefined, message: GroupMessage): Promise<void> {
    const machine = this.layer.machine(group);
    if (!mode || !machine || machine.member === 'joining') {
      throw errorOf(
        this.mailbox.state === 'open' ? ILLEGAL_STATE : CONNECTION_CLOSED,
        `${group} has no view here`,
      );
    }
    if (mode.isLeaving) throw errorOf(ILLEGAL_STATE, `${group} is being left`);
    if (machine.sendRefusal() !== 0) {
      if (mode.isManual) throw new IllegalStateError(`${group} is flushed, and has no new view yet`);
      await mode.held.hold(message);
    } else {
      if (mode.isManual && !mode.isViewSeen)
        throw new IllegalStateError(`the new view of ${group} is unread`);
      await this.transmitted(machine, message);
    }
  }

  sendToMembers(
    group: string,
    members: readonly string[],
    body: Body,
    options: MembersSendOptions | undefined,
  ): Promise<void> {
    return this.send(group, body, options, members);
  }

  /** A reader of the group has got the event. */
  handed(group: string, event: GroupEvent): void {
    const mode = this.modes.get(group);
    if (
      mode &&
      event.kind === 'view' &&
      equalGroupIds(event.id, this.layer.machine(group)?.viewId ?? event.id)
    ) {
      mode.isViewSeen = true;
    }
  }

  // What the network does.

  /** @returns whether the message belongs to one of these groups alone */
  take(arrival: ReceivedMessage): boolean {
    const { kind } = arrival;
    if (kind === 'reject' || kind === 'illegal' || (kind !== 'data' && !this.has(arrival.name))) return false;
    const content = contentOf(arrival, this.mailbox.privateGroup);
    if (content === null) return false;
    this.handled = arrival;
    const isTaken = feed(this.layer, arrival, content);
    this.handled = null;
    this.settle();
    return isTaken;
  }

  /** The same with a view that did not come as a plain frame. Its list is there, and it is the right one. */
  takeView({ group, id, cause, changed, members, cameWithMe }: GroupView): boolean {
    if (!this.has(group)) return false;
    const { names } = members;
    const companions = typeof cameWithMe === 'function' ? cameWithMe(names) : cameWithMe;
    const vsSet = cause === 'network' ? companions : [];
    const isTaken = this.layer.plainView({ group, id, cause, members: names, changed, vsSet });
    this.settle();
    return isTaken;
  }

  private settle(): void {
    for (const filter of this.filters) filter.settle();
    this.timer.update();
  }

  // What the layer wants.

  deliver(event: FlushEvent): void {
    if (event.kind !== 'data') {
      const filter = this.modes.get(event.group)?.filter;
      if (filter) {
        if (event.kind === 'view') this.timer.begun();
        else if (event.kind === 'stalled') this.timer.stalled();
        filter.event(event);
        return;
      }
    }
    switch (event.kind) {
      case 'data':
        this.delivered(event);
        break;
      case 'view':
        this.timer.begun();
        this.installed(event);
        break;
      case 'flush-request':
        this.requested(event.group);
        break;
      case 'stalled':
        this.stalled(event);
        break;
      default:
        this.host.handOut(event, []);
    }
  }

  /** What belongs to a secure group is seen by its filter alone. */
  private delivered(event: FlushData): void {
    const { inGroups } = event;
    const only = inGroups.length === 1 ? this.modes.get(inGroups[0] as string)?.filter : null;
    if (only) {
      only.event(event);
      return;
    }
    const clear: string[] = [];
    for (const group of inGroups) {
      const filter = this.modes.get(group)?.filter;
      if (filter) filter.event(event);
      else clear.push(group);
    }
    if (clear.length > 0 || inGroups.length === 0)
      this.host.handOut(dataEvent(event, this.mailbox.privateGroup), clear);
  }

  transmit(
    service: number,
    groups: readonly string[],
    type: number,
    pieces: readonly Uint8Array[],
  ): Promise<number> {
    return this.mailbox.submit(service, groups, type, pieces);
  }

  settled(isSettled: boolean): void {
    if (isSettled) this.timer.over();
    else this.timer.begun();
  }

  drop(reason: DropReason): void {
    const { handled, mailbox } = this;
    const group = handled?.names(1)[0] ?? '';
    reportDropped({ id: mailbox.privateGroup, group, sender: handled?.name ?? '', reason });
  }

  private isUrgent(group: string): boolean {
    const isUrgent = this.has(group);
    if (isUrgent) this.host.awaiting();
    return isUrgent;
  }

  /** What was held goes out before anything that a reader of the view sends. */
  private installed(view: FlushView): void {
    const mode = this.modes.get(view.group);
    const machine = this.layer.machine(view.group);
    if (!mode || !machine) return;
    const isFirst = !mode.hasView;
    mode.hasView = true;
    // The join hands out the first one.
    mode.isViewSeen = isFirst || !mode.isManual;
    mode.held.release((message) => this.transmitted(machine, message));
    this.host.handOut(agreedViewEvent(view, isFirst), []);
    // The join was given up before its first view.
    if (mode.isLeaving) machine.leave();
  }

  private requested(group: string): void {
    const mode = this.modes.get(group);
    if (!mode) return;
    if (!mode.isManual) {
      this.flush(group);
      return;
    }
    const request = {};
    mode.request = request;
    const flush = (): void => {
      if (mode.request !== request) return;
      mode.request = null;
      this.flush(group);
    };
    this.host.handOut({ kind: 'flush-request', group, flush }, []);
  }

  private stalled(stall: FlushStall): void {
    this.timer.stalled();
    warn(stallText(this.mailbox.privateGroup, stall), 'SspFlushWarning');
    this.host.handOut(stall, []);
  }

  private filterHost(group: string): FilterHost {
    const { host, mailbox } = this;
    return {
      self: mailbox.privateGroup,
      clock: mailbox.platform.clock,
      machine: () => this.layer.machine(group),
      handOut: (event, groups) => host.handOut(event, groups),
      isViewSeen: () => this.modes.get(group)?.isViewSeen === true,
      viewShown: () => {
        const mode = this.modes.get(group);
        if (mode) mode.isViewSeen = false;
      },
      flush: () => this.flush(group),
      requestLeave: () => {
        this.layer.machine(group)?.leave();
        host.request(LEAVE_MESS, group);
      },
      requestJoin: () => {
        this.layer.join(group);
        host.request(JOIN_MESS, group);
      },
      failed: (error) => host.failed(group, error),
    };
  }

  private flush(group: string): void {
    const machine = this.layer.machine(group);
    if (machine?.flushRefusal() !== 0) return;
    void machine.flush();
    this.host.awaiting();
  }

  private async transmitted(machine: GroupMachine<Promise<number>>, message: GroupMessage): Promise<void> {
    const { service, type, bytes, view, members } = message;
    if (view && !equalGroupIds(view, machine.viewId)) {
      throw new ViewChangedError(`${machine.group} is in view ${groupIdText(machine.viewId)}`);
    }
    const refusal = members ? machine.receiversRefusal(members) : 0;
    if (refusal !== 0) {
      const strangers = members?.filter((member) => !machine.members.includes(member)) ?? [];
      throw errorOf(refusal, strangers.join(', ') || 'expected at least one member, got none');
    }
    const names = NAME_BYTES * (members?.length ?? 1);
    const size = bytes.length + machine.overhead(service, members !== undefined) + names;
    if (size > MAX_REQUEST_BYTES) {
      throw errorOf(MESSAGE_TOO_LONG, `message is ${size} bytes, limit is ${MAX_REQUEST_BYTES}`);
    }
    const code = await machine.send({ service, type, pieces: [bytes], receivers: members });
    if (code < 0) throw errorOf(code);
  }
}
