/** What a view machine asks of the world around it, and what it tells. */
import type { Buffer } from 'node:buffer';
import type { EngineEvents, EngineMessage, EngineStats, View } from '../../port.js';
import type { Multicast } from '../cpg.js';

export interface ViewsSink {
  /** Takes a copy of the parts. */
  mcast(head: Buffer, body: Buffer | null): Multicast;
  message(message: EngineMessage): void;
  transitional(event: EngineEvents['transitional'][0]): void;
  view(view: View): void;
  drain(): void;
  /** Whether a client of another daemon of the view is behind in its reading. */
  behind(isBehind: boolean): void;
  /** The other daemons refuse this one: it has to leave. One line for people. */
  refused(reason: string): void;
  /** Whom the exchange after the view waits for. */
  awaited(): readonly string[];
  /** For the log. */
  note(level: 'info' | 'warn', text: string, facts: object): void;
}

export interface ViewsStats extends EngineStats {
  readonly resent: number;
  /** Messages of views that are over, or of nobody's. */
  readonly dropped: number;
  readonly inFlightBytes: number;
  readonly tryAgain: number;
  readonly stableIndex: number;
  /** Milliseconds from the last cut to its view. */
  readonly lastInstallTime: number;
}
