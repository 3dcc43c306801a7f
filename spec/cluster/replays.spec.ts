/** What a client that comes back to another daemon gets of what it has missed, on real nodes. */
import { expect } from 'chai';
import { AGREED_MESS } from '../../lib/wire/service.js';
import { skipWithoutCluster, whyNoCluster } from '../support/cluster/available.js';
import { ResumableClient } from '../support/resumable-client.js';
import { freshRig, type Rig } from './shared.js';

const GROUP = 'replays';

describe('a return to another of three nodes', function () {
  this.timeout(60_000);
  let rig: Rig;
  let ann: ResumableClient;
  let eve: ResumableClient;
  before(skipWithoutCluster);

  before(async function () {
    if (whyNoCluster() === null) rig = await freshRig();
  });

  /** `ann` at the first node and `eve` at the third one are in a group. */
  beforeEach(async () => {
    eve = await ResumableClient.connect(rig.cluster.node(3), 'eve');
    eve.join(GROUP);
    await eve.hears(`list ${GROUP}: #eve#dmn3`);
    ann = await ResumableClient.connect(rig.cluster.node(1), 'ann');
    ann.join(GROUP);
    await ann.hears(`list ${GROUP}: #ann#dmn1 #eve#dmn3`);
    for (const each of [ann, eve]) each.heard();
  });

  afterEach(async () => {
    for (const each of [ann, eve]) each.close();
    rig.cluster.restore();
    await rig.watch.together();
  });

  const say = (text: string): void => eve.multicast(AGREED_MESS, [GROUP], text);
  const word = (text: string): string => `#eve#dmn3 > ${GROUP}: ${text}`;

  it('loses nothing when its daemon is killed', async () => {
    say('one');
    await ann.hears(word('one'));
    await rig.cluster.node(1).running('sspd').kill();
    say('two');
    await eve.hears(`${GROUP}: network -#ann#dmn1 +`, word('two'));
    await ann.return(rig.cluster.node(2));
    expect(ann.welcome.verdict).to.equal('whole');
    ann.resume([GROUP]);
    ann.multicast(AGREED_MESS, [GROUP], 'three');
    await ann.hears('resumed 1', `#ann#dmn2 > ${GROUP}: three`);
    say('four');
    await ann.hears(word('four'));
    const heard = ann.heard();
    // Where this stands depends on when the others noticed the end of the daemon.
    expect(heard.filter((each) => each === word('two'))).to.have.length(1);
    expect(heard.filter((each) => each !== 'resumed 1' && each !== word('two'))).to.deep.equal([
      word('one'),
      `signal ${GROUP}`,
      `${GROUP}: network -#ann#dmn1 +, observed`,
      `${GROUP}: join #ann#dmn2 was #ann#dmn1`,
      `#ann#dmn2 > ${GROUP}: three`,
      word('four'),
    ]);
  });

  it('loses nothing when it goes to another daemon that is as good', async () => {
    ann.break();
    await eve.hears(`${GROUP}: disconnect #ann#dmn1`);
    say('one');
    await ann.return(rig.cluster.node(2));
    ann.resume([GROUP]);
    await ann.hears(word('one'), 'resumed 1');
    expect(ann.heard().filter((each) => each !== 'resumed 1')).to.deep.equal([
      `${GROUP}: disconnect #ann#dmn1`,
      word('one'),
      `${GROUP}: join #ann#dmn2 was #ann#dmn1`,
    ]);
  });

  it('has a gap at a daemon that has started since, and none at one that has not', async () => {
    const [first, second] = [rig.cluster.node(1), rig.cluster.node(2)];
    await second.running('sspd').kill();
    await rig.watch.together([1, 3]);
    say('one');
    await ann.hears(word('one'));
    await first.running('sspd').kill();
    second.start('sspd');
    await rig.watch.together([2, 3]);
    await ann.return(second);
    expect(ann.welcome.verdict).to.equal('gap');
    await ann.return(rig.cluster.node(3));
    expect(ann.welcome.verdict).to.equal('whole');
    ann.resume([GROUP]);
    await ann.hears('resumed 1');
    expect(ann.heard().filter((each) => each.startsWith('gap'))).to.deep.equal([]);
  });

  it('has a gap in another part of a network that has come apart', async () => {
    rig.cluster.network.split([[1, 3], [2]]);
    await Promise.all([rig.watch.together([1, 3]), rig.watch.together([2])]);
    say('one');
    await ann.hears(word('one'));
    await ann.return(rig.cluster.node(2));
    expect(ann.welcome.verdict).to.equal('gap');
    ann.resume([GROUP]);
    await ann.hears('resumed 1');
    expect(ann.heard().slice(-3)).to.deep.equal([
      `gap ${GROUP}: parted`,
      `list ${GROUP}: #ann#dmn2`,
      'resumed 1',
    ]);
  });
});
