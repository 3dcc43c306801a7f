/** Mutation test of the pure cores: which changes of the code would no test notice? */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { repositoryRoot } from '../spec/support/recordings.js';
import { areas } from './mutate/areas.js';
import { percentOf, scoreLine, scoreOf, survivorLines } from './mutate/report.js';
import { sampleOf } from './mutate/sample.js';
import { install, listMutants, tryMutants, type Tried } from './mutate/tester.js';
import { parseVerdicts } from './mutate/verdicts.js';

interface Options {
  readonly area: readonly string[];
  readonly files?: readonly string[];
  readonly of: number;
  readonly seed?: number;
  readonly whole?: boolean;
  readonly all?: boolean;
  readonly jobs: number;
}

const PAGE = 'docs/reliability/mutants.md';
/** Of a hundred mutants that are not equivalent, noticed by a test. */
const GOAL = 88;
const SEED_RANGE = 2 ** 31;

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError(`expected a whole number, got ${text}`);
  return value;
}

async function mutate(options: Options): Promise<void> {
  const { seed = Math.floor(Math.random() * SEED_RANGE), files } = options;
  const verdicts = parseVerdicts(readFileSync(join(repositoryRoot, PAGE), 'utf8'));
  install();
  const wanted = (file: string): boolean => files?.some((part) => file.includes(part)) ?? true;
  const candidates: { area: string; mutant: Awaited<ReturnType<typeof listMutants>>[number] }[] = [];
  for (const area of areas.filter(({ name }) => options.area.includes(name)))
    for (const mutant of await listMutants(area, wanted)) candidates.push({ area: area.name, mutant });
  const sample = options.whole ? candidates : sampleOf(candidates, options.of, seed);
  console.log(
    `${sample.length} of ${candidates.length} mutants${options.whole ? '' : `, seed ${seed}`}, ${options.jobs} jobs`,
  );
  const all: Tried[] = [];
  const lines: string[] = [];
  for (const area of areas) {
    const mutants = sample.filter((each) => each.area === area.name).map(({ mutant }) => mutant);
    if (mutants.length === 0) continue;
    const tried = await tryMutants(area, mutants, options.jobs);
    all.push(...tried);
    lines.push(scoreLine(area.name, scoreOf(tried, verdicts)));
  }
  const score = scoreOf(all, verdicts);
  for (const line of survivorLines(all, verdicts, options.all ?? false)) console.log(line);
  console.log('');
  for (const line of lines) console.log(line);
  console.log(scoreLine('all', score));
  if (percentOf(score) < GOAL) process.exitCode = 1;
}

await new Command('mutate')
  .description(
    `changes the pure cores in one place at a time and runs their specs; expects ${GOAL} % noticed`,
  )
  .addOption(
    new Option('--area <name...>', 'only these areas')
      .choices(areas.map(({ name }) => name))
      .default(areas.map(({ name }) => name)),
  )
  .option('--files <part...>', 'only sources with such a part in their path')
  .option('--of <count>', 'mutants in the sample', whole, 400)
  .option('--seed <seed>', 'that chooses the sample', whole)
  .option('--whole', 'every mutant, without a sample')
  .option('--all', 'also names survivors that have a verdict')
  .option('--jobs <count>', 'processes that run specs, at least two', whole, 2)
  .action(mutate)
  .parseAsync();
