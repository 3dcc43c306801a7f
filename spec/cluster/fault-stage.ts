/**
 * Three daemons with a member each, to which the same is done on real nodes and in a cluster of `ssp-toolkit/testing`; and what
 * each member sees.
 */
import type { Socket } from 'node:net';
import { type Cluster, cluster } from '../../daemon/testing/index.js';
import { connect, type Connection, type Group } from '../../lib/index.js';
import { withPlatform } from '../../lib/mailbox/platform.js';
import { openSocket } from '../../lib/mailbox/socket-transport.js';
import { word } from '../client/support.js';
import { ROLES } from '../support/cluster/node.js';
import { eventually } from '../support/wait.js';
import { LIMIT } from './cluster-clients.js';
import type { Rig } from './shared.js';

const GROUP = 'faults';
const NAMES = ['dmn1', 'dmn2', 'dmn3'] as const;

/** A member of the group, and all that it has seen. */
export class StageMember {
  readonly words: string[] = [];

  constructor(
    readonly connection: Connection,
    readonly group: Group,
  ) {
    group.on('event', (event) => void this.words.push(word(event)));
    connection.on('close', (error) => void this.words.push(error?.name ?? 'closed'));
  }

  async say(text: string): Promise<void> {
    await this.connection.send(GROUP, text);
  }
}

/** What can be done to both. Daemons are numbered from 0. */
export abstract class FaultStage implements AsyncDisposable {
  readonly members: StageMember[] = [];

  protected abstract connect(daemon: number, name: string): Promise<Connection>;
  /** Resolves when each member has seen all that comes of what was done. */
  abstract settled(): Promise<void>;
  /** The sides reach themselves only; one side: the network is whole. */
  abstract divide(sides: readonly (readonly number[])[]): Promise<void>;
  abstract kill(daemon: number): Promise<void>;
  abstract start(daemon: number): Promise<void>;
  abstract stop(daemon: number): Promise<void>;
  abstract freeze(daemon: number): Promise<void>;
  abstract thaw(daemon: number): Promise<void>;
  abstract cut(member: StageMember): void;
  abstract pause(member: StageMember, isPaused: boolean): void;
  abstract [Symbol.asyncDispose](): Promise<void>;

  /** Another member, whom all others have seen join. */
  async join(daemon: number, name: string): Promise<StageMember> {
    const connection = await this.connect(daemon, name);
    const member = new StageMember(connection, await connection.join(GROUP));
    this.members.push(member);
    await this.settled();
    return member;
  }
}

export class KitStage extends FaultStage {
  /** Events of each member after each step. */
  readonly counts: number[][] = [];

  private constructor(private readonly c: Cluster) {
    super();
  }

  static async start(): Promise<KitStage> {
    return new KitStage(await cluster(NAMES.length, { names: NAMES, time: 'virtual' }));
  }

  protected override async connect(daemon: number, name: string): Promise<Connection> {
    return await this.c.connect(daemon, { name });
  }

  override async settled(): Promise<void> {
    await this.c.settled();
    this.counts.push(this.members.map(({ words }) => words.length));
  }

  override async divide(sides: readonly (readonly number[])[]): Promise<void> {
    await this.c.partition(sides);
  }

  override async kill(daemon: number): Promise<void> {
    await this.c.kill(daemon);
  }

  override async start(daemon: number): Promise<void> {
    await this.c.start(daemon);
  }

  override async stop(daemon: number): Promise<void> {
    await this.c.stop(daemon);
  }

  override async freeze(daemon: number): Promise<void> {
    await this.c.freeze(daemon);
  }

  override async thaw(daemon: number): Promise<void> {
    await this.c.thaw(daemon);
  }

  override cut({ connection }: StageMember): void {
    this.c.cut(connection);
  }

  override pause({ connection }: StageMember, isPaused: boolean): void {
    if (isPaused) this.c.pause(connection);
    else this.c.unpause(connection);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.c[Symbol.asyncDispose]();
  }
}

export class NodeStage extends FaultStage {
  private readonly sockets = new Map<Connection, Socket>();
  private steps = 0;

  /** @param counts events of each member after each step, as the kit has told them */
  constructor(
    private readonly rig: Rig,
    private readonly counts: readonly (readonly number[])[],
  ) {
    super();
  }

  protected override async connect(daemon: number, name: string): Promise<Connection> {
    const { address } = this.rig.cluster.node(daemon + 1);
    let socket: Socket | null = null;
    const open: typeof openSocket = (...args) => (socket = openSocket(...args) as Socket);
    const connection = await connect(withPlatform({ address, name }, { open }));
    if (socket) this.sockets.set(connection, socket);
    return connection;
  }

  override async settled(): Promise<void> {
    const counts = this.counts[this.steps++] ?? [];
    for (const [i, { words }] of this.members.entries()) {
      const count = counts[i] ?? 0;
      const what = (): string => `event ${count} of member ${i} in step ${this.steps}: ${words.join(', ')}`;
      await eventually(() => words.length >= count, what(), LIMIT).catch(() => {
        throw new Error(`waited in vain for ${what()}`);
      });
    }
  }

  override async divide(sides: readonly (readonly number[])[]): Promise<void> {
    const { cluster: nodes, watch } = this.rig;
    const numbers = sides.map((side) => side.map((daemon) => daemon + 1));
    if (numbers.length === 1) nodes.network.heal();
    else nodes.network.split(numbers);
    for (const side of numbers) await watch.together(side);
  }

  override async kill(daemon: number): Promise<void> {
    await this.rig.cluster
      .node(daemon + 1)
      .running('sspd')
      .kill();
    await this.rig.watch.together(this.others(daemon));
  }

  override async start(daemon: number): Promise<void> {
    const node = this.rig.cluster.node(daemon + 1);
    node.start('sspd');
    await node.listening();
    await this.rig.watch.together();
  }

  override async stop(daemon: number): Promise<void> {
    await this.rig.cluster
      .node(daemon + 1)
      .running('sspd')
      .stop();
    await this.rig.watch.together(this.others(daemon));
  }

  /** The machine is frozen, as a virtual one can be. */
  override async freeze(daemon: number): Promise<void> {
    for (const role of ROLES)
      this.rig.cluster
        .node(daemon + 1)
        .running(role)
        .freeze();
    await this.rig.watch.together(this.others(daemon));
  }

  override async thaw(daemon: number): Promise<void> {
    for (const role of ROLES)
      this.rig.cluster
        .node(daemon + 1)
        .running(role)
        .thaw();
    await this.rig.watch.together();
  }

  override cut({ connection }: StageMember): void {
    this.sockets.get(connection)?.resetAndDestroy();
  }

  override pause({ connection }: StageMember, isPaused: boolean): void {
    const socket = this.sockets.get(connection);
    if (isPaused) socket?.pause();
    else socket?.resume();
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.members.map(({ connection }) => connection.close()));
    this.rig.cluster.restore();
    await this.rig.watch.together();
  }

  private others(daemon: number): number[] {
    return [1, 2, 3].filter((number) => number !== daemon + 1);
  }
}
