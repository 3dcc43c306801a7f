/** Stands in for Corosync while there is none: this daemon is alone in a ring of its own and hears itself. */
import { Buffer } from 'node:buffer';
import type { CpgAddress, CpgEvent, Multicast } from '../views/ordered-transport.js';

export class LoopBack {
  private queue: CpgEvent[] = [];
  private scheduled: NodeJS.Immediate | null = null;

  /** @param rings makes each of its rings another one than the last */
  constructor(
    private readonly self: CpgAddress,
    rings: bigint,
    private readonly events: (batch: readonly CpgEvent[]) => void,
  ) {
    this.push({ kind: 'confchg', members: [self] });
    this.push({ kind: 'ring', rep: self.node, seq: rings, nodes: [self.node] });
  }

  mcast(head: Buffer, body: Buffer | null): Multicast {
    const { node, pid } = this.self;
    this.push({ kind: 'deliver', node, pid, data: Buffer.concat(body ? [head, body] : [head]) });
    return 'ok';
  }

  /** What has not come back does not come back. */
  close(): void {
    if (this.scheduled) clearImmediate(this.scheduled);
    this.queue = [];
  }

  private push(event: CpgEvent): void {
    this.queue.push(event);
    this.scheduled ??= setImmediate(() => {
      this.scheduled = null;
      const { queue } = this;
      this.queue = [];
      this.events(queue);
    });
  }
}
