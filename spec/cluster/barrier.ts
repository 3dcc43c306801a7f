/**
 * Keeps the order of a recording among clients of several daemons: a session at each daemon sends to itself and waits. What
 * it gets has its place in the order, so what the daemon had read before is behind nothing that is sent later.
 */
import { AGREED_MESS } from '../../lib/wire/service.js';
import type { Cluster } from '../support/cluster/cluster.js';
import { RawSession } from '../support/raw-client.js';

const NAME = 'barrier';

export class Barrier implements AsyncDisposable {
  private constructor(private readonly sessions: readonly RawSession[]) {}

  static async raise(cluster: Cluster): Promise<Barrier> {
    return new Barrier(await Promise.all(cluster.nodes.map((node) => RawSession.connect(node, NAME, false))));
  }

  /** Resolves when what was sent to the node's daemon before is in the order; at once when that was killed. */
  async pass(node: number): Promise<void> {
    const session = this.sessions[node - 1] as RawSession;
    if (session.client.closed) return;
    // Twice: of two sockets that have something to read at one time the daemon may take either one first.
    for (let i = 0; i < 2; i++) {
      session.multicast(AGREED_MESS, [session.privateGroup], '');
      await session.next();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.sessions) if (!session.client.closed) session.disconnect();
    await Promise.all(this.sessions.map(({ client }) => client.end()));
  }
}
