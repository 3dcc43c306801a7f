/** Results in figures and lines. */
import type { Tried } from './tester.js';
import { itemOf, verdictOn, type Verdicts } from './verdicts.js';

export interface Score {
  readonly tried: number;
  readonly noticed: number;
  /** Of these, those that ran too long: a machine under load makes some of its own. */
  readonly late: number;
  /** Not noticed, and not to be noticed. */
  readonly equivalent: number;
  /** Not noticed, and not worth a test, as the page says. */
  readonly accepted: number;
}

const unnoticed = ({ status }: Tried): boolean => status === 'Survived' || status === 'NoCoverage';

export function scoreOf(tried: readonly Tried[], verdicts: Verdicts): Score {
  const survivors = tried.filter(unnoticed).map(({ mutant }) => verdictOn(verdicts, mutant));
  return {
    tried: tried.length,
    noticed: tried.length - survivors.length,
    late: tried.filter(({ status }) => status === 'Timeout').length,
    equivalent: survivors.filter((verdict) => verdict?.equivalent === true).length,
    accepted: survivors.filter((verdict) => verdict?.equivalent === false).length,
  };
}

/** Of those that are not equivalent, how many of a hundred are noticed. */
export const percentOf = ({ tried, noticed, equivalent }: Score): number =>
  tried === equivalent ? 100 : (100 * noticed) / (tried - equivalent);

export const scoreLine = (name: string, score: Score): string => {
  const { tried, noticed, late, equivalent, accepted } = score;
  const open = tried - noticed - equivalent - accepted;
  return [
    `${name.padEnd(8)} ${percentOf(score).toFixed(1).padStart(5)} %: ${noticed} noticed of ${tried} (${late} by time)`,
    `${equivalent} equivalent`,
    `${accepted} accepted`,
    `${open} without a verdict`,
  ].join(', ');
};

/** Survivors by file and function, in the form of the page of verdicts; those with a verdict only when asked for. */
export function survivorLines(tried: readonly Tried[], verdicts: Verdicts, all: boolean): string[] {
  const lines: string[] = [];
  let file = '';
  let place = '';
  const survivors = tried
    .filter(unnoticed)
    .filter(({ mutant }) => all || verdictOn(verdicts, mutant) === undefined)
    .toSorted(({ mutant: a }, { mutant: b }) =>
      a.file === b.file ? compare(a.place, b.place) : compare(a.file, b.file),
    );
  for (const { mutant, status } of survivors) {
    if (mutant.file !== file) lines.push('', `### ${mutant.file}`, '');
    if (mutant.file !== file || mutant.place !== place) lines.push(`- \`${mutant.place}\``);
    ({ file, place } = mutant);
    lines.push(itemOf(mutant) + (status === 'NoCoverage' ? ' (no test reaches it)' : ''));
  }
  return lines;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
