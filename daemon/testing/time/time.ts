/** Time as the processes and networks of a test see it: virtual, or that of the machine. */

export interface Task {
  /** When it is due. */
  readonly at: number;
  /** Of two that are due at one time, the lower one is called first. */
  readonly order: number;
  /** Null: cancelled. */
  act: (() => void) | null;
}

export interface Time {
  /** Milliseconds since its beginning, rising. */
  readonly now: number;
  /** Milliseconds of one round of the event loop: what comes in within it is of one turn. */
  readonly round: number;
  /** Something on its way arrives after that many milliseconds. */
  after(delay: number, act: () => void): Task;
  /** The same for a limit, or a look after things: nothing is on its way because of it. */
  timer(delay: number, act: () => void): Task;
}
