/**
 * `node build/scripts/bench/cluster.js`: three real nodes, one client each, all sending and receiving: messages a second in
 * total and how old they are when they arrive. Everything runs on this one machine and shares its cores.
 */
import { Command, Option } from 'commander';
import { count } from '../../lib/cli/units.js';
import { integer } from '../../lib/cli/values.js';
import { AGREED_MESS, SAFE_MESS } from '../../lib/wire/service.js';
import { whyNoCluster } from '../../spec/support/cluster/available.js';
import { Cluster } from '../../spec/support/cluster/cluster.js';
import { Watch } from '../../spec/support/cluster/watch.js';
import type { ClientResult } from './cluster-client.js';
import { drive } from './drive-cluster.js';

interface Flags {
  readonly nodes: number;
  readonly token: number;
  readonly seconds: number;
  readonly window: number;
  readonly rate: number;
  readonly service?: Service;
  readonly size?: number;
  readonly crypto?: true;
}

const SERVICES = { agreed: AGREED_MESS, safe: SAFE_MESS };
type Service = keyof typeof SERVICES;
const SIZES = [100, 1_000];

/** @param views daemon views during the run, which should be 0 */
function row(name: string, size: number, results: readonly ClientResult[], views: number): string {
  const sent = results.reduce((sum, each) => sum + each.sent, 0);
  const seconds = Math.max(...results.map((each) => each.seconds));
  const worst = (of: (result: ClientResult) => number): string =>
    Math.max(...results.map(of))
      .toFixed(2)
      .padStart(9);
  const lost = results.reduce((sum, { received }) => sum + sent - received, 0);
  return (
    `${name.padEnd(8)}${`${size} B`.padStart(8)}${count(Math.round(sent / seconds)).padStart(12)}/s` +
    worst(({ latency }) => latency.median) +
    worst(({ latency }) => latency.p99) +
    worst(({ latency }) => latency.max) +
    `${String(lost).padStart(8)}${String(views).padStart(7)}`
  );
}

async function part(cluster: Cluster, flags: Flags, rate: number): Promise<void> {
  const { seconds, window } = flags;
  console.log(
    `service     size    messages in all   median      p99      max    lost  views   (ms, the slowest client's)`,
  );
  const viewsSoFar = (): number => cluster.nodes.reduce((sum, node) => sum + node.daemonViews(), 0);
  const names: readonly Service[] = flags.service ? [flags.service] : ['agreed', 'safe'];
  const sizes = flags.size === undefined ? SIZES : [flags.size];
  for (const name of names) {
    for (const size of sizes) {
      const before = viewsSoFar();
      const results = await drive(cluster, { service: SERVICES[name], size, seconds, window, rate });
      console.log(row(name, size, results, viewsSoFar() - before));
    }
  }
}

async function bench(cluster: Cluster, flags: Flags): Promise<void> {
  const { seconds, window, rate } = flags;
  console.log(`as many as go, ${window} under way for each client, ${seconds} s`);
  await part(cluster, flags, 0);
  if (rate === 0) return;
  console.log(`${rate} messages a second from each client`);
  await part(cluster, flags, rate);
}

const flags = new Command('bench/cluster')
  .option('--nodes <n>', 'machines', integer(1, 9), 3)
  .option('--token <ms>', "Corosync's token timeout", integer(100), 1_000)
  .option('--seconds <n>', 'each measurement', integer(1), 10)
  .option('--window <n>', 'messages of a client under way', integer(1), 500)
  .option(
    '--rate <n>',
    'messages a second of a client in the second part; 0 for no such part',
    integer(0),
    200,
  )
  .addOption(new Option('--service <name>', 'only this one').choices(Object.keys(SERVICES)))
  .option('--size <bytes>', 'bodies of this size only', integer(8, 100_000))
  .option('--crypto', 'encrypted ring')
  .parse()
  .opts<Flags>();

const reason = whyNoCluster();
if (reason !== null) {
  console.error(`bench/cluster: ${reason}`);
  process.exit(1);
}
const { nodes, token, crypto } = flags;
await using cluster = await Cluster.start({ nodes, token, crypto: crypto === true });
const watch = new Watch(cluster);
await watch.together();
await watch.stop();
await bench(cluster, flags);
