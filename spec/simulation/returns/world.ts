/**
 * Connections that come back, in a random world of real daemons: daemons die and start, the network parts, links break,
 * readers are slow, and programs join, leave and send all the while. Everything is checked from the logs of all.
 */
import type { Connection } from '../../../lib/client/connection.js';
import { Random } from '../../support/random.js';
import { checkResume } from '../../support/resume-checks/all.js';
import type { SimulatedDaemon } from '../daemon.js';
import { LibraryWorld } from '../library-world.js';
import { RecordedDaemon } from './daemon-log.js';
import { GROUPS, leftOver } from './left-over.js';
import { LinkFaults } from './link-faults.js';
import type { Acts, Profile } from './profiles.js';
import { Newcomers, Program } from './program.js';
import { miscounts, watchReturns } from './verdicts.js';
import { Offenders, PlainMembers } from './visitors.js';

const DAEMONS = 3;
const PROGRAMS = 4;
const ADDRESSES = Array.from({ length: DAEMONS }, (_, i) => `4803@d${i + 1}`);
const LONG = 20_000;
const BURST = 8;
/** The longest time for which a daemon freezes, and a program stops reading. */
const FROZEN_MS = 1_000;
const STAY_MS = 400;
/** Time enough for clients to go elsewhere. */
const ROLLING_MS = 10_000;
/** The longest time for clients to go elsewhere. */
const DRAIN_MS = 2_000;
/** Until everything that is on its way has come. */
const REST_MS = 300;

export interface Outcome {
  readonly violations: readonly string[];
  readonly kills: number;
  readonly losses: number;
  readonly moves: number;
  readonly gaps: Readonly<Record<string, number>>;
  /** Returns of all kinds. */
  readonly links: Readonly<Record<string, number>>;
}

export class ReturnsWorld {
  readonly world: LibraryWorld;
  private readonly random: Random;
  private readonly programs: Program[] = [];
  private readonly links: LinkFaults;
  private readonly newcomers: Newcomers;
  private readonly plain: PlainMembers;
  private readonly offenders: Offenders;
  /** All ids that programs have had. */
  private readonly ids: string[] = [];
  private readonly logs: RecordedDaemon[] = [];
  private readonly recorded = new Map<SimulatedDaemon, RecordedDaemon>();
  private readonly count = { kills: 0, links: {} as Record<string, number> };
  private readonly found: string[] = [];
  private isParted = false;
  /** A daemon is being replaced, one after the other: nothing else changes meanwhile. */
  private rolling: Promise<void> | null = null;
  /** No link breaks any more. */
  private isSettling = false;

  constructor(
    seed: number,
    private readonly profile: Profile,
  ) {
    this.random = new Random(seed ^ 0x5eed);
    const { limits, network, slice } = profile;
    this.world = new LibraryWorld(seed, DAEMONS, true, {
      limits,
      network,
      slice,
      made: (each) => this.watch(each),
    });
    this.links = new LinkFaults(this.world, this.random, profile, () => this.isSettling);
    this.newcomers = new Newcomers(this.world);
    this.plain = new PlainMembers(this.world, this.random, (of) => this.logOf(of));
    this.offenders = new Offenders(this.world);
  }

  /** Runs the world for that many steps, lets it settle, and says what was wrong. */
  static async run(seed: number, steps: number, profile: Profile): Promise<Outcome> {
    const it = new ReturnsWorld(seed, profile);
    const stuck: string[] = [];
    try {
      await it.world.run(it.play(steps));
    } catch (error) {
      stuck.push(`R-16: ${(error as Error).message}`);
    }
    return it.outcome(stuck);
  }

  private async play(steps: number): Promise<void> {
    const { random, world } = this;
    await world.isWhole();
    for (const log of this.logs) log.knows = true;
    for (let i = 0; i < PROGRAMS; i++) {
      const holdMs = i % 2 === 0 ? (this.profile.holdMs ?? 0) : 0;
      const resume = { giveUpMs: Infinity, balance: true, holdMs };
      this.add(`p${i}`, await world.connect(0, `p${i}`, { addresses: ADDRESSES, resume }));
    }
    for (let step = 0; step < steps; step++) {
      this.step();
      await world.sleep(random.below(random.chance(0.1) ? 400 : 12));
    }
    await this.settle();
  }

  /** Everything heals and comes to rest. */
  private async settle(): Promise<void> {
    const { world, programs } = this;
    this.isSettling = true;
    for (const { core } of this.daemons) core.resumption.sweep = () => false;
    await this.rolling;
    this.merge();
    for (let i = 0; i < DAEMONS; i++) this.heal(i);
    await this.isWhole();
    // Now that the others know what was ordered.
    for (let i = 0; i < DAEMONS; i++) if (world.daemons[i]?.server.moves.isDraining) this.kill(i);
    for (let i = 0; i < DAEMONS; i++) this.heal(i);
    await this.isWhole();
    await world.until(() => programs.every(({ connection }) => connection.open), 'all to be back');
    const isQuiet = ({ joined, busy }: Program): boolean =>
      busy.size === 0 && [...joined.values()].every(({ isMember }) => isMember);
    await world.until(() => programs.every(isQuiet), 'all joins and leaves to be answered');
    await Promise.all(programs.map(({ connection }) => connection.confirmed()));
    await world.until(() => programs.every(({ log }) => log.unsettled === 0), 'all sends to settle');
    await Promise.all([this.newcomers.leave(), this.offenders.leave()]);
    await world.sleep(REST_MS);
    this.found.push(...PlainMembers.outgrown(this.daemons), ...this.plain.faults());
    await this.plain.leave();
    await world.sleep(REST_MS);
    for (const { log } of programs) log.settle();
  }

  private async isWhole(): Promise<void> {
    const { world } = this;
    // A parting may still be noticed when it is over.
    await world.until(() => world.network.isSettled, 'the network to come to rest');
    await world.isWhole();
  }

  private watch(daemon: SimulatedDaemon): void {
    const { name, core, server } = daemon;
    const { ringBytes, ringMs, maxPlainView = core.limits.maxPlainView, windowMs } = this.profile;
    core.record.keep({ bytes: ringBytes, age: ringMs });
    core.limits = { ...core.limits, maxPlainView };
    if (windowMs !== undefined) server.attachments.windowMs = windowMs;
    // What the daemons know is compared then.
    if (this.isSettling) core.resumption.sweep = () => false;
    const run = 1 + this.logs.filter((each) => each.daemon.startsWith(`${name}.`)).length;
    const log = new RecordedDaemon(`${name}.${run}`, daemon, (of) => this.logOf(of));
    this.logs.push(log);
    this.recorded.set(daemon, log);
    watchReturns(
      daemon,
      (sid) => this.programOf(sid)?.log.entries.length ?? 0,
      ({ sid, name: at, attempt, verdict, at: place }) => {
        this.programOf(sid)?.log.linked(log, at, attempt, verdict, place);
        this.count.links[verdict] = (this.count.links[verdict] ?? 0) + 1;
      },
      ({ sid }) => {
        const client = this.programOf(sid);
        if (client && !this.isSettling && this.random.chance(this.profile.hasty ?? 0))
          void this.links.hurry(client, daemon);
      },
    );
    const transitional = core.transitional.bind(core);
    core.transitional = (staying) => {
      transitional(staying);
      this.links.cutAtEdge(this.programs);
    };
  }

  private add(name: string, connection: Connection): void {
    const program = new Program(name, connection, (of) => this.logOf(of));
    const home = this.logOf(connection.id.split('#')[2] ?? '');
    if (home) program.log.linked(home, connection.id, 0, 'new');
    this.programs.push(program);
    this.ids.push(connection.id);
    connection.on('resumed', ({ moved }) => moved && this.ids.push(moved.to));
  }

  private programOf(sid: bigint): Program | undefined {
    return this.programs.find((each) => each.connection.sessionId === sid.toString(16).padStart(16, '0'));
  }

  private logOf(name: string): RecordedDaemon | undefined {
    const daemon = this.world.daemons.find((each) => each?.name === name);
    return daemon ? this.recorded.get(daemon) : undefined;
  }

  private step(): void {
    const { random, programs } = this;
    const program = random.pick(programs);
    const daemon = random.below(DAEMONS);
    const acts: Record<keyof Acts, () => void> = {
      send: () => this.send(program, 1),
      burst: () => {
        for (let i = 0; i < BURST; i++) this.send(program, LONG);
      },
      join: () => void this.join(program, random.pick(GROUPS)),
      leave: () => void this.leave(program, random.pick(GROUPS)),
      cut: () => this.world.cut(program.connection),
      recut: () => void this.links.recut(program),
      away: () => void this.links.away(program),
      kill: () => this.kill(daemon),
      // One that starts alone would know of nothing.
      start: () => (this.isParted ? undefined : this.heal(daemon)),
      freeze: () => void this.freeze(daemon),
      stall: () => void this.links.stall(program),
      rush: () => this.rush(),
      desert: () => {
        // So that something of it is under way there.
        for (let i = 0; i < 2; i++) this.send(program, LONG);
        void this.links.desert(program);
      },
      roll: () => void (this.rolling ??= this.roll(daemon)),
      plain: () => this.plain.come(daemon, random.pick(GROUPS)),
      offend: () => this.offenders.come(daemon, ADDRESSES),
      newcomer: () => this.newcomers.come(daemon, program.name, () => random.below(STAY_MS)),
      part: () => this.part(),
      merge: () => this.merge(),
      drain: () => this.drain(daemon),
    };
    const weights = Object.entries(this.profile.acts) as [keyof Acts, number][];
    let at = random.next() * weights.reduce((sum, [, weight]) => sum + weight, 0);
    const [act] = weights.find(([, weight]) => (at -= weight) < 0) ?? ['send'];
    acts[act]();
  }

  /** One group, or several, or somebody alone, or with a group that he may not be in. */
  private destinations(): string[] {
    const { random } = this;
    const group = random.pick(GROUPS);
    if (random.chance(0.7)) return [group];
    const other = random.pick(GROUPS);
    if (other !== group) return [group, other];
    const id = random.pick(this.ids);
    return random.chance(0.5) ? [id] : [group, id];
  }

  private send({ log }: Program, size: number): void {
    const { random } = this;
    const { safe, discard = 0.1 } = this.profile;
    const isSafe = safe !== undefined && random.chance(safe);
    log.send(this.destinations(), size, random.chance(discard), random.chance(0.2), isSafe);
  }

  private async join({ connection, joined, busy, log }: Program, name: string): Promise<void> {
    if (joined.has(name) || busy.has(name)) return;
    busy.add(name);
    log.asked('join', name);
    try {
      const group = await connection.join(name);
      joined.set(name, group);
      log.joined(group);
    } catch (error) {
      log.errors.push(`join: ${(error as Error).message}`);
    }
    busy.delete(name);
  }

  private async leave({ connection, joined, busy, log }: Program, name: string): Promise<void> {
    if (!joined.has(name) || busy.has(name)) return;
    busy.add(name);
    log.asked('leave', name);
    joined.delete(name);
    await connection.leave(name).catch((error: Error) => log.errors.push(`leave: ${error.message}`));
    busy.delete(name);
  }

  /** Many members come and go in one turn. */
  private rush(): void {
    const { random, programs } = this;
    const group = random.pick(GROUPS);
    for (const program of programs) {
      if (random.chance(0.2)) continue;
      if (program.joined.has(group)) void this.leave(program, group);
      else void this.join(program, group);
    }
  }

  /** One that knows what was ordered always stays. */
  private kill(index: number): void {
    const { world, recorded } = this;
    const daemon = world.daemons[index];
    if (!daemon || !this.knowOthers(daemon)) return;
    const log = recorded.get(daemon);
    if (log) log.alive = false;
    this.count.kills++;
    world.kill(index);
  }

  /** Whether another daemon knows what was ordered, and takes clients. */
  private knowOthers(daemon: SimulatedDaemon): boolean {
    return this.world.daemons.some(
      (each) =>
        each !== null &&
        each !== daemon &&
        each.process.isRunning &&
        !each.server.moves.isDraining &&
        this.recorded.get(each)?.knows === true,
    );
  }

  private drain(index: number): void {
    const { world, random } = this;
    const daemon = world.daemons[index];
    if (!daemon?.process.isRunning || daemon.server.moves.isDraining || !this.knowOthers(daemon)) return;
    const milliseconds = random.below(random.chance(0.5) ? 50 : DRAIN_MS);
    const ended = (): void => {
      if (world.daemons[index] === daemon) this.kill(index);
      if (this.isSettling) this.heal(index);
    };
    daemon.process.run(() => void daemon.server.moves.drain(milliseconds).then(ended));
  }

  /** A daemon is replaced as its operators do it: nobody is to be lost. */
  private async roll(index: number): Promise<void> {
    const { world } = this;
    const daemon = world.daemons[index];
    if (daemon && this.knowOthers(daemon)) {
      await new Promise<void>((resolve) =>
        daemon.process.run(() => void daemon.server.moves.drain(ROLLING_MS).then(resolve)),
      );
      await new Promise<void>((resolve) => daemon.process.run(() => void daemon.server.stop().then(resolve)));
      this.kill(index);
      await world.until(
        () => this.daemons.every(({ core }) => core.view?.daemons.length === this.daemons.length),
        'a view without it',
      );
      this.heal(index);
      await this.isWhole();
      for (const { client, losses } of this.programs.map(({ log }) => log))
        if (losses > 0) this.found.push(`row 3: ${client} was lost ${losses} times`);
    }
    this.rolling = null;
  }

  private async freeze(index: number): Promise<void> {
    const daemon = this.world.daemons[index];
    daemon?.process.freeze();
    await this.world.sleep(1 + this.random.below(FROZEN_MS));
    daemon?.process.thaw();
  }

  private heal(index: number): void {
    const { world } = this;
    if (world.daemons[index]) world.daemons[index]?.process.thaw();
    else world.start(index);
  }

  private part(): void {
    const alone = this.random.below(DAEMONS);
    const rest = Array.from({ length: DAEMONS }, (_, i) => i).filter((i) => i !== alone);
    this.isParted = true;
    this.world.partition([[alone], rest]);
  }

  private merge(): void {
    if (!this.isParted) return;
    this.isParted = false;
    this.world.partition([Array.from({ length: DAEMONS }, (_, i) => i)]);
  }

  private get daemons(): SimulatedDaemon[] {
    return this.world.daemons.filter((each) => each !== null);
  }

  private outcome(stuck: readonly string[]): Outcome {
    const clients = this.programs.map(({ log }) => log);
    const others = [...this.newcomers.logs, ...this.plain.logs];
    const found = checkResume({ clients: [...clients, ...others], daemons: this.logs });
    const errors = clients.flatMap(({ client, errors: all, losses, returns }) => [
      ...all.map((error) => `${client}: ${error}`),
      ...(losses === returns ? [] : [`${client}: lost ${losses} times and back ${returns} times`]),
    ]);
    const gaps: Record<string, number> = {};
    for (const { entries } of clients)
      for (const entry of entries)
        if (entry.kind === 'gap') gaps[entry.reason] = (gaps[entry.reason] ?? 0) + 1;
    return {
      violations: [
        ...stuck,
        ...errors,
        ...this.newcomers.errors,
        ...found.map(({ property, text }) => `${property}: ${text}`),
        ...miscounts(clients),
        ...this.offenders.errors,
        ...this.found,
        ...(stuck.length > 0 ? [] : leftOver(this.daemons, this.programs)),
      ],
      losses: clients.reduce((sum, { losses }) => sum + losses, 0),
      moves: clients.reduce((sum, { moves }) => sum + moves, 0),
      gaps,
      ...this.count,
    };
  }
}
