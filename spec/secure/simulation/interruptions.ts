/**
 * Three members, and one interruption at any step of an agreement: one leaves, dies, is parted from the others or comes
 * back to them. Everything that a cut may leave open is tried, one after the other.
 */
import type { SecureMachine } from '../../../lib/secure/core/machine.js';
import { AGREED_MESS, SAFE_MESS } from '../../../lib/wire/service.js';
import { DepthFirst, theFirst, type Choices } from '../../support/group-network/choices.js';
import { Random } from '../../support/random.js';
import { hexOf } from '../token-provider.js';
import type { Violation } from './log.js';
import type { SecureMember } from './member.js';
import { type Daemon, type MemberStart, type Planted, SecureWorld } from './world.js';

/** What is agreed on when the interruption comes. */
export const scenarios = ['join', 'death', 'rekey', 'merge'] as const;
export type Scenario = (typeof scenarios)[number];

export const acts = ['leave', 'die', 'part', 'merge'] as const;
export type Act = (typeof acts)[number];

export interface Interruption {
  readonly scenario: Scenario;
  readonly step: number;
  /** Place of the member that it concerns. */
  readonly who: number;
  readonly act: Act;
  /** Whether daemons may be ahead of others at a cut. */
  readonly hasLeads: boolean;
}

const HONEST: MemberStart = {
  isAuthorized: true,
  isManual: false,
  isLate: false,
  isLiar: false,
  skew: 0,
  certificate: Infinity,
  rejoins: true,
};

const NAMES = ['ann', 'bob', 'cyd'];

/** Steps after which every agreement has come to its end; the specs check that it has. */
export const STEPS = 14;

const idOf = (machine: SecureMachine | undefined): string => hexOf(machine?.id ?? new Uint8Array(0));

class Trial {
  private readonly world: SecureWorld;
  private readonly daemons: readonly Daemon[];
  private turn = 0;
  /** Id of the view in which the agreement begins. */
  private before = '';

  constructor(
    private readonly interruption: Interruption,
    private readonly choices: Choices,
    planted: Planted | null,
    tell?: (line: string) => void,
  ) {
    const options = {
      mode: 'group',
      answers: 'same',
      hostile: 'none',
      hasRekeys: false,
      daemons: 3,
      repeatsIds: false,
    } as const;
    this.world = new SecureWorld(options, new Random(1), tell, planted);
    this.world.network.hasLeads = interruption.hasLeads;
    this.daemons = this.world.network.daemons;
  }

  play(): Violation[] {
    const { world } = this;
    const { step } = this.interruption;
    this.begin();
    for (let i = 0; i < step; i++) this.step();
    this.interrupt();
    for (let i = 0; i < 6; i++) this.step();
    return world.violations(world.settle());
  }

  /** Whether everybody has the key again after this many steps without any interruption. */
  get isOver(): boolean {
    this.begin();
    for (let i = 0; i < this.interruption.step; i++) this.step();
    return this.world.living.every(
      ({ machine, isWaiting }) => machine.state === 'secure' && !isWaiting && idOf(machine) !== this.before,
    );
  }

  private begin(): void {
    const { world, daemons } = this;
    const { scenario, who, act } = this.interruption;
    const others = daemons.filter((_, i) => i !== who);
    const names = scenario === 'join' ? NAMES.slice(0, 2) : NAMES;
    for (const [i, name] of names.entries()) world.start(daemons[i] as Daemon, name, HONEST);
    this.calm();
    // Who is to come back is apart from the beginning.
    if (act === 'merge') this.part(who);
    else if (scenario === 'merge') this.part(2);
    this.calm();
    this.before = idOf(world.living[0]?.machine);
    if (scenario === 'join') world.start(daemons[2] as Daemon, NAMES[2] as string, HONEST);
    else if (scenario === 'rekey') this.memberOf(others[0] as Daemon)?.rekey();
    else if (scenario === 'death') world.die(this.memberOf(others.at(-1) as Daemon) as SecureMember);
    else if (act === 'merge') this.part(who);
    else world.regroup([daemons], theFirst);
  }

  private part(who: number): void {
    const { daemons } = this;
    this.world.regroup([[daemons[who] as Daemon], daemons.filter((_, i) => i !== who)], theFirst);
  }

  private interrupt(): void {
    const { world, daemons, choices } = this;
    const { act, who } = this.interruption;
    const daemon = daemons[who] as Daemon;
    const member = this.memberOf(daemon);
    if (act === 'part') world.regroup([[daemon], daemons.filter((each) => each !== daemon)], choices);
    else if (act === 'merge') world.regroup([daemons], choices);
    else if (!member?.isAlive) return;
    else if (act === 'leave') world.leave(member);
    else world.die(member);
  }

  private memberOf(daemon: Daemon): SecureMember | undefined {
    return this.world.members.find(({ id }) => id.endsWith(`#${daemon.name}`));
  }

  /** One entry of the order; somebody sends, now safe, now agreed. */
  private step(): void {
    const { world } = this;
    const { living } = world;
    const sender = living[this.turn % Math.max(1, living.length)];
    if (sender && this.turn % 3 === 0)
      world.submit(sender, this.turn % 2 === 0 ? SAFE_MESS : AGREED_MESS, null);
    this.turn++;
    world.round();
  }

  private calm(): void {
    while (this.world.round());
  }
}

/** Plays it with everything that a cut may leave open. @returns the first that is wrong, and how many were played */
export function tryAll(
  interruption: Interruption,
  planted: Planted | null = null,
): { readonly fault: string | null; readonly runs: number } {
  const choices = new DepthFirst();
  let runs = 0;
  do {
    runs++;
    const [first] = new Trial(interruption, choices, planted).play();
    if (first)
      return {
        fault: `${JSON.stringify(interruption)} ${choices.list.join()}: ${first.property}: ${first.text}`,
        runs,
      };
  } while (choices.advance());
  return { fault: null, runs };
}

/** Plays it with what chance leaves open at a cut. @returns what is wrong */
export function tryOnce(interruption: Interruption, choices: Choices): string | null {
  const [first] = new Trial(interruption, choices, null).play();
  return first ? `${JSON.stringify(interruption)}: ${first.property}: ${first.text}` : null;
}

export const isOverAt = (scenario: Scenario, step: number): boolean =>
  new Trial({ scenario, step, who: 2, act: 'leave', hasLeads: false }, theFirst, null).isOver;

/** All interruptions. */
export function* interruptions(): Generator<Interruption> {
  for (const scenario of scenarios)
    for (let step = 0; step <= STEPS; step++)
      for (let who = 0; who < NAMES.length; who++)
        for (const act of acts)
          for (const hasLeads of act === 'part' || act === 'merge' ? [false, true] : [false])
            yield { scenario, step, who, act, hasLeads };
}
