import { expect } from 'chai';
import { MAX_CPG_MESSAGE } from '../../daemon/engine/views/ordered-transport.js';
import { KoffiCpgTransport } from '../../daemon/engine/corosync/transport/cpg-transport.js';
import { refusal, TransportError } from '../../daemon/engine/corosync/transport/errors.js';
import { skipWithoutCluster } from '../support/cluster/available.js';
import { Cluster } from '../support/cluster/cluster.js';
import type { ClusterNode } from '../support/cluster/node.js';
import { TransportProcess } from './transport-process.js';

/** A user that Corosync does not know. */
const NOBODY = '65534';

const numbered = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${name}${i} `);
/** The messages as `flood` made them, without their filling. */
const beginnings = (data: readonly string[]): string[] =>
  data.map((text) => text.slice(0, text.indexOf(' ') + 1));

describe('engine: the transport without Corosync', () => {
  const ignore = { events: () => undefined, dead: () => undefined };

  it('says what to install when the library is not there', async () => {
    const transport = new KoffiCpgTransport('/nonexistent/libcpg.so.4');
    const error = await transport.open('g', ignore).then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).to.be.an.instanceOf(TransportError);
    expect(error).to.have.property('code', 'ERR_SSP_COROSYNC_NO_LIBRARY');
    expect(error)
      .to.have.property('message')
      .that.matches(/^\/nonexistent\/libcpg\.so\.4 .*apt install corosync[^\n]*$/);
    await transport.close();
  });

  it('can be closed before it is opened, and sends nothing', async () => {
    const transport = new KoffiCpgTransport();
    expect(transport.mcast(Buffer.from('a'), null)).to.equal('dead');
    await transport.close();
    await transport.close();
  });

  it('has one line of advice for every refusal, and knows which pass by themselves', () => {
    expect([2, 6, 11, 12, 14, 99].map((status) => refusal('cpg_join', status).code)).to.deep.equal([
      'ERR_SSP_COROSYNC_NOT_RUNNING',
      'ERR_SSP_COROSYNC_BUSY',
      'ERR_SSP_COROSYNC_DENIED',
      'ERR_SSP_COROSYNC_NO_SHARED_MEMORY',
      'ERR_SSP_COROSYNC_SAME_PID',
      'ERR_SSP_COROSYNC_FAILED',
    ]);
    expect(refusal('cpg_join', 99)).to.include({ status: 99 });
    expect([2, 6, 11, 12, 14, 99].map((status) => refusal('cpg_join', status).isPassing)).to.deep.equal([
      true,
      true,
      false,
      false,
      false,
      true,
    ]);
    expect(refusal('cpg_join', 99).message).to.match(/^[^\n]+ \(cpg_join: 99\)$/);
  });
});

describe('engine: the transport on a real Corosync', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  let node: ClusterNode;

  before(skipWithoutCluster);
  before(async () => {
    cluster = await Cluster.start({ nodes: 1, daemons: false });
    node = cluster.node(1);
  });
  afterEach(async () => {
    cluster.restore();
    await cluster.formed();
  });
  after(async () => {
    await cluster?.stop();
  });

  const start = (): TransportProcess => new TransportProcess((...line) => node.inside(...line));

  /** A member of the group, in a process of its own. */
  async function member(group: string): Promise<TransportProcess> {
    const process = start();
    const line = await process.open(group);
    if (!('opened' in line)) process.kill();
    expect(line).to.deep.equal({ opened: { node: 1, pid: process.pid } });
    return process;
  }

  it('tells first that it is a member, and the ring', async () => {
    await using alice = await member('first');
    await alice.wait(() => alice.events.length === 2, 'two events');
    const [joined, ring] = alice.events.toSorted((a, b) => a.kind.localeCompare(b.kind));
    expect(joined).to.deep.equal({ kind: 'confchg', members: [{ node: 1, pid: alice.pid }] });
    expect(ring).to.include({ kind: 'ring', rep: 1 });
    expect(ring?.nodes).to.deep.equal([1]);
    expect(BigInt(ring?.seq ?? 0) > 0n).to.equal(true);
  });

  it('delivers its own messages, head and body as one', async () => {
    await using alice = await member('own');
    expect(await alice.ask(['sent'], 'send', 'head', ' and body')).to.deep.equal({ sent: 'ok' });
    expect(await alice.ask(['sent'], 'send', 'head alone', null)).to.deep.equal({ sent: 'ok' });
    await alice.wait(() => alice.data.length === 2, 'two messages');
    expect(alice.data).to.deep.equal(['head and body', 'head alone']);
    expect(alice.events.at(-1)).to.include({ node: 1, pid: alice.pid });
  });

  it('delivers the messages of all members in one order', async () => {
    await using alice = await member('order');
    await using bob = await member('order');
    for (const [name, each] of Object.entries({ alice, bob })) each.tell('flood', name, 100, 500);
    for (const each of [alice, bob]) await each.wait(() => each.data.length === 200, 'all messages');
    expect(alice.data).to.deep.equal(bob.data);
    for (const name of ['alice', 'bob']) {
      const own = beginnings(alice.data).filter((text) => text.startsWith(name));
      expect(own).to.deep.equal(numbered(name, 100));
    }
  });

  it('takes the longest message in one piece, and no longer one', async () => {
    await using alice = await member('long');
    expect(await alice.ask(['sent', 'refused'], 'fill', MAX_CPG_MESSAGE + 1)).to.deep.equal({
      refused: 'RangeError',
    });
    expect(await alice.ask(['sent', 'refused'], 'fill', MAX_CPG_MESSAGE)).to.deep.equal({ sent: 'ok' });
    await alice.wait(() => alice.data.length === 1, 'the message');
    expect(alice.events.at(-1)).to.include({ size: MAX_CPG_MESSAGE });
  });

  it('tells who is there, and who has left or died', async () => {
    await using alice = await member('members');
    await using bob = await member('members');
    await using carol = await member('members');
    const expected = (...members: TransportProcess[]): number[] =>
      members.map(({ pid }) => pid).toSorted((a, b) => a - b);
    const sees = async (...members: TransportProcess[]): Promise<void> => {
      const wanted = String(expected(...members));
      await alice.wait(() => String(alice.members) === wanted, `members ${wanted}`);
    };
    await sees(alice, bob, carol);
    await bob.ask(['closed'], 'close', 1);
    await sees(alice, carol);
    carol.kill();
    await sees(alice);
  });

  it('keeps groups apart', async () => {
    await using alice = await member('here');
    await using bob = await member('there');
    await bob.ask(['sent'], 'send', 'b', null);
    await bob.wait(() => bob.data.length === 1, 'the message there');
    await alice.ask(['sent'], 'send', 'a', null);
    await alice.wait(() => alice.data.length > 0, 'the message here');
    expect(alice.data).to.deep.equal(['a']);
    expect(alice.members).to.deep.equal([alice.pid]);
  });

  it('hands over no more than a turn holds, however much has come', async () => {
    await using alice = await member('turns');
    await using bob = await member('turns');
    await alice.ask(['blocked'], 'block', 1000);
    let sent = 0;
    while (sent < 5000) {
      sent += Number((await bob.ask(['flooded'], 'flood', 'b', 5000 - sent, 1))['flooded']);
    }
    await alice.wait(() => alice.data.length === 5000, 'all messages');
    expect(Math.max(...alice.batches.map((batch) => batch.length))).to.equal(2000);
    await bob.ask(['closed'], 'close', 1);
  });

  it('lets the process end once it is closed, as often as it is', async () => {
    await using alice = await member('closed');
    await alice.ask(['closed'], 'close', 3);
    expect(await alice.ask(['sent'], 'send', 'a', null)).to.deep.equal({ sent: 'dead' });
    await alice.ends();
    expect([alice.data, alice.lines.filter((line) => 'dead' in line)]).to.deep.equal([[], []]);
  });

  it('can be opened again after it was closed, by the same process', async () => {
    await using alice = await member('again');
    await alice.ask(['closed'], 'close', 1);
    alice.tell('another');
    expect(await alice.open('again')).to.have.property('opened');
    await alice.ask(['sent'], 'send', 'a', null);
    await alice.wait(() => alice.data.length === 1, 'the message');
  });

  describe('is refused', () => {
    const refused = async (process: TransportProcess): Promise<unknown> => {
      const { refused: code } = await process.open('refused');
      await process.ends();
      return code;
    };

    it('a second membership of one process', async () => {
      await using alice = await member('refused');
      alice.tell('another');
      expect(await alice.open('refused')).to.include({ refused: 'ERR_SSP_COROSYNC_SAME_PID' });
    });

    it('to a user that Corosync does not know, until it does', async () => {
      const asNobody = (): TransportProcess =>
        new TransportProcess((...line) =>
          node.inside('/usr/bin/setpriv', '--reuid', NOBODY, '--regid', NOBODY, '--clear-groups', ...line),
        );
      await using stranger = asNobody();
      expect(await refused(stranger)).to.equal('ERR_SSP_COROSYNC_DENIED');
      await node.run('/usr/sbin/corosync-cmapctl', '-s', `uidgid.uid.${NOBODY}`, 'u8', '1');
      await using guest = asNobody();
      expect(await guest.open('refused')).to.have.property('opened');
    });

    it('without the shared memory of Corosync', async () => {
      const script = 'mount -t tmpfs x /dev/shm && exec "$@"';
      await using alice = new TransportProcess((...line) =>
        node.inside('/usr/bin/unshare', '-m', '/bin/sh', '-c', script, 'sh', ...line),
      );
      expect(await refused(alice)).to.equal('ERR_SSP_COROSYNC_NO_SHARED_MEMORY');
    });

    it('outside of its network, as where none runs', async () => {
      await using alice = new TransportProcess((program, ...args) => ['unshare', '-n', program, ...args]);
      expect(await refused(alice)).to.equal('ERR_SSP_COROSYNC_NOT_RUNNING');
    });
  });

  it('is answered by Corosync itself: its token timeout', async () => {
    await using alice = await member('asked');
    for (let i = 0; i < 3; i++) {
      expect(await alice.ask(['token', 'speechless'], 'ask')).to.deep.equal({ token: 1000 });
    }
    await alice.ask(['closed'], 'close', 1);
    expect(await alice.ask(['token', 'speechless'], 'ask')).to.deep.equal({
      speechless: 'ERR_SSP_COROSYNC_CLOSED',
    });
    await alice.ends();
  });

  describe('while Corosync is paused', () => {
    it('gets no answer from it, and one as soon as it is awake', async () => {
      await using alice = await member('asked');
      await alice.ask(['token'], 'ask');
      node.running('corosync').freeze();
      await alice.ask(['begun'], 'ask');
      node.running('corosync').thaw();
      expect(await alice.line(['token', 'speechless'], alice.lines.length - 1)).to.deep.equal({
        token: 1000,
      });
    });

    it('hands over what waited before as old, and as young what comes when it is awake', async () => {
      await using alice = await member('old');
      await using bob = await member('old');
      const emptyAt = (): unknown => alice.lines.findLast(({ batch }) => batch)?.['emptyAt'];
      const { at } = await alice.ask(['blocked'], 'block', 1000);
      await bob.ask(['flooded'], 'flood', 'b', 3, 1);
      await bob.wait(() => bob.data.length === 3, 'three messages');
      node.running('corosync').freeze();
      await alice.wait(() => alice.data.length === 3, 'what has waited');
      expect(emptyAt()).to.be.at.most(at as number);
      node.running('corosync').thaw();
      await bob.ask(['sent'], 'send', 'one more', null);
      await alice.wait(() => alice.data.length === 4, 'one more');
      expect(emptyAt()).to.be.above((at as number) + 1000);
    });

    it('can be closed during its first question, and the process ends', async () => {
      await using alice = await member('asked');
      node.running('corosync').freeze();
      await alice.ask(['begun'], 'ask');
      await alice.ask(['closed'], 'close', 1);
      expect(await alice.line(['speechless'])).to.deep.equal({ speechless: 'ERR_SSP_COROSYNC_FAILED' });
      await alice.ends();
    });

    it('answers "again", and loses nothing of what it took', async () => {
      await using alice = await member('frozen');
      node.running('corosync').freeze();
      const { flooded, answer } = await alice.ask(['flooded'], 'flood', 'a', 100_000, 8000);
      expect(answer).to.equal('again');
      expect(flooded).to.be.greaterThan(10);
      node.running('corosync').thaw();
      await alice.wait(() => alice.data.length === flooded, 'what was taken');
      expect(beginnings(alice.data)).to.deep.equal(numbered('a', Number(flooded)));
      expect(await alice.ask(['sent'], 'send', 'more', null)).to.deep.equal({ sent: 'ok' });
    });

    it('can be closed during a later question, and the process ends', async () => {
      await using alice = await member('frozen');
      await alice.ask(['token'], 'ask');
      node.running('corosync').freeze();
      await alice.ask(['begun'], 'ask');
      await alice.ask(['closed'], 'close', 1);
      expect(await alice.line(['speechless'])).to.deep.equal({ speechless: 'ERR_SSP_COROSYNC_FAILED' });
      await alice.ends();
    });

    it('can be closed while it is opened, and the process ends', async () => {
      await using alice = start();
      node.running('corosync').freeze();
      alice.tell('open', 'frozen');
      await alice.ask(['closed'], 'close', 1);
      expect(await alice.line(['refused', 'opened'])).to.include({ refused: 'ERR_SSP_COROSYNC_CLOSED' });
      await alice.ends();
    });
  });

  describe('when Corosync has died', () => {
    it('says so once, and takes no more', async () => {
      await using alice = await member('dead');
      await node.running('corosync').kill();
      expect(await alice.line(['dead'])).to.deep.equal({ dead: 'ERR_SSP_COROSYNC_LOST' });
      expect(await alice.ask(['sent'], 'send', 'a', null)).to.deep.equal({ sent: 'dead' });
      await alice.ask(['closed'], 'close', 1);
      await alice.ends();
      expect(alice.lines.filter((line) => 'dead' in line)).to.have.length(1);
    });

    it('can be replaced once a new one runs', async () => {
      await using alice = await member('dead');
      await node.running('corosync').kill();
      await alice.line(['dead']);
      node.start('corosync');
      await cluster.formed();
      alice.tell('another');
      expect(await alice.open('dead')).to.have.property('opened');
    });
  });
});
