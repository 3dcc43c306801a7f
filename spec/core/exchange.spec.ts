import { expect } from 'chai';
import { Exchange, type Outcome, type Part } from '../../daemon/core/exchange.js';
import type { Report, ReportedGroup } from '../../daemon/core/report.js';
import { type GroupId, JOIN_MESS, nameField, privateGroup, readName } from '../../lib/wire/index.js';

const OLD: GroupId = [1, 900, 4];
const DAEMONS = ['a', 'b', 'c'];

/** Members `x@a` are of the daemon `a` that reports. */
const group = (
  name: string,
  members: readonly string[],
  more: Partial<ReportedGroup> = {},
): ReportedGroup => ({
  field: nameField(name),
  id: OLD,
  lost: false,
  members: members.map((member) => nameField(privateGroup(...(member.split('@') as [string, string])))),
  ...more,
});

const report = (daemon: string, more: Partial<Report> = {}): Report => ({
  tag: 5n,
  past: 1n,
  daemon,
  id: 1 + DAEMONS.indexOf(daemon),
  time: 1000,
  times: [],
  groups: [],
  requests: [],
  ...more,
});

function exchanged(...reports: readonly Report[]): Outcome {
  const exchange = new Exchange(
    5n,
    reports.map(({ daemon }) => daemon),
  );
  for (const each of reports.toReversed()) exchange.add(each);
  return exchange.outcome();
}

const namesOf = (parts: readonly Part[]): string =>
  parts.flatMap(({ members }) => members.map((field) => readName(field, 0))).join(' ');
const wordsOf = ({ groups }: Outcome): string[] =>
  groups.map(
    ({ field, id, parts, sets }) =>
      `${readName(field, 0)} ${id.join('.')}: ${namesOf(parts)}${sets.map((set) => ` (${namesOf(set)})`).join('')}`,
  );

describe('core: exchange', () => {
  it('is complete when each daemon of the view was heard', () => {
    const exchange = new Exchange(5n, ['a', 'b']);
    exchange.add(report('b'));
    expect(exchange.isComplete).to.equal(false);
    exchange.add(report('a'));
    expect(exchange.isComplete).to.equal(true);
  });

  it('does not count a daemon twice, one that is not in the view, or a report of another view', () => {
    const exchange = new Exchange(5n, ['a', 'b']);
    for (const each of [report('a'), report('a'), report('c'), report('b', { tag: 4n })]) exchange.add(each);
    expect(exchange.isComplete).to.equal(false);
  });

  it('is not complete by a report of another view, or of a daemon that is not in it', () => {
    for (const other of [report('a', { tag: 6n }), report('x')]) {
      const exchange = new Exchange(5n, ['a']);
      exchange.add(other);
      expect(exchange.isComplete).to.equal(false);
      exchange.add(report('a'));
      expect(exchange.isComplete).to.equal(true);
    }
  });

  it('takes the first of two reports of one daemon', () => {
    const exchange = new Exchange(5n, ['a']);
    exchange.add(report('a', { groups: [group('g', ['x@a'])] }));
    exchange.add(report('a', { groups: [group('h', ['x@a'])] }));
    expect(wordsOf(exchange.outcome())).to.deep.equal(['g 1.900.4: #x#a']);
  });

  it('leaves a group alone that lost nobody and whose members were together', () => {
    const outcome = exchanged(
      report('a', { groups: [group('g', ['x@a'])] }),
      report('b', { groups: [group('g', ['y@b', 'z@b'])] }),
    );
    expect(wordsOf(outcome)).to.deep.equal(['g 1.900.4: #x#a #y#b #z#b']);
  });

  it('gives a new id and one vs set to a group that lost members', () => {
    const outcome = exchanged(
      report('a', { groups: [group('g', ['x@a'], { lost: true })] }),
      report('b', { groups: [group('g', ['y@b'], { lost: true })] }),
    );
    expect(wordsOf(outcome)).to.deep.equal(['g 1.1000.1: #x#a #y#b (#x#a #y#b)']);
  });

  it('touches a group that any of the daemons lost members of', () => {
    const outcome = exchanged(
      report('a', { groups: [group('g', ['x@a'])] }),
      report('b', { groups: [group('g', ['y@b'], { lost: true })] }),
    );
    expect(wordsOf(outcome)).to.deep.equal(['g 1.1000.1: #x#a #y#b (#x#a #y#b)']);
  });

  it('makes a vs set of each past that has members, in order of the first daemon of each', () => {
    const outcome = exchanged(
      report('a', { past: 9n, groups: [group('g', ['x@a'])] }),
      report('b', { past: 3n, groups: [group('g', ['y@b'])] }),
      report('c', { past: 9n, groups: [group('g', ['z@c']), group('h', ['z@c'])] }),
    );
    expect(wordsOf(outcome)).to.deep.equal([
      'g 1.1000.1: #x#a #y#b #z#c (#x#a #z#c) (#y#b)',
      'h 1.900.4: #z#c',
    ]);
  });

  it('does not put together members that come from different views of the group', () => {
    const outcome = exchanged(
      report('a', { groups: [group('g', ['x@a'])] }),
      report('b', { groups: [group('g', ['y@b'], { id: [1, 900, 5] })] }),
    );
    expect(wordsOf(outcome)).to.deep.equal(['g 1.1000.1: #x#a #y#b (#x#a) (#y#b)']);
  });

  it('gives the groups in byte order of their names, whoever reports them', () => {
    const outcome = exchanged(
      report('a', { groups: [group('b', ['x@a'])] }),
      report('b', { groups: [group('Z', ['y@b']), group('ab', ['y@b'])] }),
    );
    expect(outcome.groups.map(({ field }) => readName(field, 0))).to.deep.equal(['Z', 'ab', 'b']);
  });

  it('takes identity and time from the first daemon of the view', () => {
    const outcome = exchanged(report('b', { time: 1234 }), report('c', { time: 5000 }));
    expect(outcome.era).to.deep.equal([2, 1234]);
  });

  it('goes beyond the first daemon’s proposal when anybody saw a later time with its identity', () => {
    const times = [[1, 1700] as const, [2, 9999] as const];
    expect(
      exchanged(report('a'), report('b', { times }), report('c', { times: [[1, 1600]] })).era,
    ).to.deep.equal([1, 1701]);
  });

  it('knows all times that anybody knows', () => {
    const exchange = new Exchange(5n, ['a', 'b']);
    exchange.add(report('a', { times: [[1, 5]] }));
    exchange.add(report('b', { times: [[2, 6]] }));
    expect([...exchange.times()]).to.deep.equal([
      [1, 5],
      [2, 6],
    ]);
  });

  it('gives the requests in order of the daemons, those of each in their order', () => {
    const request = (name: string, daemon: string) => ({
      kind: JOIN_MESS,
      sender: nameField(privateGroup(name, daemon)),
      group: nameField('g'),
    });
    const outcome = exchanged(
      report('a', { requests: [request('z', 'a'), request('y', 'a')] }),
      report('b', { requests: [request('x', 'b')] }),
    );
    expect(outcome.requests.map(({ sender }) => readName(sender, 0))).to.deep.equal(['#z#a', '#y#a', '#x#b']);
  });
});
