/** One client of any system that gets back what it sends, one message after the other. */
import { Buffer } from 'node:buffer';
import { Latencies } from '../load/latencies.js';
import { now } from '../load/now.js';
import { serve } from '../load/serve.js';
import { type ClientTarget, openClient } from '../load/system-clients.js';
import type { ItselfAnswer, ItselfRequest } from './itself.js';

export interface SystemEchoPlan {
  readonly target: ClientTarget;
  readonly group: string;
  readonly size: number;
}

serve(async ({ target, group, size }: SystemEchoPlan) => {
  const client = await openClient(target, 'echo');
  let arrived: () => void = () => undefined;
  await client.subscribe(group, () => arrived());
  await client.ready(group, 1);
  const latencies = new Latencies();
  const body = Buffer.alloc(size, 'x');
  return async ({ messages }: ItselfRequest): Promise<ItselfAnswer> => {
    const start = now();
    let left = messages;
    await new Promise<void>((resolve, reject) => {
      let sent = start;
      const send = (): void => {
        sent = now();
        client.send(group, body)?.catch(reject);
      };
      arrived = () => {
        latencies.add(now() - sent);
        if (--left > 0) send();
        else resolve();
      };
      send();
    });
    return { seconds: (now() - start) / 1e3, latencies: latencies.take() };
  };
});
