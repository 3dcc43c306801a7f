/** The lists of the monitor: sessions, groups, the members of one group. */
import { isGroupName } from '../../lib/wire/name.js';
import { DEFAULT_ENTRIES, MAX_ENTRIES } from './http-limits.js';
import type { SessionSight, Sight } from './sight.js';

/** A question that cannot be answered; `message` says what is wrong with it. */
export class QuestionError extends Error {}

type SortKey = Exclude<keyof SessionSight, 'tls' | 'membership' | 'held'>;

/** Numbers are sorted with the most first, texts by the alphabet; an age is what is oldest. */
const sortKeys: Readonly<Record<SortKey, 'number' | 'text' | 'ascending'>> = {
  id: 'ascending',
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

/** The object of `/sessions`. `time` is this machine's clock, so that rates need no other. */
export function sessionList(sight: Sight, query: URLSearchParams, now: number): object {
  const key = query.get('sort') ?? 'waitingBytes';
  if (!isSortKey(key)) throw new QuestionError(`sort is one of ${Object.keys(sortKeys).join(', ')}`);
  const most = limitOf(query);
  const sessions = sight.sessions();
  const total = sessions.length;
  return { time: now, total, sessions: sessions.toSorted(comparison(key)).slice(0, most) };
}

/** The object of `/groups`, in the order of their names. */
export function groupList(sight: Sight, query: URLSearchParams): object {
  const most = limitOf(query);
  const groups = sight.groups();
  const byName = groups.toSorted((left, right) => compare(left.name, right.name));
  return { total: groups.length, groups: byName.slice(0, most) };
}

/** The object of `/groups/NAME`; null when there is no such group. */
export function memberList(sight: Sight, encoded: string): object | null {
  let group: string;
  try {
    group = decodeURIComponent(encoded);
  } catch {
    throw new QuestionError('the name of the group is not encoded as a URL wants it');
  }
  const members = isGroupName(group) ? sight.members(group) : null;
  return members === null ? null : { group, members };
}

function limitOf(query: URLSearchParams): number {
  const text = query.get('limit');
  if (text === null) return DEFAULT_ENTRIES;
  const limit = Number(text);
  if (!/^\d{1,9}$/.test(text) || limit < 1 || limit > MAX_ENTRIES) {
    throw new QuestionError(`limit is a number from 1 to ${MAX_ENTRIES}`);
  }
  return limit;
}

/** Ties go to the elder session, so that a table does not jump. */
function comparison(key: SortKey): (left: SessionSight, right: SessionSight) => number {
  const sign = sortKeys[key] === 'number' ? -1 : 1;
  return (left, right) => sign * compare(left[key], right[key]) || left.id - right.id;
}

function compare(left: string | number, right: string | number): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
