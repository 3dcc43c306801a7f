/**
 * Worlds of secure groups under their checkers: `--seeds 20000` plays that many fresh ones, `--seed n` one, `--trace` tells
 * what happens in it.
 */
import { Command, InvalidArgumentError } from 'commander';
import { interruptions, tryAll } from '../spec/secure/simulation/interruptions.js';
import { optionsOf, playRandom } from '../spec/secure/simulation/random-world.js';

interface Options {
  readonly seeds: number;
  readonly from?: number;
  readonly seed?: number;
  readonly trace?: boolean;
  readonly interruptions?: boolean;
}

/** Fresh seeds are told apart from small ones that somebody chose. */
const FRESH_RANGE = 2 ** 30;
const PROGRESS = 1_000;

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('not a whole number');
  return value;
}

const program = new Command('secure-worlds')
  .description('Simulated secure groups under checkers; prints what violates a property')
  .option('--seeds <count>', 'number of seeds', whole, 1000)
  .option('--from <seed>', 'first seed; a fresh one by default', whole)
  .option('--seed <seed>', 'run this one seed', whole)
  .option('--trace', 'print what happens in it')
  .option('--interruptions', 'every interruption of an agreement of three, with every cut');

const { seeds, from, seed, trace, interruptions: isExhaustive } = program.parse().opts<Options>();

/** @returns whether nothing was wrong */
function playWorlds(): boolean {
  const first = seed ?? from ?? Math.floor(Math.random() * FRESH_RANGE);
  const count = seed === undefined ? seeds : 1;
  const tell = trace ? (line: string): void => console.log(line) : undefined;
  const totals = { failed: 0, views: 0, rekeys: 0, messages: 0 };
  const begun = performance.now();
  console.log(`${count} worlds from seed ${first}`);
  for (let i = 0; i < count; i++) {
    const options = optionsOf(first + i);
    const { violations, views, rekeys, messages } = playRandom(first + i, options, null, tell);
    totals.views += views;
    totals.rekeys += rekeys;
    totals.messages += messages;
    if (violations.length > 0) {
      totals.failed++;
      console.log(`seed ${first + i} ${JSON.stringify(options)}`);
      for (const { property, text } of violations) console.log(`  ${property}: ${text}`);
    }
    if ((i + 1) % PROGRESS === 0) console.log(`${i + 1} worlds, ${totals.failed} failed`);
  }
  const seconds = Math.round((performance.now() - begun) / 1000);
  console.log(`${count} worlds in ${seconds} s: ${JSON.stringify(totals)}`);
  return totals.failed === 0;
}

function playInterruptions(): boolean {
  let runs = 0;
  let failed = 0;
  for (const interruption of interruptions()) {
    const tried = tryAll(interruption);
    runs += tried.runs;
    if (tried.fault === null) continue;
    failed++;
    console.log(tried.fault);
  }
  console.log(`${runs} interruptions, ${failed} failed`);
  return failed === 0;
}

process.exitCode = (isExhaustive ? playInterruptions() : playWorlds()) ? 0 : 1;
