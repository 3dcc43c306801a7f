/**
 * One table out of those that several parts of the network bring along [channels 15.4]. What somebody owns or
 * is attached to is told by the table of the part that he comes from: there alone it could change meanwhile.
 */
import type { ReturnedMember } from '../../client/event.js';
import type { GoneReason } from '../errors.js';
import type { ClaimId, Entry } from './entry.js';
import { daemonOf, daemonsOf, goneFrom } from './primary.js';
import { inOneStep, withReturned } from './returns.js';
import { Table } from './table.js';

/** What one part brings. */
export interface Side {
  readonly table: Table;
  /** Whom it speaks for. */
  readonly members: ReadonlySet<string>;
  /** Of the last primary component whose names it has. */
  readonly epoch: number;
  /** Members that have returned to it under another id. */
  readonly returns?: readonly ReturnedMember[];
  /** Whether there is a table, and whether it is from before a loss of the connection. */
  readonly has?: boolean;
  readonly moved?: boolean;
}

export interface Merged {
  readonly table: Table;
  /** Why entries that somebody brought are not there any more. */
  readonly dropped: ReadonlyMap<ClaimId, GoneReason>;
  /** Who has returned, by what any part says. */
  readonly returns: readonly ReturnedMember[];
}

/**
 * @param parts in the order of their first members in the view, @param members the view
 * @param excluded those of the view that say nothing: what is known of them stays, as of members out of sight
 */
export function merge(
  parts: readonly Side[],
  members: ReadonlySet<string>,
  excluded: ReadonlySet<string> = new Set(),
): Merged {
  const returns = inOneStep(parts.flatMap((side) => side.returns ?? []));
  const sides = parts.map((side) => ({ ...side, table: withReturned(side.table, returns) }));
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
  return { table, dropped, returns };
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
      const { claim } = entry;
      if (found.has(claim) || dropped.has(claim)) continue;
      const versions = sides.flatMap((side) => side.table.get(claim) ?? []);
      const owner = presence.ownerOf(versions);
      const home = presence.sideOf(owner);
      const known = versionOf(versions, owner, home, claim);
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

/** What those have who know best. Who has returned more than once they may know under an id of before. */
function versionOf(
  versions: readonly Entry[],
  owner: string,
  home: Side | null,
  claim: ClaimId,
): Entry | undefined {
  const known = home?.table.get(claim);
  if (home !== null && known?.owner === owner) return known;
  return home === null || known ? versions.find((each) => each.owner === owner) : undefined;
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

/** Whether it has anything of that member, under this id. */
const has = ({ table }: Side, id: string): boolean =>
  [...table.entries()].some(({ owner, clients }) => owner === id || clients.has(id));

/** Whether its members have come together with those of its part since they came. */
const isSettled = (side: Side | undefined): boolean => side?.has === true && side.moved !== true;

const isAt = ({ members }: Side, daemon: string): boolean => daemonsOf(members).includes(daemon);

/**
 * Of two parts that know of a return: those who were with it last, at its daemon of before. Else those who know something of it:
 * who saw the last return alone may know nothing, or know it under an id of before.
 */
function knowsBetter(side: Side, other: Side, from: string, to: string): boolean {
  const daemon = daemonOf(from);
  if (isAt(side, daemon) !== isAt(other, daemon)) return isAt(side, daemon);
  return has(side, to) || !has(other, to);
}

/** Who is in the view, and whose table knows about him. */
class Presence {
  /** Whether the daemon is there and this connection of it is not: then it has ended. */
  readonly isGone: (member: string) => boolean;
  private readonly homes = new Map<string, Side>();

  constructor(
    sides: readonly Side[],
    private readonly members: ReadonlySet<string>,
    private readonly excluded: ReadonlySet<string>,
  ) {
    this.isGone = goneFrom(members);
    for (const side of sides) for (const member of side.members) this.homes.set(member, side);
    const own = new Map(this.homes);
    // What became of one who has returned those know best to whom it has, and of them the newest primary component.
    const sorted = sides.toSorted((a, b) => a.epoch - b.epoch);
    for (const side of sorted) {
      for (const { from, to } of side.returns ?? []) {
        if (!members.has(to) || isSettled(own.get(to))) continue;
        const other = this.homes.get(to);
        const isNewer = !other || other.epoch !== side.epoch || own.get(to) === other;
        if (isNewer || knowsBetter(side, other, from, to)) this.homes.set(to, side);
      }
    }
  }

  /** An owner can have returned to one part under another id, and be known to others under the old one. */
  ownerOf(versions: readonly Entry[]): string {
    const owners = [...new Set(versions.map(({ owner }) => owner))];
    const present = owners.find((owner) => this.members.has(owner));
    return present ?? owners.find((owner) => !this.isGone(owner)) ?? (owners[0] as string);
  }

  sideOf(member: string): Side | null {
    const isNew = this.members.has(member) && !this.excluded.has(member);
    return this.homes.get(member) ?? (isNew ? nothing : null);
  }
}
