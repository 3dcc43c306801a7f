import { expect } from 'chai';
import type { GroupsPage, SessionRow, SessionsPage, StatusPage } from '../../lib/cli/monitor/pages.js';
import { table } from '../../lib/cli/monitor/table.js';
import { type RatedSession, rated, sorted } from '../../lib/cli/top/rates.js';
import { type Look, layout, lists } from '../../lib/cli/top/lists.js';

const row = (number: number, fields: Partial<SessionRow> = {}): SessionRow => ({
  number,
  id: `#s${number}#one`,
  from: 'unix',
  since: 0,
  groups: 1,
  messagesIn: 0,
  messagesOut: 0,
  waitingMessages: 0,
  waitingBytes: 0,
  held: [],
  ...fields,
});

const page = (time: number, ...sessions: SessionRow[]): SessionsPage => ({
  time,
  total: sessions.length,
  sessions,
});

describe('command: rates of top', () => {
  it('are the average since the session came, at the first look', () => {
    const [only] = rated(page(10_000, row(1, { since: 5_000, messagesIn: 50, messagesOut: 5 })), null);
    expect(only).to.include({ in: 10, out: 1 });
  });

  it('are those since the look before afterwards', () => {
    const before = page(10_000, row(1, { messagesIn: 50, messagesOut: 7 }));
    const [old, fresh] = rated(
      page(12_000, row(1, { messagesIn: 70, messagesOut: 7 }), row(2, { since: 11_000, messagesIn: 3 })),
      before,
    );
    expect(old).to.include({ in: 10, out: 0 });
    expect(fresh).to.include({ in: 3, out: 0 });
  });

  it('are none when no time has gone by', () => {
    const now = page(10_000, row(1, { since: 10_000, messagesIn: 5 }));
    expect(rated(now, now)[0]).to.include({ in: 0, out: 0 });
    expect(rated(now, null)[0]).to.include({ in: 0, out: 0 });
  });

  it('sort, the most first and ties by name', () => {
    const sessions: RatedSession[] = [
      { session: row(3), in: 1, out: 9 },
      { session: row(1, { waitingBytes: 5 }), in: 2, out: 1 },
      { session: row(2), in: 2, out: 5 },
    ];
    const numbers = (by: Parameters<typeof sorted>[1]): number[] =>
      sorted(sessions, by).map(({ session }) => session.number);
    expect(numbers('waiting')).to.deep.equal([1, 2, 3]);
    expect(numbers('in')).to.deep.equal([1, 2, 3]);
    expect(numbers('out')).to.deep.equal([3, 2, 1]);
    expect(numbers('name')).to.deep.equal([1, 2, 3]);
  });
});

describe('command: the sessions of top', () => {
  const rows = [row(1, { messagesIn: 90 }), row(2, { waitingBytes: 2_048, waitingMessages: 4 }), row(3)];
  const look = (sort: string, ...sessions: SessionRow[]): Look<SessionsPage> => ({
    page: page(10_000, ...sessions),
    before: null,
    seconds: 0,
    sort,
  });

  it('fit into the terminal', () => {
    const lines = layout(lists.sessions.content(look('waiting', ...rows)), 5, 30);
    expect(lines).to.have.length(5);
    expect(Math.max(...lines.map(({ text }) => text.length))).to.be.at.most(30);
    expect(lines[3]?.text).to.match(/^#s2#one/);
  });

  it('are added up, those that are not shown too', () => {
    const [title] = layout(lists.sessions.content(look('in', ...rows)), 4);
    expect(title?.text).to.match(
      /^\d\d:\d\d:\d\d {3}3 sessions {3}9 messages\/s in, 0 out {3}2\.0 kB waiting {3}by in {3}/,
    );
  });

  it('have a name in their handshake, too, and another colour when they are not read', () => {
    const [, , , held, pending, plain] = layout(
      lists.sessions.content(
        look('waiting', row(1, { id: '' }), row(2), row(3, { held: ['flood'], waitingBytes: 1 })),
      ),
    );
    expect(held).to.include({ tone: 'warning' });
    expect(pending).to.include({ tone: 'faint' });
    expect(pending?.text).to.match(/^\(handshake\) /);
    expect(plain).to.include({ tone: undefined });
  });
});

describe('command: the groups of top', () => {
  const entry = (name: string, members: number, local: number): GroupsPage['groups'][number] => ({
    name,
    id: '1.2.3',
    members,
    local,
  });
  const groups = [entry('a', 2, 2), entry('b', 3, 0), entry('c', 2, 1)];
  const names = (sort: string): (string | number | undefined)[] =>
    lists.groups
      .content({ page: { total: 3, groups }, before: null, seconds: 0, sort })
      .rows.map(({ cells }) => cells[0]);

  it('are sorted, the most first and ties by name', () => {
    expect(['members', 'local', 'name'].map(names)).to.deep.equal([
      ['b', 'a', 'c'],
      ['a', 'c', 'b'],
      ['a', 'b', 'c'],
    ]);
  });

  it('are added up when all of them are there', () => {
    const title = (total: number): string =>
      lists.groups
        .content({ page: { total, groups }, before: null, seconds: 0, sort: 'name' })
        .title.join('|');
    expect(title(3)).to.match(/\|3 groups\|7 members, 3 of this daemon\|by name$/);
    expect(title(12_000)).to.match(/\|12,000 groups\|the first 3 by name\|by name$/);
  });
});

describe('command: the daemons of top', () => {
  const status = (fields: Partial<StatusPage>, messagesIn = 100): StatusPage => ({
    name: 'two',
    version: '0.1.0',
    configurationHash: '',
    uptimeSeconds: 50,
    addresses: [],
    unixPath: null,
    state: 'operational',
    daemons: ['one', 'two', 'three'],
    sessions: 4,
    handshakes: 0,
    groups: 2,
    waitingBytes: 0,
    connections: { accepted: 0, established: 0, rejections: {}, ends: {} },
    traffic: { messagesIn, messagesOut: 0, bytesIn: 0, bytesOut: 0 },
    engine: { kind: 'corosync', views: 7, queuedBytes: 0 },
    eventLoopDelayMilliseconds: { p50: 1, p99: 2, max: 3 },
    memoryBytes: { rss: 80_000_000, heapUsed: 0 },
    ...fields,
  });
  const content = (now: StatusPage, before: StatusPage | null) =>
    lists.daemons.content({ page: now, before, seconds: 5, sort: '' });
  const rateIn = (now: StatusPage, before: StatusPage | null) =>
    content(now, before).rows.find(({ cells }) => cells[0] === 'two')?.cells[5];

  it('stand in the order of the view, with figures of the one that answers', () => {
    const lines = layout(content(status({}), null)).map(({ text }) => text);
    expect(lines[0]).to.match(
      / {3}3 daemons {3}two: engine corosync, 7 views {3}rates since the daemon started$/,
    );
    expect(lines.slice(2)).to.deep.equal([
      'daemon  place   up    sessions  groups  in/s  out/s  waiting  delay 99%  memory',
      'one     leader',
      'two     2       50 s         4       2     2      0  0 B      2 ms       80.0 MB',
      'three   3',
    ]);
  });

  it('have rates since the look before, or since a start in between', () => {
    expect(rateIn(status({}), null)).to.equal(2);
    expect(rateIn(status({}, 120), status({}))).to.equal(4);
    expect(rateIn(status({ uptimeSeconds: 2 }, 10), status({}))).to.equal(5);
  });

  it('are one without a view', () => {
    const { title, rows } = content(status({ daemons: [], state: 'no-view' }), null);
    expect(title[1]).to.equal('no daemon view (no-view)');
    expect(rows.map(({ cells, tone }) => [cells[0], cells[1], tone])).to.deep.equal([
      ['two', 'no view', 'failure'],
    ]);
  });
});

describe('command: columns', () => {
  it('have numbers flush right', () => {
    expect(
      table(
        ['name', 'n'],
        [
          ['a', 1],
          ['b', 1_000],
        ],
      ),
    ).to.deep.equal(['name      n', 'a         1', 'b     1,000']);
  });

  it('have numbers flush right where some are missing, too', () => {
    expect(
      table(
        ['name', 'n'],
        [
          ['a', ''],
          ['b', 7],
        ],
      ),
    ).to.deep.equal(['name  n', 'a', 'b     7']);
  });

  it('have a head without rows, too', () => {
    expect(table(['name', 'n'], [])).to.deep.equal(['name  n']);
  });
});
