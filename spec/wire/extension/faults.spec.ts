/** What the readers of the extension refuse, what they skip, and that nothing else ever leaves them. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { openToken, sealToken } from '../../../daemon/access/tokens.js';
import { checkDelivery } from '../../../lib/wire/delivery.js';
import { encodeSubject, readDaemonFrame } from '../../../lib/wire/extension/daemon-frames.js';
import {
  checkExtensionRequest,
  encodeDaemonFrame,
  encodeExtension,
  fieldWriter,
  isDaemonFrame,
  isExtensionFrame,
  Kind,
} from '../../../lib/wire/extension/frame.js';
import { encodeHello, readHello } from '../../../lib/wire/extension/hello.js';
import { MAX_LIST_PART_BYTES } from '../../../lib/wire/extension/list.js';
import { encodeNetwork } from '../../../lib/wire/extension/network.js';
import { readToClient, readToDaemon } from '../../../lib/wire/extension/read.js';
import { readToken } from '../../../lib/wire/extension/token.js';
import { encodeViews, encodeViewsHead, writeViewRecord } from '../../../lib/wire/extension/view-changes.js';
import { encodeWelcome, readWelcome } from '../../../lib/wire/extension/welcome.js';
import { FrameFault } from '../../../lib/wire/fault.js';
import {
  MAX_DELIVERY_DATA,
  MAX_EXTENSION_DATA,
  MAX_NETWORK_CHANGES,
  MAX_NETWORK_SETS,
  MAX_VIEW_RECORDS,
} from '../../../lib/wire/limits.js';
import { encodeRequest } from '../../../lib/wire/request.js';
import { DAEMON_MESS, EXTENSION_MESS, FORBIDDEN_REQUEST_BITS, JOIN_MESS } from '../../../lib/wire/service.js';
import { bytes, damaged } from '../arbitraries.js';
import { betweenDaemons, hello, resume, toClient, toDaemon, token, welcome } from './arbitraries.js';
import { KEY, frameHex, hex, text } from './vectors.js';

const toClientOf = (frame: Buffer): unknown => readToClient(frame, 0, frame.length);
const toDaemonOf = (frame: Buffer): unknown => readToDaemon(frame, 0, frame.length);
const betweenOf = (frame: Buffer): unknown => readDaemonFrame(frame, 0, frame.length);

/** The detail of the fault that a reader throws. */
function faultOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    expect(error).to.be.instanceOf(FrameFault);
    expect((error as FrameFault).reason).to.equal('extension');
    return (error as FrameFault).message.replace('illegal frame: ', '');
  }
  throw new Error('expected a fault');
}

/** Nothing but a fault of the extension comes out of it. */
function isSafe(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof FrameFault)) throw error;
  }
}

const network = {
  group: 'g',
  id: [1, 2, 3],
  reordered: false,
  members: 2,
  hash: 0n,
  gone: [],
  come: [],
  sets: [],
  ownSet: null,
} as const;

describe('wire: faults of the extension in the handshake', () => {
  const plain = encodeHello({ features: 0, holdMs: 0, heartbeatMs: 0, attempt: 0, resume: null });

  it('HELLO outside its lengths, as soon as the length is here', () => {
    expect(faultOf(() => readHello(hex('1300')))).to.equal('HELLO: expected 20 to 1024 bytes, got 19');
    expect(faultOf(() => readHello(hex('0104')))).to.equal('HELLO: expected 20 to 1024 bytes, got 1025');
  });

  it('HELLO of version 0, and one with a token that is too long or not whole', () => {
    const version = Buffer.from(plain);
    version[2] = 0;
    expect(faultOf(() => readHello(version))).to.equal('HELLO: expected version 1 or later, got 0');
    const long = Buffer.from(plain);
    long.writeUInt16LE(129, 20);
    expect(faultOf(() => readHello(long))).to.equal('HELLO: expected a token of at most 128 bytes, got 129');
    long.writeUInt16LE(1, 20);
    expect(faultOf(() => readHello(long))).to.equal('HELLO: expected 1 more bytes, got 0');
  });

  it('HELLO whose token comes without a whole position', () => {
    const cut = Buffer.concat([plain, Buffer.alloc(36)]);
    cut.writeUInt16LE(20 + 36, 0);
    cut.writeUInt16LE(1, 20);
    expect(faultOf(() => readHello(cut))).to.equal('HELLO: expected 4 more bytes, got 3');
  });

  it('HELLO whose position ends before it begins', () => {
    const position = { tag: 0n, from: 2, to: 1, hash: 0n, events: 0, awayMs: 0 };
    const written = encodeHello({
      features: 1,
      holdMs: 0,
      heartbeatMs: 0,
      attempt: 1,
      resume: { token: Buffer.from('t'), position },
    });
    expect(faultOf(() => readHello(written))).to.equal('HELLO: expected an index of at least 2, got 1');
  });

  it('WELCOME that is too short, has another verdict or more addresses than bytes', () => {
    expect(faultOf(() => readWelcome(hex('3900')))).to.equal('WELCOME: expected at least 58 bytes, got 57');
    const [written] = fc
      .sample(welcome, { numRuns: 1, seed: 1 })
      .map((each) => encodeWelcome({ ...each, token: Buffer.alloc(0), addresses: [] })) as [Buffer];
    written[3] = 5;
    expect(faultOf(() => readWelcome(written))).to.equal('WELCOME: expected a verdict from 0 to 4, got 5');
    written[3] = 0;
    written.writeUInt16LE(1, 58);
    expect(faultOf(() => readWelcome(written))).to.equal('WELCOME: a count of 1 before 0 bytes');
  });

  it('bytes that are missing are waited for', () => {
    fc.assert(
      fc.property(hello, welcome, fc.nat(9999), (ours, theirs, place) => {
        for (const [written, read] of [
          [encodeHello(ours), readHello],
          [encodeWelcome(theirs), readWelcome],
        ] as const) {
          const cut = written.subarray(0, Math.floor((place / 10_000) * written.length));
          expect(read(cut)).to.equal(null);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('data behind the known fields are skipped', () => {
    fc.assert(
      fc.property(hello, welcome, bytes(20), bytes(20), (ours, theirs, extra, rest) => {
        for (const [written, read, value] of [
          [encodeHello(ours), readHello, { hello: ours }],
          [encodeWelcome(theirs), readWelcome, { welcome: theirs }],
        ] as const) {
          const longer = Buffer.concat([written, extra]);
          longer.writeUInt16LE(longer.length - 2, 0);
          const length = longer.length;
          expect(read(Buffer.concat([longer, rest]))).to.deep.equal({ ...value, length });
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('wire: tokens', () => {
  const keyOf = (id: number): Buffer | null => (id === 7 ? KEY : null);

  it('one whose every byte is as it was made is known, no other one', () => {
    fc.assert(
      fc.property(token, fc.nat(9999), fc.integer({ min: 1, max: 255 }), (each, place, change) => {
        const sealed = sealToken({ ...each, keyId: 7 }, KEY);
        expect(openToken(sealed, keyOf)).to.deep.equal({ ...each, keyId: 7 });
        const at = Math.floor((place / 10_000) * sealed.length);
        sealed[at] = (sealed[at] as number) ^ change;
        expect(openToken(sealed, () => KEY)).to.equal(null);
      }),
      { numRuns: 300 },
    );
  });

  it('one of another key is not known', () => {
    const [each] = fc.sample(token, { numRuns: 1, seed: 2 }) as [Parameters<typeof sealToken>[0]];
    expect(openToken(sealToken({ ...each, keyId: 7 }, Buffer.alloc(32)), keyOf)).to.equal(null);
    expect(openToken(sealToken({ ...each, keyId: 8 }, KEY), keyOf)).to.equal(null);
  });

  it('bytes that are none are refused', () => {
    const sealed = Buffer.from('00'.repeat(40), 'hex');
    expect(faultOf(() => readToken(sealed))).to.equal(
      'token: expected a private name of 1 to 10 bytes, got 0',
    );
    expect(openToken(sealed, () => KEY)).to.equal(null);
    fc.assert(
      fc.property(bytes(130), (each) => {
        expect(openToken(each, () => KEY)).to.equal(null);
      }),
      { numRuns: 300 },
    );
  });
});

describe('wire: faults of the extension in frames', () => {
  const client = (name: string, kind: number, data: string): string =>
    faultOf(() => toClientOf(hex(frameHex(name, kind, data.replaceAll(' ', '').length / 2, data))));
  const daemon = (name: string, kind: number, data: string): string =>
    faultOf(() => toDaemonOf(hex(frameHex(name, kind, data.replaceAll(' ', '').length / 2, data))));
  const between = (name: string, kind: number, data: string): string =>
    faultOf(() =>
      betweenOf(hex(frameHex(name, kind, data.replaceAll(' ', '').length / 2, data, '80002080'))),
    );
  const id = '010000000200000003000000';
  const hash = '0000000000000000';

  it('MARK that ends before it begins', () => {
    expect(client(`${hash} 020000000000 010000000000`, 1, '')).to.equal(
      'MARK: expected an index of at least 2, got 1',
    );
  });

  it('VIEWS of no group, with more records than bytes, with another cause, without a name', () => {
    expect(client('', 3, '')).to.equal('VIEWS: expected a group name of 1 to 31 bytes that ends with NUL');
    expect(client('67'.repeat(32), 3, '')).to.equal(
      'VIEWS: expected a group name of 1 to 31 bytes that ends with NUL',
    );
    const views = (changes: string, rest: string): string =>
      client(text('g'), 3, `${id} ${changes} 01000000 ${hash} ${rest}`);
    expect(views('ffffffff', '00')).to.equal('VIEWS: a count of 4294967295 before 1 bytes');
    expect(views('01000000', '04 00 00000000 0161')).to.equal('VIEWS: expected a cause from 1 to 3, got 4');
    expect(views('01000000', '01 00 00000000 0000')).to.equal(
      'VIEWS: expected a group name of 1 to 31 bytes, got 0',
    );
    expect(views('01000000', '01 02 00000000 0161 00')).to.equal(
      'VIEWS: expected a subject of 1 to 128 bytes, got 0',
    );
  });

  it('NETWORK with a place, a range or an own set outside of the list', () => {
    const come = { name: '#a#d', returned: null, subject: null };
    const of = (changes: object): string =>
      faultOf(() => toClientOf(encodeNetwork({ ...network, ...changes })));
    expect(of({ come: [{ ...come, index: 2 }] })).to.equal('NETWORK: expected a place below 2, got 2');
    expect(of({ sets: [[{ first: 1, count: 2 }]] })).to.equal(
      'NETWORK: expected a range within 2 members, got 1+2',
    );
    const twice = [
      { first: 0, count: 2 },
      { first: 1, count: 1 },
    ];
    expect(of({ sets: [twice] })).to.equal('NETWORK: expected a set of at most 2 members, got 3');
    expect(of({ ownSet: 0 })).to.equal('NETWORK: expected an own set below 0, got 0');
  });

  it('NETWORK with more of anything than bytes', () => {
    for (const at of [28, 32, 36]) {
      const frame = encodeNetwork(network);
      frame.writeUInt32LE(0x7fffffff, 48 + at);
      expect(faultOf(() => toClientOf(frame))).to.equal('NETWORK: a count of 2147483647 before 0 bytes');
    }
  });

  it('frames that hold more than a daemon writes, however many bytes there are', () => {
    const change = { cause: 'join', index: 0, name: '#a#d', returned: null, subject: null } as const;
    const record = fieldWriter();
    writeViewRecord(record, change);
    const views = (changes: number): Buffer => {
      const records = Buffer.alloc(changes * record.length, record.finish());
      return encodeViews('g', { id: [1, 2, 3], changes, members: 1, hash: 0n }, records);
    };
    expect(toClientOf(views(MAX_VIEW_RECORDS))).to.include({ kind: 'views' });
    expect(faultOf(() => toClientOf(views(MAX_VIEW_RECORDS + 1)))).to.equal(
      'VIEWS: expected a count of at most 8192, got 8193',
    );
    const rest = Buffer.alloc(2 * MAX_NETWORK_SETS + 2);
    const sets = (count: number): Buffer => {
      const frame = Buffer.concat([encodeNetwork(network), rest]);
      frame.writeUInt32LE(count, 48 + 36);
      return frame;
    };
    expect(toClientOf(sets(MAX_NETWORK_SETS))).to.include({ kind: 'network' });
    expect(faultOf(() => toClientOf(sets(MAX_NETWORK_SETS + 1)))).to.equal(
      'NETWORK: expected a count of at most 65536, got 65537',
    );
    for (const [at, size] of [
      [28, 2],
      [32, 7],
    ] as const) {
      const frame = Buffer.concat([encodeNetwork(network), Buffer.alloc(size * MAX_NETWORK_CHANGES + size)]);
      frame.writeUInt32LE(MAX_NETWORK_CHANGES + 1, 48 + at);
      expect(faultOf(() => toClientOf(frame))).to.equal(
        'NETWORK: expected a count of at most 1000000, got 1000001',
      );
    }
    const head = Buffer.from(`${id} 01 03 0000 01000000 00000000 ${hash}`.replaceAll(' ', ''), 'hex');
    const long = encodeExtension(Kind.LIST, 'g', head, Buffer.alloc(MAX_LIST_PART_BYTES + 1 - head.length));
    expect(faultOf(() => toClientOf(long))).to.equal('LIST: expected at most 65536 bytes of data, got 65537');
  });

  it('LIST with an own place outside, more names than members, or a block that is cut', () => {
    const list = (own: string, blocks: string): string =>
      client(text('g'), 5, `${id} 01 03 0000 01000000 ${own} ${hash} ${blocks}`);
    expect(list('01000000', '')).to.equal('LIST: expected an own place below 1, got 1');
    expect(list('00000000', '0164 02000000 01610162')).to.equal('LIST: expected at most 1 names, got 2');
    expect(list('00000000', '0164 ffffff7f 0161')).to.equal('LIST: a count of 2147483647 before 2 bytes');
    expect(list('00000000', '00 01000000 0161')).to.equal(
      'LIST: expected a daemon name of 1 to 19 bytes, got 0',
    );
  });

  it('GAP, MOVE and END with another number', () => {
    expect(client(text('g'), 6, '0a000000 00000000 00000000')).to.equal(
      'GAP: expected a reason from 1 to 9, got 10',
    );
    expect(client(text('g'), 6, '00000000 00000000 00000000')).to.equal(
      'GAP: expected a reason from 1 to 9, got 0',
    );
    expect(client('00000000 04', 8, '0000')).to.equal('MOVE: expected a reason from 1 to 3, got 4');
    expect(client('09', 12, '00')).to.equal('END: expected a code from 1 to 8, got 9');
  });

  it('RESUME with too many groups, or a group that cannot be joined', () => {
    expect(daemon('', 20, '00 11270000')).to.equal('RESUME: expected at most 10000 groups, got 10001');
    expect(daemon('', 20, '00 02000000 0161 00')).to.equal('RESUME: a count of 2 before 3 bytes');
    expect(daemon('', 20, '00 01000000 022361 00')).to.equal('RESUME: expected a legal group name');
  });

  it('frames between daemons that are not whole', () => {
    expect(between('', 1, '00')).to.equal('SOURCES: expected a multiple of 20 bytes, got 1');
    expect(between('', 3, '00')).to.equal('FORGET: expected a multiple of 8 bytes, got 1');
    expect(between(text('#a#d'), 2, `${hash} 01000000 010000000000 0161 ff000000`)).to.equal(
      'RETURN: a count of 255 before 0 bytes',
    );
    expect(between('', 4, '')).to.equal(
      'ALIAS-END: expected a group name of 1 to 31 bytes that ends with NUL',
    );
    expect(between(text('#a#d'), 5, '00')).to.equal('SUBJECT: expected a subject of 1 to 128 bytes, got 0');
    expect(() => encodeSubject({ name: '#a#d', subject: '' })).to.throw(
      'expected a subject of 1 to 128 bytes',
    );
    expect(() => encodeSubject({ name: '#a#d', subject: 'é'.repeat(65) })).to.throw('expected a subject');
  });

  it('names behind the header', () => {
    const frame = hex(frameHex('', 7, 4, '03000000'));
    frame.writeInt32LE(1, 36);
    expect(faultOf(() => toClientOf(frame))).to.equal('RESUMED: expected 0 names, got 1');
  });

  it('unknown kinds are skipped', () => {
    for (const kind of [0, 13, 19, 23, -1, 32_767]) {
      const frame = encodeExtension(kind, fieldWriter(), Buffer.from('anything'));
      expect([toClientOf(frame), toDaemonOf(frame)]).to.deep.equal([null, null]);
      expect(betweenOf(encodeDaemonFrame(kind, 'g'))).to.equal(null);
    }
  });

  it('data behind known data are skipped, where the data have an end of their own', () => {
    fc.assert(
      fc.property(toClient, resume, bytes(10), ({ frame, value }, request, extra) => {
        fc.pre(value.kind !== 'list');
        expect(toClientOf(Buffer.concat([frame, extra]))).to.deep.equal(value);
        expect(toDaemonOf(Buffer.concat([request.frame, extra]))).to.deep.equal(request.value);
      }),
      { numRuns: 300 },
    );
  });
});

describe('wire: frames of the extension, written and read', () => {
  it('of a daemon', () => {
    fc.assert(
      fc.property(toClient, ({ frame, value }) => {
        expect(checkDelivery(frame, 0)).to.equal(frame.length);
        expect(isExtensionFrame(frame, 0)).to.equal(true);
        expect(toClientOf(frame)).to.deep.equal(value);
      }),
      { numRuns: 1000 },
    );
  });

  it('of a client', () => {
    fc.assert(
      fc.property(toDaemon, ({ frame, value }) => {
        expect(checkExtensionRequest(frame, 0)).to.equal(frame.length);
        expect(toDaemonOf(frame)).to.deep.equal(value);
      }),
      { numRuns: 500 },
    );
  });

  it('between daemons', () => {
    fc.assert(
      fc.property(betweenDaemons, ({ frame, value }) => {
        expect(isDaemonFrame(frame, 0)).to.equal(true);
        expect(isExtensionFrame(frame, 0)).to.equal(false);
        expect(betweenOf(frame)).to.deep.equal(value);
      }),
      { numRuns: 500 },
    );
  });

  it('damaged ones are read, or refused as frames of the extension', () => {
    const any = fc.oneof(toClient, toDaemon, betweenDaemons).map(({ frame }) => frame);
    fc.assert(
      fc.property(damaged(any), (frame) => {
        if (frame.length < 48) return;
        for (const read of [toClientOf, toDaemonOf, betweenOf]) isSafe(() => read(frame));
        isSafe(() => checkExtensionRequest(frame, 0));
      }),
      { numRuns: 2000 },
    );
  });

  it('damaged parts of the handshake too', () => {
    fc.assert(
      fc.property(damaged(hello.map(encodeHello)), damaged(welcome.map(encodeWelcome)), (ours, theirs) => {
        isSafe(() => readHello(ours));
        isSafe(() => readWelcome(theirs));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('wire: headers of the extension', () => {
  it('from a client: no names, no more data than a request has', () => {
    const frame = encodeExtension(10, fieldWriter());
    frame.writeInt32LE(1, 36);
    expect(faultOf(() => checkExtensionRequest(frame, 0))).to.equal('frame: expected 0 names, got 1');
    for (const length of [-1, 143_953]) {
      frame.writeInt32LE(0, 36);
      frame.writeInt32LE(length, 44);
      expect(faultOf(() => checkExtensionRequest(frame, 0))).to.equal(
        `frame: expected 0 to 143952 bytes of data, got ${length}`,
      );
    }
  });

  it('are known by their type word, which is little-endian and has no other bit', () => {
    const frame = encodeExtension(10, fieldWriter());
    expect(isExtensionFrame(frame, 0)).to.equal(true);
    for (let bit = 0; bit < 32; bit++) {
      const other = Buffer.from(frame);
      other.writeInt32LE(frame.readInt32LE(0) ^ (1 << bit), 0);
      expect(isExtensionFrame(other, 0)).to.equal(false);
    }
    frame.writeInt32BE(EXTENSION_MESS, 0);
    expect(isExtensionFrame(frame, 0)).to.equal(false);
  });

  it('from a daemon: more data than a plain frame has, but not without a limit', () => {
    const frame = encodeExtension(3, 'g');
    frame.writeInt32LE(MAX_EXTENSION_DATA, 44);
    expect(checkDelivery(frame, 0)).to.equal(48 + MAX_EXTENSION_DATA);
    frame.writeInt32LE(MAX_EXTENSION_DATA + 1, 44);
    expect(() => checkDelivery(frame, 0)).to.throw(FrameFault, `${MAX_EXTENSION_DATA + 1} bytes of data`);
    const plain = encodeRequest(JOIN_MESS, '#a#d', []);
    plain.writeInt32LE(MAX_DELIVERY_DATA + 1, 44);
    expect(() => checkDelivery(plain, 0)).to.throw(FrameFault, `${MAX_DELIVERY_DATA + 1} bytes of data`);
  });

  it('no request of a plain client can have their bits', () => {
    expect(FORBIDDEN_REQUEST_BITS & EXTENSION_MESS).to.equal(EXTENSION_MESS);
    expect(FORBIDDEN_REQUEST_BITS & DAEMON_MESS).to.equal(DAEMON_MESS);
  });

  it('the head of VIEWS announces the records that follow', () => {
    const head = encodeViewsHead('g', { id: [1, 2, 3], changes: 1, members: 1, hash: 0n }, 7);
    expect(checkDelivery(head, 0)).to.equal(head.length + 7);
  });
});
