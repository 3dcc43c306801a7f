/**
 * A session in a simulated secure group: the flush layer, the secure group on it, and an application that sends, holds
 * what it may not send, and flushes at once or late.
 */
import { Buffer } from 'node:buffer';
import { FlushLayer } from '../../../lib/flush/core/layer.js';
import type { FlushEvent, PlainData } from '../../../lib/flush/core/port.js';
import type { Authorization } from '../../../lib/secure/core/agreement.js';
import { SECURE_TYPE } from '../../../lib/secure/core/limits.js';
import type { Seal } from '../../../lib/secure/core/messages.js';
import { SecureMachine } from '../../../lib/secure/core/machine.js';
import type {
  AuthorizationRequest,
  Dropped,
  SecureEvent,
  SecureOptions,
  SecureSink,
} from '../../../lib/secure/core/port.js';
import type { Provider } from '../../../lib/secure/core/provider.js';
import { equalGroupIds, type GroupId, groupIdText } from '../../../lib/wire/group-id.js';
import { SAFE_MESS, SELF_DISCARD } from '../../../lib/wire/service.js';
import { GROUP, type Input, LayerSession, type SessionHome } from '../../flush/simulation/session.js';
import type { GroupView } from '../../support/group-network/daemon.js';
import { hexOf } from '../token-provider.js';
import type { SecureLog } from './log.js';

/** What a member needs of its world. */
export interface Surroundings extends SessionHome {
  /** Milliseconds. */
  readonly now: number;
  /** What the application of this member says; null: later. */
  authorize(member: SecureMember, request: AuthorizationRequest): Authorization | null;
  send(from: SecureMember, data: PlainData): void;
  askLeave(member: SecureMember): void;
  askJoin(member: SecureMember): void;
  /** Counts everything that happens. */
  nextPlace(): number;
  /** What the daemon of a member makes of a frame or view. */
  served(member: SecureMember, data: PlainData): readonly PlainData[];
  servedView(member: SecureMember, view: GroupView): GroupView;
}

export interface MemberOptions {
  readonly number: number;
  readonly isHonest: boolean;
  readonly isServed: boolean;
  readonly isAuthorized: boolean;
  readonly flushesLate: boolean;
  readonly provider: Provider;
  readonly secure: SecureOptions;
  /** What a hostile member sends in the place of a message. */
  readonly lie: ((data: PlainData) => readonly PlainData[]) | null;
}

interface HeldSend {
  readonly text: string;
  readonly service: number;
  readonly receivers: readonly string[] | null;
}

const MOST_HELD = 20;

export class SecureMember extends LayerSession implements SecureSink {
  readonly machine: SecureMachine;
  readonly logs: SecureLog[] = [];
  readonly drops: Dropped[] = [];
  /** Questions that are not answered. */
  questions: AuthorizationRequest[] = [];
  /** Seconds that its clock is off. */
  skew = 0;
  isLate: boolean;
  isAuthorized: boolean;
  protected readonly layer: FlushLayer<void>;
  private held: HeldSend[] = [];
  private log: SecureLog | null = null;
  private viewId = '';
  private members: readonly string[] = [];
  private gid = '';
  private isComingBack = false;
  private mustFlush = false;
  private decision: unknown = null;

  constructor(
    readonly options: MemberOptions,
    private readonly world: Surroundings,
  ) {
    super(options.secure.self, world);
    this.isLate = options.flushesLate;
    this.isAuthorized = options.isAuthorized;
    this.machine = new SecureMachine(options.provider, options.secure, this);
    this.layer = new FlushLayer<void>(
      this.id,
      {
        deliver: (event) => this.flushEvent(event),
        transmit: (service, groups, type, pieces) => {
          const body = Buffer.concat(pieces);
          const data = { sender: this.id, service, groups, type, senderLittle: true, body };
          for (const each of options.lie?.(data) ?? [data]) world.send(this, each);
        },
        settled: () => undefined,
        drop: () => undefined,
      },
      { isExclusive: true },
    );
  }

  /** Whether the flush layer has no change under way. */
  get isSettled(): boolean {
    return this.layer.machine(GROUP)?.isSettled ?? true;
  }

  get dueAt(): number {
    return this.isAlive ? this.machine.dueAt : Infinity;
  }

  // What the daemon sends.

  override view(view: GroupView): void {
    super.view(this.world.servedView(this, view));
  }

  override data(data: PlainData): void {
    for (const each of this.world.served(this, data)) super.data(each);
  }

  // What the application does.

  join(): boolean {
    if (this.layer.join(GROUP) !== 0) return false;
    const { isAuthorized } = this;
    const { number, isHonest, isServed } = this.options;
    const name = `${this.id}~${number}.${this.logs.length}`;
    this.log = { name, id: this.id, isHonest, isAuthorized, isServed, entries: [], end: 'open', final: null };
    this.logs.push(this.log);
    return true;
  }

  /** @returns whether the daemon is to be asked */
  leave(): boolean {
    if (this.isComingBack || !this.leaveLayer()) return false;
    this.machine.leaving();
    this.log?.entries.push({ kind: 'leave' });
    if (this.log) this.log.end = 'leaving';
    this.held = [];
    return true;
  }

  override die(): void {
    super.die();
    if (this.log && this.log.end !== 'left') this.log.end = 'died';
  }

  protected override handle(input: Input): void {
    super.handle(input);
    this.after();
  }

  tick(): void {
    if (!this.isAlive || this.machine.dueAt > this.world.now) return;
    this.machine.tick(this.world.now);
    this.after();
  }

  /** Answers one open question of the machine. */
  answer(request: AuthorizationRequest, authorization: Authorization): void {
    this.questions = this.questions.filter((each) => each !== request);
    this.machine.authorized(request.view, request.member, authorization, this.world.now);
    this.after();
  }

  /** Answers an open flush request. */
  flushLate(): void {
    if (!this.mustFlush) return;
    this.mustFlush = false;
    this.machine.flush();
  }

  rekey(): void {
    this.machine.rekey();
  }

  submit(text: string, service: number, receivers: readonly string[] | null): void {
    if (this.isIn && this.log?.end === 'open' && this.held.length < MOST_HELD) {
      this.held.push({ text, service, receivers });
      this.release();
    }
  }

  /** The members that it knows, for those who choose receivers. */
  get known(): readonly string[] {
    return this.members;
  }

  conclude(): void {
    const { log, machine, held } = this;
    if (!log || log.end !== 'open') return;
    const { state } = machine;
    log.final = { state, held: held.length };
  }

  // The port of the secure group.

  maySend(view: GroupId): boolean {
    const flush = this.layer.machine(GROUP);
    return flush !== null && flush.sendRefusal() === 0 && equalGroupIds(flush.viewId, view);
  }

  transmit(service: number, receivers: readonly string[] | null, body: Uint8Array): void {
    const message = { service, type: SECURE_TYPE, pieces: [body] };
    this.layer.machine(GROUP)?.send(receivers === null ? message : { ...message, receivers });
  }

  flush(): void {
    const flush = this.layer.machine(GROUP);
    if (flush?.flushRefusal() === 0) flush.flush();
  }

  rejoin(): void {
    if (!this.leaveLayer()) return;
    this.isComingBack = true;
    this.log?.entries.push({ kind: 'rejoin' });
  }

  authorize(request: AuthorizationRequest): Authorization | null {
    const authorization = this.world.authorize(this, request);
    if (authorization === null) this.questions.push(request);
    return authorization;
  }

  clock(): number {
    return Math.floor(this.world.now / 1000) + this.skew;
  }

  drop(reason: Dropped): void {
    this.drops.push(reason);
  }

  deliver(event: SecureEvent): void {
    const entries = this.log?.entries;
    this.world.tell?.(`    ${this.id} <- ${tell(event)}`);
    switch (event.kind) {
      case 'view': {
        const { gid, members, index, cause, changed, cameWithMe } = event;
        this.viewId = hexOf(event.id);
        this.members = members;
        const outsiders = event.outsiders.map(({ name }) => name);
        entries?.push({
          kind: 'view',
          id: this.viewId,
          gid: groupIdText(gid),
          members,
          index,
          cause,
          changed,
          cameWithMe,
          outsiders,
        });
        this.mustFlush = false;
        break;
      }
      case 'data':
        entries?.push({ kind: 'data', text: event.body.toString('latin1'), sender: event.sender });
        break;
      case 'rekeyed':
        entries?.push({ kind: 'rekeyed', id: hexOf(event.id), gid: this.gid, epoch: event.epoch });
        break;
      case 'excluded':
        entries?.push({ kind: 'excluded', reason: event.reason, sealer: event.sealer, gid: this.gid });
        break;
      case 'tampering':
        entries?.push({ kind: 'tampering', reason: event.reason, sender: event.sender });
        break;
      case 'disagreement':
        entries?.push({ kind: 'disagreement', gid: this.gid });
        break;
      case 'flush-request':
        this.mustFlush = true;
        if (!this.isLate) this.flushLate();
        break;
      case 'transition':
      case 'decrypt-failed':
      case 'stalled':
        entries?.push({ kind: event.kind });
        break;
      case 'self-leave':
        entries?.push({ kind: 'self-leave' });
        if (this.log) this.log.end = 'left';
        this.held = [];
        break;
      default:
    }
  }

  // What the flush layer says.

  private flushEvent(event: FlushEvent): void {
    const { machine, world } = this;
    switch (event.kind) {
      case 'view':
        this.gid = groupIdText(event.id);
        this.questions = [];
        this.mustFlush = false;
        this.log?.entries.push({ kind: 'flush-view', gid: this.gid, at: world.nextPlace() });
        machine.flushedView(event, world.now);
        break;
      case 'transition':
        machine.transition();
        break;
      case 'flush-request':
        machine.flushRequest();
        break;
      case 'self-leave':
        machine.selfLeave();
        break;
      case 'data':
        if (!event.inGroups.includes(GROUP)) break;
        machine.data(event, world.now);
        this.noteDecision();
        break;
      default:
    }
  }

  private after(): void {
    this.machine.settle(this.world.now);
    this.noteDecision();
    this.release();
    if (this.isComingBack && !this.layer.has(GROUP) && this.layer.join(GROUP) === 0) {
      this.isComingBack = false;
      this.world.askJoin(this);
    }
  }

  private leaveLayer(): boolean {
    const flush = this.layer.machine(GROUP);
    if (!flush || flush.leaveRefusal() !== 0) return false;
    flush.leave();
    this.world.askLeave(this);
    return true;
  }

  /** Sends what waits, in order, as far as it may go out now. */
  private release(): void {
    while (this.held.length > 0) {
      const { text, service, receivers } = this.held[0] as HeldSend;
      const body = Buffer.from(text, 'latin1');
      if (this.log?.end !== 'open' || this.machine.sendRefusal(service, body.length) !== null) return;
      this.held.shift();
      const present = receivers?.filter((name) => this.members.includes(name)) ?? null;
      if (present?.length === 0) continue;
      const isSafe = (service & SAFE_MESS) !== 0;
      const isDiscarded = (service & SELF_DISCARD) !== 0;
      this.log.entries.push({
        kind: 'send',
        text,
        view: this.viewId,
        isSafe,
        isDiscarded,
        receivers: present,
      });
      this.machine.send(service, 1, body, present);
    }
  }

  /** The machine keeps to itself which SEAL has decided. */
  private noteDecision(): void {
    const decision = Reflect.get(this.machine, 'decision') as {
      readonly keying: { readonly epoch: number };
      readonly seal: Seal;
    } | null;
    if (decision === this.decision) return;
    this.decision = decision;
    if (!decision) return;
    const { keying, seal } = decision;
    const boxes = seal.boxes.length;
    this.log?.entries.push({
      kind: 'decision',
      gid: this.gid,
      epoch: keying.epoch,
      seal: hexOf(seal.bytes),
      boxes,
    });
  }
}

function tell(event: SecureEvent): string {
  switch (event.kind) {
    case 'data':
      return `data ${event.body.toString('latin1')} of ${event.sender}`;
    case 'view': {
      const { id, gid, cause, members, cameWithMe, outsiders } = event;
      const out = outsiders.map(({ name, reason }) => `${name} ${reason}`).join(', ');
      return `SECURE ${hexOf(id).slice(0, 8)} of ${groupIdText(gid)} (${cause}) {${members.join(' ')}} with {${cameWithMe.join(' ')}} without {${out}}`;
    }
    case 'excluded':
      return `excluded: ${event.reason} by ${event.sealer}`;
    case 'tampering':
      return `tampering: ${event.reason} of ${event.sender} ${event.names.join(' ')} ${event.count}`;
    case 'rekeyed':
      return `rekeyed ${hexOf(event.id).slice(0, 8)}, epoch ${event.epoch}`;
    case 'stalled':
      return `stalled: ${event.reason}, ${event.missing.join(' ')}, ${event.refused.map(({ name, reason }) => `${name} ${reason}`).join(' ')}`;
    default:
      return event.kind;
  }
}
