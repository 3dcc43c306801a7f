/** How long a group takes to agree on a view with one more member: from the join until every member has the view. */
import { connect, type Connection, type Group, type SecureGroup } from '../../lib/index.js';
import { generateIdentity } from '../../lib/secure/index.js';

/** View-synchronous groups, and secure ones on top of that. */
export type GroupKind = 'flush' | 'secure';

/** Nobody seals for some only, however slow all members of one process are together. */
const SEAL_AFTER_MS = 120_000;

/** Resolves when every group has a view of that many members. */
async function agreed(groups: readonly Group[], members: number): Promise<void> {
  await Promise.all(
    groups.map(
      (group) =>
        new Promise<void>((resolve) => {
          const look = (): void => {
            if (group.view.members.length !== members) return;
            group.off('view', look);
            resolve();
          };
          group.on('view', look);
          look();
        }),
    ),
  );
}

/** A group that grows to more and more members, all of this process, at one daemon. */
export class GrowingGroup implements AsyncDisposable {
  private readonly connections: Connection[] = [];
  private readonly groups: Group[] = [];

  private constructor(
    private readonly kind: GroupKind,
    private readonly address: string,
    private readonly newcomer: Connection,
  ) {
    this.connections.push(newcomer);
  }

  static async open(kind: GroupKind, port: number): Promise<GrowingGroup> {
    const address = `${port}@127.0.0.1`;
    return new GrowingGroup(kind, address, await connect({ address, name: `${kind}-new` }));
  }

  /** Has this many members. */
  async grow(members: number): Promise<void> {
    const { connections, groups, kind, address } = this;
    while (groups.length < members) {
      const connection = await connect({ address, name: `${kind}${groups.length}` });
      connections.push(connection);
      groups.push(await this.join(connection));
    }
    await this.settled();
  }

  /** One more member joins and leaves again. @returns milliseconds from its join to its view at every member */
  async milliseconds(): Promise<number> {
    const { groups, newcomer } = this;
    const start = performance.now();
    const [group] = await Promise.all([this.join(newcomer), agreed(groups, groups.length + 1)]);
    const took = performance.now() - start;
    await group.leave();
    await this.settled();
    return took;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.connections.map((connection) => connection.close()));
  }

  /** Nothing of the last view is on its way. */
  private async settled(): Promise<void> {
    const { groups, kind } = this;
    await agreed(groups, groups.length);
    if (kind === 'secure') await Promise.all(groups.map((group) => (group as SecureGroup).confirmed()));
  }

  private async join(connection: Connection): Promise<Group> {
    const secure = {
      identity: generateIdentity(),
      authorize: (): boolean => true,
      sealAfterMs: SEAL_AFTER_MS,
      giveUpMs: SEAL_AFTER_MS,
    };
    const options = this.kind === 'secure' ? { secure } : { viewSynchrony: true };
    const group = await connection.join(this.kind, options);
    // Somebody reads it.
    group.on('event', () => undefined);
    return group;
  }
}
