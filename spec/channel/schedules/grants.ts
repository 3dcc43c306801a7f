/**
 * Who was given which name, as the applications know it. A frozen application learns late what was decided,
 * and one that has ended never does.
 */
import type { GoneReason } from '../../../lib/channel/errors.js';
import { type ClaimId, type Entry, claimText } from '../../../lib/channel/registry/entry.js';
import type { Table } from '../../../lib/channel/registry/table.js';
import { ORPHAN_TIMEOUT, type RegistryConnection } from './registry-connection.js';

export interface Grant {
  readonly name: string;
  readonly claim: ClaimId;
  readonly owner: RegistryConnection;
  /** Claims that lost the name to this one. */
  readonly over: readonly ClaimId[];
  /** Why the name is not the owner's any more. */
  end: null | 'released' | 'taken-over' | 'owner-ended';
}

type Fail = (property: string, text: string) => never;

export class Grants {
  /** Owners that were told, while they lived, that somebody has taken their name over. */
  readonly lostByTakeOver: Grant[] = [];
  takenOver = 0;
  private readonly byClaim = new Map<ClaimId, Grant>();
  /** Who took the name of a claim over, by what anybody has heard. */
  private readonly takers = new Map<ClaimId, RegistryConnection>();

  constructor(private readonly fail: Fail) {}

  get count(): number {
    return this.byClaim.size;
  }

  /** What the connection owns, as far as it knows. */
  of(owner: RegistryConnection): Grant[] {
    return [...this.byClaim.values()].filter((grant) => grant.owner === owner && grant.end === null);
  }

  /** @param from the claim that the new owner wanted to take over */
  give(owner: RegistryConnection, { name, claim, over }: Entry, from: ClaimId | null): void {
    if (this.byClaim.has(claim)) this.fail('claim-twice', `${claimText(claim)} of ${name} and another name`);
    const others = [...this.byClaim.values()].filter((other) => other.name === name && other.end === null);
    const grant: Grant = { name, claim, owner, over, end: null };
    this.byClaim.set(claim, grant);
    if (this.isTaken(claim)) {
      grant.end = 'taken-over';
      return;
    }
    for (const other of others) {
      if (!over.includes(other.claim) && !this.isTaken(other.claim))
        this.fail('two-owners', `${name} is given to ${owner.id} while ${other.owner.id} has it`);
      if (other.claim === from) this.takeOver(other, owner);
      other.end = 'taken-over';
    }
  }

  /** Somebody hears of a new entry. @param owner the connection that it says */
  opened({ over }: Entry, owner: RegistryConnection | undefined): void {
    if (owner) for (const claim of over) this.takers.set(claim, owner);
  }

  /** A connection hears that an entry is gone. */
  closed(at: RegistryConnection, { claim, name }: Entry, reason: GoneReason): void {
    const grant = this.byClaim.get(claim);
    if (!grant || grant.end !== null) return;
    const { owner } = grant;
    if (reason === 'taken-over') {
      if (owner !== at) return;
      grant.end = 'taken-over';
      this.lostByTakeOver.push(grant);
    } else if (reason === 'released' && owner.releasing.has(claim)) {
      grant.end = 'released';
    } else if (owner.isUp && (owner === at || reason !== 'conflict')) {
      // Outside of the primary component an onlooker can be told of a conflict that is decided otherwise later.
      this.fail('lost-name', `${name} of ${owner.id}, who is alive, is closed at ${at.id}: ${reason}`);
    }
  }

  /** A connection that could open the channel hears its end, with the owner in sight. */
  begunAndOver(at: RegistryConnection, { claim, name }: Entry, owner: RegistryConnection | undefined): void {
    if (!owner?.isUp || owner.isFrozen || this.byClaim.has(claim) || this.isTaken(claim)) return;
    this.fail('never-given', `${at.id} heard of ${name}, which ${owner.id} was never given`);
  }

  ownerEnded(owner: RegistryConnection): void {
    for (const grant of this.of(owner)) grant.end = 'owner-ended';
  }

  /** After the end of all faults, against the table that all have. */
  checkTable(table: Table): void {
    for (const { end, claim, name, owner } of this.byClaim.values())
      if (end === null && !table.get(claim)) this.fail('vanished', `${name} of ${owner.id} is in no table`);
    for (const { claim, name, owner } of table.entries()) {
      const grant = this.byClaim.get(claim);
      if (!grant) this.fail('never-granted', `${name} of ${owner} stays, and nobody was given it`);
      if (grant.end === 'released' || grant.end === 'owner-ended')
        this.fail('not-gone', `${name} of ${owner} is still there: ${grant.end}`);
    }
  }

  /** Whether another one was given the name by a take-over, or has ended before it could be told so. */
  private isTaken(claim: ClaimId): boolean {
    if (this.takers.get(claim)?.isUp === false) return true;
    return [...this.byClaim.values()].some(({ over }) => over.includes(claim));
  }

  private takeOver({ name, owner, claim }: Grant, taker: RegistryConnection): void {
    this.takenOver++;
    const unseen = taker.unseen.get(claim) ?? 0;
    if (unseen < ORPHAN_TIMEOUT)
      this.fail('early-take-over', `${taker.id} takes ${name} of ${owner.id}, last seen ${unseen} ms ago`);
  }
}
