/**
 * A client that says what it has no business to say. As a stranger it joined nothing: whatever it sends changes nothing.
 * As a liar it is a member of recipes' groups, and says there what others said, as it was and damaged.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { connect, type Connection } from '../../../../lib/index.js';
import type { Random } from '../../random.js';
import type { ClusterNode } from '../node.js';
import type { Loot } from './loot.js';

const CONNECT_MS = 3_000;
const RETRY_MS = 200;
/** Longest pause between two deeds. */
const IDLE_MS = 150;

/** Begins the names of all of them. */
const INTRUDER = 'evil';

/** Whether a private name is that of an intruder: no load client believes a word of it. */
export const isIntruder = (id: string): boolean => id.startsWith(`#${INTRUDER}`);

export interface Prey {
  /** Groups in which it speaks, and those of them that it joins. */
  readonly groups: readonly string[];
  readonly joins: readonly string[];
  /** Private names to which it speaks, with a group for each whose words it takes. */
  readonly members: readonly { readonly name: string; readonly group: string }[];
}

export class Intruder {
  sent = 0;
  private isOver = false;
  private connection: Connection | null = null;
  private readonly loop: Promise<void>;

  constructor(
    private readonly node: ClusterNode,
    private readonly name: string,
    private readonly prey: Prey,
    private readonly loot: Loot,
    private readonly random: Random,
  ) {
    this.loop = this.run();
  }

  async end(): Promise<void> {
    this.isOver = true;
    await this.connection?.close();
    await this.loop;
  }

  private async run(): Promise<void> {
    while (!this.isOver) {
      await this.visit().catch(() => undefined);
      if (!this.isOver) await pause(RETRY_MS);
    }
  }

  /** One connection to its end. */
  private async visit(): Promise<void> {
    const { address } = this.node;
    const connection = await connect({ address, name: `${INTRUDER}${this.name}`, timeoutMs: CONNECT_MS });
    this.connection = connection;
    for (const group of this.prey.joins) connection.join(group).catch(() => undefined);
    while (connection.open && !this.isOver) {
      await this.deed(connection);
      await pause(this.random.below(IDLE_MS));
    }
    await connection.close();
  }

  private async deed(connection: Connection): Promise<void> {
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
