/**
 * The networks of a rig [corosync 10]: each node is a network namespace with two links. The ring link ends at a
 * bridge and can be cut there; over the management link the clients of a test reach the daemon whatever is cut.
 */
import { networkInterfaces } from 'node:os';
import type { RigNames } from './names.js';
import { ip, system, tryIp } from './system.js';

/** Addresses of the ring. Every rig has the same ones: its bridges lead nowhere else. */
export const ringAddress = (node: number): string => `10.99.0.${node}`;

/** The bridge at which every node is when nothing is cut. */
const WHOLE = 0;

export class Network {
  /** Two numbers of the management addresses `10.a.b.x`. */
  private readonly subnet = freeSubnet();
  private bridges = 0;
  private hasFilter = false;
  /** Nodes with connections that are silent. */
  private readonly silent = new Set<number>();

  constructor(
    private readonly names: RigNames,
    private readonly nodes: readonly number[],
    /** Bytes of the longest packet on the ring links. */
    private readonly ringMtu = 1500,
  ) {}

  /** Makes bridge, namespaces and links. */
  raise(): void {
    this.bridge(WHOLE);
    for (const node of this.nodes) this.addNode(node);
  }

  /** Where clients reach the node. */
  address(node: number): string {
    return `${this.subnet}.${4 * (node - 1) + 2}`;
  }

  namespace(node: number): string {
    return this.names.namespace(node);
  }

  /** The node hears nobody and nobody hears it. */
  cut(node: number): void {
    ip([`link set ${this.names.ring(node)} nomaster`]);
  }

  /** Nodes of one side hear each other only; a node of no side stays where it is. */
  split(sides: readonly (readonly number[])[]): void {
    for (const side of sides.keys()) this.bridge(side);
    ip(sides.flatMap((side, i) => side.map((node) => this.toSide(node, i))));
  }

  /** All nodes hear all. */
  heal(): void {
    this.split([this.nodes]);
  }

  /** So many per cent of the ring's packets are lost, at every receiver; 0 ends it. */
  lose(percent: number): void {
    if (!this.hasFilter && percent === 0) return;
    const share = `numgen random mod 1000 < ${Math.round(10 * percent)}`;
    const rule = percent > 0 ? `add rule inet rig loss iifname "e0" ${share} drop` : '';
    const table = this.hasFilter ? 'flush chain inet rig loss' : LOSS_TABLE;
    for (const node of this.nodes) {
      system('ip', ['netns', 'exec', this.namespace(node), 'nft', '-f', '-'], `${table}\n${rule}\n`);
    }
    this.hasFilter = true;
  }

  /**
   * Nothing passes between the node and its clients any more, and neither side hears that the other one has ended.
   * @param port of the one client whose connection it is; without it of all
   */
  silence(node: number, port?: number): void {
    const of = (end: 'sport' | 'dport'): string => (port === undefined ? '' : `tcp ${end} ${port} `);
    const rules = [
      'add table inet silence',
      'add chain inet silence in { type filter hook input priority 0; }',
      'add chain inet silence out { type filter hook output priority 0; }',
      `add rule inet silence in iifname "m0" ${of('sport')}drop`,
      `add rule inet silence out oifname "m0" ${of('dport')}drop`,
    ];
    system('ip', ['netns', 'exec', this.namespace(node), 'nft', '-f', '-'], `${rules.join('\n')}\n`);
    this.silent.add(node);
  }

  /** All nodes hear their clients again. */
  unsilence(): void {
    for (const node of this.silent)
      system('ip', ['netns', 'exec', this.namespace(node), 'nft', 'delete', 'table', 'inet', 'silence']);
    this.silent.clear();
  }

  /** The ring's packets take so many milliseconds; 0 ends it. @throws Error where the kernel has no netem */
  delay(milliseconds: number): void {
    const verb = milliseconds > 0 ? ['replace'] : ['del'];
    const what = milliseconds > 0 ? ['netem', 'delay', `${milliseconds}ms`] : [];
    for (const node of this.nodes) {
      system('tc', ['-n', this.namespace(node), 'qdisc', ...verb, 'dev', 'e0', 'root', ...what]);
    }
  }

  /** Takes everything down, as far as it is there. */
  remove(): void {
    for (const node of this.nodes) {
      tryIp('link', 'del', this.names.ring(node));
      tryIp('link', 'del', this.names.management(node));
      tryIp('netns', 'del', this.namespace(node));
    }
    for (let side = 0; side < this.bridges; side++) tryIp('link', 'del', this.names.bridge(side));
  }

  private addNode(node: number): void {
    const { names } = this;
    const [ring, management, namespace] = [names.ring(node), names.management(node), names.namespace(node)];
    ip([
      `netns add ${namespace}`,
      `link add ${ring} mtu ${this.ringMtu} type veth peer name e0 mtu ${this.ringMtu} netns ${namespace}`,
      `link add ${management} type veth peer name m0 netns ${namespace}`,
      `link set ${ring} master ${names.bridge(WHOLE)} up`,
      `addr add ${this.subnet}.${4 * (node - 1) + 1}/30 dev ${management}`,
      `link set ${management} up`,
    ]);
    ip(
      [
        `addr add ${ringAddress(node)}/24 dev e0`,
        `addr add ${this.address(node)}/30 dev m0`,
        'link set e0 up',
        'link set m0 up',
        'link set lo up',
      ],
      namespace,
    );
  }

  private toSide(node: number, side: number): string {
    return `link set ${this.names.ring(node)} master ${this.names.bridge(side)}`;
  }

  /** Makes the bridge of a side when there is none yet. */
  private bridge(side: number): void {
    for (; this.bridges <= side; this.bridges++) {
      const bridge = this.names.bridge(this.bridges);
      ip([`link add ${bridge} type bridge`, `link set ${bridge} up`]);
    }
  }
}

const LOSS_TABLE = `add table inet rig
add chain inet rig loss { type filter hook input priority 0; }`;

/** The first two numbers that no interface uses, tried from one that differs from process to process. */
export function freeSubnet(): string {
  const used = Object.values(networkInterfaces()).flatMap(
    (each) => each?.map(({ address }) => address) ?? [],
  );
  for (let i = 0; ; i++) {
    const number = process.pid + i;
    const subnet = `10.${64 + ((number >> 8) & 31)}.${number & 255}`;
    if (!used.some((address) => address.startsWith(`${subnet}.`))) return subnet;
  }
}
