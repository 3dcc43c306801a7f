/**
 * The order in a ring: the token goes round, what is queued gets its place, spreads to the nodes and is handed to their
 * processes. Without all of its nodes a ring stands still: the token is lost.
 */
import { Buffer } from 'node:buffer';
import type { CpgAddress } from '../../../daemon/engine/views/ordered-transport.js';
import type { Random } from '../../support/random.js';
import type { Time } from '../../../daemon/testing/time/time.js';
import type { Node } from './node.js';
import type { CpgOptions } from './options.js';
import type { Entry, Ring } from './ring.js';

export class Token {
  constructor(
    private readonly time: Time,
    private readonly random: Random,
    private readonly options: CpgOptions,
    private readonly nodes: readonly Node[],
    /** Whether what `a` sends comes to `b` now. */
    private readonly reach: (a: Node, b: Node) => boolean,
  ) {}

  nodesOf(ring: Ring): Node[] {
    return ring.nodes.map((id) => this.nodes[id - 1] as Node);
  }

  isWhole(ring: Ring): boolean {
    const nodes = this.nodesOf(ring);
    return nodes.every(
      (node) => node.isUp && node.ring === ring && nodes.every((other) => this.reach(node, other)),
    );
  }

  /** There may be something to order. */
  ordering(ring: Ring): void {
    if (ring.isOrdering || ring.isClosed) return;
    ring.isOrdering = true;
    this.time.after(0.1 + 0.5 * this.random.next(), () => {
      ring.isOrdering = false;
      this.order(ring);
    });
  }

  /** One visit of the token that finds something. Without all nodes the token is lost. */
  private order(ring: Ring): void {
    if (ring.isClosed || !this.isWhole(ring)) return;
    const nodes = this.nodesOf(ring);
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[ring.turn++ % nodes.length] as Node;
      if (!this.mayOrder(node)) continue;
      this.take(ring, node);
      break;
    }
    if (nodes.some((node) => this.mayOrder(node))) this.ordering(ring);
  }

  /** During the synchronisation of a new ring nothing of the group is ordered. */
  private mayOrder(node: Node): boolean {
    return node.queue.length > 0 && !node.isChanging;
  }

  /** The node that has the token when the others are cut off orders what it has; its side may hear it. */
  orderAlone(ring: Ring): void {
    const nodes = this.nodesOf(ring).filter((node) => this.mayOrder(node) && node.isUp);
    if (nodes.length > 0) this.take(ring, this.random.pick(nodes));
  }

  /** Who has the token has everything that was ordered before. */
  private take(ring: Ring, node: Node): void {
    ring.entries.push(...node.take(1 + this.random.below(this.options.window)));
    ring.have.set(node.id, ring.entries.length);
    this.hand(node, ring);
    this.spread(ring, node);
  }

  private spread(ring: Ring, from: Node): void {
    const upTo = ring.entries.length;
    for (const node of this.nodesOf(ring)) {
      if (node === from) continue;
      this.time.after(this.random.next() * this.options.delay, () => {
        if (ring.isClosed || node.ring !== ring || !node.isUp || !this.reach(from, node)) return;
        ring.have.set(node.id, Math.max(ring.have.get(node.id) as number, upTo));
        this.hand(node, ring);
      });
    }
  }

  /** What was lost on its way is sent again. */
  reached(ring: Ring): void {
    if (ring.isClosed || !this.isWhole(ring)) return;
    const [first] = this.nodesOf(ring);
    if (first) {
      const furthest = this.nodesOf(ring).reduce((a, b) =>
        (ring.have.get(b.id) as number) > (ring.have.get(a.id) as number) ? b : a,
      );
      this.spread(ring, furthest);
    }
    this.ordering(ring);
  }

  /** The node hands on what it has received. */
  hand(node: Node, ring: Ring): void {
    const have = ring.have.get(node.id) as number;
    for (let at = ring.delivered.get(node.id) as number; at < have; at++) {
      ring.delivered.set(node.id, at + 1);
      this.handEntry(node, ring, ring.entries[at] as Entry);
    }
  }

  private handEntry(node: Node, ring: Ring, entry: Entry): void {
    if (entry.kind === 'message') {
      if (entry.only && !entry.only.has(node.id)) return;
      const { node: from, pid, data } = entry;
      node.tell({ kind: 'deliver', node: from, pid, data: Buffer.from(data) });
      return;
    }
    const address = { node: entry.node, pid: entry.pid };
    node.list = node.list.filter((each) => !isSame(each, address));
    if (entry.kind === 'leave') {
      node.tell({ kind: 'confchg', members: node.list });
      return;
    }
    node.list = [...node.list, address].toSorted((a, b) => a.node - b.node || a.pid - b.pid);
    const isOwn = entry.node === node.id && node.client?.pid === entry.pid;
    const { rep, seq, nodes } = ring;
    if (!isOwn) {
      node.tell({ kind: 'confchg', members: node.list });
      return;
    }
    node.isJoined = true;
    const events = [
      { kind: 'confchg', members: node.list },
      { kind: 'ring', rep, seq, nodes },
    ] as const;
    // At the start the ring may come before or after the own join [corosync 4.1].
    for (const event of this.random.chance(0.5) ? events : events.toReversed()) node.tell(event);
  }
}

const isSame = (a: CpgAddress, b: CpgAddress): boolean => a.node === b.node && a.pid === b.pid;
