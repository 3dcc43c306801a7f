/** Worlds by chance: each has a style of its own, so that some are calm and others are never at rest. */
import { SELF_DISCARD } from '../../../lib/wire/service.js';
import { type ChanceStyle, ChanceWorld, services } from '../../flush/simulation/chance-world.js';
import { Random } from '../../support/random.js';
import type { Violation } from './log.js';
import type { SecureMember } from './member.js';
import { type Planted, SecureWorld, type WorldOptions } from './world.js';

interface Style extends ChanceStyle {
  readonly rekey: number;
  readonly revoke: number;
  /** Of members: lies, shows an identity that nobody authorises, asks for control. */
  readonly liar: number;
  readonly outsider: number;
  readonly manual: number;
  readonly skewed: number;
  readonly invent: number;
  readonly pass: number;
  readonly mostPass: number;
}

function styleOf(random: Random, options: WorldOptions): Style {
  const { hostile, answers } = options;
  const isCalm = random.chance(0.3);
  const hasLiars = hostile === 'member' || hostile === 'both';
  return {
    cut: isCalm ? 0.3 : random.next() * 0.3,
    cascade: random.chance(0.3) ? 0.3 : 0,
    join: isCalm ? 0.05 : 0.1 + random.next() * 0.3,
    leave: isCalm ? 0 : random.next() * 0.1,
    die: isCalm ? 0 : random.next() * 0.1,
    send: 0.2 + random.next() * 0.5,
    rekey: options.hasRekeys || random.chance(0.5) ? 0.1 : 0,
    revoke: answers === 'revoking' ? 0.03 : 0,
    answer: random.next(),
    liar: hasLiars ? 0.4 : 0,
    outsider: random.chance(0.3) ? 0.2 : 0,
    manual: random.next(),
    late: random.next(),
    skewed: answers === 'differing' ? 0.2 : 0,
    invent: hostile === 'daemon' || hostile === 'both' ? 0.5 : 0,
    pass: random.next() * 0.8,
    mostPass: random.pick([100, 3_000, 20_000]),
    isPrompt: random.chance(0.4),
    mostMembers: 2 + random.below(4),
    mostSteps: 2 + random.below(30),
    rounds: 6 + random.below(20),
  };
}

export interface PlayedWorld {
  readonly violations: readonly Violation[];
  readonly views: number;
  readonly rekeys: number;
  readonly messages: number;
}

/** What a seed says of its world. */
export function optionsOf(seed: number): WorldOptions {
  const random = new Random(seed ^ 0x5ec);
  return {
    mode: random.chance(0.3) ? 'member' : 'group',
    answers: random.pick(['same', 'same', 'same', 'slow', 'expiring', 'differing', 'revoking'] as const),
    hostile: random.pick(['none', 'none', 'none', 'daemon', 'member', 'both'] as const),
    hasRekeys: random.chance(0.4),
    daemons: random.pick([1, 2, 3, 3]),
    repeatsIds: random.chance(0.1),
  };
}

/** Plays the world of a seed to its end. */
export function playRandom(
  seed: number,
  options: WorldOptions = optionsOf(seed),
  planted: Planted | null = null,
  tell?: (line: string) => void,
): PlayedWorld {
  const random = new Random(seed);
  const world = new SecureWorld(options, random, tell, planted);
  const isQuiet = new RandomWorld(world, random, styleOf(random, options)).play();
  const violations = world.violations(isQuiet);
  const entries = world.evidence.logs.flatMap((log) => log.entries);
  const count = (kind: string): number => entries.filter((entry) => entry.kind === kind).length;
  return { violations, views: count('view'), rekeys: count('rekeyed'), messages: count('data') };
}

class RandomWorld extends ChanceWorld<Style, SecureWorld, SecureMember> {
  constructor(world: SecureWorld, random: Random, style: Style) {
    super(world, random, style, () => random.chance(0.5));
  }

  play(): boolean {
    this.playRounds(300);
    return this.world.settle();
  }

  protected round(): void {
    const { random, style, world } = this;
    if (random.chance(0.5)) world.network.turn = random.below(world.network.daemons.length);
    for (const member of world.living) this.act(member);
    if (random.chance(style.invent)) world.invent();
    if (random.chance(style.join) && world.living.length < style.mostMembers) this.start();
    if (random.chance(style.cut)) this.regroup();
    if (random.chance(style.pass)) world.pass(random.below(style.mostPass));
    this.run(random.below(style.mostSteps));
  }

  protected start(): void {
    const { random, style, world } = this;
    const isExpiring = world.options.answers === 'expiring' && random.chance(0.4);
    world.start(random.pick(world.network.daemons), `n${++this.named}`, {
      isAuthorized: !random.chance(style.outsider),
      isManual: random.chance(style.manual),
      isLate: random.chance(style.late),
      isLiar: random.chance(style.liar),
      skew: random.chance(style.skewed) ? random.below(800) - 400 : random.below(100) - 50,
      certificate: isExpiring ? random.below(60) : Infinity,
      rejoins: !random.chance(0.1),
    });
  }

  private act(member: SecureMember): void {
    const { random, style, world } = this;
    while (random.chance(style.send)) this.send(member);
    if (random.chance(style.answer)) world.answerOne(member);
    if (member.isLate && random.chance(style.answer)) {
      if (random.chance(0.3)) this.send(member);
      member.flushLate();
    }
    if (random.chance(style.rekey)) member.rekey();
    if (random.chance(style.revoke)) world.revoke(member);
    if (random.chance(style.leave)) {
      if (member.isIn) world.leave(member);
      else world.comeBack(member);
    } else if (random.chance(style.die)) world.die(member);
  }

  private send(member: SecureMember): void {
    const { random, world } = this;
    const service = random.pick(services) | (random.chance(0.1) ? SELF_DISCARD : 0);
    const isToSome = member.known.length > 0 && random.chance(0.2);
    world.submit(member, service, isToSome ? random.several(member.known, 1 + random.below(3)) : null);
  }
}
