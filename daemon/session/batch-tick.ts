/**
 * One turn is one round of the event loop: first all sockets that are readable are read, then what came in is ordered,
 * then every session that got something is written to once. Batches make the speed.
 */
import { type Clock, systemClock } from '../../lib/util/clock.js';

export class BatchTick {
  private scheduled = false;
  private stopped = false;
  private touched: { flush(): void }[] = [];

  /**
   * @param order hands to the engine what the sessions brought in this turn
   * @param end called when everything is written
   */
  constructor(
    private readonly order: () => void,
    private readonly end: () => void,
    private readonly clock: Clock = systemClock,
  ) {}

  /** Something came in, or is to go out: there will be a turn. */
  schedule(): void {
    if (this.scheduled || this.stopped) return;
    this.scheduled = true;
    this.clock.soon(this.run);
  }

  /** Has `flush` called once at the end of the turn. The caller takes care not to ask twice in one turn. */
  touch(outlet: { flush(): void }): void {
    this.touched.push(outlet);
    this.schedule();
  }

  /** There will be no turn any more. */
  stop(): void {
    this.stopped = true;
  }

  private readonly run = (): void => {
    if (this.stopped) return;
    this.order();
    // What the ordering touched is written now and asks for no turn of its own.
    this.scheduled = false;
    const { touched } = this;
    this.touched = [];
    for (const outlet of touched) outlet.flush();
    this.end();
  };
}
