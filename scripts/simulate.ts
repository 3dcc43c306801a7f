/**
 * Simulated worlds: `--seeds 1000` runs so many fresh ones, `--seed n` one. A failing seed is run again to see that it
 * fails in the same way, and printed; `--trace` tells what happens in it, `--shrink` cuts it down. `--recipes` plays all
 * recipes in them instead, `--flush` view synchrony, `--returns` connections that come back.
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import { type PlayedFlush, playSeed, program as flusher } from '../spec/flush/simulation/worker.js';
import { play } from '../spec/recipes/simulation/play.js';
import { type Played, program as player } from '../spec/recipes/simulation/worker.js';
import { generate } from '../spec/simulation/generate.js';
import type { Kind } from '../spec/simulation/plan.js';
import { runSeeds } from '../spec/simulation/pool.js';
import { type PlayedReturns, playReturns, program as returner } from '../spec/simulation/returns/worker.js';
import { run } from '../spec/simulation/run.js';
import { shrink } from '../spec/simulation/shrink.js';
import { program as runner, runSeed, type SeedResult } from '../spec/simulation/worker.js';

interface Options {
  readonly seeds: number;
  readonly from?: number;
  readonly workers: number;
  readonly kind: Kind | 'both';
  readonly seed?: number;
  readonly trace?: boolean;
  readonly shrink?: boolean;
  readonly verbose?: boolean;
  readonly recipes?: boolean;
  readonly guests?: boolean;
  readonly flush?: boolean;
  readonly returns?: boolean;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('not a whole number');
  return value;
}

/** Seeds between two lines that say how far it is. */
const PROGRESS = 10_000;
/** Fresh seeds are told apart from small ones that somebody chose. */
const FRESH_RANGE = 2 ** 30;
const WORST_LINES = 5;

const program = new Command('simulate')
  .description('Simulated worlds under checkers; prints what violates a property')
  .option('--seeds <count>', 'number of seeds', wholeNumber, 1000)
  .option('--from <seed>', 'first seed; a fresh one by default', wholeNumber)
  .option('--workers <count>', 'seeds at the same time', wholeNumber, 2)
  .addOption(
    new Option('--kind <kind>', 'ideal engine under the groups, or a hostile CPG under the view machine')
      .choices(['ideal', 'cpg', 'both'])
      .default('both'),
  )
  .option('--seed <seed>', 'run this one seed', wholeNumber)
  .option('--trace', 'print what happens in it')
  .option('--shrink', 'cut it down as long as it fails in the same way')
  .option('--recipes', 'all recipes on the simulated daemons, each with its own checker')
  .option('--guests', 'with --recipes: strangers and liars in every world, not in every third')
  .option(
    '--flush',
    'members with the flush layer in simulated groups, some of them on the simulated daemons',
  )
  .option('--returns', 'the client library on simulated daemons, with connections that come back')
  .option('--verbose', 'print the trace hash of every seed');

const kindOf = ({ kind }: Options): Kind | undefined => (kind === 'both' ? undefined : kind);

function one(seed: number, options: Options): boolean {
  const kind = kindOf(options);
  let plan = generate(seed, kind ? { kind } : {});
  const [first] = run(plan).violations;
  if (options.shrink && first) {
    const shrunk = shrink(plan, first.property);
    console.log(`${plan.steps.length} steps cut down to ${shrunk.plan.steps.length} in ${shrunk.runs} runs`);
    plan = shrunk.plan;
    for (const { at, act } of plan.steps) console.log(`  ${at} ${JSON.stringify(act)}`);
  }
  const { violations, lines, hash, figures } = run(plan, options.trace);
  for (const line of lines) console.log(line);
  for (const { property, text } of violations) console.log(`${property}: ${text}`);
  console.log(`seed ${seed}, ${plan.kind}, ${plan.profile}, trace ${hash}: ${JSON.stringify(figures)}`);
  return violations.length === 0;
}

/** A failing seed fails again in the same way, or the simulator itself is wrong. */
function tellFailure({ seed, hash, violations }: SeedResult, kind: Kind | undefined): void {
  console.log(`seed ${seed} violates ${violations.length}, trace ${hash}`);
  for (const line of violations.slice(0, WORST_LINES)) console.log(`  ${line}`);
  const again = runSeed(seed, kind);
  if (again.hash !== hash)
    console.log(`  and comes to trace ${again.hash} the second time: not reproducible`);
}

async function many(options: Options): Promise<boolean> {
  const { seeds: count, workers, verbose } = options;
  const kind = kindOf(options);
  const from = options.from ?? Math.floor(Math.random() * FRESH_RANGE);
  console.log(`${count} seeds from ${from}`);
  const sum = { sends: 0, deliveries: 0, views: 0 };
  let failed = 0;
  let ended = 0;
  const begun = performance.now();
  await runSeeds<SeedResult>({
    program: runner,
    from,
    count,
    workers,
    kind,
    done(result) {
      sum.sends += result.sends;
      sum.deliveries += result.deliveries;
      sum.views += result.views;
      if (verbose) console.log(`seed ${result.seed} trace ${result.hash}`);
      if (++ended % PROGRESS === 0 && ended < count) console.log(`${ended} seeds, ${failed} with violations`);
      if (result.violations.length === 0) return;
      failed++;
      tellFailure(result, kind);
    },
  });
  const seconds = (performance.now() - begun) / 1000;
  const { sends, deliveries, views } = sum;
  console.log(
    `${count} seeds, ${failed} with violations; ${sends} messages, ${deliveries} deliveries, ${views} daemon views; ` +
      `${seconds.toFixed(1)} s, ${((1000 * seconds * workers) / count).toFixed(1)} ms of a worker each`,
  );
  return failed === 0;
}

/** All recipes in one world, or in many. */
async function recipes(options: Options): Promise<boolean> {
  const { seeds, workers, guests } = options;
  const kind = kindOf(options);
  const tell = (seed: number, faults: readonly string[]): void => {
    console.log(`seed ${seed} breaks ${faults.length} promises`);
    for (const line of faults.slice(0, WORST_LINES)) console.log(`  ${line}`);
  };
  if (options.seed !== undefined) {
    const faults = play(options.seed, { kind, ...(guests && { guests }) });
    tell(options.seed, faults);
    return faults.length === 0;
  }
  const from = options.from ?? Math.floor(Math.random() * FRESH_RANGE);
  console.log(`${seeds} seeds from ${from}`);
  let [failed, ended] = [0, 0];
  const begun = performance.now();
  await runSeeds<Played>({
    program: player,
    from,
    count: seeds,
    workers,
    kind,
    guests,
    done({ seed, faults }) {
      if (++ended % PROGRESS === 0 && ended < seeds)
        console.log(`${ended} seeds, ${failed} with broken promises`);
      if (faults.length === 0) return;
      failed++;
      tell(seed, faults);
    },
  });
  const seconds = (performance.now() - begun) / 1000;
  console.log(`${seeds} seeds, ${failed} with broken promises; ${seconds.toFixed(1)} s`);
  return failed === 0;
}

/** View synchrony in one world, or in many. */
async function flush({ seed, seeds, workers, trace, ...options }: Options): Promise<boolean> {
  const tell = (of: number, faults: readonly string[]): void => {
    console.log(`seed ${of} violates ${faults.length}`);
    for (const line of faults.slice(0, WORST_LINES)) console.log(`  ${line}`);
  };
  if (seed !== undefined) {
    const { faults } = playSeed(seed, trace ? (line) => console.log(line) : undefined);
    tell(seed, faults);
    return faults.length === 0;
  }
  const from = options.from ?? Math.floor(Math.random() * FRESH_RANGE);
  console.log(`${seeds} seeds from ${from}`);
  const sum = { views: 0, messages: 0 };
  let [failed, ended] = [0, 0];
  const begun = performance.now();
  await runSeeds<PlayedFlush>({
    program: flusher,
    from,
    count: seeds,
    workers,
    done(played) {
      sum.views += played.views;
      sum.messages += played.messages;
      if (++ended % PROGRESS === 0 && ended < seeds) console.log(`${ended} seeds, ${failed} with violations`);
      if (played.faults.length === 0) return;
      failed++;
      tell(played.seed, played.faults);
    },
  });
  const seconds = (performance.now() - begun) / 1000;
  const { views, messages } = sum;
  console.log(
    `${seeds} seeds, ${failed} with violations; ${views} views, ${messages} messages; ${seconds.toFixed(1)} s`,
  );
  return failed === 0;
}

/** Connections that come back, in one world or in many. */
async function returns({ seed, seeds, workers, ...options }: Options): Promise<boolean> {
  const tell = ({ seed: of, profile, violations }: PlayedReturns): void => {
    console.log(`seed ${of}, ${profile}, violates ${violations.length}`);
    for (const line of violations.slice(0, WORST_LINES)) console.log(`  ${line}`);
  };
  if (seed !== undefined) {
    const played = await playReturns(seed);
    tell(played);
    return played.violations.length === 0;
  }
  const from = options.from ?? Math.floor(Math.random() * FRESH_RANGE);
  console.log(`${seeds} seeds from ${from}`);
  const sum = { kills: 0, losses: 0, whole: 0 };
  let [failed, ended] = [0, 0];
  const begun = performance.now();
  await runSeeds<PlayedReturns>({
    program: returner,
    from,
    count: seeds,
    workers,
    done(played) {
      sum.kills += played.kills;
      sum.losses += played.losses;
      sum.whole += played.links['whole'] ?? 0;
      if (++ended % PROGRESS === 0 && ended < seeds) console.log(`${ended} seeds, ${failed} with violations`);
      if (played.violations.length === 0) return;
      failed++;
      tell(played);
    },
  });
  const seconds = (performance.now() - begun) / 1000;
  const { kills, losses, whole } = sum;
  console.log(
    `${seeds} seeds, ${failed} with violations; ${kills} daemons died, ${losses} losses, ${whole} whole returns; ` +
      `${seconds.toFixed(1)} s`,
  );
  return failed === 0;
}

function all(options: Options): Promise<boolean> | boolean {
  if (options.flush) return flush(options);
  if (options.recipes) return recipes(options);
  if (options.returns) return returns(options);
  return options.seed === undefined ? many(options) : one(options.seed, options);
}

process.exitCode = (await all(program.parse().opts<Options>())) ? 0 : 1;
