/**
 * A session with the layer in a simulated group, and its application: what the daemon sends waits for its turn, flushes
 * come at once, late or never, and messages that may not go out now are held until the next view.
 */
import { Buffer } from 'node:buffer';
import { isSubgroupCast } from '../../../lib/flush/core/control.js';
import type { FlushLayer } from '../../../lib/flush/core/layer.js';
import type { GroupMachine } from '../../../lib/flush/core/machine.js';
import type {
  DropReason,
  FlushData,
  FlushEvent,
  FlushSink,
  PlainData,
} from '../../../lib/flush/core/port.js';
import { ILLEGAL_STATE } from '../../../lib/wire/codes.js';
import { groupIdText } from '../../../lib/wire/group-id.js';
import { RELIABLE_MESS, UNRELIABLE_MESS } from '../../../lib/wire/service.js';
import type { DataEntry, MembershipLog } from '../checks/log.js';
import { GROUP, type Input, LayerSession, type SessionHome } from './session.js';

/** How a member answers flush requests. */
export type FlushStyle = 'at-once' | 'late' | 'never';

/** What a member needs of its world. */
export interface Surroundings extends SessionHome {
  /** Puts a message in the order. */
  send(from: SimulatedMember, data: PlainData): void;
  /** Weak data may overtake what waits for the application. */
  readonly canOvertake: boolean;
  below(limit: number): number;
}

export interface MemberOptions {
  readonly id: string;
  /** Which of the sessions of the world it is. */
  readonly number: number;
  readonly flush: FlushStyle;
  /** It has the model of the C library. */
  readonly isOfC: boolean;
  readonly makeLayer: (self: string, sink: FlushSink<void>) => FlushLayer<void>;
}

interface HeldSend {
  readonly id: string;
  readonly service: number;
  readonly receivers: readonly string[] | undefined;
}

export class SimulatedMember extends LayerSession {
  readonly logs: MembershipLog[] = [];
  readonly drops: DropReason[] = [];
  flushStyle: FlushStyle;
  /** It handles what comes at once, so that its answers may go out before a cut. */
  isPrompt = false;
  /** Messages are released too early: a bug of the application's side. */
  releasesEarly = false;
  protected readonly layer: FlushLayer<void>;
  private held: HeldSend[] = [];
  private mustFlush = false;
  private saidSettled = true;
  private log: MembershipLog | null = null;

  constructor(
    private readonly options: MemberOptions,
    private readonly world: Surroundings,
  ) {
    super(options.id, world);
    this.flushStyle = options.flush;
    this.layer = options.makeLayer(this.id, {
      deliver: (event) => this.deliver(event),
      transmit: (service, groups, type, pieces) => this.transmit(service, groups, type, pieces),
      settled: (isSettled) => void (this.saidSettled = isSettled),
      drop: (reason) => void this.drops.push(reason),
    });
  }

  get machine(): GroupMachine<void> | null {
    return this.layer.machine(GROUP);
  }

  // What the daemon sends.

  override data(data: PlainData): void {
    this.take({ kind: 'data', data }, this.placeOf(data));
  }

  protected override take(input: Input, place = this.inbox.length): void {
    this.inbox.splice(place, 0, input);
    while (this.isPrompt && this.isWaiting) this.handleOne();
  }

  /** Weak data may come before other data, and before joins, leaves and ends, but in the same view of daemons. */
  private placeOf({ service, sender }: PlainData): number {
    const { inbox, world } = this;
    let place = inbox.length;
    if (!world.canOvertake || (service & (RELIABLE_MESS | UNRELIABLE_MESS)) === 0) return place;
    for (let most = world.below(6); most > 0 && place > 0; most--) {
      const before = inbox[place - 1] as Input;
      const isBarrier =
        before.kind === 'transition' ||
        before.kind === 'left' ||
        (before.kind === 'view' && (before.view.cause === 'network' || before.view.changed === sender));
      if (isBarrier) break;
      place--;
    }
    return place;
  }

  // What the application does.

  /** Asks for the group. @returns whether the daemon is to be asked */
  join(): boolean {
    if (this.layer.join(GROUP) !== 0) return false;
    const name = `${this.id}~${this.options.number}.${this.logs.length}`;
    this.log = { name, id: this.id, isOfC: this.options.isOfC, entries: [], end: 'open', final: null };
    this.logs.push(this.log);
    return true;
  }

  protected override handle(input: Input): void {
    if (input.kind === 'view' && this.layer.has(GROUP)) {
      const { id, members } = input.view;
      this.log?.entries.push({ kind: 'plain-view', view: groupIdText(id), members });
    }
    if (input.kind === 'data' && this.releasesEarly && this.machine?.state === 'agree') this.release();
    super.handle(input);
  }

  send(id: string, service: number, receivers?: readonly string[]): void {
    const { machine } = this;
    if (!machine || machine.member !== 'joined') return;
    if (machine.sendRefusal() === ILLEGAL_STATE) {
      this.held.push({ id, service, receivers });
      return;
    }
    // Who is to get a held message is a matter of the view in which it goes out.
    const present = receivers?.filter((receiver) => machine.members.includes(receiver));
    if (present?.length === 0) return;
    this.log?.entries.push({
      kind: 'send',
      id,
      view: groupIdText(machine.viewId),
      service,
      receivers: present ?? null,
    });
    machine.send({ service, type: 1, pieces: [Buffer.from(id)], receivers: present });
  }

  /** Answers an open flush request. */
  flush(): void {
    const { machine } = this;
    if (!this.mustFlush || !machine || machine.flushRefusal() !== 0) return;
    this.mustFlush = false;
    this.log?.entries.push({ kind: 'flush' });
    this.world.tell?.(`    ${this.id} flushes`);
    machine.flush();
  }

  /** @returns whether the daemon is to be asked */
  leave(): boolean {
    const { machine, log } = this;
    if (!machine || machine.leaveRefusal() !== 0) return false;
    machine.leave();
    log?.entries.push({ kind: 'leave' });
    this.held = [];
    this.mustFlush = false;
    if (log) log.end = 'leaving';
    return true;
  }

  override die(): void {
    super.die();
    if (this.log && this.log.end !== 'left') this.log.end = 'died';
  }

  /** How it stands. */
  conclude(): void {
    const { machine, log, held, saidSettled } = this;
    if (!machine || !log || log.end !== 'open') return;
    const { member, state, isSettled } = machine;
    log.final = { member, state, isSettled, held: held.length, saidSettled };
  }

  private release(): void {
    const { held } = this;
    this.held = [];
    for (const { id, service, receivers } of held) this.sendHeld(id, service, receivers);
  }

  private sendHeld(id: string, service: number, receivers: readonly string[] | undefined): void {
    const { machine } = this;
    if (!this.releasesEarly || machine?.state !== 'agree') {
      this.send(id, service, receivers);
      return;
    }
    this.log?.entries.push({ kind: 'send', id, view: groupIdText(machine.viewId), service, receivers: null });
    machine.send({ service, type: 1, pieces: [Buffer.from(id)] });
  }

  private deliver(event: FlushEvent): void {
    const { log } = this;
    this.world.tell?.(`    ${this.id} <- ${tell(event)}`);
    switch (event.kind) {
      case 'data':
        if (event.inGroups.length > 0) log?.entries.push(dataEntry(event));
        break;
      case 'view': {
        const { cause, changed, members, index, cameWithMe } = event;
        log?.entries.push({
          kind: 'view',
          view: groupIdText(event.id),
          cause,
          changed,
          members,
          index,
          cameWithMe,
        });
        this.mustFlush = false;
        this.release();
        break;
      }
      case 'flush-request':
        log?.entries.push({ kind: 'request' });
        this.mustFlush = true;
        if (this.flushStyle === 'at-once') this.flush();
        break;
      case 'transition':
        log?.entries.push({ kind: 'transition' });
        break;
      case 'self-leave':
        log?.entries.push({ kind: 'self-leave' });
        if (log) log.end = 'left';
        this.held = [];
        this.mustFlush = false;
        break;
      default:
    }
  }

  private transmit(
    service: number,
    groups: readonly string[],
    type: number,
    pieces: readonly Uint8Array[],
  ): void {
    const body = Buffer.concat(pieces);
    this.world.send(this, { sender: this.id, service, groups, type, senderLittle: true, body });
  }
}

const dataEntry = ({ body, sender, service, groups }: FlushData): DataEntry => ({
  kind: 'data',
  id: body.toString('latin1'),
  sender,
  receivers: isSubgroupCast(service) ? groups.slice(0, -1) : null,
});

function tell(event: FlushEvent): string {
  if (event.kind === 'data') return `data ${event.body.toString('latin1')} of ${event.sender}`;
  if (event.kind !== 'view') return event.kind;
  return `VIEW ${groupIdText(event.id)} (${event.cause}) {${event.members.join(' ')}} with {${event.cameWithMe.join(' ')}}`;
}
