import { expect } from 'chai';
import type { SessionRow, SessionsPage } from '../../lib/cli/monitor/pages.js';
import { age, bytes, table } from '../../lib/cli/monitor/table.js';
import { type RatedSession, rated, sorted, topLines } from '../../lib/cli/monitor/top-screen.js';

const row = (id: number, fields: Partial<SessionRow> = {}): SessionRow => ({
  id,
  name: `#s${id}#one`,
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
    const ids = (by: Parameters<typeof sorted>[1]): number[] =>
      sorted(sessions, by).map(({ session }) => session.id);
    expect(ids('waiting')).to.deep.equal([1, 2, 3]);
    expect(ids('in')).to.deep.equal([1, 2, 3]);
    expect(ids('out')).to.deep.equal([3, 2, 1]);
    expect(ids('name')).to.deep.equal([1, 2, 3]);
  });
});

describe('command: the table of top', () => {
  const sessions = [row(1, { messagesIn: 90 }), row(2, { waitingBytes: 2_048, waitingMessages: 4 }), row(3)];

  it('fits into the terminal', () => {
    const lines = topLines({ page: page(10_000, ...sessions), before: null, sort: 'waiting' }, 5, 30);
    expect(lines).to.have.length(5);
    expect(Math.max(...lines.map((line) => line.length))).to.be.at.most(30);
    expect(lines[3]).to.match(/^#s2#one/);
  });

  it('adds up all sessions, those that are not shown too', () => {
    const [title] = topLines({ page: page(10_000, ...sessions), before: null, sort: 'in' }, 4);
    expect(title).to.match(
      /^\d\d:\d\d:\d\d {3}3 sessions {3}9 messages\/s in, 0 out {3}2\.0 kB waiting {3}by in {3}/,
    );
  });

  it('names a session without a name', () => {
    expect(topLines({ page: page(0, row(1, { name: '' })), before: null, sort: 'in' })[3]).to.match(
      /^\(handshake\) /,
    );
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

  it('have a head without rows, too', () => {
    expect(table(['name', 'n'], [])).to.deep.equal(['name  n']);
  });

  for (const [value, text] of [
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1.0 kB'],
    [1_500_000, '1.5 MB'],
    [2e9, '2.0 GB'],
    [5e13, '50000.0 GB'],
  ] as const) {
    it(`show ${value} bytes as ${text}`, () => expect(bytes(value)).to.equal(text));
  }

  for (const [value, text] of [
    [0, '0 s'],
    [59.9, '59 s'],
    [60, '1 min'],
    [3_600, '1 h'],
    [93_784, '1 d 2 h 3 min'],
  ] as const) {
    it(`show ${value} seconds as ${text}`, () => expect(age(value)).to.equal(text));
  }
});
