/** What one server waits for: under ids that no other server has, each for a time, and a limited number of them. */
import type { TimerEntry, TimerQueue } from '../../util/timer-queue.js';

/** Requests of one kind that wait at one server, at most. */
export const MAX_OPEN_REQUESTS = 10_000;

export class OpenRequests<T> {
  private readonly all = new Map<string, { readonly request: T; readonly timer: TimerEntry }>();
  private count = 0;

  /**
   * @param prefix of the ids, which no other server has
   * @param what they are, for the error about too many
   */
  constructor(
    private readonly prefix: string,
    private readonly timers: TimerQueue,
    private readonly what: string,
  ) {}

  /** How many wait. */
  get size(): number {
    return this.all.size;
  }

  /**
   * @param timeoutMs after that time it waits no longer
   * @param expired called then
   * @returns its id
   * @throws Error with 10,000 that wait
   */
  add(request: T, timeoutMs: number, expired?: (request: T) => void): string {
    if (this.all.size >= MAX_OPEN_REQUESTS)
      throw new Error(`expected at most ${MAX_OPEN_REQUESTS} ${this.what}`);
    const id = `${this.prefix}${(++this.count).toString(36)}`;
    const timer = this.timers.after(timeoutMs, () => {
      this.all.delete(id);
      expired?.(request);
    });
    this.all.set(id, { request, timer });
    return id;
  }

  get(id: string): T | undefined {
    return this.all.get(id)?.request;
  }

  /** The ids of all that wait. One that ends meanwhile is left out. */
  ids(): Iterable<string> {
    return this.all.keys();
  }

  /** It waits no longer. */
  end(id: string): void {
    const open = this.all.get(id);
    if (open && this.all.delete(id)) this.timers.cancel(open.timer);
  }
}
