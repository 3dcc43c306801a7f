/** What happens in a cluster: the last lines, and the hash of all. */
import { Trace, TraceHash } from './network/trace.js';
import type { Time } from './time/time.js';

/** Lines that are kept. */
const MOST_LINES = 10_000;

export class ClusterTrace extends Trace {
  private readonly all = new TraceHash();

  constructor(
    time: Pick<Time, 'now'>,
    private readonly sink: ((line: string) => void) | null,
  ) {
    super(time, true);
  }

  get hash(): string {
    return this.all.hex;
  }

  protected override write(line: string): void {
    this.all.text(line);
    if (this.lines.length >= 2 * MOST_LINES) this.lines.splice(0, MOST_LINES);
    this.lines.push(line);
    this.sink?.(line);
  }
}
