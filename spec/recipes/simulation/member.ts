/** An application at one simulated daemon: one connection with all recipes, each in a group of its own. */
import { Buffer } from 'node:buffer';
import { EventReader } from '../../../lib/client/reader.js';
import type { ReceivedMessage } from '../../../lib/mailbox/received-message.js';
import { MembersOnly } from '../../../lib/recipes/core/members-only.js';
import { opened, sealed } from '../../../lib/recipes/core/codec.js';
import { encodeMessage, encodeRequest } from '../../../lib/wire/request.js';
import { AGREED_MESS, JOIN_MESS, SAFE_MESS } from '../../../lib/wire/service.js';
import { type ConnectionPlan, SimulatedConnection } from '../../simulation/connection.js';
import type { SimulatedDaemon } from '../../simulation/daemon.js';
import type { Loop } from '../../../daemon/testing/time/loop.js';
import type { WorldMember } from '../world-member.js';
import type { Overheard } from '../liars.js';
import type { Subject } from './subject.js';

/** When worlds begin, by a clock that is right. */
export const BEGIN = 1_700_000_000_000;

/** Milliseconds since 1970 in a world. */
export const timeIn = (loop: Loop): number => BEGIN + loop.now;

/** One client in a world: how its connection behaves, and how far its clock is ahead. */
export interface ClientPlan extends ConnectionPlan {
  readonly ahead: number;
  /** Whether it joins nothing. */
  readonly isStranger?: boolean;
  /** Who listens to what comes to it. */
  readonly heard?: ReadonlyMap<string, Overheard>;
}

/** Its place in the group of one recipe. */
export class SimulatedSeat implements WorldMember {
  isMember = false;
  private readonly core: MembersOnly;

  constructor(
    private readonly member: SimulatedMember,
    readonly subject: Subject,
  ) {
    this.core = new MembersOnly(subject.make(this), () => undefined);
  }

  get id(): string {
    return this.member.id;
  }

  get name(): string {
    return this.member.name;
  }

  get index(): number {
    return this.member.index;
  }

  send(body: Buffer, service: 'agreed' | 'safe'): void {
    this.member.send(this.subject.group, body, service);
  }

  sendTo(id: string, body: Buffer): void {
    this.member.send(id, sealed(this.subject.group, body), 'agreed');
  }

  now(): number {
    return timeIn(this.member.loop) + this.member.ahead;
  }

  /** An input, in the order of the connection. */
  give(input: (core: MembersOnly, now: number) => void): void {
    input(this.core, this.now());
    this.subject.look?.();
    this.member.looked(this.subject);
    this.arm();
  }

  end(): void {
    this.isMember = false;
    this.give((core, now) => core.left(now));
  }

  get isWaiting(): boolean {
    return this.core.dueAt !== Infinity;
  }

  /** Sets its timer. */
  arm(): void {
    const { core, member } = this;
    const { loop } = member;
    if (!member.isUp || core.dueAt === Infinity) return;
    loop.after(Math.max(0, core.dueAt - this.now()), () => {
      if (member.isUp && core.dueAt <= this.now()) this.give((_, now) => core.tick(now));
    });
  }
}

export class SimulatedMember {
  isUp = true;
  /** How far its clock is ahead. */
  ahead: number;
  readonly seats: readonly SimulatedSeat[];
  private readonly byGroup: ReadonlyMap<string, SimulatedSeat>;
  private readonly connection: SimulatedConnection;
  private readonly reader: EventReader;

  /** @param index of its daemon, @param ended called once, when its connection is gone */
  constructor(
    readonly index: number,
    daemon: SimulatedDaemon,
    private readonly plan: ClientPlan,
    readonly loop: Loop,
    subjects: readonly Subject[],
    ended: () => void,
    /** Called after every input. */
    readonly looked: (subject: Subject) => void = () => undefined,
  ) {
    this.ahead = plan.ahead;
    this.id = `#${plan.name}#${daemon.name}`;
    this.reader = new EventReader(this.id);
    this.seats = subjects.map((subject) => new SimulatedSeat(this, subject));
    this.byGroup = new Map(this.seats.map((seat) => [seat.subject.group, seat]));
    this.connection = new SimulatedConnection(daemon, plan, loop, {
      accepted: () => undefined,
      refused: () => undefined,
      frame: (arrival) => this.frame(arrival),
      ended: () => {
        this.isUp = false;
        for (const seat of this.seats) seat.end();
        ended();
      },
    });
    for (const group of plan.isStranger ? [] : this.byGroup.keys())
      this.connection.whenAccepted(() => this.connection.write(encodeRequest(JOIN_MESS, this.id, [group])));
  }

  readonly id: string;

  get name(): string {
    return this.plan.name;
  }

  /** Its clock jumps. Never back while a core waits: the one that the library uses does not, and timers are set by it. */
  jump(ahead: number): void {
    if (ahead < this.ahead && this.seats.some(({ isWaiting }) => isWaiting)) return;
    this.ahead = ahead;
    for (const seat of this.seats) seat.arm();
  }

  send(to: string, body: Buffer, service: 'agreed' | 'safe'): void {
    if (!this.isUp) return;
    const word = service === 'safe' ? SAFE_MESS : AGREED_MESS;
    this.connection.write(Buffer.from(encodeMessage(word, this.id, [to], 0, [body])));
  }

  /** Its process dies. */
  kill(): void {
    this.connection.close('reset');
  }

  private frame(arrival: ReceivedMessage): void {
    const event = this.reader.read(arrival);
    if (event === null || event.kind === 'reject') throw new Error('an event that no daemon may send');
    if (event.kind === 'data') {
      const { sender, groups, service } = event;
      const bytes = Buffer.from(event.body);
      for (const seat of this.seats) {
        const { group } = seat.subject;
        const isPrivate = !groups.includes(group);
        const body = isPrivate ? opened(group, bytes) : bytes;
        if (!body) continue;
        this.plan.heard?.get(group)?.note({ sender, to: isPrivate ? this.id : null, body });
        seat.give((core, now) => {
          if (isPrivate) core.direct(sender, body, now);
          else core.message(sender, body, now, service);
        });
      }
      return;
    }
    const seat = this.byGroup.get(event.group);
    if (!seat) return;
    if (event.kind === 'view') {
      seat.isMember = true;
      this.plan.heard?.get(event.group)?.install(event);
      seat.give((core, now) => core.view(event, now));
    } else if (event.kind === 'transition') seat.give((core, now) => core.transition(now));
    else seat.end();
  }
}
