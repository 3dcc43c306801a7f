/**
 * What the transfer of a large state costs the others: 100 MB to a newcomer while 2,000 commands a second go on, and the donor
 * is killed half way. Daemon, donor, worker, onlooker and joiner are processes of their own.
 *
 *   npm run bench:transfer                  one daemon
 *   npm run bench:transfer -- --cluster     three daemons on Corosync (root): donor, worker, joiner at one each
 */
import { availableParallelism, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { integer } from '../lib/cli/values.js';
import { whyNoCluster } from '../spec/support/cluster/available.js';
import { Cluster } from '../spec/support/cluster/cluster.js';
import { Watch } from '../spec/support/cluster/watch.js';
import { Server } from './bench/processes.js';
import { play } from './transfer/roles.js';
import { type Figures, type Places, type Settings, transfer } from './transfer/run.js';

interface Flags {
  readonly cluster?: true;
  readonly runs: number;
  readonly megabytes: number;
  readonly rate: number;
  readonly before: number;
}

const PROGRAM = fileURLToPath(import.meta.url);

/** A row: what it is, its unit, and its figure of one run. More is worse, but for the rate. */
const ROWS: readonly (readonly [name: string, unit: string, of: (run: Figures) => number])[] = [
  ['slowest command, before', 'ms', ({ before }) => before.worker.slowest],
  ['slowest command', 'ms', ({ during }) => during.worker.slowest],
  ['longest gap at the worker', 'ms', ({ during }) => during.worker.gap],
  ['longest gap at the onlooker, before', 'ms', ({ before }) => before.onlooker.gap],
  ['longest gap at the onlooker', 'ms', ({ during }) => during.onlooker.gap],
  ['event loop held up at the worker', 'ms', ({ during }) => during.worker.loop],
  ['collector at the worker', 'ms', ({ during }) => during.worker.collector],
  ['event loop held up at the onlooker', 'ms', ({ during }) => during.onlooker.loop],
  ['collector at the onlooker', 'ms', ({ during }) => during.onlooker.collector],
  ['transfer', 'ms', ({ milliseconds }) => milliseconds],
  ['received', 'MB', ({ bytes }) => bytes / 1e6],
  ['of that from the donor that died', 'MB', ({ fromFirst }) => fromFirst / 1e6],
];

const figure = (value: number): string => value.toFixed(1).padStart(9);

function print(runs: readonly Figures[]): void {
  console.log(`${''.padEnd(42)}${'median'.padStart(9)}${'worst'.padStart(9)}`);
  const row = (name: string, values: readonly number[], worst: number): void => {
    const median = values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
    console.log(`${name.padEnd(42)}${figure(median)}${figure(worst)}`);
  };
  for (const [name, unit, of] of ROWS) {
    const values = runs.map(of);
    row(`${name}, ${unit}`, values, Math.max(...values));
  }
  const speeds = runs.map(({ bytes, milliseconds }) => bytes / milliseconds / 1e3);
  row('speed, MB/s', speeds, Math.min(...speeds));
  const rates = runs.map(({ during, milliseconds }) => (during.worker.commands / milliseconds) * 1e3);
  row('commands a second meanwhile', rates, Math.min(...rates));
}

async function bench(places: Places, settings: Settings, runs: number): Promise<void> {
  const { megabytes, rate } = settings;
  const load = loadavg()[0]?.toFixed(2);
  console.log(
    `${megabytes} MB beside ${rate} commands/s, ${availableParallelism()} cores, load average ${load}`,
  );
  const all: Figures[] = [];
  for (let run = 1; run <= runs; run++) all.push(await transfer(PROGRAM, places, settings, run));
  print(all);
  console.log(`worker, onlooker and joiner had equal states after each of ${runs}`);
}

async function main(): Promise<void> {
  const {
    cluster: wantsCluster,
    runs,
    ...settings
  } = new Command('bench:transfer')
    .option('--cluster', 'three daemons on Corosync')
    .option('--runs <n>', 'how many', integer(1), 5)
    .option('--megabytes <n>', 'size of the state', integer(1), 100)
    .option('--rate <n>', 'commands a second', integer(1), 2000)
    .option('--before <ms>', 'how long the commands go on before the transfer', integer(1), 2000)
    .parse()
    .opts<Flags>();
  if (!wantsCluster) {
    await using daemon = await Server.daemon();
    const address = `${daemon.port}@127.0.0.1`;
    const places = { donor: address, worker: address, onlooker: address, joiner: address };
    return await bench(places, settings, runs);
  }
  const reason = whyNoCluster();
  if (reason !== null) throw new Error(reason);
  await using cluster = await Cluster.start({ nodes: 3 });
  const watch = new Watch(cluster);
  await watch.together();
  await watch.stop();
  const [donor, worker, joiner] = cluster.nodes.map(({ address }) => address) as [string, string, string];
  await bench({ donor, worker, onlooker: joiner, joiner }, settings, runs);
}

if (process.send && process.argv[2] === 'role') play();
else {
  // `exit` ends what runs.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
  try {
    await main();
  } catch (error) {
    console.error(`bench:transfer: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
