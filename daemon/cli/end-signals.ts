/** What ends the daemon from outside: each signal more is less patient. */
import type { EventEmitter } from 'node:events';
import type { Logger } from '../log/logger.js';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** What the signals do. */
interface Ended {
  /** Sends the clients away, and stops. */
  drain(): Promise<void>;
  /** Stops. */
  stop(): Promise<void>;
}

/**
 * The first signal sends the clients away, the second one does not wait for them, a third one ends the process.
 * @param source the process
 */
export function endOnSignals(daemon: Ended, log: Pick<Logger, 'info'>, source: EventEmitter = process): void {
  let came = 0;
  const end = (signal: NodeJS.Signals): void => {
    log.info({ signal }, 'stopping');
    if (++came === 1) return void daemon.drain();
    for (const each of SIGNALS) source.off(each, end);
    void daemon.stop();
  };
  for (const signal of SIGNALS) source.on(signal, end);
}
