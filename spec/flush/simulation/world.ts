/** A group of simulated members on the group model, with plain members and hostile sessions among them. */
import type { PlainData } from '../../../lib/flush/core/port.js';
import { type GroupId, groupIdText } from '../../../lib/wire/group-id.js';
import { type Choices, theFirst } from '../../support/group-network/choices.js';
import type { Daemon as NetworkDaemon, GroupClient } from '../../support/group-network/daemon.js';
import type { Random } from '../../support/random.js';
import { check } from '../checks/all.js';
import type { MembershipLog, Violation } from '../checks/log.js';
import { hostileMessage } from './hostile.js';
import { type Bug, layerOf } from './layers.js';
import { type FlushStyle, SimulatedMember, type Surroundings } from './member.js';
import { SessionWorld } from './session-world.js';

export type Daemon = NetworkDaemon<GroupClient>;

/** How the members of a world are. */
export interface WorldOptions {
  /** None is the C library, every second one, or all. */
  readonly cLibrary: 'none' | 'half' | 'all';
  /** Sessions that send anything. */
  readonly hostile: 'none' | 'strangers' | 'insiders';
  /** Weak data may overtake; there are no cuts then. */
  readonly canOvertake: boolean;
  /** Cuts to single daemons meet joins and safe messages of members that answer at once. */
  readonly isTorn?: boolean;
}

export interface Planted {
  readonly bug: Bug;
  readonly in: 'all' | 'half';
}

/** A session that is in the group without the layer. */
class PlainMember implements GroupClient {
  isJoined = false;

  constructor(readonly id: string) {}

  view(): void {}

  transition(): void {}

  message(): void {}
}

/** Steps after which a world must be quiet. */
const QUIET_STEPS = 20_000;

const DAEMONS = 3;

export class FlushWorld extends SessionWorld<SimulatedMember, GroupClient> implements Surroundings {
  readonly plain = new Map<PlainMember, Daemon>();
  readonly insiders = new Map<PlainMember, Daemon>();
  readonly canOvertake: boolean;
  /** Every id that a member was shown, for those who lie. */
  private readonly ids: GroupId[] = [];
  private readonly known = new Set<string>();
  private messages = 0;
  private sessions = 0;

  constructor(
    readonly options: WorldOptions,
    private readonly random: Random,
    tell: ((line: string) => void) | undefined,
    private readonly planted: Planted | null,
  ) {
    super(DAEMONS, true, tell);
    this.canOvertake = options.canOvertake;
    for (const daemon of this.network.daemons) daemon.listener = this.listener();
  }

  below(limit: number): number {
    return this.random.below(limit);
  }

  // What members ask of their daemons.

  send(from: SimulatedMember, data: PlainData): void {
    if (from.isAlive) this.put(this.homeOf(from), data);
  }

  /** A new process joins. */
  start(daemon: Daemon, name: string, flush: FlushStyle): SimulatedMember {
    const number = this.sessions++;
    const isOfC = this.options.cLibrary === 'all' || (this.options.cLibrary === 'half' && number % 2 === 1);
    const isPlanted = this.planted !== null && (this.planted.in === 'all' || number % 4 < 2);
    const bug = isPlanted ? this.planted.bug : null;
    const member = new SimulatedMember(
      {
        id: `#${name}#${daemon.name}`,
        number,
        flush,
        isOfC,
        makeLayer: (self, sink) => layerOf(isOfC, bug, self, sink),
      },
      this,
    );
    bug?.plantInMember?.(member);
    this.tell?.(`${member.id} starts${isOfC ? ' with the C library' : ''}${bug ? ' with the bug' : ''}`);
    member.join();
    this.connect(daemon, member);
    return member;
  }

  /** One that has left comes back. */
  rejoin(member: SimulatedMember): void {
    if (!member.join()) return;
    this.tell?.(`${member.id} joins again`);
    this.askJoin(member);
  }

  leave(member: SimulatedMember): void {
    if (!member.leave()) return;
    this.tell?.(`${member.id} leaves`);
    this.askLeave(member);
  }

  multicast(member: SimulatedMember, service: number, receivers?: readonly string[]): void {
    member.send(`m${++this.messages}`, service, receivers);
  }

  /** A session without the layer joins; as an insider it also lies. */
  startPlain(daemon: Daemon, isInsider: boolean): void {
    const client = new PlainMember(`#${isInsider ? 'z' : 'p'}${this.sessions++}#${daemon.name}`);
    (isInsider ? this.insiders : this.plain).set(client, daemon);
    this.tell?.(`${client.id} starts without the layer`);
    this.network.connect(daemon, client);
  }

  endPlain(client: PlainMember): void {
    const daemon = this.plain.get(client) ?? this.insiders.get(client);
    if (!daemon) return;
    this.tell?.(`${client.id} ends`);
    this.plain.delete(client);
    this.insiders.delete(client);
    this.network.disconnect(daemon, client, 'disconnect');
  }

  /** Somebody sends something that no member sends. */
  lie(daemon: Daemon): void {
    const insiders = [...this.insiders];
    const [insider, home] = insiders.length > 0 ? this.random.pick(insiders) : [null, daemon];
    const members = this.living.map(({ id }) => id);
    const data = hostileMessage(
      this.random,
      insider?.id ?? `#x#${home.name}`,
      members,
      this.ids,
      `h${++this.messages}`,
    );
    this.put(home, data);
  }

  // What happens.

  override regroup(sets: readonly (readonly Daemon[])[], choices: Choices): void {
    if (!this.canOvertake) super.regroup(sets, choices);
  }

  /** All is mended, everybody flushes, and plain members end. @returns whether it becomes quiet */
  settle(): boolean {
    this.tell?.('all is mended');
    for (const client of [...this.plain.keys(), ...this.insiders.keys()]) this.endPlain(client);
    this.regroup([this.network.daemons], theFirst);
    for (const member of this.members) member.flushStyle = 'at-once';
    for (let steps = 0; steps < QUIET_STEPS; steps++) {
      let isBusy = this.network.step();
      for (const member of this.living) {
        isBusy ||= member.isWaiting;
        this.handle(member, 1000);
        member.flush();
      }
      if (!isBusy && !this.network.step()) return true;
    }
    return false;
  }

  /** What is wrong when all is over. */
  violations(isQuiet: boolean): Violation[] {
    for (const member of this.members) if (member.isAlive) member.conclude();
    const found = check(this.logs);
    if (!isQuiet) found.push({ property: 'VS13', text: `still busy after ${QUIET_STEPS} steps` });
    return found;
  }

  get logs(): readonly MembershipLog[] {
    return this.members.flatMap(({ logs }) => logs);
  }

  private listener(): GroupClient {
    return {
      id: '',
      isJoined: true,
      view: ({ id }) => {
        const text = groupIdText(id);
        if (this.known.has(text)) return;
        this.known.add(text);
        this.ids.push(id);
      },
      transition: () => undefined,
      message: () => undefined,
    };
  }
}
