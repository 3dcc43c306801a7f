import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { areas, sourcesOf } from '../../scripts/mutate/areas.js';
import { inWords, placeOf } from '../../scripts/mutate/mutant.js';
import { isText, keyOf } from '../../scripts/mutate/plugin.js';
import { percentOf, scoreOf, survivorLines } from '../../scripts/mutate/report.js';
import { sampleOf } from '../../scripts/mutate/sample.js';
import type { Status, Tried } from '../../scripts/mutate/tester.js';
import { itemOf, parseVerdicts, verdictOn } from '../../scripts/mutate/verdicts.js';
import { repositoryRoot } from '../support/recordings.js';

const source = `/** A counter. */
const LIMIT = 3;

export class Counter<T> {
  private count = 0;

  constructor(private readonly what: T) {}

  get isFull(): boolean {
    return this.count >= LIMIT;
  }

  add(
    by: number,
    twice = false,
  ): void {
    if (by < 0) return;
    for (let i = 0; i < (twice ? 2 : 1); i++) {
      this.count += by;
    }
  }
}

/** Twice as many. */
export const twice = (number: number): number =>
  number * 2;

function helper(): void {
  console.log(LIMIT);
}
`;
const lines = source.split('\n');
const lineWith = (text: string): number => lines.findIndex((line) => line.includes(text));

describe('the mutation test', () => {
  describe('names a place', () => {
    for (const [text, place] of [
      ['LIMIT = 3', 'LIMIT'],
      ['private count', 'Counter.count'],
      ['>= LIMIT', 'Counter.isFull'],
      ['twice = false', 'Counter.add'],
      ['by < 0', 'Counter.add'],
      ['+= by', 'Counter.add'],
      ['number * 2', 'twice'],
      ['console.log', 'helper'],
      ['A counter', 'module'],
    ] as const) {
      it(`by function, method or constant: ${place} for ${text}`, () => {
        expect(placeOf(lines, lineWith(text))).to.equal(place);
      });
    }
  });

  describe('tells a mutant', () => {
    it('as its line before and after', () => {
      const line = lineWith('by < 0');
      const column = (lines[line] as string).indexOf('by < 0');
      const mutant = {
        file: 'a.ts',
        start: { line, column },
        end: { line, column: column + 'by < 0'.length },
        replacement: 'by <= 0',
      };
      expect(inWords(mutant, source)).to.deep.equal({
        file: 'a.ts',
        place: 'Counter.add',
        before: 'if (by < 0) return;',
        after: 'if (by <= 0) return;',
      });
    });

    it('on one line when it takes several', () => {
      const line = lineWith('for (');
      const start = { line, column: (lines[line] as string).lastIndexOf('{') };
      const mutant = { file: 'a.ts', start, end: { line: line + 2, column: 5 }, replacement: '{}' };
      const loop = 'for (let i = 0; i < (twice ? 2 : 1); i++)';
      expect(inWords(mutant, source)).to.deep.equal({
        file: 'a.ts',
        place: 'Counter.add',
        before: `${loop} { this.count += by; }`,
        after: `${loop} {}`,
      });
    });

    it('with both its ends when it is long', () => {
      const long = `const x = '${'a'.repeat(300)}';`;
      const at = { line: 0, column: 10 };
      const { before } = inWords(
        { file: 'a.ts', start: at, end: { line: 0, column: 312 }, replacement: '""' },
        long,
      );
      expect(before).to.have.length.below(130);
      expect(before.startsWith("const x = 'aaa") && before.endsWith("aaa';")).to.equal(true);
    });
  });

  describe('takes a sample', () => {
    const all = Array.from({ length: 1000 }, (_, i) => i);

    it('that is the same for the same seed, and another for another', () => {
      expect(sampleOf(all, 50, 1)).to.deep.equal(sampleOf(all, 50, 1));
      expect(sampleOf(all, 50, 1)).not.to.deep.equal(sampleOf(all, 50, 2));
    });

    it('of different ones, as many as asked for or all there are', () => {
      expect(new Set(sampleOf(all, 400, 3)).size).to.equal(400);
      expect(sampleOf(all, 2000, 3).toSorted((a, b) => a - b)).to.deep.equal(all);
    });

    it('from everywhere', () => {
      const low = sampleOf(all, 400, 4).filter((each) => each < 500).length;
      expect(low).to.be.within(150, 250);
    });

    it('whose keys tell a mutant from the others at one place', () => {
      const mutant = {
        id: '1',
        fileName: join(repositoryRoot, 'lib/wire/name.ts'),
        location: { start: { line: 1, column: 2 }, end: { line: 1, column: 9 } },
        mutatorName: 'EqualityOperator',
        replacement: 'a < b',
      };
      expect(keyOf(mutant)).to.equal('lib/wire/name.ts 1 2 1 9 EqualityOperator a < b');
      expect(keyOf(mutant)).not.to.equal(keyOf({ ...mutant, replacement: 'a >= b' }));
    });
  });

  it('leaves texts for people alone, and no other literal', () => {
    const literal = (value: string) => isText({ node: { type: 'StringLiteral', value } });
    expect([literal('a name is missing'), literal('group-field')]).to.deep.equal([true, false]);
    const template = (...raw: readonly string[]) =>
      isText({ node: { type: 'TemplateLiteral', quasis: raw.map((each) => ({ value: { raw: each } })) } });
    expect([template('expected ', ''), template('', '.', '')]).to.deep.equal([true, false]);
    expect(isText({ node: { type: 'NumericLiteral', value: 1 } })).to.equal(false);
  });

  describe('counts', () => {
    const mutant = { file: 'lib/a.ts', place: 'A.b', before: 'a || `b`', after: 'a && `b`' };
    const page = [
      '### lib/a.ts',
      '',
      '- `A.b`, equivalent: both are the same.',
      itemOf(mutant),
      '- `A.c`, accepted: it costs time only.',
      itemOf({ ...mutant, after: '' }),
    ].join('\n');
    const tried = (status: Status, place = 'A.b', after = mutant.after): Tried => ({
      status,
      mutant: { ...mutant, place, after },
    });
    const results = [
      ...(['Killed', 'Timeout', 'RuntimeError'] as const).map((status) => tried(status)),
      tried('Survived'),
      tried('Survived', 'A.c', ''),
      tried('NoCoverage', 'A.d'),
    ];

    it('verdicts as the page gives them', () => {
      const verdicts = parseVerdicts(page);
      expect(verdictOn(verdicts, mutant)).to.deep.equal({ equivalent: true, why: 'both are the same.' });
      expect(verdictOn(verdicts, { ...mutant, place: 'A.c', after: '' })?.equivalent).to.equal(false);
      expect(verdictOn(verdicts, { ...mutant, file: 'lib/b.ts' })).to.equal(undefined);
    });

    it('what was noticed of those that are not equivalent', () => {
      const score = scoreOf(results, parseVerdicts(page));
      expect(score).to.deep.equal({ tried: 6, noticed: 3, late: 1, equivalent: 1, accepted: 1 });
      expect(percentOf(score)).to.equal(60);
    });

    it('and names the survivors without a verdict, or all', () => {
      const verdicts = parseVerdicts(page);
      expect(survivorLines(results, verdicts, false)).to.deep.equal([
        '',
        '### lib/a.ts',
        '',
        '- `A.d`',
        `${itemOf(mutant)} (no test reaches it)`,
      ]);
      expect(survivorLines(results, verdicts, true)).to.have.length(9);
    });
  });

  describe('has', () => {
    for (const area of areas) {
      it(`sources and specs of ${area.name}`, () => {
        expect(sourcesOf(area)).not.to.be.empty;
        for (const spec of area.specs) expect(existsSync(join(repositoryRoot, spec)), spec).to.equal(true);
        expect(new Set(area.specs).size).to.equal(area.specs.length);
      });
    }

    it('no verdict on a function that is gone', () => {
      const page = readFileSync(join(repositoryRoot, 'docs/reliability/mutants.md'), 'utf8');
      for (const key of parseVerdicts(page).keys()) {
        const [file = '', place = ''] = key.split('\n');
        const name = place.split('.').at(-1) as string;
        expect(readFileSync(join(repositoryRoot, file), 'utf8'), `${file}: ${place}`).to.include(name);
      }
    });
  });
});
