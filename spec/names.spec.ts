/**
 * Names that were words of a private dialect stay gone: declarations, options, events and files of lib and daemon,
 * fixtures of spec, and what users would type from the pages. Methods, fields and variables are free.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path/posix';
import { expect } from 'chai';
import { ERROR_CODES } from '../lib/errors.js';
import { repositoryRoot } from './support/recordings.js';

/** Classes, interfaces, types and functions of these names are declared nowhere. */
const types = new Set(
  `Sight SessionSight GroupSight DaemonSight Turn Brake Braked Backlog Total Holder SessionHost HalfOpen Pack Order
  Outlet Views DaemonViews Exchange settle Outcome Part Piece isTogether Past completed carried Times LastTime Start
  readStart Use Word Installed Round Early Strangers Sending Outgoing Assembly LeftOut hangUp Permit Seat Post Lineup
  Standing Census Verdict verdictOf Gate Roll Formation Contributions Surroundings Donor Loader Transfers Restoring
  MisfitError EndedError ResultLostError caller Caller CallerOptions Members MembersOptions MembersEvents Shared Watch
  Hub Link Ledger Due DueList Alarm Patience Waiting EventLoop Arrival Room plainRoom Waiters Pending`
    .split(/\s+/)
    .filter((name) => name !== ''),
);

/** Functions of these names are not exported: the words are too common to be forbidden inside. */
const exported = new Set('members pending'.split(' '));

/** Options, events and members of these names are declared nowhere. */
const members = new Set(
  `sight proceed leftOut tellAgain stoodStill companions isParted isLive isEnough isThere isWelcome
  isAccounted thrown-back trouble lapsed patience goOn goesOn privateName`.split(/\s+/),
);

/** Files of these names are nowhere in lib and daemon. */
const files = new Set(
  `sight turn brake backlog total host pack outlet views daemon-views past times last-time start own installed round
  early strangers sending outgoing assembly stuck seat lineup standing census verdict gate roll formation
  contributions surroundings donor loader transfers restoring shared hub link ledger due alarm patience event-loop
  receipt arrival room waiters abort`.split(/\s+/),
);

/** Fixtures, and files of fixtures, of these names are nowhere in spec. */
const fixtures = new Set('Place Stage Visitor World House Chair Company Floor Crowd Sides'.split(' '));
const fixtureFiles = new Set(
  'restless adventure chair company house floor crowd sides telling seen asking made-up-sight'.split(' '),
);

/** Names that stay, and why. */
const kept: Readonly<Record<string, string>> = {
  'lib/channel/registry/entry.ts: Order': 'the order of a channel: fifo or agreed',
  'lib/channel/options.ts: Order': 'the same, for users',
  'lib/channel/registry-info.ts: Order': 'the same, for users',
  'lib/primary/ballot.ts: .of': 'the total of which a quorum is more than half, as in "2 of 3"; no option',
  'spec/core/group.spec.ts: Place': 'a type of the daemon: where a member stands in the order',
  'lib/ssp/connect.ts: .privateName': 'the argument private_name of the C calls',
  'spec/support/cluster/load/visitor.ts: Visitor': 'a hostile client that comes and goes',
  'spec/simulation/world.ts: World': 'the simulated cluster: the word of simulators',
  'spec/recipes/election-steps.spec.ts: Chair': 'one member of an election, inside this one spec',
};

const strip = (source: string): string => source.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, ' ');

/** What is declared in a source, and its file's name, that should have another name. */
function oldNames(path: string, source: string): string[] {
  const code = strip(source);
  const isSpec = path.startsWith('spec/');
  const found: string[] = [];
  if ((isSpec ? fixtureFiles : files).has(basename(path, '.ts'))) found.push(path);
  for (const [, isExported, name = ''] of code.matchAll(
    /(\bexport (?:default )?)?(?:\basync )?\b(?:class|interface|type|enum|function\*?|const)\s+([\w$]+)/g,
  )) {
    if ((isSpec ? fixtures : types).has(name) || (!isSpec && isExported && exported.has(name)))
      found.push(`${path}: ${name}`);
  }
  if (isSpec) return found.filter((name) => !(name in kept));
  const member =
    /^ {2,4}(?:(?:private|protected|public|readonly|static|async|get|set|override|abstract)\s+)*['"]?([\w$-]+)['"]?[?!]?\s*[:(<=]/gm;
  for (const [, name = ''] of code.matchAll(member)) if (members.has(name)) found.push(`${path}: .${name}`);
  // As an option `of` is `maxMembers`; as a function it is common.
  if (/^ {2,4}(?:readonly )?of\??:/m.test(code)) found.push(`${path}: .of`);
  for (const [, word = ''] of code.matchAll(/\bregistry\??: *(?:'[\w-]+' \| )*'(strict|available)'/g))
    found.push(`${path}: '${word}'`);
  return found.filter((name) => !(name in kept));
}

/** Old public names on a page, in backticks and in programs: options, events, classes, values, and codes without ERR_SSP_. */
function oldWords(page: string): string[] {
  const code = [...page.matchAll(/```[\s\S]*?```|`[^`\n]+`/g)].map(([text]) => text);
  return code.flatMap((text) =>
    [...text.matchAll(PUBLIC)].map(([word]) => word).concat(CODE.exec(text)?.slice(1) ?? []),
  );
}

const PUBLIC = new RegExp(
  [
    String.raw`(?<![\w.-])(?:privateName|thrown-back|trouble|lapsed|patience|isParted|isLive|isEnough|forgetAfter)(?![\w-])`,
    String.raw`\b(?:MisfitError|EndedError|ResultLostError|AbortedError|BadArgumentError|ConnectionLostError|ChannelCode)\b`,
    String.raw`\b(?:DaemonSight|SessionSight|GroupSight|daemon\.sight|caller\(|CallerOptions)`,
    String.raw`(?<=registry: )'(?:strict|available)'`,
    String.raw`(?<=[{,] )of(?=: )`,
    '(?<=`)of(?=`)',
    String.raw`(?<=\bof )of\b|\bof(?= - )`,
  ].join('|'),
  'g',
);

/** The whole span is the code of an error of recipes or channels, without its prefix. */
const CODE = new RegExp(
  `^\`(${ERROR_CODES.slice(ERROR_CODES.indexOf('ERR_SSP_READ_ONLY'), ERROR_CODES.indexOf('ERR_SSP_LISTEN'))
    .map((code) => code.replace('ERR_SSP_', ''))
    .join('|')})\`$`,
);

/** Pages that tell history, and those on the protocols and the inside, which have words of their own. */
const history = /^docs\/(?:decisions|reliability|internals|protocol)\//;
const everyPage = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(repositoryRoot, 'docs'), { recursive: true, encoding: 'utf8' })
    .map((file) => `docs/${file.replaceAll('\\', '/')}`)
    .filter((file) => file.endsWith('.md') && !file.includes('node_modules')),
];
const pages = everyPage.filter((page) => !history.test(page));

const sources = ['lib', 'daemon', 'spec'].flatMap((folder) =>
  readdirSync(join(repositoryRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && file !== 'names.spec.ts' && !file.includes('node_modules'))

    .map((file) => `${folder}/${file.replaceAll('\\', '/')}`),
);

describe('names', () => {
  it('are the terms of the field', () => {
    const found = sources.flatMap((path) => oldNames(path, readFileSync(join(repositoryRoot, path), 'utf8')));
    expect(found).to.deep.equal([]);
  });

  it('that are kept are still there', () => {
    const found = sources.flatMap((path) => {
      const source = strip(readFileSync(join(repositoryRoot, path), 'utf8'));
      return Object.keys(kept).filter((name) => {
        const [file, word = ''] = name.split(': ');
        return file === path && new RegExp(String.raw`\b${word.replace('.', '')}\b`).test(source);
      });
    });
    expect(found.toSorted()).to.deep.equal(Object.keys(kept).toSorted());
  });
  it('of the two APIs are theirs: neither is a face, nor modern', () => {
    const found = [...sources.filter((each) => !each.startsWith('spec/')), ...everyPage].filter((path) =>
      /\b(?:faces?|modern)\b/i.test(readFileSync(join(repositoryRoot, path), 'utf8')),
    );
    expect(found).to.deep.equal([]);
  });

  it('on the pages for users are those of this version', () => {
    const found = pages.flatMap((path) =>
      oldWords(readFileSync(join(repositoryRoot, path), 'utf8')).map((word) => `${path}: ${word}`),
    );
    expect(found).to.deep.equal([]);
  });

  it('of earlier versions are found on a page', () => {
    for (const [page, word] of [
      ["`registry: 'available'`", "'available'"],
      ['`lock(c, "l", { quorum: 2, of: 3 })`', 'of'],
      ['`quorum` of `of`', 'of'],
      ['more than `of - quorum`', 'of'],
      ["```ts\nmap.on('thrown-back', undo);\n```", 'thrown-back'],
      ['rejects with `MisfitError`', 'MisfitError'],
      ['rejects with `NOT_PRIMARY`', 'NOT_PRIMARY'],
    ] as const)
      expect(oldWords(page), page).to.deep.equal([word]);
    expect(oldWords('`ERR_SSP_NOT_PRIMARY`, the trouble of `a[of]`, `ILLEGAL_PARAM`')).to.deep.equal([]);
  });

  it('of the list are found where they are declared', () => {
    for (const [path, source, name] of [
      ['lib/a.ts', 'export class Seat {}', 'lib/a.ts: Seat'],
      ['lib/a.ts', 'interface Hub {\n}', 'lib/a.ts: Hub'],
      ['lib/a.ts', "export interface A {\n  'thrown-back': [];\n}", 'lib/a.ts: .thrown-back'],
      ['lib/a.ts', 'class A {\n  private readonly companions = 1;\n}', 'lib/a.ts: .companions'],
      ['daemon/a/brake.ts', '', 'daemon/a/brake.ts'],
      ['spec/a/chair.ts', '', 'spec/a/chair.ts'],
      ['spec/a.ts', 'class Visitor {}', 'spec/a.ts: Visitor'],
      ['lib/a.ts', 'export async function members() {}', 'lib/a.ts: members'],
      ['lib/a.ts', 'interface Options {\n  readonly of?: number;\n}', 'lib/a.ts: .of'],
      ['lib/a.ts', "interface Options {\n  registry?: 'strict';\n}", "lib/a.ts: 'strict'"],
    ] as const)
      expect(oldNames(path, source)).to.deep.equal([name]);
    expect(oldNames('lib/a.ts', '// class Seat\nclass SeatBelt { of(): void {} }')).to.deep.equal([]);
  });
});
