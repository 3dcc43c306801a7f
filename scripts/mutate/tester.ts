/**
 * The mutation tester (Stryker). It is installed beside this tool and not with the toolkit: it brings more packages
 * than everything else together, and nothing but this needs it.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { repositoryRoot } from '../../spec/support/recordings.js';
import { sourcesOf, type Area } from './areas.js';
import { inWords, type MutantInWords } from './mutant.js';
import { keyOf, SAMPLE_FILE, textIgnorer, type TesterMutant } from './plugin.js';

/** What it says of a mutant that was tried; `Survived` and `NoCoverage` are the ones that nobody noticed. */
export type Status = 'Killed' | 'Timeout' | 'RuntimeError' | 'Survived' | 'NoCoverage';

export interface Tried {
  readonly mutant: MutantInWords;
  readonly status: Status;
}

interface Listed extends TesterMutant {
  readonly status?: string;
}

interface Result extends TesterMutant {
  readonly status: string;
}

interface Injector {
  provideValue(name: string, value: unknown): Injector;
  injectFunction(create: unknown): {
    instrument(
      files: readonly { readonly name: string; readonly content: string; readonly mutate: boolean }[],
      options: object,
    ): Promise<{ readonly mutants: readonly Listed[] }>;
  };
}

type Tester = new (options: object) => { runMutationTest(): Promise<readonly Result[]> };

const home = join(repositoryRoot, 'scripts/mutate/tester');
/** Out of the way of formatter, linters and git. */
const workshop = join(repositoryRoot, 'coverage/mutants');
const { resolve } = createRequire(join(home, 'package.json'));
type Resolve = (name: string) => string;
const MEGABYTES = 1024;
/** What a mutant may take besides what its tests take without it; one that takes longer is in an endless loop. */
const TIMEOUT = 5000;
/** Other programs may slow its tests down. */
const TIMEOUT_FACTOR = 2;

const load = async (name: string, from: Resolve = resolve): Promise<Record<string, unknown>> =>
  (await import(pathToFileURL(from(name)).href)) as Record<string, unknown>;

export function install(): void {
  if (existsSync(join(home, 'node_modules/@stryker-mutator/core'))) return;
  console.error('Installing the mutation tester ...');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  execFileSync(npm, ['install', '--no-package-lock', '--no-audit', '--no-fund'], {
    cwd: home,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

/** Every mutant of an area's sources, or of those among them that `wanted` lets pass. */
export async function listMutants(area: Area, wanted: (file: string) => boolean): Promise<TesterMutant[]> {
  const core = createRequire(resolve('@stryker-mutator/core'));
  const { createInjector } = await load('typed-inject', core.resolve);
  const { createInstrumenter } = await load('@stryker-mutator/instrumenter', core.resolve);
  const says: () => false = () => false;
  const silent = Object.fromEntries(
    ['Trace', 'Debug', 'Info', 'Warn', 'Error', 'Fatal'].flatMap((level) => [
      [level.toLowerCase(), says],
      [`is${level}Enabled`, says],
    ]),
  );
  const files = sourcesOf(area)
    .filter(wanted)
    .map((file) => join(repositoryRoot, file))
    .map((name) => ({ name, content: readFileSync(name, 'utf8'), mutate: true }));
  const instrumenter = (createInjector as () => Injector)()
    .provideValue('logger', silent)
    .injectFunction(createInstrumenter);
  const options = { ignorers: [textIgnorer], excludedMutations: [], plugins: null, noHeader: true };
  const { mutants } = await instrumenter.instrument(files, options);
  return mutants.filter(({ status }) => status !== 'Ignored');
}

const optionsOf = (area: Area, files: readonly string[], jobs: number): object => ({
  mutate: files,
  testRunner: 'mocha',
  plugins: [resolve('@stryker-mutator/mocha-runner'), fileURLToPath(new URL('plugin.js', import.meta.url))],
  ignorers: ['texts'],
  checkers: ['sample'],
  buildCommand: 'npx tsc -p .',
  // It would rewrite the one of the copy with a compiler API that this compiler has not.
  tsconfigFile: 'none',
  tempDirName: relative(repositoryRoot, join(workshop, area.name)),
  ignorePatterns: ['build', 'coverage', '.ci', 'scripts/mutate/tester/node_modules'],
  mochaOptions: {
    'no-config': true,
    'no-package': true,
    require: ['build/scripts/mutate/fixed-seeds.js'],
    spec: area.specs.map((spec) => `build/${spec.replace(/\.ts$/, '.js')}`),
  },
  coverageAnalysis: 'perTest',
  concurrency: jobs,
  timeoutMS: TIMEOUT,
  timeoutFactor: TIMEOUT_FACTOR,
  dryRunTimeoutMinutes: 30,
  testRunnerNodeArgs: [`--max-old-space-size=${MEGABYTES}`],
  reporters: ['progress-append-only', 'survivors'],
  logLevel: 'error',
  allowConsoleColors: false,
  cleanTempDir: 'always',
});

/** Tries mutants of one area against its specs. */
export async function tryMutants(
  area: Area,
  mutants: readonly TesterMutant[],
  jobs: number,
): Promise<Tried[]> {
  const keys = new Set(mutants.map(keyOf));
  const files = [...new Set(mutants.map(({ fileName }) => relative(repositoryRoot, fileName)))].toSorted();
  if (files.length === 0) return [];
  mkdirSync(workshop, { recursive: true });
  const sample = join(workshop, `${area.name}.json`);
  writeFileSync(sample, JSON.stringify([...keys]));
  process.env[SAMPLE_FILE] = sample;
  const { Stryker } = await load('@stryker-mutator/core');
  const results = await new (Stryker as Tester)(optionsOf(area, files, jobs)).runMutationTest();
  const sources = new Map(files.map((file) => [file, readFileSync(join(repositoryRoot, file), 'utf8')]));
  const tried: Tried[] = [];
  for (const { id, fileName, location, mutatorName, replacement, status } of results) {
    const result = { id, fileName, location: fromZero(location), mutatorName, replacement };
    if (!keys.has(keyOf(result))) continue;
    const file = relative(repositoryRoot, fileName);
    const { start, end } = result.location;
    const mutant = inWords({ file, start, end, replacement }, sources.get(file) as string);
    tried.push({ mutant, status: status as Status });
  }
  return tried;
}

/** A result counts lines and columns from one, a mutant from none. */
const fromZero = ({ start, end }: TesterMutant['location']): TesterMutant['location'] => ({
  start: { line: start.line - 1, column: start.column - 1 },
  end: { line: end.line - 1, column: end.column - 1 },
});
