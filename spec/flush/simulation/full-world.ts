/**
 * The members on simulated daemons: real frames, groups, sessions and engines, with partitions, merges, crashes, frozen
 * daemons and members that read slowly. Every member has a connection of its own.
 */
import type { PlainData } from '../../../lib/flush/core/port.js';
import type { ReceivedMessage } from '../../../lib/mailbox/received-message.js';
import { readView } from '../../../lib/mailbox/view.js';
import type { GroupId } from '../../../lib/wire/group-id.js';
import { encodeMessage, encodeRequest } from '../../../lib/wire/request.js';
import {
  AGREED_MESS,
  FIFO_MESS,
  JOIN_MESS,
  LEAVE_MESS,
  RELIABLE_MESS,
  SAFE_MESS,
  SELF_DISCARD,
} from '../../../lib/wire/service.js';
import { SimulatedConnection } from '../../simulation/connection.js';
import type { SimulatedDaemon } from '../../simulation/daemon.js';
import { generate } from '../../simulation/generate.js';
import type { Kind, Plan } from '../../simulation/plan.js';
import { World } from '../../simulation/world.js';
import { Random } from '../../support/random.js';
import { check } from '../checks/all.js';
import { hostileMessage } from './hostile.js';
import { layerOf } from './layers.js';
import { SimulatedMember, type Surroundings } from './member.js';
import { GROUP } from './session.js';

const DAEMONS = 4;
const PROFILES = ['partition', 'three-way', 'flapping', 'nested', 'freeze', 'crash', 'all'];
/** Milliseconds within which all have started, and between two deeds at most. */
const STARTS = 300;
const PACE = 12;
/** Between the end of a member and its next life. */
const AWAY = 200;
/** Within which a daemon that stops has stopped, and for everything to come to rest. */
const STOPS = 2000;
const REST = 20_000;
const MEMBERS = 6;

const services = [RELIABLE_MESS, FIFO_MESS, AGREED_MESS, SAFE_MESS, SAFE_MESS];

/** What somebody who does not belong has. */
const fast = { membership: true, latency: 1, chunk: 65_536, pause: 0, socketBytes: 65_536 };

/** A member and its connection. */
class ConnectedMember implements Surroundings {
  readonly canOvertake = false;
  readonly tell = undefined;
  readonly member: SimulatedMember;
  private readonly connection: SimulatedConnection;

  constructor(
    id: string,
    number: number,
    isOfC: boolean,
    daemon: SimulatedDaemon,
    private readonly play: FullWorld,
    private readonly random: Random,
  ) {
    this.member = new SimulatedMember(
      {
        id,
        number,
        flush: random.chance(0.6) ? 'at-once' : 'late',
        isOfC,
        makeLayer: (self, sink) => layerOf(isOfC, null, self, sink),
      },
      this,
    );
    this.member.isPrompt = true;
    const isSlow = random.chance(0.2);
    const plan = {
      ...fast,
      name: id.split('#')[1] ?? '',
      latency: random.next() * 3,
      ...(isSlow && { chunk: 200 + random.below(2000), pause: random.next() * 20, socketBytes: 4096 }),
    };
    this.connection = new SimulatedConnection(daemon, plan, play.world.loop, {
      accepted: () => this.join(),
      refused: () => undefined,
      frame: (arrival) => this.frame(arrival),
      ended: () => {
        this.member.die();
        play.ended(this);
      },
    });
  }

  join(): void {
    if (this.member.join()) this.connection.write(encodeRequest(JOIN_MESS, this.member.id, [GROUP]));
  }

  leave(): void {
    if (this.member.leave()) this.connection.write(encodeRequest(LEAVE_MESS, this.member.id, [GROUP]));
  }

  kill(): void {
    this.connection.close('reset');
  }

  // What the member needs.

  send(from: SimulatedMember, { service, groups, type, body }: PlainData): void {
    if (from.isAlive) this.connection.write(encodeMessage(service, from.id, groups, type, [body]));
  }

  frameOf(): never {
    throw new Error('frames come whole here');
  }

  below(limit: number): number {
    return this.random.below(limit);
  }

  private frame(arrival: ReceivedMessage): void {
    const { member } = this;
    switch (arrival.kind) {
      case 'view': {
        const { id, members, cause, names } = readView(arrival, member.id);
        this.play.note(id);
        const changed = cause === 'network' ? null : (names[0] ?? null);
        member.view({ id, members, cause, changed, cameWithMe: names, returned: [] });
        break;
      }
      case 'transition':
        member.transition();
        break;
      case 'self-leave':
        member.left();
        break;
      default: {
        const { name, service, messType, senderLittle, body } = arrival;
        member.data({ sender: name, service, groups: arrival.names(), type: messType, senderLittle, body });
      }
    }
  }
}

class FullWorld {
  readonly world: World;
  private readonly random: Random;
  private readonly everybody: ConnectedMember[] = [];
  private readonly up = new Map<number, ConnectedMember>();
  private readonly ids: GroupId[] = [];
  private stranger: SimulatedConnection | null = null;
  private messages = 0;
  private isOver = false;

  constructor(
    private readonly plan: Plan,
    private readonly hasCLibrary: boolean,
    private readonly hasStranger: boolean,
  ) {
    this.random = new Random(plan.seed ^ 0xf1a5);
    this.world = new World({ ...plan, clients: [] });
  }

  note(id: GroupId): void {
    this.ids.push(id);
  }

  ended(member: ConnectedMember): void {
    for (const [place, each] of this.up) {
      if (each !== member) continue;
      this.up.delete(place);
      this.startSoon(place, AWAY + this.random.below(AWAY));
    }
  }

  /** @returns what was wrong */
  run(): string[] {
    const { random, world } = this;
    const { loop } = world;
    for (let place = 0; place < MEMBERS; place++) this.startSoon(place, random.below(STARTS));
    for (let at = STARTS; at < this.plan.end; at += 1 + random.below(PACE)) loop.after(at, () => this.act());
    world.run();
    this.isOver = true;
    this.mend();
    for (const { member } of this.everybody) member.flushStyle = 'at-once';
    for (const { member } of this.up.values()) member.flush();
    loop.runTo(loop.now + REST);
    for (const { member } of this.everybody) if (member.isAlive) member.conclude();
    const logs = this.everybody.flatMap(({ member }) => member.logs);
    return [...world.violations, ...check(logs)].map(({ property, text }) => `${property}: ${text}`);
  }

  private startSoon(place: number, delay: number): void {
    this.world.loop.after(delay, () => this.start(place));
  }

  private start(place: number): void {
    if (this.isOver) return;
    const daemon = this.world.daemons[place % DAEMONS];
    if (!daemon?.process.isRunning) return this.startSoon(place, AWAY);
    const number = this.everybody.length;
    const isOfC = this.hasCLibrary && number % 2 === 1;
    const id = `#m${place}#${daemon.name}`;
    const member = new ConnectedMember(id, number, isOfC, daemon, this, this.random.fork());
    this.everybody.push(member);
    this.up.set(place, member);
  }

  private act(): void {
    const { random } = this;
    if (this.hasStranger && random.chance(0.3)) return this.lie();
    const members = [...this.up.values()];
    if (members.length === 0) return;
    const one = random.pick(members);
    const { member } = one;
    const deed = random.next();
    if (deed < 0.01) one.kill();
    else if (deed < 0.03) one.leave();
    else if (deed < 0.1 && !member.isIn) one.join();
    else if (deed < 0.35) member.flush();
    else {
      const service = random.pick(services) | (random.chance(0.1) ? SELF_DISCARD : 0);
      const present = member.machine?.members ?? [];
      const receivers = present.length > 0 && random.chance(0.2) ? random.several(present, 2) : undefined;
      member.send(`m${++this.messages}`, service, receivers);
    }
  }

  /** Somebody sends something that no member sends. */
  private lie(): void {
    const { random, world } = this;
    const daemon = random.pick(world.daemons);
    if (!this.stranger && daemon?.process.isRunning) {
      this.stranger = new SimulatedConnection(daemon, { ...fast, name: 'x' }, world.loop, {
        accepted: () => undefined,
        refused: () => undefined,
        frame: () => undefined,
        ended: () => void (this.stranger = null),
      });
    }
    const { stranger } = this;
    stranger?.whenAccepted(() => {
      const members = [...this.up.values()].map(({ member }) => member.id);
      const id = stranger.privateGroup;
      const { service, groups, type, body } = hostileMessage(
        random,
        id,
        members,
        this.ids,
        `h${++this.messages}`,
      );
      stranger.write(encodeMessage(service, id, groups, type, [body]));
    });
  }

  /** Everything that a fault has left broken is whole again. */
  private mend(): void {
    const { world } = this;
    const all = [...world.daemons.keys()];
    world.act({ do: 'connect-sides', sides: [all] });
    for (const daemon of all) {
      for (const from of all) world.act({ do: 'hear', daemon, from });
      world.act({ do: 'corosync', daemon, what: 'thaw' });
      world.act({ do: 'corosync', daemon, what: 'start' });
      world.act({ do: 'thaw', daemon });
      world.startDaemon(daemon);
      // One that is stopping just now.
      world.loop.after(STOPS, () => world.startDaemon(daemon));
    }
  }
}

/** Plays a seed on simulated daemons. @returns what was wrong, a line each */
export function playFull(seed: number, kind?: Kind): string[] {
  const profile = PROFILES[seed % PROFILES.length] ?? 'all';
  const change = { daemons: DAEMONS, slow: 0, clients: 0 };
  const plan = generate(seed, { ...(kind && { kind }), profile, change });
  try {
    return new FullWorld(plan, seed % 2 === 1, seed % 4 === 2).run();
  } catch (error) {
    return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
}
