/** Members of one view-synchronous group at every daemon, and what they must have seen when all is quiet. */
import { check } from '../../../flush/checks/all.js';
import type { MembershipLog } from '../../../flush/checks/log.js';
import type { Random } from '../../random.js';
import type { Cluster } from '../cluster.js';
import { gathered } from './group-member.js';
import { SynchronousClient } from './synchronous-client.js';

export class SynchronousClients {
  private readonly all: readonly SynchronousClient[];

  constructor(cluster: Cluster, random: Random) {
    this.all = cluster.nodes.flatMap((node) =>
      [true, false].map(
        (isManual) => new SynchronousClient(node, isManual ? 'vm' : 'va', isManual, random.fork()),
      ),
    );
  }

  get figures(): string {
    const { logs } = this;
    const count = (kind: string): number =>
      logs.reduce((sum, { entries }) => sum + entries.filter((entry) => entry.kind === kind).length, 0);
    return `${logs.length} view-synchronous memberships, ${count('view')} views, ${count('send')} messages sent, ${count('data')} delivered`;
  }

  /** Of all memberships. */
  get logs(): readonly MembershipLog[] {
    return this.all.flatMap(({ logs }) => logs);
  }

  /** @returns what was not kept, and who is not in the one view that all are to be in */
  async faults(): Promise<string[]> {
    const apart = await gathered(this.all);
    return [...apart, ...check(this.logs).map(({ property, text }) => `${property}: ${text}`)];
  }

  async end(): Promise<void> {
    await Promise.all(this.all.map((client) => client.end()));
  }
}
