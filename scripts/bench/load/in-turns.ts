/** Opens and closes many connections without asking for all of them at once. */

/** Connections that are opened at a time. */
const AT_ONCE = 50;

export async function inTurns<T>(count: number, act: (number: number) => Promise<T>): Promise<T[]> {
  const all: T[] = [];
  for (let from = 0; from < count; from += AT_ONCE) {
    const length = Math.min(AT_ONCE, count - from);
    all.push(...(await Promise.all(Array.from({ length }, (_, i) => act(from + i)))));
  }
  return all;
}
