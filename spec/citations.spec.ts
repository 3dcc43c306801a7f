/**
 * Citations of docs/protocol: `[session 4.7]` and the like lead to an anchor, and nothing cites a bare number. What the
 * form is says docs/protocol/README.md.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect } from 'chai';
import { repositoryRoot } from './support/recordings.js';

const PAGES = [
  'session',
  'daemon',
  'corosync',
  'channels',
  'receive',
  'flush-layer',
  'secure-groups',
  'websocket',
  'adapters',
];
const ID = String.raw`(?:[A-Z]|VS|SS|F[LM]-|S[GDM]-)?\d+[ab]?(?:\.\d+)*`;
const CITATION = new RegExp(String.raw`\[(${PAGES.join('|')}) (${ID}(?:(?:, | to )${ID})*)\]`, 'g');
/** What looks like a citation, also of a page that does not exist, or with more than ids. */
const NEARLY = /\[[a-z-]+ (?:[A-Z]{1,2}-?\d|\d+\.\d)[^\]]*\]/g;

const NUMBER = String.raw`\d{1,2}\.\d{1,2}(?:\.\d)?`;
const OLD_NAMES = [
  'ssp-receive',
  'session-protocol',
  'daemon-semantics',
  'engine-corosync',
  'messip-channels',
  'design',
];

/** How a section, a requirement, a property, a defect or a check has been cited without its page. */
const BARE: readonly RegExp[] = [
  new RegExp(String.raw`\b(?:${OLD_NAMES.join('|')})(?:\.md\b|\W{0,2} [A-Z]?\d)`, 'u'),
  /\b(?:[Pp]rotocol|[Ss]emantics),? (?:section )?[A-Z]?\d/,
  new RegExp(
    String.raw`\((?:see )?${NUMBER}(?:(?:, | to | and |; )\d[\d.]*)*(?:,? (?:steps?|points?|items?|defect) \d+)?\)`,
  ),
  new RegExp(String.raw`(?:^|\()(?:see |in )?${NUMBER},? (?:steps?|points?|items?|defect) \d`),
  /^[2-9]\.\d\.\d\b|^\d{1,2}\.\d{1,2}: |\b[Tt]ables? A\d/,
  /(?<!RFC \d{4}, )\b[Ss]ections? \d|§ ?\d|\bPart [123A-C]\b/,
  /\b(?:[Dd]efects?|[Cc]hecks?|[Rr]equirements?) [A-Z]?\d{1,2}\b/,
  /(?<![#\w./<-])[RQTEDI]\d{1,2}\b(?![#.])/,
];

/** Steps are numbered in pages too: there they are their own. */
const STEP = /\b[Ss]teps? \d{1,2}\b/;

/** Names tests, some of which are letters with a number. */
const RECORD = 'docs/reliability/record.md';

interface Text {
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

const anchorOf = (id: string): string => (/^\d/.test(id) ? 's' : '') + id.toLowerCase().replaceAll('.', '-');

const anchors = new Map(
  readdirSync(join(repositoryRoot, 'docs/protocol')).map((file) => [
    file,
    new Set([...read(`docs/protocol/${file}`).matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id as string)),
  ]),
);

function read(path: string): string {
  return readFileSync(join(repositoryRoot, path), 'utf8');
}

function filesIn(folder: string, ending: RegExp): string[] {
  return readdirSync(join(repositoryRoot, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && ending.test(entry.name))
    .map((entry) => relative(repositoryRoot, join(entry.parentPath, entry.name)))
    .filter((path) => !path.includes('node_modules'));
}

/** Comments and titles of tests, line by line. */
function wordsOfCode(path: string, code: string): Text[] {
  return code.split('\n').flatMap((line, index) => {
    const comment = path.endsWith('.txt')
      ? /^# (.*)/.exec(line)
      : /^\s*(?:\/\*\*?|\*|\/\/) (.*)|(?:\s\/\/|\/\*\*) (.*)/.exec(line);
    const title = /\b(?:it|describe)\((['`])(.*)/.exec(line);
    const text = comment ? (comment[1] ?? comment[2]) : title?.[2];
    return text === undefined ? [] : [{ path, line: index + 1, text }];
  });
}

/** A page line by line, without blocks of code. */
function wordsOfPage(path: string, page: string): Text[] {
  let isCode = false;
  return page.split('\n').flatMap((text, index) => {
    if (text.trimStart().startsWith('```')) {
      isCode = !isCode;
      return [];
    }
    return isCode ? [] : [{ path, line: index + 1, text }];
  });
}

const withoutSpans = (text: string): string => text.replaceAll(/`[^`]*`/g, '`');

/** Ids that no anchor belongs to. */
function unresolved(text: string): string[] {
  const sound = [...text.matchAll(CITATION)];
  const whole = new Set(sound.map(([citation]) => citation));
  const malformed = [...text.matchAll(NEARLY)]
    .map(([citation]) => citation)
    .filter((each) => !whole.has(each));
  const dead = sound.flatMap(([, page, ids]) =>
    (ids as string)
      .split(/, | to /)
      .filter((id) => !anchors.get(`${page}.md`)?.has(anchorOf(id)))
      .map((id) => `[${page} ${id}]`),
  );
  return [...malformed, ...dead];
}

/** Whether numbers are left when the citations are taken away. */
function isBare(text: string, { isCode }: { readonly isCode: boolean }): boolean {
  const rest = text.replaceAll(CITATION, '').replaceAll(/\]\([^)]*\)/g, ']');
  return BARE.some((pattern) => pattern.test(rest)) || (isCode && STEP.test(rest));
}

/** Citations of a page that are no link to their first id. */
function unlinked(path: string, text: string): string[] {
  return [...withoutSpans(text).matchAll(CITATION)]
    .filter((match) => {
      const [citation, page, ids] = match;
      const first = anchorOf((ids as string).split(/, | to /)[0] as string);
      const target = /^\(([^)]*)\)/.exec(withoutSpans(text).slice(match.index + citation.length))?.[1];
      const wanted = join('docs/protocol', `${page}.md#${first}`);
      return target === undefined || join(path, '..', target) !== wanted;
    })
    .map(([citation]) => citation);
}

const tell = ({ path, line, text }: Text): string => `${path}:${line}: ${text.trim()}`;

const code = [
  ...['lib', 'daemon', 'scripts', 'spec'].flatMap((folder) => filesIn(folder, /\.(ts|mjs)$/)),
  ...filesIn('spec/simulation/scenarios', /\.txt$/),
  ...filesIn('docs', /\.ts$/),
].filter((path) => path !== 'spec/citations.spec.ts');
const pages = [...filesIn('docs', /\.md$/), 'README.md', 'CHANGELOG.md', 'spec/fixtures/session/README.md'];
const protocol = pages.filter((path) => path.startsWith('docs/protocol/'));
const others = pages.filter((path) => !path.startsWith('docs/protocol/') && path !== RECORD);

describe('citations', () => {
  const words = code.flatMap((path) => wordsOfCode(path, read(path)));
  const prose = others.flatMap((path) => wordsOfPage(path, read(path)));

  it('are many', () => {
    const count = words.reduce((sum, { text }) => sum + [...text.matchAll(CITATION)].length, 0);
    expect(count).to.be.greaterThan(400);
  });

  it('in comments and titles lead to an anchor', () => {
    const found = words.filter(({ text }) => unresolved(text).length > 0);
    expect(found.map(tell)).to.deep.equal([]);
  });

  it('in comments and titles have the name of their page', () => {
    expect(words.filter(({ text }) => isBare(text, { isCode: true })).map(tell)).to.deep.equal([]);
  });

  it('in strings lead to an anchor too', () => {
    const found = code.flatMap((path) =>
      [...read(path).matchAll(CITATION)].flatMap(([citation]) =>
        unresolved(citation).map((id) => `${path}: ${id}`),
      ),
    );
    expect(found).to.deep.equal([]);
  });

  it('in pages are links', () => {
    const found = prose.filter(
      ({ path, text }) => unlinked(path, text).length > 0 || unresolved(text).length > 0,
    );
    expect(found.map(tell)).to.deep.equal([]);
  });

  it('in pages have the name of their page', () => {
    const found = prose.filter(({ text }) => isBare(text.replaceAll('`', ''), { isCode: false }));
    expect(found.map(tell)).to.deep.equal([]);
  });
});

describe('the pages of the protocol', () => {
  it('have each anchor once', () => {
    const twice = protocol.flatMap((path) => {
      const ids = [...read(path).matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id as string);
      return ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `${path}#${id}`);
    });
    expect(twice).to.deep.equal([]);
  });

  it('have an anchor before every numbered title', () => {
    const missing = protocol.flatMap((path) =>
      [...read(path).matchAll(/^(.*)\n\n#+ (\d+(?:\.\d+)*)\.? /gm)]
        .filter(([, before, id]) => before !== `<a id="${anchorOf(id as string)}"></a>`)
        .map(([, , id]) => `${path} ${id}`),
    );
    expect(missing).to.deep.equal([]);
  });

  it('link to anchors that exist', () => {
    const dead = pages.flatMap((path) =>
      [...read(path).matchAll(/\]\(([^)#\s]*)#([^)\s]+)\)/g)].filter(([, target, id]) => {
        const page = target === '' ? path : join(path, '..', target as string);
        return page.startsWith('docs/protocol/') && !anchors.get(page.slice(14))?.has(id as string);
      }),
    );
    expect(dead.map(([link]) => link)).to.deep.equal([]);
  });

  it('link where they speak of their sections', () => {
    const bare = /\b[Ss]ections? \d|\((?:see )?\d{1,2}\.\d{1,2}(?:\.\d)?\)/;
    const found = protocol
      .flatMap((path) => wordsOfPage(path, read(path)))
      .filter(({ text }) => bare.test(withoutSpans(text).replaceAll(/\[[^\]]*\]\([^)]*\)/g, '')));
    expect(found.map(tell)).to.deep.equal([]);
  });
});

describe('what checks citations', () => {
  for (const text of [
    'It is so [session 4.99].',
    'It is so [daemon E99].',
    'It is so [daemon 7.4].',
    'It is so [receive 1, R76].',
    'It is so [flush 2.1].',
    'It is so [flush-layer FL-99].',
    'It is so [secure-groups SG-99].',
    'It is so [secure-groups SG-99].',
    'It is so [session 4.7 and 4.8].',
    'It is so [corosync 5.2 step 7].',
  ])
    it(`finds the dead end in: ${text}`, () => expect(unresolved(text)).not.to.deep.equal([]));

  for (const text of [
    'It is so (15.4).',
    'It is so (2.7.4), for reasons.',
    'It is so (3.4, 3.5) and (2.3 to 2.7).',
    'It is so (5.2 step 5).',
    'It is so (section 7).',
    'It is so (see 4.6).',
    'It is so (R69).',
    'It is so: R10, R74.',
    'R12: unknown bits are ignored',
    'E7: members that go together',
    'It is so (8.2 defect 16).',
    'defect 16 is not ours',
    'check 12: a late reply is dropped',
    '2.7.1 SP_disconnect',
    '17.3: drop',
    'SSP_receive, the table A6',
    'It is so (step 3).',
    'See session protocol 4.7.',
    'See daemon-semantics.md.',
    'See daemon-semantics 4.7.',
    'See daemon-semantics.md 4.7.',
    'It is so (design.md 6).',
    'ssp-receive.md A3',
    'engine-corosync.md §5',
    'messip-channels.md Part 3',
  ])
    it(`finds the bare number in: ${text}`, () => expect(isBare(text, { isCode: true })).to.equal(true));

  for (const text of [
    'It is so [session 4.7], [daemon 2.3 to 2.7] and [receive R10, R74].',
    'Clients of Spread 5.0.1 (5.0.1 at least) on Node 20.19',
    'after 2.2 times the token, 1.25 s (0.5 s when idle), 3.1 MB',
    'The cost is below 2 ** (16 r): RFC 7914, section 2.',
    'the members #a#D1 and d2',
    'a daemon of 1.1.7 (2.7 MB)',
    'a file in lib/ssp/ssp-receive.ts',
    'members (2) of two groups (3)',
  ])
    it(`finds nothing in: ${text}`, () => {
      expect(unresolved(text)).to.deep.equal([]);
      expect(isBare(text, { isCode: true })).to.equal(false);
    });

  it('finds citations of pages that are no links, or lead elsewhere', () => {
    const page = 'docs/guide/x.md';
    expect(unlinked(page, 'so [session 4.7]')).to.deep.equal(['[session 4.7]']);
    expect(unlinked(page, 'so [session 4.7](../protocol/session.md#s4-8)')).to.deep.equal(['[session 4.7]']);
    expect(unlinked(page, 'so [session 4.7](../protocol/session.md#s4-7)')).to.deep.equal([]);
    expect(unlinked(page, 'so `[session 4.7]`')).to.deep.equal([]);
  });
});
