/** What worlds by chance have in common: steps of the network, cuts and merges, members that handle things late. */
import {
  AGREED_MESS,
  CAUSAL_MESS,
  FIFO_MESS,
  RELIABLE_MESS,
  SAFE_MESS,
  UNRELIABLE_MESS,
} from '../../../lib/wire/service.js';
import { partitions, theFirst } from '../../support/group-network/choices.js';
import type { Daemon, GroupClient } from '../../support/group-network/daemon.js';
import type { Random } from '../../support/random.js';
import type { LayerSession } from './session.js';
import type { SessionWorld } from './session-world.js';

/** How likely each is in a round of one world. */
export interface ChanceStyle {
  readonly cut: number;
  readonly cascade: number;
  readonly join: number;
  readonly leave: number;
  readonly die: number;
  readonly send: number;
  /** Of members that flush late. */
  readonly late: number;
  readonly answer: number;
  /** Whether members handle at once what comes. */
  readonly isPrompt: boolean;
  readonly mostMembers: number;
  readonly mostSteps: number;
  readonly rounds: number;
}

export const services = [
  UNRELIABLE_MESS,
  RELIABLE_MESS,
  FIFO_MESS,
  CAUSAL_MESS,
  AGREED_MESS,
  SAFE_MESS,
  SAFE_MESS,
];

export abstract class ChanceWorld<
  Style extends ChanceStyle,
  World extends SessionWorld<Member, Client>,
  Member extends Client & LayerSession,
  Client extends GroupClient = Member,
> {
  protected readonly partitions: Daemon<Client>[][][];
  protected named = 0;

  constructor(
    protected readonly world: World,
    protected readonly random: Random,
    protected readonly style: Style,
    hasLeads: () => boolean,
  ) {
    this.partitions = partitions(world.network.daemons);
    world.network.hasLeads = hasLeads();
  }

  /** @param settling steps before the first round, in some worlds */
  protected playRounds(settling: number): void {
    const { random, style } = this;
    const first = 1 + random.below(style.mostMembers);
    for (let i = 0; i < first; i++) this.start();
    if (random.chance(0.6)) this.run(settling);
    for (let rounds = style.rounds; rounds > 0; rounds--) this.round();
  }

  /** A new member. */
  protected abstract start(): void;

  /** What members, others and the network do in one round. */
  protected abstract round(): void;

  /** Steps of the network; members handle what came, at once or later. */
  protected run(steps: number): void {
    const { random, style, world } = this;
    for (let i = 0; i < steps; i++) {
      const isBusy = world.network.step();
      for (const member of world.living) {
        if (style.isPrompt) world.handle(member, 1000);
        else if (random.chance(0.6)) world.handle(member, 1 + random.below(4));
      }
      if (!isBusy && !world.living.some(({ isWaiting }) => isWaiting)) return;
    }
  }

  protected regroup(): void {
    const { random, style, world } = this;
    const choices = random.chance(0.3) ? theFirst : random;
    world.regroup(this.sets(), choices);
    while (random.chance(style.cascade)) {
      this.run(random.below(3));
      world.regroup(this.sets(), choices);
    }
  }

  protected sets(): readonly (readonly Daemon<Client>[])[] {
    const { random, world } = this;
    return random.chance(0.4) ? [world.network.daemons] : random.pick(this.partitions);
  }
}
