/** Receives with the library; looks at every message. */
import type { Mailbox } from '../../../lib/mailbox/mailbox.js';
import { groupName } from '../load/chunks.js';
import { Latencies } from '../load/latencies.js';
import { join, next, openMailboxes } from '../load/mailboxes.js';
import { now } from '../load/now.js';
import { serve } from '../load/serve.js';
import type { ReceiverAnswer, ReceiverPlan, ReceiverRequest } from './receiver.js';

/** The time is read in one of this many messages. */
const SAMPLE = 16;

class Receiver {
  private received = 0;
  private readonly latencies = new Latencies();

  constructor(
    private readonly mailbox: Mailbox,
    private readonly size: number,
  ) {}

  async receive(frames: number): Promise<ReceiverAnswer> {
    const { mailbox, latencies, size } = this;
    let last = now();
    let gap = 0;
    for (let left = frames; left > 0; await (left > 0 ? next(mailbox) : undefined)) {
      const time = now();
      if (left < frames) gap = Math.max(gap, time - last);
      last = time;
      for (let arrival = mailbox.take(); arrival; arrival = mailbox.take()) {
        if (arrival.kind !== 'data') continue;
        if (arrival.body.length !== size) throw new Error(`a body of ${arrival.body.length} bytes`);
        if (this.received++ % SAMPLE === 0 && size >= 8) latencies.arrived(arrival.body.readDoubleLE(0));
        left--;
      }
    }
    return { end: last, gap, latencies: latencies.take() };
  }
}

serve(async ({ target, connections, size }: ReceiverPlan) => {
  if (connections !== 1) throw new Error('one receiver');
  const [mailbox] = await openMailboxes(target.port, 1);
  if (!mailbox) throw new Error('no mailbox');
  await join(mailbox, groupName(0));
  const receiver = new Receiver(mailbox, size);
  return ({ frames }: ReceiverRequest) => receiver.receive(frames);
});
