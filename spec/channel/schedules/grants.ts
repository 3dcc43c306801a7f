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

const isApart = (a: RegistryConnection, b: RegistryConnection): boolean =>
  a.daemon.component !== b.daemon.component;

export class Grants {
  /** Owners that were told, while they lived, that somebody has taken their name over. */
  readonly lostByTakeOver: Grant[] = [];
  takenOver = 0;
  /** Names of owners that had returned, which they still had then. */
  kept = 0;
  /** And which they had not, and attachments that clients had not. */
  lost = 0;
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

  has(claim: ClaimId): boolean {
    return this.byClaim.has(claim);
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
      // All have seen its owner go, and it comes to hear of that.
      if (other.owner.wasGone || (other.owner.hasMoved && isApart(other.owner, owner))) {
        other.end = 'owner-ended';
        continue;
      }
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

  /** A connection hears that an entry is gone. @param mayKnow whether anybody there could say who has returned from that id */
  closed(
    at: RegistryConnection,
    { claim, name, owner: id }: Entry,
    reason: GoneReason,
    mayKnow: (id: string) => boolean,
  ): void {
    const grant = this.byClaim.get(claim);
    if (!grant || grant.end !== null) return;
    const { owner } = grant;
    if (owner === at && owner.isNewHere) {
      if (!owner.wasGone) this.lost++;
      grant.end = 'owner-ended';
      return;
    }
    if (reason === 'released' && owner.releasing.has(claim)) {
      grant.end = 'released';
      return;
    }
    // What it knew from before its loss others may not know yet.
    if (at.hasMoved && owner !== at) return;
    // Its daemon of before is here without it, and it has moved away to another part of the network.
    if (owner.hasMoved && isApart(owner, at)) return;
    // Those who know where it is are left out, and its daemon of before is here without it.
    if (owner.hasMoved && owner !== at && owner.id !== id && reason === 'disconnect' && !mayKnow(id)) return;
    // A change of the network came between its loss and its return, so that it is seen to go before it comes.
    const isSeenToGo = at.lastCause === 'network' && !at.machine.members.includes(owner.id);
    if (owner.isNewHere && isSeenToGo && owner.id !== id && reason === 'disconnect') return;
    // It has given the name up, or lost it, in a part that never had it, and hears of that later.
    if (owner.hasMoved && owner !== at && (owner.isFrozen || owner.releasing.has(claim))) return;
    if (reason === 'taken-over') {
      if (owner !== at) return;
      grant.end = 'taken-over';
      this.lostByTakeOver.push(grant);
    } else if (owner === at && owner.wasGone && reason === 'disconnect') {
      grant.end = 'owner-ended';
    } else if (owner.isUp && !owner.wasGone && (owner === at || reason !== 'conflict')) {
      // Outside of the primary component an onlooker can be told of a conflict that is decided otherwise later.
      this.fail('lost-name', `${name} of ${owner.id}, who is alive, is closed at ${at.id}: ${reason}`);
    }
  }

  /** A connection that could open the channel hears its end, with the owner in sight. */
  begunAndOver(at: RegistryConnection, { claim, name }: Entry, owner: RegistryConnection | undefined): void {
    if (!owner?.isUp || owner.isFrozen || this.byClaim.has(claim) || this.isTaken(claim)) return;
    this.fail('never-given', `${at.id} heard of ${name}, which ${owner.id} was never given`);
  }

  /**
   * An owner has returned. A part of the network that does not know its name, or knows it of an earlier id, since it had not
   * come together with that of before, does not give it back.
   */
  returned(owner: RegistryConnection, table: Table): void {
    for (const grant of this.of(owner)) {
      if (table.get(grant.claim)?.owner === owner.id) this.kept++;
      else {
        if (!owner.wasGone) this.lost++;
        grant.end = 'owner-ended';
      }
    }
  }

  /** What that owner has in the table and gives back: it has given it up, or lost it, or one before it of that id had it. */
  notOwn(owner: RegistryConnection, table: Table): ClaimId[] {
    const all = [...table.entries()].filter((entry) => entry.owner === owner.id);
    return all.flatMap(({ claim }) => {
      const grant = this.byClaim.get(claim);
      const isOwn = grant ? grant.owner === owner && grant.end === null : owner.isClaiming(claim);
      return isOwn ? [] : [claim];
    });
  }

  ownerEnded(owner: RegistryConnection): void {
    for (const grant of this.of(owner)) grant.end = 'owner-ended';
  }

  /** After the end of all faults, against the table that all have. */
  checkTable(table: Table): void {
    for (const { end, claim, name, owner } of this.byClaim.values())
      if (end === null && !owner.wasGone && !table.get(claim))
        this.fail('vanished', `${name} of ${owner.id} is in no table`);
    for (const { claim, name, owner } of table.entries()) {
      const grant = this.byClaim.get(claim);
      if (!grant) this.fail('never-granted', `${name} of ${owner} stays, and nobody was given it`);
      const isBack = grant.owner.hasMoved && grant.end === 'owner-ended';
      if (!isBack && (grant.end === 'released' || grant.end === 'owner-ended'))
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
