/**
 * Which daemons are together, as clients see it: at each daemon a session in one group. It connects again when its daemon
 * comes back.
 */
import { connect, type Connection } from '../../../lib/index.js';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../wait.js';
import type { Cluster } from './cluster.js';
import type { ClusterNode } from './node.js';

const GROUP = 'rig-watch';
const NAME = 'watch';
const RETRY_MS = 20;
const CONNECT_MS = 2_000;
const LIMIT = 30_000;

/** A view that a watching session has got. */
export interface Sighting {
  /** Clock of this process, milliseconds. */
  readonly at: number;
  readonly cause: string;
  /** Private groups of the members. */
  readonly members: readonly string[];
  readonly id: string;
}

/** The watching session of one node. */
export class NodeWatch {
  /** All views so far. */
  readonly sightings: Sighting[] = [];
  private connection: Connection | null = null;
  private isOver = false;
  private readonly loop: Promise<void>;

  constructor(private readonly node: ClusterNode) {
    this.loop = this.run();
  }

  /** The last view; null without a session. */
  get last(): Sighting | null {
    return this.connection ? (this.sightings.at(-1) ?? null) : null;
  }

  /** Names of the daemons in the last view. */
  get daemons(): string[] {
    return this.last?.members.map((member) => member.slice(member.lastIndexOf('#') + 1)) ?? [];
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.connection?.close();
    await this.loop;
  }

  private async run(): Promise<void> {
    while (!this.isOver) {
      await this.watch().catch(() => undefined);
      this.connection = null;
      if (!this.isOver) await pause(RETRY_MS);
    }
  }

  private async watch(): Promise<void> {
    const connection = await connect({ address: this.node.address, name: NAME, timeoutMs: CONNECT_MS });
    this.sightings.length = 0;
    this.connection = connection;
    if (this.isOver) await connection.close();
    void connection.join(GROUP).catch(() => undefined);
    for await (const event of connection) {
      if (event.kind !== 'view') continue;
      const { cause, members } = event;
      this.sightings.push({ at: performance.now(), cause, members, id: event.id.join(' ') });
    }
  }
}

export class Watch {
  readonly nodes: readonly NodeWatch[];

  constructor(cluster: Cluster) {
    this.nodes = cluster.nodes.map((node) => new NodeWatch(node));
  }

  of(number: number): NodeWatch {
    const watch = this.nodes[number - 1];
    if (!watch) throw new Error(`there is no node ${number}`);
    return watch;
  }

  /** The daemons of these nodes are together with nobody else, and know it. */
  isTogether(numbers: readonly number[]): boolean {
    const watches = numbers.map((number) => this.of(number));
    const ids = new Set(watches.map(({ last }) => last?.id));
    return ids.size === 1 && watches.every(({ daemons }) => daemons.length === numbers.length);
  }

  /** Resolves when the daemons of these nodes are together with nobody else; default all nodes. */
  async together(numbers = this.nodes.map((_, i) => i + 1), limit = LIMIT): Promise<void> {
    await eventually(() => this.isTogether(numbers), `daemons ${numbers.join(', ')} in one view`, limit);
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((watch) => watch.stop()));
  }
}
