/** "did you mean ...?" for a word that is not one of those known. */

/** Edits that a slip takes at most; beyond, or for more than a third of the word, it is another word. */
const MAX_EDITS = 3;
/** Longer words are compared no further: what is typed by hand is shorter. */
const MAX_LENGTH = 64;

/** The known word that was meant, in words to be put behind an error; empty when none is close. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const meant = closestWord(word, known);
  return meant === null ? '' : `; did you mean "${meant}"?`;
}

/** The known word with the fewest edits, the case of letters apart; null when none is close. */
export function closestWord(word: string, known: Iterable<string>): string | null {
  const lower = word.slice(0, MAX_LENGTH).toLowerCase();
  let best: string | null = null;
  let least = Math.min(MAX_EDITS, Math.max(1, Math.floor(lower.length / 3))) + 1;
  for (const candidate of known) {
    const edits = distance(lower, candidate.slice(0, MAX_LENGTH).toLowerCase());
    if (edits < least) [best, least] = [candidate, edits];
  }
  return best;
}

/** Letters to insert, delete, replace or swap with their neighbour. */
function distance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const isSame = from[i - 1] === to[j - 1];
      let edits = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (isSame ? 0 : 1));
      const isSwapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (isSwapped) edits = Math.min(edits, at(beforeLast, j - 2) + 1);
      row.push(edits);
    }
    [beforeLast, last] = [last, row];
  }
  return at(last, to.length);
}

const at = (row: readonly number[], index: number): number => row[index] ?? Infinity;
