/**
 * `npm run cluster`: several Corosync nodes with an `sspd` each on this machine, to play with. While it runs it takes the
 * lines of `FAULT_FORMS` on standard input; Ctrl-C or the end of the input takes everything down.
 */
import { createInterface } from 'node:readline';
import { Command } from 'commander';
import { integer } from '../lib/cli/values.js';
import { whyNoCluster } from '../spec/support/cluster/available.js';
import { Cluster } from '../spec/support/cluster/cluster.js';
import { applyFault, type Fault, FAULT_FORMS, parseFault } from '../spec/support/cluster/faults.js';
import { Watch } from '../spec/support/cluster/watch.js';

interface Flags {
  readonly nodes: number;
  readonly token: number;
  readonly coefficient: number;
  readonly crypto?: true;
}

const MAX_NODES = 16;

const help = `${FAULT_FORMS}
status                 who is in whose ring and view
quit`;

const { nodes, token, coefficient, crypto } = new Command('cluster')
  .option('--nodes <n>', 'machines', integer(1, MAX_NODES), 3)
  .option('--token <ms>', "Corosync's token timeout", integer(100), 1_000)
  .option('--coefficient <ms>', 'added to it for each node beyond two', integer(0), 0)
  .option('--crypto', 'encrypted ring')
  .parse()
  .opts<Flags>();

const reason = whyNoCluster();
if (reason !== null) {
  console.error(`cluster: ${reason}`);
  process.exit(1);
}

const cluster = await Cluster.start({ nodes, token, tokenCoefficient: coefficient, crypto: crypto === true });
const watch = new Watch(cluster);
console.log(introduction());
const input = createInterface({ input: process.stdin, prompt: '> ' });
input.on('SIGINT', () => input.close());
process.once('SIGINT', () => input.close());
input.prompt();
for await (const line of input) {
  if (line.trim() === 'quit') break;
  await obey(line.trim()).catch(tell);
  input.prompt();
}
await watch.stop();
await cluster.stop();
process.exit(0);

async function obey(line: string): Promise<void> {
  if (line === '') return;
  if (line === 'help') console.log(help);
  else if (line === 'status') await status();
  else await inflict(parseFault(line));
}

/** A freeze with an end goes on behind the lines that follow. */
async function inflict(fault: Fault): Promise<void> {
  const done = applyFault(cluster, fault);
  if (fault.kind === 'freeze') void done.catch(tell);
  else await done;
}

function tell(error: Error): void {
  console.log(error.message);
}

async function status(): Promise<void> {
  console.log(await cluster.describe());
  for (const { number } of cluster.nodes) {
    console.log(`${number} is in a view of ${watch.of(number).daemons.join(' ') || 'nobody'}`);
  }
}

function introduction(): string {
  const lines = cluster.nodes.map(
    (node) => `  ${node.daemon}  npx ssp join room --address ${node.address}    files ${node.folder}`,
  );
  const inside = cluster.node(1).inside('/usr/sbin/corosync-cpgtool', '-n').join(' ');
  return `${nodes} nodes are up. Their daemons:
${lines.join('\n')}
Inside a node, such as the first: ${inside}
Lines taken here:
${help}`;
}
