/** One simulated daemon over its lives: one in memory, which can be of another release and spoil what it sends. */
import { Buffer } from 'node:buffer';
import { REPORT_VERSION } from '../../daemon/core/report.js';
import type { SendOptions } from '../../daemon/engine/port.js';
import type { SessionLimits } from '../../daemon/session/limits.js';
import { MemoryDaemon } from '../../daemon/testing/daemon.js';
import type { Fabric } from '../../daemon/testing/network/fabric.js';
import type { Random } from '../../daemon/testing/random.js';
import { type Day, Process } from '../../daemon/testing/time/process.js';
import type { Time } from '../../daemon/testing/time/time.js';
import type { ReportKind } from './plan.js';

interface SimulatedSlices {
  /** Units of work, at most. */
  readonly size: number;
  readonly random: Random;
}

interface SimulatedOptions {
  readonly limits: Partial<SessionLimits>;
  /** Null: all work is done at once. */
  readonly slices: SimulatedSlices | null;
  readonly isOther: boolean;
  /** The time of day; by default it runs faster than the rest. */
  readonly day?: Day | undefined;
}

/** What a world wants to know of its daemons. */
export interface Observer {
  /** The exchange of its view is complete. */
  proceeded(daemon: SimulatedDaemon): void;
  fatal(daemon: SimulatedDaemon, error: Error): void;
}

export class SimulatedDaemon extends MemoryDaemon {
  /** What it sends in exchanges. */
  reports: ReportKind = 'good';
  /** It is of another release. */
  readonly isOther: boolean;

  constructor(index: number, time: Time, fabric: Fabric, options: SimulatedOptions, observer: Observer) {
    const { limits, slices, isOther, day } = options;
    const process = new Process(time, day);
    super({
      index,
      name: `d${index + 1}`,
      process,
      fabric,
      limits,
      reportVersion: isOther ? REPORT_VERSION + 1 : REPORT_VERSION,
      send: (payload, how = {}) => this.send(payload, how),
      observer: {
        exchanged: () => observer.proceeded(this),
        failed: (error) => observer.fatal(this, error),
      },
      // Slices of all sizes, and all the time in the world between two of them.
      ...(slices && {
        slices: (core) => ({
          size: () => 1 + slices.random.below(slices.size),
          later: () => process.reach(slices.random.next() * 3, () => core().step()),
        }),
      }),
    });
    this.isOther = isOther;
  }

  /** What it sends in an exchange may be spoiled. */
  private send(payload: Buffer, options: SendOptions): boolean {
    if (options.exchange !== true || this.reports === 'good') return this.engine.send(payload, options);
    if (this.reports === 'mute') return true;
    return this.engine.send(spoiled(payload, this.reports), options);
  }
}

function spoiled(payload: Buffer, kind: ReportKind): Buffer {
  const bytes = Buffer.from(payload);
  if (kind === 'garbage') bytes.fill(0xa5, 12);
  else if (kind === 'other-version') bytes.writeInt32LE(REPORT_VERSION + 1, 0);
  return kind === 'cut-short' ? bytes.subarray(0, bytes.length - 1) : bytes;
}
