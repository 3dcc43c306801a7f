/** What the console knows: the lines of the feed, folded. Of times it knows those that the lines tell. */
import type {
  DaemonsLine,
  EventLine,
  FeedLine,
  GroupLine,
  GroupRow,
  GroupsLine,
  HelloLine,
  RatesLine,
  SessionRow,
  SessionsLine,
} from './lines.js';

/** As many as the daemon keeps. */
const MAX_EVENTS = 500;
const MAX_RATES = 300;
const SECOND = 1_000;
/** Counters that go back, or jump, have begun again. */
const MAX_STEP = 2 ** 31;

export interface GroupEntry {
  readonly row: GroupRow;
  /** Messages per second, when it last changed. */
  readonly perSecond: number;
  /** When that was. */
  readonly at: number;
}

export interface SessionEntry {
  readonly row: SessionRow;
  /** Messages per second. */
  readonly inPerSecond: number;
  readonly outPerSecond: number;
}

export class Model {
  hello: HelloLine | null = null;
  daemons: DaemonsLine | null = null;
  /** The group that is open. */
  group: GroupLine | null = null;
  groupsTotal = 0;
  readonly groups = new Map<string, GroupEntry>();
  sessionsTotal = 0;
  sessions: readonly SessionEntry[] = [];
  /** The last five minutes, the oldest first. */
  rates: readonly RatesLine[] = [];
  /** The oldest first. */
  events: readonly EventLine[] = [];
  /** Whether all is there that a feed begins with. */
  isComplete = false;
  private sessionsAt = 0;

  /** The time of the last rates by the daemon's clock; 0 for none. */
  get at(): number {
    return this.rates.at(-1)?.at ?? 0;
  }

  /** Lines of kinds that are not known are left out: the daemon may be a newer one. */
  take(lines: readonly FeedLine[]): void {
    const events: EventLine[] = [];
    const rates: RatesLine[] = [];
    const append = (): void => {
      if (events.length > 0) this.events = [...this.events, ...events.splice(0)].slice(-MAX_EVENTS);
      if (rates.length > 0) this.rates = [...this.rates, ...rates.splice(0)].slice(-MAX_RATES);
    };
    for (const line of lines) {
      if (line.t === 'event') events.push(line);
      else if (line.t === 'rates') rates.push(line);
      else {
        append();
        this.takeState(line);
      }
    }
    append();
  }

  private takeState(line: Exclude<FeedLine, EventLine | RatesLine>): void {
    switch (line.t) {
      case 'hello':
        this.hello = line;
        break;
      case 'daemons':
        this.daemons = line;
        break;
      case 'groups':
        this.takeGroups(line);
        break;
      case 'group':
        this.group = line;
        break;
      case 'sessions':
        this.takeSessions(line);
        break;
      default:
    }
  }

  private takeGroups({ total, list, left }: GroupsLine): void {
    const { at } = this;
    this.groupsTotal = total;
    for (const name of left) this.groups.delete(name);
    for (const row of list) {
      const before = this.groups.get(row.name);
      const perSecond = before ? rateOf(row.messages - before.row.messages, at - before.at) : 0;
      this.groups.set(row.name, { row, perSecond, at });
    }
  }

  private takeSessions({ total, top }: SessionsLine): void {
    const time = this.at - this.sessionsAt;
    const before = new Map(this.sessions.map((entry) => [entry.row.number, entry]));
    this.sessionsTotal = total;
    this.sessions = top.map((row) => {
      const last = before.get(row.number);
      if (last === undefined) return { row, inPerSecond: 0, outPerSecond: 0 };
      return {
        row,
        inPerSecond: rateOf(row.messagesIn - last.row.messagesIn, time),
        outPerSecond: rateOf(row.messagesOut - last.row.messagesOut, time),
      };
    });
    this.sessionsAt = this.at;
    this.isComplete = true;
  }
}

function rateOf(difference: number, milliseconds: number): number {
  if (difference <= 0 || difference > MAX_STEP || milliseconds <= 0) return 0;
  return Math.round((difference * SECOND) / milliseconds);
}

/** Milliseconds for which the rate of a group that has not changed since is still shown. */
const RATE_AGE = 3_500;

export const groupRate = ({ perSecond, at }: GroupEntry, now: number): number =>
  now - at > RATE_AGE ? 0 : perSecond;

// The state of the daemon in a word.

export type StateWord = 'operational' | 'draining' | 'minority' | 'no view';

/** @returns null while nothing is known */
export function stateWord({ rates, daemons }: Model): StateWord | null {
  const state = rates.at(-1)?.state;
  if (daemons === null) return null;
  if (state === 'no-view' || daemons.here.length === 0) return 'no view';
  if (state === 'draining') return 'draining';
  // Of two halves neither is the larger one.
  const isMinority = daemons.away.length > 0 && daemons.away.length >= daemons.here.length;
  return isMinority ? 'minority' : 'operational';
}

/** Milliseconds for which the sets of a merge are shown. */
const MERGE_TIME = 60_000;

/** The sets that came together of late; null for none. */
export function mergedSets(daemons: DaemonsLine, now: number): DaemonsLine['sets'] | null {
  const { since, sets } = daemons;
  return sets.length > 1 && since !== null && now - since < MERGE_TIME ? sets : null;
}

// The members of the group that is open.

/** Milliseconds for which a change of members is shown. */
const CHANGE_TIME = 10_000;

export interface MemberEntry {
  readonly id: string;
  readonly state: 'new' | 'here' | 'gone';
}

/** Members in their order, then those that have just gone. */
export function membersOf({ group, events }: Model, now: number): MemberEntry[] {
  if (group === null) return [];
  const came = new Set<string>();
  const gone = new Set<string>();
  for (const event of events) {
    if (event.kind !== 'view' || event.group !== group.name || now - event.at > CHANGE_TIME) continue;
    for (const id of event.came) came.add(id);
    for (const id of event.gone) gone.add(id);
  }
  const here = new Set(group.members);
  const isWhole = here.size === group.total;
  return [
    ...group.members.map((id): MemberEntry => ({ id, state: came.has(id) ? 'new' : 'here' })),
    ...(isWhole ? [...gone] : [])
      .filter((id) => !here.has(id))
      .map((id): MemberEntry => ({ id, state: 'gone' })),
  ];
}

/** Sums over the last `width` values, at each of them. */
export function rollingSums(values: readonly number[], width: number): number[] {
  let sum = 0;
  return values.map((value, i) => {
    sum += value - (i >= width ? (values[i - width] ?? 0) : 0);
    return sum;
  });
}
