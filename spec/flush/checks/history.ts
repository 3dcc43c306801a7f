/** The logs read once for all checkers: messages by id, and the stays: the time of one membership in one view. */
import { SAFE_MESS, SELF_DISCARD } from '../../../lib/wire/service.js';
import { groupBy } from '../../../daemon/testing/checks/group-by.js';
import type { DataEntry, MembershipLog, SendEntry, ViewEntry } from './log.js';

/** A message that an honest member sent. */
export interface Sent {
  readonly log: MembershipLog;
  readonly entry: SendEntry;
  /** Place among the messages of the membership. */
  readonly place: number;
}

export interface Stay {
  readonly log: MembershipLog;
  readonly view: ViewEntry;
  /** The view before; null for the first one. */
  readonly previous: Stay | null;
  /** Data that was delivered in it, in order. */
  readonly delivered: DataEntry[];
  /** How much of it came before the transitional signal. */
  before: number;
  transitions: number;
  requests: number;
  flushes: number;
  /** Requests after the membership asked to leave. */
  requestsAfterLeave: number;
  /** Messages that were sent after the flush. */
  readonly late: string[];
  /** Null when the membership ended in this view. */
  next: Stay | null;
}

export interface History {
  readonly sent: ReadonlyMap<string, Sent>;
  readonly stays: readonly Stay[];
  readonly byView: ReadonlyMap<string, readonly Stay[]>;
  /** Data before the first view. */
  readonly early: readonly string[];
}

export const isSafe = ({ entry }: Sent): boolean => (entry.service & SAFE_MESS) !== 0;

/** Whether this session is to get the message at all. */
export const isFor = (sent: Sent | undefined, id: string): boolean => {
  if (!sent) return true;
  const { entry, log } = sent;
  if ((entry.service & SELF_DISCARD) !== 0 && log.id === id) return false;
  return entry.receivers === null || entry.receivers.includes(id);
};

/** Whether it stays a member, and all that is promised holds for it. */
export const isLiving = ({ end }: MembershipLog): boolean => end === 'open';

const read = new WeakMap<readonly MembershipLog[], History>();

export function historyOf(logs: readonly MembershipLog[]): History {
  let history = read.get(logs);
  if (!history) {
    history = readHistory(logs);
    read.set(logs, history);
  }
  return history;
}

function readHistory(logs: readonly MembershipLog[]): History {
  const sent = new Map<string, Sent>();
  const stays: Stay[] = [];
  const early: string[] = [];
  for (const log of logs) {
    let place = 0;
    let stay: Stay | null = null;
    let hasLeft = false;
    for (const entry of log.entries) {
      switch (entry.kind) {
        case 'send':
          sent.set(entry.id, { log, entry, place: place++ });
          if (stay === null || stay.flushes > 0) stay?.late.push(entry.id);
          break;
        case 'view': {
          const next: Stay = newStay(log, entry, stay);
          if (stay) stay.next = next;
          stays.push(next);
          stay = next;
          break;
        }
        case 'data':
          if (stay === null) early.push(`${log.name} got ${entry.id}`);
          stay?.delivered.push(entry);
          if (stay?.transitions === 0) stay.before++;
          break;
        case 'transition':
          if (stay) stay.transitions++;
          else early.push(`${log.name} got a transitional signal`);
          break;
        case 'request':
          if (stay) {
            stay.requests++;
            if (hasLeft) stay.requestsAfterLeave++;
          } else early.push(`${log.name} got a flush request`);
          break;
        case 'flush':
          if (stay) stay.flushes++;
          break;
        case 'leave':
          hasLeft = true;
          break;
        default:
      }
    }
  }
  return { sent, stays, byView: groupBy(stays, ({ view }) => view.view), early };
}

const newStay = (log: MembershipLog, view: ViewEntry, previous: Stay | null): Stay => ({
  log,
  view,
  previous,
  delivered: [],
  before: 0,
  transitions: 0,
  requests: 0,
  flushes: 0,
  requestsAfterLeave: 0,
  late: [],
  next: null,
});
