/**
 * Corosync on all nodes, in virtual time: cuts are noticed late, rings form in steps that can be interrupted, and lists
 * and deliveries lie as [corosync 4.4] tells.
 */
import type { CpgAddress } from '../../../daemon/engine/views/ordered-transport.js';
import type { Random } from '../../support/random.js';
import type { NetworkContext } from '../../../daemon/testing/network/fabric.js';
import type { Time } from '../../../daemon/testing/time/time.js';
import type { Trace } from '../../../daemon/testing/network/trace.js';
import { type Client, Node } from './node.js';
import type { CpgOptions } from './options.js';
import { report } from './report.js';
import { Ring } from './ring.js';
import { Token } from './token.js';

/** An attempt of some nodes to form a ring and to agree on what it holds. */
interface Forming {
  readonly nodes: readonly Node[];
  isCancelled: boolean;
}

/** Events that may wait at a node although nothing happens: acknowledgements come and go. */
const IDLE_BACKLOG = 12;

export class CpgNetwork {
  readonly nodes: readonly Node[];
  private readonly time: Time;
  private readonly random: Random;
  private readonly trace: Trace;
  private readonly token: Token;
  private readonly forming = new Map<Node, Forming>();
  /** Nodes whose last attempt was interrupted. */
  private readonly interrupted = new Set<Node>();
  private sides: number[];
  /** Pairs of which the second does not hear the first. */
  private readonly deaf = new Set<string>();
  private pending = 0;

  constructor(
    context: NetworkContext,
    count: number,
    private readonly options: CpgOptions,
  ) {
    this.time = context.time;
    this.random = context.random;
    this.trace = context.trace;
    this.nodes = Array.from({ length: count }, (_, i) => new Node(i + 1, this.random, options));
    this.sides = this.nodes.map(() => 0);
    const reach = (a: Node, b: Node): boolean => this.reach(a, b);
    this.token = new Token(this.time, this.random, options, this.nodes, reach);
    this.changed(options.merge / 2);
  }

  /** Milliseconds without the token until it counts as lost: what is called `token` in Corosync's configuration. */
  get tokenTimeout(): number {
    return this.options.detection / 2.2;
  }

  get isSettled(): boolean {
    return this.pending === 0 && this.nodes.every(({ backlog }) => backlog <= IDLE_BACKLOG);
  }

  attach(node: Node, client: Client): void {
    node.attach(client);
    this.wake(node);
  }

  detach(node: Node): void {
    node.detach();
    this.wake(node);
  }

  /** There may be something in the node's queue. */
  wake({ ring }: Node): void {
    if (ring) this.token.ordering(ring);
  }

  connect(sides: readonly (readonly number[])[]): void {
    const before = this.sides;
    this.sides = before.map((_, index) => sides.findIndex((side) => side.includes(index)));
    const isCut = before.some((side, a) =>
      before.some((other, b) => side === other && this.sides[a] !== this.sides[b]),
    );
    for (const ring of this.rings()) {
      if (!this.token.isWhole(ring) && this.random.chance(this.options.oneSided)) this.token.orderAlone(ring);
      else this.token.reached(ring);
    }
    this.changed(isCut ? this.options.detection : this.options.merge);
  }

  /** `to` does not hear `from` any more, or does again. */
  deafen(to: Node, from: Node, isDeaf: boolean): void {
    const pair = pairOf(from, to);
    if (isDeaf === this.deaf.has(pair)) return;
    if (isDeaf) this.deaf.add(pair);
    else this.deaf.delete(pair);
    for (const ring of this.rings()) this.token.reached(ring);
    this.changed(isDeaf ? this.options.detection : this.options.merge);
  }

  kill(node: Node): void {
    if (!node.isAlive) return;
    node.kill();
    this.forming.delete(node);
    this.changed(this.options.detection);
  }

  /** First alone, then with those that it reaches. */
  start(node: Node): void {
    if (node.isAlive) return;
    node.isAlive = true;
    if (this.random.chance(this.options.ringLost)) node.seq = 0n;
    this.begin([node]);
    this.changed(this.options.merge);
  }

  freeze(node: Node): void {
    if (!node.isUp) return;
    node.isFrozen = true;
    node.frozenAt = this.time.now;
    this.changed(this.options.detection);
  }

  thaw(node: Node): void {
    if (!node.isFrozen) return;
    node.thaw();
    if (node.ring) this.token.reached(node.ring);
    this.changed(this.options.merge);
  }

  // Rings

  private rings(): Set<Ring> {
    return new Set(this.nodes.flatMap(({ ring }) => (ring && !ring.isClosed ? [ring] : [])));
  }

  /** Whether what `a` sends comes to `b`. */
  private reach(a: Node, b: Node): boolean {
    return this.sides[a.id - 1] === this.sides[b.id - 1] && !this.deaf.has(pairOf(a, b));
  }

  /** Whether each hears each. */
  private isMutual(nodes: readonly Node[]): boolean {
    return nodes.every((a) => nodes.every((b) => this.reach(a, b)));
  }

  private changed(delay: number): void {
    this.pending++;
    this.time.after(delay * (0.9 + 0.2 * this.random.next()), () => {
      this.pending--;
      for (const side of new Set(this.sides)) this.regroup(side);
    });
  }

  private regroup(side: number): void {
    const nodes = this.nodes.filter((node, i) => node.isUp && this.sides[i] === side);
    if (nodes.length === 0) return;
    if (this.isMutual(nodes)) {
      this.gather(nodes);
      return;
    }
    for (const group of this.groupsIn(nodes)) this.gather(group);
    // Whoever is heard by a ring that it does not hear disturbs it, for as long as that is so.
    this.changed(this.options.detection * (1 + 3 * this.random.next()));
  }

  /** Some of the ways in which nodes, of which not all hear all, can form rings. */
  private groupsIn(nodes: readonly Node[]): Node[][] {
    const groups: Node[][] = [];
    const left = nodes.slice();
    while (left.length > 0) {
      const [node] = left.splice(this.random.below(left.length), 1) as [Node];
      const group = groups.find((each) => this.isMutual([...each, node]));
      if (group) group.push(node);
      else groups.push([node]);
    }
    return groups.map((group) => group.toSorted((a, b) => a.id - b.id));
  }

  private gather(nodes: readonly Node[]): void {
    if (!this.isTogether(nodes) && !this.isForming(nodes)) this.begin(nodes);
  }

  private isTogether(nodes: readonly Node[]): boolean {
    const ring = nodes[0]?.ring;
    if (!ring || ring.isClosed || ring.nodes.length !== nodes.length) return false;
    return nodes.every((node) => node.ring === ring && !this.forming.has(node));
  }

  private isForming(nodes: readonly Node[]): boolean {
    const forming = this.forming.get(nodes[0] as Node);
    if (!forming || forming.isCancelled || forming.nodes.length !== nodes.length) return false;
    return nodes.every((node) => this.forming.get(node) === forming);
  }

  private begin(nodes: readonly Node[]): void {
    const forming: Forming = { nodes, isCancelled: false };
    for (const node of nodes) {
      const before = this.forming.get(node);
      if (before) {
        before.isCancelled = true;
        this.interrupted.add(node);
      }
      if (node.ring) node.ring.isClosed = true;
      node.isChanging = true;
      this.forming.set(node, forming);
    }
    this.step(forming, () => {
      const ring = this.form(forming.nodes);
      this.step(forming, () => this.finish(forming.nodes, ring));
    });
  }

  /** One step of forming; a change among the nodes ends the attempt. */
  private step(forming: Forming, act: () => void): void {
    this.pending++;
    this.time.after(this.random.next() * this.options.forming, () => {
      this.pending--;
      const { nodes } = forming;
      const isWhole = nodes.every((node) => node.isUp && this.forming.get(node) === forming);
      if (forming.isCancelled) return;
      if (isWhole && this.isMutual(nodes)) act();
      else {
        forming.isCancelled = true;
        for (const node of nodes) this.interrupted.add(node);
        // Who is left tries again with those whom it reaches.
        this.changed(this.options.forming);
      }
    });
  }

  /** Recovers what the nodes have of their old rings, and makes the new one. */
  private form(nodes: readonly Node[]): Ring {
    const old = new Set(nodes.map(({ ring }) => ring));
    for (const ring of old)
      if (ring)
        this.recover(
          ring,
          nodes.filter((node) => node.ring === ring),
        );
    const ids = nodes.map(({ id }) => id);
    const seq = nodes.reduce((most, node) => (node.seq > most ? node.seq : most), 0n) + 4n;
    const ring = new Ring(Math.min(...ids), seq, ids);
    for (const node of nodes) {
      const companions = new Set(
        nodes
          .filter((other) => other === node || (other.ring !== null && other.ring === node.ring))
          .map(({ id }) => id),
      );
      node.companions = companions;
      this.throwAway(node, companions, nodes.length);
    }
    for (const node of nodes) {
      node.ring = ring;
      node.seq = seq;
    }
    this.trace.note('cpg', () => `ring ${ring.rep}.${ring.seq} {${ids.join()}} forms`);
    return ring;
  }

  /** All that is left of the old ring is handed on; after an interruption not by all to the same end. */
  private recover(ring: Ring, nodes: readonly Node[]): void {
    const most = Math.max(...nodes.map(({ id }) => ring.have.get(id) as number));
    const isInterrupted = nodes.some((node) => this.interrupted.has(node));
    for (const node of nodes) {
      const staysBehind = isInterrupted && this.random.chance(this.options.interrupted);
      if (!staysBehind) ring.have.set(node.id, most);
      this.token.hand(node, ring);
    }
  }

  /** Newcomers lose what stands in the queue of a sender, until it is empty once. */
  private throwAway(node: Node, companions: ReadonlySet<number>, count: number): void {
    if (node.queue.length === 0 || companions.size === count) return;
    if (node.kept !== null) node.kept = new Set([...node.kept].filter((id) => companions.has(id)));
    else if (this.random.chance(this.options.throwAway)) node.kept = companions;
    if (node.kept !== null) this.trace.note('cpg', () => `what ${node.id} has queued is lost to newcomers`);
  }

  private finish(nodes: readonly Node[], ring: Ring): void {
    const processes: CpgAddress[] = nodes.flatMap(({ id, list }) => list.filter((each) => each.node === id));
    for (const node of nodes) {
      report(node, ring, processes, this.interrupted.has(node), this.random, this.options);
      this.interrupted.delete(node);
      this.forming.delete(node);
      node.isChanging = false;
    }
    this.token.ordering(ring);
  }
}

const pairOf = (from: Node, to: Node): string => `${from.id}>${to.id}`;
