/** What `ssp top` shows: one line for the daemon, and the sessions. */
import { type Key, emitKeypressEvents } from 'node:readline';
import { clock, count, plural, printable } from '../text.js';
import type { SessionRow, SessionsPage } from './pages.js';
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
    ...(before === null ? ['rates since each session began'] : []),
  ].join('   ');
  const lines = shown.map((each) => rowOf(each, page.time));
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

function rowOf({ session, in: rateIn, out: rateOut }: RatedSession, now: number): (string | number)[] {
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

/** Messages per second of each session, from one look to the next. */
export interface RatedSession {
  readonly session: SessionRow;
  /** Messages per second that it sends. */
  readonly in: number;
  /** Messages per second that it is given. */
  readonly out: number;
}

export const SORTS = ['waiting', 'in', 'out', 'name'] as const;
export type Sort = (typeof SORTS)[number];

/** @param before the look before; without one, or for a new session, the rate is the average since it came */
export function rated(page: SessionsPage, before: SessionsPage | null): RatedSession[] {
  const known = new Map((before?.sessions ?? []).map((session) => [session.id, session]));
  return page.sessions.map((session) => {
    const then = known.get(session.id);
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

const byName = (left: RatedSession, right: RatedSession): number =>
  left.session.name < right.session.name ? -1 : Number(left.session.name > right.session.name);

const orders: Readonly<Record<Sort, (left: RatedSession, right: RatedSession) => number>> = {
  waiting: (left, right) => right.session.waitingBytes - left.session.waitingBytes,
  in: (left, right) => right.in - left.in,
  out: (left, right) => right.out - left.out,
  name: byName,
};

/** The most first; ties by name, so that lines do not jump. */
export const sorted = (sessions: readonly RatedSession[], by: Sort): RatedSession[] =>
  sessions.toSorted((left, right) => orders[by](left, right) || byName(left, right));

/** A terminal that is redrawn whole, and the keys that are pressed meanwhile. Leaves it as it was. */
const ENTER = '\u001B[?1049h\u001B[?25l';
const LEAVE = '\u001B[?25h\u001B[?1049l';
const HOME = '\u001B[H';
const CLEAR_TO_LINE_END = '\u001B[K';
const CLEAR_BELOW = '\u001B[J';

export class KeyScreen implements Disposable {
  private readonly hear: (text: string | undefined, key: Key) => void;
  private readonly resized: () => void;

  /** @param pressed takes the name of a key, `ctrl-c` too, since a raw terminal sends no signal */
  constructor(pressed: (key: string) => void, resized: () => void) {
    this.hear = (_, { name = '', ctrl }) => pressed(ctrl ? `ctrl-${name}` : name);
    this.resized = resized;
    emitKeypressEvents(process.stdin);
    process.stdin.on('keypress', this.hear);
    process.stdin.setRawMode(true);
    process.stdin.resume();
    process.stdout.on('resize', resized);
    process.stdout.write(ENTER);
  }

  static get isPossible(): boolean {
    return process.stdin.isTTY && process.stdout.isTTY;
  }

  get rows(): number {
    return process.stdout.rows;
  }

  get columns(): number {
    return process.stdout.columns;
  }

  /** Redraws. The lines must fit. */
  draw(lines: readonly string[]): void {
    const text = lines.map((line) => line + CLEAR_TO_LINE_END).join('\r\n');
    process.stdout.write(HOME + text + CLEAR_BELOW);
  }

  [Symbol.dispose](): void {
    process.stdin.off('keypress', this.hear);
    process.stdout.off('resize', this.resized);
    process.stdin.setRawMode(false);
    process.stdin.pause();
    process.stdout.write(LEAVE);
  }
}
