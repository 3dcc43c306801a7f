/**
 * Worlds of daemons that are cut, merged and restarted by chance, with the real machine of the registry of channel
 * names in them: `random --worlds 100000` looks for a violation, `replay --seed n` tells what happens in one world.
 */
import { Command, InvalidArgumentError } from 'commander';
import { linesOf, play, playMany, type Shape } from '../spec/channel/schedules/random-world.js';

interface Options {
  readonly daemons: number;
  readonly connections: number;
  readonly untold?: boolean;
}

interface RandomOptions extends Options {
  readonly worlds: number;
  readonly seed?: number;
}

interface ReplayOptions extends Options {
  readonly seed: number;
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('not a whole number');
  return value;
}

function atLeastOne(text: string): number {
  if (whole(text) === 0) throw new InvalidArgumentError('expected at least 1');
  return whole(text);
}

function connections(text: string): number {
  if (atLeastOne(text) > MAX_CONNECTIONS)
    throw new InvalidArgumentError(`expected at most ${MAX_CONNECTIONS}`);
  return whole(text);
}

const MAX_CONNECTIONS = 2;
/** Fresh seeds are told apart from small ones that somebody chose. */
const FRESH_RANGE = 2 ** 30;
/** Worlds between two lines that say how far it is. */
const PROGRESS = 10_000;

const shapeOf = (options: Options): Shape => ({
  daemons: options.daemons,
  connections: options.connections,
  areTold: options.untold !== true,
});

function random({ worlds, seed, ...options }: RandomOptions): boolean {
  const shape = shapeOf(options);
  const from = seed ?? Math.floor(Math.random() * FRESH_RANGE);
  console.log(`${worlds} worlds from seed ${from}`);
  const begun = performance.now();
  let [violations, grants, takenOver, memoryLost] = [0, 0, 0, 0];
  const told = new Set<string>();
  for (let done = 0; done < worlds; done += PROGRESS) {
    const summary = playMany(shape, from + done, Math.min(PROGRESS, worlds - done));
    grants += summary.grants;
    takenOver += summary.takenOver;
    memoryLost += summary.memoryLost;
    for (const { count } of summary.found.values()) violations += count;
    const fresh = new Map([...summary.found].filter(([property]) => !told.has(property)));
    for (const line of linesOf({ ...summary, found: fresh }, shape)) console.log(line);
    for (const property of fresh.keys()) told.add(property);
    const ended = done + summary.worlds;
    if (ended < worlds) console.log(`${ended} worlds, ${violations} with violations`);
  }
  const seconds = (performance.now() - begun) / 1000;
  console.log(
    `${worlds} worlds, ${violations} with violations; ${grants} names given, ${takenOver} taken over, ` +
      `${memoryLost} worlds left since all had forgotten; ${seconds.toFixed(1)} s`,
  );
  return violations === 0;
}

function replay({ seed, ...options }: ReplayOptions): boolean {
  const { violation, isMemoryLost, trace } = play(seed, shapeOf(options), true);
  for (const line of trace) console.log(line);
  if (isMemoryLost) console.log('all had forgotten what was decided');
  console.log(violation?.message ?? 'no violation');
  return violation === null;
}

const program = new Command('registry-schedules').description(
  'Cuts, merges and restarts under the registry of channel names; prints what violates a property',
);

const command = (name: string, description: string): Command =>
  program
    .command(name)
    .description(description)
    .option('--daemons <count>', 'number of daemons', atLeastOne, 3)
    .option('--connections <count>', 'most connections of a daemon: 1 or 2', connections, 2)
    .option('--untold', 'do not tell the connections the names of all daemons');

command('random', 'many worlds')
  .option('--worlds <count>', 'number of worlds', atLeastOne, 1000)
  .option('--seed <seed>', 'seed of the first; a fresh one by default', whole)
  .action((options: RandomOptions) => {
    process.exitCode = random(options) ? 0 : 1;
  });
command('replay', 'one world, with all that happens in it')
  .requiredOption('--seed <seed>', 'seed of the world', whole)
  .action((options: ReplayOptions) => {
    process.exitCode = replay(options) ? 0 : 1;
  });

program.parse();
