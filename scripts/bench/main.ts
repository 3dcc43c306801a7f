/** `npm run bench`: all cases, or some, one row each; see docs/reliability/performance.md. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { integer } from '../../lib/cli/values.js';
import type { Case, Settings } from './case.js';
import { endCluster } from './cases/cluster.js';
import { cases } from './cases/index.js';
import { chart } from './chart.js';
import type { Row } from './figures.js';
import { measure } from './measure.js';
import { heaviest } from './profile.js';
import { publish } from './publish.js';
import { beginning, readResults, type Results, resultsOf, writeResults } from './results.js';
import { comparison, head, lineOf } from './table.js';

interface Flags {
  readonly quick?: true;
  readonly only?: readonly string[];
  readonly runs?: number;
  readonly milliseconds?: number;
  readonly json?: string;
  readonly from?: string;
  readonly chart?: string;
  readonly publish?: true;
  readonly compare?: readonly string[];
  readonly cpuProf?: string;
  readonly heapProf?: string;
  readonly list?: true;
}

const FULL = { runs: 5, milliseconds: 800 };
const QUICK = { runs: 2, milliseconds: 100 };

function settingsOf(flags: Flags, each: Case): Settings {
  const quick = flags.quick === true;
  const usual = quick ? QUICK : FULL;
  const { runs = usual.runs, milliseconds = usual.milliseconds, cpuProf, heapProf } = flags;
  const daemonOptions = [
    ...(cpuProf === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folderOf(cpuProf, each)}`]),
    ...(heapProf === undefined ? [] : ['--heap-prof', `--heap-prof-dir=${folderOf(heapProf, each)}`]),
  ];
  return { runs, seconds: milliseconds / 1_000, quick, daemonOptions };
}

/** A case has its profiles in a folder of its own. */
const folderOf = (folder: string, each: Case): string =>
  resolve(join(folder, each.name.replaceAll(/[^\w-]+/g, '-')));

/**
 * Those with one of these names, or whose names begin like it; without any all, or those that are quick, but none that
 * stands apart.
 */
function chosen({ only, quick }: Flags): readonly Case[] {
  if (only === undefined)
    return cases.filter(
      ({ isLong, isOnRequest }) => isOnRequest !== true && (quick !== true || isLong !== true),
    );
  return only.flatMap((text) => {
    const exact = cases.filter(({ name }) => name === text);
    const found = exact.length > 0 ? exact : cases.filter(({ name }) => name.startsWith(text));
    if (found.length === 0) throw new Error(`no case "${text}"; there are:\n${names()}`);
    return found;
  });
}

const names = (): string => cases.map(({ name }) => name).join('\n');

async function run(flags: Flags): Promise<Results> {
  const usual = flags.quick === true ? QUICK : FULL;
  const begun = beginning((flags.milliseconds ?? usual.milliseconds) / 1_000);
  const rows: Row[] = [];
  console.log(head());
  for (const each of chosen(flags)) {
    const reason = each.unavailable?.() ?? null;
    if (reason !== null) {
      console.log(`${each.name}: left out, ${reason}`);
      continue;
    }
    if (flags.cpuProf !== undefined) mkdirSync(folderOf(flags.cpuProf, each), { recursive: true });
    const row = await measure(each, settingsOf(flags, each));
    rows.push(row);
    console.log(lineOf(row));
    if (flags.cpuProf !== undefined) {
      for (const text of heaviest(folderOf(flags.cpuProf, each))) console.log(text);
    }
  }
  return resultsOf(begun, rows);
}

async function bench(flags: Flags): Promise<void> {
  const { compare, from, json, list } = flags;
  if (list) return console.log(names());
  if (compare !== undefined) {
    const [before, after] = compare;
    if (before === undefined || after === undefined || compare.length > 2) throw new Error('two files');
    return console.log(comparison(readResults(before), readResults(after)));
  }
  const results = from === undefined ? await run(flags) : readResults(from);
  if (json !== undefined) writeResults(json, results);
  if (flags.chart !== undefined) writeFileSync(flags.chart, chart(results));
  if (flags.publish === true) for (const path of await publish(results)) console.log(`written: docs/${path}`);
}

const command = new Command('bench')
  .option('--quick', 'short runs: whether it works, and roughly how')
  .option('--only <cases...>', 'only these cases, by name or by what names begin with')
  .option('--list', 'names of the cases')
  .option('--runs <n>', 'measured runs of each case', integer(1, 1_000))
  .option('--milliseconds <n>', 'about how long a run takes', integer(1))
  .option('--json <file>', 'write the results there')
  .option('--chart <file>', 'draw the results as SVG')
  .option('--from <file>', 'take the results from this file instead of measuring')
  .option('--publish', 'write the results and pages of --only peers, or of --only growth, into docs')
  .option('--compare <files...>', 'compare two result files: before and after')
  .option('--cpu-prof <folder>', 'CPU profiles of the daemon, and the functions that ran longest')
  .option('--heap-prof <folder>', 'heap profiles of the daemon')
  .parse();
// `exit` ends what runs.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
try {
  await bench(command.opts<Flags>());
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await endCluster();
}
