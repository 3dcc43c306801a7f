/** Daemons connected by a hostile CPG, each with a Corosync of its own. */
import { stallLimit } from '../../../daemon/engine/corosync/watchdog.js';
import type { DaemonId } from '../../../daemon/engine/port.js';
import { type ViewsOptions, checkedOptions } from '../../../daemon/engine/views/ports.js';
import { Replaced } from '../checks/replaced.js';
import type { Fabric, NetworkContext } from '../../../daemon/testing/network/fabric.js';
import type { Process } from '../../../daemon/testing/time/process.js';
import { CpgEngine } from './engine.js';
import { CpgNetwork } from './network.js';
import type { Node } from './node.js';
import type { CpgOptions } from './options.js';

/** Token timeouts within which a daemon knows that its Corosync hangs. */
const TOLD_WITHIN = 1.5;
/** Milliseconds. */
const TURNS = 4;

export class CpgFabric implements Fabric {
  private readonly network: CpgNetwork;
  private readonly engines: (CpgEngine | null)[];
  private readonly replaced: Replaced;

  constructor(
    private readonly context: NetworkContext,
    daemons: number,
    private readonly options: CpgOptions,
    private readonly views: Partial<ViewsOptions>,
  ) {
    this.network = new CpgNetwork(context, daemons, options);
    const { violations } = context;
    this.replaced = new Replaced({
      hung: (self) => this.runs(self) && this.isHung(self.node - 1),
      sleeper: (self, since) => this.runs(self) && this.sleptThrough(self.node - 1, since),
      now: () => context.time.now,
      fault: (text) => void violations.push({ property: 'told', text }),
    });
    this.engines = Array.from({ length: daemons }, () => null);
  }

  get isSettled(): boolean {
    return this.network.isSettled;
  }

  engine(index: number, process: Process, name: string, reportVersion: number): CpgEngine {
    const { random, trace } = this.context;
    const inc = BigInt(1 + random.below(2 ** 31));
    const self = { node: index + 1, pid: 100 + random.below(1000), inc, name };
    const engine = new CpgEngine(
      self,
      this.node(index),
      this.network,
      process,
      trace,
      { ...this.views, reportVersion },
      this.replaced,
    );
    this.engines[index] = engine;
    return engine;
  }

  crashed(index: number): void {
    this.engines[index]?.end();
    this.engines[index] = null;
  }

  frozen(): void {
    // Corosync does not notice.
  }

  connect(sides: readonly (readonly number[])[]): void {
    this.network.connect(sides);
  }

  deafen(index: number, from: number, isDeaf: boolean): void {
    this.network.deafen(this.node(index), this.node(from), isDeaf);
  }

  isHung(index: number): boolean {
    const { isFrozen, frozenAt } = this.node(index);
    const process = this.engines[index]?.process;
    if (!isFrozen || !process?.isRunning) return false;
    const since = Math.max(frozenAt, process.thawedAt);
    return this.context.time.now - since > TOLD_WITHIN * this.network.tokenTimeout + this.slack;
  }

  /** Whether it is this run of the daemon that runs now. */
  private runs({ node, inc }: DaemonId): boolean {
    return this.engines[node - 1]?.self.inc === inc;
  }

  /** Whether its process was frozen at that time, and for so long that it has to expect the worst. */
  private sleptThrough(index: number, since: number): boolean {
    const process = this.engines[index]?.process;
    if (!process?.isRunning) return false;
    const { thawedAt, frozenFor } = process;
    return (
      since < thawedAt && since > thawedAt - frozenFor && frozenFor > stallLimit(checkedOptions(this.views))
    );
  }

  /** Milliseconds from a question to its answer, and some turns of the event loop. */
  private get slack(): number {
    return 2 * this.options.dispatch + TURNS;
  }

  corosync(index: number, what: 'kill' | 'start' | 'freeze' | 'thaw'): void {
    this.network[what](this.node(index));
  }

  private node(index: number): Node {
    return this.network.nodes[index] as Node;
  }
}
