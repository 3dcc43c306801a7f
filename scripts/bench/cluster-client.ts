/**
 * One client of `bench/cluster`, a process of its own: sends to the group for some seconds and receives what all send. Times
 * in bodies are of the machine's clock, so that every receiver knows how old a message is. Prints one JSON object.
 */
import { Buffer } from 'node:buffer';
import { setTimeout as pause } from 'node:timers/promises';
import { summary } from './summary.js';
import { Mailbox } from '../../lib/mailbox/mailbox.js';
import { JOIN_MESS } from '../../lib/wire/service.js';
import { Latencies } from './load/latencies.js';
import { now } from './load/now.js';

export interface ClientPlan {
  readonly address: string;
  readonly clients: number;
  readonly service: number;
  readonly size: number;
  readonly seconds: number;
  /** Most messages of its own under way. */
  readonly window: number;
  /** Messages a second; 0 for as many as go. */
  readonly rate: number;
}

export interface ClientResult {
  readonly sent: number;
  readonly received: number;
  /** Seconds from its first send to its last receive. */
  readonly seconds: number;
  /** Milliseconds from send to receive, of all senders. */
  readonly latency: { readonly median: number; readonly p99: number; readonly max: number };
  /** The same as text; see `load/latencies`. */
  readonly latencies: string | null;
}

const GROUP = 'bench';
/** One latency is kept for this many messages, so that a long run fits into memory. */
const SAMPLE = 16;
/** What comes late is awaited until nothing has come for this long. */
const TAIL_MS = 1_000;

class Client {
  private sent = 0;
  private received = 0;
  private own = 0;
  private members = 0;
  private last = 0;
  private readonly ages: number[] = [];

  constructor(
    private readonly mailbox: Mailbox,
    private readonly plan: ClientPlan,
  ) {}

  async run(): Promise<ClientResult> {
    const { mailbox, plan } = this;
    void mailbox.send(JOIN_MESS, [GROUP], 0, []);
    while (this.members < plan.clients) await this.receive();
    const start = performance.now();
    const end = start + plan.seconds * 1_000;
    while (performance.now() < end) {
      this.send(performance.now() - start);
      if (plan.rate > 0) {
        await pause(1);
        this.drain();
      } else await this.receive();
    }
    const stopped = performance.now();
    while (performance.now() < Math.max(stopped, this.last) + TAIL_MS) {
      await pause(5);
      this.drain();
    }
    const { sent, received, ages } = this;
    const { median, p99, max } = summary(ages);
    const latencies = new Latencies();
    for (const age of ages) latencies.add(age);
    const seconds = (this.last - start) / 1_000;
    return { sent, received, seconds, latency: { median, p99, max }, latencies: latencies.take() };
  }

  private send(elapsed: number): void {
    const { mailbox, plan } = this;
    const due = plan.rate > 0 ? Math.floor((elapsed / 1_000) * plan.rate) : Infinity;
    while (this.sent < due && this.sent - this.own < plan.window) {
      const body = Buffer.allocUnsafe(plan.size);
      body.writeDoubleLE(now(), 0);
      void mailbox.send(plan.service, [GROUP], 0, [body]);
      this.sent++;
    }
  }

  private async receive(): Promise<void> {
    await this.mailbox.wait();
    if (this.mailbox.state !== 'open') throw new Error('the daemon went away');
    this.drain();
  }

  private drain(): void {
    const { mailbox } = this;
    for (let arrival = mailbox.take(); arrival; arrival = mailbox.take()) {
      if (arrival.kind === 'view') {
        this.members = arrival.numGroups;
      } else if (arrival.kind === 'data') {
        this.received++;
        if (arrival.name === mailbox.privateGroup) this.own++;
        if (this.received % SAMPLE === 0 || this.plan.rate > 0)
          this.ages.push(now() - arrival.body.readDoubleLE(0));
        this.last = performance.now();
      }
    }
  }
}

const plan = JSON.parse(process.argv[2] as string) as ClientPlan;
const mailbox = await Mailbox.open({ spreadName: plan.address, name: '' });
if (typeof mailbox === 'number') throw new Error(`connect answered ${mailbox}`);
process.stdout.write(`${JSON.stringify(await new Client(mailbox, plan).run())}\n`);
await mailbox.disconnect();
