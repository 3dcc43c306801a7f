/**
 * The rows of [session 13] that concern the daemon's side. Those of the client library are in spec/mailbox;
 * the IP row waits for the IP method.
 */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { writeMarked } from '../../lib/wire/byte-order.js';
import { encodeMethodChoice } from '../../lib/wire/handshake/authentication.js';
import { encodeConnectRequest, PROTOCOL_VERSION } from '../../lib/wire/handshake/connect-request.js';
import { MAX_REQUEST_BYTES } from '../../lib/wire/limits.js';
import { encodeMessage, encodeRequest } from '../../lib/wire/request.js';
import { AGREED_MESS, JOIN_MESS, KILL_MESS, LEAVE_MESS } from '../../lib/wire/service.js';
import { connectMembers, startDaemon } from '../support/local-daemon.js';
import { RawClient, RawSession } from '../support/raw-client.js';
import { counterOf, tell } from '../support/describe-frame.js';
import { until } from '../support/wait.js';

type Pair = [RawSession, RawSession];

const request = encodeConnectRequest({
  version: PROTOCOL_VERSION,
  membership: true,
  priority: 0,
  name: 'alice',
});

describe('13: Data messages with 44 or more destination groups are delivered to nobody', () => {
  it('up to a hundred are delivered', async () => {
    await using daemon = await startDaemon();
    const [alice, bob] = (await connectMembers(daemon, 'g', 'alice', 'bob')) as Pair;
    for (let count = 40; count <= 100; count++) {
      const groups = Array.from({ length: count }, (_, i) => (i === count - 1 ? 'g' : `none${i}`));
      alice.multicast(AGREED_MESS, groups, String(count));
      expect((await bob.next()).names()).to.deep.equal(groups);
    }
    for (const session of [alice, bob]) session.close();
  });
});

describe('13: Daemon aborts on frames longer than 143200 bytes that pass its checks', () => {
  it('frames of every length around there and up to the limit are delivered', async () => {
    await using daemon = await startDaemon();
    const [alice, bob] = (await connectMembers(daemon, 'g', 'alice', 'bob')) as Pair;
    const sizes = [
      143_118,
      143_119,
      143_120,
      143_121,
      143_152,
      143_153,
      143_200,
      143_201,
      MAX_REQUEST_BYTES - 32,
    ];
    for (const size of sizes) {
      alice.multicast(AGREED_MESS, ['g'], Buffer.alloc(size));
      expect((await bob.next()).body.length).to.equal(size);
    }
    for (const session of [alice, bob]) session.close();
  });
});

describe("13: Membership, reject, groups and internal bits in a client's type word are accepted", () => {
  for (const bits of [0x100, 0x1000, 0x2000, 0x4000, 0x8000, 0x80000, 0x100000, 0x200000, 0x400000]) {
    it(`0x${bits.toString(16)} beside a service, a join, a leave or a disconnect ends the session`, async () => {
      await using daemon = await startDaemon();
      for (const kind of [AGREED_MESS, JOIN_MESS, LEAVE_MESS, KILL_MESS]) {
        const session = await RawSession.connect(daemon.port, 'alice');
        const frame = encodeRequest(kind, session.privateGroup, ['g']);
        writeMarked(frame, 0, kind | bits, true);
        session.client.send(frame);
        await session.client.end();
        expect(session.waiting).to.equal(0);
      }
      expect([daemon.counters.ends, daemon.groups]).to.deep.equal([{ 'illegal-forbidden-bits': 4 }, 0]);
    });
  }
});

describe('13: Handshake sensitive to segmentation, 1 s head-of-line blocking on accept', () => {
  it('a handshake in any two pieces is accepted', async () => {
    await using daemon = await startDaemon();
    const bytes = Buffer.concat([request, encodeMethodChoice(['NULL'])]);
    for (const cut of [1, 2, 3, 4, 5, 9, 10, 11, 40, 99]) {
      const client = await RawClient.open(daemon.port);
      const read = daemon.counters.bytesIn;
      client.send(bytes.subarray(0, cut));
      await until(() => daemon.counters.bytesIn === read + cut, 'the first piece to be read');
      client.send(bytes.subarray(cut));
      expect((await client.take(22)).toString('latin1', 11), `cut at ${cut}`).to.equal('#alice#dmn1');
      client.close();
      await until(() => daemon.sessions === 0, 'the session to go');
    }
  });

  it('the choice may come together with the request', async () => {
    await using daemon = await startDaemon();
    const client = await RawClient.open(daemon.port);
    client.send(Buffer.concat([request, encodeMethodChoice(['NULL'])]));
    expect((await client.take(22)).toString('latin1', 11)).to.equal('#alice#dmn1');
    client.close();
  });

  it('a silent connection does not delay the next one', async () => {
    await using daemon = await startDaemon();
    const silent = await RawClient.open(daemon.port);
    const start = performance.now();
    const session = await RawSession.connect(daemon.port, 'alice');
    expect(performance.now() - start).to.be.below(3000);
    for (const client of [silent, session]) client.close();
  });

  it('each connection has its own limit', async () => {
    await using daemon = await startDaemon({ limits: { handshakeTimeoutMs: 80 } });
    const first = await RawClient.open(daemon.port);
    const start = performance.now();
    await until(() => performance.now() - start > 40, 'a while');
    const second = await RawClient.open(daemon.port);
    await first.end();
    expect(second.closed).to.equal(false);
    await second.end();
    expect(performance.now() - start).to.be.at.least(110);
  });
});

describe('13: Joins with illegal names accepted', () => {
  it('they are ignored, and the session continues', async () => {
    await using daemon = await startDaemon();
    const alice = await RawSession.connect(daemon.port, 'alice');
    for (const name of ['#abc', '#alice#dmn1', 'a b', '', 'gr\xe9', 'a!', '"']) {
      alice.join(name);
      alice.leave(name);
    }
    alice.join('g');
    expect(tell(await alice.next())).to.equal('join g: #alice#dmn1 (#alice#dmn1)');
    expect(daemon.groups).to.equal(1);
    alice.close();
  });

  it('a name field without NUL ends the session', async () => {
    await using daemon = await startDaemon();
    const alice = await RawSession.connect(daemon.port, 'alice');
    const frame = encodeRequest(JOIN_MESS, alice.privateGroup, ['g']);
    frame.fill('g', 48);
    alice.client.send(frame);
    await alice.client.end();
    expect(daemon.counters.ends).to.deep.equal({ 'illegal-group-field': 1 });
  });

  it('a missing name field ends the session', async () => {
    await using daemon = await startDaemon();
    const alice = await RawSession.connect(daemon.port, 'alice');
    alice.client.send(encodeRequest(LEAVE_MESS, alice.privateGroup, []));
    await alice.client.end();
    expect(daemon.counters.ends).to.deep.equal({ 'illegal-groups-count': 1 });
  });
});

describe("13: Disconnect request carries stack bytes after the name's NUL", () => {
  it('they do no harm', async () => {
    await using daemon = await startDaemon();
    const [alice, bob] = (await connectMembers(daemon, 'g', 'alice', 'bob')) as Pair;
    const frame = encodeRequest(KILL_MESS, bob.privateGroup, [bob.privateGroup]);
    frame.fill(0x5a, 4 + bob.privateGroup.length + 1, 36);
    frame.fill(0x5a, 48 + bob.privateGroup.length + 1, 80);
    bob.client.send(frame);
    await bob.client.end();
    expect(tell(await alice.next())).to.equal('disconnect g: #alice#dmn1 (#bob#dmn1)');
    alice.close();
  });

  it('nothing of them reaches the others: the fields of a view are zero-padded', async () => {
    await using daemon = await startDaemon();
    const alice = await RawSession.connect(daemon.port, 'alice');
    const frame = encodeMessage(JOIN_MESS, alice.privateGroup, ['g'], 0, []);
    frame.fill(0x5a, 4 + alice.privateGroup.length + 1, 36);
    frame.fill(0x5a, 48 + 2, 80);
    let bytes = Buffer.alloc(0);
    alice.client.socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
    });
    alice.client.send(frame);
    await alice.next();
    expect(bytes.includes('ZZ')).to.equal(false);
    expect(bytes.toString('latin1', 4, 36)).to.equal('g'.padEnd(32, '\0'));
    alice.close();
  });
});

describe('13: Group id can repeat after a group was emptied', () => {
  it('it does not: the counter continues', async () => {
    await using daemon = await startDaemon();
    const alice = await RawSession.connect(daemon.port, 'alice');
    const counters: number[] = [];
    for (let i = 0; i < 3; i++) {
      alice.join('g');
      counters.push(counterOf(await alice.next()));
      alice.leave('g');
      await alice.next();
    }
    expect(counters).to.deep.equal([1, 3, 5]);
    alice.close();
  });
});
