/** What is known of one group over the losses of its connection. */
import type { GapEvent } from './events.js';
import { MessageCount } from './message-count.js';

export class Continuity {
  /** Whether the group was asked for at the daemon of now. */
  isAsked = false;
  readonly count = new MessageCount();
  /** There while the first view after a loss is awaited: what is to be said before it. */
  gap: GapEvent | null = null;
  /** What the daemon said of it before its first view. */
  early: Pick<GapEvent, 'reason' | 'missed' | 'awayMs'> | null = null;
  /** The first view is not that of the own join, which was missed. */
  isLate = false;
}
