/**
 * The long fuzz rig: `node build/scripts/fuzz.js [target...]`. Runs every target of `fuzz/targets.ts`, or those named,
 * and prints a row for each. A failure prints seed and path; `--seed` and `--path` repeat it.
 */
import { Command } from 'commander';
import * as fc from 'fast-check';
import { integer } from '../lib/cli/values.js';
import { targets } from './fuzz/targets.js';

const command = new Command('fuzz')
  .argument('[target...]', `of: ${Object.keys(targets).join(', ')}`)
  .option('--runs <n>', 'runs of each target, instead of its own number', integer(1))
  .option('--seed <n>', 'seed of a failure', integer(Number.MIN_SAFE_INTEGER))
  .option('--path <path>', 'path of a failure')
  .parse();
const { runs, seed, path } = command.opts<{ runs?: number; seed?: number; path?: string }>();

for (const [name, { property, long }] of Object.entries(targets)) {
  if (command.args.length > 0 && !command.args.includes(name)) continue;
  const start = performance.now();
  const numRuns = runs ?? long;
  await fc.assert(property as fc.IAsyncProperty<unknown[]>, {
    numRuns,
    ...(seed === undefined ? {} : { seed }),
    ...(path === undefined ? {} : { path }),
  });
  const seconds = (performance.now() - start) / 1_000;
  console.log(`${name}: ${numRuns.toLocaleString('en')} runs, no failure, ${seconds.toFixed(1)} s`);
}
