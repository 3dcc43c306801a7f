/** The verdicts on survivors, read from the page that people read. */
import type { MutantInWords } from './mutant.js';

export interface Verdict {
  /** It behaves as the original does, so no test can tell. */
  readonly equivalent: boolean;
  readonly why: string;
}

export type Verdicts = ReadonlyMap<string, Verdict>;

const FILE = /^### (\S+\.ts)$/;
const GROUP = /^- `([^`]+)`, (equivalent|accepted): (.*)$/;
const CHANGE = /^ {2}- (`+) ?(.+?) ?\1 becomes (`+) ?(.*?) ?\3$/;

const keyOf = ({ file, place, before, after }: MutantInWords): string =>
  [file, place, before, after].join('\n');

export const verdictOn = (verdicts: Verdicts, mutant: MutantInWords): Verdict | undefined =>
  verdicts.get(keyOf(mutant));

/**
 * Reads the lists of a page: a heading with the file, an item with function, verdict and reason, and below it an item
 * for each mutant. Text between them is for people.
 */
export function parseVerdicts(page: string): Verdicts {
  const verdicts = new Map<string, Verdict>();
  let file: string | undefined;
  let group: { readonly place: string; readonly verdict: Verdict } | undefined;
  for (const line of page.split('\n')) {
    file = FILE.exec(line)?.[1] ?? file;
    const [, place, word, why] = GROUP.exec(line) ?? [];
    if (place !== undefined && why !== undefined)
      group = { place, verdict: { equivalent: word === 'equivalent', why } };
    const [, , before, , after] = CHANGE.exec(line) ?? [];
    if (before === undefined || after === undefined) continue;
    if (file === undefined || group === undefined)
      throw new Error(`expected a file and a function above the mutant: ${line}`);
    verdicts.set(keyOf({ file, place: group.place, before, after }), group.verdict);
  }
  return verdicts;
}

/** Code between as many backticks as it needs. */
function quoted(code: string): string {
  if (code === '') return '` `';
  const longest = Math.max(0, ...[...code.matchAll(/`+/g)].map(([run]) => run.length));
  const ticks = '`'.repeat(longest + 1);
  return longest === 0 ? `${ticks}${code}${ticks}` : `${ticks} ${code} ${ticks}`;
}

/** A mutant as an item of the page. */
export const itemOf = ({ before, after }: MutantInWords): string =>
  `  - ${quoted(before)} becomes ${quoted(after)}`;
