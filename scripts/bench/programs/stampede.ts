/** Clients that all connect at one time, as after a restart of the daemon; and honest logins while others guess. */
import { setTimeout as pause } from 'node:timers/promises';
import { Mailbox } from '../../../lib/mailbox/mailbox.js';
import { passwordAuthenticator } from '../../../lib/wire/handshake/authentication.js';
import { Latencies } from '../load/latencies.js';
import { now } from '../load/now.js';
import { serve } from '../load/serve.js';

export interface StampedePlan {
  readonly port: number;
  /** Guess a password again and again; none for a stampede. */
  readonly guessers: number;
  readonly user: string;
  readonly password: string;
}

/** Connects many clients: at one time, or beside guessers one after the other. */
export interface StampedeRequest {
  readonly clients: number;
}

export interface StampedeAnswer {
  readonly seconds: number;
  /** First attempts that were not answered well. */
  readonly failed: number;
  readonly latencies: string | null;
}

/** Longer than what is measured should take. */
const TIMEOUT = 60_000;
/** Milliseconds between two honest logins. */
const GAP = 20;

type Open = (password: string) => Promise<Mailbox | number>;

function opening({ port, user }: StampedePlan): Open {
  return (password) =>
    Mailbox.open({
      spreadName: `${port}@127.0.0.1`,
      timeout: TIMEOUT,
      ...(user !== '' && { authenticators: [passwordAuthenticator(user, password)] }),
    });
}

async function stampede(open: Open, clients: number): Promise<StampedeAnswer> {
  const start = now();
  const mailboxes = await Promise.all(Array.from({ length: clients }, () => open('')));
  const seconds = (now() - start) / 1e3;
  const isOpen = (each: Mailbox | number): each is Mailbox => typeof each !== 'number';
  const opened = mailboxes.filter(isOpen);
  for (const mailbox of opened) mailbox.kill();
  return { seconds, failed: clients - opened.length, latencies: null };
}

async function logins(open: Open, password: string, clients: number): Promise<StampedeAnswer> {
  const latencies = new Latencies();
  const start = now();
  let failed = 0;
  for (let i = 0; i < clients; i++) {
    const before = now();
    const mailbox = await open(password);
    latencies.add(now() - before);
    if (typeof mailbox === 'number') failed++;
    else mailbox.kill();
    await pause(GAP);
  }
  return { seconds: (now() - start) / 1e3, failed, latencies: latencies.take() };
}

async function guess(open: Open): Promise<void> {
  for (;;) {
    const mailbox = await open('guess');
    if (typeof mailbox !== 'number') throw new Error('a guess was right');
  }
}

serve(async (plan: StampedePlan) => {
  const open = opening(plan);
  for (let i = 0; i < plan.guessers; i++) void guess(open);
  return ({ clients }: StampedeRequest): Promise<StampedeAnswer> =>
    plan.guessers > 0 ? logins(open, plan.password, clients) : stampede(open, clients);
});
