/**
 * Lines of the log that clients cause: of each kind and address LINES_A_MINUTE within a minute, then their number. So a
 * client that connects and breaks in a loop does not fill the disk, and one line in ten thousand is still found.
 */
import type { Logger } from './logger.js';
import type { Clock, Timer } from '../../lib/util/clock.js';

export const LINES_A_MINUTE = 10;
export const MINUTE = 60_000;
/** Kinds and addresses that are distinguished within a minute; all others count as one. */
export const MAX_KINDS = 1_000;

type Level = 'info' | 'warn' | 'error';

interface Kind {
  readonly level: Level;
  readonly address: string;
  readonly reason: string;
  lines: number;
}

const OTHERS = 'others';

export class LogLimit {
  private kinds = new Map<string, Kind>();
  private timer: Timer | null = null;

  constructor(
    private readonly log: Logger,
    private readonly clock: Clock,
  ) {}

  /** @param reason with the address it is the kind of the line */
  write(level: Level, address: string, reason: string, fields: object, message: string): void {
    const kind = this.kindOf(level, address, reason);
    this.timer ??= this.clock.after(MINUTE, () => this.tell()).unref();
    if (++kind.lines <= LINES_A_MINUTE) this.log[level](fields, message);
  }

  /** The minute is over, or the daemon stops: says how many lines were left out. */
  tell(): void {
    this.timer?.cancel();
    this.timer = null;
    const { kinds } = this;
    this.kinds = new Map();
    for (const { level, address, reason, lines } of kinds.values()) {
      if (lines <= LINES_A_MINUTE) continue;
      this.log[level]({ address, reason, lines: lines - LINES_A_MINUTE }, 'further lines suppressed');
    }
  }

  private kindOf(level: Level, address: string, reason: string): Kind {
    const key = `${address} ${reason}`;
    const known = this.kinds.get(key);
    if (known) return known;
    if (this.kinds.size >= MAX_KINDS && address !== OTHERS) return this.kindOf(level, OTHERS, reason);
    const kind = { level, address, reason, lines: 0 };
    this.kinds.set(key, kind);
    return kind;
  }
}
