/** Commands at a steady rate. One that is submitted late, because its process was busy, was due when it was due. */
import type { ReplicatedMap } from '../../lib/recipes/index.js';
import type { Gauge } from './gauge.js';

const TICK_MS = 2;
/** Keys that are set over and over. */
const KEYS = 1000;

/** Of a large value, not of a command of the pace. */
export const isLarge = (key: string): boolean => key.startsWith('large');

export class Pace {
  private readonly begin = performance.now();
  private readonly timer = setInterval(() => this.tick(), TICK_MS);
  private readonly open = new Set<Promise<void>>();
  private count = 0;
  private failure: unknown;

  constructor(
    private readonly target: ReplicatedMap<string>,
    /** Commands a second. */
    private readonly rate: number,
    private readonly gauge: Gauge,
  ) {}

  /** No more; resolves with how many there were when all have their results. @throws what a command threw */
  async stop(): Promise<number> {
    clearInterval(this.timer);
    await Promise.all(this.open);
    if (this.failure !== undefined) throw this.failure;
    return this.count;
  }

  private tick(): void {
    const due = ((performance.now() - this.begin) / 1000) * this.rate;
    while (this.count < due) {
      const sent = this.send(this.begin + (this.count++ * 1000) / this.rate)
        .catch((error: unknown) => (this.failure ??= error))
        .finally(() => this.open.delete(sent)) as Promise<void>;
      this.open.add(sent);
    }
  }

  private async send(due: number): Promise<void> {
    await this.target.set(`k${this.count % KEYS}`, `v${this.count}`);
    this.gauge.settled(due);
  }
}
