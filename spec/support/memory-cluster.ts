/** Daemons with real listeners on a network in memory, whose time is that of the machine. */
import type { Core } from '../../daemon/core/core.js';
import { createDaemon, type Daemon, type DaemonOptions } from '../../daemon/index.js';
import { withEngine } from '../../daemon/options.js';
import { IdealNetwork } from '../../daemon/testing/network/network.js';
import { Loop } from '../../daemon/testing/time/loop.js';
import { Process } from '../../daemon/testing/time/process.js';
import { Trace } from '../../daemon/testing/network/trace.js';
import type { Violation } from '../../daemon/testing/checks/log.js';
import { Random } from './random.js';
import { until } from './wait.js';

export const IDEAL = { detection: 1, merge: 1, delay: 0, split: 0, highWater: 1 << 20 };

export class MemoryCluster implements AsyncDisposable {
  readonly network: IdealNetwork;
  readonly daemons: Daemon[] = [];
  private readonly loop = new Loop();
  private readonly timer: NodeJS.Timeout;

  /** @param count daemons that there can be @param optionsOf those of a daemon beside its name and listener */
  private constructor(
    private readonly count: number,
    private readonly optionsOf: (index: number) => DaemonOptions,
  ) {
    const { loop } = this;
    const violations: Violation[] = [];
    const context = { time: loop, random: new Random(1), trace: new Trace(loop, false), violations };
    this.network = new IdealNetwork(context, count, IDEAL);
    const start = performance.now();
    this.timer = setInterval(() => loop.runTo(performance.now() - start), 1);
  }

  /** @param optionsOf as above @param begin daemons that are started */
  static async start(
    count: number,
    optionsOf: (index: number) => DaemonOptions = () => ({}),
    begin = count,
  ): Promise<MemoryCluster> {
    const cluster = new MemoryCluster(count, optionsOf);
    for (let index = 0; index < begin; index++) await cluster.add();
    return cluster;
  }

  /** Starts the next daemon. */
  async add(): Promise<Daemon> {
    const index = this.daemons.length;
    if (index === this.count) throw new Error(`expected at most ${this.count} daemons`);
    const listen = [{ host: '127.0.0.1', port: 0 }];
    const options = { name: `d${index + 1}`, listen, ...this.optionsOf(index) };
    const engine = this.network.engine(index, new Process(this.loop), options.name);
    const daemon = await createDaemon(withEngine(options, engine));
    this.daemons.push(daemon);
    await until(() => this.isWhole(), 'one view');
    return daemon;
  }

  /** Whether all are in one view, and have exchanged what they know. */
  private isWhole(): boolean {
    const { daemons } = this;
    return daemons.every((daemon) => {
      const { isExchanging } = Reflect.get(daemon, 'core') as Core;
      return daemon.status.daemons.length === daemons.length && !isExchanging;
    });
  }

  address(index: number): string {
    return `${this.daemons[index]?.port}@127.0.0.1`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.daemons.map((daemon) => daemon.stop()));
    clearInterval(this.timer);
  }
}
