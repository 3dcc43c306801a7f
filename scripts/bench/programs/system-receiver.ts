/** Receives with the client of any system, on one or more connections, and counts. */
import { type ClientTarget, openClient } from '../load/system-clients.js';
import { now } from '../load/now.js';
import { serve } from '../load/serve.js';

export interface SystemReceiverPlan {
  readonly target: ClientTarget;
  readonly group: string;
  readonly connections: number;
  readonly size: number;
}

export interface SystemReceiverRequest {
  /** Messages to wait for, all connections together. */
  readonly deliveries: number;
}

export interface SystemReceiverAnswer {
  /** When the last one came. */
  readonly end: number;
}

/** Milliseconds without any message after which some count as lost. */
const SILENCE_MS = 30_000;

class Receiver {
  private received = 0;
  private expected = Infinity;
  private done: () => void = () => undefined;

  constructor(private readonly size: number) {}

  readonly take = (body: Uint8Array): void => {
    if (body.length !== this.size) throw new Error(`expected ${this.size} bytes, got ${body.length}`);
    if (++this.received === this.expected) this.done();
  };

  async receive(deliveries: number): Promise<SystemReceiverAnswer> {
    if (this.received < deliveries) await this.arrival(deliveries);
    const end = now();
    if (this.received > deliveries) throw new Error(`expected ${deliveries} messages, got ${this.received}`);
    this.received = 0;
    this.expected = Infinity;
    return { end };
  }

  private arrival(deliveries: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let before = this.received;
      const watch = setInterval(() => {
        if (this.received > before) before = this.received;
        else {
          clearInterval(watch);
          reject(new Error(`expected ${deliveries} messages, got ${before} and then none`));
        }
      }, SILENCE_MS);
      this.done = () => {
        clearInterval(watch);
        resolve();
      };
      this.expected = deliveries;
    });
  }
}

serve(async ({ target, group, connections, size }: SystemReceiverPlan) => {
  const receiver = new Receiver(size);
  for (let i = 0; i < connections; i++) {
    const client = await openClient(target, `r${i}`);
    await client.subscribe(group, receiver.take);
  }
  return ({ deliveries }: SystemReceiverRequest) => receiver.receive(deliveries);
});
