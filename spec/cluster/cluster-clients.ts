/** A client at each node of a rig, for what clients do together; and what is told to each of them. */
import { connect } from '../../lib/client/connect.js';
import type { Connection } from '../../lib/client/connection.js';
import { eventually } from '../support/wait.js';
import type { Rig } from './shared.js';

/** Milliseconds for the daemons of a rig to notice a break or a merge, several times over. */
export const LIMIT = 20_000;

export class ClusterClients implements AsyncDisposable {
  private constructor(
    readonly rig: Rig,
    /** In the order of the nodes. */
    readonly connections: Connection[],
  ) {}

  static async gather(rig: Rig): Promise<ClusterClients> {
    const company = new ClusterClients(rig, []);
    for (const node of rig.cluster.nodes) await company.hire(node.number);
    return company;
  }

  /** Another connection at the node, in the place of the one before. */
  async hire(node: number): Promise<Connection> {
    const { address } = this.rig.cluster.node(node);
    const connection = await connect({ address, name: 'x', timeoutMs: 5000 });
    this.connections[node - 1] = connection;
    return connection;
  }

  /** @param open of a recipe, at every connection */
  async all<T>(open: (connection: Connection, node: number) => Promise<T>): Promise<[T, T, T]> {
    const made: T[] = [];
    for (const [i, connection] of this.connections.entries()) made.push(await open(connection, i + 1));
    return made as [T, T, T];
  }

  /** The node hears nobody. Resolves when every daemon knows. */
  async cut(node: number): Promise<void> {
    const { cluster, watch } = this.rig;
    const others = cluster.nodes.map(({ number }) => number).filter((number) => number !== node);
    cluster.network.split([others, [node]]);
    await watch.together(others);
    await watch.together([node]);
  }

  /** Resolves when all daemons are together. */
  async heal(): Promise<void> {
    this.rig.cluster.network.heal();
    await this.rig.watch.together();
  }

  /** SIGKILL for a daemon. Resolves when the others know. */
  async kill(node: number): Promise<void> {
    const { cluster, watch } = this.rig;
    await cluster.node(node).running('sspd').kill();
    await watch.together(cluster.nodes.map(({ number }) => number).filter((number) => number !== node));
  }

  /** It is started again, and all are together. */
  async revive(node: number): Promise<void> {
    const { cluster, watch } = this.rig;
    cluster.node(node).start('sspd');
    await cluster.node(node).listening();
    await watch.together();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.connections.map((connection) => connection.close()));
  }
}

export const nameAt = (node: number): string => `#x#dmn${node}`;

/** Whether a promise is still open. */
export class Outcome<T> {
  state: 'open' | 'kept' | 'broken' = 'open';
  error: unknown;

  constructor(readonly promise: Promise<T>) {
    void this.follow();
  }

  /** Its value, when it comes before the limit. */
  async kept(what: string): Promise<T> {
    await eventually(() => this.state !== 'open', what, LIMIT);
    return await this.promise;
  }

  private async follow(): Promise<void> {
    try {
      await this.promise;
      this.state = 'kept';
    } catch (error) {
      this.state = 'broken';
      this.error = error;
    }
  }
}
