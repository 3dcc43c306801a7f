/** From one table to the next: what owners, clients and watchers are to be told after a change of the view. */
import type { GoneReason } from '../errors.js';
import { type ClaimId, type Entry, isKnown } from './entry.js';
import { goneFrom } from './primary.js';
import type { Table } from './table.js';

export interface Scene {
  readonly table: Table;
  readonly members: ReadonlySet<string>;
}

export interface EarlierScene extends Scene {
  /** Members that were in sight since, and nobody was told. */
  readonly glimpsed: ReadonlySet<string>;
  /** By claim: owners and clients that were known under an id of before, which was out of sight. */
  readonly away: ReadonlyMap<ClaimId, ReadonlySet<string>>;
}

const wasHere = ({ members, away }: EarlierScene, claim: ClaimId, id: string): boolean =>
  members.has(id) && away.get(claim)?.has(id) !== true;

/** @param dropped why entries of the old table are not in the new one */
export function tellDifference(
  before: EarlierScene,
  now: Scene,
  dropped: ReadonlyMap<ClaimId, GoneReason>,
  tell: Tell,
): void {
  for (const entry of before.table.entries()) {
    const next = now.table.get(entry.claim);
    if (next) tellEntry(before, now, entry, next, tell);
    else if (isKnown(entry, before.members))
      tell({ kind: 'closed', entry, reason: dropped.get(entry.claim) ?? 'disconnect' });
  }
  for (const entry of now.table.entries()) {
    if (!before.table.get(entry.claim) && now.members.has(entry.owner)) tellOpened(entry, tell);
  }
}

function tellOpened(entry: Entry, tell: Tell): void {
  if (!entry.unsure) tell({ kind: 'opened', entry });
}

/**
 * Who came, who went out of sight, and who has ended there: his daemon is back without him.
 * @param unreachable those out of sight, kept up to date
 * @param inView the members of the view, with those that are left out
 */
export function tellMembers(
  before: ReadonlySet<string>,
  now: ReadonlySet<string>,
  unreachable: Set<string>,
  tell: Tell,
  inView = now,
): void {
  const isGone = goneFrom(inView);
  for (const member of before) {
    if (now.has(member) || unreachable.has(member)) continue;
    unreachable.add(member);
    if (!isGone(member)) tell({ kind: 'member-unreachable', member });
  }
  for (const member of unreachable) {
    if (now.has(member)) tell({ kind: 'member-back', member });
    else if (isGone(member)) tell({ kind: 'member-gone', member, reason: 'disconnect' });
    else continue;
    unreachable.delete(member);
  }
}

function tellEntry(before: EarlierScene, now: Scene, entry: Entry, next: Entry, tell: Tell): void {
  const was = wasHere(before, entry.claim, entry.owner);
  const is = now.members.has(next.owner);
  if ((was || before.glimpsed.has(entry.owner)) && !is) tell({ kind: 'server-unreachable', entry: next });
  if (!was && is) {
    tell({ kind: 'server-back', entry: next });
    tellOpened(next, tell);
  } else if (is && entry.unsure) {
    tellOpened(next, tell);
  }
  for (const client of entry.clients) {
    if (!next.clients.has(client)) {
      // Whoever is here and not attached any more has left while out of sight.
      if (now.members.has(client)) tell({ kind: 'client-left', entry: next, client });
      else tell({ kind: 'client-gone', entry: next, client, reason: 'disconnect' });
    } else if (wasHere(before, entry.claim, client) !== now.members.has(client)) {
      if (now.members.has(client)) tell({ kind: 'client-back', entry: next, client });
      else tell({ kind: 'client-unreachable', entry: next, client, reason: 'network' });
    }
  }
  for (const client of next.clients) {
    if (!entry.clients.has(client)) tell({ kind: 'client-joined', entry: next, client, isKnown: false });
  }
}

/** What a change of the registry means to owners, clients and watchers; the same, in the same order, at every member. */
export type RegistryEvent =
  /** A channel can be opened that could not before. */
  | { readonly kind: 'opened'; readonly entry: Entry }
  /** An entry is gone; the entry is the last state of it. */
  | { readonly kind: 'closed'; readonly entry: Entry; readonly reason: GoneReason }
  | { readonly kind: 'server-unreachable' | 'server-back'; readonly entry: Entry }
  | {
      readonly kind: 'client-joined' | 'client-left' | 'client-back';
      readonly entry: Entry;
      readonly client: string;
      /** Of one that joined: false where nobody has seen it come. */
      readonly isKnown?: boolean;
    }
  | {
      readonly kind: 'client-gone' | 'client-unreachable';
      readonly entry: Entry;
      readonly client: string;
      readonly reason: GoneReason;
    }
  | { readonly kind: 'member-gone'; readonly member: string; readonly reason: GoneReason }
  | { readonly kind: 'member-unreachable' | 'member-back'; readonly member: string }
  /** A member is here again under another id: what it owned and had opened stays its own. */
  | { readonly kind: 'returned'; readonly from: string; readonly to: string };

export type Tell = (event: RegistryEvent) => void;
