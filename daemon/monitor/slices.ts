/** Long lists made in slices, so that messages pass in between. */

/** Entries of one slice: about a millisecond. */
export const SLICE = 1_000;
/** Milliseconds between two slices. */
const SLICE_GAP = 1;

export const pause = (milliseconds = SLICE_GAP): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });

export interface Sorted<T> {
  /** Of all of them. */
  readonly total: number;
  readonly first: readonly T[];
}

/**
 * The first `most` in this order. An entry is made when the iteration comes to it.
 * @param isWanted others do not count; null: all do
 */
export async function firstSorted<T>(
  entries: Iterable<T>,
  compare: (left: T, right: T) => number,
  most: number,
  isWanted: ((entry: T) => boolean) | null = null,
): Promise<Sorted<T>> {
  let first: T[] = [];
  let slice: T[] = [];
  let [seen, total] = [0, 0];
  const take = (): void => {
    first = merged(first, slice.toSorted(compare), compare, most);
    slice = [];
  };
  for (const entry of entries) {
    if (isWanted === null || isWanted(entry)) {
      slice.push(entry);
      total++;
    }
    if (++seen % SLICE !== 0) continue;
    take();
    await pause();
  }
  take();
  return { total, first };
}

function merged<T>(
  left: readonly T[],
  right: readonly T[],
  compare: (left: T, right: T) => number,
  most: number,
): T[] {
  const both: T[] = [];
  const count = Math.min(most, left.length + right.length);
  for (let i = 0, j = 0; both.length < count;) {
    const isLeft = j === right.length || (i < left.length && compare(left[i] as T, right[j] as T) <= 0);
    both.push((isLeft ? left[i++] : right[j++]) as T);
  }
  return both;
}

/** Each entry as JSON. */
export async function jsonOf(entries: readonly unknown[]): Promise<string[]> {
  const texts: string[] = [];
  for (const entry of entries) {
    texts.push(JSON.stringify(entry));
    if (texts.length % SLICE === 0) await pause();
  }
  return texts;
}
