/**
 * Who has taken part for the longest time. Each member states the view since which it takes part, and what it knows of the
 * oldest others: what they stated before, and never less than the view in which it saw them join. All choose by these
 * statements alone, so all choose alike. Those that another member confirms come before those that nobody knows, and last
 * come those that state less than another one knows. A member that is passed over like that counts from this view on, for
 * itself and for the others: so one that states too much gains nothing as long as two others know each other.
 */
import type { FieldReader, FieldWriter } from './codec.js';
import { MAX_AWAY, MAX_ELDERS } from './limits.js';
import type { RecipeView } from './port.js';

/** A view of the group: its time, and its number among the views of that time. */
export interface Since {
  readonly time: number;
  readonly counter: number;
}

/** What one member states in a view. */
export interface Seniority {
  readonly since: Since;
  /** The oldest others that it knows, the oldest first. */
  readonly elders: readonly (Since & { readonly member: string })[];
}

const compare = (a: Since, b: Since): number => a.time - b.time || a.counter - b.counter;

const latest = (a: Since, b: Since | null): Since => (b && compare(b, a) > 0 ? b : a);

/** What one member knows of the others, and states of itself. */
export class SeniorityRecord {
  private since: Since | null = null;
  private readonly known = new Map<string, Since>();
  private now: Since = { time: 0, counter: 0 };
  /** The members of the view. */
  private members: readonly string[] = [];
  /** What the members stated in the view. */
  private readonly stated = new Map<string, Seniority | null>();
  /** Members that this one saw join in the view. */
  private readonly arrivals = new Set<string>();
  /** Whether the next view is the first one after a loss. */
  private isBack = false;

  constructor(private self: string) {}

  /** @returns what this member states in the view */
  view({ id, cause, members, cameWithMe, returned }: RecipeView): Seniority {
    this.settle();
    const isOwnFirst = this.since === null || this.isBack;
    this.isBack = false;
    for (const { from, to } of returned ?? []) this.rename(from, to);
    this.now = { time: id[1] >>> 0, counter: id[2] >>> 0 };
    const since = (this.since ??= this.now);
    this.forget(members, cause);
    const along = new Set(cameWithMe);
    const back = new Set(returned?.map(({ to }) => to));
    if (cause === 'join' && !isOwnFirst)
      for (const member of members) if (!along.has(member) && !back.has(member)) this.arrives(member);
    const elders = members.flatMap((member) => {
      const known = this.known.get(member);
      return known ? { member, ...known } : [];
    });
    return { since, elders: elders.toSorted(compare).slice(0, MAX_ELDERS) };
  }

  /** After a loss. @param isWhole whether it has missed nothing: then it counts from where it did */
  rejoined(self: string, isWhole: boolean): void {
    this.settle();
    this.self = self;
    this.isBack = true;
    if (isWhole) return;
    // What it knew of the others may be old.
    this.since = null;
    this.known.clear();
  }

  /** What a member of the view states, this one too; null: nothing. */
  heard(member: string, seniority: Seniority | null): void {
    if (!this.stated.has(member)) this.stated.set(member, seniority);
  }

  /** The view ends: what was stated in it is known. */
  private settle(): void {
    const { stated, arrivals, known, now } = this;
    const ranks = ranksOf(stated);
    const best = Math.min(...ranks.values());
    for (const [member, rank] of ranks) {
      const isPassedOver = rank > best;
      if (member === this.self && isPassedOver) this.since = now;
      const { since } = stated.get(member) as Seniority;
      const least = isPassedOver || arrivals.has(member) ? now : null;
      // One that has begun again states more than it did.
      if (member !== this.self) known.set(member, latest(latest(since, least), known.get(member) ?? null));
    }
    stated.clear();
    arrivals.clear();
  }

  /** A process that nobody has seen before, whatever its name. */
  private arrives(member: string): void {
    this.known.delete(member);
    this.arrivals.add(member);
  }

  private rename(from: string, to: string): void {
    const known = this.known.get(from);
    this.known.delete(from);
    if (known) this.known.set(to, known);
  }

  /**
   * Those who leave have no place to come back to; those that the network took, or whose connection has ended, are remembered,
   * whoever leaves meanwhile.
   */
  private forget(members: readonly string[], cause: RecipeView['cause']): void {
    const { known } = this;
    const here = new Set(members);
    if (cause === 'leave') for (const member of this.members) if (!here.has(member)) known.delete(member);
    this.members = members;
    let tooMany = known.size - members.length - MAX_AWAY;
    for (const member of known.keys())
      if (tooMany > 0 && !here.has(member) && known.delete(member)) tooMany--;
  }
}

/**
 * The members that stated something, the one to prefer first. Where one of them states no seniority they stay in the order
 * of the view.
 */
export function oldestFirst(stated: ReadonlyMap<string, Seniority | null>): string[] {
  const members = [...stated.keys()];
  const ranks = ranksOf(stated);
  if (ranks.size < stated.size) return members;
  const since = (member: string): Since => (stated.get(member) as Seniority).since;
  const rank = (member: string): number => ranks.get(member) as number;
  return members.toSorted((a, b) => rank(a) - rank(b) || compare(since(a), since(b)));
}

const CONFIRMED = 0;
const UNKNOWN = 1;
const CONTRADICTED = 2;

/** What the others make of the statement of each member that made one. */
function ranksOf(stated: ReadonlyMap<string, Seniority | null>): Map<string, number> {
  const ranks = new Map<string, number>();
  for (const [member, seniority] of stated) if (seniority) ranks.set(member, UNKNOWN);
  for (const [by, seniority] of stated) {
    for (const { member, ...known } of seniority?.elders ?? []) {
      const since = stated.get(member)?.since;
      if (!since || member === by) continue;
      const difference = compare(since, known);
      if (difference === 0) ranks.set(member, CONFIRMED);
      else if (difference < 0 && ranks.get(member) === UNKNOWN) ranks.set(member, CONTRADICTED);
    }
  }
  return ranks;
}

export function writeSeniority(writer: FieldWriter, { since, elders }: Seniority): void {
  writer.number(since.time).number(since.counter).number(elders.length);
  for (const { member, time, counter } of elders) writer.text(member).number(time).number(counter);
}

export const readSeniority = (reader: FieldReader): Seniority => ({
  since: { time: reader.number(), counter: reader.number() },
  elders: reader.list(MAX_ELDERS, () => ({
    member: reader.text(),
    time: reader.number(),
    counter: reader.number(),
  })),
});
