/** Daemons connected by a hostile CPG, each with a Corosync of its own. */
import type { ViewsOptions } from '../../../daemon/engine/corosync/views/limits.js';
import type { Fabric, Surroundings } from '../fabric.js';
import type { Process } from '../process.js';
import { CpgEngine } from './engine.js';
import { CpgNetwork } from './network.js';
import type { Node } from './node.js';
import type { CpgOptions } from './options.js';

export class CpgFabric implements Fabric {
  private readonly network: CpgNetwork;
  private readonly engines: (CpgEngine | null)[];

  constructor(
    private readonly surroundings: Surroundings,
    daemons: number,
    options: CpgOptions,
    private readonly views: Partial<ViewsOptions>,
  ) {
    this.network = new CpgNetwork(surroundings, daemons, options);
    this.engines = Array.from({ length: daemons }, () => null);
  }

  get isSettled(): boolean {
    return this.network.isSettled;
  }

  engine(index: number, process: Process): CpgEngine {
    const { random, trace } = this.surroundings;
    const inc = BigInt(1 + random.below(2 ** 31));
    const self = { node: index + 1, pid: 100 + random.below(1000), inc, name: `d${index + 1}` };
    const engine = new CpgEngine(self, this.node(index), this.network, process, trace, this.views);
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

  corosync(index: number, what: 'kill' | 'start' | 'freeze' | 'thaw'): void {
    this.network[what](this.node(index));
  }

  private node(index: number): Node {
    return this.network.nodes[index] as Node;
  }
}
