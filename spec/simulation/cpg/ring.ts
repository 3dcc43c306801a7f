/** One ring of nodes: the order of its messages, and how far each node has got in it. */
import type { Buffer } from 'node:buffer';

export type Entry =
  | {
      readonly kind: 'message';
      readonly node: number;
      readonly pid: number;
      readonly data: Buffer;
      /** Given: the others throw it away ([corosync 4.4], fragment straddling). */
      only: ReadonlySet<number> | null;
    }
  | { readonly kind: 'join' | 'leave'; readonly node: number; readonly pid: number };

export class Ring {
  readonly entries: Entry[] = [];
  /** Entries that each node has received. */
  readonly have = new Map<number, number>();
  /** Entries that each node has handed to its processes. */
  readonly delivered = new Map<number, number>();
  /** Its nodes are forming other rings: nothing more is ordered or received in it. */
  isClosed = false;
  isOrdering = false;
  turn = 0;

  constructor(
    readonly rep: number,
    readonly seq: bigint,
    readonly nodes: readonly number[],
  ) {
    for (const node of nodes) {
      this.have.set(node, 0);
      this.delivered.set(node, 0);
    }
  }
}
