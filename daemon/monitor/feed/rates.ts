/** What the daemon does in a second, from two looks at its counters; and the last looks for feeds that begin. */
import { Fifo } from '../../../lib/util/fifo.js';
import type { RatesLine } from '../console/core/lines.js';
import { KEPT_RATES } from '../limits.js';
import { stateOf } from '../state.js';
import type { DaemonStatus } from '../status.js';

interface Look {
  readonly now: number;
  readonly in: number;
  readonly out: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly ordered: number;
  readonly views: number;
}

interface RatesSources {
  readonly status: DaemonStatus;
  /** Views of groups since the beginning. */
  readonly views: () => number;
  /** Milliseconds by which the event loop is late, 99th percentile. */
  readonly loopP99: () => number;
}

const MILLISECONDS = 1_000;

export class Rates {
  private readonly kept = new Fifo<string>();
  private before: Look;

  /** @param now milliseconds, rising */
  constructor(
    private readonly sources: RatesSources,
    now: number,
  ) {
    this.before = this.look(now);
  }

  /** The last lines. */
  get lines(): readonly string[] {
    return this.kept.items();
  }

  /**
   * A second is over.
   * @param now milliseconds, rising
   * @param at milliseconds since 1970
   */
  next(now: number, at: number): string {
    const { status, loopP99 } = this.sources;
    const { before } = this;
    const after = this.look(now);
    const seconds = Math.max(after.now - before.now, 1) / MILLISECONDS;
    const rate = (what: keyof Look): number => Math.round((after[what] - before[what]) / seconds);
    const line: RatesLine = {
      t: 'rates',
      at,
      state: stateOf(status),
      in: rate('in'),
      out: rate('out'),
      bytesIn: rate('bytesIn'),
      bytesOut: rate('bytesOut'),
      ordered: rate('ordered'),
      views: after.views - before.views,
      loopP99: loopP99(),
      waiting: status.waitingBytes,
      behind: status.behindCount,
      sessions: status.sessionCount,
      rss: process.memoryUsage.rss(),
      refused: status.core.refused + sumOf(status.counters.rejections),
      damaged: status.core.damaged,
      illegal: illegalOf(status),
    };
    this.before = after;
    const text = `${JSON.stringify(line)}\n`;
    this.kept.push(text);
    if (this.kept.length > KEPT_RATES) this.kept.shift();
    return text;
  }

  private look(now: number): Look {
    const { status, views } = this.sources;
    const { messagesIn, messagesOut, bytesIn, bytesOut } = status.counters;
    const { ordered } = status.core;
    return { now, in: messagesIn, out: messagesOut, bytesIn, bytesOut, ordered, views: views() };
  }
}

const sumOf = (counts: Readonly<Record<string, number | undefined>>): number =>
  Object.values(counts).reduce<number>((sum, count = 0) => sum + count, 0);

/** Connections that ended for a frame against the protocol, and illegal names. */
const illegalOf = ({ counters, core }: DaemonStatus): number =>
  core.illegalGroupNames +
  Object.entries(counters.ends).reduce(
    (sum, [reason, count]) => sum + (reason.startsWith('illegal-') ? count : 0),
    0,
  );
