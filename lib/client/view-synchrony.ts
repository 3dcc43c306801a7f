/** The view-synchronous groups of one connection: the flush layer behind `Connection` and `Group` [flush-layer FM-1]. */
import { errorOf, IllegalStateError, ViewChangedError } from '../errors.js';
import { feed } from '../flush/core/feed.js';
import { FlushLayer } from '../flush/core/layer.js';
import { MAX_PORTABLE_RECEIVERS } from '../flush/core/limits.js';
import { GroupMachine, isUserType } from '../flush/core/machine.js';
import type { DropReason, FlushEvent, FlushSink, FlushStall, FlushView } from '../flush/core/port.js';
import { stallText } from '../flush/core/stall-text.js';
import { StallTimer } from '../flush/core/stall-timer.js';
import { contentOf } from '../mailbox/content.js';
import { reportDropped } from '../mailbox/diagnostics.js';
import type { Mailbox } from '../mailbox/mailbox.js';
import type { ReceivedMessage } from '../mailbox/received-message.js';
import { systemClock } from '../util/clock.js';
import {
  CONNECTION_CLOSED,
  ILLEGAL_GROUP,
  ILLEGAL_MESSAGE_TYPE,
  ILLEGAL_PARAM,
  ILLEGAL_STATE,
  MESSAGE_TOO_LONG,
} from '../wire/codes.js';
import { equalGroupIds, groupIdText } from '../wire/group-id.js';
import { MAX_GROUPS, MAX_REQUEST_BYTES, NAME_BYTES } from '../wire/limits.js';
import type { ConnectionEvent, GroupEvent } from './event.js';
import { dataEvent, viewEvent } from './flush-events.js';
import { HeldSends, type GroupMessage } from './held-sends.js';
import type { ViewSynchrony } from './options.js';
import {
  type Body,
  bytesOfBody,
  checkSend,
  type MembersSendOptions,
  type SendOptions,
  serviceWord,
} from './send.js';

/** What the groups need of their connection. */
export interface SynchronyHost {
  /** Hands out what has come. @param groups of data: the view-synchronous ones that it belongs to */
  handOut(event: ConnectionEvent, groups: readonly string[]): void;
  /** There may be something to take whatever waits for readers; see `mustAnswer`. */
  awaiting(): void;
}

/** What a group has besides its machine. */
interface Mode {
  readonly isManual: boolean;
  readonly stalledAfterMs: number | undefined;
  /** Whether a reader has got the newest view, or the join has. */
  isViewSeen: boolean;
  hasView: boolean;
  isLeaving: boolean;
  readonly held: HeldSends;
  /** The flush request that is open. */
  request: object | null;
}

/** A layer whose groups have limits of their own. */
class Layer extends FlushLayer<Promise<number>> {
  constructor(
    self: string,
    sink: FlushSink<Promise<number>>,
    private readonly modes: ReadonlyMap<string, Mode>,
  ) {
    super(self, sink);
  }

  protected override newMachine(
    group: string,
    sink: FlushSink<Promise<number>>,
  ): GroupMachine<Promise<number>> {
    return new GroupMachine(group, this.self, sink, this.modes.get(group)?.stalledAfterMs);
  }
}

export class SynchronousGroups implements FlushSink<Promise<number>> {
  private readonly modes = new Map<string, Mode>();
  private readonly layer: Layer;
  private readonly timer: StallTimer;
  /** The message that is being handled. */
  private handled: ReceivedMessage | null = null;

  constructor(
    private readonly mailbox: Mailbox,
    private readonly host: SynchronyHost,
  ) {
    this.layer = new Layer(mailbox.privateGroup, this, this.modes);
    this.timer = new StallTimer(this.layer, systemClock);
    mailbox.hurry = (group) => this.isUrgent(group);
  }

  has(group: string): boolean {
    return this.modes.has(group);
  }

  /**
   * Whether other members wait for what this connection answers, or takes in, by itself. Nobody stands still then, lest a
   * slow reader holds up the group; but not for a change that stalls, which may wait for another member for ever.
   */
  get mustAnswer(): boolean {
    if (this.mailbox.hasUrgent) return true;
    for (const group of this.modes.keys()) if (this.layer.machine(group)?.isAgreeing) return true;
    return false;
  }

  // What the application does.

  /** Before the request to join. */
  join(group: string, { flush, stalledAfterMs }: ViewSynchrony): void {
    this.modes.set(group, {
      isManual: flush === 'manual',
      stalledAfterMs,
      isViewSeen: true,
      hasView: false,
      isLeaving: false,
      held: new HeldSends(),
      request: null,
    });
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
    mode.request = null;
    mode.held.reject(errorOf(ILLEGAL_STATE, `${group} was left`));
  }

  /** The connection is gone. */
  end(error: Error): void {
    this.timer.stop();
    for (const { held } of this.modes.values()) held.reject(error);
  }

  /**
   * Sends in the present view, or in the next one when this member has flushed by itself.
   * @param members not all members but these
   */
  async send(
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
    this.timer.update();
    return isTaken;
  }

  // What the layer wants.

  deliver(event: FlushEvent): void {
    switch (event.kind) {
      case 'data':
        this.host.handOut(dataEvent(event, this.mailbox.privateGroup), event.inGroups);
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

  transmit(
    service: number,
    groups: readonly string[],
    type: number,
    pieces: readonly Uint8Array[],
  ): Promise<number> {
    return this.mailbox.send(service, groups, type, pieces);
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
    this.host.handOut(viewEvent(view, isFirst), []);
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
    process.emitWarning(stallText(this.mailbox.privateGroup, stall), 'SspFlushWarning');
    this.host.handOut(stall, []);
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

function checkMembers(members: readonly string[], isPortable: boolean): void {
  const max = isPortable ? MAX_PORTABLE_RECEIVERS : MAX_GROUPS;
  if (!Array.isArray(members)) throw errorOf(ILLEGAL_PARAM, 'members must be an array');
  if (members.length <= max) return;
  const hint = isPortable ? ', or `portable: false` where all daemons are sspd' : '';
  throw errorOf(ILLEGAL_PARAM, `expected 1 to ${max} members, got ${members.length}${hint}`);
}

/**
 * The one group that a message goes to, if it is a view-synchronous one; undefined if none of them is.
 * @throws IllegalGroupError for one of them together with others
 */
export function synchronousGroup(
  groups: SynchronousGroups | null,
  names: readonly string[],
): string | undefined {
  if (groups === null || !Array.isArray(names)) return undefined;
  const found = names.find((name) => groups.has(name));
  if (found === undefined || names.length === 1) return found;
  throw errorOf(ILLEGAL_GROUP, `${found} is view-synchronous: nothing can go to it and to others at once`);
}

/** @throws IllegalParamError for `view`, which no plain group promises */
export function checkPlain({ view }: SendOptions): void {
  if (view !== undefined) throw errorOf(ILLEGAL_PARAM, 'view is for view-synchronous groups');
}
