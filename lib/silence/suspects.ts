/**
 * Which connections have been silent for too long, judged by looks at the kernel's table. A look shows how often the
 * kernel has asked in vain, not since when: so a connection is suspected from the first look that shows such a
 * question, as long as every further look shows the same wait with no fewer questions.
 *
 * A peer that lives and does not read answers every question about room, so it is no suspect: the time limit of the
 * kernel (TCP_USER_TIMEOUT) would end it too.
 */
import type { TcpLine } from './tcp-table.js';

/**
 * What one pause between two looks counts at most, of the time that ends a connection. A process that was stopped for an
 * hour has missed whatever was answered in it, and has to see silence for a while before it ends anybody.
 */
const MAX_SHARE = 0.5;

interface Suspect {
  /** Milliseconds without a sign of life, as far as they were seen. */
  readonly silence: number;
  /** The last look. */
  readonly at: number;
  readonly line: TcpLine;
}

export interface AnswerTimes {
  /** Milliseconds of silence that end a connection. */
  readonly timeout: number;
  /** Milliseconds after the last sign of life at which the kernel begins to ask. */
  readonly idle: number;
}

export class Suspects {
  private readonly suspects = new Map<string, Suspect>();

  get size(): number {
    return this.suspects.size;
  }

  /** Takes in what a look shows of a connection. @returns whether it has been silent for too long */
  isSilent(line: TcpLine, { timeout, idle }: AnswerTimes, now: number): boolean {
    if (line.unanswered === 0) {
      this.suspects.delete(line.key);
      return false;
    }
    const before = this.suspects.get(line.key);
    const silence =
      before && isSameSilence(before.line, line)
        ? before.silence + Math.min(now - before.at, MAX_SHARE * timeout)
        : firstDoubt(line, idle);
    this.suspects.set(line.key, { silence, at: now, line });
    return silence >= timeout;
  }

  /** The connection is not there any more. */
  forget(key: string): void {
    this.suspects.delete(key);
  }
}

const firstDoubt = ({ awaits }: TcpLine, idle: number): number => (awaits === 'life' ? idle : 0);

/** Data that is sent to a peer that does not answer already takes the place of the question whether it lives. */
function isSameSilence(before: TcpLine, line: TcpLine): boolean {
  if (before.awaits !== line.awaits) return before.awaits === 'life';
  return line.unanswered >= before.unanswered && line.queued >= before.queued;
}
