/** The lists of the monitor: sessions, groups, the members of one group. */
import { Buffer } from 'node:buffer';
import { isGroupName } from '../../lib/wire/name.js';
import { DEFAULT_ENTRIES, MAX_ENTRIES, MAX_MATCH } from './limits.js';
import { firstSorted, jsonOf, pause } from './slices.js';
import type { DaemonStatus, GroupInfo, SessionInfo } from './status.js';

/** A question that cannot be answered; `message` says what is wrong with it. */
export class QuestionError extends Error {}

type SortKey = Exclude<keyof SessionInfo, 'tls' | 'membership' | 'held'>;

/** Numbers are sorted with the most first, texts by the alphabet; an age is what is oldest. */
const sortKeys: Readonly<Record<SortKey, 'number' | 'text' | 'ascending'>> = {
  number: 'ascending',
  id: 'text',
  name: 'text',
  from: 'text',
  principal: 'text',
  version: 'text',
  groups: 'number',
  since: 'ascending',
  messagesIn: 'number',
  bytesIn: 'number',
  messagesOut: 'number',
  bytesOut: 'number',
  waitingMessages: 'number',
  waitingBytes: 'number',
};

const isSortKey = (text: string): text is SortKey => Object.hasOwn(sortKeys, text);

/** What is made once for all who ask within a second. */
interface Made {
  readonly total: number;
  readonly time: number;
  /** Entries as JSON. */
  readonly entries: readonly string[];
  /** Answers by number of entries, as far as they were asked for. */
  readonly bodies: Map<number, Buffer>;
}

/** Milliseconds between two answers: one may have a megabyte. */
const ANSWER_GAP = 5;
/** Answers kept of one list. */
const MAX_BODIES = 16;

/**
 * Each list is made at most once a second, in slices, one list at a time; and one answer goes out at a time. So however
 * many ask for however long lists, messages wait for a slice or an answer, and no longer.
 */
export class Lists {
  private readonly made: Once<Made | null>;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly status: DaemonStatus,
    now = (): number => performance.now(),
  ) {
    this.made = new Once(now);
  }

  /** The body of `/sessions`. `time` is this machine's clock, so that rates need no other. */
  async sessions(query: URLSearchParams): Promise<Buffer | null> {
    const key = query.get('sort') ?? 'waitingBytes';
    if (!isSortKey(key)) throw new QuestionError(`sort must be one of ${Object.keys(sortKeys).join(', ')}`);
    const most = limitOf(query);
    const text = matchOf(query);
    const isWanted = ({ id, from, principal }: SessionInfo): boolean =>
      has(id, text) || has(from, text) || has(principal, text);
    return await this.body(`sessions ${key} ${text}`, most, 'sessions', () =>
      listOf(this.status.eachSession(), comparison(key), text === '' ? null : isWanted),
    );
  }

  /** The body of `/groups`, in the order of their names. */
  async groups(query: URLSearchParams): Promise<Buffer | null> {
    const text = matchOf(query);
    const byName = (left: GroupInfo, right: GroupInfo): number => compare(left.name, right.name);
    const isWanted = ({ name }: GroupInfo): boolean => has(name, text);
    return await this.body(`groups ${text}`, limitOf(query), 'groups', () =>
      listOf(this.status.eachGroup(), byName, text === '' ? null : isWanted),
    );
  }

  /** The body of `/groups/NAME`; null when there is no such group. */
  async members(encoded: string): Promise<Buffer | null> {
    let group: string;
    try {
      group = decodeURIComponent(encoded);
    } catch {
      throw new QuestionError('the name of the group is not URL-encoded');
    }
    const { status } = this;
    if (!isGroupName(group)) return null;
    return await this.body(`members ${group}`, Infinity, 'members', async () => {
      const members = status.members(group);
      if (members === null) return null;
      return { total: members.length, time: Date.now(), entries: await jsonOf(members), bodies: new Map() };
    });
  }

  private async body(
    key: string,
    most: number,
    what: 'sessions' | 'groups' | 'members',
    make: () => Promise<Made | null>,
  ): Promise<Buffer | null> {
    const list = await this.made.get(key, make);
    const turn = this.last.then(() => pause(ANSWER_GAP));
    this.last = turn;
    await turn;
    if (list === null) return null;
    const { time, total, entries, bodies } = list;
    const known = bodies.get(most);
    if (known !== undefined) return known;
    const head = {
      sessions: `{"time":${time},"total":${total},`,
      groups: `{"total":${total},`,
      members: `{"group":${JSON.stringify(key.slice(what.length + 1))},`,
    };
    const body = Buffer.from(`${head[what]}"${what}":[${entries.slice(0, most).join(',')}]}\n`);
    if (bodies.size < MAX_BODIES) bodies.set(most, body);
    return body;
  }
}

/** @param isWanted null: all of them */
async function listOf<T>(
  entries: Iterable<T>,
  order: (left: T, right: T) => number,
  isWanted: ((entry: T) => boolean) | null,
): Promise<Made> {
  const time = Date.now();
  const { total, first } = await firstSorted(entries, order, MAX_ENTRIES, isWanted);
  return { total, time, entries: await jsonOf(first), bodies: new Map() };
}

/** What entries are to contain, in lower case; empty for all of them. */
function matchOf(query: URLSearchParams): string {
  const text = query.get('match') ?? '';
  if (text.length > MAX_MATCH) throw new QuestionError(`match must have at most ${MAX_MATCH} characters`);
  return text.toLowerCase();
}

const has = (text: string, part: string): boolean => text.toLowerCase().includes(part);

function limitOf(query: URLSearchParams): number {
  const text = query.get('limit');
  if (text === null) return DEFAULT_ENTRIES;
  const limit = Number(text);
  if (!/^\d{1,9}$/.test(text) || limit < 1 || limit > MAX_ENTRIES) {
    throw new QuestionError(`limit must be a number from 1 to ${MAX_ENTRIES}`);
  }
  return limit;
}

/** Ties go to the elder session, so that a table does not jump. */
function comparison(key: SortKey): (left: SessionInfo, right: SessionInfo) => number {
  const sign = sortKeys[key] === 'number' ? -1 : 1;
  return (left, right) => sign * compare(left[key], right[key]) || left.number - right.number;
}

function compare(left: string | number, right: string | number): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

// Work that several ask for and that is done for all of them: each piece at most once in a time, one after the other.

/** Milliseconds for which what was made is given to everybody who asks for it. */
export const FRESH_TIME = 1_000;
/** Pieces that are kept. */
const MAX_KEPT = 16;

interface CachedList<T> {
  readonly made: Promise<T>;
  /** Until when it is given out; while it is being made, always. */
  freshUntil: number;
}

export class Once<T> {
  private readonly pieces = new Map<string, CachedList<T>>();
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly now: () => number) {}

  get(key: string, make: () => Promise<T>): Promise<T> {
    const known = this.pieces.get(key);
    if (known !== undefined && this.now() < known.freshUntil) return known.made;
    let startedAt = 0;
    const made = this.last.then(() => {
      startedAt = this.now();
      return make();
    });
    const piece: CachedList<T> = { made, freshUntil: Infinity };
    this.last = made
      .catch(() => this.pieces.delete(key))
      .finally(() => {
        piece.freshUntil = startedAt + FRESH_TIME;
      });
    this.pieces.delete(key);
    this.pieces.set(key, piece);
    const [oldest] = this.pieces.keys();
    if (this.pieces.size > MAX_KEPT && oldest !== undefined) this.pieces.delete(oldest);
    return made;
  }
}
