/** The embedded engine: one daemon, every payload is ordered and stable at once (design.md 6). */
import type { Buffer } from 'node:buffer';
import { EventEmitter } from 'eventemitter3';
import type { DaemonId, Engine, EngineEvents, EngineStats, View } from './port.js';

/** Above any frame the session protocol allows; the same as the Corosync engine's, so that packing is the same. */
const MAX_PAYLOAD = 512 * 1024;

export interface SoloOptions {
  readonly name: string;
  /** 32-bit identity of the daemon. */
  readonly node: number;
  readonly pid: number;
  /** Seconds since 1970: the tag of the only view, so that no two runs share group ids. */
  readonly time: number;
}

export class SoloEngine implements Engine {
  readonly self: DaemonId;
  readonly maxPayload = MAX_PAYLOAD;
  readonly semantics = 'partitionable';
  view: View | null = null;
  private readonly events = new EventEmitter<EngineEvents>();
  private readonly queue: { payload: Buffer; safe: boolean }[] = [];
  private delivering = false;
  private sent = 0;
  private delivered = 0;

  constructor(private readonly options: SoloOptions) {
    const { name, node, pid, time } = options;
    this.self = { name, node, pid, inc: BigInt(time) };
  }

  async start(): Promise<void> {
    const { node, time } = this.options;
    const members = [this.self];
    this.view = {
      id: { text: `${node >>> 0}.${time}`, tag: BigInt(time) },
      members,
      sets: [members],
      previous: null,
    };
    this.events.emit('view', this.view);
  }

  async stop(): Promise<void> {
    this.view = null;
    this.events.removeAllListeners();
  }

  send(payload: Buffer, options?: { readonly safe?: boolean }): boolean {
    this.sent++;
    this.queue.push({ payload, safe: options?.safe ?? false });
    if (!this.delivering) this.deliver();
    return true;
  }

  stats(): EngineStats {
    return { views: this.view ? 1 : 0, sent: this.sent, delivered: this.delivered, queuedBytes: 0 };
  }

  on<K extends keyof EngineEvents>(event: K, handler: (...args: EngineEvents[K]) => void): this {
    this.events.on(event, handler);
    return this;
  }

  /** What a handler sends while it is called waits here for its turn: the order is that of the sends. */
  private deliver(): void {
    this.delivering = true;
    try {
      for (let next = this.queue.shift(); next; next = this.queue.shift()) {
        this.delivered++;
        this.events.emit('message', { sender: this.self, index: this.delivered, ...next });
      }
    } finally {
      this.delivering = false;
    }
  }
}
