/** The arrows and the purity of docs: which room may import which, and which code may know of no world outside. */
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

const library = [
  'lib/wire',
  'lib/mailbox',
  'lib/group',
  'lib/recipes',
  'lib/channel',
  'lib/errors',
  'lib/did-you-mean',
  'lib/version',
];
const shared = ['lib/wire', 'lib/errors', 'lib/did-you-mean'];
/** Rooms of one file, for listeners of all kinds and whatever writes files. */
const places = ['daemon/socket-file', 'daemon/tcp-place'];
const files = 'daemon/regular-file';
const house = [
  'daemon/access',
  'daemon/config',
  'daemon/session',
  'daemon/monitor',
  'daemon/engine',
  'daemon/engine/port',
  'daemon/core',
];

/** A room is a folder of lib or daemon, or a file beside the folders. The engine's port is a room of its own. */
const rules: Readonly<Record<string, Rule>> = {
  'lib/errors': { values: ['lib/wire'] },
  'lib/did-you-mean': { values: [] },
  'lib/version': { values: [] },
  'lib/node-version': { values: [] },
  'lib/wire': { values: ['lib/errors'] },
  'lib/primary': { values: ['lib/wire'] },
  'lib/silence': { values: [] },
  'lib/mailbox': { values: [...shared, 'lib/silence'] },
  'lib/group': { values: [...shared, 'lib/mailbox'] },
  'lib/recipes': { values: [...shared, 'lib/primary', 'lib/mailbox', 'lib/group'] },
  'lib/channel': { values: [...shared, 'lib/primary', 'lib/mailbox', 'lib/group'] },
  'lib/index': { values: library },
  'lib/command': { values: [...library, 'lib/index', 'lib/node-version'] },

  'daemon/core': { values: ['lib/wire'], types: ['daemon/engine/port'] },
  'daemon/access': { values: shared, types: ['daemon/core'] },
  'daemon/engine/port': { values: shared },
  'daemon/engine': { values: [...shared, 'daemon/core', 'daemon/engine/port'], types: ['daemon/monitor'] },
  'daemon/config': { values: [...shared, 'daemon/core'] },
  'daemon/monitor': {
    values: [...shared, 'daemon/core', files, ...places],
    types: ['daemon/session', 'daemon/engine', 'daemon/engine/port'],
  },
  'daemon/session': {
    values: [...shared, 'lib/silence', 'daemon/core', 'daemon/monitor', 'daemon/access', ...places],
    types: ['daemon/engine/port'],
  },
  'daemon/tcp-place': { values: [] },
  'daemon/socket-file': { values: ['daemon/tcp-place'] },
  [files]: { values: [] },
  'daemon/option-fault': { values: shared },
  'daemon/options': { values: [...shared, ...house, 'lib/silence', 'daemon/option-fault'] },
  'daemon/prepare': { values: [...shared, ...house, 'daemon/options'] },
  'daemon/sight': { values: [...shared, ...house, 'daemon/options'] },
  'daemon/slices': { values: [], types: ['daemon/core'] },
  'daemon/last-time': { values: [files], types: ['daemon/monitor'] },
  'daemon/daemon': {
    values: [
      ...shared,
      ...house,
      ...places,
      'daemon/options',
      'daemon/prepare',
      'daemon/sight',
      'daemon/slices',
      'daemon/last-time',
    ],
  },
  'daemon/index': { values: [...shared, ...house, 'daemon/options', 'daemon/daemon'] },
  'daemon/command-line': { values: [...shared, ...house] },
  'daemon/start': { values: [...shared, ...house, 'daemon/command-line'], types: ['daemon/options'] },
  'daemon/password-input': { values: [] },
  'daemon/bin': { values: ['lib/node-version', 'daemon/main'] },
  'daemon/main': {
    values: [
      ...shared,
      ...house,
      'daemon/options',
      'daemon/prepare',
      'daemon/daemon',
      'daemon/command-line',
      'daemon/start',
      'daemon/password-input',
    ],
  },
};

/** Code that runs the same whenever and wherever it runs. */
const pure =
  /^(lib\/wire|lib\/primary|lib\/recipes\/core|daemon\/core)\/|^daemon\/engine\/[^/]+\/views[^/]*(\/|$)/;

const impure =
  /(?<![.\w$])(?:Date|setTimeout|setInterval|setImmediate|queueMicrotask|performance|process|globalThis)\b|\bMath\s*\.\s*random\b/g;

const LONGEST_FILE = 400;
/** A state machine reads best as a whole. */
const LONGEST_STATE_MACHINE = 500;
const stateMachines = new Set([
  'lib/recipes/core/replicated/core.ts',
  'daemon/engine/corosync/views/machine.ts',
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
  if (bare === 'daemon/engine/port') return bare;
  return bare.split('/').slice(0, 2).join('/');
}

/** What is wrong with one import, or null. */
function arrowFault(path: string, { specifier, typeOnly }: Import): string | null {
  if (!specifier.startsWith('.')) {
    const outside = pure.test(path) && specifier !== 'node:buffer';
    return outside ? `${path} is pure and imports ${specifier}` : null;
  }
  const from = roomOf(path);
  const to = roomOf(normalize(join(dirname(path), specifier)));
  if (from === to) return null;
  const rule = rules[from];
  if (!rule) return `${path} is in the room ${from}, which has no rule`;
  if (rule.values.includes(to) || (typeOnly && rule.types?.includes(to))) return null;
  return `${path} imports ${rule.types?.includes(to) ? 'more than types of ' : ''}${to}`;
}

/** Everything that is wrong with one source file. */
function faultsOf(path: string, source: string): string[] {
  const faults = importsOf(source).flatMap((each) => arrowFault(path, each) ?? []);
  if (pure.test(path)) {
    const used = new Set(stripped(source, false).match(impure));
    faults.push(...[...used].map((name) => `${path} is pure and uses ${name}`));
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
      ['lib/wire/a.ts', "import { b } from '../mailbox/b.js';", 'imports lib/mailbox'],
      ['lib/wire/handshake/a.ts', "import { b } from '../../group/b.js';", 'imports lib/group'],
      ['lib/mailbox/a.ts', "import type { B } from '../group/b.js';", 'imports lib/group'],
      ['lib/group/a.ts', "import { b } from '../recipes/b.js';", 'imports lib/recipes'],
      ['lib/recipes/a.ts', "import { b } from '../channel/b.js';", 'imports lib/channel'],
      ['lib/channel/a.ts', "import { b } from '../command/b.js';", 'imports lib/command'],
      ['lib/group/a.ts', "import { b } from '../index.js';", 'imports lib/index'],
      ['lib/index.ts', "export * from './command/b.js';", 'imports lib/command'],
      ['lib/mailbox/a.ts', "import { b } from '../../daemon/index.js';", 'imports daemon/index'],
      ['lib/mailbox/a.ts', "import b from '../../package.json';", 'imports package.json'],
      ['lib/attic/a.ts', "import { b } from '../wire/b.js';", 'is in the room lib/attic, which has no rule'],
      ['daemon/session/a.ts', "import { b } from '../../lib/mailbox/b.js';", 'imports lib/mailbox'],
      ['daemon/main.ts', "import { b } from '../lib/index.js';", 'imports lib/index'],
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
      ['daemon/session/a.ts', "import { b } from '../main.js';", 'imports daemon/main'],
      ['lib/wire/a.ts', "import { b } from 'node:net';", 'is pure and imports node:net'],
      ['lib/wire/a.ts', "import { z } from 'zod';", 'is pure and imports zod'],
      ['daemon/core/a.ts', "import { b } from 'node:crypto';", 'is pure and imports node:crypto'],
      [
        'daemon/engine/corosync/views.ts',
        "import { b } from 'node:timers';",
        'is pure and imports node:timers',
      ],
      ['daemon/engine/corosync/views/a.ts', 'const now = Date.now();', 'is pure and uses Date'],
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
    ] as const) {
      it(`${path} that ${fault}`, () => {
        expect(faultsOf(path, source)).to.deep.equal([`${path} ${fault}`]);
      });
    }
  });

  describe('allows', () => {
    for (const [path, source] of [
      ['lib/wire/handshake/a.ts', "import { b } from '../b.js'; import { Buffer } from 'node:buffer';"],
      ['lib/mailbox/a.ts', "import { b } from '../wire/b.js'; import { c } from '../errors.js';"],
      ['lib/command/a.ts', "import { b } from '../index.js'; import { c } from '../recipes/c.js';"],
      [
        'daemon/core/a.ts',
        "import { b } from '../../lib/wire/b.js'; import type { C } from '../engine/port.js';",
      ],
      ['daemon/session/a.ts', "import { b } from 'node:net'; import { c } from '../../lib/errors.js';"],
      ['daemon/monitor/a.ts', "import type { B } from '../session/b.js';"],
      ['daemon/engine/corosync/transport.ts', "import koffi from 'koffi'; const a = Date.now();"],
      ['daemon/core/a.ts', "/** No Date here. */ const a = 'this process'; // setTimeout"],
      ['daemon/core/a.ts', 'const a = b.process; const update = c.performance;'],
      ['lib/wire/a.ts', 'const dated = 1; const processed = `Date`;'],
      ['lib/wire/a.ts', 'a;\n'.repeat(400)],
    ] as const) {
      it(`${path} with ${JSON.stringify(source.slice(0, 70))}`, () => {
        expect(faultsOf(path, source)).to.deep.equal([]);
      });
    }
  });
});
