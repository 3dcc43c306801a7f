/** Sends prepared frames as fast as they are taken: what costs the least, so that the daemon is what is measured. */
import type { Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Chunk, type ChunkPlan, framesPerChunk } from '../load/chunks.js';
import { type Line, open, openMany, type Target } from '../load/line.js';
import { now } from '../load/now.js';
import { serve } from '../load/serve.js';

export interface SenderPlan extends ChunkPlan {
  readonly target: Target;
  readonly connections: number;
  /** `pieces`: frames one by one, header and body in a write each, as the C library does. */
  readonly style: 'chunks' | 'pieces';
}

export interface SenderRequest {
  readonly messages: number;
  /** Messages a second; absent for as many as go. */
  readonly rate?: number;
}

export interface SenderAnswer {
  /** When the first byte was written. */
  readonly start: number;
}

/** Chunks that a connection has at a time: some under way while the next is made. */
const CHUNKS = 4;
/** With groups by chance there are more, so that not always the same groups are named. */
const MANY_GROUPS_CHUNKS = 64;
const HEADER_AND_NAME = 80;
/** Frames after which a sender of pieces lets others have the loop. */
const PIECES_A_TURN = 256;

class Sender {
  private readonly chunks: Chunk[];
  private at = 0;
  private underWay = 0;
  private left = 0;
  private done: () => void = () => undefined;

  constructor(
    private readonly socket: Socket,
    private readonly plan: SenderPlan,
    name: string,
  ) {
    const count = plan.groups !== 1 ? MANY_GROUPS_CHUNKS : CHUNKS;
    const frames = plan.style === 'pieces' ? 1 : framesPerChunk(plan.size);
    this.chunks = Array.from({ length: count }, () => new Chunk(name, plan, frames));
  }

  send(messages: number): Promise<void> {
    this.left = messages;
    if (this.plan.style === 'pieces') return this.sendPieces();
    return new Promise((resolve) => {
      this.done = resolve;
      this.fill();
    });
  }

  async sendAtRate(messages: number, rate: number): Promise<void> {
    const start = now();
    for (let sent = 0; sent < messages; await pause(1)) {
      const due = Math.min(messages, Math.floor(((now() - start) / 1e3) * rate));
      while (sent < due) {
        const bytes = (this.chunks[this.at] as Chunk).take(due - sent);
        sent += Math.min(due - sent, (this.chunks[this.at] as Chunk).frames);
        this.at = (this.at + 1) % this.chunks.length;
        this.socket.write(bytes);
      }
    }
  }

  private fill(): void {
    while (this.left > 0 && this.underWay < CHUNKS) {
      const chunk = this.chunks[this.at] as Chunk;
      this.at = (this.at + 1) % this.chunks.length;
      const frames = Math.min(this.left, chunk.frames);
      this.left -= frames;
      this.underWay++;
      this.socket.write(chunk.take(frames), this.written);
    }
    if (this.left === 0 && this.underWay === 0) this.done();
  }

  private readonly written = (): void => {
    this.underWay--;
    this.fill();
  };

  private async sendPieces(): Promise<void> {
    const { socket, chunks } = this;
    while (this.left > 0) {
      for (let i = 0; i < PIECES_A_TURN && this.left > 0; i++, this.left--) {
        const frame = (chunks[this.left % chunks.length] as Chunk).take(1);
        socket.write(frame.subarray(0, HEADER_AND_NAME));
        socket.write(frame.subarray(HEADER_AND_NAME));
        // A blocking socket would wait here, too. The frames under way are not the next one's memory.
        if (socket.writableLength > 0) await drained(socket);
      }
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }
}

async function drained(socket: Socket): Promise<void> {
  if (socket.writableNeedDrain) await once(socket, 'drain');
  else await new Promise<void>((resolve) => socket.write('', () => resolve()));
}

serve(async (plan: SenderPlan) => {
  const lines = await openMany(plan.connections, () => open(plan.target, 'sender'));
  for (const { socket } of lines) socket.resume();
  const senders = lines.map(({ socket, name }: Line) => new Sender(socket, plan, name));
  return async ({ messages, rate }: SenderRequest): Promise<SenderAnswer> => {
    const share = Math.floor(messages / senders.length);
    const rest = messages % senders.length;
    const start = now();
    const sending = senders.map((sender, i) => {
      const count = share + (i < rest ? 1 : 0);
      return rate === undefined ? sender.send(count) : sender.sendAtRate(count, rate / senders.length);
    });
    await Promise.all(sending);
    return { start };
  };
});
