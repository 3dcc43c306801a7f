/** The bytes of the extension, one example of each part, written and read. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { openToken, principalHash, sealToken } from '../../../daemon/access/tokens.js';
import { checkDelivery } from '../../../lib/wire/delivery.js';
import {
  encodeAliasEnd,
  encodeForget,
  encodeReturn,
  eachSource,
  encodeSources,
  encodeSourceWords,
  encodeSubject,
  readDaemonFrame,
} from '../../../lib/wire/extension/daemon-frames.js';
import { encodeEnd } from '../../../lib/wire/extension/end.js';
import { fieldWriter } from '../../../lib/wire/extension/frame.js';
import { encodeGap } from '../../../lib/wire/extension/gap.js';
import { encodePing, encodePong } from '../../../lib/wire/extension/heartbeat.js';
import { type Hello, encodeHello, readHello } from '../../../lib/wire/extension/hello.js';
import { encodeMove, encodePeers } from '../../../lib/wire/extension/addresses.js';
import {
  type ListHead,
  encodeList,
  encodeListRequest,
  writeListBlock,
} from '../../../lib/wire/extension/list.js';
import { type Network, encodeNetwork, withOwnSet } from '../../../lib/wire/extension/network.js';
import { encodeMark } from '../../../lib/wire/extension/position.js';
import { readToClient, readToDaemon } from '../../../lib/wire/extension/read.js';
import {
  ACK_BYTES,
  encodeAck,
  encodeNumber,
  encodeResume,
  encodeResumed,
  writeAck,
} from '../../../lib/wire/extension/resume.js';
import {
  type ViewRecord,
  VIEWS_HEAD_BYTES,
  encodeViews,
  encodeViewsHead,
  writeViewRecord,
} from '../../../lib/wire/extension/view-changes.js';
import { type Welcome, encodeWelcome, readWelcome } from '../../../lib/wire/extension/welcome.js';
import type { GroupId } from '../../../lib/wire/group-id.js';
import {
  HISTORY_HASH,
  KEY,
  POSITION,
  SID,
  TOKEN,
  VIEW_TAG,
  frameHex,
  hex,
  position,
  text,
} from './vectors.js';

const ID: GroupId = [0xcf8e6d85 | 0, 0x6b01f5d1, 5];
const LIST_HASH = 0xe697d39fb21d1ff7n;

const expectBytes = (written: Buffer, expected: string): void => {
  expect(written.toString('hex')).to.equal(expected.replaceAll(' ', ''));
};

/** The bytes are those of the daemon's frame, and what is read of them is the value. */
function expectToClient(written: Buffer, expected: string, value: object): void {
  expectBytes(written, expected);
  expect(checkDelivery(written, 0)).to.equal(written.length);
  expect(readToClient(written, 0, written.length)).to.deep.equal(value);
}

function expectToDaemon(written: Buffer, expected: string, value: object): void {
  expectBytes(written, expected);
  expect(readToDaemon(written, 0, written.length)).to.deep.equal(value);
}

function expectBetweenDaemons(written: Buffer, expected: string, value: object): void {
  expectBytes(written, expected);
  expect(readDaemonFrame(written, 0, written.length)).to.deep.equal(value);
}

const fresh: Hello = { features: 0x1f, holdMs: 0, heartbeatMs: 2000, attempt: 0, resume: null };

const recordsOf = (...records: ViewRecord[]): Buffer => {
  const writer = fieldWriter();
  for (const record of records) writeViewRecord(writer, record);
  return writer.finish();
};

const blockOf = (daemon: string, names: string[], subjects?: (string | null)[]): Buffer => {
  const writer = fieldWriter();
  writeListBlock(writer, daemon, names, subjects);
  return writer.finish();
};

describe('wire: bytes of the extension in the handshake', () => {
  it('HELLO of a new session', () => {
    const written = encodeHello(fresh);
    expectBytes(written, '1400 01 00 1f000000 00000000 d0070000 00000000 0000');
    expect(readHello(written)).to.deep.equal({ hello: fresh, length: written.length });
  });

  it('token', () => {
    const token = {
      keyId: 0x01020304,
      sid: SID,
      time: 1_795_855_200,
      name: 'alice',
      daemon: 'dmn1',
      principal: principalHash(''),
    };
    const written = sealToken(token, KEY);
    expectBytes(written, TOKEN);
    expect(openToken(written, (id) => (id === 0x01020304 ? KEY : null))).to.deep.equal(token);
  });

  it('HELLO of a session that comes back, with its token and its position', () => {
    const hello: Hello = { ...fresh, attempt: 1, resume: { token: hex(TOKEN), position } };
    const written = encodeHello(hello);
    expectBytes(written, `6b00 01 00 1f000000 00000000 d0070000 01000000 3300 ${TOKEN} ${POSITION}`);
    expect(readHello(written)).to.deep.equal({ hello, length: written.length });
  });

  it('WELCOME', () => {
    const welcome: Welcome = {
      verdict: 'whole',
      features: 0x1f,
      sid: SID,
      stable: 17,
      holdMs: 0,
      heartbeatMs: 2000,
      windowMs: 30_000,
      position: { tag: VIEW_TAG, index: 42, hash: HISTORY_HASH },
      token: hex(TOKEN),
      addresses: ['4803@10.0.0.1', '4803@10.0.0.2'],
    };
    const written = encodeWelcome(welcome);
    expectBytes(
      written,
      `8900 01 02 1f000000 8877665544332211 110000000000 00000000 d0070000 30750000
       a8a7a6a5a4a3a2a1 2a0000000000 b8b7b6b5b4b3b2b1 3300 ${TOKEN}
       0200 0d 343830334031302e302e302e31 0d 343830334031302e302e302e32`.replaceAll(/\s/g, ''),
    );
    expect(readWelcome(written)).to.deep.equal({ welcome, length: written.length });
  });
});

describe('wire: bytes of the extension to a client', () => {
  it('MARK', () => {
    const { tag, from, to, hash } = position;
    expectToClient(
      encodeMark({ tag, from, to, hash }),
      '80001080 a8a7a6a5a4a3a2a1 280000000000 2a0000000000 b8b7b6b5b4b3b2b1 00000000 00000000 80010080 00000000',
      { kind: 'mark', tag, from, to, hash },
    );
  });

  it('ACK', () => {
    expectToClient(encodeAck(17), frameHex('110000000000', 2, 0), { kind: 'ack', number: 17 });
  });

  it('VIEWS: one joins, one returns', () => {
    const records: ViewRecord[] = [
      { cause: 'join', index: 1, name: '#bob#dmn1', returned: null, subject: null },
      { cause: 'join', index: 2, name: '#carol#dmn2', returned: '#carol#dmn1', subject: null },
    ];
    const head = { id: ID, changes: 2, members: 3, hash: LIST_HASH };
    const written = encodeViews('foo', head, recordsOf(...records));
    const data = `856d8ecfd1f5016b05000000 02000000 03000000 f71f1db29fd397e6
      01 00 01000000 0923626f6223646d6e31
      01 01 02000000 0b236361726f6c23646d6e32 0b236361726f6c23646d6e31`.replaceAll(/\s/g, '');
    expectToClient(written, frameHex(text('foo'), 3, 0x4a, data), {
      kind: 'views',
      group: 'foo',
      id: ID,
      members: 3,
      hash: LIST_HASH,
      records,
    });
    const head76 = encodeViewsHead('foo', head, 0x4a - 28);
    expectBytes(head76, written.toString('hex', 0, VIEWS_HEAD_BYTES));
  });

  it('VIEWS: a member behind a token, and one that goes', () => {
    const records: ViewRecord[] = [
      { cause: 'join', index: 0, name: '#a#d', returned: '#b#d', subject: 'zoë' },
      { cause: 'leave', index: 7, name: '#c#d', returned: null, subject: null },
      { cause: 'disconnect', index: 8, name: '#e#d', returned: null, subject: 's' },
    ];
    expectBytes(
      recordsOf(...records),
      '0103000000000423612364 0423622364 047a6fc3ab 0200070000000423632364 0302080000000423652364 0173',
    );
    const written = encodeViews(
      'g',
      { id: [1, 2, 3], changes: 3, members: 9, hash: 1n },
      recordsOf(...records),
    );
    expect(readToClient(written, 0, written.length)).to.deep.include({ records });
  });

  it('NETWORK', () => {
    const network: Network = {
      group: 'foo',
      id: ID,
      reordered: true,
      members: 3,
      hash: LIST_HASH,
      gone: ['#z#d9'],
      come: [{ index: 1, name: '#b#d1', returned: '#b#d2', subject: null }],
      sets: [
        [
          { first: 0, count: 1 },
          { first: 2, count: 1 },
        ],
        [{ first: 1, count: 1 }],
      ],
      ownSet: 0,
    };
    const data = (own: string): string =>
      `856d8ecfd1f5016b05000000 01000000 03000000 f71f1db29fd397e6 01000000 01000000 02000000 ${own}
       05237a236439 01000000 0523622364310105 23622364 32
       0200 00000000 01000000 02000000 01000000 0100 01000000 01000000`.replaceAll(/\s/g, '');
    const written = encodeNetwork(network);
    const length = data('00000000').length / 2;
    expectToClient(written, frameHex(text('foo'), 4, length, data('00000000')), {
      kind: 'network',
      ...network,
    });
    expectToClient(withOwnSet(written, 1), frameHex(text('foo'), 4, length, data('01000000')), {
      kind: 'network',
      ...network,
      ownSet: 1,
    });
    expectToClient(withOwnSet(written, null), frameHex(text('foo'), 4, length, data('ffffffff')), {
      kind: 'network',
      ...network,
      ownSet: null,
    });
  });

  const head: ListHead = {
    id: ID,
    cause: 'join',
    first: true,
    last: true,
    answer: false,
    afterGap: false,
    withSubjects: false,
    members: 3,
    ownIndex: 2,
    hash: LIST_HASH,
    messages: null,
  };

  it('LIST in one part', () => {
    const blocks = [blockOf('dmn1', ['alice', 'bob']), blockOf('dmn2', ['carol'])];
    const data = `856d8ecfd1f5016b05000000 01 03 0000 03000000 02000000 f71f1db29fd397e6
      04646d6e31 02000000 05616c696365 03626f62 04646d6e32 01000000 056361726f6c`.replaceAll(/\s/g, '');
    expectToClient(encodeList('foo', head, ...blocks), frameHex(text('foo'), 5, 0x42, data), {
      kind: 'list',
      group: 'foo',
      ...head,
      names: ['#alice#dmn1', '#bob#dmn1', '#carol#dmn2'],
      subjects: null,
    });
  });

  it('LIST with every flag, for an observer', () => {
    const full: ListHead = {
      ...head,
      cause: 'network',
      first: false,
      answer: true,
      afterGap: true,
      withSubjects: true,
      ownIndex: null,
      messages: 312,
    };
    const data = `856d8ecfd1f5016b05000000 04 3e 0000 03000000 ffffffff f71f1db29fd397e6 380100000000
      0164 02000000 0161 0173 0162 00`.replaceAll(/\s/g, '');
    expectToClient(
      encodeList('foo', full, blockOf('d', ['a', 'b'], ['s', null])),
      frameHex(text('foo'), 5, data.length / 2, data),
      { kind: 'list', group: 'foo', ...full, names: ['#a#d', '#b#d'], subjects: ['s', null] },
    );
  });

  it('GAP', () => {
    const gap = { group: 'foo', reason: 'overrun', missed: null, awayMs: 1200 } as const;
    expectToClient(encodeGap(gap), frameHex(text('foo'), 6, 0x0c, '02000000 ffffffff b0040000'), {
      kind: 'gap',
      ...gap,
    });
  });

  it('GAP: each reason has its number', () => {
    const reasons = [
      'diverged',
      'overrun',
      'parted',
      'restarted',
      'forgotten',
      'plain',
      'not-permitted',
      'key',
      'slow',
    ] as const;
    const numbers = reasons.map((reason) => encodeGap({ group: 'g', reason, missed: 7, awayMs: 0 })[48]);
    expect(numbers).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('RESUMED', () => {
    expectToClient(encodeResumed(3), frameHex('', 7, 4, '03000000'), { kind: 'resumed', groups: 3 });
  });

  it('MOVE and PEERS', () => {
    const move = { leftMs: 5000, reason: 'balance', addresses: ['1@a'] } as const;
    expectToClient(encodeMove(move), frameHex('88130000 03', 8, 6, '0100 03 314061'), {
      kind: 'move',
      ...move,
    });
    const alone = { ...move, reason: 'alone' } as const;
    expectToClient(encodeMove(alone), frameHex('88130000 02', 8, 6, '0100 03 314061'), {
      kind: 'move',
      ...alone,
    });
    expectToClient(encodePeers([]), frameHex('', 9, 2, '0000'), { kind: 'peers', addresses: [] });
  });

  it('PING and PONG', () => {
    expectToClient(encodePing(SID), frameHex('8877665544332211', 10, 0), { kind: 'ping', value: SID });
    expectToClient(encodePong(1n), frameHex('0100000000000000', 11, 0), { kind: 'pong', value: 1n });
  });

  it('END', () => {
    const end = { code: 'illegal', request: 18, view: 0n, text: 'no' } as const;
    expectToClient(encodeEnd(end), frameHex('01 120000000000', 12, 3, '02 6e6f'), { kind: 'end', ...end });
    const moved = { code: 'taken-over', request: 0, view: SID, text: '' } as const;
    const field = '05 000000000000 8877665544332211';
    expectToClient(encodeEnd(moved), frameHex(field, 12, 1, '00'), { kind: 'end', ...moved });
    const codes = [
      'illegal',
      'slow',
      'too-many-groups',
      'stopping',
      'taken-over',
      'forgotten',
      'not-permitted',
      'parted',
    ] as const;
    const numbers = codes.map((code) => encodeEnd({ code, request: 0, text: '' })[4]);
    expect(numbers).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('END cuts a longer text between two characters', () => {
    const written = encodeEnd({ code: 'slow', request: 0, text: 'é'.repeat(200) });
    expect(readToClient(written, 0, written.length)).to.include({ text: 'é'.repeat(127) });
  });
});

describe('wire: bytes of the extension to a daemon', () => {
  it('RESUME', () => {
    const resume = {
      next: 18,
      attempt: 1,
      more: false,
      groups: [{ group: 'foo', onDemand: false, signalled: false, had: true, wanted: true }],
    };
    expectToDaemon(
      encodeResume(resume),
      frameHex('120000000000 01000000', 20, 0x0a, '00 01000000 03666f6f 0c'),
      { kind: 'resume', ...resume },
    );
  });

  it('RESUME: each flag has its bit', () => {
    const none = { group: 'g', onDemand: false, signalled: false, had: false, wanted: false };
    const groups = [none, { ...none, onDemand: true }, { ...none, signalled: true }];
    const written = encodeResume({ next: 1, attempt: 2, more: true, groups });
    expectToDaemon(written, frameHex('010000000000 02000000', 20, 14, '01 03000000 016700 016701 016702'), {
      kind: 'resume',
      next: 1,
      attempt: 2,
      more: true,
      groups,
    });
  });

  it('NUMBER, LIST?, PING and PONG', () => {
    expectToDaemon(encodeNumber(18), frameHex('120000000000', 22, 0), { kind: 'number', number: 18 });
    expectToDaemon(encodeListRequest('foo'), frameHex(text('foo'), 21, 0), {
      kind: 'list-request',
      group: 'foo',
    });
    expectToDaemon(encodePing(2n), frameHex('02', 10, 0), { kind: 'ping', value: 2n });
    expectToDaemon(encodePong(3n), frameHex('03', 11, 0), { kind: 'pong', value: 3n });
  });
});

describe('wire: bytes of the extension between daemons', () => {
  const type = '80002080';

  it('SOURCES', () => {
    const runs = [{ sid: SID, first: 18, count: 3, at: 0 }];
    const data = '8877665544332211 120000000000 0300 00000000';
    expectBetweenDaemons(encodeSources(runs), frameHex('', 1, 0x14, data, type), { kind: 'sources', runs });
  });

  it('SOURCES, from the two words of the ids', () => {
    const words = { high: 0x11223344, low: 0x55667788, first: 18, count: 3, at: 0 };
    const data = '8877665544332211 120000000000 0300 00000000';
    const frame = encodeSourceWords([words, { ...words, high: 0xffffffff, low: 0xfffffffe, at: 0xf0000000 }]);
    const second = 'feffffffffffffff 120000000000 0300 000000f0';
    expect(frame.toString('hex')).to.equal(
      frameHex('', 1, 0x28, `${data} ${second}`, type).replaceAll(' ', ''),
    );
    const read: number[][] = [];
    eachSource(frame, 0, frame.length, (low, high, first, count, at) =>
      read.push([high, low, first, count, at]),
    );
    expect(read).to.deep.equal([
      [0x11223344, 0x55667788, 18, 3, 0],
      [0xffffffff, 0xfffffffe, 18, 3, 0xf0000000],
    ]);
    expect(() => eachSource(frame, 0, frame.length - 1, () => undefined)).to.throw('a multiple of 20 bytes');
  });

  it('ACK, where there is room for it', () => {
    const bytes = Buffer.alloc(ACK_BYTES + 2, 0xee);
    writeAck(bytes, 1, 2 ** 40 + 17);
    expect(bytes.subarray(1, -1)).to.deep.equal(encodeAck(2 ** 40 + 17));
    expect([bytes[0], bytes[ACK_BYTES + 1]]).to.deep.equal([0xee, 0xee]);
  });

  it('RETURN', () => {
    const value = {
      name: '#alice#dmn2',
      sid: SID,
      attempt: 1,
      last: 17,
      oldName: '#alice#dmn1',
      groups: ['foo'],
    };
    const data = '8877665544332211 01000000 110000000000 0b23616c69636523646d6e31 01000000 03666f6f';
    expectBetweenDaemons(encodeReturn(value), frameHex(text('#alice#dmn2'), 2, 0x26, data, type), {
      kind: 'return',
      ...value,
    });
  });

  it('FORGET, ALIAS-END and SUBJECT', () => {
    const value = { view: 0x0102030405060708n, index: 42, sids: [SID, 1n] };
    const place = '0807060504030201 2a0000000000';
    expectBetweenDaemons(
      encodeForget(value),
      frameHex(place, 3, 16, '8877665544332211 0100000000000000', type),
      { kind: 'forget', ...value },
    );
    const name = '#alice#dmn1';
    expectBetweenDaemons(encodeAliasEnd(name), frameHex(text(name), 4, 0, '', type), {
      kind: 'alias-end',
      name,
    });
    expectBetweenDaemons(
      encodeSubject({ name, subject: 'zoë' }),
      frameHex(text(name), 5, 5, '04 7a6fc3ab', type),
      { kind: 'subject', name, subject: 'zoë' },
    );
  });
});
