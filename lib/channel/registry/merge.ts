/**
 * One table out of those that several parts of the network bring along [channels 15.4]. What somebody owns or
 * is attached to is told by the table of the part that he comes from: there alone it could change meanwhile.
 */
import type { GoneReason } from '../errors.js';
import type { ClaimId, Entry } from './entry.js';
import { daemonOf, daemonsOf } from './primary.js';
import { Table } from './table.js';

/** What one part brings. */
export interface Side {
  readonly table: Table;
  /** Whom it speaks for. */
  readonly members: ReadonlySet<string>;
  /** Of the last primary component whose names it has. */
  readonly epoch: number;
}

export interface Merged {
  readonly table: Table;
  /** Why entries that somebody brought are not there any more. */
  readonly dropped: ReadonlyMap<ClaimId, GoneReason>;
}

/**
 * @param sides in the order of their first members in the view, @param members the view
 * @param excluded those of the view that say nothing: what is known of them stays, as of members out of sight
 */
export function merge(
  sides: readonly Side[],
  members: ReadonlySet<string>,
  excluded: ReadonlySet<string> = new Set(),
): Merged {
  const dropped = new Map<ClaimId, GoneReason>();
  const union = united(sides, new Presence(sides, members, excluded), dropped);
  const lost = new Set(union.flatMap(({ over }) => over));
  const table = new Table();
  // What the newest primary component gave away comes first, then what was claimed first.
  for (const entry of union.toSorted((a, b) => b.epoch - a.epoch || (a.claim < b.claim ? -1 : 1))) {
    if (lost.has(entry.claim)) dropped.set(entry.claim, 'taken-over');
    else if (table.find(entry.name)) dropped.set(entry.claim, 'conflict');
    else table.put(entry);
  }
  return { table, dropped };
}

/**
 * Whether the newest primary component did not have it any more: it had all that any earlier one gave away, so there it was
 * given up or taken over.
 */
function isOutdated(sides: readonly Side[], { claim, epoch }: Entry): boolean {
  const newest = Math.max(...sides.map((side) => side.epoch));
  return epoch > 0 && epoch < newest && sides.some((side) => side.epoch === newest && !side.table.get(claim));
}

/** Entries of all sides by claim, each as those have it who know, in the order in which they are found. */
function united(sides: readonly Side[], presence: Presence, dropped: Map<ClaimId, GoneReason>): Entry[] {
  const found = new Map<ClaimId, Entry>();
  for (const { table } of sides) {
    for (const entry of table.entries()) {
      const { claim, owner } = entry;
      if (found.has(claim) || dropped.has(claim)) continue;
      const versions = sides.flatMap((side) => side.table.get(claim) ?? []);
      const home = presence.sideOf(owner);
      const known = home === null ? versions[0] : home.table.get(claim);
      if (known === undefined || presence.isGone(owner)) dropped.set(claim, 'disconnect');
      else if (isOutdated(sides, known)) dropped.set(claim, 'taken-over');
      else {
        const clients = clientsOf(versions, known, presence);
        // One part that is sure had it before the signal, or in a primary component.
        found.set(claim, { ...known, unsure: versions.every(({ unsure }) => unsure), clients });
      }
    }
  }
  return [...found.values()];
}

function clientsOf(versions: readonly Entry[], known: Entry, presence: Presence): ReadonlySet<string> {
  const all = new Set([...known.clients, ...versions.flatMap(({ clients }) => [...clients])]);
  const isAttached = (client: string): boolean => {
    if (presence.isGone(client)) return false;
    const home = presence.sideOf(client);
    return home === null
      ? known.clients.has(client)
      : home.table.get(known.claim)?.clients.has(client) === true;
  };
  return new Set([...all].filter(isAttached));
}

/** What newcomers bring. */
const nothing: Side = { table: new Table(), members: new Set(), epoch: 0 };

/** Who is in the view, and whose table knows about him. */
class Presence {
  private readonly daemons: ReadonlySet<string>;
  private readonly homes = new Map<string, Side>();

  constructor(
    sides: readonly Side[],
    private readonly members: ReadonlySet<string>,
    private readonly excluded: ReadonlySet<string>,
  ) {
    this.daemons = new Set(daemonsOf(members));
    for (const side of sides) for (const member of side.members) this.homes.set(member, side);
  }

  sideOf(member: string): Side | null {
    const isNew = this.members.has(member) && !this.excluded.has(member);
    return this.homes.get(member) ?? (isNew ? nothing : null);
  }

  /** Whether the daemon is there and this connection of it is not: then it has ended. */
  isGone(member: string): boolean {
    return !this.members.has(member) && this.daemons.has(daemonOf(member));
  }
}
