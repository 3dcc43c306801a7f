/** One Corosync: its queue, its place in the ring, its list of the group, and the daemon process that uses it. */
import { Buffer } from 'node:buffer';
import type { CpgAddress, CpgEvent, Multicast } from '../../../daemon/engine/views/ordered-transport.js';
import { Random } from '../../../daemon/testing/random.js';
import type { Process } from '../../../daemon/testing/time/process.js';
import type { CpgOptions } from './options.js';
import type { Entry, Ring } from './ring.js';

export interface Client {
  readonly process: Process;
  readonly pid: number;
  /** @param emptyAt a moment at which nothing waited: the batch is younger */
  events(batch: readonly CpgEvent[], emptyAt: number): void;
  dead(): void;
}

/** Messages that a frozen Corosync's shared memory takes. */
const SHARED_MEMORY = 8;
/** Milliseconds after which a process that waits for events looks whether there are any. */
const LOOK = 200;

export class Node {
  isAlive = true;
  isFrozen = false;
  /** Since when. */
  frozenAt = 0;
  /** Between two rings: nothing is taken on. */
  isChanging = false;
  ring: Ring | null = null;
  /** The nodes of the ring before this one that came along. */
  companions: ReadonlySet<number> = new Set();
  /** The ring number it remembers. */
  seq = 0n;
  queue: Entry[] = [];
  /** Newcomers throw its messages away until the queue has run empty; only these do not. */
  kept: ReadonlySet<number> | null = null;
  /** Processes of the group as this node lists them. */
  list: CpgAddress[] = [];
  /** Processes that stay listed although they are gone. */
  ghosts: CpgAddress[] = [];
  client: Client | null = null;
  /** Its join has been ordered. */
  isJoined = false;
  private pending: CpgEvent[] = [];
  private isDispatching = false;
  /** A moment at which the process found nothing that waited. */
  private emptyAt = -Infinity;
  /** Questions that wait until it is thawed. */
  private questions: (() => void)[] = [];
  /** Chance of its own: when the process looks changes nothing else. */
  private readonly looks: Random;

  constructor(
    readonly id: number,
    private readonly random: Random,
    private readonly options: CpgOptions,
  ) {
    this.looks = new Random(id);
  }

  /** Events that wait for the process. */
  get backlog(): number {
    return this.pending.length;
  }

  get isUp(): boolean {
    return this.isAlive && !this.isFrozen;
  }

  /** The client's process joins; what it is told comes in batches. */
  attach(client: Client): void {
    this.client = client;
    this.isJoined = false;
    this.pending = [];
    this.isDispatching = false;
    this.emptyAt = -Infinity;
    this.queue.push({ kind: 'join', node: this.id, pid: client.pid });
  }

  /** The process has died or left; what it sent before still goes out. */
  detach(): void {
    if (!this.client) return;
    this.queue.push({ kind: 'leave', node: this.id, pid: this.client.pid });
    this.client = null;
    this.isJoined = false;
    this.pending = [];
  }

  mcast(head: Buffer, body: Buffer | null): Multicast {
    if (!this.isAlive || !this.client) return 'dead';
    const limit = this.isFrozen ? Math.min(SHARED_MEMORY, this.options.queue) : this.options.queue;
    if (this.isChanging || this.queue.length >= limit) return 'again';
    const data = Buffer.concat(body ? [head, body] : [head]);
    this.queue.push({ kind: 'message', node: this.id, pid: this.client.pid, data, only: null });
    return 'ok';
  }

  /** A question to the process itself, which has nothing to do with the ring. One that hangs answers when it is thawed. */
  ask(client: Client, answer: () => void): void {
    const reply = (): void =>
      client.process.reach(this.random.next() * this.options.dispatch, () => {
        if (this.client === client) answer();
      });
    if (this.isFrozen) this.questions.push(reply);
    else reply();
  }

  thaw(): void {
    this.isFrozen = false;
    for (const reply of this.questions.splice(0)) reply();
  }

  /** Takes what the next visit of the token orders. */
  take(count: number): Entry[] {
    const entries = this.queue.splice(0, count);
    const { kept } = this;
    if (this.queue.length === 0) this.kept = null;
    if (kept === null) return entries;
    for (const entry of entries) if (entry.kind === 'message') entry.only = kept;
    return entries;
  }

  /** Tells its process one event, in time. */
  tell(event: CpgEvent): void {
    if (!this.client || !this.isJoined) return;
    if (this.pending.length === 0) this.looked(this.client.process);
    this.pending.push(event);
    this.dispatch();
  }

  /** A process that waits for the first event has looked before, if it runs; when, is a matter of chance. */
  private looked(process: Process): void {
    if (!process.isRunning) return;
    const now = process.now();
    const first = Math.max(this.emptyAt, process.thawedAt, now - LOOK);
    this.emptyAt = first + this.looks.next() * (now - first);
  }

  /** Corosync has died. */
  kill(): void {
    this.isAlive = false;
    this.isFrozen = false;
    this.isChanging = false;
    this.questions = [];
    this.ring = null;
    this.queue = [];
    this.kept = null;
    this.list = [];
    this.ghosts = [];
    this.pending = [];
    this.isJoined = false;
    const { client } = this;
    this.client = null;
    client?.process.run(() => client.dead());
  }

  private dispatch(): void {
    const { client } = this;
    if (this.isDispatching || !client) return;
    this.isDispatching = true;
    client.process.reach(this.random.next() * this.options.dispatch, () => {
      if (this.client !== client) return;
      this.isDispatching = false;
      const { emptyAt } = this;
      const batch = this.pending.splice(0, 1 + this.random.below(this.options.batch));
      if (this.pending.length > 0) this.dispatch();
      else this.emptyAt = client.process.now();
      client.events(batch, emptyAt);
    });
  }
}
