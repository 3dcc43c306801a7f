/**
 * Plays one seed: all recipes at once on five simulated daemons, real frames, groups and engines, with partitions, merges,
 * crashes, frozen daemons and members that read slowly. Members that end come back as new processes.
 */
import { generate } from '../../simulation/generate.js';
import type { Act, Kind, Plan } from '../../simulation/plan.js';
import { World } from '../../simulation/world.js';
import { Random } from '../../support/random.js';
import { Overheard } from '../liars.js';
import { someClock } from '../recipe-world.js';
import { Guest } from './guests.js';
import { SimulatedMember } from './member.js';
import type { Rules, Subject } from './subject.js';
import { subjectsOf } from './subjects.js';

const DAEMONS = 5;
/** More than half of all members there can be. */
const QUORUM = 3;
const PROFILES = ['three-way', 'flapping', 'nested', 'freeze', 'crash', 'all', 'corosync', 'one-way'];
/** Milliseconds within which all have started. */
const STARTS = 300;
/** Between two deeds, at most. */
const PACE = 12;
/** Within which a daemon that stops has stopped. */
const STOPS = 2000;
/** For everything to come to rest. */
const REST = 20_000;
/** Between the end of a member and its next life. */
const AWAY = 200;
/** How many deeds are the death of a process. */
const KILLS = 0.01;
/** One world in this many has guests. */
const GUESTS_IN = 3;
/** How many deeds are of somebody who does not belong, in a world with guests. */
const LIES = 0.35;
/** How many deeds are a jump of a clock. */
const JUMPS = 0.01;

export interface PlayOptions {
  readonly kind?: Kind | undefined;
  readonly rules?: Rules;
  /** Kind of trouble; without one the seed chooses. */
  readonly profile?: string;
  /** Milliseconds between two deeds, at most. */
  readonly pace?: number;
  /** How many deeds are the death of a process. */
  readonly kills?: number;
  /** How often each deed is done; default once. */
  readonly burst?: number;
  /** Whether a stranger and a liar are there; without it the seed chooses. */
  readonly guests?: boolean;
  /** Whether a second liar is there, and both take terms to their end. */
  readonly endsTerms?: boolean;
  /** Whether clocks are right, and stay so. */
  readonly steadyClocks?: boolean;
  /** Which recipes; default all. */
  readonly subjects?: (rules: Rules) => readonly Subject[];
}

/** The end of a daemon. */
type End = Act & { readonly daemon: number };
const isEnd = (act: Act): act is End => act.do === 'crash' || act.do === 'stop';

class Play {
  readonly world: World;
  private readonly random: Random;
  private readonly members: (SimulatedMember | null)[] = Array.from({ length: DAEMONS }, () => null);
  /** Those of them that are going to end. */
  private readonly ending = new Set<number>();
  private readonly quorum: number | null;
  /** Members that read slowly hear late of everything. */
  private readonly slow = new Set<number>();
  private readonly doubled = new Set<string>();
  private readonly guests: (Guest | null)[];
  private readonly hasGuests: boolean;
  /** What was said in each group. */
  private readonly heard: ReadonlyMap<string, Overheard>;

  constructor(
    private readonly plan: Plan,
    private readonly rules: Rules,
    private readonly subjects: readonly Subject[],
    private readonly options: PlayOptions,
  ) {
    this.quorum = rules.quorum;
    this.hasGuests = options.guests ?? plan.seed % GUESTS_IN === 0;
    this.guests = Array.from({ length: options.endsTerms ? 3 : 2 }, () => null);
    this.heard = new Map(this.hasGuests ? subjects.map(({ group }) => [group, new Overheard()]) : []);
    this.random = new Random(plan.seed ^ 0x5eed);
    this.world = new World({ ...plan, clients: [], steps: plan.steps.filter(({ act }) => !isEnd(act)) });
  }

  /** @returns what was wrong */
  run(): string[] {
    const { loop } = this.world;
    const { steps, end } = this.plan;
    for (let index = 0; index < DAEMONS; index++) this.startSoon(index, this.random.below(STARTS));
    if (this.hasGuests) for (const i of this.guests.keys()) this.welcomeSoon(i, this.random.below(STARTS));
    for (const { at, act } of steps) if (isEnd(act)) loop.after(at, () => this.endOne(act));
    for (let at = STARTS; at < end; at += 1 + this.random.below(this.options.pace ?? PACE))
      loop.after(at, () => this.act());
    this.world.run();
    this.mend();
    loop.runTo(loop.now + REST);
    for (const member of this.up) for (const subject of this.subjects) this.deed(member, subject);
    loop.runTo(loop.now + REST);
    const violations = this.world.violations.map(({ property, text }) => `${property}: ${text}`);
    return [...violations, ...this.doubled, ...this.faults()];
  }

  private get up(): SimulatedMember[] {
    return this.members.filter((member): member is SimulatedMember => member?.isUp === true);
  }

  private faults(): string[] {
    const { up } = this;
    if (up.length < DAEMONS) return [`only ${up.length} members are there at the end`];
    return this.subjects.flatMap((subject, i) =>
      subject.faults(up.flatMap(({ seats }) => seats[i] ?? [])).map((fault) => `${subject.group}: ${fault}`),
    );
  }

  private startSoon(index: number, delay: number): void {
    this.world.loop.after(delay, () => this.start(index));
  }

  private start(index: number): void {
    const { loop, daemons } = this.world;
    const daemon = daemons[index];
    if (!daemon?.process.isRunning) return this.startSoon(index, AWAY);
    this.ending.delete(index);
    const isSlow = this.random.chance(0.2);
    if (isSlow) this.slow.add(index);
    else this.slow.delete(index);
    const plan = {
      name: `m${index}`,
      ahead: this.options.steadyClocks ? 0 : someClock(this.random),
      heard: this.heard,
      membership: true,
      latency: this.random.next() * 3,
      chunk: isSlow ? 200 + this.random.below(2000) : 65_536,
      pause: isSlow ? this.random.next() * 20 : 0,
      socketBytes: isSlow ? 4096 : 65_536,
    };
    this.members[index] = new SimulatedMember(
      index,
      daemon,
      plan,
      loop,
      this.subjects,
      () => this.startSoon(index, AWAY + this.random.below(AWAY)),
      (subject) => this.countHolders(subject),
    );
  }

  /** One whose daemon hears nothing any more, because Corosync hangs, has lost what it held before another has it. */
  private countHolders(subject: Subject): void {
    if (this.quorum === null) return;
    const holders = subject.holders?.() ?? [];
    if (holders.length < 2) return;
    for (const { index, id } of holders) {
      if (!this.world.fabric.isHung?.(index) || this.slow.has(index)) continue;
      const names = holders.map((each) => each.id).join(' and ');
      this.doubled.add(`${subject.group}: ${names} hold it, and the Corosync of ${id} hangs`);
    }
  }

  /** The first of them is a stranger. They come and come again wherever a daemon runs. */
  private welcomeSoon(place: number, delay: number): void {
    const { heard: known, options, random, rules, world } = this;
    const liar = place === 0 ? null : place;
    const plan = { liar, rules, known, random, isEnding: options.endsTerms === true };
    world.loop.after(delay, () => {
      const daemon = random.pick([...world.daemons.values()]);
      if (!daemon?.process.isRunning) return this.welcomeSoon(place, AWAY);
      this.guests[place] = new Guest(daemon, world.loop, plan, () => {
        this.guests[place] = null;
        this.welcomeSoon(place, AWAY);
      });
    });
  }

  /** A deed of somebody. Now and then somebody's process dies, and a clock jumps. */
  private act(): void {
    const { random, up } = this;
    if (this.hasGuests && random.chance(LIES)) return random.pick(this.guests)?.act();
    if (up.length === 0) return;
    const member = random.pick(up);
    if (!this.options.steadyClocks && random.chance(JUMPS)) member.jump(someClock(random));
    if (random.chance(this.options.kills ?? KILLS) && this.mayEnd(member.index)) member.kill();
    else {
      const subject = random.pick(this.subjects);
      for (let i = this.options.burst ?? 1; i > 0; i--) this.deed(member, subject);
    }
  }

  private deed(member: SimulatedMember, subject: Subject): void {
    const seat = member.seats.find((each) => each.subject === subject);
    if (seat?.isMember) seat.give((_, now) => subject.act(seat, this.random, now));
  }

  /** A daemon ends, and its member with it. */
  private endOne(act: End): void {
    if (this.mayEnd(act.daemon)) this.world.act(act);
  }

  /** With a quorum recipes promise what they promise as long as so many members have their state that a quorum does. */
  private mayEnd(index: number): boolean {
    const { quorum } = this;
    if (quorum === null) return true;
    const settled = this.up.filter(
      (member) =>
        member.index !== index &&
        !this.ending.has(member.index) &&
        member.seats.every((seat) => seat.isMember && seat.subject.isSettled(seat)),
    );
    if (settled.length < quorum) return false;
    this.ending.add(index);
    return true;
  }

  /** Everything that a fault has left broken is whole again. */
  private mend(): void {
    const all = [...this.world.daemons.keys()];
    this.world.act({ do: 'connect-sides', sides: [all] });
    for (const daemon of all) {
      for (const from of all) this.world.act({ do: 'hear', daemon, from });
      this.world.act({ do: 'corosync', daemon, what: 'thaw' });
      this.world.act({ do: 'corosync', daemon, what: 'start' });
      this.world.act({ do: 'thaw', daemon });
      this.world.startDaemon(daemon);
      // One that is stopping just now.
      this.world.loop.after(STOPS, () => this.world.startDaemon(daemon));
    }
  }
}

/** @returns what was wrong, a line each */
export function play(seed: number, options: PlayOptions = {}): string[] {
  // So that each kind of trouble meets each kind of rules.
  const profile = options.profile ?? PROFILES[(seed + Math.floor(seed / PROFILES.length)) % PROFILES.length];

  const plan = generate(seed, {
    ...(options.kind && { kind: options.kind }),
    profile: profile ?? 'all',
    change: { daemons: DAEMONS, slow: 0, clients: 0 },
  });
  const rules = options.rules ?? {
    quorum: seed % 4 < 2 ? QUORUM : null,
    prefer: seed % 8 < 4 ? 'first' : 'oldest',
  };
  const subjects = (options.subjects ?? subjectsOf)(rules);
  try {
    return new Play(plan, rules, subjects, options).run();
  } catch (error) {
    return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
}
