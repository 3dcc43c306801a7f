/** What a node tells its process after a ring change, in one go [corosync 4.1]: C lost, C gained, C gone, T. */
import type { CpgAddress } from '../../../daemon/engine/views/ordered-transport.js';
import type { Random } from '../../support/random.js';
import type { Node } from './node.js';
import type { CpgOptions } from './options.js';
import type { Ring } from './ring.js';

/** @param processes all of the group on the nodes of the ring, in order */
export function report(
  node: Node,
  ring: Ring,
  processes: readonly CpgAddress[],
  wasInterrupted: boolean,
  random: Random,
  options: CpgOptions,
): void {
  node.ghosts = ghostsOf(node, ring, random, options);
  const came = cameAlong(node, ring, wasInterrupted, random, options);
  const stayed = node.list.filter((each) => came.has(each.node) || isOneOf(node.ghosts, each));
  const told = (members: readonly CpgAddress[]): void => {
    node.list = members.toSorted((a, b) => a.node - b.node || a.pid - b.pid);
    node.tell({ kind: 'confchg', members: node.list });
  };
  if (stayed.length < node.list.length) told(stayed);
  const all = [...processes, ...node.ghosts];
  const gained = all.filter((each) => !isOneOf(node.list, each));
  if (gained.length > 0) told([...node.list, ...gained]);
  for (const gone of node.list.filter((each) => !isOneOf(all, each))) {
    told(node.list.filter((each) => each !== gone));
  }
  const { rep, seq, nodes } = ring;
  node.tell({ kind: 'ring', rep, seq, nodes });
}

/** The nodes that this one believes to have come along with it. */
function cameAlong(
  node: Node,
  ring: Ring,
  wasInterrupted: boolean,
  random: Random,
  { silentReturn, opinions }: CpgOptions,
): ReadonlySet<number> {
  if (wasInterrupted && random.chance(silentReturn)) return new Set(ring.nodes);
  if (!random.chance(opinions)) return node.companions;
  return new Set(ring.nodes.filter((id) => id === node.id || random.chance(0.5)));
}

/** Processes of nodes that are gone and stay listed; they are forgotten when their node is there again. */
function ghostsOf(node: Node, ring: Ring, random: Random, { ghost }: CpgOptions): CpgAddress[] {
  const gone = node.list.filter((each) => !ring.nodes.includes(each.node) && !isOneOf(node.ghosts, each));
  const haunting = node.ghosts.filter((each) => !ring.nodes.includes(each.node));
  return [...haunting, ...gone.filter(() => random.chance(ghost))];
}

const isOneOf = (list: readonly CpgAddress[], address: CpgAddress): boolean =>
  list.some((each) => each.node === address.node && each.pid === address.pid);
