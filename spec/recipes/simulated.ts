/** Members of a recipe's group in the simulator: real daemon cores, engines and frames, with the faults of a plan. */
import { Buffer } from 'node:buffer';
import type { Post, RecipeCore, RecipeView } from '../../lib/recipes/core/port.js';
import {
  AGREED_MESS,
  CAUSED_BY_DISCONNECT,
  CAUSED_BY_JOIN,
  CAUSED_BY_LEAVE,
  checkDelivery,
  ClientHandshake,
  Delivery,
  encodeMessage,
  encodeRequest,
  FrameReader,
  isRegularMembership,
  isSelfLeave,
  isTransition,
  JOIN_MESS,
  readMembershipBody,
  readVsSet,
  SAFE_MESS,
} from '../../lib/wire/index.js';
import { FakeSocket } from '../simulation/fake-socket.js';
import { generate } from '../simulation/generate.js';
import type { Act, Kind } from '../simulation/plan.js';
import { World } from '../simulation/world.js';
import { Random } from '../support/random.js';

const GROUP = 'recipe';
const BEGIN = 1_700_000_000_000;
const SOCKET_BYTES = 64 * 1024;
/** Milliseconds between a daemon and its client, at most. */
const LATENCY = 3;
const PROFILES = ['three-way', 'flapping', 'nested', 'freeze', 'all'];
/** Virtual milliseconds for everything to come to rest. */
const REST = 60_000;

export class SimulatedMember implements Post {
  core: RecipeCore | null = null;
  isMember = false;
  private readonly socket: FakeSocket;
  private readonly reader: FrameReader;
  private readonly handshake: ClientHandshake;
  private isIn = false;
  private isReading = false;
  private before: readonly string[] = [];
  private readonly latency: number;
  private lastArrival = 0;

  constructor(
    readonly index: number,
    readonly name: string,
    private readonly world: World,
    random: Random,
  ) {
    this.latency = random.next() * LATENCY;
    this.reader = new FrameReader({
      header: checkDelivery,
      frame: (bytes, start, end) => this.frame(new Delivery(bytes, start, end)),
    });
    this.handshake = new ClientHandshake({ privateName: name, membership: true, priority: 0 });
    const daemon = world.daemons[index];
    if (!daemon) throw new Error('no daemon');
    const far = { readable: () => this.readSoon(), ended: () => this.readSoon() };
    this.socket = new FakeSocket(daemon.process, SOCKET_BYTES, far);
    daemon.accept(this.socket);
    this.write(this.handshake.request());
  }

  get privateName(): string {
    return `#${this.name}#d${this.index + 1}`;
  }

  get now(): number {
    return BEGIN + this.world.loop.now;
  }

  get isUp(): boolean {
    return !this.socket.destroyed;
  }

  send(body: Buffer, service: 'agreed' | 'safe'): void {
    const word = service === 'safe' ? SAFE_MESS : AGREED_MESS;
    this.write(encodeMessage(word, this.privateName, [GROUP], 0, [body]));
  }

  sendTo(privateName: string, body: Buffer): void {
    this.write(encodeMessage(AGREED_MESS, this.privateName, [privateName], 0, [body]));
  }

  /** An input of its own, such as a command. */
  act(input: () => void): void {
    if (!this.core || !this.isMember) return;
    input();
    this.arm();
  }

  private write(bytes: Buffer): void {
    const { loop } = this.world;
    const copy = Buffer.from(bytes);
    this.lastArrival = Math.max(this.lastArrival, loop.now + this.latency);
    loop.after(this.lastArrival - loop.now, () => this.socket.arrive(copy));
  }

  private readSoon(): void {
    if (this.isReading) return;
    this.isReading = true;
    this.world.loop.after(this.latency, () => {
      this.isReading = false;
      for (const chunk of this.socket.take(SOCKET_BYTES)) this.read(chunk);
      if (this.socket.readableBytes > 0) this.readSoon();
      else if (this.socket.destroyed) this.end();
      this.arm();
    });
  }

  private read(chunk: Buffer): void {
    if (this.isIn) return this.reader.push(chunk);
    const step = this.handshake.push(chunk);
    if (step.kind === 'refused') throw new Error('refused');
    if (step.write) this.write(step.write);
    if (step.kind !== 'accepted') return;
    this.isIn = true;
    this.write(encodeRequest(JOIN_MESS, this.privateName, [GROUP]));
    if (step.rest.length > 0) this.reader.push(step.rest);
  }

  private end(): void {
    this.core?.left(this.now);
    this.core = null;
    this.isMember = false;
  }

  private frame(delivery: Delivery): void {
    const { service, name } = delivery;
    const { core } = this;
    if (isRegularMembership(service)) {
      const view = this.viewOf(delivery);
      this.isMember = true;
      core?.view(view, this.now);
    } else if (isTransition(service)) core?.transition(this.now);
    else if (isSelfLeave(service)) this.end();
    else core?.message(name, Buffer.from(delivery.body), this.now);
  }

  private viewOf(delivery: Delivery): RecipeView {
    const { body, service, little } = delivery;
    const { id, sets, ownSet } = readMembershipBody(body, 0, body.length, little);
    const members = delivery.names();
    const { before } = this;
    this.before = members;
    const cause = causeOf(service);
    const set = sets[ownSet];
    if (cause === 'network' && set) return { id, members, cause, cameWithMe: readVsSet(body, 0, set) };
    const cameWithMe =
      before.length === 0 ? [this.privateName] : members.filter((member) => before.includes(member));
    return { id, members, cause, cameWithMe };
  }

  private arm(): void {
    const due = this.core?.dueAt ?? Infinity;
    if (due === Infinity) return;
    this.world.loop.after(Math.max(0, due - this.now), () => {
      if (!this.core || this.core.dueAt > this.now) return;
      this.core.tick(this.now);
      this.arm();
    });
  }
}

function causeOf(service: number): RecipeView['cause'] {
  if ((service & CAUSED_BY_JOIN) !== 0) return 'join';
  if ((service & CAUSED_BY_LEAVE) !== 0) return 'leave';
  return (service & CAUSED_BY_DISCONNECT) === 0 ? 'network' : 'disconnect';
}

export interface Simulation {
  make(member: SimulatedMember): RecipeCore;
  act?(member: SimulatedMember, random: Random): void;
  readonly members: number;
  readonly kind: Kind;
  /** Whether daemons crash and stop, too. */
  readonly crashes: boolean;
}

/** @returns the members, when everything is mended and at rest */
export function simulate(seed: number, simulation: Simulation): SimulatedMember[] {
  const { kind, crashes } = simulation;
  const profile = PROFILES[seed % PROFILES.length] as string;
  const whole = generate(seed, { kind, profile, change: { daemons: 5, slow: 0 } });
  const isWanted = (act: Act): boolean =>
    !('client' in act) && (crashes || !(act.do === 'crash' || act.do === 'stop' || act.do === 'corosync'));
  const steps = whole.steps.filter(({ act }) => isWanted(act));
  const world = new World({ ...whole, clients: [], steps });
  const random = new Random(seed ^ 0x5eed);
  const members: SimulatedMember[] = [];
  for (let i = 0; i < simulation.members; i++) {
    world.loop.after(random.below(300), () => {
      const member = new SimulatedMember(i % 5, `m${i}`, world, random);
      member.core = simulation.make(member);
      members.push(member);
    });
  }
  if (simulation.act) {
    for (let at = 300; at < whole.end; at += 1 + random.below(40)) {
      world.loop.after(at, () => {
        const able = members.filter((member) => member.isMember && member.core);
        if (able.length > 0) simulation.act?.(random.pick(able), random);
      });
    }
  }
  world.run();
  mend(world);
  world.loop.runTo(world.loop.now + REST);
  if (world.violations.length > 0) throw new Error(`seed ${seed}: ${JSON.stringify(world.violations)}`);
  return members;
}

/** Everything that a fault has left broken is whole again. */
function mend(world: World): void {
  const all = [...world.daemons.keys()];
  world.act({ do: 'connect-sides', sides: [all] });
  for (const daemon of all) {
    world.act({ do: 'corosync', daemon, what: 'thaw' });
    world.act({ do: 'corosync', daemon, what: 'start' });
    world.act({ do: 'thaw', daemon });
    world.startDaemon(daemon);
  }
}
