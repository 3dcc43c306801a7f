/** Timers of a channel [channels 8]: the next shot is due by the first, however late the last one came. */
import type { TimerEntry, TimerQueue } from '../util/timer-queue.js';
import { check, checkNumber } from './check.js';
import { IllegalParamError } from '../errors.js';
import type { TimerEvent, TimerId } from './event.js';
import { MAX_WAITING_SHOTS } from './limits.js';

interface Timer {
  readonly id: TimerId;
  readonly type: number;
  readonly everyMs: number;
  at: number;
  shot: number;
  /** Shots that wait to be received. */
  waiting: number;
  due: TimerEntry | null;
}

export class Timers {
  private readonly timers = new Map<TimerId, Timer>();
  /** Timers that were stopped while shots of theirs waited, with the number of those. */
  private readonly stopped = new Map<TimerId, number>();
  private ids = 0;

  constructor(
    private readonly alarm: TimerQueue,
    private readonly fire: (event: TimerEvent) => void,
  ) {}

  /** @throws IllegalParamError */
  start(type: number, firstMs: number, everyMs = 0): TimerId {
    checkNumber(type, 'type');
    check.time(firstMs, 'firstMs');
    check.time(everyMs, 'everyMs');
    if (firstMs === undefined) throw new IllegalParamError('firstMs is required');
    if (everyMs > 0 && everyMs < 1) throw new IllegalParamError('everyMs must be 0 or at least 1');
    const at = this.alarm.now() + firstMs;
    const timer: Timer = { id: ++this.ids, type, everyMs, at, shot: 0, waiting: 0, due: null };
    this.timers.set(timer.id, timer);
    this.set(timer);
    return timer.id;
  }

  /** @returns whether it still had shots to come */
  stop(id: TimerId): boolean {
    const timer = this.timers.get(id);
    if (!timer) return false;
    this.timers.delete(id);
    this.alarm.cancel(timer.due);
    if (timer.waiting > 0) this.stopped.set(id, timer.waiting);
    return true;
  }

  stopAll(): void {
    for (const id of this.timers.keys()) this.stop(id);
  }

  /** A shot is about to be received. @returns false when its timer was stopped meanwhile */
  taken({ id }: TimerEvent): boolean {
    const timer = this.timers.get(id);
    if (timer) timer.waiting--;
    const left = this.stopped.get(id);
    if (left === undefined) return true;
    if (left > 1) this.stopped.set(id, left - 1);
    else this.stopped.delete(id);
    return false;
  }

  private set(timer: Timer): void {
    timer.due = this.alarm.at(timer.at, () => this.shoot(timer));
  }

  private shoot(timer: Timer): void {
    timer.shot++;
    if (timer.everyMs > 0) {
      timer.at += timer.everyMs;
      this.set(timer);
    } else {
      this.timers.delete(timer.id);
    }
    if (timer.waiting >= MAX_WAITING_SHOTS) return;
    timer.waiting++;
    this.fire({ kind: 'timer', type: timer.type, id: timer.id, shot: timer.shot });
  }
}
