/**
 * `npm test`: all specs in parts, three at a time: those that only compute beside those that wait for sockets, programs and
 * nodes. `npm test -- core/core` runs only the specs that are named; options after the names go to mocha. `--hosts` as the
 * first word means the specs of `npm run test:hosts` in the same manner.
 */
import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PartProcess } from './test/part-process.js';
import { isForEverybody, type Part, partsOf, partsOfHosts, pick, specName } from './test/parts.js';
import { statusOf, summaryOf } from './test/summary.js';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const SPECS = at('../spec');
const REPORTER = at('test/reporter.js');
const MOCHA = fileURLToPath(import.meta.resolve('mocha/bin/mocha.js'));
/**
 * Parts that run side by side. Two cores are enough for three: those with sockets and with nodes wait for half of their time,
 * and those that only compute have a lower priority.
 */
const AT_ONCE = 3;
/** Milliseconds that specs have to end what they started when they are interrupted. */
const END_LIMIT = 10_000;
/** Milliseconds for a test of a part that leaves the processor to others: it only has to end. */
const PATIENT_TIMEOUT = 120_000;
/** Milliseconds for a test of `npm run test:hosts`: compilers and browsers take theirs. */
const HOSTS_TIMEOUT = 240_000;

/** Options as in `.mocharc.json`; those of Node start no further process when Node gets them at once. */
interface Configuration {
  readonly 'node-option': readonly string[];
  readonly [option: string]: unknown;
}

function optionsOf(
  file: string,
  timeout: number | null,
): readonly [node: readonly string[], mocha: readonly string[]] {
  const configuration = JSON.parse(readFileSync(file, 'utf8')) as Configuration;
  const { 'node-option': node, ...rest } = configuration;
  const all = { ...rest, ...(timeout !== null && { timeout }) };
  const mocha = Object.entries(all).map(([option, value]) => `--${option}=${String(value)}`);
  return [node.map((option) => `--${option}`), ['--no-config', ...mocha]];
}

function allSpecs(isOfHosts: boolean): string[] {
  const isSpec = (entry: Dirent): boolean => entry.isFile() && entry.name.endsWith('.spec.js');
  const files = readdirSync(SPECS, { recursive: true, withFileTypes: true }).filter(isSpec);
  const specs = files.map((entry) => specName(relative(SPECS, join(entry.parentPath, entry.name))));
  return specs.filter((spec) => isForEverybody(spec) !== isOfHosts).toSorted();
}

/** The part of a name list and the options that follow it. */
function split(words: readonly string[]): readonly [names: string[], options: string[]] {
  const first = words.findIndex((word) => word.startsWith('-'));
  return first === -1 ? [[...words], []] : [words.slice(0, first), words.slice(first)];
}

/** The parts to run: the first one's output is shown at once, that of the next when it has ended. */
function chosen(names: readonly string[], isOfHosts: boolean): readonly Part[] {
  const specs = allSpecs(isOfHosts);
  if (names.length > 0) return [{ name: names.join(' '), specs: pick(names, specs), isPatient: false }];
  const parts = isOfHosts ? partsOfHosts(specs) : partsOf(specs);
  return parts.filter((part) => part.specs.length > 0);
}

function start(
  { name, specs, isPatient }: Part,
  timeout: number | null,
  options: readonly string[],
): PartProcess {
  const [node, mocha] = optionsOf(at('../../.mocharc.json'), timeout);
  const files = specs.map((spec) => join(SPECS, `${spec}.spec.js`));
  const colour = process.stdout.isTTY && process.env['NO_COLOR'] === undefined ? ['--color'] : [];
  const args = [...node, MOCHA, ...mocha, ...colour, '--reporter', REPORTER, ...options, ...files];
  return new PartProcess({ name, args, isPatient });
}

async function run(words: readonly string[]): Promise<number> {
  const begin = performance.now();
  const isOfHosts = words[0] === '--hosts';
  const [names, options] = split(isOfHosts ? words.slice(1) : words);
  const parts = chosen(names, isOfHosts);
  const begun: PartProcess[] = [];
  let interruption: number | null = null;
  const beginNext = (): void => {
    const part = parts[begun.length];
    if (!part || interruption !== null) return;
    const each = start(part, isOfHosts ? HOSTS_TIMEOUT : part.isPatient ? PATIENT_TIMEOUT : null, options);
    begun.push(each);
    void each.ended.finally(beginNext);
  };
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
    ['SIGHUP', 1],
  ] as const) {
    process.on(signal, () => {
      const isSecond = interruption !== null;
      interruption = 128 + number;
      for (const each of begun) each.end(isSecond ? 0 : END_LIMIT);
    });
  }
  for (let i = 0; i < AT_ONCE; i++) beginNext();
  const ended = [];
  // When one has ended the next one has begun, unless they were interrupted.
  for (let each = begun[0]; each; each = begun[ended.length]) {
    each.show();
    ended.push(await each.ended);
  }
  process.stdout.write(summaryOf(ended, (performance.now() - begin) / 1000));
  return interruption ?? statusOf(ended);
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
