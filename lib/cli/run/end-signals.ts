/** Signals to a verb that runs a command: while it runs they go to the command, before that they give up the wait. */
import { constants } from 'node:os';
import { Interrupted } from '../failure.js';
import type { RunningCommand } from './running-command.js';

const NAMES = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
/** Shells report a process that a signal ended as this plus the signal's number. */
const SIGNAL_STATUS = 128;

export class EndSignals {
  /** Whether a command got one: then its end is the end of the verb. */
  wasForwarded = false;
  private readonly controller = new AbortController();
  private command: RunningCommand | null = null;

  constructor() {
    for (const name of NAMES) process.on(name, this.take);
  }

  /** Aborted with an Interrupted by a signal that comes while no command runs. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** From here on signals go to the command. @returns a function that ends this */
  sendTo(command: RunningCommand): () => void {
    this.command = command;
    return () => (this.command = null);
  }

  private readonly take = (name: NodeJS.Signals): void => {
    if (this.command !== null) {
      this.wasForwarded = true;
      return this.command.end(name);
    }
    // The next one ends the process, if giving up takes too long.
    for (const each of NAMES) process.off(each, this.take);
    this.controller.abort(new Interrupted(SIGNAL_STATUS + constants.signals[name]));
  };
}
