/** Whole daemons, with listeners and monitors, on an engine that was given: here one on a network in memory. */
import { expect } from 'chai';
import { createDaemon, type Daemon, type DaemonOptions } from '../daemon/index.js';
import { givenEngine, withEngine } from '../daemon/options.js';
import { connect } from '../lib/client/connect.js';
import type { Violation } from './support/checks/log.js';
import { Random } from './support/random.js';
import { until } from './support/wait.js';
import { IdealNetwork } from './simulation/ideal/network.js';
import { Loop } from './simulation/loop.js';
import { Process } from './simulation/process.js';
import { Trace } from './simulation/trace.js';
import { ask, loopback } from './monitor/monitor-fixture.js';

const IDEAL = { detection: 1, merge: 1, delay: 0, split: 0, highWater: 1 << 20 };

/** Daemons on a network in memory, whose time is that of the machine. */
class MemoryCluster implements AsyncDisposable {
  readonly network: IdealNetwork;
  readonly daemons: Daemon[] = [];
  private readonly loop = new Loop();
  private readonly timer: NodeJS.Timeout;

  private constructor(count: number) {
    const { loop } = this;
    const violations: Violation[] = [];
    const surroundings = { loop, random: new Random(1), trace: new Trace(loop, false), violations };
    this.network = new IdealNetwork(surroundings, count, IDEAL);
    const start = performance.now();
    this.timer = setInterval(() => loop.runTo(performance.now() - start), 1);
  }

  static async start(count: number): Promise<MemoryCluster> {
    const cluster = new MemoryCluster(count);
    for (let index = 0; index < count; index++) {
      const listen = [{ host: '127.0.0.1', port: 0 }];
      const options = { name: `d${index + 1}`, listen, monitor: { endpoint: loopback } };
      const engine = cluster.network.engine(index, new Process(cluster.loop));
      cluster.daemons.push(await createDaemon(withEngine(options, engine)));
    }
    await until(() => cluster.daemons.every(({ status }) => status.daemons.length === count), 'one view');
    return cluster;
  }

  address(index: number): string {
    return `${this.daemons[index]?.port}@127.0.0.1`;
  }

  /** What the monitor of a daemon shows. */
  async varz(index: number): Promise<unknown> {
    const daemon = this.daemons[index] as Daemon;
    const monitor = { address: '127.0.0.1', port: daemon.monitorPort, close: () => daemon.stop() };
    return (await ask(monitor, '/varz')).json;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.daemons.map((daemon) => daemon.stop()));
    clearInterval(this.timer);
  }
}

describe('daemons on a network in memory', () => {
  it('serve their clients, and show what becomes of the network', async () => {
    await using cluster = await MemoryCluster.start(2);
    await using ann = await connect({ address: cluster.address(0), name: 'ann' });
    await using bob = await connect({ address: cluster.address(1), name: 'bob' });
    const room = await ann.join('room');
    const heard: string[] = [];
    room.on('data', ({ text }) => heard.push(text));
    (await bob.join('room')).on('event', () => undefined);
    await bob.send('room', 'hello');
    await until(() => heard.length === 1, 'the message');
    expect(heard).to.deep.equal(['hello']);
    expect(room.members).to.deep.equal(['#ann#d1', '#bob#d2']);

    cluster.network.connect([[0], [1]]);
    await until(() => room.members.length === 1, 'the view of a part');
    expect(await cluster.varz(0)).to.deep.include({ daemons: ['d1'], sessions: 1 });
    expect(await cluster.varz(1)).to.deep.include({ daemons: ['d2'], leader: 'd2', sessions: 1 });

    cluster.network.connect([[0, 1]]);
    await until(() => room.members.length === 2, 'the view of the whole');
    expect(await cluster.varz(1)).to.deep.include({ daemons: ['d1', 'd2'], leader: 'd1' });
  });
});

describe('the engine that a daemon is given', () => {
  it('shows in no option', () => {
    const options: DaemonOptions = { name: 'd1' };
    const network = new IdealNetwork(
      { loop: new Loop(), random: new Random(1), trace: new Trace(new Loop(), false), violations: [] },
      1,
      IDEAL,
    );
    const engine = network.engine(0, new Process(new Loop()));
    expect(givenEngine(options)).to.equal(undefined);
    expect(withEngine(options, engine)).to.deep.equal({ name: 'd1' });
    expect(givenEngine(options)).to.equal(engine);
  });
});
