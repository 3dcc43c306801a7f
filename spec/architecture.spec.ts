/** The arrows and the purity: which room may import which, and which code may know no world outside. No circles is a linter's rule. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path/posix';
import { expect } from 'chai';
import { repositoryRoot } from './support/recordings.js';

interface Rule {
  /** Rooms of which anything may be imported. */
  readonly values: readonly string[];
  /** Rooms of which only types may be imported. */
  readonly types?: readonly string[];
}

const shared = ['lib/wire', 'lib/errors'];
const library = [
  ...shared,
  'lib/mailbox',
  'lib/ssp',
  'lib/client',
  'lib/flush',
  'lib/flush/core',
  'lib/secure',
  'lib/secure/core',
  'lib/recipes',
  'lib/channel',
];
const port = 'daemon/engine/port';
/** What everything in the daemon may know: who may do what, the state of groups, lines of the log. */
const base = [...shared, port, 'daemon/core', 'daemon/log'];
/** Whoever builds a daemon of its parts. */
const builder = [
  ...base,
  'daemon/access',
  'daemon/config',
  'daemon/engine',
  'daemon/monitor',
  'daemon/net',
  'daemon/net/websocket',
  'daemon/session',
  'daemon/options',
  'daemon/prepare',
];

/** Pure helpers that every room may use. */
const forAll = 'lib/util';

/**
 * A room is a folder of lib or daemon, or a file beside the folders; the port of the engines, their view machine and the
 * cores of the flush layer and of secure groups, too.
 */
const rules: Readonly<Record<string, Rule>> = {
  [forAll]: { values: [] },
  'lib/error-codes': { values: [] },
  'lib/errors': { values: ['lib/wire', 'lib/error-codes'] },
  'lib/node-version': { values: [] },
  'lib/wire': { values: ['lib/errors'] },
  'lib/primary': { values: ['lib/wire'] },
  'lib/silence': { values: [] },
  'lib/mailbox': { values: [...shared, 'lib/silence'] },
  'lib/flush/core': { values: ['lib/wire'], types: ['lib/mailbox'] },
  'lib/flush': { values: [...shared, 'lib/silence', 'lib/mailbox', 'lib/ssp', 'lib/flush/core'] },
  'lib/secure/core': { values: ['lib/wire'] },
  'lib/secure': { values: [...shared, 'lib/secure/core', 'lib/mailbox'], types: ['lib/flush/core'] },
  'lib/ssp': {
    values: [...shared, 'lib/silence', 'lib/mailbox', 'lib/flush/core', 'lib/secure', 'lib/secure/core'],
  },
  'lib/client': {
    values: [...shared, 'lib/silence', 'lib/mailbox', 'lib/flush/core', 'lib/secure', 'lib/secure/core'],
  },
  'lib/recipes': { values: [...shared, 'lib/primary', 'lib/mailbox', 'lib/client'] },
  'lib/channel': { values: [...shared, 'lib/primary', 'lib/mailbox', 'lib/client'] },
  'lib/browser': { values: [...shared, 'lib/mailbox', 'lib/client', 'lib/recipes'] },
  'lib/recording': { values: [...shared, 'lib/mailbox', 'lib/client'] },
  'lib/adapters': { values: [...shared, 'lib/mailbox', 'lib/client', 'lib/recipes'] },
  'lib/index': { values: library },
  'lib/cli': { values: ['lib/util', 'lib/index', 'lib/node-version'] },

  'daemon/core': { values: ['lib/wire'], types: [port] },
  [port]: { values: shared },
  'daemon/engine/views': { values: [...shared, port, 'daemon/core'] },
  'daemon/engine': { values: [...shared, port, 'daemon/engine/views'], types: ['daemon/log'] },
  'daemon/access': { values: shared, types: ['daemon/core'] },
  'daemon/config': { values: [...shared, 'daemon/core'] },
  'daemon/regular-file': { values: [] },
  'daemon/log': { values: ['lib/errors', 'daemon/regular-file'], types: ['daemon/session'] },
  'daemon/counters': { values: [], types: ['daemon/session'] },
  'daemon/net': {
    values: [...shared, 'lib/silence'],
    types: ['daemon/access', 'daemon/log', 'daemon/session'],
  },
  'daemon/net/websocket': {
    values: [...base, 'lib/silence', 'daemon/net', 'daemon/session'],
  },
  'daemon/session': {
    values: [...base, 'lib/silence', 'daemon/access', 'daemon/counters', 'daemon/net'],
  },
  'daemon/monitor': { values: [...base, 'daemon/net'], types: ['daemon/counters', 'daemon/session'] },
  'daemon/option-fault': { values: shared },
  'daemon/options': {
    values: [
      ...base,
      'lib/silence',
      'daemon/access',
      'daemon/config',
      'daemon/monitor',
      'daemon/session',
      'daemon/option-fault',
      'daemon/web-options',
    ],
    types: ['daemon/engine'],
  },
  'daemon/web-options': { values: ['daemon/config'], types: ['daemon/net/websocket'] },
  'daemon/prepare': { values: [...builder] },
  'daemon/live-status': {
    values: [...base, 'daemon/options'],
    types: ['daemon/monitor', 'daemon/session', 'daemon/engine'],
  },
  'daemon/slices': { values: [], types: ['daemon/core'] },
  'daemon/view-time-file': { values: ['daemon/regular-file'], types: ['daemon/log'] },
  'daemon/wiring': {
    values: ['daemon/core', 'daemon/session'],
    types: [port, 'daemon/access', 'daemon/log'],
  },
  'daemon/daemon': {
    values: [...builder, 'daemon/live-status', 'daemon/slices', 'daemon/view-time-file', 'daemon/wiring'],
  },
  /** It is a program of both sides: nobody imports it. */
  'daemon/testing': {
    values: [
      ...builder,
      'daemon/live-status',
      'daemon/wiring',
      'lib/mailbox',
      'lib/client',
      'lib/recipes',
      'lib/recording',
    ],
  },
  'daemon/index': {
    values: [...builder, 'daemon/daemon'],
    types: ['daemon/counters', 'daemon/web-options'],
  },
  'daemon/cli': { values: [...builder, 'daemon/daemon', 'lib/node-version'] },
};

/** Rooms inside a room. */
const inner = ['daemon/net/websocket', 'daemon/engine/views', 'lib/flush/core', 'lib/secure/core'];

/** The entry points of the package: the command line uses them as a user's program does. */
const doors = /^lib\/(?:wire|ssp|secure|flush|recipes|channel)\/index\.js$/;
/** What the command line needs and no entry point has: by what a path begins with, the files that it may import. */
const behindTheDoors: readonly (readonly [from: string, ...files: readonly string[]])[] = [
  // The version and the limits are known without loading the calls that have them.
  ['lib/cli/', 'lib/wire/version.js', 'lib/wire/limits.js'],
  // Addresses are checked, and corrected, before there is a connection.
  ['lib/cli/values.ts', 'lib/mailbox/address.js'],
  ['lib/cli/session.ts', 'lib/mailbox/address.js'],
  ['lib/cli/monitor/', 'lib/mailbox/address.js'],
  // A recorder takes frames as they are delivered; the file is one that tests read, too.
  [
    'lib/cli/recording/',
    'lib/mailbox/mailbox.js',
    'lib/mailbox/received-message.js',
    'lib/mailbox/failure-text.js',
    'lib/client/reader.js',
    'lib/recording/error.js',
    'lib/recording/events.js',
    'lib/recording/format.js',
    'lib/recording/reader.js',
  ],
  // A load generator takes messages without a promise or an event for each.
  [
    'lib/cli/flood/',
    'lib/mailbox/mailbox.js',
    'lib/mailbox/dial-failure.js',
    'lib/mailbox/failure-text.js',
    'lib/mailbox/received-message.js',
    'lib/client/reader.js',
  ],
];

const isOpenToCli = (path: string, target: string): boolean =>
  doors.test(target) ||
  behindTheDoors.some(([from, ...files]) => path.startsWith(from) && files.includes(target));

/** What adapters need below the public API, by decision 034: nothing else of these folders. */
const belowTheApi = /^lib\/(?:mailbox|recipes\/core)\//;
const ofAdapters: readonly string[] = [
  // Time, timers and randomness of a connection, so that the testing kit can give others.
  'lib/mailbox/platform.js',
  // Reports on channels of diagnostics, and their types.
  'lib/mailbox/diagnostics.js',
  // What replicated state asks of a machine: bounds, and a refusal that is the same at all members.
  'lib/recipes/core/limits.js',
  'lib/recipes/core/malformed.js',
  'lib/recipes/core/machines/machine.js',
  // The map of the recipes, which a cache extends.
  'lib/recipes/core/machines/map.js',
  // Private messages that say which group they are for, as those of recipes do.
  'lib/recipes/core/codec.js',
];
const hostOf = (path: string): string | undefined => /^lib\/adapters\/([^/]+)\//.exec(path)?.[1];

/** What an adapter may not import of the rooms that it may import from, or null. */
function adapterFault(path: string, target: string): string | null {
  const host = hostOf(target);
  const isOfAnother = host !== undefined && host !== hostOf(path);
  const isHidden = belowTheApi.test(target) && !ofAdapters.includes(target);
  return isOfAnother || isHidden ? `${path} imports ${target}` : null;
}

/** Code that runs the same whenever and wherever it runs. */
const pure =
  /^(lib\/util(?!\/(?:clock|option-schemas|report|buffer\/types)[./])|lib\/wire|lib\/primary|lib\/recipes\/core|lib\/flush\/core|lib\/secure\/core|lib\/channel\/(registry|protocol)|daemon\/core|daemon\/engine\/views|daemon\/monitor\/console\/core)\//;
/** The clock of the machine and the schema library, of which pure code may know no more than the types. */
const worldly: ReadonlySet<string> = new Set(['lib/util/clock.js', 'lib/util/option-schemas.js']);
/** What pure code imports of packages: bytes, and the types of schemas. */
const isPurePackage = ({ specifier, typeOnly }: Import): boolean =>
  specifier === 'node:buffer' || specifier === '#buffer' || (typeOnly && specifier === 'zod');

const impure =
  /(?<![.\w$])(?:Date|setTimeout|setInterval|setImmediate|queueMicrotask|performance|process|globalThis)\b|\bMath\s*\.\s*random\b/g;

/** The library, of which a connection's time and randomness are those of its platform; the commands are programs. */
const ofLibrary = /^lib\/(?!cli\/)/;
/**
 * Where the time and the randomness of the machine come in: its clock, the default platform, and what nothing may replace: the
 * randomness of cryptography, and a watch on tables of the kernel.
 */
const ofTheMachine: ReadonlySet<string> = new Set([
  'lib/util/clock.ts',
  'lib/util/clock/node.ts',
  'lib/util/clock/browser.ts',
  'lib/mailbox/platform/node.ts',
  'lib/mailbox/platform/browser.ts',
  'lib/secure/node-provider.ts',
  'lib/silence/watch.ts',
]);
const unplanned =
  /(?<![.\w$])(?:setTimeout|setInterval|setImmediate|performance|hrtime|systemClock|random(?:Bytes|Int|UUID|Fill\w*))\b|\bMath\s*\.\s*random\b|\bDate\s*\.\s*now\b|\bnew\s+Date\s*\(\s*\)|\bgetRandomValues\b|\bAbortSignal\s*\.\s*timeout\b|\.\s*hrtime\b/g;

/** The code that browsers run too. */
const neutral = /^lib\/(?:wire|util|primary|mailbox|client|recipes|browser|flush\/core)\//;
/** Where it meets Node: the halves of the modules `#...` for Node, and what only they load. */
const ofNode: ReadonlySet<string> = new Set([
  // Names what Node has to the compiler, and is never loaded.
  'lib/util/buffer/types.ts',
  'lib/util/buffer/node.ts',
  'lib/util/clock/node.ts',
  'lib/util/report/node.ts',
  'lib/util/report/tracing.ts',
  'lib/mailbox/platform/node.ts',
  'lib/mailbox/socket-transport.ts',
  'lib/client/secure.ts',
  'lib/client/secure-membership.ts',
]);
/** Files of other rooms that browsers may run. */
const alsoNeutral: ReadonlySet<string> = new Set([
  'lib/errors.js',
  'lib/error-codes.js',
  'lib/silence/limits.js',
]);
const globalsOfNode = /(?<![.\w$])(?:process|clearImmediate|NodeJS|__dirname)\b/g;
const globalBuffer = /(?<![.\w$])Buffer\b/;

/** The modules `#...` and their files for Node. */
const privateModules = (
  JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as {
    readonly imports: Readonly<Record<string, { readonly node: string; readonly default: string }>>;
  }
).imports;

/** The file that an import names, below the root; null for a package. */
function targetOf(path: string, specifier: string): string | null {
  if (specifier.startsWith('.')) return normalize(join(dirname(path), specifier));
  return privateModules[specifier]?.node.replace('./build/', '') ?? null;
}

/** What keeps a file from browsers: an import of it. */
function nodeImport(path: string, { specifier, typeOnly }: Import): string | null {
  if (!neutral.test(path) || ofNode.has(path)) return null;
  if (specifier.startsWith('node:')) return `${path} runs in browsers and imports ${specifier}`;
  const target = specifier.startsWith('.') ? targetOf(path, specifier) : null;
  if (typeOnly || target === null || alsoNeutral.has(target)) return null;
  const isOpen = neutral.test(target) && !ofNode.has(target.replace(/\.js$/, '.ts'));
  return isOpen ? null : `${path} runs in browsers and imports ${target}`;
}

/** The same: what it uses. */
function nodeGlobals(path: string, source: string): string[] {
  if (!neutral.test(path) || ofNode.has(path)) return [];
  const code = stripped(source, false);
  const used = [...new Set(code.match(globalsOfNode))];
  const hasBuffer = importsOf(source).some(({ specifier }) => specifier === '#buffer');
  if (!hasBuffer && globalBuffer.test(code)) used.push('Buffer');
  return used.map((name) => `${path} runs in browsers and uses ${name}`);
}

const LONGEST_FILE = 400;
/** A state machine reads best as a whole. */
const LONGEST_STATE_MACHINE = 500;
const stateMachines = new Set([
  'lib/recipes/core/replicated/core.ts',
  'daemon/engine/views/machine.ts',
  'lib/secure/core/machine.ts',
  'lib/channel/registry/machine.ts',
  'lib/client/resume/machine.ts',
]);

/** The source without comments, and without the text of strings unless they are kept. */
function stripped(source: string, keepStrings: boolean): string {
  const token =
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\[\s\S])*`|(?<=[(,=:[!&|?{};\n]\s*)\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\//g;
  return source.replace(token, (text) => {
    if (text.startsWith('//') || text.startsWith('/*')) return ' ';
    if (keepStrings) return text;
    if (!text.startsWith('`')) return "''";
    return (text.match(/\$\{[^}]*\}/g) ?? []).map((part) => ` ${part.slice(2, -1)} `).join(';');
  });
}

interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
}

const names = String.raw`\{[^}]*\}|\*(?:\s*as\s+[\w$]+)?`;
const imported = new RegExp(
  String.raw`\b(?:import\s+(type\s+)?((?:[\w$]+\s*,\s*)?(?:${names})|[\w$]+)|export\s+(type\s+)?(${names}))\s*from\s*(['"])(.+?)\5`,
  'g',
);
const loaded = /\b(?:import|require)\s*\(\s*(['"`])(.+?)\1|\bimport\s*(['"])(.+?)\3/g;

/** Whether every name between the braces is marked as a type. */
function onlyTypes(clause: string): boolean {
  const inside = /^\{([^}]*)\}$/.exec(clause)?.[1];
  const parts = (inside ?? '').split(',').filter((part) => part.trim() !== '');
  return parts.length > 0 && parts.every((part) => /^\s*type\s/.test(part));
}

function importsOf(source: string): Import[] {
  const code = stripped(source, true);
  const found: Import[] = [];
  for (const [, importType, importClause, exportType, exportClause, , specifier = ''] of code.matchAll(
    imported,
  )) {
    const marked = (importType ?? exportType) !== undefined;
    found.push({ specifier, typeOnly: marked || onlyTypes(importClause ?? exportClause ?? '') });
  }
  for (const [, , dynamic, , bare] of code.matchAll(loaded)) {
    found.push({ specifier: dynamic ?? bare ?? '', typeOnly: false });
  }
  return found;
}

/** The room of a path below the root, with or without its ending. */
function roomOf(path: string): string {
  const bare = path.replace(/\.(js|ts)$/, '');
  if (bare === port) return bare;
  for (const room of inner) if (bare.startsWith(`${room}/`)) return room;
  return bare.split('/').slice(0, 2).join('/');
}

/** What is wrong with one import, or null. */
function arrowFault(path: string, each: Import): string | null {
  const { specifier, typeOnly } = each;
  if (!specifier.startsWith('.') && pure.test(path) && !isPurePackage(each))
    return `${path} is pure and imports ${specifier}`;
  const target = targetOf(path, specifier);
  if (target === null) return null;
  if (worldly.has(target) && pure.test(path) && !typeOnly) return `${path} is pure and imports ${target}`;
  const from = roomOf(path);
  const to = roomOf(target);
  const fault = from === 'lib/adapters' ? adapterFault(path, target) : null;
  if (fault !== null) return fault;
  if (from === to || to === forAll) return null;
  const rule = rules[from];
  if (!rule) return `${path} is in the room ${from}, which has no rule`;
  if (rule.values.includes(to) || (typeOnly && rule.types?.includes(to))) return null;
  if (from === 'lib/cli' && isOpenToCli(path, target)) return null;
  return `${path} imports ${rule.types?.includes(to) ? 'more than types of ' : ''}${to}`;
}

/** Everything that is wrong with one source file. */
function faultsOf(path: string, source: string): string[] {
  const faults = importsOf(source).flatMap((each) => arrowFault(path, each) ?? nodeImport(path, each) ?? []);
  if (pure.test(path)) {
    const used = new Set(stripped(source, false).match(impure));
    faults.push(...[...used].map((name) => `${path} is pure and uses ${name}`));
  } else {
    faults.push(...nodeGlobals(path, source));
  }
  if (ofLibrary.test(path) && !pure.test(path) && !ofTheMachine.has(path)) {
    const used = new Set(stripped(source, false).match(unplanned));
    faults.push(...[...used].map((what) => `${path} uses ${what}, which its platform should give`));
  }
  const lines = source.split('\n').length - 1;
  if (lines > (stateMachines.has(path) ? LONGEST_STATE_MACHINE : LONGEST_FILE))
    faults.push(`${path} has ${lines} lines`);
  return faults;
}

const sources: readonly (readonly [path: string, source: string])[] = ['lib', 'daemon'].flatMap((folder) =>
  readdirSync(join(repositoryRoot, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.ts'))
    .map((path) => [path, readFileSync(join(repositoryRoot, path), 'utf8')] as const),
);

describe('architecture', () => {
  it('is kept by every source file', () => {
    expect(sources.flatMap(([path, source]) => faultsOf(path, source))).to.deep.equal([]);
  });

  it('has no exception that nothing needs', () => {
    const all = [...behindTheDoors, ['lib/adapters/', ...ofAdapters] as const];
    const unused = all.flatMap(([from, ...files]) =>
      files.filter((file) => {
        const importing = sources.filter(([path]) => path.startsWith(from));
        return !importing.some(([path, source]) =>
          importsOf(source).some(({ specifier }) => normalize(join(dirname(path), specifier)) === file),
        );
      }),
    );
    expect(unused).to.deep.equal([]);
  });

  it('lets in time and randomness in no file that does not need them', () => {
    const used = sources
      .filter(([, source]) => stripped(source, false).match(unplanned))
      .map(([path]) => path);
    expect(used).to.include.members([...ofTheMachine]);
  });

  it('is looked for in the real sources', () => {
    const rooms = new Set(sources.map(([path]) => roomOf(path)));
    expect([...rooms]).to.include.members(['lib/wire', 'lib/mailbox', 'daemon/core', 'daemon/session']);
    const wire = sources.filter(([path]) => path.startsWith('lib/wire/'));
    expect(wire.flatMap(([, source]) => importsOf(source)).length).to.be.above(40);
  });

  describe('finds the imports', () => {
    for (const [source, specifier, typeOnly] of [
      ["import { a } from './a.js';", './a.js', false],
      ["import a from './a.js';", './a.js', false],
      ["import a, { b } from './a.js';", './a.js', false],
      ["import * as a from './a.js';", './a.js', false],
      ["import {\n  a,\n  type B,\n} from './a.js';", './a.js', false],
      ["import type { A } from './a.js';", './a.js', true],
      ["import { type A, type B } from './a.js';", './a.js', true],
      ["import { type A, typed } from './a.js';", './a.js', false],
      ["import './a.js';", './a.js', false],
      ["const a = await import('./a.js');", './a.js', false],
      ["const a = require('./a.js');", './a.js', false],
      ["export { a } from './a.js';", './a.js', false],
      ["export * from './a.js';", './a.js', false],
      ["export * as a from './a.js';", './a.js', false],
      ["export type { A } from './a.js';", './a.js', true],
      ['import { a } from "node:net";', 'node:net', false],
    ] as const) {
      it(`in ${JSON.stringify(source)}`, () => {
        expect(importsOf(source)).to.deep.equal([{ specifier, typeOnly }]);
      });
    }

    for (const source of [
      "// import { a } from './a.js';",
      "/** import { a } from './a.js' */",
      'export const from = 1;',
      'export function a(): string { return b; }',
    ]) {
      it(`and none in ${JSON.stringify(source)}`, () => {
        expect(importsOf(source)).to.deep.equal([]);
      });
    }
  });

  describe('refuses', () => {
    for (const [path, source, fault] of [
      ['lib/util/a.ts', "import { b } from '../wire/b.js';", 'imports lib/wire'],
      ['lib/util/a.ts', 'const a = performance.now();', 'is pure and uses performance'],
      ['lib/util/a.ts', "import { z } from 'zod';", 'is pure and imports zod'],
      ['lib/util/a.ts', "import { b } from './clock.js';", 'is pure and imports lib/util/clock.js'],
      [
        'daemon/core/a.ts',
        "import { b } from '../../lib/util/clock.js';",
        'is pure and imports lib/util/clock.js',
      ],
      ['lib/wire/a.ts', "import { b } from '../mailbox/b.js';", 'imports lib/mailbox'],
      ['lib/wire/handshake/a.ts', "import { b } from '../../client/b.js';", 'imports lib/client'],
      ['lib/mailbox/a.ts', "import type { B } from '../client/b.js';", 'imports lib/client'],
      ['lib/client/a.ts', "import { b } from '../recipes/b.js';", 'imports lib/recipes'],
      ['lib/recipes/a.ts', "import { b } from '../channel/b.js';", 'imports lib/channel'],
      ['lib/flush/core/a.ts', "import { b } from '../b.js';", 'imports lib/flush'],
      [
        'lib/flush/core/a.ts',
        "import { b } from '../../mailbox/b.js';",
        'imports more than types of lib/mailbox',
      ],
      ['lib/flush/core/a.ts', 'setTimeout(() => 1, 2);', 'is pure and uses setTimeout'],
      ['lib/client/a.ts', "import { b } from '../flush/b.js';", 'imports lib/flush'],
      ['lib/secure/core/a.ts', "import { b } from '../node-provider.js';", 'imports lib/secure'],
      ['lib/secure/core/a.ts', "import { b } from 'node:crypto';", 'is pure and imports node:crypto'],
      ['lib/secure/core/a.ts', 'const a = Date.now();', 'is pure and uses Date'],
      ['lib/secure/a.ts', "import { b } from '../client/b.js';", 'imports lib/client'],
      ['lib/secure/a.ts', "import { b } from '../ssp/b.js';", 'imports lib/ssp'],
      ['lib/ssp/a.ts', "import { b } from '../flush/b.js';", 'imports lib/flush'],
      [
        'lib/secure/a.ts',
        "import { b } from '../flush/core/b.js';",
        'imports more than types of lib/flush/core',
      ],
      ['lib/channel/a.ts', "import { b } from '../cli/b.js';", 'imports lib/cli'],
      ['lib/client/a.ts', "import { b } from '../index.js';", 'imports lib/index'],
      ['lib/index.ts', "export * from './cli/b.js';", 'imports lib/cli'],
      ['lib/cli/a.ts', "import { b } from '../recipes/b.js';", 'imports lib/recipes'],
      ['lib/cli/a.ts', "import type { B } from '../client/index.js';", 'imports lib/client'],
      ['lib/cli/a.ts', "import { b } from '../mailbox/mailbox.js';", 'imports lib/mailbox'],
      ['lib/cli/flood/a.ts', "import { b } from '../../mailbox/outbox.js';", 'imports lib/mailbox'],
      ['lib/cli/a.ts', "import { b } from '../errors.js';", 'imports lib/errors'],
      ['lib/mailbox/a.ts', "import { b } from '../../daemon/index.js';", 'imports daemon/index'],
      ['lib/mailbox/a.ts', "import b from '../../package.json';", 'imports package.json'],
      ['lib/adapters/a/b.ts', "import { c } from '../c/d.js';", 'imports lib/adapters/c/d.js'],
      ['lib/adapters/a.ts', "import type { B } from './c/b.js';", 'imports lib/adapters/c/b.js'],
      [
        'lib/adapters/a/b.ts',
        "import type { C } from '../../mailbox/mailbox.js';",
        'imports lib/mailbox/mailbox.js',
      ],
      [
        'lib/adapters/a/b.ts',
        "import { c } from '../../recipes/core/election.js';",
        'imports lib/recipes/core/election.js',
      ],
      ['lib/adapters/a/b.ts', "import { c } from '../../channel/c.js';", 'imports lib/channel'],
      ['lib/recipes/a.ts', "import { b } from '../adapters/b.js';", 'imports lib/adapters'],
      ['lib/attic/a.ts', "import { b } from '../wire/b.js';", 'is in the room lib/attic, which has no rule'],
      ['daemon/session/a.ts', "import { b } from '../../lib/mailbox/b.js';", 'imports lib/mailbox'],
      ['daemon/cli/main.ts', "import { b } from '../../lib/index.js';", 'imports lib/index'],
      ['daemon/core/a.ts', "import { b } from '../../lib/errors.js';", 'imports lib/errors'],
      ['daemon/core/a.ts', "import { b } from '../session/b.js';", 'imports daemon/session'],
      [
        'daemon/core/a.ts',
        "import { b } from '../engine/port.js';",
        'imports more than types of daemon/engine/port',
      ],
      ['daemon/core/a.ts', "import type { B } from '../engine/solo.js';", 'imports daemon/engine'],
      ['daemon/engine/a.ts', "import { b } from '../session/b.js';", 'imports daemon/session'],
      ['daemon/engine/corosync/a.ts', "import type { B } from '../../config/b.js';", 'imports daemon/config'],
      ['daemon/config/a.ts', "import { b } from '../session/b.js';", 'imports daemon/session'],
      [
        'daemon/monitor/a.ts',
        "import { b } from '../session/b.js';",
        'imports more than types of daemon/session',
      ],
      ['daemon/session/a.ts', "import { b } from '../config/b.js';", 'imports daemon/config'],
      ['daemon/session/a.ts', "import { b } from '../cli/main.js';", 'imports daemon/cli'],
      ['daemon/index.ts', "import { b } from './testing/b.js';", 'imports daemon/testing'],
      ['daemon/daemon.ts', "import type { B } from './testing/b.js';", 'imports daemon/testing'],
      ['lib/client/a.ts', "import { b } from '../../daemon/testing/b.js';", 'imports daemon/testing'],
      ['lib/wire/a.ts', "import { b } from 'node:net';", 'is pure and imports node:net'],
      ['lib/wire/a.ts', "import { b } from 'node:buffer';", 'runs in browsers and imports node:buffer'],
      ['lib/wire/a.ts', "import { b } from '#report';", 'is pure and imports #report'],
      ['lib/client/a.ts', "import type { B } from 'node:net';", 'runs in browsers and imports node:net'],
      ['lib/browser/a.ts', "const a = await import('node:net');", 'runs in browsers and imports node:net'],
      [
        'lib/client/a.ts',
        "import { b } from '../mailbox/socket-transport.js';",
        'runs in browsers and imports lib/mailbox/socket-transport.js',
      ],
      [
        'lib/mailbox/a.ts',
        "import { b } from '../silence/watch.js';",
        'runs in browsers and imports lib/silence/watch.js',
      ],
      ['lib/recipes/a.ts', 'process.emitWarning(a);', 'runs in browsers and uses process'],
      ['lib/mailbox/a.ts', 'let a: NodeJS.Timeout;', 'runs in browsers and uses NodeJS'],
      ['lib/client/a.ts', 'const a = Buffer.alloc(1);', 'runs in browsers and uses Buffer'],
      ['lib/browser/a.ts', "import { b } from '../ssp/b.js';", 'imports lib/ssp'],
      ['lib/wire/a.ts', "import { z } from 'zod';", 'is pure and imports zod'],
      ['daemon/core/a.ts', "import { b } from 'node:crypto';", 'is pure and imports node:crypto'],
      ['daemon/engine/views/a.ts', "import { b } from 'node:timers';", 'is pure and imports node:timers'],
      ['daemon/engine/views/a.ts', 'const now = Date.now();', 'is pure and uses Date'],
      ['lib/wire/a.ts', 'const a = Math.random();', 'is pure and uses Math.random'],
      ['lib/wire/a.ts', 'setTimeout(() => 1, 2);', 'is pure and uses setTimeout'],
      ['lib/recipes/core/a.ts', 'setTimeout(() => 1, 2);', 'is pure and uses setTimeout'],
      ['lib/wire/a.ts', 'const a = [setInterval];', 'is pure and uses setInterval'],
      ['lib/wire/a.ts', 'setImmediate(a);', 'is pure and uses setImmediate'],
      ['daemon/core/a.ts', 'queueMicrotask(a);', 'is pure and uses queueMicrotask'],
      ['daemon/core/a.ts', 'const a = performance.now();', 'is pure and uses performance'],
      ['daemon/core/a.ts', 'if (process.env.A) b();', 'is pure and uses process'],
      ['daemon/core/a.ts', 'const a = `at ${new Date()}`;', 'is pure and uses Date'],
      ['daemon/core/a.ts', "const a = /'/; process.exit(); // '", 'is pure and uses process'],
      ['lib/wire/a.ts', 'a;\n'.repeat(401), 'has 401 lines'],
      ['lib/recipes/a.ts', 'setImmediate(a);', 'uses setImmediate, which its platform should give'],
      ['lib/secure/a.ts', 'randomBytes(8);', 'uses randomBytes, which its platform should give'],
    ] as const) {
      it(`${path} that ${fault}`, () => {
        expect(faultsOf(path, source)).to.deep.equal([`${path} ${fault}`]);
      });
    }
  });

  describe('allows', () => {
    for (const [path, source] of [
      ['lib/wire/a.ts', "import { b } from '../util/b.js';"],
      ['daemon/core/a.ts', "import { b } from '../../lib/util/b.js';"],
      ['lib/util/a.ts', "import type { z } from 'zod'; import { Buffer } from '#buffer';"],
      ['lib/util/a.ts', "import type { B } from './clock.js';"],
      ['lib/util/clock.ts', 'const a = setTimeout(b, performance.now());'],
      ['lib/util/option-schemas.ts', "import { z } from 'zod';"],
      ['lib/client/a.ts', "import { b } from '../util/clock.js';"],
      ['lib/client/a.ts', "import { Buffer } from '#buffer'; const a = Buffer.alloc(1);"],
      ['lib/client/a.ts', "import { warn } from '#report'; const a = await import('#secure');"],
      ['lib/mailbox/a.ts', "import type { B } from '../silence/watch.js';"],
      ['lib/mailbox/socket-transport.ts', "import { b } from 'node:net';"],
      ['lib/secure/a.ts', 'process.exit(1);'],
      ['lib/browser/a.ts', "import { b } from '../recipes/b.js';"],
      ['lib/adapters/a/b.ts', "import { c } from './c.js'; import { d } from '../parts.js';"],
      ['lib/adapters/a/b.ts', "import { c } from '../../mailbox/platform.js';"],
      ['lib/adapters/a/b.ts', "import { c } from '../../recipes/replicated.js';"],
      ['lib/wire/handshake/a.ts', "import { b } from '../b.js'; import { Buffer } from '#buffer';"],
      ['lib/client/a.ts', "import { b } from '../flush/core/b.js';"],
      ['lib/ssp/a.ts', "import { b } from '../flush/core/b.js'; import { c } from '../secure/c.js';"],
      ['lib/flush/a.ts', "import { b } from './core/b.js'; import { c } from '../ssp/c.js';"],
      ['lib/secure/a.ts', "import { b } from './core/b.js'; import { c } from 'node:crypto';"],
      ['lib/mailbox/a.ts', "import { b } from '../wire/b.js'; import { c } from '../errors.js';"],
      ['lib/cli/a.ts', "import { b } from '../index.js'; import { c } from '../recipes/index.js';"],
      ['lib/cli/flood/a.ts', "import { b } from '../../mailbox/mailbox.js';"],
      [
        'daemon/core/a.ts',
        "import { b } from '../../lib/wire/b.js'; import type { C } from '../engine/port.js';",
      ],
      ['daemon/session/a.ts', "import { b } from 'node:net'; import { c } from '../../lib/errors.js';"],
      ['daemon/monitor/a.ts', "import type { B } from '../session/b.js';"],
      ['daemon/testing/a.ts', "import { b } from '../wiring.js'; import { c } from '../../lib/client/c.js';"],
      ['daemon/engine/corosync/transport.ts', "import koffi from 'koffi'; const a = Date.now();"],
      ['daemon/core/a.ts', "/** No Date here. */ const a = 'this process'; // setTimeout"],
      ['daemon/core/a.ts', 'const a = b.process; const update = c.performance;'],
      ['lib/wire/a.ts', 'const dated = 1; const processed = `Date`;'],
      ['lib/wire/a.ts', 'a;\n'.repeat(400)],
      ['lib/client/a.ts', "import { turn } from '../util/clock.js'; const a = new Date(b);"],
      ['lib/client/a.ts', 'const a = clock.random; b.setTimeout(); // setTimeout'],
      ['lib/cli/a.ts', 'setTimeout(() => 1, Date.now());'],
      ['daemon/session/a.ts', 'setTimeout(() => 1, Date.now());'],
    ] as const) {
      it(`${path} with ${JSON.stringify(source.slice(0, 70))}`, () => {
        expect(faultsOf(path, source)).to.deep.equal([]);
      });
    }
  });

  describe('refuses in the library', () => {
    for (const [source, what] of [
      ['setTimeout(() => 1, 2);', 'setTimeout'],
      ["import { setTimeout } from 'node:timers/promises';", 'setTimeout'],
      ['const a = setInterval;', 'setInterval'],
      ['setImmediate(a);', 'setImmediate'],
      ['const a = performance.now();', 'performance'],
      ['const a = b.hrtime();', '.hrtime'],
      ['const a = Date.now();', 'Date.now'],
      ['const a = new Date();', 'new Date()'],
      ['const a = Math.random();', 'Math.random'],
      ["import { randomBytes } from 'node:crypto';", 'randomBytes'],
      ["import { randomInt } from 'node:crypto';", 'randomInt'],
      ["import { randomUUID } from 'node:crypto';", 'randomUUID'],
      ['crypto.getRandomValues(a);', 'getRandomValues'],
      ['const a = AbortSignal.timeout(1);', 'AbortSignal.timeout'],
      ["import { systemClock } from '../util/clock.js';", 'systemClock'],
    ] as const) {
      it(source, () => {
        const fault = `lib/channel/a.ts uses ${what}, which its platform should give`;
        expect(faultsOf('lib/channel/a.ts', source)).to.deep.equal([fault]);
      });
    }

    for (const path of ofTheMachine) {
      it(`none of it in ${path}`, () => {
        expect(faultsOf(path, 'setTimeout(() => randomBytes(8), 2);')).to.deep.equal([]);
      });
    }
  });
});
