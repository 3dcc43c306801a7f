/** Settings of the rig that reach Corosync and the network. */
import { expect } from 'chai';
import { skipWithoutCluster } from '../support/cluster/available.js';
import { Cluster } from '../support/cluster/cluster.js';

describe('the settings of a rig', function () {
  this.timeout(60_000);
  before(skipWithoutCluster);

  it('give Corosync what is said of totem, and the ring links their longest packet', async () => {
    const options = {
      nodes: 1,
      daemons: false,
      totem: { window_size: 61, max_messages: 19 },
      linkMtu: 4_000,
    };
    await using cluster = await Cluster.start(options);
    const node = cluster.node(1);
    const value = async (key: string): Promise<string> => await node.run('/usr/sbin/corosync-cmapctl', key);
    expect(await value('runtime.config.totem.window_size')).to.match(/= 61\n/);
    expect(await value('runtime.config.totem.max_messages')).to.match(/= 19\n/);
    expect(await node.run('/usr/sbin/ip', '-o', 'link', 'show', 'e0')).to.contain('mtu 4000 ');
  });
});
