/** The three lists of `ssp top`: which page of the monitor each one reads, and what it shows of it. */
import type * as z from 'zod';
import {
  type GroupsPage,
  type SessionsPage,
  type StatusPage,
  groupsPage,
  sessionsPage,
  statusPage,
} from '../monitor/pages.js';
import { table } from '../monitor/table.js';
import { printable } from '../text.js';
import { age, bytes, clock, count, plural } from '../units.js';
import type { Line, Tone } from './key-screen.js';
import { type RatedSession, type SessionSort, compare, rated, sorted } from './rates.js';

/** Two looks at one page. */
export interface Look<Page> {
  readonly page: Page;
  /** The look before, for rates. */
  readonly before: Page | null;
  /** Seconds between the two. */
  readonly seconds: number;
  readonly sort: string;
}

interface Row {
  readonly cells: readonly (string | number)[];
  readonly tone?: Tone | undefined;
}

/** What a list shows, before it has a size. */
export interface Content {
  readonly title: readonly string[];
  readonly head: readonly string[];
  readonly rows: readonly Row[];
}

export interface TopList<Page> {
  readonly path: string;
  readonly page: z.ZodType<Page>;
  /** What the rows can be sorted by; the first one unless another is chosen. The first letter is its key. */
  readonly sorts: readonly string[];
  content(look: Look<Page>): Content;
}

/** Lines above the rows. */
const HEAD_LINES = 3;
/** All of them, as far as the monitor gives them: who is busiest is found out here. */
const MOST = 10_000;

/** @param height lines that there is room for @param width characters of a line */
export function layout({ title, head, rows }: Content, height = Infinity, width = Infinity): Line[] {
  const shown = rows.slice(0, Math.max(1, height - HEAD_LINES));
  const [names = '', ...texts] = table(
    head,
    shown.map(({ cells }) => cells),
    width,
  );
  return [
    { text: title.join('   ').slice(0, width), tone: 'title' },
    { text: '' },
    { text: names, tone: 'head' },
    ...texts.map((text, place) => ({ text, tone: shown[place]?.tone })),
  ];
}

const sessions: TopList<SessionsPage> = {
  path: `/sessions?sort=waitingBytes&limit=${MOST}`,
  page: sessionsPage,
  sorts: ['waiting', 'in', 'out', 'name'],
  content({ page, before, sort }) {
    const all = sorted(rated(page, before), sort as SessionSort);
    const sum = (value: (each: RatedSession) => number): number =>
      all.reduce((total, each) => total + value(each), 0);
    return {
      title: [
        clock(new Date(page.time)),
        plural(page.total, 'session'),
        `${count(sum((each) => each.in))} messages/s in, ${count(sum((each) => each.out))} out`,
        `${bytes(sum(({ session }) => session.waitingBytes))} waiting`,
        `by ${sort}`,
        ...(before === null ? ['rates since each session began'] : []),
      ],
      head: ['session', 'from', 'for', 'groups', 'in/s', 'out/s', 'waiting', 'bytes waiting', 'held'],
      rows: all.map((each) => sessionRow(each, page.time)),
    };
  },
};

function sessionRow({ session, in: rateIn, out: rateOut }: RatedSession, now: number): Row {
  const isPending = session.id === '';
  const tone = isPending ? 'faint' : undefined;
  return {
    cells: [
      isPending ? '(handshake)' : printable(session.id),
      printable(session.from),
      age(Math.max(0, now - session.since) / 1_000),
      session.groups,
      rateIn,
      rateOut,
      session.waitingMessages,
      session.waitingBytes,
      printable(session.held.join(' ')),
    ],
    tone: session.held.length > 0 ? 'warning' : tone,
  };
}

type GroupEntry = GroupsPage['groups'][number];

const groupOrders: Readonly<Record<string, (left: GroupEntry, right: GroupEntry) => number>> = {
  members: (left, right) => right.members - left.members,
  local: (left, right) => right.local - left.local,
};

const groups: TopList<GroupsPage> = {
  path: `/groups?limit=${MOST}`,
  page: groupsPage,
  sorts: ['members', 'local', 'name'],
  content({ page, sort }) {
    const order = groupOrders[sort] ?? (() => 0);
    const all = page.groups.toSorted((left, right) => order(left, right) || compare(left.name, right.name));
    const sum = (value: (each: GroupEntry) => number): number =>
      all.reduce((total, each) => total + value(each), 0);
    const isWhole = all.length === page.total;
    const memberships = `${plural(
      sum(({ members }) => members),
      'member',
    )}, ${count(sum(({ local }) => local))} of this daemon`;
    return {
      title: [
        clock(new Date()),
        plural(page.total, 'group'),
        isWhole ? memberships : `the first ${count(all.length)} by name`,
        `by ${sort}`,
      ],
      head: ['group', 'members', 'of this daemon', 'id'],
      rows: all.map(({ name, members, local, id }) => ({
        cells: [printable(name), members, local, printable(id)],
        tone: local === 0 ? 'faint' : undefined,
      })),
    };
  },
};

/** The daemon view; of the daemon that answers also what it does. The others have monitors of their own. */
const daemons: TopList<StatusPage> = {
  path: '/varz',
  page: statusPage,
  sorts: [],
  content({ page, before, seconds }) {
    const { traffic } = page;
    // The counters of a daemon that was started again begin at 0.
    const past = before !== null && before.uptimeSeconds <= page.uptimeSeconds ? before.traffic : null;
    const time = past === null ? page.uptimeSeconds : seconds;
    const rate = (now: number, then = 0): number => (time > 0 ? Math.max(0, now - then) / time : 0);
    const own = [
      age(page.uptimeSeconds),
      page.sessions,
      page.groups,
      rate(traffic.messagesIn, past?.messagesIn),
      rate(traffic.messagesOut, past?.messagesOut),
      bytes(page.waitingBytes),
      `${page.eventLoopDelayMilliseconds.p99} ms`,
      bytes(page.memoryBytes.rss),
    ];
    return {
      title: [
        clock(new Date()),
        page.daemons.length === 0 ? `no daemon view (${page.state})` : plural(page.daemons.length, 'daemon'),
        `${printable(page.name)}: engine ${printable(page.engine.kind)}, ${plural(page.engine.views, 'view')}`,
        ...(past === null ? ['rates since the daemon started'] : []),
      ],
      head: [
        'daemon',
        'place',
        'up',
        'sessions',
        'groups',
        'in/s',
        'out/s',
        'waiting',
        'delay 99%',
        'memory',
      ],
      rows: daemonNames(page).map((name, place) => ({
        cells: [printable(name), placeText(page, place), ...(name === page.name ? own : own.map(() => ''))],
        tone: daemonTone(page, name),
      })),
    };
  },
};

/** Without a view there is still the daemon that answers. */
const daemonNames = ({ daemons: names, name }: StatusPage): readonly string[] =>
  names.length === 0 ? [name] : names;

function placeText({ daemons: names }: StatusPage, place: number): string {
  if (names.length === 0) return 'no view';
  return place === 0 ? 'leader' : `${place + 1}`;
}

function daemonTone({ daemons: names, name }: StatusPage, each: string): Tone | undefined {
  if (names.length === 0) return 'failure';
  return each === name ? 'strong' : undefined;
}

export const lists = { sessions, groups, daemons };
export type ListName = keyof typeof lists;
export const listNames = Object.keys(lists) as ListName[];

/** Every word that some list can be sorted by. */
export const allSorts = [...new Set(listNames.flatMap((name) => lists[name].sorts))];
