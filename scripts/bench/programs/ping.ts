/** One client that sends to its own group and waits until it gets the message back, again and again. */
import { encodeRequest } from '../../../lib/wire/request.js';
import { AGREED_MESS, JOIN_MESS } from '../../../lib/wire/service.js';
import { Chunk, Counter, frameBytes, groupName } from '../load/chunks.js';
import { Latencies } from '../load/latencies.js';
import { open, type Target } from '../load/line.js';
import { now } from '../load/now.js';
import { serve } from '../load/serve.js';
import type { ItselfAnswer, ItselfRequest } from './itself.js';

export interface PingPlan {
  readonly target: Target;
  readonly size: number;
}

/** Not the group of the background. */
const GROUP = groupName(1);

serve(async ({ target, size }: PingPlan) => {
  const { socket, name } = await open(target, 'both');
  if (target.kind === 'daemon') socket.write(encodeRequest(JOIN_MESS, name, [GROUP]));
  const chunk = new Chunk(name, { service: AGREED_MESS, size, groups: [GROUP] }, 1);
  const length = frameBytes(size);
  const latencies = new Latencies();
  return async ({ messages }: ItselfRequest): Promise<ItselfAnswer> => {
    const counter = new Counter(length);
    const start = now();
    let sent = start;
    let left = messages;
    await new Promise<void>((resolve) => {
      const take = (bytes: Buffer): void => {
        counter.push(bytes);
        if (counter.bytes % length !== 0) return;
        latencies.add(now() - sent);
        left--;
        if (left > 0) send();
        else {
          socket.off('data', take);
          resolve();
        }
      };
      const send = (): void => {
        sent = now();
        socket.write(chunk.take(1));
      };
      socket.on('data', take);
      socket.resume();
      send();
    });
    return { seconds: (now() - start) / 1e3, latencies: latencies.take() };
  };
});
