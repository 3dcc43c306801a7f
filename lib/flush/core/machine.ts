/**
 * One group as this connection sees it: plain views become changes, and a change is installed when every member of it
 * has said that it sends nothing more in the old view [flush-layer 6]. The surroundings are told in the order in which
 * the application is to see things; they may call back from any of these calls.
 */
import { ILLEGAL_GROUP, ILLEGAL_RECEIVERS, ILLEGAL_STATE } from '../../wire/codes.js';
import { type GroupId, equalGroupIds } from '../../wire/group-id.js';
import { FIFO_MESS, SUBGROUP_CAST } from '../../wire/service.js';
import { Change } from './change.js';
import {
  FLUSH_OK,
  FLUSH_RECV,
  VULNERABLE,
  controlBody,
  isWeak,
  subgroupTail,
  vulnerableTail,
} from './control.js';
import { FL_MIN_LEGAL_MESS_TYPE, STALLED_AFTER_MS, SUBGROUP_BYTES, VULNERABLE_BYTES } from './limits.js';
import type { DropReason, FlushData, FlushMessage, FlushSink, PlainView } from './port.js';
import { ChangeQueue } from './queue.js';

/** `joining`: no view is installed. `leaving`: the application has asked to leave. */
export type MemberState = 'joining' | 'joined' | 'leaving';

/**
 * `verify`: installed here, perhaps not everywhere. `steady`: everywhere. `authorize`: a change waits for the
 * application to flush. `agree`: it has, and the FLUSH_OKs of others are missing.
 */
export type ViewState = 'steady' | 'verify' | 'authorize' | 'agree';

/** What becomes of data from the group. */
export type Placement = 'deliver' | 'postpone' | DropReason;

const NO_ID: GroupId = [0, 0, 0];

export class GroupMachine<Sent> {
  /** The group as a list, for messages and events to share. */
  readonly groups: readonly string[];
  protected memberState: MemberState = 'joining';
  protected viewState: ViewState = 'agree';
  protected readonly queue = new ChangeQueue();
  /** The installed view; before the first one, this connection alone. */
  protected current: Change;
  /** No transitional signal comes before the first view. */
  protected isTransitionShown = true;
  /** Members of the newest plain view. */
  protected newest: readonly string[] = [];
  /** Who has installed the view, or, while agreeing, the head. */
  protected readonly installers = new Set<string>();
  /** While leaving: the others have gone on to a view that is not installed here any more. */
  protected isOver = false;
  /** When the change that is under way was first looked at. */
  private waitingSince: number | null = null;
  private reported = '';

  constructor(
    readonly group: string,
    readonly self: string,
    protected readonly sink: FlushSink<Sent>,
    private readonly stalledAfterMs = STALLED_AFTER_MS,
  ) {
    this.groups = [group];
    this.current = new Change({ id: NO_ID, members: [self], cause: 'join', changed: self });
  }

  get member(): MemberState {
    return this.memberState;
  }

  get state(): ViewState {
    return this.viewState;
  }

  /** Id of the installed view; zeros before the first one. */
  get viewId(): GroupId {
    return this.current.id;
  }

  /** Members of the installed view, with those who left since; before the first one, this connection alone. */
  get members(): readonly string[] {
    return this.current.members;
  }

  /** Whether no change is under way here. */
  get isSettled(): boolean {
    return this.memberState === 'leaving' || this.queue.length === 0;
  }

  /** Members whose FLUSH_OK is missing for the change that is under way, in its order. */
  get waitingFor(): readonly string[] {
    return this.queue.head?.missing() ?? [];
  }

  /**
   * Whether FLUSH_OKs are missing that may come at any time: not those of members that were reported to take too long. The
   * own one always comes back.
   */
  get isAgreeing(): boolean {
    if (this.viewState !== 'agree' || this.isSettled) return false;
    return this.dueAt !== Infinity || this.waitingFor.includes(this.self);
  }

  // What the network says.

  /** A regular membership of the group, in which this connection is. */
  plainView(view: PlainView): void {
    const leavers = this.leaversOf(view);
    this.newest = view.members;
    this.current.strike(leavers);
    if (this.memberState !== 'leaving') this.change(view, leavers);
    if (this.current.hasLost) this.showTransition();
  }

  /** The newest plain view is in transition. */
  plainTransition(): void {
    this.queue.breakAll();
    this.showTransition();
  }

  /** This connection has left; the machine is not used after it. */
  plainSelfLeave(): void {
    this.memberState = 'leaving';
    this.sink.deliver({ kind: 'self-leave', group: this.group, id: this.current.id });
  }

  /** A member sends nothing more before the view of this id. */
  flushOk(id: GroupId, sender: string): DropReason | null {
    const change = this.queue.find(id);
    if (change === null) {
      if (this.memberState === 'leaving' || equalGroupIds(id, this.current.id)) return 'outdated';
      this.queue.noteUnknown(id, sender);
      return null;
    }
    if (!this.countFlushed(change, sender)) return change.holds(sender) ? 'outdated' : 'stranger';
    if (change === this.queue.head && this.viewState === 'agree' && this.isAgreed(change))
      this.agreed(change);
    return null;
  }

  /** A member has installed the view of this id. */
  flushRecv(id: GroupId, sender: string): DropReason | null {
    const view = this.recvCounts();
    if (view === null || !equalGroupIds(view.id, id)) return 'outdated';
    if (!view.holds(sender)) return 'stranger';
    this.installers.add(sender);
    if (this.viewState === 'verify' && this.installers.size === view.members.length)
      this.viewState = 'steady';
    return null;
  }

  /** What to do with data of this sender. @param view the view that it carries, if it does */
  placement(sender: string, view: GroupId | null): Placement {
    if (this.isOver) return 'outdated';
    if (view === null || equalGroupIds(view, this.current.id)) {
      return this.current.present.has(sender) ? 'deliver' : 'stranger';
    }
    const change = this.memberState === 'leaving' ? null : this.queue.find(view);
    if (change === null) return 'outdated';
    return change.present.has(sender) ? 'postpone' : 'stranger';
  }

  /** Keeps data that carries the view of a change until that is installed. */
  postpone(data: FlushData, view: GroupId): DropReason | null {
    return this.queue.find(view)?.postpone(data) === true ? null : 'too-many';
  }

  // What the application says. Each of these has a question beside it, whose answer is 0 or the result of the call.

  /** Whether `send` is possible. */
  sendRefusal(): number {
    if (this.memberState !== 'joined') return ILLEGAL_GROUP;
    return this.viewState === 'agree' ? ILLEGAL_STATE : 0;
  }

  /** Whether all of these are members of the view. */
  receiversRefusal(receivers: readonly string[]): number {
    const areMembers = receivers.length > 0 && receivers.every((receiver) => this.current.holds(receiver));
    return areMembers ? 0 : ILLEGAL_RECEIVERS;
  }

  /** Bytes that a message of this service has at the end besides its body, if it is sent now. */
  overhead(service: number, isToSome: boolean): number {
    return (this.isVulnerable(service) ? VULNERABLE_BYTES : 0) + (isToSome ? SUBGROUP_BYTES : 0);
  }

  /** Sends data in the present view. Only where `sendRefusal` is 0. */
  send({ service, type, pieces, receivers }: FlushMessage): Sent {
    const word = receivers ? service | SUBGROUP_CAST : service & ~SUBGROUP_CAST;
    const to = receivers ?? this.groups;
    const isVulnerable = this.isVulnerable(service);
    if (!isVulnerable && !receivers) return this.sink.transmit(word, to, type, pieces);
    const body = [...pieces];
    if (isVulnerable) body.push(vulnerableTail(type, this.current.id));
    if (receivers) body.push(subgroupTail(this.group));
    return this.sink.transmit(word, to, isVulnerable ? VULNERABLE : type, body);
  }

  /** Whether `flush` is possible. */
  flushRefusal(): number {
    if (this.memberState === 'leaving') return ILLEGAL_GROUP;
    return this.viewState === 'authorize' ? 0 : ILLEGAL_STATE;
  }

  /** Answers the flush request: nothing more is sent in this view. Only where `flushRefusal` is 0. */
  flush(): Sent | undefined {
    const { head } = this.queue;
    if (head === null) return undefined;
    this.viewState = 'agree';
    return this.sayFlushOk(head);
  }

  /** Whether `leave` is possible. */
  leaveRefusal(): number {
    return this.memberState === 'joined' ? 0 : ILLEGAL_GROUP;
  }

  /** The application asks the daemon to leave. Only where `leaveRefusal` is 0. */
  leave(): void {
    const wasSettled = this.isSettled;
    this.memberState = 'leaving';
    if (!wasSettled) this.sink.settled(true);
  }

  // Time.

  /** When `tick` is to be called; Infinity: never, as far as is known now. */
  get dueAt(): number {
    if (this.isSettled) return Infinity;
    if (this.waitingSince === null) return -Infinity;
    return this.reported === this.waitingFor.join() ? Infinity : this.waitingSince + this.stalledAfterMs;
  }

  /** Reports a change that takes too long, once for each set of members that it waits for. */
  tick(now: number): void {
    if (this.isSettled) return;
    this.waitingSince ??= now;
    if (now - this.waitingSince < this.stalledAfterMs) return;
    const { waitingFor } = this;
    const text = waitingFor.join();
    if (text === this.reported) return;
    this.reported = text;
    this.sink.deliver({ kind: 'stalled', group: this.group, waitingFor });
  }

  // The parts of a change.

  /** Who has gone with this plain view. */
  protected leaversOf({ cause, changed, vsSet }: PlainView): readonly string[] {
    if (cause === 'join') return [];
    if (cause !== 'network') return changed === null ? [] : [changed];
    const companions = new Set(vsSet);
    return this.newest.filter((member) => !companions.has(member));
  }

  /** Takes in a plain view, and acts where the head is another one now. */
  private change(view: PlainView, leavers: readonly string[]): void {
    const { head } = this.queue;
    const wasSettled = this.isSettled;
    this.queue.add(view, leavers);
    if (wasSettled) this.sink.settled(false);
    if (this.queue.head !== null && this.queue.head !== head) this.newHead(this.queue.head);
  }

  /** The application is asked once, until it has flushed; then each new head is answered without asking. */
  protected newHead(head: Change): void {
    this.installers.clear();
    if (this.viewState === 'agree') this.sayFlushOk(head);
    else if (this.viewState !== 'authorize') {
      this.viewState = 'authorize';
      this.sink.deliver({ kind: 'flush-request', group: this.group });
    }
  }

  /** @returns whether it is the first FLUSH_OK of a member of the change */
  protected countFlushed(change: Change, sender: string): boolean {
    if (!change.holds(sender) || change.flushed.has(sender)) return false;
    change.flushed.add(sender);
    return true;
  }

  /** Whether all members have flushed for the change. */
  protected isAgreed(change: Change): boolean {
    return change.isAgreed;
  }

  /** The last FLUSH_OK for the head has come. */
  private agreed(head: Change): void {
    if (this.memberState !== 'leaving') this.install(head);
    else this.isOver = true;
  }

  protected install(head: Change): void {
    const previous = this.current;
    this.queue.shift();
    const next = this.queue.head;
    this.current = head;
    this.memberState = 'joined';
    this.viewState = next ? 'authorize' : 'verify';
    this.isTransitionShown = false;
    this.waitingSince = null;
    this.reported = '';
    if (next) this.installers.clear();
    else {
      this.sayInstalled(head);
      this.sink.settled(true);
    }
    this.showView(head, previous);
    if (next && this.flushRefusal() === 0) this.sink.deliver({ kind: 'flush-request', group: this.group });
    if (this.mayReachOnlySome(head)) this.showTransition();
    for (const data of head.takePostponed()) this.sink.deliver(data);
  }

  /** Whether what is sent in this view, which is being installed, is known to miss some of its members. */
  protected mayReachOnlySome(view: Change): boolean {
    return view.isInTransition || view.hasLost;
  }

  protected showView(head: Change, previous: Change): void {
    const { id, cause, changed, members } = head;
    this.sink.deliver({
      kind: 'view',
      group: this.group,
      id,
      cause,
      members,
      index: members.indexOf(this.self),
      changed,
      cameWithMe: this.cameAlong(previous),
      previousMembers: previous.members,
    });
  }

  /** Who has come along from the view before, in its order. */
  protected cameAlong(previous: Change): readonly string[] {
    return previous.members.filter((member) => previous.present.has(member));
  }

  protected showTransition(): void {
    if (this.isTransitionShown) return;
    this.isTransitionShown = true;
    this.sink.deliver({ kind: 'transition', group: this.group, id: this.current.id });
  }

  // What goes to the other members.

  /** Whether data of this service is to carry its view now. */
  protected isVulnerable(service: number): boolean {
    return this.viewState !== 'steady' && isWeak(service);
  }

  /** The view whose FLUSH_RECVs count now. */
  protected recvCounts(): Change | null {
    if (this.viewState === 'verify') return this.current;
    return this.viewState === 'agree' ? this.queue.head : null;
  }

  protected sayFlushOk(head: Change): Sent {
    return this.sink.transmit(FIFO_MESS, this.groups, FLUSH_OK, [controlBody(head.id)]);
  }

  protected sayInstalled(view: Change): void {
    this.sink.transmit(FIFO_MESS, this.groups, FLUSH_RECV, [controlBody(view.id)]);
  }
}

/** Whether an application may use this message type in a group of the layer. */
export const isUserType = (type: number): boolean => type >= FL_MIN_LEGAL_MESS_TYPE;
