/** One client that sends to its own group with a window of messages under way, as the flooder of Spread 5.0.1 does. */
import { Buffer } from 'node:buffer';
import { encodeRequest } from '../../../lib/wire/request.js';
import { AGREED_MESS, JOIN_MESS } from '../../../lib/wire/service.js';
import { Chunk, Counter, frameBytes, groupName } from '../load/chunks.js';
import { Latencies } from '../load/latencies.js';
import { open, type Target } from '../load/line.js';
import { join, next, openMailbox } from '../load/mailboxes.js';
import { now } from '../load/now.js';
import { serve } from '../load/serve.js';

export interface ItselfPlan {
  readonly target: Target;
  readonly size: number;
  readonly window: number;
  /** With the library; else the bare socket. */
  readonly library: boolean;
}

export interface ItselfRequest {
  readonly messages: number;
}

export interface ItselfAnswer {
  readonly seconds: number;
  readonly latencies: string | null;
}

type Run = (messages: number, latencies: Latencies) => Promise<void>;

async function bare({ target, size, window }: ItselfPlan): Promise<Run> {
  const { socket, name } = await open(target, 'both');
  socket.resume();
  // Without membership messages nothing comes back for it; what is sent next comes behind it in the order.
  if (target.kind === 'daemon') socket.write(encodeRequest(JOIN_MESS, name, [groupName(0)]));
  const chunk = new Chunk(name, { service: AGREED_MESS, size, groups: 1 }, window);
  const length = frameBytes(size);
  return async (messages, latencies) => {
    const counter = new Counter(length);
    let sent = 0;
    await new Promise<void>((resolve) => {
      const fill = (arrived: number): void => {
        const room = Math.min(messages, arrived + window) - sent;
        // The socket may still hold the bytes of the last write.
        if (room > 0) socket.write(Buffer.from(chunk.take(room)));
        sent += room;
      };
      const take = (bytes: Buffer): void => {
        const stamp = counter.push(bytes);
        if (stamp > 0) latencies.arrived(stamp);
        const arrived = Math.floor(counter.bytes / length);
        if (arrived === messages) {
          socket.off('data', take);
          resolve();
        } else fill(arrived);
      };
      socket.on('data', take);
      fill(0);
    });
  };
}

async function withLibrary({ target, size, window }: ItselfPlan): Promise<Run> {
  const mailbox = await openMailbox(target.port);
  const groups = [groupName(0)];
  await join(mailbox, groupName(0));
  return async (messages, latencies) => {
    let sent = 0;
    for (let arrived = 0; arrived < messages; await (arrived < messages ? next(mailbox) : undefined)) {
      for (let arrival = mailbox.take(); arrival; arrival = mailbox.take()) {
        if (arrived++ % window === 0) latencies.arrived(arrival.body.readDoubleLE(0));
      }
      for (; sent < Math.min(messages, arrived + window); sent++) {
        const body = Buffer.allocUnsafe(size);
        body.writeDoubleLE(now(), 0);
        void mailbox.send(AGREED_MESS, groups, 0, [body]);
      }
    }
  };
}

serve(async (plan: ItselfPlan) => {
  const run = await (plan.library ? withLibrary(plan) : bare(plan));
  const latencies = new Latencies();
  return async ({ messages }: ItselfRequest): Promise<ItselfAnswer> => {
    const start = now();
    await run(messages, latencies);
    return { seconds: (now() - start) / 1e3, latencies: latencies.take() };
  };
});
