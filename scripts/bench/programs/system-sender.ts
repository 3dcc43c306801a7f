/** Sends to one group with the client of any system, as a program does that awaits its sends. */
import { Buffer } from 'node:buffer';
import { type ClientTarget, openClient, type SystemClient } from '../load/system-clients.js';
import { now } from '../load/now.js';
import { serve } from '../load/serve.js';

export interface SystemSenderPlan {
  readonly target: ClientTarget;
  readonly group: string;
  readonly receivers: number;
  readonly size: number;
  /** One of that many sends is awaited; 1: each of them, where the client has something to await. */
  readonly every: number;
}

export interface SystemSenderRequest {
  readonly messages: number;
}

export interface SystemSenderAnswer {
  /** When the first message was sent. */
  readonly start: number;
}

/** What keeps pace with the server where a send gives nothing to await. */
const EVERY_WITHOUT_PROMISES = 500;

async function send(client: SystemClient, plan: SystemSenderPlan, messages: number): Promise<void> {
  const { group, size, every } = plan;
  // Nobody changes it, so one is enough for all messages.
  const body = Buffer.alloc(size, 'x');
  let awaited = every;
  for (let sent = 0; sent < messages;) {
    const end = Math.min(messages, sent + awaited);
    let last: Promise<unknown> | undefined;
    for (; sent < end; sent++) last = client.send(group, body);
    if (last === undefined && awaited < EVERY_WITHOUT_PROMISES) awaited = EVERY_WITHOUT_PROMISES;
    await client.keepPace(last);
  }
}

serve(async (plan: SystemSenderPlan) => {
  const client = await openClient(plan.target, 'sender');
  await client.ready(plan.group, plan.receivers);
  return async ({ messages }: SystemSenderRequest): Promise<SystemSenderAnswer> => {
    const start = now();
    await send(client, plan, messages);
    return { start };
  };
});
