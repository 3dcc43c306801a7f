/**
 * `node build/scripts/cluster-times.js`: how long changes take on real nodes, as clients see it: median and worst of some
 * repetitions, on an idle cluster. All nodes share this machine, so what costs processor time takes longer than on hosts of
 * their own.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Command } from 'commander';
import { connect } from '../lib/index.js';
import { summary } from './bench/summary.js';
import { integer } from '../lib/cli/values.js';
import { whyNoCluster } from '../spec/support/cluster/available.js';
import { Cluster } from '../spec/support/cluster/cluster.js';
import { Watch } from '../spec/support/cluster/watch.js';
import { eventually } from '../spec/support/wait.js';

interface Flags {
  readonly runs: number;
  readonly token?: number;
}

const LIMIT = 30_000;
const LAST = 3;
const OTHERS = [1, 2];
const ALL = [1, 2, LAST];

class Measurement {
  constructor(
    private readonly cluster: Cluster,
    private readonly watch: Watch,
    private readonly token: number,
  ) {}

  /** Milliseconds from the deed until the last of these nodes' clients has a view of just these daemons. */
  async until(nodes: readonly number[], deed: () => void): Promise<number> {
    const start = performance.now();
    deed();
    const arrivals = await Promise.all(nodes.map((node) => this.arrival(node, nodes.length, start)));
    return Math.max(...arrivals) - start;
  }

  /** Cut and heal, with a pause between so that the token is anywhere. */
  async cutAndHeal(): Promise<Record<string, number>> {
    const { network } = this.cluster;
    await this.idle();
    const cut = await this.until(OTHERS, () => network.cut(LAST));
    await this.watch.together([LAST]);
    await this.idle();
    const heal = await this.until(ALL, () => network.heal());
    await this.watch.together();
    return { 'cut to new view': cut, 'heal to merged view': heal };
  }

  async end(what: string, signal: NodeJS.Signals): Promise<Record<string, number>> {
    await this.idle();
    const node = this.cluster.node(LAST);
    const process = node.running('sspd');
    const gone = await this.until(OTHERS, () => process.signal(signal));
    await process.ended;
    const back = await this.until(ALL, () => node.start('sspd'));
    await this.watch.together();
    return { [`${what} to new view`]: gone, 'start of sspd to merged view': back };
  }

  /** A client at one node joins, a member at another one sees it. */
  async join(): Promise<Record<string, number>> {
    const [near, far] = OTHERS.map((number) => this.cluster.node(number).address);
    await using member = await connect({ address: near });
    await using joiner = await connect({ address: far });
    const group = await member.join('times');
    await pause(10);
    const start = performance.now();
    const seen = (async () => {
      for await (const event of group) {
        if (event.kind === 'view' && event.members.length === 2) return performance.now();
      }
      return Infinity;
    })();
    await joiner.join('times');
    return { 'join to view at a remote member': (await seen) - start };
  }

  private async arrival(node: number, daemons: number, start: number): Promise<number> {
    let found: number | undefined;
    const isThere = (): boolean => {
      const { sightings } = this.watch.of(node);
      found = sightings.find(({ at, members }) => at > start && members.length === daemons)?.at;
      return found !== undefined;
    };
    await eventually(isThere, `a view of ${daemons} daemons at node ${node}`, LIMIT);
    return found as unknown as number;
  }

  private async idle(): Promise<void> {
    await pause(200 + Math.random() * this.token);
  }
}

async function measure(token: number, runs: number): Promise<void> {
  const cluster = await Cluster.start({ token });
  const watch = new Watch(cluster);
  try {
    await watch.together();
    const measurement = new Measurement(cluster, watch, token);
    const series = new Map<string, number[]>();
    for (let i = 0; i < runs; i++) {
      for (const figures of [
        await measurement.cutAndHeal(),
        await measurement.end('clean stop of sspd', 'SIGTERM'),
        await measurement.end('kill -9 of sspd', 'SIGKILL'),
        await measurement.join(),
      ]) {
        for (const [name, time] of Object.entries(figures)) {
          series.set(name, [...(series.get(name) ?? []), time]);
        }
      }
    }
    console.log(`token ${token} ms, ${runs} runs; ms`);
    for (const [name, times] of series) {
      const { median, max } = summary(times);
      console.log(
        `  ${name.padEnd(34)} median ${median.toFixed(1).padStart(8)}  worst ${max.toFixed(1).padStart(8)}`,
      );
    }
  } finally {
    await watch.stop();
    await cluster.stop();
  }
}

const { runs, token } = new Command('cluster-times')
  .option('--runs <n>', 'repetitions', integer(1), 20)
  .option('--token <ms>', "Corosync's token timeout (default: 1000, then 500)", integer(100))
  .parse()
  .opts<Flags>();

const reason = whyNoCluster();
if (reason !== null) {
  console.error(`cluster-times: ${reason}`);
  process.exit(1);
}
for (const each of token === undefined ? [1_000, 500] : [token]) await measure(each, runs);
process.exit(0);
