/**
 * View-synchronous and secure groups: how long they take to agree on a view with one more member, with all members in this
 * process and the daemon a process of its own; and how many messages a second a secure group carries.
 *
 *   npm run bench:views
 *   npm run bench:views -- --only throughput
 */
import { availableParallelism, loadavg } from 'node:os';
import { Command, Option } from 'commander';
import { integer } from '../lib/cli/values.js';
import { Server } from './bench/processes.js';
import { GrowingGroup, type GroupKind } from './views/joins.js';
import { throughputs, THROUGHPUTS, type Throughput } from './views/throughput.js';

const PARTS = ['flush', 'secure', 'throughput'] as const;
const MEMBERS = [2, 10, 50, 100];

interface Flags {
  readonly runs: number;
  readonly members: number;
  readonly milliseconds: number;
  readonly only: readonly string[];
}

const flags = new Command('view-synchrony-bench')
  .option('--runs <n>', 'joins for each number of members, and runs of each throughput', integer(1), 11)
  .option('--members <n>', 'the most members of a group', integer(2), 100)
  .option('--milliseconds <n>', 'about how long one run of a throughput takes', integer(1), 500)
  .addOption(new Option('--only <part...>', 'not all parts').choices(PARTS).default(PARTS))
  .parse()
  .opts<Flags>();

const WIDTH = 10;
const medianOf = (rising: readonly number[]): number => rising[rising.length >> 1] ?? 0;

async function joins(kind: GroupKind): Promise<void> {
  console.log(`${kind}: ms from the join to the view at every member`);
  console.log('members    median     worst');
  await using server = await Server.daemon();
  await using group = await GrowingGroup.open(kind, server.port);
  for (const members of MEMBERS.filter((count) => count <= flags.members)) {
    await group.grow(members - 1);
    const times: number[] = [];
    for (let i = 0; i < flags.runs; i++) times.push(await group.milliseconds());
    times.sort((a, b) => a - b);
    const figure = (value = 0): string => value.toFixed(1).padStart(WIDTH);
    console.log(`${String(members).padStart(7)}${figure(medianOf(times))}${figure(times.at(-1))}`);
  }
}

const TEXTS: Record<Throughput, string> = {
  cipher: 'sealed by the cipher alone',
  seal: 'sealed with the keys of an epoch',
  open: 'opened with them',
  secure: 'from member to member of a secure group',
  plain: 'from member to member of a plain group',
};

async function throughput(): Promise<void> {
  console.log('messages of 100 B per second');
  console.log(`${''.padEnd(42)}    median     worst  of cipher  of plain`);
  const rates = await throughputs(flags.runs, flags.milliseconds / 1e3);
  const [cipher, plain] = [medianOf(rates.cipher), medianOf(rates.plain)];
  const whole = (value = 0): string => Math.round(value).toLocaleString('en').padStart(WIDTH);
  const percent = (value: number): string => `${(100 * value).toFixed(0)} %`.padStart(WIDTH);
  for (const name of THROUGHPUTS) {
    const median = medianOf(rates[name]);
    const ratios = `${percent(median / cipher)}${percent(median / plain)}`;
    console.log(`${TEXTS[name].padEnd(42)}${whole(median)}${whole(rates[name][0])}${ratios}`);
  }
}

console.log(`${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(1)}, ${flags.runs} runs each`);
for (const part of flags.only) {
  if (part === 'throughput') await throughput();
  else await joins(part as GroupKind);
}
