/** Receives frames of one length on many connections, by counting bytes: what costs the least. */
import type { Buffer } from 'node:buffer';
import { Counter, frameBytes, groupName } from '../load/chunks.js';
import { join } from '../load/join.js';
import { Latencies } from '../load/latencies.js';
import { type Line, open, openMany, type Target } from '../load/line.js';
import { now } from '../load/now.js';
import { serve } from '../load/serve.js';

export interface ReceiverPlan {
  readonly target: Target;
  readonly connections: number;
  readonly size: number;
  /** Groups in all; the connections join them one after the other, each the next `perConnection`. */
  readonly groups: number;
  readonly perConnection: number;
  /** Whether frames come whole and in one piece to each connection, so that the times in them can be read. */
  readonly isAligned: boolean;
}

export interface ReceiverRequest {
  /** Frames to wait for, all connections together. */
  readonly frames: number;
}

export interface ReceiverAnswer {
  /** When the last byte came. */
  readonly end: number;
  readonly latencies: string | null;
  /** Longest time without a byte between the first and the last, in milliseconds. */
  readonly gap: number;
}

class Receiver {
  private received = 0;
  private expected = Infinity;
  private last = 0;
  private gap = 0;
  private done: () => void = () => undefined;
  private readonly latencies = new Latencies();

  constructor(private readonly plan: ReceiverPlan) {}

  listen({ socket }: Line): void {
    const counter = new Counter(frameBytes(this.plan.size));
    socket.on('data', (chunk: Buffer) => {
      const stamp = counter.push(chunk);
      if (stamp > 0 && this.plan.isAligned) this.latencies.arrived(stamp);
      const time = now();
      if (this.received > 0) this.gap = Math.max(this.gap, time - this.last);
      this.last = time;
      this.received += chunk.length;
      if (this.received >= this.expected) this.done();
    });
    socket.resume();
  }

  async receive(frames: number): Promise<ReceiverAnswer> {
    const bytes = frames * frameBytes(this.plan.size);
    if (this.received < bytes) {
      await new Promise<void>((resolve) => {
        this.done = resolve;
        this.expected = bytes;
      });
    }
    if (this.received > bytes) throw new Error(`${this.received - bytes} bytes too many`);
    const answer = { end: this.last, gap: this.gap, latencies: this.latencies.take() };
    this.received = 0;
    this.gap = 0;
    this.expected = Infinity;
    return answer;
  }
}

serve(async (plan: ReceiverPlan) => {
  const lines = await openMany(plan.connections, () => open(plan.target, 'receiver'));
  if (plan.target.kind === 'daemon') {
    for (const [i, line] of lines.entries()) {
      const first = i * plan.perConnection;
      const numbers = Array.from({ length: plan.perConnection }, (_, k) => (first + k) % plan.groups);
      await join(line, numbers.map(groupName));
    }
  }
  const receiver = new Receiver(plan);
  for (const line of lines) receiver.listen(line);
  return ({ frames }: ReceiverRequest) => receiver.receive(frames);
});
