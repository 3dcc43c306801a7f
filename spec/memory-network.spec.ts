/** Whole daemons, with listeners and monitors, on an engine that was given: here one on a network in memory. */
import { expect } from 'chai';
import type { Daemon, DaemonOptions } from '../daemon/index.js';
import { givenEngine, withEngine } from '../daemon/options.js';
import { connect } from '../lib/client/connect.js';
import { IDEAL, MemoryCluster } from './support/memory-cluster.js';
import { Random } from './support/random.js';
import { until } from './support/wait.js';
import { IdealNetwork } from '../daemon/testing/network/network.js';
import { Loop } from '../daemon/testing/time/loop.js';
import { Process } from '../daemon/testing/time/process.js';
import { Trace } from '../daemon/testing/network/trace.js';
import { ask, loopback } from './monitor/monitor-fixture.js';

/** What the monitor of a daemon shows. */
async function varz({ daemons }: MemoryCluster, index: number): Promise<unknown> {
  const daemon = daemons[index] as Daemon;
  const monitor = { address: '127.0.0.1', port: daemon.monitorPort, close: () => daemon.stop() };
  return (await ask(monitor, '/varz')).json;
}

describe('daemons on a network in memory', () => {
  it('serve their clients, and show what becomes of the network', async () => {
    await using cluster = await MemoryCluster.start(2, () => ({ monitor: { endpoint: loopback } }));
    await using ann = await connect({ address: cluster.address(0), name: 'ann' });
    await using bob = await connect({ address: cluster.address(1), name: 'bob' });
    const room = await ann.join('room');
    const heard: string[] = [];
    room.on('data', ({ text }) => heard.push(text));
    const beside = await bob.join('room');
    beside.on('event', () => undefined);
    await bob.send('room', 'hello');
    await until(() => heard.length === 1, 'the message');
    expect(heard).to.deep.equal(['hello']);
    expect(room.members).to.deep.equal(['#ann#d1', '#bob#d2']);

    cluster.network.connect([[0], [1]]);
    await until(() => room.members.length === 1 && beside.members.length === 1, 'the views of both parts');
    expect(await varz(cluster, 0)).to.deep.include({ daemons: ['d1'], sessions: 1 });
    expect(await varz(cluster, 1)).to.deep.include({ daemons: ['d2'], leader: 'd2', sessions: 1 });

    cluster.network.connect([[0, 1]]);
    await until(() => room.members.length === 2 && beside.members.length === 2, 'the view of the whole');
    expect(await varz(cluster, 1)).to.deep.include({ daemons: ['d1', 'd2'], leader: 'd1' });
  });
});

describe('the engine that a daemon is given', () => {
  it('shows in no option', () => {
    const options: DaemonOptions = { name: 'd1' };
    const network = new IdealNetwork(
      { time: new Loop(), random: new Random(1), trace: new Trace(new Loop(), false), violations: [] },
      1,
      IDEAL,
    );
    const engine = network.engine(0, new Process(new Loop()), 'd1');
    expect(givenEngine(options)).to.equal(undefined);
    expect(withEngine(options, engine)).to.deep.equal({ name: 'd1' });
    expect(givenEngine(options)).to.equal(engine);
  });
});
