/** Corosync as one daemon sees it through its transport: there or not, alone on its ring. */
import { Buffer } from 'node:buffer';
import type { CpgAddress, CpgEvent, CpgTransport, Multicast } from '../../../daemon/engine/corosync/cpg.js';

type Handlers = Parameters<CpgTransport['open']>[1];

/** An error that may pass, as the transport has them. */
export class PassingError extends Error {
  readonly isPassing = true;
}

export class FakeCorosync {
  node = 1;
  /** What `open` throws; null while Corosync is there. */
  error: Error | null = null;
  /** Tries to open. */
  tries = 0;
  /** Transports that are open. */
  open: FakeTransport[] = [];
  /** Set, `open` waits for it. */
  gate: Promise<void> | null = null;
  private rings = 0n;

  readonly transport = (): CpgTransport => new FakeTransport(this);

  get address(): CpgAddress {
    return { node: this.node, pid: process.pid };
  }

  /** It dies, or is stopped. */
  die(): void {
    this.error = new PassingError('Corosync does not answer');
    for (const transport of this.open.splice(0))
      transport.handlers?.dead(new Error('the connection is lost'));
  }

  ring(): CpgEvent[] {
    return [
      { kind: 'confchg', members: [this.address] },
      { kind: 'ring', rep: this.node, seq: (this.rings += 4n), nodes: [this.node] },
    ];
  }
}

class FakeTransport implements CpgTransport {
  handlers: Handlers | null = null;

  constructor(private readonly corosync: FakeCorosync) {}

  async open(_group: string, handlers: Handlers): Promise<CpgAddress> {
    this.corosync.tries++;
    await this.corosync.gate;
    if (this.corosync.error) throw this.corosync.error;
    this.handlers = handlers;
    this.corosync.open.push(this);
    handlers.events(this.corosync.ring());
    return this.corosync.address;
  }

  mcast(head: Buffer, body: Buffer | null): Multicast {
    if (!this.corosync.open.includes(this)) return 'dead';
    const data = Buffer.concat(body ? [head, body] : [head]);
    setImmediate(() => {
      if (this.corosync.open.includes(this)) {
        this.handlers?.events([{ kind: 'deliver', ...this.corosync.address, data }]);
      }
    });
    return 'ok';
  }

  async close(): Promise<void> {
    this.corosync.open = this.corosync.open.filter((each) => each !== this);
  }
}
