/** The embedded engine: one daemon, every payload is ordered and stable at once. */
import type { Buffer } from 'node:buffer';
import { EventEmitter } from 'eventemitter3';
import type { DaemonId, Engine, EngineEvents, EngineStats, SendOptions, View } from './port.js';

/** The same as the Corosync engine's. */
const MAX_PAYLOAD = 256 * 1024 * 1024;

interface QueuedSend {
  readonly payload: Buffer;
  readonly safe: boolean;
  readonly exchange: boolean;
}

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
  private readonly queue: QueuedSend[] = [];
  /** What was sent before the exchange was over; null from then on. */
  private held: QueuedSend[] | null = [];
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

  send(payload: Buffer, options?: SendOptions): boolean {
    this.sent++;
    const { safe = false, exchange = false } = options ?? {};
    const queue = exchange ? this.queue : (this.held ?? this.queue);
    queue.push({ payload, safe, exchange });
    if (!this.delivering) this.deliver();
    return true;
  }

  exchangeDone(): void {
    for (const waiting of this.held ?? []) this.queue.push(waiting);
    this.held = null;
    if (!this.delivering) this.deliver();
  }

  tellBehind(): void {
    // There is no other daemon.
  }

  /** There are no others. */
  exclude(): void {
    // Nobody could ask for it.
  }

  watchExchange(): void {
    // There is nobody to wait for.
  }

  stats(): EngineStats {
    const queuedBytes = this.held?.reduce((sum, { payload }) => sum + payload.length, 0) ?? 0;
    return { views: this.view ? 1 : 0, sent: this.sent, delivered: this.delivered, queuedBytes };
  }

  on<K extends keyof EngineEvents>(event: K, handler: (...args: EngineEvents[K]) => void): this {
    this.events.on(event, handler);
    return this;
  }

  /** What a handler sends while it is called waits here for its turn: the order is that of the sends. */
  private deliver(): void {
    const before = this.delivered;
    this.delivering = true;
    try {
      for (let next = this.queue.shift(); next; next = this.queue.shift()) {
        this.delivered++;
        this.events.emit('message', { sender: this.self, index: this.delivered, ...next });
      }
      if (this.delivered > before) this.events.emit('stable', this.delivered);
    } finally {
      this.delivering = false;
    }
  }
}
