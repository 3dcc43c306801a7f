/** What the daemon tells of itself: the numbers behind the monitor's pages. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { AGREED_MESS } from '../../lib/wire/service.js';
import { connectMembers, deserted, startDaemon } from '../support/local-daemon.js';
import { RawClient, RawSession } from '../support/raw-client.js';
import { TemporaryDirectory } from '../support/temporary.js';
import { until } from '../support/wait.js';

describe('session: status', () => {
  it('tells who the daemon is and where', async () => {
    await using folder = await TemporaryDirectory.make();
    const before = Date.now();
    await using daemon = await startDaemon({ id: 77, unixDir: folder.path });
    const { name, id, addresses, unixPath, daemons, started, engine } = daemon.status;
    expect([name, id, unixPath, daemons]).to.deep.equal([
      'dmn1',
      77,
      folder.file(String(daemon.port)),
      ['dmn1'],
    ]);
    expect(addresses).to.deep.equal([{ host: '127.0.0.1', port: daemon.port }]);
    expect(started).to.be.within(before, Date.now());
    expect(engine.kind).to.equal('solo');
  });

  it('tells an id below 0 without its sign', async () => {
    await using daemon = await startDaemon({ id: -1 });
    expect(daemon.status.id).to.equal(0xffff_ffff);
  });

  it('tells the sessions', async () => {
    await using folder = await TemporaryDirectory.make();
    await using daemon = await startDaemon({ unixDir: folder.path });
    const before = Date.now();
    const alice = await RawSession.connect(daemon.port, 'alice');
    const bob = await RawSession.connect(daemon.unixPath as string, 'bob', false);
    for (const group of ['g', 'h']) alice.join(group);
    await alice.next();
    await alice.next();
    bob.multicast(AGREED_MESS, ['g'], 'hello');
    await alice.next();
    const [first, second] = daemon.status.sessions();
    expect(first).to.deep.include({
      number: 1,
      id: '#alice#dmn1',
      name: 'alice',
      from: `127.0.0.1:${alice.client.socket.localPort}`,
      tls: false,
      principal: '',
      version: '5.0.1',
      membership: true,
      groups: 2,
      messagesIn: 2,
      messagesOut: 3,
      bytesIn: alice.client.sent,
      bytesOut: alice.frames.reduce((sum, { length }) => sum + length, 0),
      waitingMessages: 0,
      waitingBytes: 0,
      held: [],
    });
    expect(second).to.deep.include({
      number: 2,
      id: '#bob#dmn1',
      name: 'bob',
      from: 'unix',
      membership: false,
      groups: 0,
    });
    expect(first?.since).to.be.within(before, Date.now());
    for (const session of [alice, bob]) session.close();
    await deserted(daemon);
    expect(daemon.status.sessions()).to.deep.equal([]);
  });

  it('tells connections in their handshake', async () => {
    await using daemon = await startDaemon();
    const client = await RawClient.open(daemon.port);
    await until(() => daemon.status.sessionCount === 1, 'the connection');
    expect(daemon.status.handshakes).to.equal(1);
    expect(daemon.status.sessions()).to.have.length(1);
    expect(daemon.status.sessions()[0]).to.deep.include({
      id: '',
      name: '',
      version: '',
      membership: false,
      groups: 0,
    });
    client.close();
    await deserted(daemon);
    expect(daemon.status.handshakes).to.equal(0);
  });

  it('tells groups and their members in order', async () => {
    await using daemon = await startDaemon();
    const sessions = await connectMembers(daemon, 'g', 'bob', 'alice');
    expect(daemon.status.groupCount).to.equal(1);
    expect(daemon.status.groups().map(({ name, members, local }) => [name, members, local])).to.deep.equal([
      ['g', 2, 2],
    ]);
    expect(daemon.status.groups()[0]?.id).to.match(/^\d+\.\d+\.\d+$/);
    expect(daemon.status.members('g')).to.have.members(['#bob#dmn1', '#alice#dmn1']);
    expect(daemon.status.members('none')).to.equal(null);
    for (const session of sessions) session.close();
    await deserted(daemon);
    await until(() => daemon.status.groupCount === 0, 'the end of the group');
    expect(daemon.status.members('g')).to.equal(null);
  });

  it('finds no group by a name that is longer than a name can be', async () => {
    await using daemon = await startDaemon();
    const name = 'g'.repeat(31);
    const [session] = await connectMembers(daemon, name, 'bob');
    expect(daemon.status.members(name)).to.deep.equal(['#bob#dmn1']);
    expect(daemon.status.members(`${name}g`)).to.equal(null);
    session?.close();
  });

  it('tells what waits for a session that does not read', async () => {
    await using daemon = await startDaemon();
    const [reader, writer] = (await connectMembers(daemon, 'g', 'reader', 'writer')) as [
      RawSession,
      RawSession,
    ];
    writer.leave('g');
    await writer.next();
    await reader.next();
    reader.client.socket.pause();
    while (daemon.status.waitingBytes === 0) {
      const { messagesIn } = daemon.counters;
      writer.multicast(AGREED_MESS, ['g'], Buffer.alloc(100_000));
      await until(() => daemon.counters.messagesIn > messagesIn, 'the message');
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    const slow = daemon.status.sessions().find(({ waitingBytes }) => waitingBytes > 0);
    expect(slow?.id).to.equal('#reader#dmn1');
    expect(slow?.waitingMessages).to.be.greaterThan(0);
    expect(daemon.status.waitingBytes).to.equal(slow?.waitingBytes);
    reader.client.socket.resume();
    await until(() => daemon.status.waitingBytes === 0, 'the reader');
    for (const session of [reader, writer]) session.close();
  });
});
