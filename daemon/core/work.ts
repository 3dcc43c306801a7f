/**
 * Long work in pieces, and what has to wait behind it. An exchange of large tables would keep the process from
 * everything else, so it is done in slices; what comes in meanwhile waits in its order. Where slices begin and end
 * changes nothing in what the core does, only when.
 */

/** Work under way. Each value says how much was done since the one before, in units of about a microsecond. */
export type Work = Iterator<number, void>;

/**
 * Does work now if it is short.
 * @param units that may be done @returns what is left of it, for the bench; null for nothing
 */
export function doShort(work: Generator<number, void>, units: number): Generator<number, void> | null {
  for (let left = units; left > 0;) {
    const { done, value } = work.next();
    if (done === true) return null;
    left -= value;
  }
  return work;
}

/** From outside: how large a slice is, and when there is another one. */
export interface Slices {
  /** Units of the next slice. */
  size(): number;
  /** There is work left: `step` is to be called, once for each call of this. */
  later(): void;
}

/** For those who have all the time: everything is done at once. */
export const AT_ONCE: Slices = { size: () => Infinity, later: () => undefined };

/** More bytes than these do not wait: the work under way is done to its end, however long that takes. */
export const MAX_WAITING_BYTES = 64 * 1024 * 1024;

/** What one thing that waits costs at least. */
const LEAST_COST = 1;

interface QueuedWork {
  readonly act: () => Work | null;
  readonly cost: number;
  readonly bytes: number;
}

export class Workbench {
  private job: Work | null = null;
  private waiting: QueuedWork[] = [];
  private head = 0;
  private bytes = 0;
  private isRunning = false;
  private isAsked = false;
  /** Units left of this slice. */
  private left: number;

  constructor(private readonly slices: Slices) {
    this.left = slices.size();
  }

  /** Whether anything new has to wait. */
  get isBusy(): boolean {
    return this.isRunning || this.job !== null || this.head < this.waiting.length;
  }

  /**
   * Does this now, if nothing is under way and the slice is not used up, or in its turn.
   * @param cost units that `act` takes by itself, beside the work that it returns
   * @param bytes that are kept until then
   */
  add(act: () => Work | null, cost = LEAST_COST, bytes = 0): void {
    this.waiting.push({ act, cost, bytes });
    this.bytes += bytes;
    if (this.isRunning) return;
    if (this.bytes > MAX_WAITING_BYTES) this.run(Infinity);
    else if (this.left > 0 && this.job === null && this.waiting.length - this.head === 1) this.run(this.left);
    else this.ask();
  }

  /** One slice. */
  step(): void {
    this.isAsked = false;
    this.run(this.slices.size());
  }

  private run(units: number): void {
    if (this.isRunning) return;
    this.isRunning = true;
    this.left = units;
    try {
      while (this.left > 0 && this.advance());
    } finally {
      this.isRunning = false;
    }
    if (this.isBusy) this.ask();
  }

  /** One piece of what is under way, or the next thing. @returns false when there is nothing */
  private advance(): boolean {
    if (this.job !== null) {
      const { done, value } = this.job.next();
      if (done) this.job = null;
      else this.left -= value;
      return true;
    }
    const next = this.waiting[this.head];
    if (next === undefined) return false;
    this.head++;
    if (this.head === this.waiting.length) {
      this.waiting = [];
      this.head = 0;
    }
    this.bytes -= next.bytes;
    this.left -= next.cost;
    this.job = next.act();
    return true;
  }

  private ask(): void {
    if (this.isAsked) return;
    this.isAsked = true;
    this.slices.later();
  }
}
