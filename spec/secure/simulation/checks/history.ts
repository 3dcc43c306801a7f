/** The logs read once for all checkers: messages by text, and stays: the time of one session in one secure view. */
import { groupBy } from '../../../../daemon/testing/checks/group-by.js';
import type { DataEntry, Evidence, SecureLog, SendEntry, ViewEntry } from '../log.js';

export interface Sent {
  readonly log: SecureLog;
  readonly entry: SendEntry;
}

export interface Stay {
  readonly log: SecureLog;
  readonly view: ViewEntry;
  readonly previous: Stay | null;
  readonly delivered: DataEntry[];
  /** How much of it came before the transitional signal. */
  before: number;
  transitions: number;
  /** Lost its key in this view, or was put out of a later one before the next that was shown. */
  wasExcluded: boolean;
  /** Left and joined by itself since. */
  hasRejoined: boolean;
  next: Stay | null;
}

export interface History {
  readonly sent: ReadonlyMap<string, Sent>;
  readonly stays: readonly Stay[];
  readonly byView: ReadonlyMap<string, readonly Stay[]>;
  /** Data and signals before the first view. */
  readonly early: readonly string[];
}

const read = new WeakMap<readonly SecureLog[], History>();

export function historyOf({ logs }: Evidence): History {
  let history = read.get(logs);
  if (!history) {
    history = readHistory(logs);
    read.set(logs, history);
  }
  return history;
}

function readHistory(logs: readonly SecureLog[]): History {
  const sent = new Map<string, Sent>();
  const stays: Stay[] = [];
  const early: string[] = [];
  for (const log of logs) {
    let stay: Stay | null = null;
    for (const entry of log.entries) {
      if (entry.kind === 'send') sent.set(entry.text, { log, entry });
      else if (entry.kind === 'view') {
        const next: Stay = stayOf(log, entry, stay);
        if (stay) stay.next = next;
        stays.push(next);
        stay = next;
      } else if (entry.kind === 'data' || entry.kind === 'transition') {
        if (!stay) early.push(`${log.name}: ${entry.kind} before the first view`);
        else note(stay, entry.kind === 'data' ? entry : null);
      } else if (stay && entry.kind === 'excluded') stay.wasExcluded = true;
      else if (stay && entry.kind === 'rejoin') stay.hasRejoined = true;
    }
  }
  return { sent, stays, byView: groupBy(stays, ({ view }) => view.id), early };
}

function note(stay: Stay, data: DataEntry | null): void {
  if (!data) stay.transitions++;
  else {
    stay.delivered.push(data);
    if (stay.transitions === 0) stay.before++;
  }
}

const stayOf = (log: SecureLog, view: ViewEntry, previous: Stay | null): Stay => ({
  log,
  view,
  previous,
  delivered: [],
  before: 0,
  transitions: 0,
  wasExcluded: false,
  hasRejoined: false,
  next: null,
});

/** Whether the message is for this session at all. */
export function isFor({ log, entry }: Sent, id: string): boolean {
  if (entry.isDiscarded && log.id === id) return false;
  return entry.receivers === null || entry.receivers.includes(id);
}

/** Whether a session lives, and is honest and well served: all promises hold for it. */
export const isPromised = ({ end, isHonest, isAuthorized, isServed }: SecureLog): boolean =>
  end === 'open' && isHonest && isAuthorized && isServed;
