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

/** The process that gets the signals. */
interface Source extends EventEmitter {
  readonly pid: number;
  kill(pid: number, signal: NodeJS.Signals): unknown;
}

/**
 * The first signal sends the clients away, the second one does not wait for them, a third one ends the process.
 *
 * It listens before there is a daemon, because a daemon that has just said that it listens may be asked to end at once.
 * A signal that comes before that ends the process, as if nobody listened.
 * @param source the process
 * @returns what to call with the daemon, in the turn in which it has started
 */
export function endOnSignals(log: Pick<Logger, 'info'>, source: Source = process): (daemon: Ended) => void {
  let daemon: Ended | null = null;
  let came = 0;
  const letGo = (): void => {
    for (const each of SIGNALS) source.off(each, end);
  };
  const end = (signal: NodeJS.Signals): void => {
    if (daemon === null) {
      letGo();
      return void source.kill(source.pid, signal);
    }
    log.info({ signal }, 'stopping');
    if (++came === 1) return void daemon.drain();
    letGo();
    return void daemon.stop();
  };
  for (const signal of SIGNALS) source.on(signal, end);
  return (started) => {
    daemon = started;
  };
}
