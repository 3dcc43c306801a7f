/**
 * Members that are here again under another id, as views say. What they owned and had opened stays theirs: in the exchange
 * that their join begins, tables have the new id in the place of the old one. Whoever speaks for a part says who has
 * returned to it, so that all members do the same, also those whose own views do not say it.
 *
 * A daemon that learns of a return from elsewhere shows two views side by side: the old id is disconnected, the new one
 * joins. Then what went with the old id is put back.
 */
import type { ReturnedMember as Return } from '../../client/event.js';
import type { Belongings } from './apply.js';
import type { EarlierScene, RegistryEvent, Tell } from './difference.js';
import type { ClaimId, Entry } from './entry.js';
import type { RegistryView } from './ports.js';
import { MAX_RETURNS } from '../limits.js';
import { goneFrom } from './primary.js';
import { Table } from './table.js';

/** Most ids of before that are known. */
const MAX_BEFORE = 10_000;

export type Names = Iterable<string>;

interface Departure {
  readonly member: string;
  owned: readonly Entry[];
  readonly attached: readonly ClaimId[];
  /** What it means to applications; null once they were told. */
  news: readonly RegistryEvent[] | null;
  /** Whether the next view may still say that it has returned. */
  isLast: boolean;
}

export class Returns {
  /** Since the last exchange that was complete. */
  private known: readonly Return[] = [];
  /** Those of before that are still somewhere: members that were out of sight may know them under their old ids. */
  private settled: readonly Return[] = [];
  /** What this member saw while it was none; its own tables do not have it. */
  private seen: readonly Return[] = [];
  private departures: Departure[] = [];
  /** Ids of before: what was sent under them may still come. */
  private readonly before = new Set<string>();

  /** @param told called before others hear of that departure */
  constructor(
    private readonly sink: { readonly tell: Tell },
    private readonly told: (member: string) => void,
  ) {}

  /** Who has returned, as far as this member knows. */
  get list(): readonly Return[] {
    return inOneStep([...this.settled, ...this.known]).slice(-MAX_RETURNS);
  }

  /** Whether it is the id of before of one that has returned. */
  wasOf(member: string): boolean {
    return this.before.has(member);
  }

  /** Members that have gone, which nobody was told. */
  get untold(): readonly string[] {
    return this.departures.filter(({ news }) => news !== null).map(({ member }) => member);
  }

  /** What another one of this connection, before a loss, has not brought to an end. */
  inherit(before: Returns): void {
    before.close();
    this.departures = before.departures;
    this.settled = before.settled;
    this.seen = inOneStep([...before.seen, ...before.known, ...this.seen]);
  }

  /** This member was none in the view that said so. */
  observe(returned: readonly Return[]): void {
    this.seen = inOneStep([...this.seen, ...returned]);
  }

  view({ cause, changed, returned }: RegistryView): void {
    this.known = inOneStep([...this.known, ...returned]);
    // A new one has that id.
    if (cause === 'join') this.settled = this.settled.filter(({ from }) => from !== changed);
    for (const { from } of returned) this.before.add(from);
    for (const id of this.before) if (this.before.size > MAX_BEFORE) this.before.delete(id);
    const last = this.departures.at(-1);
    if (last?.isLast !== true) return;
    if (cause !== 'join') return this.close();
    last.isLast = false;
    if (!returned.some(({ from }) => from === last.member)) this.tellOf(last);
  }

  /** A member has gone. What one had that was disconnected may be put back if the next view says that it has returned. */
  departed(
    member: string,
    { owned, attached }: Belongings,
    news: readonly RegistryEvent[],
    isDisconnected: boolean,
  ): void {
    const gone = this.departures.flatMap((each) =>
      each.owned.filter(({ clients }) => clients.has(member)).map(({ claim }) => claim),
    );
    for (const each of this.departures) each.owned = each.owned.map((entry) => without(entry, member));
    const departure = { member, owned, attached: [...attached, ...gone], news, isLast: true };
    if (isDisconnected) this.departures.push(departure);
    else this.tellOf(departure);
  }

  /** Something came behind the last departure: it was one for good. */
  close(): void {
    const last = this.departures.at(-1);
    if (last?.isLast !== true) return;
    this.departures.pop();
    this.tellOf(last);
  }

  /** The turn is over: applications do not wait for what might follow. */
  tellLast(): void {
    const last = this.departures.at(-1);
    if (last?.isLast === true) this.tellOf(last);
  }

  /** The table of this member with those who have returned in their new places. */
  applied(table: Table, returns: readonly Return[]): Table {
    return withReturned(table, returns, this.departures);
  }

  /**
   * An exchange is complete. Tells who has returned.
   * @param agreed on by all @param table of this member before it
   * @param isGone whether a member has ended for good
   * @param names who was there by what was told, who was glimpsed since, and who is out of sight
   * @returns what applications know, with new ids in the place of old ones
   */
  settle(
    agreed: readonly Return[],
    table: Table,
    isGone: (member: string) => boolean,
    names: () => readonly [told: Names, glimpsed: Names, unreachable: Names],
  ): EarlierScene & { readonly unreachable: Set<string> } {
    const all = inOneStep([...this.seen, ...agreed]);
    const back = new Set(agreed.map(({ from }) => from));
    for (const each of this.departures) if (!back.has(each.member)) this.tellOf(each);
    const kept = this.departures.filter(({ news }) => news !== null);
    const before = new Map(this.settled.map(({ from, to }) => [from, to]));
    for (const { from, to } of all)
      if (from !== to && before.get(from) !== to) this.sink.tell({ kind: 'returned', from, to });
    this.settled = inOneStep([...this.settled, ...all])
      .filter(({ from, to }) => from !== to && !isGone(to))
      .slice(-MAX_RETURNS);
    this.known = this.seen = this.departures = [];
    const by = idsBy(all);
    const [told, glimpsed, unreachable] = names();
    return {
      table: withReturned(table, all, kept),
      members: renamed(told, by),
      glimpsed: renamed(glimpsed, by),
      unreachable: renamed(unreachable, by),
      away: awayUnder(by, table, new Set(told)),
    };
  }

  private tellOf(departure: Departure): void {
    const { news, member } = departure;
    departure.news = null;
    if (news === null) return;
    this.settled = this.settled.filter(({ to }) => to !== member);
    this.told(member);
    for (const event of news) this.sink.tell(event);
  }
}

/** From each id to the last one: who has returned twice has come from both. */
export function inOneStep(returns: readonly Return[]): readonly Return[] {
  const steps = new Map<string, string>();
  /** For each id those that have come to it, some of them further since. */
  const sources = new Map<string, string[]>();
  for (const { from, to } of returns) {
    const firsts = (sources.get(from) ?? []).filter((first) => steps.get(first) === from);
    if (!firsts.includes(from)) firsts.push(from);
    sources.delete(from);
    for (const first of firsts) steps.set(first, to);
    const known = sources.get(to);
    if (known) known.push(...firsts);
    else sources.set(to, firsts);
  }
  return [...steps].map(([from, to]) => ({ from, to }));
}

/** Those that can be: the old id is not in the view, and the new one is, or its daemon is out of sight too. */
export function inView(returns: readonly Return[], members: ReadonlySet<string>): readonly Return[] {
  const isGone = goneFrom(members);
  return returns.filter(({ from, to }) =>
    from === to ? members.has(to) : !members.has(from) && !isGone(to),
  );
}

/** Who is in the table under an old id that was not told to be here, by claim. */
function awayUnder(
  by: ReadonlyMap<string, string>,
  table: Table,
  told: ReadonlySet<string>,
): ReadonlyMap<ClaimId, ReadonlySet<string>> {
  const away = new Map<ClaimId, ReadonlySet<string>>();
  if (by.size === 0) return away;
  for (const { claim, owner, clients } of table.entries()) {
    const old = [owner, ...clients].filter((id) => (by.get(id) ?? id) !== id && !told.has(id));
    if (old.length > 0) away.set(claim, renamed(old, by));
  }
  return away;
}

const renamed = (names: Names, by: ReadonlyMap<string, string>): Set<string> =>
  new Set([...names].map((name) => by.get(name) ?? name));

/** The table with new ids in the place of old ones, and with what had gone with those. */
export function withReturned(
  table: Table,
  returns: readonly Return[],
  departures: readonly (Belongings & { readonly member: string })[] = [],
): Table {
  if (returns.length === 0) return table;
  const by = idsBy(returns);
  const now = new Table();
  const put = (entry: Entry): void => now.put(withIds(entry, by));
  for (const entry of table.entries()) put(entry);
  const back = departures.filter(({ member }) => by.has(member));
  for (const { owned } of back)
    for (const entry of owned) if (!now.find(entry.name) && !now.get(entry.claim)) put(entry);
  for (const { member, attached } of back) {
    for (const claim of attached) {
      const entry = now.get(claim);
      if (entry) now.put({ ...entry, clients: new Set([...entry.clients, by.get(member) as string]) });
    }
  }
  return now;
}

const idsBy = (returns: readonly Return[]): ReadonlyMap<string, string> =>
  new Map(returns.map(({ from, to }) => [from, to]));

function withIds(entry: Entry, by: ReadonlyMap<string, string>): Entry {
  const { owner, clients } = entry;
  const isSame = !by.has(owner) && ![...clients].some((client) => by.has(client));
  return isSame ? entry : { ...entry, owner: by.get(owner) ?? owner, clients: renamed(clients, by) };
}

const without = (entry: Entry, client: string): Entry =>
  entry.clients.has(client)
    ? { ...entry, clients: new Set([...entry.clients].filter((each) => each !== client)) }
    : entry;
