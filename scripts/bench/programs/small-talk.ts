/** Many sessions in groups of one size. Each message leaves alone, so that nothing of it is shared with another. */
import { Buffer } from 'node:buffer';
import { setTimeout as pause } from 'node:timers/promises';
import { encodeMessage, encodeRequest } from '../../../lib/wire/request.js';
import { AGREED_MESS, JOIN_MESS } from '../../../lib/wire/service.js';
import { Chunk, Counter, frameBytes, groupName } from '../load/chunks.js';
import { FrameCounter } from '../load/frame-counter.js';
import { Latencies } from '../load/latencies.js';
import { type Line, open, openMany } from '../load/line.js';
import { now } from '../load/now.js';
import { serve } from '../load/serve.js';

export interface SmallTalkPlan {
  readonly port: number;
  readonly groups: number;
  readonly members: number;
}

export interface SmallTalkRequest {
  readonly messages: number;
  /** Messages a second of all sessions together; they take turns. */
  readonly rate: number;
}

export interface SmallTalkAnswer {
  readonly seconds: number;
  readonly lost: number;
  readonly latencies: string | null;
}

const BODY_BYTES = 100;
/** What has not come by then counts as lost, in milliseconds. */
const PATIENCE_MS = 5_000;

class Member {
  private readonly message: Chunk;

  constructor(
    private readonly line: Line,
    group: string,
    arrived: (bytes: number, stamp: number) => void,
  ) {
    const { socket, name } = line;
    this.message = new Chunk(name, { service: AGREED_MESS, size: BODY_BYTES, groups: [group] }, 1);
    const counter = new Counter(frameBytes(BODY_BYTES));
    socket.on('data', (chunk: Buffer) => arrived(chunk.length, counter.push(chunk)));
    socket.resume();
  }

  send(): void {
    // A copy: the kernel may not take it at once, and the next one is made in its place.
    this.line.socket.write(Buffer.from(this.message.take(1)));
  }
}

/** Joins, and waits for a message to itself, which comes behind the join in the order. */
async function join({ socket, name }: Line, group: string): Promise<void> {
  const mark = encodeMessage(AGREED_MESS, name, [name], 0, []);
  socket.write(Buffer.concat([encodeRequest(JOIN_MESS, name, [group]), mark]));
  const counter = new FrameCounter();
  await new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      counter.push(chunk);
      if (counter.frames > 0) resolve();
    });
    socket.resume();
  });
  socket.pause();
  socket.removeAllListeners('data');
}

serve(async ({ port, groups, members }: SmallTalkPlan) => {
  const lines = await openMany(groups * members, () => open({ kind: 'daemon', port }, 'receiver'));
  const groupOf = (i: number): string => groupName(i % groups);
  for (const [i, line] of lines.entries()) await join(line, groupOf(i));
  const latencies = new Latencies();
  /** Bytes. */
  let received = 0;
  const all = lines.map(
    (line, i) =>
      new Member(line, groupOf(i), (bytes, stamp) => {
        received += bytes;
        if (stamp > 0) latencies.arrived(stamp);
      }),
  );
  let next = 0;
  return async ({ messages, rate }: SmallTalkRequest): Promise<SmallTalkAnswer> => {
    received = 0;
    const start = now();
    for (let sent = 0; sent < messages; await pause(1)) {
      const due = Math.min(messages, Math.floor(((now() - start) / 1e3) * rate));
      for (; sent < due; sent++) all[next++ % all.length]?.send();
    }
    const expected = messages * members * frameBytes(BODY_BYTES);
    const missing = (): number => expected - received;
    for (const end = now() + PATIENCE_MS; missing() > 0 && now() < end;) await pause(1);
    const lost = missing() / frameBytes(BODY_BYTES);
    return { seconds: (now() - start) / 1e3, lost, latencies: latencies.take() };
  };
});
