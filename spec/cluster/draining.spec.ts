/** Clients that change their daemon, or keep it over a loss, on real nodes: what they get, and what others see. */
import { expect } from 'chai';
import { connect } from '../../lib/index.js';
import { skipWithoutCluster, whyNoCluster } from '../support/cluster/available.js';
import { AGREED_MESS } from '../../lib/wire/service.js';
import { tell } from '../support/describe-frame.js';
import { RawSession } from '../support/raw-client.js';
import { ResumableClient } from '../support/resumable-client.js';
import { eventually } from '../support/wait.js';
import { LIMIT } from './cluster-clients.js';
import { freshRig, type Rig } from './shared.js';

describe('a daemon on three nodes', function () {
  this.timeout(60_000);
  let rig: Rig;
  /** Another one in each case: what ends with one is not seen in the next. */
  let group = '';
  let cases = 0;
  /** Of another daemon, with a plain session. */
  let eve: RawSession;
  let ann: ResumableClient;
  before(skipWithoutCluster);

  before(async function () {
    if (whyNoCluster() === null) rig = await freshRig();
  });

  beforeEach(async () => {
    group = `draining${++cases}`;
    eve = await RawSession.connect(rig.cluster.node(3), 'eve');
    eve.join(group);
    await eve.next();
    ann = await ResumableClient.connect(rig.cluster.node(1), 'ann', { canMove: true, holdMs: 5000 });
    ann.join(group);
    await ann.hears(`list ${group}: #ann#dmn1 #eve#dmn3`);
    expect(tell(await eve.next())).to.equal(`join ${group}: #ann#dmn1 #eve#dmn3 (#ann#dmn1)`);
    ann.heard();
  });

  afterEach(async () => {
    ann.close();
    eve.close();
    rig.cluster.restore();
    await rig.watch.together();
  });

  /** Eve says something that all who are in the group hear. */
  async function say(text: string): Promise<void> {
    eve.multicast(AGREED_MESS, [group], text);
    await ann.hears(`#eve#dmn3 > ${group}: ${text}`);
  }

  const addressOf = (node: number): string => {
    const { host, port } = rig.cluster.node(node);
    return `${port}@${host}`;
  };

  /** The next frames of eve, in lines. */
  async function sees(count: number): Promise<string[]> {
    await eventually(() => eve.waiting >= count, `${count} frames for a bystander`, LIMIT);
    const lines: string[] = [];
    for (let i = 0; i < count; i++) lines.push(tell(await eve.next()));
    return lines;
  }

  it('sends its clients to the others when it is asked to stop, and ends when they are gone', async () => {
    const sspd = rig.cluster.node(1).running('sspd');
    await say('one');
    sspd.signal('SIGTERM');
    await ann.hears(`move drain: ${addressOf(2)} ${addressOf(3)}`);
    // The old connection stays until the new one has the session.
    await say('two');
    eve.multicast(AGREED_MESS, [group], 'three');
    await ann.return(rig.cluster.node(2));
    expect(ann.welcome.verdict).to.equal('whole');
    ann.resume([group]);
    await ann.hears('resumed 1');
    await sspd.ended;
    await say('four');
    const others = ann.heard().filter((word) => !/^(?:move|resumed)/.test(word));
    expect(others).to.deep.equal([
      `#eve#dmn3 > ${group}: one`,
      `#eve#dmn3 > ${group}: two`,
      `#eve#dmn3 > ${group}: three`,
      `${group}: disconnect #ann#dmn1`,
      `${group}: join #ann#dmn2 was #ann#dmn1`,
      `#eve#dmn3 > ${group}: four`,
    ]);
    expect(await sees(6)).to.deep.equal([
      `#eve#dmn3 > ${group}: one`,
      `#eve#dmn3 > ${group}: two`,
      `#eve#dmn3 > ${group}: three`,
      `disconnect ${group}: #eve#dmn3 (#ann#dmn1)`,
      `join ${group}: #ann#dmn2 #eve#dmn3 (#ann#dmn2)`,
      `#eve#dmn3 > ${group}: four`,
    ]);
  });

  it('ends in its time when clients do not go', async () => {
    const sspd = rig.cluster.node(1).running('sspd');
    const deaf = await ResumableClient.connect(rig.cluster.node(1), 'deaf', { canMove: true });
    deaf.join(group);
    await deaf.hears(`list ${group}: #ann#dmn1 #deaf#dmn1 #eve#dmn3`);
    deaf.session.client.socket.pause();
    const full = Buffer.alloc(90_000);
    for (let i = 0; i < 60; i++) eve.multicast(AGREED_MESS, [group], full);
    sspd.signal('SIGTERM');
    await ann.hears(`move drain: ${addressOf(2)} ${addressOf(3)}`);
    // It begins to move, and goes no further.
    const half = await ResumableClient.connect(rig.cluster.node(2), 'half');
    await ann.hears('end stopping');
    await sspd.ended;
    half.close();
    deaf.session.client.reset();
  });

  it('sends clients of the library elsewhere without a loss', async () => {
    const sspd = rig.cluster.node(1).running('sspd');
    ann.session.disconnect();
    await using bob = await connect({ addresses: [1, 2, 3].map(addressOf), name: 'bob' });
    const heard: string[] = [];
    bob.on('reconnecting', () => heard.push('lost'));
    const room = await bob.join(group);
    room.on('data', ({ text }) => heard.push(text));
    room.on('gap', () => heard.push('gap'));
    const texts = Array.from({ length: 200 }, (_, i) => String(i));
    for (const text of texts.slice(0, 100)) eve.multicast(AGREED_MESS, [group], text);
    sspd.signal('SIGTERM');
    for (const text of texts.slice(100)) eve.multicast(AGREED_MESS, [group], text);
    await sspd.ended;
    await eventually(() => bob.id !== '#bob#dmn1', 'the move', LIMIT);
    eve.multicast(AGREED_MESS, [group], 'last');
    await eventually(() => heard.includes('last'), 'the last message', LIMIT);
    expect(heard).to.deep.equal([...texts, 'last']);
    expect(room.members).to.include(bob.id);
  });

  it('lets its clients go elsewhere when its Corosync has died', async () => {
    await rig.cluster.node(1).running('corosync').kill();
    await ann.hears(`move alone: ${addressOf(2)} ${addressOf(3)}`);
    await ann.hears(`signal ${group}`);
    // It serves those that stay.
    ann.multicast(AGREED_MESS, [group], 'alone');
    await ann.hears(`#ann#dmn1 > ${group}: alone`);
  });

  it('keeps a session whose connection is reset, and the others see nothing of it', async () => {
    await say('one');
    ann.break();
    eve.multicast(AGREED_MESS, [group], 'two');
    expect(await sees(2)).to.deep.equal([`#eve#dmn3 > ${group}: one`, `#eve#dmn3 > ${group}: two`]);
    await ann.return(rig.cluster.node(1));
    expect(ann.welcome.verdict).to.equal('here');
    ann.resume([group]);
    await ann.hears('resumed 1');
    await say('three');
    expect(ann.heard().filter((word) => word !== 'resumed 1')).to.deep.equal([
      `#eve#dmn3 > ${group}: one`,
      `#eve#dmn3 > ${group}: two`,
      `#eve#dmn3 > ${group}: three`,
    ]);
    expect(await sees(1)).to.deep.equal([`#eve#dmn3 > ${group}: three`]);
  });
});
