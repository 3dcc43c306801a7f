/** [channels C1, C34 to C37] on real daemons: three nodes with Corosync and `sspd` each. */
import { expect } from 'chai';
import type { Channels } from '../../lib/channel/channels.js';
import { openChannels } from '../../lib/channel/open.js';
import { connect } from '../../lib/client/connect.js';
import type { Connection } from '../../lib/client/connection.js';
import { skipWithoutCluster } from '../support/cluster/available.js';
import { Cluster } from '../support/cluster/cluster.js';
import { Watch } from '../support/cluster/watch.js';
import { sharedRig, TOKEN_MS } from '../cluster/shared.js';
import { eventually } from '../support/wait.js';
import { bytes, code, echo, text } from './support.js';

const LIMIT = 30_000;

describe('channel: on real daemons', function () {
  this.timeout(120_000);
  let cluster: Cluster;
  let connections: Connection[] = [];

  before(skipWithoutCluster);

  afterEach(async () => {
    await Promise.all(connections.map((connection) => connection.close()));
    connections = [];
  });

  /** Channels of a connection at each of three nodes. */
  async function start(): Promise<Channels[]> {
    ({ cluster } = await sharedRig());
    return await open();
  }

  async function open(): Promise<Channels[]> {
    const all = [];
    for (const node of cluster.nodes) {
      const connection = await connect({ address: node.address, name: 'x', timeoutMs: 5000 });
      connections.push(connection);
      all.push(await openChannels(connection));
    }
    return all;
  }

  /** Resolves when the registry of each has so many members. */
  async function sees(all: readonly Channels[], members: number): Promise<void> {
    const isThere = async ({ registry }: Channels): Promise<boolean> => {
      const snapshot = await registry.snapshot();
      return snapshot.members.length === members;
    };
    for (const channels of all) await eventually(() => isThere(channels), `${members} members`, LIMIT);
    for (const channels of all) await channels.registry.lookup('any', { linearizable: true });
  }

  for (const victim of [1, 2, 3]) {
    it(`[channels C34] names go on when daemon ${victim} of three is killed`, async () => {
      const all = await start();
      for (const [i, channels] of all.entries()) {
        void echo(await channels.createChannel(`of-${i + 1}`)).catch(() => undefined);
      }
      const rest = all.filter((_, i) => i + 1 !== victim);
      const client = await (rest[0] as Channels).openChannel(`of-${victim}`);
      await cluster.node(victim).running('sspd').kill();
      await sees(rest, 2);
      expect(await code(client.call(1))).to.equal('ERR_SSP_SERVER_UNREACHABLE');
      for (const channels of rest) {
        for (const owner of [1, 2, 3].filter((each) => each !== victim)) {
          const { body } = await (await channels.openChannel(`of-${owner}`)).call(1, bytes('hello'));
          expect(text(body)).to.equal('hello');
        }
        await channels.createChannel(`new ${channels.id.slice(3)}`);
      }
    });
  }

  it('[channels C35, C36] the majority gives away names, the minority does not, and the merge makes all equal', async () => {
    const all = await start();
    const [a, b, c] = all as [Channels, Channels, Channels];
    void echo(await c.createChannel('inside'));
    void echo(await a.createChannel('outside'));
    const inside = await c.openChannel('inside');
    const outside = await c.openChannel('outside');
    cluster.network.split([[1, 2], [3]]);
    await sees([a, b], 2);
    await sees([c], 1);
    void echo(await b.createChannel('new'));
    expect(await code(c.createChannel('other'))).to.equal('ERR_SSP_NOT_PRIMARY');
    expect((await inside.call(5)).status).to.equal(5);
    expect(await code(outside.call(5))).to.equal('ERR_SSP_SERVER_UNREACHABLE');
    cluster.network.heal();
    await sees(all, 3);
    const snapshots = await Promise.all(all.map(({ registry }) => registry.snapshot()));
    expect(new Set(snapshots.map(({ hash }) => hash)).size).to.equal(1);
    expect(snapshots.map(({ primary }) => primary)).to.deep.equal([true, true, true]);
    for (const channels of all)
      expect((await (await channels.openChannel('new')).call(3)).status).to.equal(3);
    expect((await outside.call(6)).status).to.equal(6);
  });

  it('[channels C37] of two daemons that lose one another exactly one is primary', async () => {
    await using two = await Cluster.start({ nodes: 2, token: TOKEN_MS });
    cluster = two;
    const watch = new Watch(two);
    await watch.together().finally(() => watch.stop());
    const all = await open();
    cluster.network.split([[1], [2]]);
    await sees(all, 1);
    const primary = await Promise.all(all.map(async ({ registry }) => (await registry.snapshot()).primary));
    expect(primary).to.deep.equal([true, false]);
  });
});
