/** Members of one view-synchronous group at every daemon, and what they must have seen when all is quiet. */
import { check } from '../../../flush/checks/all.js';
import type { Random } from '../../random.js';
import { eventually } from '../../wait.js';
import type { Cluster } from '../cluster.js';
import { SynchronousClient } from './synchronous-client.js';

const SETTLE_LIMIT = 60_000;

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
    const logs = this.all.flatMap((client) => client.logs);
    const count = (kind: string): number =>
      logs.reduce((sum, { entries }) => sum + entries.filter((entry) => entry.kind === kind).length, 0);
    return `${logs.length} view-synchronous memberships, ${count('view')} views, ${count('send')} messages sent, ${count('data')} delivered`;
  }

  /** @returns what was not kept, and who is not in the one view that all are to be in */
  async faults(): Promise<string[]> {
    await Promise.all(this.all.map((client) => client.rest()));
    const ids = this.all
      .map(({ id }) => id)
      .toSorted()
      .join(' ');
    const areTogether = (): boolean =>
      new Set(this.all.map(({ view }) => view)).size === 1 &&
      this.all[0]?.view.split(' ').slice(1).toSorted().join(' ') === ids;
    const views = (): string => this.all.map(({ id, view }) => `${id} has ${view || 'no view'}`).join('; ');
    const apart = await eventually(areTogether, 'one view of all', SETTLE_LIMIT)
      .then(() => this.heardAll())
      .then(
        () => [],
        (error: Error) => [`${error.message}: ${views()}`],
      );
    const violations = check(this.all.flatMap(({ logs }) => logs));
    return [...apart, ...violations.map(({ property, text }) => `${property}: ${text}`)];
  }

  /** When everybody has heard everybody, nothing is on its way any more. */
  private async heardAll(): Promise<void> {
    const marks = await Promise.all(this.all.map((client) => client.mark()));
    const haveAll = (): boolean => this.all.every((client) => marks.every((id) => client.has(id)));
    await eventually(haveAll, 'a last message of all', SETTLE_LIMIT);
  }

  async end(): Promise<void> {
    await Promise.all(this.all.map((client) => client.end()));
  }
}
