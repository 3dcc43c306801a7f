/** The daemon's checks of a header [session 4.6]: each ends that session and nobody else's. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { writeMarked } from '../../lib/wire/byte-order.js';
import { HEADER_BYTES, MAX_MESSAGE_BYTES, MAX_REQUEST_BYTES } from '../../lib/wire/limits.js';
import { encodeMessage, encodeRequest } from '../../lib/wire/request.js';
import { AGREED_MESS, JOIN_MESS, KILL_MESS, LEAVE_MESS } from '../../lib/wire/service.js';
import { connectMembers, deserted, startDaemon } from '../support/local-daemon.js';
import { RawSession } from '../support/raw-client.js';
import { tell } from '../support/describe-frame.js';
import { until } from '../support/wait.js';

const MALLORY = '#mallory#dmn1';

/** A legal message of mallory's to g, with some bytes put over it. */
function bent(...patches: readonly (readonly [at: number, bytes: string])[]): Buffer {
  const frame = encodeMessage(AGREED_MESS, MALLORY, ['g'], 0, [Buffer.from('hello')]);
  for (const [at, hex] of patches) frame.set(Buffer.from(hex, 'hex'), at);
  return frame;
}

/** The same with another type word, marker included. */
function typed(service: number): Buffer {
  const frame = bent();
  writeMarked(frame, 0, service, true);
  return frame;
}

const from = (sender: string): Buffer => encodeMessage(AGREED_MESS, sender, ['g'], 0, [Buffer.from('hello')]);

const word = (value: number): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes.toString('hex');
};

interface Case {
  readonly what: string;
  readonly reason: string;
  readonly frame: Buffer;
}

const cases: readonly Case[] = [
  { what: 'no kind at all', reason: 'kind', frame: typed(0) },
  { what: 'SELF_DISCARD without a service', reason: 'kind', frame: typed(0x40) },
  { what: 'two services', reason: 'kind', frame: typed(0x30) },
  { what: 'a service and a join', reason: 'kind', frame: typed(AGREED_MESS | JOIN_MESS) },
  { what: 'a service and a disconnect', reason: 'kind', frame: typed(AGREED_MESS | KILL_MESS) },
  { what: 'a join and a leave', reason: 'kind', frame: typed(JOIN_MESS | LEAVE_MESS) },
  { what: 'half a byte-order marker, the upper', reason: 'marker', frame: bent([0, '10000080']) },
  { what: 'half a byte-order marker, the lower', reason: 'marker', frame: bent([0, '90000000']) },
  ...[0x100, 0x200, 0x400, 0x800, 0x1000, 0x2000, 0x4000, 0x8000, 0x80000, 0x100000, 0x200000, 0x400000].map(
    (bit) => ({
      what: `the bit 0x${bit.toString(16)}, which only daemons set`,
      reason: 'forbidden-bits',
      frame: typed(AGREED_MESS | bit),
    }),
  ),
  { what: 'the name of another session', reason: 'sender', frame: from('#alice#dmn1') },
  { what: 'its own name at another daemon', reason: 'sender', frame: from('#mallory#dmn2') },
  { what: 'an empty name', reason: 'sender', frame: from('') },
  { what: 'a private name that is no private group', reason: 'sender', frame: from('mallory') },
  { what: 'a name that is longer than its own', reason: 'sender', frame: from(`${MALLORY}x`) },
  { what: 'a name that its own begins with', reason: 'sender', frame: from(MALLORY.slice(0, -1)) },
  { what: '-1 groups', reason: 'groups-count', frame: bent([36, word(-1)]) },
  { what: '101 groups', reason: 'groups-count', frame: bent([36, word(101)]) },
  { what: 'bits below the message type', reason: 'hint', frame: bent([40, '81000080']) },
  { what: 'bits above the message type', reason: 'hint', frame: bent([40, '80000081']) },
  { what: '-1 bytes of data', reason: 'data-length', frame: bent([44, word(-1)]) },
  {
    what: `${MAX_MESSAGE_BYTES + 1} bytes of data`,
    reason: 'data-length',
    frame: bent([44, word(MAX_MESSAGE_BYTES + 1)]),
  },
  {
    what: 'one byte of names and data too many',
    reason: 'size',
    frame: bent([44, word(MAX_REQUEST_BYTES - 32 + 1)]),
  },
  {
    what: 'a join without a group',
    reason: 'groups-count',
    frame: encodeRequest(JOIN_MESS, MALLORY, []),
  },
  {
    what: 'a leave without a group',
    reason: 'groups-count',
    frame: encodeRequest(LEAVE_MESS, MALLORY, []),
  },
  {
    what: 'a join whose name field has no NUL',
    reason: 'group-field',
    frame: Buffer.concat([
      encodeRequest(JOIN_MESS, MALLORY, ['g']).subarray(0, HEADER_BYTES),
      Buffer.alloc(32, 'g'),
    ]),
  },
  {
    what: 'a leave whose name field has no NUL',
    reason: 'group-field',
    frame: Buffer.concat([
      encodeRequest(LEAVE_MESS, MALLORY, ['g']).subarray(0, HEADER_BYTES),
      Buffer.alloc(32, 'g'),
    ]),
  },
];

describe('session: checks of a header', () => {
  for (const { what, reason, frame } of cases) {
    it(`end the session that sends ${what}, and no other`, async () => {
      await using daemon = await startDaemon();
      const [alice, mallory] = (await connectMembers(daemon, 'g', 'alice', 'mallory')) as [
        RawSession,
        RawSession,
      ];
      mallory.multicast(AGREED_MESS, ['g'], 'before');
      mallory.client.send(frame);
      mallory.client.send(from(MALLORY));

      expect(tell(await alice.next())).to.equal('#mallory#dmn1 > g: before');
      expect(tell(await alice.next())).to.equal('disconnect g: #alice#dmn1 (#mallory#dmn1)');
      await mallory.client.end();
      expect(daemon.counters.ends).to.deep.equal({ [`illegal-${reason}`]: 1 });

      alice.multicast(AGREED_MESS, ['g'], 'alive');
      expect(tell(await alice.next())).to.equal('#alice#dmn1 > g: alive');
      alice.close();
    });
  }

  it('need the header alone: names and data of a bad frame are not waited for', async () => {
    await using daemon = await startDaemon();
    const mallory = await RawSession.connect(daemon.port, 'mallory');
    mallory.client.send(typed(0x30).subarray(0, HEADER_BYTES));
    await mallory.client.end();
    expect(daemon.counters.ends).to.deep.equal({ 'illegal-kind': 1 });
  });

  it('do not run before the header is whole', async () => {
    await using daemon = await startDaemon();
    const mallory = await RawSession.connect(daemon.port, 'mallory');
    const read = daemon.counters.bytesIn;
    mallory.client.send(typed(0x30).subarray(0, HEADER_BYTES - 1));
    await until(() => daemon.counters.bytesIn === read + HEADER_BYTES - 1, 'the daemon to read');
    expect(daemon.counters.ends).to.deep.equal({});
    mallory.close();
  });

  it('send nothing to the session they end', async () => {
    await using daemon = await startDaemon();
    const mallory = await RawSession.connect(daemon.port, 'mallory');
    mallory.client.send(typed(0));
    await mallory.client.end();
    expect(mallory.waiting).to.equal(0);
  });

  it('log who was ended and why', async () => {
    const lines: { fields: object; message: string }[] = [];
    const ignore = (): void => undefined;
    const warn = (fields: object, message: string): void => {
      lines.push({ fields, message });
    };
    await using daemon = await startDaemon({ logger: { debug: ignore, info: ignore, warn, error: ignore } });
    const mallory = await RawSession.connect(daemon.port, 'mallory');
    mallory.client.send(typed(0x30));
    await deserted(daemon);
    expect(lines.map(({ message }) => message)).to.deep.equal(['session ended']);
    expect(lines[0]?.fields).to.include({
      session: 1,
      name: '#mallory#dmn1',
      reason: 'illegal-kind',
      detail: 'illegal frame: type 0x00000030 is not exactly one service or request',
    });
  });
});

describe('session: what passes the checks', () => {
  /** What alice, a member of g, gets when mallory sends the frame. */
  async function delivered(frame: Buffer): Promise<string> {
    await using daemon = await startDaemon();
    const [alice, mallory] = (await connectMembers(daemon, 'g', 'alice', 'mallory')) as [
      RawSession,
      RawSession,
    ];
    mallory.client.send(frame);
    const { body, service } = await alice.next();
    for (const session of [alice, mallory]) session.close();
    return `${(service >>> 0).toString(16)} ${body.length}`;
  }

  it('is a body of 143920 bytes to one group', async () => {
    const frame = encodeMessage(AGREED_MESS, MALLORY, ['g'], 0, [Buffer.alloc(MAX_REQUEST_BYTES - 32)]);
    expect(await delivered(frame)).to.equal('10 143920');
  });

  it('is a message to a hundred groups with as much data as fits beside them', async () => {
    const groups = ['g', ...Array.from({ length: 99 }, (_, i) => `g${i}`)];
    const frame = encodeMessage(AGREED_MESS, MALLORY, groups, 0, [Buffer.alloc(MAX_REQUEST_BYTES - 3200)]);
    expect(await delivered(frame)).to.equal(`10 ${MAX_REQUEST_BYTES - 3200}`);
  });

  it('is any of the bits 24 to 30', async () => {
    expect(await delivered(typed(AGREED_MESS | 0x7f000000))).to.equal('7f000010 5');
  });

  it('is a sender field with garbage behind its NUL', async () => {
    const frame = bent();
    frame.fill(0x5a, 4 + MALLORY.length + 1, 36);
    expect(await delivered(frame)).to.equal('10 5');
  });

  it('is the longest private name at the longest daemon name, whatever stands in the last byte', async () => {
    const name = 'd'.repeat(19);
    await using daemon = await startDaemon({ name });
    const session = await RawSession.connect(daemon.port, 'm'.repeat(10));
    expect(session.privateGroup.length).to.equal(31);
    const frame = encodeMessage(AGREED_MESS, session.privateGroup, [session.privateGroup], 0, []);
    frame[35] = 0x5a;
    session.client.send(frame);
    expect((await session.next()).name).to.equal(session.privateGroup);
    session.close();
  });

  it('is an empty message to nobody, which nobody gets', async () => {
    await using daemon = await startDaemon();
    const [alice] = (await connectMembers(daemon, 'g', 'alice')) as [RawSession];
    alice.multicast(AGREED_MESS, [], '');
    alice.multicast(AGREED_MESS, ['g'], '');
    const frame = await alice.next();
    expect([frame.names(), frame.body.length]).to.deep.equal([['g'], 0]);
    alice.close();
  });

  it('is a disconnect with the name of another session, which ends the sender', async () => {
    await using daemon = await startDaemon();
    const [alice, mallory] = (await connectMembers(daemon, 'g', 'alice', 'mallory')) as [
      RawSession,
      RawSession,
    ];
    mallory.client.send(encodeRequest(KILL_MESS, MALLORY, ['#alice#dmn1']));
    await mallory.client.end();
    expect(tell(await alice.next())).to.equal('disconnect g: #alice#dmn1 (#mallory#dmn1)');
    expect(daemon.counters.ends).to.deep.equal({ requested: 1 });
    alice.close();
  });

  it('is a destination without NUL, which nobody has', async () => {
    await using daemon = await startDaemon();
    const [alice] = (await connectMembers(daemon, 'g', 'alice')) as [RawSession];
    const frame = encodeMessage(AGREED_MESS, alice.privateGroup, ['g'], 0, []);
    frame.fill('g', HEADER_BYTES, HEADER_BYTES + 32);
    alice.client.send(frame);
    alice.multicast(AGREED_MESS, ['g'], 'next');
    expect((await alice.next()).body.toString()).to.equal('next');
    alice.close();
  });
});
