/** Broadcasts of this server that clients acknowledge, from the moment at which they are emitted until all have, or the time is over. */
import type { TimerQueue } from '../../util/timer-queue.js';
import type { AckRequest } from './ack-request.js';
import { OpenRequests } from './open-requests.js';

interface Broadcast {
  /** Null as long as nobody knows how many servers the host waits for. */
  request: AckRequest | null;
}

export class AckRequests {
  private readonly open: OpenRequests<Broadcast>;

  /** @param prefix of the ids, which no other server has */
  constructor(prefix: string, timers: TimerQueue) {
    this.open = new OpenRequests(prefix, timers, 'broadcasts that wait for acknowledgements');
  }

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
    return this.open.add({ request: null }, timeoutMs);
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
    for (const id of this.open.ids()) this.on(id, (request) => request.view(isMember, returned));
  }

  /** It waits no longer. */
  end(id: string): void {
    this.open.end(id);
  }

  /** Nobody waits any more. */
  close(): void {
    for (const id of this.open.ids()) this.end(id);
  }

  private on(id: string, act: (request: AckRequest) => void): void {
    const request = this.open.get(id)?.request;
    if (!request) return;
    act(request);
    if (request.isDone) this.end(id);
  }
}
