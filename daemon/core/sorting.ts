/** Sorting in pieces. */
import type { Group } from './group.js';

/** Sorted at once: this takes about a millisecond. */
const RUN = 2048;
const RUN_COST = 1000;
const STEP = 256;
/** Comparisons in one unit of work. */
const COMPARISONS = 16;

/** In byte order of the names. @yields units of work */
export function* sortedByName(groups: readonly Group[]): Generator<number, readonly Group[]> {
  yield groups.length / COMPARISONS / 4;
  if (isSorted(groups)) return groups;
  let runs: Group[][] = [];
  for (let at = 0; at < groups.length; at += RUN) {
    runs.push(groups.slice(at, at + RUN).toSorted(byName));
    yield RUN_COST;
  }
  while (runs.length > 1) {
    const longer: Group[][] = [];
    for (let i = 0; i < runs.length; i += 2) {
      const [a, b] = [runs[i] as Group[], runs[i + 1]];
      longer.push(b === undefined ? a : yield* merged(a, b));
    }
    runs = longer;
  }
  return runs[0] ?? [];
}

const byName = (a: Group, b: Group): number => (a.name < b.name ? -1 : 1);

/** As after the first of two changes that follow each other. */
const isSorted = (groups: readonly Group[]): boolean =>
  groups.every((group, i) => i === 0 || (groups[i - 1] as Group).name < group.name);

function* merged(a: readonly Group[], b: readonly Group[]): Generator<number, Group[]> {
  const both: Group[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    const [left, right] = [a[i] as Group, b[j] as Group];
    if (left.name < right.name) {
      both.push(left);
      i++;
    } else {
      both.push(right);
      j++;
    }
    if (both.length % STEP === 0) yield STEP / COMPARISONS;
  }
  for (; i < a.length; i++) both.push(a[i] as Group);
  for (; j < b.length; j++) both.push(b[j] as Group);
  return both;
}
