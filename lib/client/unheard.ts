/** Private messages that came before anybody listened. */
import type { DataEvent } from './event.js';

/** Kept for the first reader. It may never come, so they stop nobody; the oldest is dropped for a newer one. */
const MOST = 100;

export class UnheardMessages {
  private events: DataEvent[] = [];

  keep(event: DataEvent): void {
    this.events.push(event);
    if (this.events.length > MOST) this.events.shift();
  }

  /** All of them, taken out. */
  take(): DataEvent[] {
    return this.events.splice(0);
  }
}
