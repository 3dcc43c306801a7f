/** Names that were words of a private dialect stay gone: declarations, options, events and files of lib and daemon. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path/posix';
import { expect } from 'chai';
import { repositoryRoot } from './support/recordings.js';

/** Classes, interfaces, types and functions of these names are declared nowhere. */
const types = new Set(
  `Sight SessionSight GroupSight DaemonSight Turn Brake Braked Backlog Total Holder SessionHost HalfOpen Pack Order
  Outlet Views DaemonViews Exchange Past Times LastTime Start readStart Use Word Installed Round Early Strangers Sending
  Outgoing Assembly Seat Post Lineup Standing Census Verdict verdictOf Gate Roll Formation Contributions Surroundings
  Donor Loader Transfers Restoring MisfitError EndedError ResultLostError Shared Watch Hub Link Ledger Due DueList Alarm
  Patience Waiting EventLoop Arrival Room plainRoom Waiters caller Caller Members hangUp Permit Piece
  completed carried settle House Chair Company Crowd`
    .split(/\s+/)
    .filter((name) => name !== ''),
);

/** Options, events and members of these names are declared nowhere. */
const members = new Set(
  `sight proceed leftOut tellAgain stoodStill companions isParted isLive isEnough isThere isWelcome
  isAccounted thrown-back trouble lapsed patience goOn goesOn`.split(/\s+/),
);

/** Files of these names are nowhere in lib and daemon. */
const files = new Set(
  `sight turn brake backlog total host pack outlet views daemon-views past times last-time start own installed round
  early strangers sending outgoing assembly stuck seat lineup standing census verdict gate roll formation
  contributions surroundings donor loader transfers restoring shared hub link ledger due alarm patience event-loop
  receipt arrival room waiters abort`.split(/\s+/),
);

/** Names that stay, and why. */
const kept: Readonly<Record<string, string>> = {
  'lib/channel/registry/entry.ts: Order': 'the order of a channel: fifo or agreed',
  'lib/channel/options.ts: Order': 'the same, for users',
  'lib/channel/registry-info.ts: Order': 'the same, for users',
};

const strip = (source: string): string => source.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, ' ');

/** What is declared in a source, and its file's name, that should have another name. */
function oldNames(path: string, source: string): string[] {
  const code = strip(source);
  const found: string[] = [];
  if (files.has(basename(path, '.ts'))) found.push(path);
  for (const [, name = ''] of code.matchAll(/\b(?:class|interface|type|enum|function\*?|const)\s+([\w$]+)/g))
    if (types.has(name)) found.push(`${path}: ${name}`);
  const member =
    /^ {2,4}(?:(?:private|protected|public|readonly|static|async|get|set|override|abstract)\s+)*['"]?([\w$-]+)['"]?[?!]?\s*[:(<=]/gm;
  for (const [, name = ''] of code.matchAll(member)) if (members.has(name)) found.push(`${path}: .${name}`);
  return found.filter((name) => !(name in kept));
}

const sources = ['lib', 'daemon'].flatMap((folder) =>
  readdirSync(join(repositoryRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `${folder}/${file.replaceAll('\\', '/')}`),
);

describe('names', () => {
  it('are the terms of the field', () => {
    const found = sources.flatMap((path) => oldNames(path, readFileSync(join(repositoryRoot, path), 'utf8')));
    expect(found).to.deep.equal([]);
  });

  it('of the list are found where they are declared', () => {
    for (const [path, source, name] of [
      ['lib/a.ts', 'export class Seat {}', 'lib/a.ts: Seat'],
      ['lib/a.ts', 'interface Hub {\n}', 'lib/a.ts: Hub'],
      ['lib/a.ts', "export interface A {\n  'thrown-back': [];\n}", 'lib/a.ts: .thrown-back'],
      ['lib/a.ts', 'class A {\n  private readonly companions = 1;\n}', 'lib/a.ts: .companions'],
      ['daemon/a/brake.ts', '', 'daemon/a/brake.ts'],
    ] as const)
      expect(oldNames(path, source)).to.deep.equal([name]);
    expect(oldNames('lib/a.ts', '// class Seat\nclass SeatBelt { of(): void {} }')).to.deep.equal([]);
  });
});
