/** Sorting in pieces. */
import type { Group } from './group.js';

/** Sorted at once: this takes less than a millisecond. */
const RUN = 512;
const RUN_COST = 200;
const STEP = 64;

/** In byte order of the names. @yields units of work */
export function* sortedByName(groups: readonly Group[]): Generator<number, Group[]> {
  let runs: Group[][] = [];
  for (let at = 0; at < groups.length; at += RUN) {
    runs.push(groups.slice(at, at + RUN).toSorted((a, b) => (a.name < b.name ? -1 : 1)));
    yield RUN_COST;
  }
  while (runs.length > 1) {
    const longer: Group[][] = [];
    for (let i = 0; i < runs.length; i += 2) {
      longer.push(yield* merged(runs[i] as Group[], runs[i + 1] ?? []));
    }
    runs = longer;
  }
  return runs[0] ?? [];
}

function* merged(a: readonly Group[], b: readonly Group[]): Generator<number, Group[]> {
  const both: Group[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i], b[j]];
    if (left !== undefined && (right === undefined || left.name < right.name)) {
      both.push(left);
      i++;
    } else {
      both.push(right as Group);
      j++;
    }
    if (both.length % STEP === 0) yield STEP / 8;
  }
  return both;
}
