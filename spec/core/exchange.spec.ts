import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { StateExchange, judge } from '../../daemon/core/exchange.js';
import {
  type Head,
  PartWriter,
  REPORT_VERSION,
  encodeHead,
  encodeVerdict,
} from '../../daemon/core/report.js';
import type { GroupId } from '../../lib/wire/group-id.js';
import { nameField, privateGroup, readName } from '../../lib/wire/name.js';
import { JOIN_MESS } from '../../lib/wire/service.js';

const TAG = 5n;
const OLD: GroupId = [1, 900, 4];
const DAEMONS = ['a', 'b', 'c'];

const headOf = (daemon: string, more: Partial<Head> = {}): Head => ({
  past: 1n,
  id: 1 + DAEMONS.indexOf(daemon),
  time: 1000,
  features: 0,
  groups: 0,
  times: [],
  requests: [],
  ...more,
});

/** The exchange of `a`, in a view of all. */
const begin = (own: Partial<Head> = {}): StateExchange =>
  new StateExchange(TAG, DAEMONS, 0, headOf('a', own), REPORT_VERSION);

function head(exchange: StateExchange, daemon: string, more: Partial<Head> = {}): string | null {
  return exchange.take(encodeHead(TAG, headOf(daemon, more)), daemon);
}

function part(
  exchange: StateExchange,
  daemon: string,
  groups: readonly string[],
  last = true,
): string | null {
  const writer = new PartWriter(TAG);
  for (const name of groups) writer.add(name, OLD, false, [`#x#${daemon}`]);
  return exchange.take(writer.take(last), daemon);
}

const heads = (
  exchange: StateExchange,
  more: Readonly<Record<string, Partial<Head>>> = {},
): StateExchange => {
  for (const daemon of DAEMONS) head(exchange, daemon, more[daemon]);
  return exchange;
};

describe('core: exchange', () => {
  it('brings where clients reach the daemons that say so, in the order of the view', () => {
    const exchange = begin({ addresses: ['4803@a'] });
    head(exchange, 'c', { addresses: ['4803@c', 'tls://c:4843'] });
    head(exchange, 'b');
    head(exchange, 'a');
    expect(exchange.addresses).to.deep.equal([
      { daemon: 'a', addresses: ['4803@a'] },
      { daemon: 'c', addresses: ['4803@c', 'tls://c:4843'] },
    ]);
  });

  it('does not take a head whose addresses are cut short', () => {
    const exchange = begin();
    const bytes = encodeHead(TAG, headOf('b', { addresses: ['4803@b'] }));
    expect(exchange.take(bytes.subarray(0, -1), 'b')).to.be.a('string');
    expect(exchange.take(encodeHead(TAG, headOf('c', { addresses: [''] })), 'c')).to.be.a('string');
  });

  it('has the heads when each daemon of the view was heard', () => {
    const exchange = begin();
    for (const daemon of ['b', 'a']) head(exchange, daemon);
    expect([exchange.hasHeads, exchange.awaited]).to.deep.equal([false, ['c']]);
    head(exchange, 'c');
    expect([exchange.hasHeads, exchange.awaited]).to.deep.equal([true, []]);
  });

  it('does not count a daemon twice, one that is not in the view, or a head of another view', () => {
    const exchange = begin();
    for (const daemon of ['a', 'a', 'd', 'b']) head(exchange, daemon);
    exchange.take(encodeHead(TAG - 1n, headOf('c')), 'c');
    expect([exchange.hasHeads, exchange.faults]).to.deep.equal([false, []]);
  });

  it('takes the first of two heads of one daemon', () => {
    const exchange = begin();
    head(exchange, 'b', { time: 7, past: 2n });
    head(exchange, 'b', { time: 8, past: 1n });
    head(exchange, 'a');
    head(exchange, 'c');
    expect(exchange.sameOrigin).to.deep.equal([true, false, true]);
  });

  it('needs no groups of daemons that have one past', () => {
    expect(heads(begin({ groups: 4 }), { b: { groups: 3 } }).isOnePast).to.equal(true);
  });

  it('needs the groups of all who have some where pasts differ, and keeps those of other pasts', () => {
    const exchange = heads(begin(), { b: { past: 2n, groups: 2 }, c: { groups: 1 } });
    exchange.isSharing = true;
    expect([exchange.isOnePast, exchange.hasGroups, exchange.awaited]).to.deep.equal([
      false,
      false,
      ['b', 'c'],
    ]);
    part(exchange, 'b', ['g'], false);
    part(exchange, 'c', ['g']);
    expect(exchange.awaited).to.deep.equal(['b']);
    part(exchange, 'b', ['h']);
    expect([exchange.hasGroups, exchange.awaited]).to.deep.equal([true, []]);
    expect(
      [...exchange.pieces].map(([name, pieces]) => [name, pieces.map(({ daemon }) => daemon)]),
    ).to.deep.equal([
      ['g', [1]],
      ['h', [1]],
    ]);
    expect(exchange.pieces.get('g')?.[0]).to.deep.include({
      past: 2n,
      id: OLD,
      lost: false,
      members: ['#x#b'],
    });
  });

  it('finds a group twice also where another daemon has it', () => {
    const exchange = heads(begin(), { b: { past: 2n, groups: 2 }, c: { past: 3n, groups: 1 } });
    part(exchange, 'b', ['g'], false);
    part(exchange, 'c', ['g']);
    expect(part(exchange, 'b', ['g'])).to.match(/duplicate group g/);
  });

  it('takes no part behind the last one, be it empty', () => {
    const exchange = heads(begin(), { b: { past: 2n, groups: 1 } });
    expect(part(exchange, 'b', ['g'])).to.equal(null);
    expect(part(exchange, 'b', [])).to.match(/after the last part/);
  });

  it('takes a last part that is empty, as where the one before was full', () => {
    const exchange = heads(begin(), { b: { past: 2n, groups: 1 } });
    expect([part(exchange, 'b', ['g'], false), part(exchange, 'b', [])]).to.deep.equal([null, null]);
    expect([exchange.hasGroups, exchange.faults]).to.deep.equal([true, []]);
  });

  it('takes identity and time from the first daemon of the view', () => {
    expect(heads(begin({ time: 1234 }), { b: { time: 5000 } }).era).to.deep.equal([1, 1234]);
  });

  it('goes beyond the first daemon’s proposal when anybody saw a later time with its identity', () => {
    const exchange = heads(begin(), {
      b: {
        times: [
          [1, 1700],
          [2, 9999],
        ],
      },
      c: { times: [[1, 1600]] },
    });
    expect(exchange.era).to.deep.equal([1, 1701]);
    expect([...exchange.times()]).to.deep.equal([
      [1, 1700],
      [2, 9999],
      [1, 1600],
    ]);
  });

  it('gives the requests in order of the daemons, those of each in their order', () => {
    const request = (name: string, daemon: string) => ({
      kind: JOIN_MESS,
      sender: nameField(privateGroup(name, daemon)),
      group: nameField('g'),
    });
    const exchange = heads(begin({ requests: [request('z', 'a'), request('y', 'a')] }), {
      b: { requests: [request('x', 'b')] },
    });
    const names = exchange.requests.map(({ sender }) => readName(sender, 0));
    expect(names).to.deep.equal(['#z#a', '#y#a', '#x#b']);
  });

  it('a view uses what all of its daemons have', () => {
    expect(
      heads(begin({ features: 0x8000_0007 }), { b: { features: 0x8000_0006 }, c: { features: -2 } }).features,
    ).to.equal(0x8000_0006);
  });

  describe('says that a daemon makes no sense', () => {
    const faultOf = (
      act: (exchange: StateExchange) => string | null,
      ...others: readonly string[]
    ): string | null => {
      const exchange = begin();
      for (const daemon of others) head(exchange, daemon, { past: 2n, groups: 2 });
      const fault = act(exchange);
      for (const daemon of ['a', 'c']) head(exchange, daemon);
      if (fault !== null)
        expect([exchange.isToSpeak, exchange.faults]).to.deep.equal([true, [{ daemon: 'b', text: fault }]]);
      return fault;
    };

    it('when it is of another report version', () => {
      const bytes = encodeHead(TAG, headOf('b'), REPORT_VERSION + 1);
      expect(faultOf((exchange) => exchange.take(bytes, 'b'))).to.match(/version 3, expected 2/);
    });

    it('when its payload is damaged, and once', () => {
      const exchange = begin();
      const bytes = encodeHead(TAG, headOf('b')).subarray(0, 30);
      expect([exchange.take(bytes, 'b') === null, exchange.take(bytes, 'b')]).to.deep.equal([false, null]);
    });

    it('when groups come before its head, twice, too many or too few', () => {
      expect(faultOf((exchange) => part(exchange, 'b', ['g']))).to.match(/before a head/);
      expect(faultOf((exchange) => part(exchange, 'b', ['g', 'g']), 'b')).to.match(/duplicate group g/);
      expect(faultOf((exchange) => part(exchange, 'b', ['g', 'h', 'i'], false), 'b')).to.match(
        /3 groups, expected 2/,
      );
      expect(faultOf((exchange) => part(exchange, 'b', ['g']), 'b')).to.match(/1 groups, expected 2/);
    });

    it('and never has all groups then, be the part with too few the last one', () => {
      const exchange = heads(begin(), { b: { past: 2n, groups: 2 } });
      exchange.isSharing = true;
      expect(part(exchange, 'b', ['g'])).to.match(/1 groups, expected 2/);
      expect(exchange.hasGroups).to.equal(false);
    });

    it('and then waits for the word of all whom it could read', () => {
      const exchange = begin();
      exchange.take(Buffer.alloc(20), 'b');
      head(exchange, 'c');
      expect(exchange.isToSpeak, 'before everybody was heard').to.equal(false);
      head(exchange, 'a');
      expect(exchange.isToSpeak).to.equal(true);
      expect(exchange.awaited).to.deep.equal(['a', 'c']);
      exchange.take(encodeVerdict(TAG, exchange.faults), 'a');
      expect([exchange.awaited, exchange.takeJudgement()]).to.deep.equal([['c'], null]);
      exchange.take(encodeVerdict(TAG, []), 'c');
      expect(exchange.takeJudgement()?.map(({ daemon }) => daemon)).to.deep.equal(['b']);
      expect(exchange.takeJudgement()).to.equal(null);
    });
  });

  describe('leaves out', () => {
    const cases: readonly (readonly [what: string, verdicts: number[][], out: number[]])[] = [
      ['nobody, when everybody can read everybody', [[], [], []], []],
      ['the one whom all others cannot read', [[1], [], [1]], [1]],
      ['the one whom one cannot read, when nobody cannot read that one', [[], [0], []], [0]],
      ['the one that can read nobody and that nobody can read', [[1], [0, 2], [1]], [1]],
      ['the second of two that cannot read each other', [[1], [0]], [1]],
      ['each that somebody who stays cannot read', [[2, 3], [], [], []], [2, 3]],
      ['nobody for the word of one that goes itself', [[], [2], [1], [1]], [1]],
      ['itself, when it is alone with its word', [[], [], [0, 1, 3], []], [2]],
      ['itself, when it is one of two and not the first', [[], [0]], [1]],
      ['the other one, when it is one of two and the first', [[1], []], [1]],
      [
        'those who stay, when they are the smaller side, the first among them',
        [[1, 2, 3], [], [], [], []],
        [0, 4],
      ],
      [
        'those who stay, when they are fewer than half, the first among them',
        [[], [2, 3, 4], [1, 3, 4], [1, 2, 4], [1, 2, 3]],
        [0, 1],
      ],
      ['nobody for itself alone or for a daemon that is not in the view', [[], [-1, 7]], []],
    ];
    for (const [what, verdicts, out] of cases) {
      it(what, () => expect(judge(verdicts)).to.deep.equal(out));
    }
  });
});
