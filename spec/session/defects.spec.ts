/** The defects of Spread 5.0.1 that [daemon 8.2] lists, and that are not ours. */
import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { expect } from 'chai';
import { writeMarked } from '../../lib/wire/byte-order.js';
import { encodeMethodChoice } from '../../lib/wire/handshake/authentication.js';
import { encodeRequest } from '../../lib/wire/request.js';
import { AGREED_MESS, JOIN_MESS, SAFE_MESS } from '../../lib/wire/service.js';
import { connectMembers, deserted, startDaemon } from '../support/local-daemon.js';
import { connectRequest, RawClient, RawSession } from '../support/raw-client.js';
import { groupIdOf, tell } from '../support/describe-frame.js';
import { TemporaryDirectory } from '../support/temporary.js';
import { until } from '../support/wait.js';

type Pair = [RawSession, RawSession];

describe('[daemon D1]', () => {
  it('[daemon D1] bodies of 143121 to 143920 bytes abort the daemon - ours does not, it delivers them', async () => {
    await using daemon = await startDaemon();
    const [alice, bob] = (await connectMembers(daemon, 'g', 'alice', 'bob')) as Pair;
    for (const size of [143_120, 143_121, 143_152, 143_153, 143_500, 143_920]) {
      const body = Buffer.alloc(size, size);
      alice.multicast(AGREED_MESS, ['g'], body);
      for (const session of [alice, bob]) {
        expect((await session.next()).body.equals(body), `${size} bytes`).to.equal(true);
      }
    }
    for (const session of [alice, bob]) session.close();
  });

  it('[daemon D1] the same bodies as safe messages and in a burst abort the daemon - ours does not', async () => {
    await using daemon = await startDaemon();
    const [alice, bob] = (await connectMembers(daemon, 'g', 'alice', 'bob')) as Pair;
    for (let i = 0; i < 20; i++) alice.multicast(SAFE_MESS, ['g'], Buffer.alloc(143_153 + i, i));
    for (let i = 0; i < 20; i++) expect((await bob.next()).body.length).to.equal(143_153 + i);
    for (const session of [alice, bob]) session.close();
  });

  it('[daemon D1] a body of 143921 bytes is too long - ours drops that session and no other', async () => {
    await using daemon = await startDaemon();
    const [alice, bob] = (await connectMembers(daemon, 'g', 'alice', 'bob')) as Pair;
    bob.multicast(AGREED_MESS, ['g'], Buffer.alloc(143_921));
    expect(tell(await alice.next())).to.equal('disconnect g: #alice#dmn1 (#bob#dmn1)');
    await bob.client.end();
    expect(daemon.counters.ends).to.deep.equal({ 'illegal-size': 1 });
    alice.multicast(AGREED_MESS, ['g'], 'alive');
    expect(tell(await alice.next())).to.equal('#alice#dmn1 > g: alive');
    alice.close();
  });
});

describe('[daemon D2]', () => {
  it('[daemon D2] a join of zero groups kills the whole cluster - ours does not, it drops that session', async () => {
    await using daemon = await startDaemon();
    const [alice, bob] = (await connectMembers(daemon, 'g', 'alice', 'bob')) as Pair;
    bob.client.send(encodeRequest(JOIN_MESS, bob.privateGroup, []));
    expect(tell(await alice.next())).to.equal('disconnect g: #alice#dmn1 (#bob#dmn1)');
    expect(daemon.counters.ends).to.deep.equal({ 'illegal-groups-count': 1 });
    alice.join('h');
    expect(tell(await alice.next())).to.equal('join h: #alice#dmn1 (#alice#dmn1)');
    alice.close();
  });
});

describe('[daemon D3]', () => {
  for (const count of [43, 44, 45, 100]) {
    it(`[daemon D3] messages to more than 43 groups are never delivered - ours does not lose one to ${count}`, async () => {
      await using daemon = await startDaemon();
      const groups = Array.from({ length: count }, (_, i) => `g${i}`);
      const [first, last] = (await connectMembers(daemon, 'm', 'first', 'last')) as Pair;
      first.join('g0');
      last.join(`g${count - 1}`);
      await first.next();
      await last.next();
      first.multicast(AGREED_MESS, groups, 'to all');
      for (const session of [first, last]) {
        const frame = await session.next();
        expect([frame.names(), frame.body.toString()]).to.deep.equal([groups, 'to all']);
      }
      for (const session of [first, last]) session.close();
    });
  }
});

describe('[daemon D4]', () => {
  const forgeries = [0x1100, 0x1200, 0x1400, 0x1800, 0x2000, 0x200, 0x400000, 0x80000];
  for (const bits of forgeries) {
    it(`[daemon D4] clients can forge membership messages - ours does not deliver 0x${bits.toString(16)}`, async () => {
      await using daemon = await startDaemon();
      const [alice, forger] = (await connectMembers(daemon, 'g', 'alice', 'forger')) as Pair;
      const frame = encodeRequest(AGREED_MESS, forger.privateGroup, ['g']);
      writeMarked(frame, 0, AGREED_MESS | bits, true);
      forger.client.send(frame);
      expect(tell(await alice.next())).to.equal('disconnect g: #alice#dmn1 (#forger#dmn1)');
      expect(daemon.counters.ends).to.deep.equal({ 'illegal-forbidden-bits': 1 });
      alice.close();
    });
  }
});

describe('[daemon D6]', () => {
  it('[daemon D6] ids come twice when a group was empty - ours does not repeat one', async () => {
    await using daemon = await startDaemon();
    const alice = await RawSession.connect(daemon.port, 'alice');
    const ids: string[] = [];
    for (let i = 0; i < 20; i++) {
      alice.join('g');
      ids.push(groupIdOf(await alice.next()).join('.'));
      alice.leave('g');
      await alice.next();
      expect(daemon.groups, 'the group is gone').to.equal(0);
    }
    expect(new Set(ids).size).to.equal(20);
    alice.close();
  });

  it('[daemon D6] ids come twice when everybody has died in between - ours does not repeat one', async () => {
    await using daemon = await startDaemon();
    const ids: string[] = [];
    for (let i = 0; i < 10; i++) {
      const session = await RawSession.connect(daemon.port, 'alice');
      session.join('g');
      ids.push(groupIdOf(await session.next()).join('.'));
      session.close();
      await deserted(daemon);
      await until(() => daemon.groups === 0, 'the group to be empty');
    }
    expect(new Set(ids).size).to.equal(10);
  });
});

describe('[daemon D7]', () => {
  const names = ['#abc', '#alice#dmn1', '#bob#dmn1', 'a b', '', 'é', '#'];
  for (const name of names) {
    it(`[daemon D7] a join of ${JSON.stringify(name)} makes a group - ours does not, it ignores the request`, async () => {
      await using daemon = await startDaemon();
      const alice = await RawSession.connect(daemon.port, 'alice');
      alice.join(name);
      alice.multicast(AGREED_MESS, [name, alice.privateGroup], 'next');
      expect(tell(await alice.next())).to.equal(`#alice#dmn1 > ${name},#alice#dmn1: next`);
      expect([daemon.groups, daemon.sessions]).to.deep.equal([0, 1]);
      alice.close();
    });
  }
});

describe('[daemon D8]', () => {
  it('[daemon D8] a silent client blocks all connects - ours does not, nor do five hundred', async () => {
    await using daemon = await startDaemon();
    const silent: RawClient[] = [];
    for (let i = 0; i < 500; i++) silent.push(await RawClient.open(daemon.port));
    await until(() => daemon.sessions === 500, 'five hundred silent connections');
    const start = performance.now();
    const alice = await RawSession.connect(daemon.port, 'alice');
    expect(performance.now() - start).to.be.below(3000);
    expect(daemon.sessions).to.equal(501);
    for (const client of [...silent, alice]) client.close();
  });

  it('[daemon D8] a stalled handshake holds name and slot forever - ours does not', async () => {
    await using daemon = await startDaemon({ limits: { handshakeTimeoutMs: 100, maxSessions: 1 } });
    const stalled = await RawClient.open(daemon.port);
    stalled.send(connectRequest('alice'));
    await stalled.take(6);
    await stalled.end();
    await deserted(daemon);
    const alice = await RawSession.connect(daemon.port, 'alice');
    expect(alice.privateGroup).to.equal('#alice#dmn1');
    alice.close();
  });

  it('[daemon D8] the handshake is sensitive to cuts - ours does not mind bytes that come one by one', async () => {
    await using daemon = await startDaemon();
    const client = await RawClient.open(daemon.port);
    for (const byte of Buffer.concat([connectRequest('alice'), encodeMethodChoice(['NULL'])])) {
      const read = daemon.counters.bytesIn;
      client.send(Buffer.from([byte]));
      await until(() => daemon.counters.bytesIn > read, 'the daemon to read the byte');
    }
    expect((await client.take(22)).toString('latin1', 11)).to.equal('#alice#dmn1');
    client.close();
  });
});

describe('[daemon D16]', () => {
  const BODY = Buffer.alloc(1000);

  it('[daemon D16] one flooding client stops the reading from others - ours does not', async () => {
    await using daemon = await startDaemon();
    const [alice, bob] = (await connectMembers(daemon, 'g', 'alice', 'bob')) as Pair;
    const flooder = await RawSession.connect(daemon.port, 'flooder');
    for (let i = 0; i < 50_000; i++) flooder.multicast(AGREED_MESS, ['f'], BODY);
    const waits: number[] = [];
    for (let i = 0; i < 20; i++) {
      const start = performance.now();
      alice.multicast(AGREED_MESS, ['g'], String(i));
      expect((await bob.next()).body.toString()).to.equal(String(i));
      await alice.next();
      waits.push(performance.now() - start);
    }
    expect(Math.max(...waits)).to.be.below(3000);
    for (const session of [alice, bob, flooder]) session.close();
  });

  it('[daemon D16] nobody is accepted during a flood - ours does not keep anybody waiting', async () => {
    await using daemon = await startDaemon();
    const flooder = await RawSession.connect(daemon.port, 'flooder');
    for (let i = 0; i < 50_000; i++) flooder.multicast(AGREED_MESS, ['f'], BODY);
    const start = performance.now();
    for (let i = 0; i < 10; i++) (await RawSession.connect(daemon.port, `c${i}`)).close();
    expect(performance.now() - start).to.be.below(3000);
    expect(daemon.counters.messagesIn, 'in the middle of the flood').to.be.below(50_000);
    flooder.close();
  });

  it('[daemon D16] a stopped reader makes the others wait - ours does not for who sends little', async () => {
    await using daemon = await startDaemon();
    const [alice, stopped] = (await connectMembers(daemon, 'g', 'alice', 'stopped')) as Pair;
    stopped.client.socket.pause();
    const flooder = await RawSession.connect(daemon.port, 'flooder');
    for (let i = 0; i < 200; i++) flooder.multicast(AGREED_MESS, ['#stopped#dmn1'], Buffer.alloc(100_000));
    const own = '#alice#dmn1';
    for (let i = 0; i < 20; i++) {
      const start = performance.now();
      alice.multicast(AGREED_MESS, [own], String(i));
      expect((await alice.next()).body.toString()).to.equal(String(i));
      expect(performance.now() - start).to.be.below(3000);
    }
    for (const session of [alice, stopped, flooder]) session.close();
  });
});

describe('[daemon D18]', () => {
  it('[daemon D18] the local socket file stays after a stop - ours does not', async () => {
    await using folder = await TemporaryDirectory.make();
    const daemon = await startDaemon({ unixDir: folder.path });
    const path = daemon.unixPath ?? '';
    expect(existsSync(path)).to.equal(true);
    await daemon.stop();
    expect(existsSync(path)).to.equal(false);
  });

  it('[daemon D18] a stale file is in the way - ours does not mind one that a killed daemon left', async () => {
    await using folder = await TemporaryDirectory.make();
    const reserved = createServer();
    reserved.listen(0, '127.0.0.1');
    await once(reserved, 'listening');
    const address = reserved.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    await new Promise((resolve) => reserved.close(resolve));
    const path = folder.file(String(port));
    const script = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
    await once(spawn(process.execPath, ['-e', script, path]), 'close');
    expect(statSync(path).isSocket()).to.equal(true);

    await using daemon = await startDaemon({ listen: [{ host: '127.0.0.1', port }], unixDir: folder.path });
    const session = await RawSession.connect(daemon.unixPath ?? '', 'alice');
    expect(session.privateGroup).to.equal('#alice#dmn1');
    session.close();
  });

  it('[daemon D18] two daemons overwrite each other’s file - ours does not, the second is refused', async () => {
    await using folder = await TemporaryDirectory.make();
    await using first = await startDaemon({ unixDir: folder.path });
    let refusal = '';
    try {
      const listen = [{ host: '127.0.0.2', port: first.port }];
      await (await startDaemon({ listen, unixDir: folder.path })).stop();
    } catch (error) {
      refusal = String(error);
    }
    expect(refusal).to.match(/ListenError: cannot listen on .*: the address is in use/);
    const session = await RawSession.connect(first.unixPath ?? '', 'alice');
    session.close();
  });
});
