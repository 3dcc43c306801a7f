/**
 * Which specs run beside which: those that wait for sockets, those that run programs, those that only compute, and those that
 * need nodes.
 */
import { didYouMean } from '../../lib/util/option-errors.js';

export interface Part {
  readonly name: string;
  /** Spec files, as in `core/core`. */
  readonly specs: readonly string[];
  /** Whether it leaves the processor to others: nothing in it waits for a time. */
  readonly isPatient: boolean;
}

/** Specs that open sockets, start processes or wait for real time: folders, and files of other folders. */
export const OUTSIDE: readonly string[] = [
  'adapters/cluster-process',
  'adapters/connections',
  'adapters/keyv',
  'adapters/node-cron',
  'adapters/opentelemetry',
  'bench',
  'browser',
  'channel',
  'cli/completion',
  'cli/flood-run',
  'cli/man',
  'cli/top',
  'client',
  'cluster',
  'conformance',
  'core/model.long',
  'core/overdue-changes',
  'daemon',
  'endings',
  'engine/corosync/engine',
  'engine/transport',
  'error-codes',
  'flush/calls',
  'flush/recordings',
  'flush/stall',
  'flush/vectors-of-calls',
  'fuzz',
  'mailbox',
  'memory-network',
  'monitor',
  'net',
  'own-end',
  'package',
  'packages',
  'prepare',
  'process',
  'recipes/guide',
  'recipes/shells',
  'regular-file',
  'release/make',
  'session',
  'silence',
  'ssp',
  'start-modules',
  'testing/cluster',
  'testing/guide',
  'testing/tcp',
  'util/clock',
  'util/on-abort',
  'util/timer-queue',
  'view-time-file',
];
/** Of those: specs that mostly start programs of this package, and need no nodes. */
export const PROGRAMS: readonly string[] = ['bench', 'cli', 'fuzz', 'package', 'process', 'start-modules'];
/** Of those: specs that need nodes. They run one after the other, so only one spec at a time has a cluster. */
export const NODES: readonly string[] = [
  'channel/checks-cluster.long',
  'cluster',
  'engine/transport',
  'process/silent-peers',
];
/** Within the folders: specs that only compute all the same. */
export const INSIDE: readonly string[] = [
  'browser/web-socket',
  'channel/ledger',
  'channel/parts',
  'channel/returns',
  'channel/schedules/guards',
  'channel/schedules/random',
  'channel/schedules/random.long',
  'channel/schedules/scenarios',
];

/**
 * Specs of `npm run test:hosts` that compile, bundle, and install what is packed. All that pack are here: they share one
 * tarball, and two at once would meet in the compiled examples.
 */
export const COMPILERS: readonly string[] = [
  'hosts/adapters/missing-host',
  'hosts/adapters/next',
  'hosts/adapters/opentelemetry',
  'hosts/adapters/socket-io-installed',
  'hosts/bundle',
  'hosts/consumer',
  'hosts/deploy',
  'hosts/promtool',
  'hosts/runners',
];

/** `build/spec/core/core.spec.js`, with or without its ends, as `core/core`. */
export function specName(path: string): string {
  const bare = path.replaceAll('\\', '/').replace(/^\.\//, '');
  return bare.replace(/^(build\/)?spec\//, '').replace(/(\.spec)?(\.[jt]s)?\/?$/, '');
}

/** Whether `npm test` has it: those of `hosts` need packages of their own, which `npm run test:hosts` installs. */
export const isForEverybody = (spec: string): boolean => !spec.startsWith('hosts/');

const isUnder = (spec: string, places: readonly string[]): boolean =>
  places.some((place) => spec === place || spec.startsWith(`${place}/`));

/** All parts, in the order in which they begin; the output of the first one is shown at once. */
export function partsOf(
  specs: readonly string[],
): readonly [sockets: Part, programs: Part, pure: Part, nodes: Part] {
  const waits = (spec: string): boolean => isUnder(spec, OUTSIDE) && !isUnder(spec, INSIDE);
  const hasNodes = (spec: string): boolean => isUnder(spec, NODES);
  const isProgram = (spec: string): boolean => isUnder(spec, PROGRAMS) && !hasNodes(spec);
  const outside = specs.filter(waits);
  const ofSockets = outside.filter((spec) => !hasNodes(spec) && !isProgram(spec));
  return [
    { name: 'sockets', specs: ofSockets, isPatient: false },
    { name: 'programs', specs: outside.filter(isProgram), isPatient: false },
    { name: 'pure and simulated', specs: specs.filter((spec) => !waits(spec)), isPatient: true },
    // The last one: it has times to keep, and fewer others beside it.
    { name: 'nodes', specs: outside.filter(hasNodes), isPatient: false },
  ];
}

/** All parts of `npm run test:hosts`. */
export function partsOfHosts(specs: readonly string[]): readonly [hosts: Part, compilers: Part] {
  const compiles = (spec: string): boolean => isUnder(spec, COMPILERS);
  return [
    { name: 'hosts and browsers', specs: specs.filter((spec) => !compiles(spec)), isPatient: false },
    { name: 'compilers and packages', specs: specs.filter(compiles), isPatient: true },
  ];
}

/**
 * The specs that the words name: a path, a folder, or the end of a path.
 *
 * @throws Error for a word that names nothing
 */
export function pick(words: readonly string[], specs: readonly string[]): string[] {
  const picked = new Set<string>();
  for (const word of words) {
    for (const spec of named(word, specs)) picked.add(spec);
  }
  return [...picked];
}

function named(word: string, specs: readonly string[]): readonly string[] {
  const name = specName(word);
  const isFile = /\.spec\b|\.[jt]s$/.test(word);
  const ways: readonly ((spec: string) => boolean)[] = [
    (spec) => spec === name,
    (spec) => spec === `${name}.long`,
    (spec) => !isFile && spec.startsWith(`${name}/`),
    (spec) => spec.endsWith(`/${name}`),
    (spec) => spec.endsWith(`/${name}.long`),
  ];
  for (const way of ways) {
    const found = specs.filter(way);
    if (found.length > 0) return found;
  }
  const known = specs.flatMap((spec) => [spec, spec.slice(spec.lastIndexOf('/') + 1)]);
  throw new Error(`expected the name of a spec, such as core/core, got ${name}${didYouMean(name, known)}`);
}
