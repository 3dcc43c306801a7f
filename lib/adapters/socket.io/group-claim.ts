/**
 * The right to join the group of a namespace on a connection: one adapter has it at a time. A namespace may end and be made again before its
 * first adapter has left the group, or even joined it: the next one waits.
 */
import type { Connection } from '../../client/connection.js';
import { deferred } from '../../util/deferred.js';

const claims = new WeakMap<Connection, Map<string, GroupClaim>>();

function claimsOn(connection: Connection): Map<string, GroupClaim> {
  const known = claims.get(connection) ?? new Map<string, GroupClaim>();
  claims.set(connection, known);
  return known;
}

export class GroupClaim {
  /** Settles when every adapter before has left. */
  readonly free: Promise<void>;
  private readonly left = deferred<void>();
  private isLeaving = false;

  /** @throws Error when another adapter has it, which is not about to leave */
  constructor(
    private readonly connection: Connection,
    private readonly name: string,
  ) {
    const all = claimsOn(connection);
    const before = all.get(name);
    if (before && !before.isLeaving)
      throw new Error(`${name} is in use: each adapter needs a group of its own`);
    all.set(name, this);
    this.free = before ? before.left.promise : Promise.resolve();
  }

  /** The adapter closes: another one may come, and waits until it has left. */
  leave(): void {
    this.isLeaving = true;
  }

  /** It has left the group, or has never joined it. */
  async release(): Promise<void> {
    await this.free;
    const all = claimsOn(this.connection);
    if (all.get(this.name) === this) all.delete(this.name);
    this.left.resolve();
  }
}
