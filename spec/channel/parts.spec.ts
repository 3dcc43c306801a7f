/** The parts of the channels that compute: bytes of messages, who is primary, how tables become one. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import fc from 'fast-check';
import { ChannelError, HasClientsError, channelError, errnoOf } from '../../lib/channel/errors.js';
import { MAX_PIECE } from '../../lib/channel/limits.js';
import { type Message, decodeMessage, encodeMessage } from '../../lib/channel/protocol/message.js';
import { Parts, inParts } from '../../lib/channel/protocol/parts.js';
import { refusalBody, refusalOf } from '../../lib/channel/protocol/refusal.js';
import { decodeRegistryMessage, encodeRegistryMessage } from '../../lib/channel/registry/command.js';
import { type Entry, type Settings, claimId, claimText } from '../../lib/channel/registry/entry.js';
import { TableExchange } from '../../lib/channel/registry/exchange.js';
import { merge } from '../../lib/channel/registry/merge.js';
import { daemonOf } from '../../lib/channel/registry/primary.js';
import { Table } from '../../lib/channel/registry/table.js';
import { Ballot, LAST_EPOCH, NEWCOMER, UNINFORMED } from '../../lib/primary/ballot.js';
import { hexHash } from '../../lib/util/hash.js';

const settings: Settings = {
  maxBuffered: 1,
  maxBufferedBytes: 2,
  overflow: 'reject',
  maxBody: 3,
  order: 'agreed',
  ackReceipt: true,
  metadata: Buffer.from('meta'),
};

const claim = (number: number): string => claimId([1, 2, 3], number);

const entry = (name: string, owner: string, number: number, clients: readonly string[] = []): Entry => ({
  name,
  owner,
  claim: claim(number),
  epoch: 0,
  unsure: false,
  settings,
  over: [],
  clients: new Set(clients),
});

function table(...entries: readonly Entry[]): Table {
  const made = new Table();
  for (const each of entries) made.put(each);
  return made;
}

describe('messages of clients and servers', () => {
  it('come back as they were', () => {
    const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    const natural = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    fc.assert(
      fc.property(
        fc.maxSafeNat(),
        word,
        natural,
        natural,
        fc.uint8Array(),
        (id, w, limit, deadline, body) => {
          const message = { word: w, limit, deadline, body: Buffer.from(body) };
          const back = decodeMessage(encodeMessage('queued', claim(1), id, message));
          expect(back).to.deep.equal({ kind: 'queued', claim: claim(1), id, ...message });
        },
      ),
    );
  });

  it('have their numbers big-endian in the places of the document', () => {
    const bytes = encodeMessage('reply', claimId([1, 2, 3], 4), 5, { word: -2, limit: 7, deadline: 8 });
    expect(bytes.toString('hex')).to.equal(
      '06' +
        '01' +
        '00000001000000020000000300000004' +
        '0000000000000005' +
        'fffffffe' +
        '00000007' +
        '00000008',
    );
  });

  it('are none in random bytes, or do not throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        decodeMessage(Buffer.from(bytes));
        decodeRegistryMessage(Buffer.from([32 + ((bytes[0] ?? 0) % 11), 4, ...bytes]));
        Table.decode(Buffer.from(bytes));
      }),
    );
  });

  it('are cut into parts and put together, whatever comes between', () => {
    const head = { claim: claim(1), id: 9, word: 3, limit: 4, deadline: 5 };
    const body = Buffer.alloc(3 * MAX_PIECE, 'abc');
    const messages = inParts('request', head, body).map((bytes) => decodeMessage(bytes) as Message);
    expect(messages.map(({ kind }) => kind)).to.deep.equal(['part', 'part', 'part', 'request']);
    const parts = new Parts();
    const last = messages.pop() as Message;
    for (const part of messages) {
      expect(parts.take('#a#d', part, body.length)).to.equal(true);
      if (part.word === 0) expect(parts.take('#b#d', part, body.length)).to.equal(true);
    }
    expect(parts.whole('#a#d', last)).to.deep.equal({ kind: 'request', ...head, body });
    expect(parts.whole('#b#d', last)).to.equal(null);
  });

  it('are refused in parts that are too long, or of which one is missing', () => {
    const head = { claim: claim(1), id: 9, word: 3, limit: 4, deadline: 5 };
    const messages = inParts('request', head, Buffer.alloc(3 * MAX_PIECE)).map(
      (bytes) => decodeMessage(bytes) as Message,
    );
    const parts = new Parts();
    expect(parts.take('a', messages[0] as Message, 2 * MAX_PIECE)).to.equal(false);
    expect(parts.take('a', messages[0] as Message, 3 * MAX_PIECE)).to.equal(true);
    expect(parts.take('a', messages[2] as Message, 3 * MAX_PIECE)).to.equal(false);
  });

  it('carry every condition in a refusal, and the words of the server', () => {
    for (const code of ['CHANNEL_FULL', 'BODY_TOO_LONG', 'SERVER_GONE', 'CLIENT_GONE'] as const) {
      const bytes = encodeMessage('refusal', claim(1), 1, {
        word: errnoOf(code),
        body: refusalBody(code, 'why'),
      });
      expect(refusalOf(decodeMessage(bytes) as Message).code).to.equal(`ERR_SSP_${code}`);
    }
    const own = encodeMessage('refusal', claim(1), 1, { body: refusalBody('TIMEOUT', 'mine') });
    expect(refusalOf(decodeMessage(own) as Message)).to.include({
      code: 'ERR_SSP_REFUSED',
      refusal: 'TIMEOUT',
    });
  });
});

describe('errors of channels', () => {
  it('are of a class and a number each, with the code of MESSIP where it had one', () => {
    expect(channelError('TIMEOUT', 'x')).to.include({ name: 'TimeoutError', errno: -104, messip: -4 });
    expect(channelError('EXISTS')).to.be.instanceOf(ChannelError).and.to.include({ messip: null });
    expect(new HasClientsError(3)).to.include({ count: 3, code: 'ERR_SSP_HAS_CLIENTS', errno: -114 });
  });
});

describe('registry messages', () => {
  it('come back as they were', () => {
    const tag = [-1, 2, 3, 4] as const;
    const testimony = { epoch: 2, promised: 3 };
    const none = { epoch: null, promised: 0 };
    const covers = [true, false, true, false, false, false, false, false, true];
    const fresh = covers.map((each) => !each);
    const state = {
      kind: 'state',
      tag,
      wide: true,
      covers,
      fresh,
      silent: fresh,
      tookPart: covers,
      moved: true,
      returns: [{ from: '#a#d1', to: '#a#d2' }],
    } as const;
    for (const message of [
      {
        serial: 1,
        tag,
        command: { kind: 'claim', name: 'ü', claim: claim(1), settings, strict: true, from: claim(2) },
      },
      {
        serial: 2,
        tag,
        command: { kind: 'claim', name: 'x', claim: claim(1), settings, strict: false, from: null },
      },
      { serial: 3, tag, command: { kind: 'release', claim: claim(1), force: true } },
      { serial: 4, tag, command: { kind: 'attach', name: 'c' } },
      { serial: 5, tag, command: { kind: 'detach', claim: claim(3) } },
      { serial: 6, tag, command: { kind: 'update', claim: claim(3), settings } },
      { serial: 7, tag, command: { kind: 'nothing' } },
      { kind: 'part', tag, index: 5, bytes: Buffer.from('piece') },
      { ...state, has: true, informed: true, testimony, electorates: [['a', 'b'], ['c']], parts: 4 },
      { ...state, wide: false, has: false, informed: false, testimony: none, electorates: [], parts: 0 },
      { kind: 'vote', tag, epoch: 7 },
      { kind: 'settle', tag },
    ] as const) {
      expect(decodeRegistryMessage(encodeRegistryMessage(message))).to.deep.equal(message);
    }
  });

  it('are these bytes, which members of different releases have to agree on', () => {
    const command = {
      kind: 'claim',
      name: 'é',
      strict: true,
      claim: claim(1),
      settings,
      from: null,
    } as const;
    expect(encodeRegistryMessage({ serial: 3, tag: [-1, 2, 3, 4], command }).toString('hex')).to.equal(
      '200500000003' +
        'ffffffff000000020000000300000004' +
        '02c3a9' +
        '01' +
        '00000001000000020000000300000001' +
        '000000010000000200000003' +
        '010101' +
        '00046d657461' +
        '00',
    );
  });

  it('are none when a byte is missing or too many', () => {
    const bytes = encodeRegistryMessage({
      serial: 4,
      tag: [1, 2, 3, 0],
      command: { kind: 'attach', name: 'c' },
    });
    expect(decodeRegistryMessage(bytes.subarray(0, -1))).to.equal(null);
    expect(decodeRegistryMessage(Buffer.concat([bytes, Buffer.alloc(1)]))).to.equal(null);
  });
});

describe('Table', () => {
  it('is these bytes, which members of different releases have to agree on', () => {
    const one: Entry = {
      name: 'n',
      owner: '#a#d1',
      claim: claim(1),
      epoch: 4,
      unsure: true,
      settings,
      over: [claim(2)],
      clients: new Set(['#b#d1']),
    };
    expect(table(one).encode().toString('hex')).to.equal(
      '00000001' +
        '016e' +
        '052361236431' +
        '00000001000000020000000300000001' +
        '0000000401' +
        '000000010000000200000003' +
        '010101' +
        '00046d657461' +
        '000100000001000000020000000300000002' +
        '00000001052362236431',
    );
  });

  it('has the same bytes however it came about, and comes back from them', () => {
    const [a, b] = [entry('a', '#x#d1', 1, ['#p#d1', '#q#d1']), entry('b', '#y#d1', 2)];
    const one = table(a, b);
    const other = table(b, { ...a, clients: new Set(['#q#d1', '#p#d1']) });
    expect(hexHash(one.encode())).to.equal(hexHash(other.encode()));
    expect(Table.decode(one.encode())?.encode()).to.deep.equal(one.encode());
    expect(hexHash(one.encode())).not.to.equal(hexHash(table(a).encode()));
  });
});

describe('merge', () => {
  const side = (made: Table, members: readonly string[], epoch = 0) => ({
    table: made,
    members: new Set(members),
    epoch,
  });

  it('believes each part about its own members', () => {
    const left = table(entry('a', '#x#d1', 1, ['#y#d2', '#z#d1']), entry('b', '#y#d2', 2));
    const right = table(entry('a', '#x#d1', 1, ['#z#d1']));
    const members = new Set(['#x#d1', '#z#d1', '#y#d2']);
    const { table: made, dropped } = merge([side(left, ['#x#d1', '#z#d1']), side(right, ['#y#d2'])], members);
    expect([...(made.find('a')?.clients ?? [])]).to.deep.equal(['#z#d1']);
    expect(made.find('b')).to.equal(undefined);
    expect(dropped.get(claim(2))).to.equal('disconnect');
  });

  it('drops what belongs to a connection that its daemon has no more, and keeps what is out of sight', () => {
    const left = table(entry('gone', '#x#d2', 1), entry('away', '#x#d3', 2, ['#u#d2', '#v#d3']));
    const { table: made } = merge(
      [side(left, ['#a#d1']), side(table(), ['#b#d2'])],
      new Set(['#a#d1', '#b#d2']),
    );
    expect([...made.entries()].map(({ name }) => name)).to.deep.equal(['away']);
    expect([...(made.find('away')?.clients ?? [])]).to.deep.equal(['#v#d3']);
  });

  it('drops what a predecessor of the same private name owned', () => {
    const left = table(entry('a', '#x#d2', 1));
    const members = new Set(['#a#d1', '#x#d2']);
    expect(merge([side(left, ['#a#d1'])], members).table.size).to.equal(0);
  });

  it('follows one that has returned twice, also where a part knows it under its first id', () => {
    const [first, now] = ['#x#d1', '#x#d3'];
    const returns = [{ from: '#x#d2', to: now }];
    const members = new Set(['#a#d1', '#b#d2', now]);
    const knowing = {
      ...side(table(entry('a', '#x#d2', 1), entry('b', '#b#d2', 2, ['#x#d2'])), ['#b#d2']),
      returns,
    };
    const other = {
      ...side(table(entry('a', first, 1), entry('b', '#b#d2', 2, [first])), ['#a#d1']),
      returns,
    };
    for (const sides of [
      [knowing, other],
      [other, knowing],
      [
        { ...knowing, epoch: 1 },
        { ...other, epoch: 2 },
      ],
    ]) {
      const { table: made, dropped } = merge(sides, members);
      expect(made.find('a')?.owner).to.equal(now);
      expect([...dropped]).to.deep.equal([]);
    }
    const { table: made } = merge([knowing, other], members);
    expect([...(made.find('b')?.clients ?? [])]).to.deep.equal([now]);
  });

  it('gives a name to the smaller claim, but first to that of the newest primary component', () => {
    const [low, high] = [entry('a', '#x#d1', 1), entry('a', '#y#d2', 2)];
    const members = new Set(['#x#d1', '#y#d2']);
    const equal = merge([side(table(high), ['#y#d2']), side(table(low), ['#x#d1'])], members);
    expect(equal.table.find('a')?.claim).to.equal(claim(1));
    expect(equal.dropped.get(claim(2))).to.equal('conflict');
    const strong = merge(
      [side(table({ ...high, epoch: 3 }), ['#y#d2'], 3), side(table(low), ['#x#d1'])],
      members,
    );
    expect(strong.table.find('a')?.claim).to.equal(claim(2));
  });

  it('drops what a primary component gave away and a later one does not have any more', () => {
    const old = { ...entry('a', '#x#d3', 1), epoch: 2 };
    const members = new Set(['#y#d1', '#z#d2']);
    const later = merge([side(table(old), ['#y#d1'], 2), side(table(), ['#z#d2'], 3)], members);
    expect(later.dropped.get(claim(1))).to.equal('taken-over');
    const same = merge([side(table(old), ['#y#d1'], 2), side(table(), ['#z#d2'], 2)], members);
    expect(same.table.size).to.equal(1);
  });
});

describe('the vote on giving away names', () => {
  const knowing = { tookPart: true, epoch: 1, promised: 1 };
  const ballot = (
    daemons: readonly string[],
    here: Readonly<Record<string, typeof knowing | typeof NEWCOMER>>,
  ) =>
    new Ballot(
      [daemons],
      new Map(Object.entries(here).map(([daemon, each]) => [`#x#${daemon}`, each])),
      daemonOf,
    );

  it('passes with more than half of the daemons, or half with the first', () => {
    const four = ['a', 'b', 'c', 'd'];
    expect(ballot(four, { b: knowing, c: knowing, d: knowing }).canPass).to.equal(true);
    expect(ballot(four, { a: knowing, d: knowing }).canPass).to.equal(true);
    expect(ballot(four, { c: knowing, d: knowing, x: knowing, y: knowing }).canPass).to.equal(false);
    expect(ballot(['x'], { x: NEWCOMER }).canPass).to.equal(true);
    expect(ballot(['a', 'b', 'c'], { a: NEWCOMER }).canPass).to.equal(false);
  });

  it('does not count a newcomer beside one that remembers, unless all are here', () => {
    const three = ['a', 'b', 'c'];
    expect(ballot(three, { a: NEWCOMER, b: knowing }).canPass).to.equal(false);
    expect(ballot(three, { b: NEWCOMER, c: NEWCOMER }).canPass).to.equal(true);
    expect(ballot(three, { b: UNINFORMED, c: UNINFORMED }).canPass).to.equal(false);
    expect(ballot(three, { a: NEWCOMER, b: knowing, c: UNINFORMED }).canPass).to.equal(true);
  });

  it('does not make one that remembers out of two connections of which neither does', () => {
    const toldLater = { tookPart: false, epoch: 1, promised: 0 };
    const two = new Map([
      ['#p#a', knowing],
      ['#q#c', toldLater],
      ['#r#c', UNINFORMED],
    ]);
    expect(new Ballot([['a', 'b', 'c']], two, daemonOf).canPass).to.equal(false);
    expect(new Ballot([['a', 'b', 'c']], new Map([...two, ['#s#c', knowing]]), daemonOf).canPass).to.equal(
      true,
    );
    expect(new Ballot([], two, daemonOf).canPass).to.equal(false);
  });

  it('takes one vote of each daemon, for its own epoch', () => {
    const three = ballot(['a', 'b', 'c'], { a: knowing, b: { ...knowing, promised: 4 }, c: knowing });
    expect(three.next).to.equal(5);
    expect([three.vote('#x#a', 5), three.vote('#x#a', 5), three.vote('#x#b', 4)]).to.deep.equal([
      false,
      false,
      false,
    ]);
    expect([three.wants('#y#a'), three.wants('#x#b')]).to.deep.equal([false, true]);
    expect(three.vote('#x#b', 5)).to.equal(true);
  });
});

describe('an epoch that a member of the registry claims', () => {
  const tag = [1, 2, 3, 0] as const;
  const members = ['#a#d1', '#b#d2', '#liar#d3'];

  /** What members bring, by the epochs that they claim. */
  function told(...epochs: readonly number[]): TableExchange {
    const exchange = new TableExchange([...tag], members, '#z#d9', () => new Table());
    for (const [i, epoch] of epochs.entries()) {
      const covers = members.map((_, j) => i === j);
      exchange.state(members[i] as string, {
        kind: 'state',
        tag: [...tag],
        wide: true,
        has: false,
        informed: true,
        testimony: { epoch, promised: epoch },
        electorates: [],
        parts: 0,
        covers,
        fresh: members.map(() => false),
        silent: members.map(() => false),
        tookPart: covers,
        moved: false,
        returns: [],
      });
    }
    return exchange;
  }

  it('counts for a newcomer where it is far above all others', () => {
    const far = told(4, 5, 6 + 86_400_000);
    expect([far.isComplete, far.doubtful]).to.deep.equal([true, '#liar#d3']);
    expect(
      far.sides().map(({ epoch, testimony, tookPart }) => [epoch, testimony.promised, tookPart.size]),
    ).to.deep.equal([
      [4, 4, 1],
      [5, 5, 1],
      [0, 0, 0],
    ]);
    expect(told(4, 5, 6).sides()[2]?.epoch).to.equal(6);
  });

  it('never leaves the registry without a vote once it is the last that there is', () => {
    const last = { tookPart: true, epoch: LAST_EPOCH, promised: LAST_EPOCH };
    const here = new Map([
      ['#a#d1', last],
      ['#b#d2', last],
    ]);
    const vote = new Ballot([['d1', 'd2']], here, daemonOf);
    expect(vote.next).to.equal(LAST_EPOCH);
    const bytes = encodeRegistryMessage({ kind: 'vote', tag: [...tag], epoch: vote.next });
    expect(decodeRegistryMessage(bytes)).to.deep.include({ epoch: LAST_EPOCH });
    expect(vote.vote('#a#d1', vote.next)).to.equal(true);
  });
});

describe('claim ids', () => {
  it('are 16 bytes of a view and a counter', () => {
    expect(claimText(claimId([-1, 2, 3], 4))).to.equal('ffffffff000000020000000300000004');
  });
});
