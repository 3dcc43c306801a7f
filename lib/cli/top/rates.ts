/** Messages per second of each session, from one look at the daemon to the next. */
import type { SessionRow, SessionsPage } from '../monitor/pages.js';

export interface RatedSession {
  readonly session: SessionRow;
  /** Messages per second that it sends. */
  readonly in: number;
  /** Messages per second that it receives. */
  readonly out: number;
}

/** @param before the look before; without one, or for a new session, the rate is the average since it began */
export function rated(page: SessionsPage, before: SessionsPage | null): RatedSession[] {
  const known = new Map((before?.sessions ?? []).map((session) => [session.number, session]));
  return page.sessions.map((session) => {
    const then = known.get(session.number);
    // A daemon that was started again gives the same numbers to others.
    const isSame = then?.since === session.since;
    const seconds = (page.time - (isSame ? (before as SessionsPage).time : session.since)) / 1_000;
    const rate = (now: number, past = 0): number => (seconds > 0 ? (now - past) / seconds : 0);
    return {
      session,
      in: rate(session.messagesIn, isSame ? then.messagesIn : 0),
      out: rate(session.messagesOut, isSame ? then.messagesOut : 0),
    };
  });
}

export type SessionSort = 'waiting' | 'in' | 'out' | 'name';

const byName = (left: RatedSession, right: RatedSession): number =>
  compare(left.session.id, right.session.id);

const orders: Readonly<Record<SessionSort, (left: RatedSession, right: RatedSession) => number>> = {
  waiting: (left, right) => right.session.waitingBytes - left.session.waitingBytes,
  in: (left, right) => right.in - left.in,
  out: (left, right) => right.out - left.out,
  name: byName,
};

/** The most first; ties by name, so that lines do not jump. */
export const sorted = (sessions: readonly RatedSession[], by: SessionSort): RatedSession[] =>
  sessions.toSorted((left, right) => orders[by](left, right) || byName(left, right));

/** The order of names. */
export function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
