/** A process that has a lock, an election and a map with others, uses them, and comes back when its connection is gone. */
import { setTimeout as pause } from 'node:timers/promises';
import { connect, type Connection } from '../../../../lib/index.js';
import {
  election,
  type Election,
  lock,
  type Lock,
  map,
  type ReplicatedMap,
} from '../../../../lib/recipes/index.js';
import type { Random } from '../../random.js';
import { eventually } from '../../wait.js';
import type { ClusterNode } from '../node.js';
import type { Loot } from './loot.js';
import type { Promises } from './promises.js';

const CONNECT_MS = 3_000;
const RETRY_MS = 100;
const PATIENCE_MS = 3_000;
const REST_LIMIT = 30_000;
/** Longest pause between two deeds, and longest time with the lock. */
const IDLE_MS = 300;

/** The groups of one set of recipes. */
export const recipeGroups = (prefix: string): [lock: string, election: string, map: string] => [
  `${prefix}-lock`,
  `${prefix}-election`,
  `${prefix}-map`,
];

export interface Rules {
  /** Of the groups' names. */
  readonly prefix: string;
  readonly quorum: number;
  readonly of: number;
}

interface Tools {
  readonly connection: Connection;
  readonly lock: Lock;
  readonly election: Election;
  readonly map: ReplicatedMap<number>;
}

export class RecipeClient {
  tools: Tools | null = null;
  private isOver = false;
  private deeds = 0;
  private lives = 0;
  private readonly loop: Promise<void>;

  /** @param promises what has to hold, or null where a liar is a member */
  constructor(
    private readonly node: ClusterNode,
    private readonly rules: Rules,
    private readonly loot: Loot,
    private readonly promises: Promises | null,
    private readonly random: Random,
  ) {
    this.loop = this.run();
  }

  get id(): string {
    return `#${this.rules.prefix}#${this.node.daemon}`;
  }

  get groups(): readonly string[] {
    return recipeGroups(this.rules.prefix);
  }

  /** What the map holds, as text. */
  get entries(): string {
    return [...(this.tools?.map ?? [])].map(([key, value]) => `${key}=${value}`).join();
  }

  /** Whether it has the state of its lock, and of its map. */
  get hasStates(): readonly [lock: boolean, map: boolean] {
    const { tools } = this;
    return [tools?.lock.replica.hasState === true, tools?.map.replica.hasState === true];
  }

  /** Does nothing more, and is a member, in a new connection if need be. */
  async rest(): Promise<void> {
    this.isOver = true;
    await this.loop;
    const isThere = async (): Promise<boolean> =>
      (this.tools ?? (await this.open().catch(() => null))) !== null;
    await eventually(isThere, `a connection of ${this.id}`, REST_LIMIT);
  }

  /** Each of its recipes works. @throws Error that says which does not */
  async prove(limit: number): Promise<void> {
    const { tools, id } = this;
    if (!tools) throw new Error(`${id} has no connection`);
    const signal = AbortSignal.timeout(limit);
    const failed = (what: string) => (error: unknown) => {
      throw new Error(`${id} has no ${what}: ${(error as Error).message}`);
    };
    await (await tools.lock.acquire({ signal }).catch(failed('lock'))).release();
    await tools.election.waitForLeader({ signal }).catch(failed('leader'));
    await tools.map.set(id, -1, { signal }).catch(failed('map'));
  }

  async end(): Promise<void> {
    this.isOver = true;
    await this.loop;
    await this.tools?.connection.close();
  }

  private async run(): Promise<void> {
    while (!this.isOver) {
      const tools = this.tools ?? (await this.open().catch(() => null));
      if (tools) await this.deed(tools).catch(() => undefined);
      await pause(tools ? this.random.below(IDLE_MS) : RETRY_MS);
    }
  }

  private async open(): Promise<Tools> {
    const { node, rules } = this;
    const { prefix, quorum, of } = rules;
    const connection = await connect({ address: node.address, name: prefix, timeoutMs: CONNECT_MS });
    try {
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const groups = recipeGroups(prefix);
      const tools = {
        connection,
        lock: await lock(connection, groups[0], { quorum, maxMembers: of, signal }),
        election: await election(connection, groups[1], { quorum, signal }),
        map: await map<number>(connection, groups[2], { quorum, maxMembers: of, signal }),
      };
      // A recipe is the first to read its group, else it would not know who is there.
      for (const name of groups) {
        const group = await connection.join(name, { signal });
        group.on('data', ({ body }) => this.loot.keep(name, body));
      }
      this.follow(tools);
      this.tools = tools;
      return tools;
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  private follow({ connection, election: it }: Tools): void {
    const who = `${this.id}~${++this.lives}`;
    const { promises, node } = this;
    const lost = (): void => promises?.lost('lead', who);
    it.on('elected', ({ leader, term, isMe }) => {
      promises?.numbered('term', term, leader);
      if (isMe) promises?.granted('lead', who, node.number);
    });
    it.on('leader-lost', lost);
    connection.on('close', () => {
      lost();
      this.tools = null;
    });
  }

  private async deed({ lock: its, map: table }: Tools): Promise<void> {
    const { promises, random, id, node } = this;
    const signal = AbortSignal.timeout(PATIENCE_MS);
    if (random.chance(0.3)) {
      await table.set(`${id} ${random.below(20)}`, ++this.deeds, { signal });
      return;
    }
    const held = await its.acquire({ signal });
    const who = `${id}~${this.lives}`;
    held.signal.addEventListener('abort', () => promises?.lost('lock', who));
    if (!held.signal.aborted) {
      // Each is another number, also for the same one.
      promises?.numbered('token', held.token, `${who} ${++this.deeds}`);
      promises?.granted('lock', who, node.number);
    }
    await pause(random.below(IDLE_MS));
    // In a part without a quorum it is given back only when the parts meet again.
    await Promise.race([held.release(), pause(PATIENCE_MS)]);
  }
}
