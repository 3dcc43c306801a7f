/** Connections that say nothing, and how long others need to connect meanwhile. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Latencies } from '../load/latencies.js';
import { openMailbox } from '../load/mailboxes.js';
import { now } from '../load/now.js';
import { serve } from '../load/serve.js';
import type { ItselfAnswer, ItselfRequest } from './itself.js';

export interface SilentPlan {
  readonly port: number;
  readonly silent: number;
}

/** Silent connections until they are given up; the daemon ends them after its time limit. */
async function openSilent(port: number, count: number): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1'));
  await Promise.all(
    sockets.map((socket) => {
      socket.on('error', () => undefined);
      return once(socket, 'connect');
    }),
  );
  return sockets;
}

serve(async ({ port, silent }: SilentPlan) => {
  const latencies = new Latencies();
  return async ({ messages }: ItselfRequest): Promise<ItselfAnswer> => {
    const sockets = await openSilent(port, silent);
    const start = now();
    for (let i = 0; i < messages; i++) {
      const before = now();
      const mailbox = await openMailbox(port);
      latencies.add(now() - before);
      mailbox.kill();
    }
    const seconds = (now() - start) / 1e3;
    for (const socket of sockets) socket.destroy();
    return { seconds, latencies: latencies.take() };
  };
});
