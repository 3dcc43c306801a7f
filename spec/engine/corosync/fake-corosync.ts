/** Corosync as one daemon sees it through its transport: there or not, alone on its ring. */
import { Buffer } from 'node:buffer';
import type {
  CpgAddress,
  CpgEvent,
  CpgTransport,
  Multicast,
} from '../../../daemon/engine/views/ordered-transport.js';

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
  /** Its token timeout in milliseconds. */
  token = 1000;
  /** Questions that it was asked. */
  asked = 0;
  /** What `ask` throws. */
  speechless: Error | null = null;
  /** It answers no question, and does all else. */
  isMute = false;
  private rings = 0n;
  private hanging: Promise<void> | null = null;
  private awaken: () => void = () => undefined;

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

  /** It takes what it is given and does nothing, until `resume`. */
  hang(): void {
    this.hanging = new Promise((resolve) => {
      this.awaken = resolve;
    });
    this.gate = this.hanging;
  }

  /** An event of others that was not there at that time. */
  handOver(emptyAt: number): void {
    const event: CpgEvent = { kind: 'deliver', node: 9, pid: 9, data: Buffer.from('of others') };
    for (const transport of this.open) transport.handlers?.events([event], emptyAt);
  }

  resume(): void {
    this.hanging = null;
    this.gate = null;
    this.awaken();
  }

  /** Resolves when it does what it is asked to. */
  async awake(): Promise<void> {
    await this.hanging;
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
    handlers.events(this.corosync.ring(), -Infinity);
    return this.corosync.address;
  }

  mcast(head: Buffer, body: Buffer | null): Multicast {
    if (!this.corosync.open.includes(this)) return 'dead';
    const data = Buffer.concat(body ? [head, body] : [head]);
    void this.deliver(data);
    return 'ok';
  }

  async ask(begun: () => void): Promise<number> {
    this.corosync.asked++;
    if (this.corosync.speechless) throw this.corosync.speechless;
    begun();
    if (this.corosync.isMute) await new Promise(() => undefined);
    await this.corosync.awake();
    return this.corosync.token;
  }

  async close(): Promise<void> {
    this.corosync.open = this.corosync.open.filter((each) => each !== this);
  }

  private async deliver(data: Buffer): Promise<void> {
    await this.corosync.awake();
    const emptyAt = performance.now();
    await new Promise((resolve) => setImmediate(resolve));
    if (!this.corosync.open.includes(this)) return;
    this.handlers?.events([{ kind: 'deliver', ...this.corosync.address, data }], emptyAt);
  }
}
