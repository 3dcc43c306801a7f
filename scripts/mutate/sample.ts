import { Random } from '../../spec/support/random.js';

/** `count` of these, each equally likely; the same ones for the same seed and list. */
export function sampleOf<T>(all: readonly T[], count: number, seed: number): T[] {
  const random = new Random(seed);
  const rest = all.slice();
  const taken: T[] = [];
  while (taken.length < count && rest.length > 0) {
    const at = random.below(rest.length);
    taken.push(rest[at] as T);
    rest[at] = rest.at(-1) as T;
    rest.pop();
  }
  return taken;
}
