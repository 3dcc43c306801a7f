/** Sends with the library as a program does that has much to send: as long as the promises resolve. */
import { Buffer } from 'node:buffer';
import { groupName } from '../load/chunks.js';
import { openMailbox } from '../load/mailboxes.js';
import { now } from '../load/now.js';
import { serve } from '../load/serve.js';
import type { SenderAnswer, SenderPlan, SenderRequest } from './sender.js';

/** Bytes of bodies that are given to the library before its promise is awaited. */
const BATCH_BYTES = 64 * 1024;
/** Batches under way. */
const BATCHES = 4;

serve(async ({ target, service, size }: SenderPlan) => {
  const mailbox = await openMailbox(target.port, { membership: false });
  const groups = [groupName(0)];
  const batch = Math.max(1, Math.floor(BATCH_BYTES / Math.max(100, size)));
  // A body stays as it is until its promise resolves: each has its own for as long.
  const bodies = Array.from({ length: batch * (BATCHES + 1) }, () => Buffer.alloc(size, 'x'));
  return async ({ messages }: SenderRequest): Promise<SenderAnswer> => {
    const start = now();
    const underWay: Promise<number>[] = [];
    for (let sent = 0; sent < messages;) {
      const stamp = now();
      const end = Math.min(messages, sent + batch);
      let last: Promise<number> | undefined;
      for (; sent < end; sent++) {
        const body = bodies[sent % bodies.length] as Buffer;
        if (size >= 8) body.writeDoubleLE(stamp, 0);
        last = mailbox.send(service, groups, 0, [body]);
      }
      if (last) underWay.push(last);
      if (underWay.length > BATCHES || sent === messages) await underWay.shift();
      else await Promise.resolve();
    }
    await Promise.all(underWay);
    return { start };
  };
});
