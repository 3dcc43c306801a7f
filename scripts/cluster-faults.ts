/**
 * `npm run cluster:faults`: many faults by chance on real nodes under load, and every promise checked on every client's
 * stream. The seed repeats the choices; times and the scheduler do the rest, so no two runs are the same.
 */
import { cpSync, lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { integer } from '../lib/cli/values.js';
import { whyNoCluster } from '../spec/support/cluster/available.js';
import { Cluster } from '../spec/support/cluster/cluster.js';
import { type FaultReport, runFaults } from '../spec/support/cluster/load/run.js';
import { LONG } from '../spec/support/cluster/random-faults.js';
import { Watch } from '../spec/support/cluster/watch.js';
import { givenSeed } from '../spec/support/random.js';

interface Flags {
  readonly faults: number;
  readonly seed: number;
  readonly nodes: number;
  readonly clients: number;
  readonly token: number;
  readonly keep?: string;
}

const { faults, seed, nodes, clients, token, keep } = new Command('cluster-faults')
  .option('--faults <n>', 'how many', integer(1), 200)
  .option('--seed <n>', 'of the choices', integer(0), givenSeed())
  .option('--nodes <n>', 'machines', integer(2, 9), 3)
  .option('--clients <n>', 'at each node', integer(1), 3)
  .option('--token <ms>', "Corosync's token timeout", integer(100), 1_000)
  .option('--keep <folder>', 'where the logs go of all clients, daemons and Corosyncs')
  .parse()
  .opts<Flags>();

const reason = whyNoCluster();
if (reason !== null) {
  console.error(`cluster-faults: ${reason}`);
  process.exit(1);
}

console.log(`${faults} faults on ${nodes} nodes, ${clients} clients each, seed ${seed}`);
const start = performance.now();
const cluster = await Cluster.start({ nodes, token });
const watch = new Watch(cluster);
let violations: readonly string[] = ['the run did not come to its end'];
try {
  await watch.together();
  const plan = { seed, faults, clientsPerNode: clients, limits: LONG };
  const progress = (count: number, line: string): void => {
    const seconds = ((performance.now() - start) / 1_000).toFixed(1).padStart(7);
    console.log(`${seconds} s  ${String(count).padStart(4)}  ${line}`);
  };
  const report = await runFaults(cluster, watch, { ...plan, progress });
  ({ violations } = report);
  if (keep !== undefined) keepClients(keep, report);
  const { sessions, sent, delivered, views, crowd } = report;
  console.log(`${sessions} sessions, ${sent} messages sent, ${delivered} delivered, ${views} views`);
  console.log(crowd);
  console.log(`${violations.length} violations`);
  for (const violation of violations) console.log(`  ${violation.slice(0, 500)}`);
} catch (error) {
  console.log(`${(error as Error).message}\n${await cluster.describe()}`);
} finally {
  if (keep !== undefined) cpSync(cluster.folder, keep, { recursive: true, filter: isRegular });
  await watch.stop();
  await cluster.stop();
}
process.exit(violations.length > 0 ? 1 : 0);

/** Not the local sockets. */
function isRegular(path: string): boolean {
  const stats = lstatSync(path);
  return stats.isFile() || stats.isDirectory();
}

function keepClients(folder: string, { logs, memberships }: FaultReport): void {
  mkdirSync(folder, { recursive: true });
  for (const log of logs) writeFileSync(join(folder, `${log.session}.json`), JSON.stringify(log, null, 1));
  for (const log of memberships)
    writeFileSync(join(folder, `${log.name}.json`), JSON.stringify(log, null, 1));
}
