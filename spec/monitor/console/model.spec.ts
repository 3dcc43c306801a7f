import { expect } from 'chai';
import { LineReader } from '../../../daemon/monitor/console/core/line-reader.js';
import type {
  DaemonsLine,
  EventLine,
  FeedLine,
  GroupRow,
  RatesLine,
  SessionRow,
  ViewEvent,
} from '../../../daemon/monitor/console/core/lines.js';
import {
  groupRate,
  membersOf,
  mergedSets,
  Model,
  rollingSums,
  stateWord,
} from '../../../daemon/monitor/console/core/model.js';
import { contains, finds, findsEvent } from '../../../daemon/monitor/console/core/search.js';

const rates = (at: number, fields: Partial<RatesLine> = {}): RatesLine => ({
  t: 'rates',
  at,
  state: 'operational',
  in: 0,
  out: 0,
  bytesIn: 0,
  bytesOut: 0,
  ordered: 0,
  views: 0,
  loopP99: 0,
  waiting: 0,
  behind: 0,
  sessions: 0,
  rss: 0,
  refused: 0,
  damaged: 0,
  illegal: 0,
  ...fields,
});
const daemons = (here: readonly string[], away: readonly string[] = []): DaemonsLine => ({
  t: 'daemons',
  view: 'v1',
  since: 1_000,
  here,
  sets: [here],
  away: away.map((name) => ({ name, since: 5 })),
});
const groupRow = (name: string, messages = 0): GroupRow => ({
  name,
  id: '1.2.3',
  members: 1,
  local: 1,
  messages,
  lastView: null,
});
const sessionRow = (number: number, fields: Partial<SessionRow> = {}): SessionRow => ({
  number,
  id: `#s${number}#d1`,
  from: 'unix',
  tls: false,
  principal: '',
  version: '0.2.0',
  groups: 1,
  since: 0,
  messagesIn: 0,
  messagesOut: 0,
  bytesIn: 0,
  bytesOut: 0,
  waitingMessages: 0,
  waitingBytes: 0,
  held: [],
  ...fields,
});
const view = (n: number, at: number, fields: Partial<ViewEvent> = {}): ViewEvent => ({
  t: 'event',
  n,
  at,
  kind: 'view',
  group: 'room',
  gid: '1.2.3',
  cause: 'join',
  members: 1,
  came: [],
  gone: [],
  more: 0,
  ...fields,
});

const modelOf = (...lines: readonly FeedLine[]): Model => {
  const model = new Model();
  model.take(lines);
  return model;
};

describe('console: the model', () => {
  it('is complete with the first line of the sessions', () => {
    const model = modelOf(rates(1_000), daemons(['d1']));
    expect(model.isComplete).to.equal(false);
    model.take([{ t: 'sessions', total: 7, top: [sessionRow(1)] }]);
    expect([model.isComplete, model.sessionsTotal, model.at]).to.deep.equal([true, 7, 1_000]);
  });

  it('keeps five minutes of rates and five hundred events', () => {
    const model = modelOf(
      ...Array.from({ length: 310 }, (_, i) => rates(i)),
      ...Array.from({ length: 520 }, (_, i) => view(i, i)),
    );
    expect([model.rates.length, model.rates[0]?.at, model.at]).to.deep.equal([300, 10, 309]);
    expect([model.events.length, model.events[0]?.n]).to.deep.equal([500, 20]);
    model.take([view(520, 520), rates(310), view(521, 521)]);
    expect(model.events.slice(-2).map(({ n }) => n)).to.deep.equal([520, 521]);
    expect(model.events).to.have.length(500);
  });

  it('keeps groups, changes some and forgets some', () => {
    const model = modelOf(rates(1_000), {
      t: 'groups',
      total: 3,
      list: [groupRow('a', 10), groupRow('b'), groupRow('c')],
      left: [],
    });
    model.take([rates(3_000), { t: 'groups', total: 2, list: [groupRow('a', 30)], left: ['c'] }]);
    expect([...model.groups.keys()].toSorted()).to.deep.equal(['a', 'b']);
    expect([model.groupsTotal, model.groups.get('a')?.perSecond]).to.deep.equal([2, 10]);
  });

  it('shows no rate of a group that has been silent, or whose count began again', () => {
    const model = modelOf(rates(1_000), { t: 'groups', total: 1, list: [groupRow('a', 10)], left: [] });
    model.take([rates(2_000), { t: 'groups', total: 1, list: [groupRow('a', 30)], left: [] }]);
    const rateAt = (now: number): number => {
      const entry = model.groups.get('a');
      return entry ? groupRate(entry, now) : NaN;
    };
    expect([rateAt(2_000), rateAt(5_000), rateAt(6_000)]).to.deep.equal([20, 20, 0]);
    model.take([rates(3_000), { t: 'groups', total: 1, list: [groupRow('a', 7)], left: [] }]);
    expect(rateAt(3_000)).to.equal(0);
    model.take([rates(4_000), { t: 'groups', total: 1, list: [groupRow('a', 2 ** 40)], left: [] }]);
    expect(rateAt(4_000)).to.equal(0);
  });

  it('has the rates of sessions from two lines', () => {
    const model = modelOf(rates(1_000), { t: 'sessions', total: 1, top: [sessionRow(1), sessionRow(2)] });
    const top = [sessionRow(2, { messagesIn: 40, messagesOut: 100 }), sessionRow(3, { messagesIn: 9 })];
    model.take([rates(3_000), { t: 'sessions', total: 2, top }]);
    expect(model.sessions.map(({ inPerSecond, outPerSecond }) => [inPerSecond, outPerSecond])).to.deep.equal([
      [20, 50],
      [0, 0],
    ]);
  });

  it('leaves out lines that it does not know', () => {
    const model = modelOf({ t: 'weather' } as unknown as FeedLine, daemons(['d1']));
    expect(model.daemons?.here).to.deep.equal(['d1']);
  });

  for (const [word, here, away, state] of [
    ['operational', ['d1'], [], 'operational'],
    ['operational', ['d1', 'd2'], ['d3'], 'operational'],
    ['minority', ['d1'], ['d2', 'd3'], 'operational'],
    ['minority', ['d1'], ['d2'], 'operational'],
    ['draining', ['d1'], ['d2'], 'draining'],
    ['no view', ['d1'], [], 'no-view'],
    ['no view', [], ['d2'], 'operational'],
  ] as const) {
    it(`says ${word} of ${here.length} daemons here and ${away.length} away, ${state}`, () => {
      expect(stateWord(modelOf(daemons(here, away), rates(1, { state })))).to.equal(word);
    });
  }

  it('says nothing while it knows nothing', () => {
    expect(stateWord(new Model())).to.equal(null);
  });

  it('shows the sets of a merge for a minute', () => {
    const merged = { ...daemons(['d1', 'd2']), sets: [['d1'], ['d2']] };
    expect(mergedSets(merged, 60_000)).to.deep.equal([['d1'], ['d2']]);
    expect(mergedSets(merged, 61_000)).to.equal(null);
    expect(mergedSets({ ...merged, since: null }, 1_000)).to.equal(null);
    expect(mergedSets(daemons(['d1', 'd2']), 1_000)).to.equal(null);
  });

  it('marks members who came or went in the last ten seconds', () => {
    const model = modelOf(
      { t: 'group', name: 'room', id: '1.2.3', members: ['#ann#d1', '#cid#d1', '#eve#d1'], total: 3 },
      view(1, 1_000, { came: ['#ann#d1'] }),
      view(2, 12_000, { came: ['#cid#d1'] }),
      view(3, 12_000, { cause: 'leave', gone: ['#bob#d1'] }),
      view(4, 12_000, { cause: 'leave', gone: ['#eve#d1'] }),
      view(5, 12_000, { came: ['#eve#d1'] }),
      view(6, 12_000, { group: 'other', gone: ['#gil#d1'] }),
    );
    const statesAt = (now: number): [string, string][] =>
      membersOf(model, now).map(({ id, state }) => [id, state]);
    expect(statesAt(13_000)).to.deep.equal([
      ['#ann#d1', 'here'],
      ['#cid#d1', 'new'],
      ['#eve#d1', 'new'],
      ['#bob#d1', 'gone'],
    ]);
    expect(statesAt(22_001).map(([, state]) => state)).to.deep.equal(['here', 'here', 'here']);
    expect(membersOf(new Model(), 0)).to.deep.equal([]);
  });

  it('calls nobody gone of a group of which it does not have all members', () => {
    const model = modelOf(
      { t: 'group', name: 'room', id: '1.2.3', members: ['#ann#d1'], total: 5 },
      view(1, 1_000, { gone: ['#bob#d1'] }),
    );
    expect(membersOf(model, 1_000)).to.deep.equal([{ id: '#ann#d1', state: 'here' }]);
  });

  it('sums over the last values', () => {
    expect(rollingSums([1, 2, 3, 4], 2)).to.deep.equal([1, 3, 5, 7]);
    expect(rollingSums([], 2)).to.deep.equal([]);
  });
});

describe('console: lines of the feed', () => {
  it('are found at any cut of the text', () => {
    const text = `${JSON.stringify(rates(1))}\n${JSON.stringify(daemons(['d1']))}\n`;
    for (let at = 0; at <= text.length; at++) {
      const reader = new LineReader();
      const lines = [...reader.push(text.slice(0, at)), ...reader.push(text.slice(at))];
      expect(lines, `cut at ${at}`).to.deep.equal([rates(1), daemons(['d1'])]);
    }
  });

  it('that are no JSON are left out', () => {
    expect(new LineReader().push('{"t":\nnull}\n{"t":"hello"}\n')).to.deep.equal([{ t: 'hello' }]);
  });
});

describe('console: search', () => {
  it('does not tell capital letters from small ones', () => {
    expect(contains('Room', 'ROO')).to.equal(true);
    expect(contains('room', 'x')).to.equal(false);
    expect(finds(['a', 'room'], 'oo')).to.equal(true);
    expect(finds(['a'], '')).to.equal(true);
  });

  const events: readonly (readonly [EventLine, string])[] = [
    [view(1, 1, { came: ['#ann#d1'] }), 'ann'],
    [view(1, 1, { gone: ['#bob#d1'] }), 'bob'],
    [view(1, 1, { group: 'hall' }), 'hall'],
    [
      { t: 'event', n: 1, at: 1, kind: 'daemon-view', id: 'v', daemons: ['d1'], sets: [], before: ['d2'] },
      'd2',
    ],
    [
      {
        t: 'event',
        n: 1,
        at: 1,
        kind: 'session-ended',
        id: '#ann#d1',
        from: 'x',
        reason: 'slow',
        detail: '',
      },
      'slow',
    ],
    [{ t: 'event', n: 1, at: 1, kind: 'refused', from: '192.0.2.1:5', reason: 'x' }, '192.0.2'],
    [{ t: 'event', n: 1, at: 1, kind: 'reload' }, 'reload'],
  ];
  for (const [event, text] of events) {
    it(`finds ${text} in an event of the kind ${event.kind}`, () => {
      expect(findsEvent(event, text)).to.equal(true);
      expect(findsEvent(event, 'zzz')).to.equal(false);
      expect(findsEvent(event, '')).to.equal(true);
    });
  }
});
