import { expect } from 'chai';
import { type Cluster, cluster } from 'ssp-toolkit/testing';
import { map } from 'ssp-toolkit/recipes';

describe('settings', () => {
  let c: Cluster;

  beforeEach(async () => {
    c = await cluster(3);
  });
  afterEach(async () => {
    await c[Symbol.asyncDispose]();
  });

  it('outlive the daemon of the one who set them', async () => {
    const mine = await map(await c.connect(0), 'settings', { quorum: 2 });
    const theirs = await map(await c.connect(1), 'settings', { quorum: 2 });
    await mine.set('color', 'blue');
    await c.kill(0);
    await c.until(() => theirs.get('color') === 'blue', 'the color');
  });

  it('are not changed by a member that is cut off', async () => {
    const mine = await map<string>(await c.connect(0), 'settings', { quorum: 2 });
    const theirs = await map<string>(await c.connect(1), 'settings', { quorum: 2 });
    await theirs.set('color', 'blue');
    await c.partition([[0], [1, 2]]);
    void mine.set('color', 'red').catch(() => undefined);
    await c.settled();
    expect(theirs.get('color')).to.equal('blue');
  });
});
