/**
 * Names that somebody who knows the hash function of a table chooses, so that all of them meet in one cell. The function
 * is FNV-1a of 32 bits, as the daemon's tables once had it, without a secret. In its lower bits, which are what a table
 * looks at, each step depends on the lower bits alone; so from any state several short blocks are quickly found that lead
 * to one state, and a row of such blocks gives four times as many names with each.
 */

/** Names meet in tables of up to this many cells. */
export const CELLS = 1 << 17;

const BASIS = 0x811c9dc5;
const PRIME = 0x01000193;
const FIRST = 0x30;
const LAST = 0x7e;
/** Blocks of three characters that lead to one state, and how many of these rows a name has room for. */
const BLOCKS = 4;
const MAX_ROWS = 8;

const step = (hash: number, code: number): number => Math.imul(hash ^ code, PRIME);

/** Where a table of that many cells puts a name. */
export function cellOf(name: string): number {
  let hash = BASIS | 0;
  for (let i = 0; i < name.length; i++) hash = step(hash, name.charCodeAt(i));
  return hash & (CELLS - 1);
}

/** @param count at most 65,536 */
export function collidingNames(count: number): string[] {
  const rows = Math.ceil(Math.log2(count) / Math.log2(BLOCKS));
  if (rows > MAX_ROWS)
    throw new RangeError(`expected a count of at most ${BLOCKS ** MAX_ROWS}, got ${count}`);
  let names = [''];
  let state = BASIS & (CELLS - 1);
  for (let i = 0; i < rows; i++) {
    const blocks = meeting(state);
    names = names.flatMap((name) => blocks.map((block) => name + block));
    for (const char of blocks[0] as string) state = step(state, char.charCodeAt(0)) & (CELLS - 1);
  }
  return names.slice(0, count);
}

/** Blocks that lead from this state to one and the same. */
function meeting(state: number): string[] {
  const counts = new Uint8Array(CELLS);
  const full = walk(state, (next) => {
    const count = (counts[next] as number) + 1;
    counts[next] = count;
    return count === BLOCKS;
  });
  const blocks: string[] = [];
  walk(state, (next, ...codes) => next === full && blocks.push(String.fromCharCode(...codes)) === BLOCKS);
  return blocks;
}

/** Visits the states behind all blocks until the visitor stops it. @returns the state where that was */
function walk(state: number, visit: (next: number, x: number, y: number, z: number) => boolean): number {
  for (let x = FIRST; x <= LAST; x++) {
    for (let y = FIRST; y <= LAST; y++) {
      const between = step(step(state, x), y);
      for (let z = FIRST; z <= LAST; z++) {
        const next = step(between, z) & (CELLS - 1);
        if (visit(next, x, y, z)) return next;
      }
    }
  }
  throw new Error(`no ${BLOCKS} blocks meet behind ${state}`);
}
