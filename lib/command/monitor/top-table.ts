/** What `ssp top` shows: one line for the daemon, and the sessions. */
import { clock, count, plural } from '../units.js';
import { printable } from '../text.js';
import type { SessionsPage } from './pages.js';
import { rated, type RatedSession, type Sort, sorted } from './rates.js';
import { age, bytes, table } from './table.js';

/** Lines above the sessions. */
const HEAD_LINES = 3;

export interface Look {
  readonly page: SessionsPage;
  /** The look before, for rates. */
  readonly before: SessionsPage | null;
  readonly sort: Sort;
}

/** @param rows lines that there is room for @param columns characters of a line */
export function topLines({ page, before, sort }: Look, rows = Infinity, columns = Infinity): string[] {
  const all = sorted(rated(page, before), sort);
  const shown = all.slice(0, Math.max(1, rows - HEAD_LINES));
  const sum = (value: (each: RatedSession) => number): number =>
    all.reduce((total, each) => total + value(each), 0);
  const title = [
    clock(new Date(page.time)),
    plural(page.total, 'session'),
    `${count(sum((each) => each.in))} messages/s in, ${count(sum((each) => each.out))} out`,
    `${bytes(sum(({ session }) => session.waitingBytes))} waiting`,
    `by ${sort}`,
    ...(before === null ? ['rates since each session came'] : []),
  ].join('   ');
  const lines = shown.map((each) => line(each, page.time));
  return [
    title.slice(0, columns),
    '',
    ...table(
      ['session', 'from', 'for', 'groups', 'in/s', 'out/s', 'waiting', 'bytes waiting', 'held'],
      lines,
      columns,
    ),
  ];
}

function line({ session, in: rateIn, out: rateOut }: RatedSession, now: number): (string | number)[] {
  return [
    session.name === '' ? '(handshake)' : printable(session.name),
    printable(session.from),
    age(Math.max(0, now - session.since) / 1_000),
    session.groups,
    rateIn,
    rateOut,
    session.waitingMessages,
    session.waitingBytes,
    printable(session.held.join(' ')),
  ];
}
