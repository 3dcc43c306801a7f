/**
 * A client that says what it has no business to say. As a stranger it joined nothing: whatever it sends changes nothing.
 * As a liar it is a member of recipes' groups, and says there what others said, as it was and damaged.
 */
import type { Connection } from '../../../../lib/index.js';
import type { Random } from '../../random.js';
import type { ClusterNode } from '../node.js';
import type { Loot } from './loot.js';
import { Visitor } from './visitor.js';

const TIMES = { idle: 150, stay: Infinity, away: 400 };

export interface Prey {
  /** Groups in which it speaks, and those of them that it joins. */
  readonly groups: readonly string[];
  readonly joins: readonly string[];
  /** Private names to which it speaks, with a group for each whose words it takes. */
  readonly members: readonly { readonly name: string; readonly group: string }[];
}

export class Intruder extends Visitor {
  constructor(
    node: ClusterNode,
    name: string,
    private readonly prey: Prey,
    private readonly loot: Loot,
    random: Random,
  ) {
    super(node, name, random, TIMES);
  }

  protected arrive(connection: Connection): void {
    for (const group of this.prey.joins) connection.join(group).catch(() => undefined);
  }

  protected async deed(connection: Connection): Promise<void> {
    const { random, loot, prey } = this;
    const service = random.chance(0.5) ? 'safe' : 'agreed';
    this.sent++;
    if (random.chance(0.2)) {
      const { name, group } = random.pick(prey.members);
      await connection.sendTo(name, loot.pick(group, random), { service });
    } else {
      const group = random.pick(prey.groups);
      await connection.send(group, loot.pick(group, random), { service });
    }
  }
}
