/**
 * `node build/scripts/bench/corosync-settings.js`: what settings of Corosync do to three nodes on this machine, without
 * `sspd`. The settings take turns, round by round, and each is compared with the defaults of the same round.
 */
import { Command } from 'commander';
import { integer } from '../../lib/cli/values.js';
import { whyNoCluster } from '../../spec/support/cluster/available.js';
import { Cluster } from '../../spec/support/cluster/cluster.js';
import type { ClusterOptions } from '../../spec/support/cluster/settings.js';
import { cpgProbe } from './cases/rounds.js';
import { prepare } from './prepared.js';
import { summary } from './summary.js';
import { cpuSeconds } from './usage.js';

/** The first one is what the others are compared with. */
const VARIANTS: Readonly<Record<string, ClusterOptions>> = {
  defaults: {},
  'crypto_cipher: aes256': { crypto: true },
  'netmtu: 1500': { totem: { netmtu: 1_500 } },
  'window_size: 300': { totem: { window_size: 300 } },
  'max_messages: 100': { totem: { max_messages: 100 } },
  'send_join: 80': { totem: { send_join: 80 } },
  'links of 9000 B': { linkMtu: 9_000 },
};

interface Figures {
  /** Messages of 100 B in a second, as many as go. */
  readonly rate: number;
  /** Microseconds of Corosync's processor time for one of these, all nodes together. */
  readonly cpu: number;
  /** Milliseconds of a message until it is back, when each node has one under way. */
  readonly roundTrip: number;
}

const SIZE = 100;
/** As in the case `cluster agreed 100 B`. */
const WINDOW = 4_000;

interface Flags {
  readonly rounds: number;
  readonly milliseconds: number;
}

async function figuresOf(options: ClusterOptions, seconds: number): Promise<Figures> {
  await using cluster = await Cluster.start({ ...options, daemons: false });
  const load = { size: SIZE, seconds };
  await using full = await prepare(async (keep) => ({
    subject: await cpgProbe(keep, cluster, { ...load, window: WINDOW }),
    yardstick: await cpgProbe(keep, cluster, { ...load, window: 1 }),
  }));
  const { subject, yardstick: single } = full;
  // The first run is cold.
  await subject.run(1);
  const before = usedBy(subject.pids);
  const { count, seconds: took } = await subject.run(1);
  const used = usedBy(subject.pids) - before;
  const pings = await single?.run(1);
  const roundTrip = pings ? (1_000 * pings.seconds * cluster.nodes.length) / pings.count : NaN;
  return { rate: count / took, cpu: (used * 1e6) / count, roundTrip };
}

const usedBy = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => sum + (cpuSeconds(pid) ?? NaN), 0);

const middle = (values: readonly number[]): number => summary(values).median;

/** A line of the figures of all rounds, as medians, and as medians of the ratios to the defaults of the same round. */
function line(name: string, all: readonly Figures[], defaults: readonly Figures[]): string {
  const cell = (of: (figures: Figures) => number, digits: number): string => {
    const ratio = middle(all.map((each, i) => of(each) / of(defaults[i] as Figures)));
    return middle(all.map(of)).toFixed(digits).padStart(12) + ratio.toFixed(2).padStart(7);
  };
  const cells = [
    cell(({ rate }) => rate, 0),
    cell(({ cpu }) => cpu, 2),
    cell(({ roundTrip }) => roundTrip, 2),
  ];
  return name.padEnd(24) + cells.join('');
}

const { rounds, milliseconds } = new Command('bench/corosync-settings')
  .option('--rounds <n>', 'times that each is measured', integer(1), 5)
  .option('--milliseconds <n>', 'about how long a run takes', integer(1), 1_000)
  .parse()
  .opts<Flags>();

const reason = whyNoCluster();
if (reason !== null) {
  console.error(`bench/corosync-settings: ${reason}`);
  process.exit(1);
}
const results = new Map(Object.keys(VARIANTS).map((name) => [name, [] as Figures[]]));
for (let round = 0; round < rounds; round++) {
  const names = round % 2 === 0 ? [...results.keys()] : [...results.keys()].toReversed();
  for (const name of names) {
    const figures = await figuresOf(VARIANTS[name] ?? {}, milliseconds / 1_000);
    results.get(name)?.push(figures);
    console.error(`round ${round + 1}, ${name}: ${JSON.stringify(figures)}`);
  }
}
console.log(`${'setting'.padEnd(24)}  messages/s  ratio      CPU us  ratio   return ms  ratio`);
for (const [name, all] of results) console.log(line(name, all, results.get('defaults') ?? []));
