/**
 * Takes what Corosync has handed over, one turn of the event loop at a time, and knows how old it can be: what waited
 * before Corosync hung can be taken for long after it.
 */
import type { CpgEvent } from '../../views/ordered-transport.js';
import type { Collector } from './collector.js';
import { CsStatus } from './errors.js';

/** What one turn dispatches at most, so that the event loop gets to everything else in between. */
const TURN_EVENTS = 2000;
const TURN_BYTES = 512 * 1024;

export interface DispatchResult {
  /** Of the last dispatch: OK when more may wait, TRY_AGAIN when nothing does. */
  readonly status: number;
  readonly batch: readonly CpgEvent[];
  /** An event could not be taken. */
  readonly failure: Error | null;
  /** A moment at which no event of the batch was there; -Infinity when there was none yet. */
  readonly emptyAt: number;
}

export class Dispatcher {
  /** A moment at which no event waited, in milliseconds of `now`. */
  private emptyAt = -Infinity;

  constructor(
    private readonly collector: Pick<Collector, 'size' | 'bytes' | 'failure' | 'take'>,
    /** Dispatches one event to the collector, if there is one. */
    private readonly dispatch: () => number,
    private readonly now = (): number => performance.now(),
  ) {}

  /** What waits, up to the limits of a turn. */
  turn(): DispatchResult {
    const { collector, emptyAt } = this;
    const begin = this.now();
    let status: number;
    do {
      status = this.dispatch();
    } while (status === CsStatus.OK && collector.size < TURN_EVENTS && collector.bytes < TURN_BYTES);
    // The last dispatch found nothing: what comes next was handed over after it, and so after the begin.
    if (status === CsStatus.TRY_AGAIN) this.emptyAt = begin;
    return { status, batch: collector.take(), failure: collector.failure, emptyAt };
  }
}
