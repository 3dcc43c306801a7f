/**
 * Several Corosync nodes on one machine, each with an `sspd` [corosync 10]. Everything is taken down again,
 * also when the process ends by a signal or an exception; what SIGKILL leaves, the next rig removes.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../wait.js';
import { FOLDER_PREFIX, removeLeftovers } from './leftovers.js';
import { RigNames } from './names.js';
import { Network } from './network.js';
import { ClusterNode, type Role, ROLES } from './node.js';
import {
  type ClusterOptions,
  type ClusterSettings,
  corosyncConf,
  settingsOf,
  spreadConf,
} from './settings.js';

/** Milliseconds for a ring to form, several of them on few cores. */
const RING_LIMIT = 20_000;
/** What `corosync-keygen` makes. */
const KEY_BYTES = 256;

export class Cluster implements AsyncDisposable {
  readonly nodes: readonly ClusterNode[];
  readonly network: Network;
  readonly folder = mkdtempSync(join(tmpdir(), `${FOLDER_PREFIX}${process.pid}-`));
  private isUp = true;

  private constructor(readonly settings: ClusterSettings) {
    const numbers = Array.from({ length: settings.nodes }, (_, i) => i + 1);
    const network = new Network(new RigNames(), numbers, settings.linkMtu);
    this.network = network;
    this.nodes = numbers.map((number) => {
      const folder = join(this.folder, `n${number}`);
      return new ClusterNode(number, network.namespace(number), network.address(number), folder);
    });
  }

  /** A rig whose ring has formed. */
  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    removeLeftovers();
    guard();
    const cluster = new Cluster(settingsOf(options));
    standing.add(cluster);
    try {
      await cluster.raise();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  node(number: number): ClusterNode {
    const node = this.nodes[number - 1];
    if (!node) throw new Error(`there is no node ${number}`);
    return node;
  }

  /** Resolves when every Corosync has all nodes in its ring. */
  async formed(): Promise<void> {
    const isWhole = async (node: ClusterNode): Promise<boolean> =>
      (await node.ring()).length === this.nodes.length;
    for (const node of this.nodes) {
      await eventually(() => isWhole(node), `the ring at node ${node.number}`, RING_LIMIT);
    }
  }

  /** Everything is as at the start: nothing cut, nothing frozen, everything running. */
  restore(): void {
    this.network.lose(0);
    this.network.heal();
    this.network.unsilence();
    for (const node of this.nodes) {
      for (const role of this.roles) {
        const process = node.process(role);
        if (!process?.isRunning) node.start(role);
        else if (process.isFrozen) process.thaw();
      }
    }
  }

  /** What runs on each node. */
  get roles(): readonly Role[] {
    return this.settings.daemons ? ROLES : ['corosync'];
  }

  /** A line for each node: what runs, and who is in its ring. */
  async describe(): Promise<string> {
    const lines = this.nodes.map(async (node) => {
      const states = this.roles.map((role) => `${role} ${node.process(role)?.state ?? 'ended'}`);
      return `${node.number} ${node.daemon}: ${states.join(', ')}; ring ${(await node.ring()).join(' ') || 'none'}`;
    });
    return (await Promise.all(lines)).join('\n');
  }

  /** Takes everything down. */
  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
    this.remove();
  }

  /** The same at once, for a process that ends. */
  remove(): void {
    if (!this.isUp) return;
    this.isUp = false;
    for (const node of this.nodes) node.killNow();
    this.network.remove();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 });
    standing.delete(this);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private async raise(): Promise<void> {
    const { nodes, settings } = this;
    this.network.raise();
    const numbers = nodes.map(({ number }) => number);
    const addresses = nodes.map(({ host }) => host);
    const key = randomBytes(KEY_BYTES);
    for (const node of nodes) {
      await node.prepare({
        corosync: corosyncConf(settings, numbers, node.folder),
        spread: spreadConf(settings, addresses, node.folder),
      });
      writeFileSync(join(node.folder, 'authkey'), key, { mode: 0o400 });
      node.start('corosync');
    }
    await this.formed();
    if (!settings.daemons) return;
    for (const node of nodes) node.start('sspd');
    for (const node of nodes) await node.listening();
  }
}

/** Rigs that are up. */
const standing = new Set<Cluster>();

function removeAll(): void {
  for (const cluster of standing) cluster.remove();
}

let isGuarded = false;

/** However this process ends, its rigs are taken down; only SIGKILL cannot be noticed. */
function guard(): void {
  if (isGuarded) return;
  isGuarded = true;
  process.on('exit', removeAll);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      removeAll();
      // Without other listeners the signal ends the process, as it would have done without this one.
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    });
  }
}
