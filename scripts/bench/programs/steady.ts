/** Steady traffic in a group some of whose members have stopped reading: what the healthy ones lose, and how late it is. */
import { Buffer } from 'node:buffer';
import { setTimeout as pause } from 'node:timers/promises';
import type { Mailbox } from '../../../lib/mailbox/mailbox.js';
import { AGREED_MESS, isRegular, JOIN_MESS } from '../../../lib/wire/service.js';
import { groupName } from '../load/chunks.js';
import { Latencies } from '../load/latencies.js';
import { join, openMailbox, openMailboxes } from '../load/mailboxes.js';
import { now } from '../load/now.js';
import { serve } from '../load/serve.js';

export interface SteadyPlan {
  readonly port: number;
  /** Members that read nothing. */
  readonly stopped: number;
  readonly healthy: number;
}

export interface SteadyRequest {
  readonly messages: number;
  /** Messages a second. */
  readonly rate: number;
}

export interface SteadyAnswer {
  readonly seconds: number;
  readonly lost: number;
  readonly latencies: string | null;
}

const BODY_BYTES = 100;
const GROUP = groupName(0);
/** What has not come by then counts as lost, in milliseconds. */
const PATIENCE = 2_000;

class Healthy {
  received = 0;

  constructor(
    private readonly mailbox: Mailbox,
    private readonly latencies: Latencies,
  ) {
    void this.receive();
  }

  private async receive(): Promise<void> {
    const { mailbox } = this;
    while (mailbox.state === 'open') {
      for (let arrival = mailbox.take(); arrival; arrival = mailbox.take()) {
        if (!isRegular(arrival.service)) continue;
        this.received++;
        this.latencies.arrived(arrival.body.readDoubleLE(0));
      }
      await mailbox.wait();
    }
  }
}

async function send(sender: Mailbox, { messages, rate }: SteadyRequest): Promise<void> {
  const start = now();
  for (let sent = 0; sent < messages; await pause(1)) {
    const due = Math.min(messages, Math.floor(((now() - start) / 1e3) * rate));
    for (; sent < due; sent++) {
      const body = Buffer.alloc(BODY_BYTES);
      body.writeDoubleLE(now(), 0);
      void sender.send(AGREED_MESS, [GROUP], 0, [body]);
    }
  }
}

serve(async ({ port, stopped, healthy }: SteadyPlan) => {
  // A queue of one message: after that the socket is not read.
  const readers = await openMailboxes(port, stopped, { queueMessages: 1 });
  for (const mailbox of readers) await mailbox.send(JOIN_MESS, [GROUP], 0, []);
  const latencies = new Latencies();
  const mailboxes = await openMailboxes(port, healthy);
  for (const mailbox of mailboxes) await join(mailbox, GROUP);
  const members = mailboxes.map((mailbox) => new Healthy(mailbox, latencies));
  const sender = await openMailbox(port, { membership: false });
  return async (request: SteadyRequest): Promise<SteadyAnswer> => {
    for (const member of members) member.received = 0;
    const start = now();
    await send(sender, request);
    const all = request.messages * healthy;
    const received = (): number => members.reduce((sum, member) => sum + member.received, 0);
    for (const end = now() + PATIENCE; received() < all && now() < end;) await pause(1);
    return { seconds: (now() - start) / 1e3, lost: all - received(), latencies: latencies.take() };
  };
});
