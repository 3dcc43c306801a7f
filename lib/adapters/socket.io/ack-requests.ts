/** Broadcasts of this server that clients acknowledge, from the moment at which they are emitted until all have, or the time is over. */
import type { TimerEntry, TimerQueue } from '../../util/timer-queue.js';
import type { AckRequest } from './ack-request.js';

/** Broadcasts that wait for acknowledgements at one server, at most. */
export const MAX_ACK_REQUESTS = 10_000;

interface Open {
  readonly timer: TimerEntry;
  /** Null as long as nobody knows how many servers the host waits for. */
  request: AckRequest | null;
}

export class AckRequests {
  private readonly open = new Map<string, Open>();
  private count = 0;

  /** @param prefix of the ids, which no other server has */
  constructor(
    private readonly prefix: string,
    private readonly timers: TimerQueue,
  ) {}

  /** Broadcasts that wait. */
  get size(): number {
    return this.open.size;
  }

  /**
   * One more is emitted.
   * @param timeoutMs after that time the host waits no longer
   * @returns its id
   * @throws Error with 10,000 that wait
   */
  add(timeoutMs: number): string {
    if (this.open.size >= MAX_ACK_REQUESTS)
      throw new Error(`expected at most ${MAX_ACK_REQUESTS} broadcasts that wait for acknowledgements`);
    const id = `${this.prefix}${(++this.count).toString(36)}`;
    this.open.set(id, { timer: this.timers.after(timeoutMs, () => this.open.delete(id)), request: null });
    return id;
  }

  begin(id: string, request: AckRequest): void {
    const open = this.open.get(id);
    if (open) open.request = request;
  }

  /** It has its place. @param asked ids of the servers there */
  placed(id: string, asked: Iterable<string>): void {
    this.on(id, (request) => request.placed(asked));
  }

  counted(id: string, sender: string, clients: number): void {
    this.on(id, (request) => request.counted(sender, clients));
  }

  acknowledged(id: string, sender: string, value: unknown): void {
    this.on(id, (request) => request.acknowledged(sender, value));
  }

  /** @param returned ids of servers before, and now */
  view(isMember: (id: string) => boolean, returned: ReadonlyMap<string, string>): void {
    for (const id of this.open.keys()) this.on(id, (request) => request.view(isMember, returned));
  }

  /** It waits no longer. */
  end(id: string): void {
    const open = this.open.get(id);
    if (!open) return;
    this.open.delete(id);
    this.timers.cancel(open.timer);
  }

  /** Nobody waits any more. */
  close(): void {
    for (const id of this.open.keys()) this.end(id);
  }

  private on(id: string, act: (request: AckRequest) => void): void {
    const request = this.open.get(id)?.request;
    if (!request) return;
    act(request);
    if (request.isDone) this.end(id);
  }
}
