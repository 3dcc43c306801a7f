/** Every row of [receive 6] up to T74. Outputs of "U" rows are looked at too. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import {
  DONT_BLOCK,
  DROP_RECV,
  type Scatter,
  SSP_disconnect,
  SSP_receive,
  SSP_scat_receive,
  type SspReceiveResult,
} from '../../lib/ssp/index.js';
import { sspBody, viewFrame } from '../support/fake-daemon-frames.js';
import { breakOff, deliver, endPairs, pair, type Pair } from '../support/fake-daemon-mailbox.js';
import type { SecureMailboxOptions } from '../../lib/ssp/index.js';
import { Published } from '../support/diagnostics.js';
import { until } from '../support/wait.js';
import { endPeers, SecurePeer } from './secure-peer.js';
import { type MessageId, messages, signature, V } from './vectors.js';

/** r, rN and s of the document. `room` is the plain form's max_mess_len or the scatter's lengths. */
interface CallText {
  maxGroups: number;
  room: number | readonly number[];
  flags?: number;
  /** Scatter form: written instead of the number of lengths. */
  numElements?: number;
  /** Scatter form: size of every buffer, when it is not its length. */
  bufferBytes?: number;
}

/** What the call has to give; without `service` every output stays as it was. */
interface Expected {
  ret: number;
  service?: number;
  sender?: string;
  num?: number;
  groups?: readonly string[];
  type?: number;
  end?: number;
  /** Stored bytes, for a scatter those of all buffers together. */
  body?: Buffer | string;
  more?: number;
}

interface Step {
  call: CallText;
  gives: Expected;
  /** Happens while the call waits. */
  meanwhile?: 'H arrives' | 'break';
  /** Happens before the call. */
  before?: 'break' | 'disconnect';
  unknownMbox?: boolean;
}

interface Row {
  id: string;
  reqs: string;
  queue: readonly MessageId[];
  steps: readonly Step[];
  after: readonly MessageId[];
  /** Private group of the receiver, `#a#d1` unless the row has another. */
  own?: string;
}

const r = (maxGroups: number, room: number, flags = 0): CallText => ({ maxGroups, room, flags });
const rN = (maxGroups: number, room: number): CallText => r(maxGroups, room, DONT_BLOCK);
const s = (maxGroups: number, room: readonly number[], more: Partial<CallText> = {}): CallText => ({
  maxGroups,
  room,
  ...more,
});

const data = (
  ret: number,
  service: number,
  sender: string,
  num: number,
  groups: readonly string[],
  type: number,
  end: number,
  body: string,
  more = 0,
): Expected => ({ ret, service, sender, num, groups, type, end, body, more });

const memb = (
  ret: number,
  service: number,
  num: number,
  groups: readonly string[],
  type: number,
  body: Buffer | string,
  more = 0,
): Expected => ({ ret, service, sender: 'g', num, groups, type, end: 0, body, more });

const hello = (more = 0): Expected => data(5, 0x10, '#b#d2', 1, ['g'], 123, 0, 'hello', more);
const ten = (ret: number, body: string, more = 0): Expected =>
  data(ret, 0x02, '#b#d2', 1, ['g'], 1, 0, body, more);
const seven = ['g1', 'g2', 'g3', 'g4', 'g5', 'g6', 'g7'];
const abc = (num: number, stored: number, ret = 3, body = 'abc', more = 0): Expected =>
  data(ret, 0x10, '#b#d2', num, seven.slice(0, stored), 9, 0, body, more);
const B = (...names: string[]): Buffer => sspBody(V, names);
const ab = ['#a#d1', '#b#d2'];
const acd = ['#a#d1', '#c#d2', '#d#d3'];
const four = ['#x#d0', '#y#d0', '#a#d1', '#d#d3'];
const ones = (count: number): number[] => Array.from({ length: count }, () => 1);

const row = (
  id: string,
  reqs: string,
  queue: readonly MessageId[],
  call: CallText,
  gives: Expected,
  after: readonly MessageId[] = [],
  more: Partial<Row & Step> = {},
): Row => ({ id, reqs, queue, steps: [{ call, gives, ...more }], after, ...more });

const H = 'H' as const;
const TEN = 'TEN' as const;

const rows: readonly Row[] = [
  row('T1', 'R5 R7', [], rN(10, 100), { ret: -25, more: 0 }),
  row('T2', 'R13 R14', [H], r(10, 100), hello()),
  row('T3', 'R5', [H], rN(10, 100), hello()),
  row('T4', 'R10', [H, H, H], r(10, 100), hello(2), [H, H]),
  row('T5', 'R12', [H], r(10, 100, DROP_RECV), hello()),
  row('T6', 'R17', ['M7'], r(5, 100), abc(-7, 5)),
  row('T7', 'R16', ['M7'], r(7, 100), abc(7, 7)),
  row('T8', 'R16 R20', ['M7'], r(8, 100), abc(7, 7)),
  row('T9', 'R17', ['M7'], r(6, 100), abc(-7, 6)),
  row('T10', 'R19', ['M7'], r(0, 100), abc(-7, 0)),
  row('T11', 'R30', ['M7'], r(5, 2), abc(-7, 5, -15, 'ab')),
  row('T12', 'R30', ['M7', H], r(1, 0), abc(-7, 1, -15, '', 1), [H]),
  row('T13', 'R19', [H], r(0, 100), data(5, 0x10, '#b#d2', -1, [], 123, 0, 'hello')),
  row('T14', 'R26', [TEN], r(10, 10), ten(10, '0123456789')),
  row('T15', 'R27', [TEN], r(10, 9), ten(-15, '012345678')),
  row('T16', 'R27 R28', [TEN, H], r(10, 4), ten(-15, '0123', 1), [H]),
  {
    id: 'T17',
    reqs: 'R28',
    queue: [TEN, H],
    steps: [
      { call: r(10, 4), gives: ten(-15, '0123', 1) },
      { call: r(10, 100), gives: hello() },
    ],
    after: [],
  },
  row('T18', 'R27', [TEN], r(10, 0), ten(-15, '')),
  row('T19', 'R32', [H], r(10, 100), hello()),
  row('T20', 'R24 R31', ['Z'], r(10, 0), data(0, 0x04, '#b#d2', 1, ['#a#d1'], 7, 0, '')),
  row('T21', 'R22 R21', ['E'], r(10, 100), data(2, 0x20, '#c#d2', 1, ['g'], 258, 1, 'xy')),
  row('T22', 'R22 R27', ['E'], r(10, 1), data(-15, 0x20, '#c#d2', 1, ['g'], 258, 1, 'x')),
  row('T23', 'R13 R21', ['SD'], r(10, 100), data(5, 0x60, '#b#d2', 1, ['g'], -5, 0, 'hello')),
  row('T24', 'R25', ['OWN'], r(10, 100), data(5, 0x10, '#a#d1', 1, ['g'], 123, 0, 'hello')),
  row('T25', 'R21', ['H_MAX'], r(10, 100), data(5, 0x10, '#b#d2', 1, ['g'], 32767, 0, 'hello')),
  row('T26', 'R21', ['H_MIN'], r(10, 100), data(5, 0x10, '#b#d2', 1, ['g'], -32764, 0, 'hello')),
  row('T27', 'R33', [TEN], s(10, [4, 4, 4]), ten(10, '0123456789')),
  row('T28', 'R33 R38', [TEN], s(10, [0, 10]), ten(10, '0123456789')),
  row('T29', 'R34', [TEN], s(10, [3, 3]), ten(-15, '012345')),
  row('T30', 'R37', [TEN], s(10, []), ten(-15, '')),
  row('T31', 'R37', ['Z'], s(10, []), data(0, 0x04, '#b#d2', 1, ['#a#d1'], 7, 0, '')),
  row('T32', 'R35', [TEN], s(10, ones(99)), ten(10, '0123456789')),
  row('T33', 'R35 R41', [TEN], s(10, ones(100)), { ret: -13 }, [TEN]),
  row('T34', 'R35 R41', [TEN], s(10, [100], { numElements: -1 }), { ret: -13 }, [TEN]),
  row('T35', 'R36 R41', [TEN], s(10, [4, -1], { bufferBytes: 10 }), { ret: -13 }, [TEN]),
  row('T36', 'R36', [], s(10, [-1], { bufferBytes: 10, flags: DONT_BLOCK }), { ret: -13 }),
  row('T37', 'R39', [TEN], s(10, [10], { bufferBytes: 4 }), { ret: -13 }, [TEN]),
  row('T38', 'R40', [TEN], s(10, [10, -5], { numElements: 1, bufferBytes: 10 }), ten(10, '0123456789')),
  row('T39', 'R43 R44', ['TR'], r(10, 100), memb(0, 0x2000, 0, [], -1, '')),
  row('T40', 'R45', ['TR'], r(0, 0), memb(0, 0x2000, 0, [], -1, '')),
  row('T41', 'R48', ['TR'], r(-1, 0), { ret: -24 }, ['TR']),
  row('T42', 'R49 R51 R53 R54', ['J'], r(10, 100), memb(48, 0x1100, 2, ab, 0, B('#b#d2'))),
  row('T43', 'R54', ['J'], r(10, 100), memb(48, 0x1100, 2, ab, 1, B('#b#d2')), [], { own: '#b#d2' }),
  row('T44', 'R53', ['J3'], r(10, 100), memb(48, 0x1100, 4, four, 2, B('#d#d3'))),
  row('T45', 'R51 R53', ['J3'], r(2, 100), memb(48, 0x1100, -4, four.slice(0, 2), 2, B('#d#d3'))),
  row('T46', 'R51', ['J'], r(0, 100), memb(48, 0x1100, -2, [], 0, B('#b#d2'))),
  row('T47', 'R54', ['L'], r(10, 100), memb(48, 0x1200, 1, ['#a#d1'], 0, B('#b#d2'))),
  row('T48', 'R54', ['D'], r(10, 100), memb(48, 0x1400, 1, ['#a#d1'], 0, B('#b#d2'))),
  row('T49', 'R55', ['N'], r(10, 100), memb(80, 0x1800, 3, acd, 0, B('#a#d1', '#c#d2'))),
  row('T50', 'R55', ['N1'], r(10, 100), memb(48, 0x1800, 1, ['#a#d1'], 0, B('#a#d1'))),
  row('T51', 'R57', ['N'], r(10, 79), memb(-15, 0x1800, 3, acd, 0, B('#a#d1', '#c#d2').subarray(0, 79))),
  row('T52', 'R57', ['J'], r(10, 12), memb(-15, 0x1100, 2, ab, 0, B('#b#d2').subarray(0, 12))),
  row(
    'T53',
    'R57 R51',
    ['N', H],
    r(1, 16),
    memb(-15, 0x1800, -3, ['#a#d1'], 0, B('#a#d1', '#c#d2').subarray(0, 16), 1),
    [H],
  ),
  row('T54', 'R58', ['SL'], r(10, 100), memb(48, 0x200, 0, [], 0, B('#a#d1'))),
  row('T55', 'R58', ['SL'], r(0, 48), memb(48, 0x200, 0, [], 0, B('#a#d1'))),
  row('T56', 'R58 R27', ['SL'], r(0, 47), memb(-15, 0x200, 0, [], 0, B('#a#d1').subarray(0, 47))),
  row('T57', 'R60 R68', [H], r(-1, 100), { ret: -24 }, [H]),
  row('T58', 'R61 R68', [H], r(10, -1), { ret: -24 }, [H]),
  row('T59', 'R67', [H], s(-1, [100], { numElements: -1 }), { ret: -24 }, [H]),
  row('T60', 'R67', [], r(-1, 10), { ret: -24 }, [], { unknownMbox: true }),
  row('T61', 'R63', [], r(10, 10), { ret: -11 }, [], { unknownMbox: true }),
  row('T62', 'R63', [H], r(10, 10), { ret: -11 }, [], { before: 'disconnect' }),
  row('T63', 'R64', [H], r(10, 100), hello(), [], { before: 'break' }),
  {
    id: 'T64 and T65',
    reqs: 'R64',
    queue: [H],
    steps: [
      { call: r(10, 100), gives: hello(), before: 'break' },
      { call: r(10, 100), gives: { ret: -8 } },
      { call: r(10, 100), gives: { ret: -11 } },
    ],
    after: [],
  },
  row('T66', 'R66', [], rN(10, 100), { ret: -8 }, [], { before: 'break' }),
  row('T67', 'R65', [], r(10, 100), { ret: -8 }, [], { meanwhile: 'break' }),
  row('T68', 'R4', [], r(10, 100), hello(), [], { meanwhile: 'H arrives' }),
  {
    id: 'T74',
    reqs: 'R2 R46',
    queue: ['TR', H, 'N'],
    steps: [
      { call: r(10, 100), gives: memb(0, 0x2000, 0, [], -1, '', 2) },
      { call: r(10, 100), gives: hello(1) },
      { call: r(10, 100), gives: memb(80, 0x1800, 3, acd, 0, B('#a#d1', '#c#d2')) },
    ],
    after: [],
  },
];

/** Messages that only a secure mailbox hands out: X, X!, F of the document, and a CONFIRM of the key agreement. */
type SecureId = 'X' | 'X!' | 'F' | 'CONFIRM' | 'H';

interface SecureRow {
  readonly id: string;
  readonly reqs: string;
  readonly queue: readonly SecureId[];
  readonly call: CallText;
  readonly gives: Expected;
  readonly after?: readonly MessageId[];
  readonly options?: Partial<SecureMailboxOptions>;
}

const secret = (ret: number, body: string): Expected => data(ret, 0x08000010, '#b#d2', 1, ['g'], 42, 0, body);

const secureRows: readonly SecureRow[] = [
  { id: 'T69', reqs: 'R71', queue: ['X'], call: r(10, 100), gives: secret(6, 'secret') },
  {
    id: 'T70',
    reqs: 'R72',
    queue: ['X!', 'H'],
    call: r(10, 100),
    gives: data(-50, 0x08000010, '#b#d2', 0, [], 0, 0, '', 1),
    after: [H],
    // H is in clear.
    options: { clear: 'as-2.1' },
  },
  { id: 'T71', reqs: 'R71 R27', queue: ['X'], call: r(10, 3), gives: secret(-15, 'sec') },
  {
    id: 'T72',
    reqs: 'R70',
    queue: ['F'],
    call: r(0, 0),
    gives: memb(0, 0x20000000, 0, [], 0, ''),
    options: { flush: 'manual' },
  },
  { id: 'T73', reqs: 'R6', queue: ['CONFIRM'], call: rN(10, 100), gives: { ret: -25, more: 0 } },
];

/** A third member joins: the others are asked to flush. */
const thirdJoins = viewFrame({
  group: 'g',
  cause: 0x100,
  members: ['#a#d1', '#b#d2', '#c#d2'],
  id: [V[0], V[1], V[2] + 1],
  sets: [['#c#d2']],
});

const FILL = '.';
const UNTOUCHED = 'untouched';

/** Where the outputs of one call go, filled beforehand so that every change shows. */
interface Outputs {
  groups: string[];
  buffers: Buffer[];
  receive: () => Promise<SspReceiveResult>;
}

function outputsOf(mbox: number, call: CallText): Outputs {
  const groups = Array.from({ length: 10 }, () => UNTOUCHED);
  const common = { service_type: call.flags ?? 0, max_groups: call.maxGroups, groups };
  const { room } = call;
  if (typeof room === 'number') {
    const mess = Buffer.alloc(100, FILL);
    const options = Object.freeze({ ...common, max_mess_len: room, mess });
    return { groups, buffers: [mess], receive: () => SSP_receive(mbox, options) };
  }
  const elements = room.map((len) =>
    Object.freeze({ len, buf: Buffer.alloc(call.bufferBytes ?? len, FILL) }),
  );
  const scat: Scatter = { num_elements: call.numElements ?? room.length, elements };
  Object.freeze(scat.elements);
  const options = Object.freeze({ ...common, scat: Object.freeze(scat) });
  return { groups, buffers: elements.map(({ buf }) => buf), receive: () => SSP_scat_receive(mbox, options) };
}

const recordOf = (gives: Expected): SspReceiveResult =>
  gives.service === undefined
    ? { ret: gives.ret, ...(gives.more !== undefined && { more_messes: gives.more }) }
    : ({
        ret: gives.ret,
        service_type: gives.service,
        sender: gives.sender,
        num_groups: gives.num,
        groups: gives.groups,
        mess_type: gives.type,
        endian_mismatch: gives.end,
        more_messes: gives.more,
      } as SspReceiveResult);

async function run(p: Pair, step: Step): Promise<void> {
  if (step.before === 'break') await breakOff(p);
  if (step.before === 'disconnect') await SSP_disconnect(p.mbox);
  const outputs = outputsOf(step.unknownMbox ? 987_654 : p.mbox, step.call);
  const call = outputs.receive();
  if (step.meanwhile !== undefined) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(outputs.groups).to.not.include('g');
    if (step.meanwhile === 'break') p.session.end();
    else await p.session.send(messages.H);
  }

  check(outputs, await call, step.gives);
}

/** Record and buffers are what they have to be. */
function check(outputs: Outputs, received: SspReceiveResult, gives: Expected): void {
  const { full_length: _full, membership: _membership, ...record } = received;
  expect(record).to.deep.equal(recordOf(gives));
  const stored = gives.groups ?? [];
  expect(outputs.groups).to.deep.equal([
    ...stored,
    ...Array.from({ length: 10 - stored.length }, () => UNTOUCHED),
  ]);
  const body = Buffer.from(gives.body ?? '');
  const all = Buffer.concat(outputs.buffers);
  expect(all).to.deep.equal(Buffer.concat([body, Buffer.alloc(all.length - body.length, FILL)]));
}

/** The queue afterwards, taken message by message. */
async function drain(mbox: number): Promise<(readonly [number, number])[]> {
  const mess = Buffer.alloc(1000);
  const options = { service_type: DONT_BLOCK, max_groups: 100, max_mess_len: 1000, mess };
  const found: (readonly [number, number])[] = [];
  for (;;) {
    const { ret, service_type } = await SSP_receive(mbox, options);
    if (service_type === undefined) return found;
    found.push([ret, service_type]);
  }
}

async function prepare({ own, queue }: Row): Promise<Pair> {
  const accept = own === undefined ? {} : { accept: Buffer.from(`\x01\x05\x00\x01\x05${own}`, 'latin1') };
  const p = await pair({ script: accept });
  if (queue.includes('SL')) {
    // The group id of a self-leave is that of the view before it [receive Q22].
    await deliver(p, messages.J);
    await run(p, { call: r(10, 100), gives: memb(48, 0x1100, 2, ab, 0, B('#b#d2')) });
  }
  if (queue.length > 0) await deliver(p, ...queue.map((id) => messages[id]));
  return p;
}

function secureFrame(peer: SecurePeer, id: SecureId): Buffer {
  if (id === 'CONFIRM') return peer.confirm;
  if (id === 'H') return messages.H;
  if (id === 'F') return thirdJoins;
  const bytes = peer.encrypted('secret', 42);
  // A bit of the ciphertext, which stands before the 16 bytes of the tag.
  if (id === 'X!') bytes[bytes.length - 17] = (bytes.at(-17) ?? 0) ^ 1;
  return bytes;
}

describe('SSP_receive, the table [receive 6]', () => {
  afterEach(endPairs);
  afterEach(endPeers);

  for (const each of rows) {
    it(`[receive ${`${each.id} ${each.reqs}`.replaceAll(/ (?:and )?/g, ', ')}]`, async () => {
      const p = await prepare(each);
      for (const step of each.steps) await run(p, step);
      expect(await drain(p.mbox)).to.deep.equal(each.after.map((id) => signature[id]));
    });
  }

  for (const { id, reqs, queue, call, gives, after = [], options } of secureRows) {
    it(`[receive ${`${id} ${reqs}`.replaceAll(' ', ', ')}] on a secure mailbox`, async () => {
      const peer = await SecurePeer.start(options, queue.includes('CONFIRM'));
      using told = new Published<{ readonly event: string }>('ssp-toolkit:secure');
      await peer.send(
        queue.map((each) => secureFrame(peer, each)),
        queue.filter((each) => each !== 'CONFIRM').length,
      );
      // It has been taken in, and nothing waits.
      if (queue.includes('CONFIRM'))
        await until(() => told.messages.some(({ event }) => event === 'confirmed'), 'the CONFIRM');
      const outputs = outputsOf(peer.mbox, call);
      check(outputs, await outputs.receive(), gives);
      expect(await drain(peer.mbox)).to.deep.equal(after.map((each) => signature[each]));
    });
  }

  it('covers every row up to [receive T74]', () => {
    const covered = [...rows.flatMap(({ id }) => id.split(' and ')), ...secureRows.map(({ id }) => id)];
    const numbers = Array.from({ length: 74 }, (_, i) => `T${i + 1}`);
    expect(covered.toSorted()).to.deep.equal(numbers.toSorted());
  });
});
