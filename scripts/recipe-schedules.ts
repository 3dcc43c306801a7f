/**
 * Schedules for replicated state: `random` plays worlds by chance, `exhaust` all small ones, `replay` tells what
 * happens in one of either, and `guards` what random worlds notice when a guard is off.
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import { configurations, faultOf, findFault, nameOf } from '../spec/recipes/schedules/configurations.js';
import { guards } from '../spec/recipes/schedules/guards.js';
import type { Ends, WorldOptions } from '../spec/recipes/schedules/schedule-world.js';
import { playPath, searchAll, SMALL, type SmallOptions } from '../spec/recipes/schedules/small-world.js';

interface Group {
  readonly of: number;
  /** 0: none. */
  readonly quorum: number;
  readonly ends: Ends;
}

interface RandomOptions extends Group {
  readonly worlds: number;
  readonly seed?: number;
  readonly faults: number;
}

interface ExhaustOptions
  extends Group, Pick<SmallOptions, 'depth' | 'begin' | 'leads' | 'freezes' | 'restarts'> {
  readonly seconds: number;
  readonly steps: readonly number[];
}

type ReplayOptions = ExhaustOptions & { readonly seed?: number; readonly path?: readonly number[] };

/** Fresh seeds are told apart from small ones that somebody chose. */
const FRESH_RANGE = 2 ** 30;
const PROGRESS = 10_000;

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('not a whole number');
  return value;
}

const wholes = (text: string): number[] => text.split(',').map(whole);

const groupOf = ({ of, quorum, ends }: Group): WorldOptions => ({
  of,
  quorum: quorum === 0 ? null : quorum,
  ends,
});

const smallOf = ({
  depth,
  begin,
  leads,
  freezes,
  restarts,
  steps,
  ...group
}: ExhaustOptions): SmallOptions => ({
  ...groupOf(group),
  depth,
  begin,
  leads,
  freezes,
  restarts,
  steps,
});

function random({ worlds, seed, faults, ...group }: RandomOptions): boolean {
  const options = groupOf(group);
  const from = seed ?? Math.floor(Math.random() * FRESH_RANGE);
  console.log(`${worlds} worlds with ${nameOf(options)}, seeds from ${from}`);
  const begun = performance.now();
  let found = 0;
  let count = 0;
  while (count < worlds && found < faults) {
    const fault = faultOf(options, from + count);
    if (fault !== null) {
      found++;
      console.log(`seed ${from + count}: ${fault}`);
    }
    if (++count % PROGRESS === 0 && count < worlds) console.log(`${count} worlds, ${found} faults`);
  }
  console.log(`${count} worlds, ${found} faults; ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  return found === 0;
}

function exhaust({ seconds, ...rest }: ExhaustOptions): boolean {
  const { schedules, isDone, fault } = searchAll(smallOf({ seconds, ...rest }), seconds * 1000);
  console.log(`${schedules} schedules${isDone ? ', all there are' : ''}`);
  if (fault) console.log(`${fault.text}\n  --path ${fault.path.join(',')}`);
  return fault === null;
}

function replay(options: ReplayOptions): boolean {
  const { seed, path } = options;
  const tell = (line: string): void => console.log(line);
  if (path) {
    playPath(smallOf(options), path, tell);
    return true;
  }
  const fault = faultOf(groupOf(options), seed ?? 1, tell);
  console.log(fault ?? 'no promise is broken');
  return fault === null;
}

/** What notices each guard that is switched off. */
function hunt({ worlds }: { readonly worlds: number }): boolean {
  for (const { name, off } of guards) {
    const on = off();
    const seen = configurations.flatMap((options) => {
      const found = findFault(options, worlds);
      return found ? `${nameOf(options)}: ${found.worlds}` : [];
    });
    on();
    console.log(`${name}: ${seen.length > 0 ? seen.join('; ') : 'nothing notices'}`);
  }
  return true;
}

const program = new Command('recipe-schedules').description(
  'Schedules for replicated state, and their faults',
);

/** A command with the options that say which group it is. */
const command = (name: string, description: string): Command =>
  program
    .command(name)
    .description(description)
    .option('--of <count>', 'members there can be at one time', whole, 3)
    .option('--quorum <count>', 'members that have to be together; 0: no quorum', whole, 2)
    .addOption(
      new Option('--ends <rule>', 'which processes may end').choices(['loose', 'strict']).default('loose'),
    );

const withSearch = (each: Command): Command =>
  each
    .option('--depth <cuts>', 'cuts in each schedule', whole, SMALL.depth)
    .option('--steps <counts>', 'numbers of entries that may be ordered after a cut', wholes, [
      ...SMALL.steps,
    ])
    .addOption(
      new Option('--begin <how>', 'what the members are at first')
        .choices(['calm', 'together', 'apart'])
        .default(SMALL.begin),
    )
    .option('--leads', 'daemons may be ahead of others at a cut', false)
    .option('--freezes', 'members may stand still', false)
    .option('--restarts', 'one process may end and start again', false);

const finish =
  <T>(act: (options: T) => boolean) =>
  (options: T): void => {
    process.exitCode = act(options) ? 0 : 1;
  };

command('random', 'worlds by chance')
  .option('--worlds <count>', 'number of worlds', whole, 1000)
  .option('--seed <seed>', 'seed of the first; a fresh one by default', whole)
  .option('--faults <count>', 'end after this many faults', whole, 1)
  .action(finish(random));

withSearch(command('exhaust', 'all schedules of some cuts'))
  .option('--seconds <count>', 'end after this time', whole, 60)
  .action(finish(exhaust));

withSearch(command('replay', 'what happens in one schedule'))
  .option('--seed <seed>', 'seed of a random world', whole)
  .option('--path <choices>', 'choices of a schedule that `exhaust` has found', wholes)
  .action(finish(replay));

program
  .command('guards')
  .description('how many random worlds it takes to notice that a guard is off')
  .option('--worlds <count>', 'worlds of each configuration', whole, 500)
  .action(finish(hunt));

program.parse();
