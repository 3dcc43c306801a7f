/** What is mutated, and the specs that have to notice it. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../../spec/support/recordings.js';

export interface Area {
  readonly name: string;
  /** The sources: folders, and single files. */
  readonly sources: readonly string[];
  /** Quick ones first: a mutant meets the tests that reach it in this order, up to the first that fails. */
  readonly specs: readonly string[];
}

const below = (folder: string, ending: string): string[] =>
  readdirSync(join(repositoryRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
    .toSorted();

/** These specs of a folder. */
const named = (folder: string, ...names: readonly string[]): string[] =>
  names.map((name) => `spec/${folder}/${name}.spec.ts`);

/** Specs that read the sources, which the tester fills with code of its own; that take long; that measure time. */
const UNFIT = /(?:purity|\.long|\/engine|watchdog)\.spec/;

/** All specs of a folder, those with such a name at the end. */
const all = (folder: string, last: RegExp): string[] => {
  const specs = below(`spec/${folder}`, '.spec.ts').filter((spec) => !UNFIT.test(spec));
  return [...specs.filter((spec) => !last.test(spec)), ...specs.filter((spec) => last.test(spec))];
};

export const areas: readonly Area[] = [
  { name: 'util', sources: ['lib/util'], specs: all('util', /\.fuzz\./) },
  { name: 'wire', sources: ['lib/wire'], specs: all('wire', /\.fuzz\./) },
  {
    name: 'core',
    sources: ['daemon/core'],
    specs: [...all('core', /cascades\.spec/), ...named('simulation', 'scenarios')],
  },
  {
    name: 'views',
    sources: ['daemon/engine/views'],
    specs: [...all('engine/views', /machine\.spec/), ...named('simulation', 'scenarios')],
  },
  {
    name: 'recipes',
    sources: ['lib/recipes/core'],
    specs: [
      ...named('recipes', 'component', 'round', 'transitions', 'state-steps', 'decision', 'replica-parts'),
      ...named(
        'recipes',
        'transfer-parts',
        'bodies',
        'small-machines',
        'submitters',
        'machine-states',
        'call-steps',
        'presence-steps',
        'election-steps',
      ),
      ...named('recipes', 'codec', 'members', 'call', 'election', 'schedules/scenarios'),
      ...named('recipes', 'machines', 'replicated'),
    ],
  },
  {
    name: 'primary',
    sources: ['lib/primary'],
    specs: [
      ...all('primary', /\.fuzz\./),
      ...named('recipes', 'decision', 'transitions', 'election-steps', 'machines', 'schedules/scenarios'),
      ...named('channel', 'parts', 'registry', 'schedules/scenarios', 'schedules/guards'),
    ],
  },
  {
    name: 'flush',
    sources: ['lib/flush/core'],
    specs: named('flush', 'layer', 'vectors', 'simulation/simulate'),
  },
  {
    name: 'secure',
    sources: ['lib/secure/core'],
    specs: named(
      'secure',
      'parts',
      'view-events',
      'epochs',
      'keying',
      'states',
      'machine',
      'vectors',
      'flips',
      'worlds',
    ),
  },
  {
    name: 'identity',
    sources: ['authorize', 'identity', 'node-provider'].map((name) => `lib/secure/${name}.ts`),
    specs: [...named('secure', 'identity', 'vectors'), ...named('client', 'secure')],
  },
  {
    name: 'keyed',
    sources: [
      'lib/secure/member.ts',
      ...['membership', 'events', 'group'].map((name) => `lib/client/secure-${name}.ts`),
    ],
    specs: named('client', 'secure', 'secure-keying'),
  },
];

export const sourcesOf = ({ sources }: Area): string[] =>
  sources.flatMap((source) => (source.endsWith('.ts') ? [source] : below(source, '.ts')));
